# Words (bytes) <-> int32 ids in one open-addressing table; shared by the tokenizer, the ARPA reader and the scorer.
# A slot of 16 bytes decides for words of up to 8 bytes without touching anything else: `prefix` holds the whole word.
# Longer words are compared byte by byte with the arena, so identity is never left to a hash.
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

cdef extern from *:
    """
    static inline uint64_t ngramlm_mix(uint64_t a, uint64_t b) {
        __uint128_t product = (__uint128_t)a * b;
        return (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    """
    uint64_t mix "ngramlm_mix"(uint64_t a, uint64_t b) noexcept nogil

cdef struct WordSlot:
    uint64_t prefix       # first eight bytes, little endian, padded with zeros
    uint32_t tag          # 31 bits of hash; the top bit says "longer than eight bytes"
    int32_t id            # -1: empty slot

cdef struct WordIndex:
    WordSlot* slots
    uint64_t mask         # number of slots - 1
    const char* arena     # all words one after the other
    const int64_t* offsets  # word i is arena[offsets[i]:offsets[i + 1]]
    int32_t size


cdef inline uint64_t load_prefix(const char* word, Py_ssize_t length) noexcept nogil:
    """The first eight bytes as a little-endian integer, zeros beyond the word; reads nothing outside it."""
    cdef uint64_t low = 0, high = 0
    cdef const unsigned char* bytes_ = <const unsigned char*> word
    if length >= 8:
        memcpy(&low, word, 8)
        return low
    if length >= 4:
        memcpy(&low, word, 4)
        memcpy(&high, word + length - 4, 4)
        return low | (high << ((length - 4) * 8))
    if length <= 0:
        return 0
    return (<uint64_t> bytes_[0]) | (<uint64_t> bytes_[length >> 1] << ((length >> 1) * 8)) | (
        <uint64_t> bytes_[length - 1] << ((length - 1) * 8))


cdef inline uint32_t hash_word(uint64_t prefix, const char* word, Py_ssize_t length) noexcept nogil:
    cdef uint64_t state = mix(prefix ^ <uint64_t> 0x9E3779B97F4A7C15, <uint64_t> 0xD6E8FEB86659FD93)
    cdef Py_ssize_t at = 8
    if length <= 8:
        return <uint32_t> (state >> 33)
    while at < length:
        state = mix(state ^ load_prefix(word + at, length - at), <uint64_t> 0xA0761D6478BD642F)
        at += 8
    state = mix(state ^ <uint64_t> length, <uint64_t> 0xE7037ED1A0B428DB)
    return <uint32_t> (state >> 33) | <uint32_t> 0x80000000


cdef inline int64_t find_slot(const WordIndex* index, uint64_t prefix, uint32_t tag, const char* word,
                              Py_ssize_t length) noexcept nogil:
    """The slot that holds the word, or the empty slot where it would stand."""
    cdef uint64_t at = tag & index.mask
    cdef int64_t start
    cdef const WordSlot* slot
    while True:
        slot = &index.slots[at]
        if slot.id < 0:
            return <int64_t> at
        if slot.prefix == prefix and slot.tag == tag:
            if length <= 8:
                return <int64_t> at
            start = index.offsets[slot.id]
            if index.offsets[slot.id + 1] - start == length and memcmp(index.arena + start, word, length) == 0:
                return <int64_t> at
        at = (at + 1) & index.mask


cdef inline int32_t find_word(const WordIndex* index, const char* word, Py_ssize_t length) noexcept nogil:
    """The id of a word, -1 when it is not in the table."""
    cdef uint64_t prefix
    if length > 0 and word[length - 1] == 0:       # no word holds NUL; as padding of the prefix it would not be seen
        return -1
    prefix = load_prefix(word, length)
    return index.slots[find_slot(index, prefix, hash_word(prefix, word, length), word, length)].id


cdef class WordTable:
    cdef WordIndex index
    cdef object owner              # keeps borrowed memory alive
    cdef bint borrowed             # the memory is not this table's: it neither grows nor frees it
    cdef int64_t arena_capacity
    cdef int64_t ids_capacity
    cdef int64_t* counts           # occurrences per id; only in a table that grows
    cdef int32_t find(self, const char* word, Py_ssize_t length) noexcept nogil
    cdef int32_t insert(self, int64_t slot, uint64_t prefix, uint32_t tag, const char* word,
                        Py_ssize_t length) except -2 nogil
    cdef int32_t find_or_insert(self, uint64_t prefix, uint32_t tag, const char* word, Py_ssize_t length,
                                bint grow) except -2 nogil
    cdef int grow(self) except -1 nogil
