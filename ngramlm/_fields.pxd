# The fields of a line, and words looked up with a memory of the line before, which often has the same word there.
# Lines end with a line end, and eight more bytes can be read; fields stand between spaces and tabs.
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memcmp

from ngramlm._decimal cimport load_bytes, lowest_byte
from ngramlm._vocabulary cimport WordTable, find_slot, hash_word


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


cdef inline int32_t look_up(WordTable table, Seen* seen, const char* at, Py_ssize_t size, uint64_t prefix,
                            bint grow) except -2 nogil:
    """The id of a word, -1 when it is unknown; a new id when the table is to grow."""
    cdef uint32_t tag
    cdef int64_t slot
    if seen.prefix == prefix and seen.size == size and (size <= 8 or memcmp(seen.start, at, size) == 0):
        return seen.id
    tag = hash_word(prefix, at, size)
    slot = find_slot(&table.index, prefix, tag, at, size)
    seen.id = table.index.slots[slot].id
    if seen.id < 0 and grow:
        seen.id = table.insert(slot, prefix, tag, at, size)
    seen.start = at
    seen.size = size
    seen.prefix = prefix
    return seen.id
