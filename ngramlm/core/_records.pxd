# Records of words, and a radix sort of them. Counting and the sorting of n-grams use both.
# A record holds words as digits of a fixed number of bits, the most significant first. The digits fill as few 64-bit
# limbs as possible, so that one or two comparisons of integers compare two records.
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy, memset

cdef extern from *:
    """
    #define ngramlm_clz64(x) __builtin_clzll(x)
    """
    int clz64 "ngramlm_clz64"(uint64_t x) noexcept nogil

cdef enum:
    MAX_LIMBS = 8
    # For at most this number of records insertion sort is faster than another radix pass.
    SMALL_SORT = 32

cdef struct Record1:
    uint64_t limb[1]
cdef struct Record2:
    uint64_t limb[2]
cdef struct Record3:
    uint64_t limb[3]
cdef struct Record8:
    uint64_t limb[8]

ctypedef fused Record:
    Record1
    Record2
    Record3
    Record8


cdef inline uint64_t get_digit(const Record* record, int digit, int bits) noexcept nogil:
    """Return a digit of a record."""
    cdef int at = digit * bits
    cdef int limb = at >> 6, offset = at & 63
    cdef uint64_t value = record.limb[limb] << offset
    if offset + bits > 64:
        value |= record.limb[limb + 1] >> (64 - offset)
    return value >> (64 - bits)


cdef inline void set_digit(Record* record, int digit, int bits, uint64_t value) noexcept nogil:
    """Store a digit in a record. Its bits must be 0 before."""
    cdef int at = digit * bits
    cdef int limb = at >> 6, offset = at & 63
    if offset + bits <= 64:
        record.limb[limb] |= value << (64 - bits - offset)
    else:
        record.limb[limb] |= value >> (offset + bits - 64)
        record.limb[limb + 1] |= value << (128 - offset - bits)


cdef inline bint less(const Record* a, const Record* b) noexcept nogil:
    """Return whether record a sorts before record b."""
    cdef int i
    for i in range(<int> (sizeof(Record) // 8)):
        if a.limb[i] != b.limb[i]:
            return a.limb[i] < b.limb[i]
    return False


cdef inline int common_bits(const Record* a, const Record* b) noexcept nogil:
    """Return the length of the common prefix in bits; the size of a record if both are equal."""
    cdef int i
    for i in range(<int> (sizeof(Record) // 8)):
        if a.limb[i] != b.limb[i]:
            return 64 * i + clz64(a.limb[i] ^ b.limb[i])
    return 8 * <int> sizeof(Record)


cdef inline void insertion_sort(Record* records, int64_t n) noexcept nogil:
    """Sort a few records in place."""
    cdef int64_t i, j
    cdef Record moved
    for i in range(1, n):
        if less(&records[i], &records[i - 1]):
            moved = records[i]
            j = i
            while j > 0 and less(&moved, &records[j - 1]):
                records[j] = records[j - 1]
                j -= 1
            records[j] = moved


cdef inline void radix_sort(Record* records, Record* spare, int64_t n, int byte, int n_bytes) noexcept nogil:
    """Sort records in place by their bytes from `byte` on; the bytes before are equal in all records.

    `spare` has room for n records.
    """
    cdef int64_t histogram[256]
    cdef int64_t starts[257]
    cdef int64_t i
    cdef int limb, shift, digit
    cdef uint64_t difference
    if n <= SMALL_SORT:
        insertion_sort(records, n)
        return
    while byte < n_bytes:
        limb = byte >> 3
        difference = 0
        for i in range(1, n):
            difference |= records[i].limb[limb] ^ records[0].limb[limb]
        if difference == 0:
            byte = 8 * (limb + 1)
            continue
        byte = max(byte, 8 * limb + (clz64(difference) >> 3))
        break
    if byte >= n_bytes:
        return
    shift = 56 - 8 * (byte & 7)
    memset(histogram, 0, sizeof(histogram))
    for i in range(n):
        histogram[(records[i].limb[limb] >> shift) & 255] += 1
    starts[0] = 0
    for digit in range(256):
        starts[digit + 1] = starts[digit] + histogram[digit]
        histogram[digit] = starts[digit]
    for i in range(n):
        digit = (records[i].limb[limb] >> shift) & 255
        spare[histogram[digit]] = records[i]
        histogram[digit] += 1
    memcpy(records, spare, n * sizeof(Record))
    for digit in range(256):
        if starts[digit + 1] - starts[digit] > 1:
            radix_sort(records + starts[digit], spare, starts[digit + 1] - starts[digit], byte + 1, n_bytes)
