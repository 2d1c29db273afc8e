"""Text (bytes) -> ids: splits at ASCII spaces and line ends, checks UTF-8, looks every word up."""
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

# Why a piece of text was refused; text.py words the message.
cdef enum:
    OK = 0
    CONTROL_CHARACTER = 1
    INVALID_UTF8 = 2
    RESERVED_WORD = 3

cdef enum:
    RESERVED_ERROR = 0
    RESERVED_DROP = 1
    RESERVED_KEEP = 2

CONSTANTS = {"UNK": UNK, "BOS": BOS, "EOS": EOS, "FIRST_WORD": FIRST_WORD, "MAX_ORDER": MAX_ORDER}
PADDING = 8                     # readable bytes that must follow the text in its buffer


cdef inline uint64_t load8(const uint8_t* at) noexcept nogil:
    cdef uint64_t value
    memcpy(&value, at, 8)
    return value


cdef inline uint64_t below_33(uint64_t x) noexcept nogil:
    """High bit of every byte that is 0x20 or less (exact for the lowest such byte; bytes >= 0x80 never count)."""
    return (x - ONES * 0x21) & ~x & HIGHS


cdef Py_ssize_t check_utf8(const uint8_t* word, Py_ssize_t length, int64_t* continuation) noexcept nogil:
    """-1 when the bytes are well-formed UTF-8 (Unicode 15, table 3-7), else the offset of the first bad one."""
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


def tokenize(const uint8_t[::1] data, Py_ssize_t length, WordTable table not None, bint grow, int reserved,
             int32_t[::1] ids):
    """Ids of the first `length` bytes of `data`, line by line: ``<s> w1 .. wl </s>`` for each line.

    `data` must have `PADDING` more readable bytes. `grow` adds unknown words to the table and counts every word
    (``table.word_counts``); otherwise they are 0, the unknown word. `reserved` says what ``<s>`` and ``</s>`` in
    the text are: 0 an error, 1 dropped, 2 the unknown word. `ids` needs 2 * length + 2 places.

    Returns (n_ids, n_lines, code points with one for each line end, error, line of the error from 0, byte offset).
    """
    cdef const uint8_t* text
    cdef const uint8_t* end
    cdef const uint8_t* word
    cdef const uint8_t* at
    cdef uint64_t block, spaces, high, prefix
    cdef uint32_t tag
    cdef Py_ssize_t size
    cdef int64_t n_ids = 0, n_lines = 0, characters = 0, continuation = 0, slot
    cdef int32_t id
    cdef int error = OK
    cdef uint8_t byte
    cdef bint line_open = False
    if length < 0 or data.shape[0] < length + 8:
        raise ValueError(f"the buffer must have {PADDING} bytes more than the text")
    if ids.shape[0] < 2 * length + 2:
        raise ValueError("ids needs 2 * length + 2 places")
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
            byte = at[0]
            if byte == 0x20 or byte == 0x09:
                at += 1
                continue
            if byte == 0x0A:
                ids[n_ids] = EOS
                n_ids += 1
                n_lines += 1
                line_open = False
                at += 1
                continue
            if byte == 0x0D and at + 1 < end and at[1] == 0x0A:
                characters -= 1
                at += 1
                continue
            if byte == 0x0D and at + 1 == end:
                characters -= 1
                at += 1
                continue
            # a word: up to the next byte at or below the space
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
            if size == 0:                          # a control character where a word should begin
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
            prefix = load8(word)
            if size < 8:
                prefix &= ~(<uint64_t> 0) >> (64 - 8 * size)
            tag = hash_word(prefix, <const char*> word, size)
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
        if line_open and not error:                # the last line has no line end
            ids[n_ids] = EOS
            n_ids += 1
            n_lines += 1
            characters += 1
        characters += length - continuation
    return n_ids, n_lines, characters, error, n_lines, word - text


def remap(const int32_t[::1] ids, const int32_t[::1] new_ids, int32_t[::1] out):
    """out[i] = new_ids[ids[i]]; raises ValueError on different lengths."""
    cdef Py_ssize_t i
    if out.shape[0] != ids.shape[0]:
        raise ValueError("out must be as long as ids")
    with nogil:
        for i in range(ids.shape[0]):
            out[i] = new_ids[ids[i]]
