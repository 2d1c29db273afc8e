# The fields of a line, and words looked up with a memory of the line before, which often has the same word there.
# Lines end with a line end, and eight more bytes can be read; fields stand between spaces and tabs.
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcmp

from ngramlm._decimal cimport load_bytes, lowest_byte
from ngramlm._vocabulary cimport WordIndex, WordTable, hash_word

cdef extern from *:
    """
    #define ngramlm_prefetch(p) __builtin_prefetch(p)
    """
    void prefetch "ngramlm_prefetch"(const void* p) noexcept nogil


cdef inline const char* skip_blanks(const char* at) noexcept nogil:
    while at[0] == c" " or at[0] == c"\t":
        at += 1
    return at


cdef inline bint at_line_end(const char* at) noexcept nogil:
    return at[0] == c"\n" or (at[0] == c"\r" and at[1] == c"\n")


cdef inline const char* field_end(const char* at, uint64_t* prefix) noexcept nogil:
    """The first byte from `at` on that is a space or below; `prefix` gets the first eight bytes of the field."""
    cdef uint64_t block = load_bytes(at), low
    cdef int n
    low = (block - <uint64_t> 0x2121212121212121) & ~block & <uint64_t> 0x8080808080808080
    if low:
        n = lowest_byte(low)
        prefix[0] = block & ((<uint64_t> 1 << (8 * n)) - 1)
        return at + n
    prefix[0] = block
    while not low:
        at += 8
        block = load_bytes(at)
        low = (block - <uint64_t> 0x2121212121212121) & ~block & <uint64_t> 0x8080808080808080
    return at + lowest_byte(low)


cdef struct Seen:                                  # a word of the line before, in the same place
    const char* start
    Py_ssize_t size
    uint64_t prefix
    int32_t id


cdef inline bint seen_again(Seen* seen, const char* at, Py_ssize_t size, uint64_t prefix) noexcept nogil:
    """Whether the word is the one of the line before; it takes its place otherwise."""
    if seen.prefix == prefix and seen.size == size and (size <= 8 or memcmp(seen.start, at, size) == 0):
        return True
    seen.start = at
    seen.size = size
    seen.prefix = prefix
    return False


cdef inline int32_t look_up(WordTable table, Seen* seen, const char* at, Py_ssize_t size, uint64_t prefix,
                            bint grow) except -2 nogil:
    """The id of a word, -1 when it is unknown; a new id when the table is to grow."""
    if not seen_again(seen, at, size, prefix):
        seen.id = table.find_or_insert(prefix, hash_word(prefix, at, size), at, size, grow)
    return seen.id


cdef struct Word:                                  # a word that is looked up together with those of other lines
    const char* start
    Py_ssize_t size
    uint64_t prefix
    uint32_t tag
    int32_t id                                     # or one of the two below

cdef enum:
    SAME = -2                                      # as in the line before
    WANTED = -3                                    # to be looked up


cdef inline void find_all(const WordIndex* index, Word* words, const int32_t* wanted, Py_ssize_t n) noexcept nogil:
    """Find words[wanted[i]] side by side, so that they wait for the memory together.

    The id of a word that is not surely in the table stays WANTED. The slots have been prefetched by the caller.
    """
    cdef Py_ssize_t i
    cdef uint64_t at
    cdef int64_t start
    cdef int32_t id
    cdef Word* word
    for i in range(n):
        word = &words[wanted[i]]
        at = word.tag & index.mask
        while True:
            id = index.slots[at].id
            if id < 0:
                break
            if index.slots[at].prefix == word.prefix and index.slots[at].tag == word.tag:
                word.id = id
                if word.size > 8:
                    prefetch(&index.offsets[id])
                break
            at = (at + 1) & index.mask
    for i in range(n):
        word = &words[wanted[i]]
        if word.size > 8 and word.id >= 0:
            prefetch(index.arena + index.offsets[word.id])
    for i in range(n):
        word = &words[wanted[i]]
        if word.size > 8 and word.id >= 0:
            start = index.offsets[word.id]
            if index.offsets[word.id + 1] - start != word.size or memcmp(
                    index.arena + start, word.start, word.size) != 0:
                word.id = WANTED
