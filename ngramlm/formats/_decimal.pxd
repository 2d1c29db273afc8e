# Writing and reading of decimal numbers, without locale, printf or Python objects.
# A float32 is written with the fewest decimals that give the same bits when read. `read_log10` states its rounding.
from libc.math cimport INFINITY, fma, log10, nextafterf
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef extern from *:
    """
    static const double ngramlm_pow10[23] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
        1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    static const uint64_t ngramlm_ipow10[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    static const uint64_t ngramlm_pow5[17] = {1ULL, 5ULL, 25ULL, 125ULL, 625ULL, 3125ULL, 15625ULL, 78125ULL,
        390625ULL, 1953125ULL, 9765625ULL, 48828125ULL, 244140625ULL, 1220703125ULL, 6103515625ULL,
        30517578125ULL, 152587890625ULL};
    /* the fewest decimals d with 10^-d <= 2^-i */
    static const unsigned char ngramlm_decimals[54] = {0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 6, 6, 6,
        7, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 15, 15,
        15, 16, 16, 16, 16};
    static const char ngramlm_pairs[201] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051"
        "525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
    #define ngramlm_lowest_byte(x) (__builtin_ctzll(x) >> 3)
    #define ngramlm_highest_zero_bytes(x) (__builtin_clzll((x) | 1) >> 3)
    """
    const double* POW10 "ngramlm_pow10"
    const uint64_t* IPOW10 "ngramlm_ipow10"
    const uint64_t* POW5 "ngramlm_pow5"
    const unsigned char* DECIMALS "ngramlm_decimals"
    const char* PAIRS "ngramlm_pairs"
    int lowest_byte "ngramlm_lowest_byte"(uint64_t x) noexcept nogil
    int highest_zero_bytes "ngramlm_highest_zero_bytes"(uint64_t x) noexcept nogil     # 7 for zero

# The results of read_log10 and read_count.
cdef enum:
    NUMBER = 0
    # not the text of a number
    NOT_A_NUMBER_TEXT = 1
    IS_NAN = 2
    # plus infinity
    IS_INFINITE = 3
    # an integer of 2^63 or more
    TOO_LARGE = 4

cdef enum:
    # An upper bound for the bytes that write_log10 or write_count writes.
    NUMBER_BYTES = 24


cdef inline uint64_t load_bytes(const char* at) noexcept nogil:
    """Load eight bytes as a little-endian integer."""
    cdef uint64_t value
    memcpy(&value, at, 8)
    return value


cdef inline Py_ssize_t write_count(uint64_t value, char* out) noexcept nogil:
    """Write an unsigned integer in decimal; return the number of bytes."""
    cdef char[24] scratch
    cdef Py_ssize_t at = 24
    while value >= 100:
        at -= 2
        memcpy(scratch + at, PAIRS + 2 * (value % 100), 2)
        value //= 100
    if value >= 10:
        at -= 2
        memcpy(scratch + at, PAIRS + 2 * value, 2)
    else:
        at -= 1
        scratch[at] = <char> (48 + value)
    memcpy(out, scratch + at, 24 - at)
    return 24 - at


cdef inline uint64_t eight_digits(uint64_t value) noexcept nogil:
    """Return the eight digits of a number below 10^8, one per byte, the first digit in the lowest byte."""
    cdef uint64_t fours = value // 10000 | (value % 10000) << 32, pairs, ones
    pairs = (fours * 10486 >> 20) & <uint64_t> 0x0000007F0000007F
    pairs |= (fours - 100 * pairs) << 16
    ones = (pairs * 103 >> 10) & <uint64_t> 0x000F000F000F000F
    return ones | (pairs - 10 * ones) << 8


cdef inline Py_ssize_t put_digits(uint64_t digits, char* out) noexcept nogil:
    """Write the digits from `eight_digits` without the zeros at the end; return their number."""
    cdef uint64_t text = digits + <uint64_t> 0x3030303030303030
    memcpy(out, &text, 8)
    return 8 - highest_zero_bytes(digits)


