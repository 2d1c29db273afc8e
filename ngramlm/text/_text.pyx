"""Turn the bytes of a text into ids: split at ASCII spaces and line ends, check UTF-8, look up every word."""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from ngramlm.core._constants cimport BOS, EOS, FIRST_WORD, MAX_ORDER, UNK
from ngramlm.text._vocabulary cimport WordTable, find_slot, hash_word

import numpy as np

cdef extern from *:
    """
    #define ngramlm_ctz64(x) __builtin_ctzll(x)
    #define NGRAMLM_ONES 0x0101010101010101ULL
    #define NGRAMLM_HIGHS 0x8080808080808080ULL
    """
    int ctz64 "ngramlm_ctz64"(uint64_t x) noexcept nogil
    const uint64_t ONES "NGRAMLM_ONES"
    const uint64_t HIGHS "NGRAMLM_HIGHS"

# The reason for which a text is rejected. encoder.py has the messages.
cdef enum:
    OK = 0
    CONTROL_CHARACTER = 1
    INVALID_UTF8 = 2
    RESERVED_WORD = 3

# What to do with reserved words in a text.
cdef enum:
    RESERVED_ERROR = 0
    RESERVED_DROP = 1
    RESERVED_KEEP = 2

CONSTANTS = {"UNK": UNK, "BOS": BOS, "EOS": EOS, "FIRST_WORD": FIRST_WORD, "MAX_ORDER": MAX_ORDER}
# The number of readable bytes that must follow the text in its buffer.
PADDING = 8


cdef inline uint64_t load8(const uint8_t* at) noexcept nogil:
    """Load eight bytes as a little-endian integer."""
    cdef uint64_t value
    memcpy(&value, at, 8)
    return value


cdef inline uint64_t below_33(uint64_t x) noexcept nogil:
    """Set the high bit of every byte that is 0x20 or less.

    The lowest marked byte is exact; higher bytes may be marked by mistake. Bytes from 0x80 on are never marked.
    """
    return (x - ONES * 0x21) & ~x & HIGHS


cdef Py_ssize_t check_utf8(const uint8_t* word, Py_ssize_t length, int64_t* continuation) noexcept nogil:
    """Return -1 if the bytes are well-formed UTF-8 (Unicode 15, table 3-7), otherwise the offset of the first error.

    Adds the number of continuation bytes to `continuation`.
    """
    cdef Py_ssize_t i = 0, j, tail
    cdef uint8_t lead, low, high
    while i < length:
        lead = word[i]
        if lead < 0x80:
            i += 1
            continue
        low, high = 0x80, 0xBF
        if 0xC2 <= lead <= 0xDF:
            tail = 1
        elif 0xE0 <= lead <= 0xEF:
            tail = 2
            if lead == 0xE0:
                low = 0xA0
            elif lead == 0xED:
                high = 0x9F
        elif 0xF0 <= lead <= 0xF4:
            tail = 3
            if lead == 0xF0:
                low = 0x90
            elif lead == 0xF4:
                high = 0x8F
        else:
            return i
        if i + tail >= length:
            return i
        if word[i + 1] < low or word[i + 1] > high:
            return i
        for j in range(2, tail + 1):
            if word[i + j] < 0x80 or word[i + j] > 0xBF:
                return i
        continuation[0] += tail
        i += tail + 1
    return -1


cdef inline bint is_mark(const uint8_t* at) noexcept nogil:
    """Return whether U+2581 is at a place with three readable bytes. It stands for a blank in texts of pieces."""
    return at[0] == 0xE2 and at[1] == 0x96 and at[2] == 0x81


cdef inline int64_t between(int64_t n_words, bint blanks, bint marked) noexcept nogil:
    """Return the number of characters that a line spells beside those of its words: its blanks and its line end."""
    if marked:
        return 0
    return n_words if blanks and n_words else 1


