# A table of 64-bit keys that numbers them as they come, and forgets all of them at once.
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memset

cdef struct Pairs:
    uint64_t* keys             # of every number
    int32_t* slots             # numbers, valid where the stamp is the present one
    uint32_t* stamps
    uint32_t stamp
    int64_t mask               # slots - 1, a power of two
    int32_t n
    int32_t room               # for so many keys


cdef inline int open_pairs(Pairs* pairs) noexcept nogil:
    """An empty table; -1 without memory."""
    memset(pairs, 0, sizeof(Pairs))
    pairs.stamp = 1
    return grow_pairs(pairs)


cdef inline void close_pairs(Pairs* pairs) noexcept nogil:
    free(pairs.keys)
    free(pairs.slots)
    free(pairs.stamps)
    memset(pairs, 0, sizeof(Pairs))


cdef inline void clear_pairs(Pairs* pairs) noexcept nogil:
    """Forget all keys."""
    pairs.n = 0
    pairs.stamp += 1
    if pairs.stamp == 0:
        memset(pairs.stamps, 0, (pairs.mask + 1) * sizeof(uint32_t))
        pairs.stamp = 1


cdef inline int64_t slot_of(const Pairs* pairs, uint64_t key) noexcept nogil:
    """The slot where a key is, or where it would be."""
    cdef uint64_t mixed = key * <uint64_t> 0x9E3779B97F4A7C15
    cdef int64_t at
    mixed ^= mixed >> 29
    at = <int64_t> (mixed * <uint64_t> 0xBF58476D1CE4E5B9 >> 20) & pairs.mask
    while pairs.stamps[at] == pairs.stamp and pairs.keys[pairs.slots[at]] != key:
        at = (at + 1) & pairs.mask
    return at


cdef inline int32_t find_pair(const Pairs* pairs, uint64_t key) noexcept nogil:
    """The number of a key, -1 when it is not there."""
    cdef int64_t at = slot_of(pairs, key)
    return pairs.slots[at] if pairs.stamps[at] == pairs.stamp else -1


cdef inline int32_t number_of(Pairs* pairs, uint64_t key) noexcept nogil:
    """The number of a key, a new one if need be; -1 without memory."""
    cdef int64_t at
    if pairs.n == pairs.room and grow_pairs(pairs):
        return -1
    at = slot_of(pairs, key)
    if pairs.stamps[at] != pairs.stamp:
        pairs.stamps[at] = pairs.stamp
        pairs.slots[at] = pairs.n
        pairs.keys[pairs.n] = key
        pairs.n += 1
    return pairs.slots[at]


cdef inline int grow_pairs(Pairs* pairs) noexcept nogil:
    """Make room for twice as many keys; -1 without memory, and then the table is as it was."""
    cdef int32_t room = 2 * pairs.room if pairs.room else 512, i
    cdef int64_t n_slots = 2 * <int64_t> room, at
    cdef uint64_t* keys
    cdef int32_t* slots
    cdef uint32_t* stamps
    if pairs.room > 1 << 29:
        return -1
    keys = <uint64_t*> realloc(pairs.keys, room * sizeof(uint64_t))
    if keys == NULL:
        return -1
    pairs.keys = keys
    slots = <int32_t*> malloc(n_slots * sizeof(int32_t))
    stamps = <uint32_t*> malloc(n_slots * sizeof(uint32_t))
    if slots == NULL or stamps == NULL:
        free(slots)
        free(stamps)
        return -1
    free(pairs.slots)
    free(pairs.stamps)
    memset(stamps, 0, n_slots * sizeof(uint32_t))
    pairs.slots, pairs.stamps, pairs.stamp = slots, stamps, 1
    pairs.mask, pairs.room = n_slots - 1, room
    for i in range(pairs.n):
        at = slot_of(pairs, keys[i])
        stamps[at] = 1
        slots[at] = i
    return 0
