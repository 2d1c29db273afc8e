# The fields of a line, and words looked up with a memory of the line before, which often has the same word there.
# Lines end with a line end, and eight more bytes can be read; fields stand between spaces and tabs.
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcmp

from ngramlm.formats._decimal cimport load_bytes, lowest_byte
from ngramlm.core._prefetch cimport prefetch
from ngramlm.text._vocabulary cimport WordIndex, WordSlot, WordTable, hash_word


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


cdef struct Word:                                  # a word that is looked up together with others
    const char* start
    Py_ssize_t size
    uint64_t prefix
    uint32_t tag
    int32_t place                                  # for the caller
    int32_t id                                     # -1: not found, or not yet


cdef inline void want(const WordIndex* index, Word* word, const char* start, Py_ssize_t size, uint64_t prefix,
                      int32_t place) noexcept nogil:
    """Describe a word to look up, and have its slot fetched."""
    word.start = start
    word.size = size
    word.prefix = prefix
    word.tag = hash_word(prefix, start, size)
    word.place = place
    word.id = -1
    prefetch(&index.slots[word.tag & index.mask])


cdef inline void find_all(const WordIndex* index, Word* words, int32_t* long_words, Py_ssize_t n) noexcept nogil:
    """Find words side by side, so that they wait for the memory together; `long_words` is room for n numbers.

    A word that is not surely in the table keeps the id -1.
    """
    cdef Py_ssize_t i, n_long = 0
    cdef uint64_t at
    cdef int64_t start
    cdef const WordSlot* slot
    cdef Word* word
    for i in range(n):
        word = &words[i]
        at = word.tag & index.mask
        slot = &index.slots[at]
        while slot.id >= 0 and (slot.prefix != word.prefix or slot.tag != word.tag):
            at = (at + 1) & index.mask
            slot = &index.slots[at]
        word.id = slot.id
        long_words[n_long] = <int32_t> i
        n_long += word.size > 8 and word.id >= 0
    for i in range(n_long):
        prefetch(&index.offsets[words[long_words[i]].id])
    for i in range(n_long):
        prefetch(index.arena + index.offsets[words[long_words[i]].id])
    for i in range(n_long):                        # the hash of longer words agrees: most surely it is them
        word = &words[long_words[i]]
        start = index.offsets[word.id]
        if index.offsets[word.id + 1] - start != word.size or memcmp(index.arena + start, word.start, word.size) != 0:
            word.id = -1