def tokenize(const uint8_t[::1] data, Py_ssize_t length, WordTable table not None, bint grow, int reserved,
             int32_t[::1] ids, bint blanks=True):
    """Write the ids of the first `length` bytes of `data` to `ids`: ``<s> w1 .. wl </s>`` for each line.

    `data` must have `PADDING` more readable bytes. With `grow`, unknown words are added to the table, and every word is
    counted (``table.word_counts``). Without it, unknown words get the id 0. `reserved` says what happens to ``<s>`` and
    ``</s>`` in the text: 0 is an error, 1 drops them, 2 makes them the unknown word. `ids` needs 2 * length + 2 places.

    Returns (number of ids, number of lines, number of characters, error, line of the error from 0, byte offset). The
    characters are those that the ids spell: the code points of the words, a line end for each line, and with `blanks`
    one blank between two words. In a line of pieces, which begins or ends with the mark U+2581, the marks are the
    blanks: k words have k marks and k - 1 blanks, so one mark is not counted, and nothing between the pieces.
    """
    cdef const uint8_t* text
    cdef const uint8_t* end
    cdef const uint8_t* word
    cdef const uint8_t* at
    cdef uint64_t block, spaces, high, prefix
    cdef uint32_t tag
    cdef Py_ssize_t size = 0
    cdef int64_t n_ids = 0, n_lines = 0, characters = 0, continuation = 0, slot
    cdef int32_t id
    cdef int error = OK
    cdef uint8_t byte
    cdef bint line_open = False, begins_marked = False
    # the end of the last word that ends with a mark
    cdef const uint8_t* mark_end = NULL
    # the place of the first word of the line
    cdef int64_t first = 0
    if length < 0 or data.shape[0] < length + 8:
        raise ValueError(f"found a buffer of {data.shape[0]} bytes; expected {PADDING} more than the text")
    if ids.shape[0] < 2 * length + 2:
        raise ValueError("found too few places in ids; expected 2 * length + 2")
    text = &data[0]
    end = text + length
    at = text
    word = text
    with nogil:
        while at < end:
            if not line_open:
                ids[n_ids] = BOS
                n_ids += 1
                line_open = True
                begins_marked = False
                mark_end = NULL
                first = n_ids
            byte = at[0]
            if byte == 0x20 or byte == 0x09:
                at += 1
                continue
            if byte == 0x0A:
                ids[n_ids] = EOS
                characters += between(n_ids - first, blanks, begins_marked or mark_end == word + size)
                n_ids += 1
                n_lines += 1
                line_open = False
                at += 1
                continue
            if byte == 0x0D and (at + 1 == end or at[1] == 0x0A):
                at += 1
                continue
            # a word reaches to the next byte that is 0x20 or less
            word = at
            high = 0
            block = load8(at)
            spaces = below_33(block)
            while spaces == 0:
                high |= block
                at += 8
                if at >= end:
                    break
                block = load8(at)
                spaces = below_33(block)
            if spaces != 0:
                size = ctz64(spaces) >> 3
                if size:
                    high |= block & (~(<uint64_t> 0) >> (64 - 8 * size))
                at += size
            if at > end:
                at = end
            size = at - word
            # a control character stands at the beginning of a word
            if size == 0:
                error = CONTROL_CHARACTER
                break
            if at < end and at[0] != 0x20 and at[0] != 0x0A and at[0] != 0x09:
                if not (at[0] == 0x0D and (at + 1 == end or at[1] == 0x0A)):
                    error = CONTROL_CHARACTER
                    word = at
                    break
            if high & HIGHS:
                slot = check_utf8(word, size, &continuation)
                if slot >= 0:
                    error = INVALID_UTF8
                    word += slot
                    break
                if size >= 3:
                    if n_ids == first:
                        begins_marked = is_mark(word)
                    if is_mark(at - 3):
                        mark_end = at
            prefix = load8(word)
            if size < 8:
                prefix &= ~(<uint64_t> 0) >> (64 - 8 * size)
            tag = hash_word(&table.index, prefix, <const char*> word, size)
            slot = find_slot(&table.index, prefix, tag, <const char*> word, size)
            id = table.index.slots[slot].id
            if grow:
                if id < 0:
                    id = table.insert(slot, prefix, tag, <const char*> word, size)
                table.counts[id] += 1
            elif id < 0:
                id = UNK
            if id == BOS or id == EOS:
                if reserved == RESERVED_ERROR:
                    error = RESERVED_WORD
                    break
                if reserved == RESERVED_DROP:
                    continue
                id = UNK
            ids[n_ids] = id
            n_ids += 1
            characters += size
        # the last line has no line end
        if line_open and not error:
            ids[n_ids] = EOS
            characters += between(n_ids - first, blanks, begins_marked or mark_end == word + size)
            n_ids += 1
            n_lines += 1
        characters -= continuation
    return n_ids, n_lines, characters, error, n_lines, word - text


def remap(const int32_t[::1] ids, const int32_t[::1] new_ids, int32_t[::1] out):
    """Compute out[i] = new_ids[ids[i]]; raises ValueError for arrays of different lengths."""
    cdef Py_ssize_t i
    if out.shape[0] != ids.shape[0]:
        raise ValueError(f"found out of length {out.shape[0]}; expected {ids.shape[0]}, as many as ids")
    with nogil:
        for i in range(ids.shape[0]):
            out[i] = new_ids[ids[i]]
