# The fields of a line, and the look-up of words. Consecutive lines often have the same word in the same field, so the
# word of the line before is remembered. Every line has a line end, and eight more bytes are readable. Spaces and tabs
# separate fields.
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcmp

from ngramlm.formats._decimal cimport load_bytes, lowest_byte
from ngramlm.core._prefetch cimport prefetch
from ngramlm.text._vocabulary cimport WordIndex, WordSlot, WordTable, hash_word


cdef inline const char* skip_blanks(const char* at) noexcept nogil:
    """Return the first byte from `at` on that is not a space or tab."""
    while at[0] == c" " or at[0] == c"\t":
        at += 1
    return at


cdef inline bint at_line_end(const char* at) noexcept nogil:
    """Return whether LF or CRLF is at this place."""
    return at[0] == c"\n" or (at[0] == c"\r" and at[1] == c"\n")


cdef inline const char* field_end(const char* at, uint64_t* prefix) noexcept nogil:
    """Return the first byte from `at` on that is 0x20 or less; `prefix` gets the first eight bytes of the field."""
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


# The word of the line before, in the same field.
cdef struct Seen:
    const char* start
    Py_ssize_t size
    uint64_t prefix
    int32_t id


cdef inline bint seen_again(Seen* seen, const char* at, Py_ssize_t size, uint64_t prefix) noexcept nogil:
    """Return whether a word equals the word of the line before. A different word is remembered instead."""
    if seen.prefix == prefix and seen.size == size and (size <= 8 or memcmp(seen.start, at, size) == 0):
        return True
    seen.start = at
    seen.size = size
    seen.prefix = prefix
    return False


cdef inline int32_t look_up(WordTable table, Seen* seen, const char* at, Py_ssize_t size, uint64_t prefix,
                            bint grow) except -2 nogil:
    """Return the id of a word. An unknown word has -1, or with `grow` a new id."""
    if not seen_again(seen, at, size, prefix):
        seen.id = table.find_or_insert(prefix, at, size, grow)
    return seen.id


# A word that is looked up together with others.
cdef struct Word:
    const char* start
    Py_ssize_t size
    uint64_t prefix
    uint32_t tag
    # a number for the use of the caller
    int32_t place
    # -1 if the word is not found yet
    int32_t id


cdef inline void want(const WordIndex* index, Word* word, const char* start, Py_ssize_t size, uint64_t prefix,
                      int32_t place) noexcept nogil:
    """Prepare the look-up of a word, and prefetch its slot."""
    word.start = start
    word.size = size
    word.prefix = prefix
    word.tag = hash_word(index, prefix, start, size)
    word.place = place
    word.id = -1
    prefetch(&index.slots[word.tag & index.mask])


cdef inline void find_all(const WordIndex* index, Word* words, int32_t* long_words, Py_ssize_t n) noexcept nogil:
    """Look up several words together, so that their cache misses overlap. `long_words` has room for n numbers.

    A word gets the id -1 if the first slot with its hash does not hold it: the caller looks it up again.
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
    # the hash of these longer words agrees: compare all bytes
    for i in range(n_long):
        word = &words[long_words[i]]
        start = index.offsets[word.id]
        if index.offsets[word.id + 1] - start != word.size or memcmp(index.arena + start, word.start, word.size) != 0:
            word.id = -1
