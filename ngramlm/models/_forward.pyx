"""The compact layout: the n-grams of a trie in forward order, packed into bits.

The *children* of an n-gram of order k are the n-grams of order k + 1 that continue it. In forward order the children of
each n-gram are together, in the order of their parents.

A child is stored as its number among the children of its suffix. For example "a b c" is the child c of "a b"; its
number is the place of c among the children of "b". If few words follow "b", the number needs few bits. The number
also leads from an n-gram to its suffix.

The words, which are the children of the root, have an order of their own. It spreads the numbers in any group of
children evenly. A *slot* is a place for a row; an empty slot has -1 in `forward`. `_siblings.pxd` says which slots the
children of one parent take.
"""
cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from ngramlm.models._bits cimport put_bits
from ngramlm.core._prefetch cimport prefetch
from ngramlm.models._siblings cimport DENSE, home_of, number_bits, share_of

import numpy as np

cdef enum:
    SOON = 12                  # rows from one prefetch to the next that depends on it
    SPARE = 4                  # children for each spare slot
    EMPTY = -1                 # the row of an empty slot
    MOST_SLOTS = 2147483646    # slots of an order; readers have 31 bits for them


def forward_rows(const int32_t[::1] lower_forward, const int32_t[::1] links, const int64_t[::1] starts,
                 const int32_t[::1] parents, const int32_t[::1] suffixes, const int32_t[::1] words,
                 const int32_t[::1] lower_places, const int32_t[::1] lower_slots, const int32_t[::1] word_places,
                 int32_t[::1] places, int32_t[::1] slots):
    """Return the rows of order k + 1 in forward order, from those of order k.

    The columns of order k + 1 are in the order of the trie. `links` has the history of order k + 1 that equals each row
    of order k. `lower_places` has for every row of order k its slot among the children of its parent. `lower_slots` has
    for every history of order k the number of slots of its children. `word_places` has the place of every word.

    Returns (rows int32[S]; for every slot of order k the number of slots of its children, int32, and the number of bits
    of their numbers, uint8). Fills `places` and `slots` for order k + 1, like `lower_places` and `lower_slots`; both
    are empty for the top order.
    """
    cdef int64_t n_lower = lower_forward.shape[0], n_histories = parents.shape[0], n = suffixes.shape[0]
    cdef int64_t y = 0, first, size, i, x, n_slots = 0, placed = 0, done = 0, room = n + n // 4 + DENSE
    cdef int32_t row, h
    cdef bint valid = True, inner = places.shape[0] > 0
    cdef uint64_t reciprocal
    if starts.shape[0] != n_histories + 1 or starts[n_histories] != n or words.shape[0] != n:
        raise ValueError("columns of different lengths")
    if inner and (places.shape[0] != n or slots.shape[0] != n_histories):
        raise ValueError("columns of different lengths")
    if word_places.shape[0] < 2:
        raise ValueError("a vocabulary without the reserved words")
    reciprocal = (1 << 64) // word_places.shape[0]
    most = int(np.diff(starts).max()) if n_histories else 0
    forward_out = np.empty(room, np.int32)
    sizes_out = np.zeros(n_lower, np.int32)
    bits_out = np.zeros(n_lower, np.uint8)
    scratch_out = np.empty(most, np.uint64)
    shares_out = np.empty(most, np.uint32)
    cdef int32_t[::1] forward = forward_out, sizes = sizes_out
    cdef uint8_t[::1] bits = bits_out
    cdef uint64_t[::1] scratch = scratch_out
    cdef uint32_t[::1] shares = shares_out
    while valid and y < n_lower:
        if done + n_slots > room:
            room += room // 4 + n_slots
            forward_out = np.concatenate([forward_out[:done], np.empty(room - done, np.int32)])
            forward = forward_out
        with nogil:
            while y < n_lower:
                if y + 4 * SOON < n_lower:
                    fetch(links, lower_forward[y + 4 * SOON])
                    h = at_row(links, lower_forward[y + 3 * SOON])
                    fetch(parents, h)
                    if 0 <= h < n_histories:
                        prefetch(&starts[h])
                    h = at_row(links, lower_forward[y + 2 * SOON])
                    if 0 <= h < n_histories:
                        fetch(suffixes, starts[h])
                        fetch(words, starts[h])
                        fetch(places, starts[h])
                        fetch(lower_slots, parents[h])
                    h = at_row(links, lower_forward[y + SOON])
                    if 0 <= h < n_histories:
                        fetch(lower_places, at_row(suffixes, starts[h]))
                row = lower_forward[y]
                h = at_row(links, row) if row >= 0 else -1
                if h < 0:
                    y += 1
                    continue
                if h >= n_histories or not 0 <= parents[h] < lower_slots.shape[0]:
                    valid = False
                    break
                first, size = starts[h], starts[h + 1] - starts[h]
                if first < 0 or size < 0 or placed + size > n or first + size > n or size > scratch.shape[0]:
                    valid = False
                    break
                for i in range(size):
                    row = suffixes[first + i]
                    if not 0 <= row < lower_places.shape[0]:
                        valid = False
                        break
                    scratch[i] = <uint64_t> lower_places[row] << 32 | <uint64_t> (first + i)
                if not valid:
                    break
                if size > 1:
                    sort_keys(&scratch[0], size)
                n_slots = size
                if size > DENSE:
                    for i in range(size):
                        row = words[<int32_t> <uint32_t> scratch[i]]
                        if not 0 <= row < word_places.shape[0]:
                            valid = False
                            break
                        shares[i] = share_of(<uint32_t> word_places[row], reciprocal)
                    if not valid:
                        break
                    n_slots = slots_for(&shares[0], size)
                    if n_slots < 0:
                        valid = False
                        break
                if done + n_slots > room:
                    # The outer loop makes more room.
                    break
                x = 0
                for i in range(size):
                    row = <int32_t> <uint32_t> scratch[i]
                    if size > DENSE:
                        while x < home_of(shares[i], <uint32_t> n_slots):
                            forward[done + x] = EMPTY
                            x += 1
                    forward[done + x] = row
                    if inner:
                        places[row] = <int32_t> x
                    x += 1
                while x < n_slots:
                    forward[done + x] = EMPTY
                    x += 1
                placed += size
                done += n_slots
                sizes[y] = <int32_t> n_slots
                bits[y] = number_bits(<uint32_t> lower_slots[parents[h]])
                if inner:
                    slots[h] = <int32_t> n_slots
                y += 1
    if not valid or placed != n:
        raise ValueError("histories that do not fit the rows")
    if done >= MOST_SLOTS:
        raise OverflowError("an order of more than 2^31 slots")
    return forward_out[:done].copy(), sizes_out, bits_out


