# A hash table with open addressing that maps words (bytes) to ids (int32), and back. The tokenizer, the ARPA reader and
# the scorer share it. A slot has 16 bytes. `prefix` holds all bytes of a short word (up to 8 bytes), so the slot alone
# identifies it. A longer word is compared byte by byte with the arena. Equal hashes never make two words equal.
#
# The hash has a key. It is 0, so that the slots of a file are the same for everybody. Words that were chosen to have
# neighboring slots would make every look-up as slow as a search. When words crowd more than chance can explain, the
# table gets a random key. Its file still has the slots of the key 0, and a reader makes its own table of them.
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
    # the first eight bytes, little endian, padded with zeros
    uint64_t prefix
    # 31 bits of the hash; the top bit marks a word of more than eight bytes
    uint32_t tag
    # -1 in an empty slot
    int32_t id

cdef enum:
    # A word this far from the slot of its hash, or this many used slots in a row, are no chance: with half of the slots
    # used, the probability is about 0.82 ** 512 = 1e-44 for each word.
    CROWDED = 512

cdef struct WordIndex:
    WordSlot* slots
    # the two halves of the key of the hash
    uint64_t key
    uint64_t second_key
    # the number of slots minus 1
    uint64_t mask
    # all words one after the other: word i is arena[offsets[i]:offsets[i + 1]]
    const char* arena
    const int64_t* offsets
    int32_t size


cdef inline uint64_t load_prefix(const char* word, Py_ssize_t length) noexcept nogil:
    """Return the first eight bytes as a little-endian integer, padded with zeros. Reads no byte outside the word."""
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


cdef inline uint32_t hash_word(const WordIndex* index, uint64_t prefix, const char* word,
                               Py_ssize_t length) noexcept nogil:
    """Return the tag of a word (`WordSlot`)."""
    cdef uint64_t state = mix(prefix ^ index.key ^ <uint64_t> 0x9E3779B97F4A7C15,
                              index.second_key ^ <uint64_t> 0xD6E8FEB86659FD93)
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
    """Return the slot of the word, or the empty slot where it can be inserted."""
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
    """Return the id of a word; -1 if it is not in the table."""
    cdef uint64_t prefix
    # a NUL at the end looks like padding in the prefix; no word of the table contains one
    if length > 0 and word[length - 1] == 0:
        return -1
    prefix = load_prefix(word, length)
    return index.slots[find_slot(index, prefix, hash_word(index, prefix, word, length), word, length)].id


cdef class WordTable:
    cdef WordIndex index
    # the object that keeps borrowed memory alive
    cdef object owner
    # whether the memory belongs to another object: the table then neither grows nor frees it
    cdef bint borrowed
    cdef int64_t arena_capacity
    cdef int64_t ids_capacity
    # the number of occurrences per id; NULL in a read-only table
    cdef int64_t* counts
    cdef int32_t find(self, const char* word, Py_ssize_t length) noexcept nogil
    cdef int32_t insert(self, int64_t slot, uint64_t prefix, uint32_t tag, const char* word,
                        Py_ssize_t length) except -2 nogil
    cdef int32_t find_or_insert(self, uint64_t prefix, const char* word, Py_ssize_t length,
                                bint grow) except -2 nogil
    cdef int grow(self) except -1 nogil
    cdef int rekey(self) except -1 nogil
