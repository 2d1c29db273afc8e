# A hash table that numbers 64-bit keys in the order of their first occurrence. It drops all keys in constant time.
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memset

cdef struct Pairs:
    uint64_t* keys             # the key of every number
    int32_t* slots             # numbers; a slot is in use if its stamp equals `stamp`
    uint32_t* stamps
    uint32_t stamp
    int64_t mask               # number of slots - 1; the number of slots is a power of two
    int32_t n                  # keys
    int32_t room               # keys that fit before the table must grow


cdef inline int open_pairs(Pairs* pairs) noexcept nogil:
    """Make an empty table; -1 if memory runs out."""
    memset(pairs, 0, sizeof(Pairs))
    pairs.stamp = 1
    return grow_pairs(pairs)


cdef inline void close_pairs(Pairs* pairs) noexcept nogil:
    free(pairs.keys)
    free(pairs.slots)
    free(pairs.stamps)
    memset(pairs, 0, sizeof(Pairs))


cdef inline void clear_pairs(Pairs* pairs) noexcept nogil:
    """Drop all keys."""
    pairs.n = 0
    pairs.stamp += 1
    if pairs.stamp == 0:
        memset(pairs.stamps, 0, (pairs.mask + 1) * sizeof(uint32_t))
        pairs.stamp = 1


cdef inline int64_t slot_of(const Pairs* pairs, uint64_t key) noexcept nogil:
    """Return the slot of a key, or the free slot for it."""
    cdef uint64_t mixed = key * <uint64_t> 0x9E3779B97F4A7C15
    cdef int64_t at
    mixed ^= mixed >> 29
    at = <int64_t> (mixed * <uint64_t> 0xBF58476D1CE4E5B9 >> 20) & pairs.mask
    while pairs.stamps[at] == pairs.stamp and pairs.keys[pairs.slots[at]] != key:
        at = (at + 1) & pairs.mask
    return at


cdef inline int32_t find_pair(const Pairs* pairs, uint64_t key) noexcept nogil:
    """Return the number of a key, -1 for an unknown key."""
    cdef int64_t at = slot_of(pairs, key)
    return pairs.slots[at] if pairs.stamps[at] == pairs.stamp else -1


cdef inline int32_t number_of(Pairs* pairs, uint64_t key) noexcept nogil:
    """Return the number of a key, a new number for a new key; -1 if memory runs out."""
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
    """Make room for twice as many keys; -1 if memory runs out, and then the table is unchanged."""
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