cdef int64_t slots_for(const uint32_t* shares, int64_t n) noexcept nogil:
    """Return the number of slots of more than DENSE children with these shares, in order; -1 if too many."""
    cdef int64_t n_slots = n + n // SPARE, x, i, home
    while n_slots < MOST_SLOTS:
        x = 0
        for i in range(n):
            home = home_of(shares[i], <uint32_t> n_slots)
            x = (home if home > x else x) + 1
        if x <= n_slots:
            return n_slots
        n_slots += 1 + (n_slots >> 6)
    return -1


cdef inline void fetch(const int32_t[::1] column, int64_t row) noexcept nogil:
    """Fetch the memory of a row."""
    if 0 <= row < column.shape[0]:
        prefetch(&column[row])


cdef inline int32_t at_row(const int32_t[::1] column, int64_t row) noexcept nogil:
    """Return the value of a row, -1 outside the column."""
    return column[row] if 0 <= row < column.shape[0] else -1


cdef void sort_keys(uint64_t* keys, int64_t n) noexcept nogil:
    """Sort keys (Shell sort)."""
    cdef int64_t gap = 1, i, j
    cdef uint64_t key
    while gap < n // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, n):
            key = keys[i]
            j = i
            while j >= gap and keys[j - gap] > key:
                keys[j] = keys[j - gap]
                j -= gap
            keys[j] = key
        gap //= 3