cdef inline Py_ssize_t write_scientific(float number, char* out) noexcept nogil:
    """Write a positive float32 as d.dddde-dd, or inf or nan. Nine digits are enough for every float32."""
    if not number < INFINITY:
        memcpy(out, b"inf" if number == INFINITY else b"nan", 3)
        return 3
    cdef double value = number
    # numbers between low * value and high * value are nearer to this float32 than to its neighbors
    cdef double low = 0.5 + 0.5 * (nextafterf(number, 0) / value) + 1e-13
    cdef double high = 0.5 + 0.5 * (nextafterf(number, INFINITY) / value) - 1e-13
    cdef int exponent = <int> log10(value), left
    cdef uint64_t digits, shorter
    cdef double scaled
    cdef Py_ssize_t n
    cdef int cut
    # the largest float32 has no neighbor above: use the distance below
    if high == INFINITY:
        high = 2 - low
    # log10 may be off by one at a power of ten: then try again
    while True:
        scaled = value
        left = 8 - exponent
        while left > 22:
            scaled *= 1e22
            left -= 22
        scaled = scaled * POW10[left] if left >= 0 else scaled / POW10[-left if left >= -22 else 22]
        if left < -22:
            scaled /= POW10[-left - 22]
        digits = <uint64_t> (scaled + 0.5)
        if digits >= 1000000000:
            exponent += 1
        elif digits < 100000000:
            exponent -= 1
        else:
            break
    for cut in range(8, 0, -1):
        shorter = (digits + IPOW10[cut] // 2) // IPOW10[cut] * IPOW10[cut]
        if low * scaled < <double> shorter < high * scaled:
            digits = shorter
            # 9.9999997 is rounded to 10
            if digits == 1000000000:
                digits = 100000000
                exponent += 1
            break
    out[0] = <char> (48 + digits // 100000000)
    n = 1
    if digits % 100000000:
        out[1] = c"."
        n = 2 + put_digits(eight_digits(digits % 100000000), out + 2)
    out[n] = c"e"
    n += 1
    if exponent < 0:
        out[n] = c"-"
        n += 1
        exponent = -exponent
    return n + write_count(<uint64_t> exponent, out + n)


cdef inline Py_ssize_t write_float32(float value, char* out) noexcept nogil:
    """Write a float32 with the fewest decimals that give the same float32; return the number of bytes.

    NaN and the infinities are written as nan, inf and -inf. The formats refuse them, except for -inf.
    Numbers nearer to zero than 2^-29 or beyond 2^23 are written with an exponent. Other numbers need integers only.
    With value = mantissa * 2^-shift, mantissa * 5^d >> (shift - d) is value * 10^d. A decimal number that differs by
    less than half a unit of the mantissa's last place gives the same float32.
    """
    cdef uint32_t bits
    cdef uint64_t mantissa, exact, rounded, shorter, room, whole, digits
    cdef int64_t difference
    cdef int shift, decimals, drop
    cdef Py_ssize_t n = 0, kept
    memcpy(&bits, &value, 4)
    if bits >> 31:
        out[0] = c"-"
        n = 1
    if value == 0:
        out[n] = c"0"
        return n + 1
    mantissa = bits & 0x7FFFFF
    shift = 150 - <int> ((bits >> 23) & 0xFF)
    if shift > 52 or shift < 1:
        # a negative NaN is a NaN all the same
        return n + write_scientific(-value if n else value, out + n)
    # below a power of two the distance of two float32 is half as large
    decimals = DECIMALS[shift + (mantissa == 0)]
    # the unit of the last place, in the scale of `exact`
    room = POW5[decimals] >> (mantissa == 0)
    mantissa |= 0x800000
    drop = shift - decimals
    exact = mantissa * POW5[decimals]
    rounded = (exact + ((<uint64_t> 1 << drop) >> 1)) >> drop
    # one decimal less may be enough
    shorter = ((exact + (<uint64_t> 5 << drop)) >> drop) // 10 * 10
    difference = <int64_t> (shorter << drop) - <int64_t> exact
    if 2 * <uint64_t> (difference if difference >= 0 else -difference) < room:
        rounded = shorter
    if decimals <= 8:
        rounded *= IPOW10[8 - decimals]
        whole = rounded // 100000000
        digits = eight_digits(rounded % 100000000)
        if whole < 10:
            out[n] = <char> (48 + whole)
            n += 1
        else:
            n += write_count(whole, out + n)
        out[n] = c"."
        return n + (1 + put_digits(digits, out + n + 1) if digits else 0)
    # the number is below 0.2: use sixteen decimals
    rounded *= IPOW10[16 - decimals]
    memcpy(out + n, b"0.", 2)
    n += 2
    digits = eight_digits(rounded % 100000000)
    whole = eight_digits(rounded // 100000000)
    kept = put_digits(whole, out + n)
    return n + (8 + put_digits(digits, out + n + 8) if digits else kept)


cdef inline Py_ssize_t write_log10(float value, char* out) noexcept nogil:
    """Write a log10 probability as `write_float32` does; return the number of bytes.

    Values of -99 or less are written as -99, which means a probability of zero in ARPA files. Both zeros of float32 are
    written as 0.
    """
    if value == 0:
        out[0] = c"0"
        return 1
    if value <= -99:
        memcpy(out, b"-99", 3)
        return 3
    return write_float32(value, out)


cdef inline float nearest_float(double quotient, double residual) noexcept nogil:
    """Return the float32 nearest to quotient + residual. The residual is so small that only its sign matters."""
    cdef uint64_t bits
    # round to odd: the second rounding then goes to the right side
    if residual != 0 and quotient > 0:
        memcpy(&bits, &quotient, 8)
        bits -= residual < 0
        bits |= 1
        memcpy(&quotient, &bits, 8)
    return <float> quotient


cdef inline float scale_digits(uint64_t digits, int64_t exponent) noexcept nogil:
    """Return digits * 10^exponent as float32.

    The result is correctly rounded if both factors fit a double. Otherwise its relative error before rounding is at
    most 2^-50.
    """
    cdef double value = <double> digits, quotient
    cdef uint64_t bits
    if digits <= (<uint64_t> 1 << 53) and -22 <= exponent <= 22:
        quotient = value / POW10[-exponent] if exponent < 0 else value * POW10[exponent]
        memcpy(&bits, &quotient, 8)
        if (bits & 0x1FFFFFFF) != 0x10000000 and quotient > 2e-38:
            return <float> quotient
        # the quotient is halfway between two float32, or subnormal: rounding it twice could give the wrong neighbor
        if exponent < 0:
            return nearest_float(quotient, fma(-quotient, POW10[-exponent], value))
        return nearest_float(quotient, fma(value, POW10[exponent], -quotient))
    if digits == 0 or exponent < -400:
        return 0
    if exponent > 400:
        exponent = 400
    while exponent < -22:
        value /= 1e22
        exponent += 22
    while exponent > 22:
        value *= 1e22
        exponent -= 22
    return <float> (value / POW10[-exponent] if exponent < 0 else value * POW10[exponent])


cdef inline bint spells(const char* at, const char* end, const char* word, Py_ssize_t length) noexcept nogil:
    """Return whether the bytes are `word`, ignoring case. `word` is given in lower case."""
    cdef Py_ssize_t i
    if end - at != length:
        return False
    for i in range(length):
        if (at[i] | 0x20) != word[i]:
            return False
    return True


cdef inline const char* read_digits(const char* at, const char* end, uint64_t* digits, int64_t* dropped) noexcept nogil:
    """Append decimal digits to the number `digits`; return the first byte that is not a digit.

    Digits after the nineteenth are only counted, in `dropped`. Eight bytes after `end` must be readable.
    """
    cdef uint64_t block, other
    cdef int n
    while at < end:
        block = load_bytes(at) ^ <uint64_t> 0x3030303030303030
        other = ((block + <uint64_t> 0x7676767676767676) | block) & <uint64_t> 0x8080808080808080
        n = lowest_byte(other) if other else 8
        if n > end - at:
            n = <int> (end - at)
        if n == 0:
            return at
        # the number has no room for eight more digits: append one at a time
        if digits[0] >= <uint64_t> 100000000000:
            if digits[0] < <uint64_t> 1000000000000000000:
                digits[0] = 10 * digits[0] + (block & 0xFF)
            else:
                dropped[0] += 1
            at += 1
            continue
        block <<= 8 * (8 - n)
        block = block * 10 + (block >> 8)
        block = ((block & <uint64_t> 0x000000FF000000FF) * <uint64_t> 0x000F424000000064
                 + ((block >> 16) & <uint64_t> 0x000000FF000000FF) * <uint64_t> 0x0000271000000001) >> 32
        digits[0] = digits[0] * IPOW10[n] + block
        at += n
        if n < 8:
            return at
    return at


cdef inline int read_log10(const char* at, const char* end, float* value) noexcept nogil:
    """Read all bytes from `at` to `end` as a float32. Eight bytes after `end` must be readable.

    A number is an optional sign, digits with at most one point, and an optional exponent; at least one digit is needed.
    Inf and infinity may have a sign. Numbers of up to 15 digits with an exponent from -22 to 22 are correctly rounded.
    Other numbers are correctly rounded too, unless they are within 2^-50 (relative) of the middle of two float32.
    """
    cdef bint negative = False, exponent_negative = False
    cdef uint64_t digits = 0, exponent_digits = 0
    cdef int64_t dropped = 0, exponent = 0
    cdef const char* start
    cdef Py_ssize_t n_digits
    cdef float magnitude
    if at < end and (at[0] == c"-" or at[0] == c"+"):
        negative = at[0] == c"-"
        at += 1
    if at < end and (at[0] | 0x20) >= c"i":
        if spells(at, end, b"inf", 3) or spells(at, end, b"infinity", 8):
            value[0] = -INFINITY
            return NUMBER if negative else IS_INFINITE
        return IS_NAN if spells(at, end, b"nan", 3) else NOT_A_NUMBER_TEXT
    if 3 <= end - at <= 10 and at[1] == c"." and c"0" <= at[0] <= c"9":
        # the usual form in an ARPA file: one digit before the point
        n_digits = end - at - 2
        start = at + 2
        digits = at[0] - 48
        if read_digits(start, end, &digits, &dropped) == end:
            magnitude = scale_digits(digits, -n_digits)
            value[0] = -magnitude if negative else magnitude
            return NUMBER
        digits = 0
    start = at
    at = read_digits(at, end, &digits, &dropped)
    exponent = dropped
    n_digits = at - start
    if at < end and at[0] == c".":
        start = at + 1
        dropped = 0
        at = read_digits(start, end, &digits, &dropped)
        exponent -= (at - start) - dropped
        n_digits += at - start
    if n_digits == 0:
        return NOT_A_NUMBER_TEXT
    if at < end and (at[0] == c"e" or at[0] == c"E"):
        at += 1
        if at < end and (at[0] == c"-" or at[0] == c"+"):
            exponent_negative = at[0] == c"-"
            at += 1
        start = at
        dropped = 0
        at = read_digits(at, end, &exponent_digits, &dropped)
        if at == start:
            return NOT_A_NUMBER_TEXT
        if exponent_digits > 1000000000:
            exponent_digits = 1000000000
        exponent += -<int64_t> exponent_digits if exponent_negative else <int64_t> exponent_digits
    if at != end:
        return NOT_A_NUMBER_TEXT
    magnitude = scale_digits(digits, exponent)
    value[0] = -magnitude if negative else magnitude
    return NUMBER


cdef inline int read_count(const char* at, const char* end, int64_t* value) noexcept nogil:
    """Read all bytes from `at` to `end` as an unsigned integer below 2^63. Eight bytes after `end` must be readable."""
    cdef uint64_t digits = 0
    cdef int64_t dropped = 0
    cdef const char* stop = read_digits(at, end, &digits, &dropped)
    if stop != end or at == end:
        return NOT_A_NUMBER_TEXT
    if dropped or digits > <uint64_t> 0x7FFFFFFFFFFFFFFF:
        return TOO_LARGE
    value[0] = <int64_t> digits
    return NUMBER