def encode(const float[::1] values, const double[::1] edges, uint16_t[::1] codes):
    """Set codes[i] to the number of edges below values[i]; `edges` are sorted, fewer than 2^16."""
    cdef int64_t i, low, half, n
    cdef double value
    if codes.shape[0] != values.shape[0] or edges.shape[0] >= 1 << 16:
        raise ValueError("a place for every value, and no more than 2^16 codes")
    with nogil:
        for i in range(values.shape[0]):
            value = values[i]
            low, n = 0, edges.shape[0]
            while n > 0:
                half = (n + 1) >> 1
                low += half if edges[low + half - 1] < value else 0
                n -= half
            codes[i] = <uint16_t> low


def plan_rows(const int32_t[::1] lower_sizes, const uint8_t[::1] lower_bits, const int32_t[::1] sizes,
              const uint8_t[::1] bits, int fixed, int child_fixed, int64_t piece_rows):
    """Plan the slots of one order: return (bits of all slots, bits of all their children, pieces to pack).

    A slot has `fixed` bits and the bits of its number. A child has `child_fixed` bits and the bits of its number. A
    piece begins after every `piece_rows` slots. The pieces are int64[pieces, 5]: (slot, slot of the order below, number
    of the child of that slot, bit, bit of the children). `sizes` and `bits` are empty for the top order.
    """
    cdef int64_t n_lower = lower_sizes.shape[0], n = 0, y, i, row = 0
    cdef uint64_t at = 0, child = 0
    cdef bint inner = sizes.shape[0] > 0, valid = True
    if lower_bits.shape[0] != n_lower or bits.shape[0] != sizes.shape[0]:
        raise ValueError("columns of different lengths")
    if piece_rows < 1 or fixed < 1 or child_fixed < 0:
        raise ValueError("impossible widths")
    with nogil:
        for y in range(n_lower):
            n += lower_sizes[y]
            valid = valid and lower_sizes[y] >= 0
    if not valid:
        raise ValueError("a negative number of slots")
    if n < 1 or (inner and sizes.shape[0] != n):
        raise ValueError("columns of different lengths")
    pieces_out = np.empty(((n - 1) // piece_rows + 1, 5), np.int64)
    cdef int64_t[:, ::1] pieces = pieces_out
    with nogil:
        for y in range(n_lower):
            for i in range(lower_sizes[y]):
                if row % piece_rows == 0:
                    pieces[row // piece_rows, 0] = row
                    pieces[row // piece_rows, 1] = y
                    pieces[row // piece_rows, 2] = i
                    pieces[row // piece_rows, 3] = <int64_t> at
                    pieces[row // piece_rows, 4] = <int64_t> child
                at += <uint64_t> (fixed + lower_bits[y])
                if inner:
                    child += <uint64_t> sizes[row] * <uint64_t> (child_fixed + bits[row])
                row += 1
    return at, child, pieces_out


def pack_rows(uint8_t[::1] out, int64_t first, int64_t end, int64_t y, int64_t i, int64_t at, int64_t child,
              const int32_t[::1] forward, const int32_t[::1] lower_sizes, const uint8_t[::1] lower_bits,
              const int32_t[::1] sizes, const uint8_t[::1] bits, const int32_t[::1] suffixes,
              const int32_t[::1] lower_places, const int32_t[::1] links, const uint16_t[::1] prob_codes,
              const uint16_t[::1] backoff_codes, const float[::1] probs, const float[::1] backoffs, int prob_bits,
              int backoff_bits, int pointer_bits, int child_fixed):
    """Write rows first .. end - 1 of one order into `out`, from bit (at & 7) on.

    A row has the code of its probability, the code of its back-off weight, the first bit of its children, and its
    number. The children of a row end where those of the next row begin. So an extra row without a number follows the
    last row (then `end` is one more than the number of rows). An empty slot has zeros, no children, and the number of
    the next row of its group; behind the last row of the group its number is all ones.

    A column without codes is written as exact 32-bit values. `links` is empty for the top order, whose rows have no
    back-off weights and children. Returns the bit after the last row, counted from the beginning of `out`.
    """
    cdef int64_t n = forward.shape[0], x, ahead = -1
    cdef uint64_t number
    cdef uint64_t to = <uint64_t> (at & 7), here = <uint64_t> child
    cdef uint64_t limit = <uint64_t> max(0, out.shape[0] - 8) << 3
    cdef int32_t row, h
    cdef bint inner = links.shape[0] > 0, coded = prob_codes.shape[0] > 0, coded_backoffs = backoff_codes.shape[0] > 0
    cdef bint valid = True
    cdef int fixed = prob_bits + backoff_bits + pointer_bits
    cdef float value
    if first < 0 or end > n + inner or y < 0 or i < 0 or at < 0 or child < 0:
        raise ValueError("rows beyond the columns")
    if inner and (sizes.shape[0] != n or bits.shape[0] != n):
        raise ValueError("columns of different lengths")
    if not 1 <= prob_bits <= 32 or not 0 <= backoff_bits <= 32 or not 0 <= pointer_bits <= 50:
        raise ValueError("impossible widths")
    if lower_bits.shape[0] != lower_sizes.shape[0]:
        raise ValueError("columns of different lengths")
    with nogil:
        for x in range(first, end):
            if to + fixed + 32 > limit:
                valid = False
                break
            if inner:
                put_bits(&out[0], to + prob_bits + backoff_bits, here)
            if x == n:
                to += fixed
                break
            while y < lower_sizes.shape[0] and i == lower_sizes[y]:
                y, i = y + 1, 0
            if x + 2 * SOON < n:
                row = forward[x + 2 * SOON]
                fetch(suffixes, row)
                fetch(links, row)
                if 0 <= row < prob_codes.shape[0]:
                    prefetch(&prob_codes[row])
                row = forward[x + SOON]
                fetch(lower_places, at_row(suffixes, row))
                h = at_row(links, row)
                if 0 <= h < backoff_codes.shape[0]:
                    prefetch(&backoff_codes[h])
            row = forward[x]
            if y >= lower_sizes.shape[0] or lower_bits[y] > 32:
                valid = False
                break
            if row == EMPTY:
                # `ahead` is the next slot that is not empty, or the end of the group.
                if ahead <= x:
                    ahead = x + 1
                    while ahead < min(n, x + lower_sizes[y] - i) and forward[ahead] == EMPTY:
                        ahead += 1
                number = (<uint64_t> 1 << lower_bits[y]) - 1
                if ahead < min(n, x + lower_sizes[y] - i):
                    row = at_row(suffixes, at_row(forward, ahead))
                    if not 0 <= row < lower_places.shape[0]:
                        valid = False
                        break
                    number = <uint64_t> lower_places[row]
                put_bits(&out[0], to + fixed, number)
                to += fixed + lower_bits[y]
                i += 1
                continue
            if not 0 <= row < suffixes.shape[0]:
                valid = False
                break
            if not 0 <= suffixes[row] < lower_places.shape[0]:
                valid = False
                break
            if coded:
                if row >= prob_codes.shape[0]:
                    valid = False
                    break
                put_bits(&out[0], to, prob_codes[row])
            else:
                if row >= probs.shape[0]:
                    valid = False
                    break
                put_bits(&out[0], to, (<const uint32_t*> &probs[row])[0])
            if inner:
                h = links[row] if row < links.shape[0] else -1
                if h >= 0:
                    if coded_backoffs:
                        if h >= backoff_codes.shape[0]:
                            valid = False
                            break
                        put_bits(&out[0], to + prob_bits, backoff_codes[h])
                    else:
                        if h >= backoffs.shape[0]:
                            valid = False
                            break
                        put_bits(&out[0], to + prob_bits, (<const uint32_t*> &backoffs[h])[0])
                here += <uint64_t> sizes[x] * <uint64_t> (child_fixed + bits[x])
            if lower_bits[y]:
                put_bits(&out[0], to + fixed, <uint64_t> lower_places[suffixes[row]])
            to += fixed + lower_bits[y]
            i += 1
    if not valid:
        raise ValueError("rows that do not fit the plan")
    return to
