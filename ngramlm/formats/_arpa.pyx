"""Kernels that parse the lines of ARPA files and count files into rows of n-grams."""
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memchr, memcmp

from ngramlm.core._constants cimport BOS, EOS, MAX_ORDER, UNK
from ngramlm.formats._decimal cimport IS_INFINITE, IS_NAN, NUMBER, TOO_LARGE, read_count, read_log10
from ngramlm.formats._fields cimport (
    Seen, Word, at_line_end, field_end, find_all, look_up, seen_again, skip_blanks, want)
from ngramlm.text._vocabulary cimport WordTable

import numpy as np

cdef enum:
    # The number of words that are read before they are looked up together.
    WORDS_AT_ONCE = 256
    # Marks a word that is the same as in the row above.
    SAME = -2

# The reason for which a line is rejected. refusals.py has the messages.
cdef enum:
    OK = 0
    TOO_FEW = 1
    TOO_MANY = 2
    NO_NUMBER = 3
    NAN_NUMBER = 4
    INFINITE_NUMBER = 5
    POSITIVE = 6
    UNKNOWN_WORD = 7
    BOS_INSIDE = 8
    EOS_INSIDE = 9
    CONTROL = 10
    COUNT_TOO_LARGE = 11
    NO_ROOM = 12

# The number of readable bytes that must follow the text in a buffer.
PADDING = 8


cdef inline int number_error(int found) noexcept nogil:
    """Return the error code for a result of `read_log10` or `read_count` that is not a number."""
    if found == IS_NAN:
        return NAN_NUMBER
    if found == IS_INFINITE:
        return INFINITE_NUMBER
    return COUNT_TOO_LARGE if found == TOO_LARGE else NO_NUMBER


cdef check_buffer(const uint8_t[::1] data, Py_ssize_t start, Py_ssize_t stop):
    if not 0 <= start <= stop <= data.shape[0] - PADDING:
        raise ValueError(f"found a buffer of {data.shape[0]} bytes; expected {PADDING} bytes more than the text")
    if start < stop and data[stop - 1] != 10:
        raise ValueError("found a text without a line end; expected one at its end")


def next_section(const uint8_t[::1] data, Py_ssize_t start, Py_ssize_t stop):
    """Find the next line that begins with a backslash.

    Returns (its first byte, or `stop` if there is no such line; the number of line ends before it).
    """
    check_buffer(data, start, stop)
    cdef const uint8_t* text = &data[0]
    cdef const uint8_t* found
    cdef Py_ssize_t at = start, i, block_end
    cdef int64_t lines = 0
    cdef uint8_t part
    with nogil:
        while at < stop:
            found = <const uint8_t*> memchr(text + at, c"\\", stop - at)
            if found == NULL:
                at = stop
                break
            at = found - text
            if at == start or text[at - 1] == 10:
                break
            at += 1
        i = start
        while i < at:
            block_end = min(at, i + 128)
            part = 0
            for i in range(i, block_end):
                part += text[i] == 10
            i = block_end
            lines += part
    return at, lines


def row_lines(const uint8_t[::1] data, Py_ssize_t start, Py_ssize_t stop):
    """Return the numbers of the lines that are not blank, from 0, int64[N]."""
    check_buffer(data, start, stop)
    cdef const char* at = <const char*> &data[0] + start
    cdef const char* end = <const char*> &data[0] + stop
    cdef int64_t line = 0
    numbers = []
    while at < end:
        at = skip_blanks(at)
        if not at_line_end(at):
            numbers.append(line)
        at = <const char*> memchr(at, c"\n", end - at) + 1
        line += 1
    return np.array(numbers, np.int64)


def parse_ngrams(const uint8_t[::1] data, Py_ssize_t start, Py_ssize_t stop, bint top, WordTable table not None,
                 bint grow, bint upper_unknown, int32_t[:, ::1] ngrams, float[::1] log10_probs,
                 float[::1] log10_backoffs):
    """Read the ARPA lines ``log10_prob w1 .. wn [log10_backoff]`` of one order, n = ngrams.shape[1].

    The text ends with a line end, and `PADDING` bytes follow. `top` says that this is the highest order, which has no
    back-off weights. In other orders a missing weight is 0. With `grow`, new words are added to the table; without it,
    they are an error. With `upper_unknown`, ``<UNK>`` means ``<unk>``. Probabilities and weights of -99 or less become
    -inf. The outputs need a row for every line.

    Returns (rows, lines, clamped, rows with <UNK>, last row with <UNK>, error, start, stop). `clamped` is the number of
    probabilities slightly above 0 that were taken as 0. After an error, `lines` is the number of lines before the bad
    line, and the wrong field is ``data[start:stop]``.
    """
    check_buffer(data, start, stop)
    cdef int order = <int> ngrams.shape[1], error = OK, found, i
    cdef const char* text = <const char*> &data[0]
    cdef const char* at = text + start
    cdef const char* end = text + stop
    cdef const char* field = at
    cdef const char* field_stop = at
    cdef int64_t row = 0, first, place, lines = 0, clamped = 0, n_upper = 0, last_upper = -1
    cdef int64_t capacity = min(ngrams.shape[0], log10_probs.shape[0])
    cdef Py_ssize_t batch, n_words, n_wanted, j
    cdef uint64_t prefix
    cdef int32_t id
    cdef float value
    cdef Seen[MAX_ORDER] seen
    # the word ids of the rows from `first` on, one row after the other
    cdef int32_t[WORDS_AT_ONCE] ids
    # the words of these rows that must be looked up
    cdef Word[WORDS_AT_ONCE] wanted
    cdef int32_t[WORDS_AT_ONCE] long_words
    # the line of each of these rows
    cdef int64_t[WORDS_AT_ONCE] line_of
    # the word ids of the row above
    cdef int32_t[MAX_ORDER] above
    if not 1 <= order <= MAX_ORDER:
        raise ValueError(f"found order {order}; expected 1 to {MAX_ORDER}")
    if not top:
        capacity = min(capacity, log10_backoffs.shape[0])
    batch = WORDS_AT_ONCE // order
    for i in range(order):
        seen[i].size = -1
        seen[i].prefix = 0
        above[i] = UNK
    with nogil:
        while at < end and error == OK:
            first = row
            n_words = n_wanted = 0
            while at < end and row - first < batch:
                at = skip_blanks(at)
                if at_line_end(at):
                    at += 1 if at[0] == c"\n" else 2
                    lines += 1
                    continue
                if row >= capacity:
                    error = NO_ROOM
                    break
                line_of[row - first] = lines
                field = at
                at = field_end(field, &prefix)
                field_stop = at
                found = read_log10(field, at, &value)
                if found != NUMBER:
                    error = number_error(found)
                    break
                if value > 0:
                    if value > <float> 1e-4:
                        error = POSITIVE
                        break
                    value = 0
                    clamped += 1
                log10_probs[row] = value if value > -99 else -INFINITY
                for i in range(order):
                    field = skip_blanks(at)
                    if at_line_end(field):
                        error = TOO_FEW
                        break
                    at = field_end(field, &prefix)
                    field_stop = at
                    if at == field or not (at[0] == c" " or at[0] == c"\t" or at_line_end(at)):
                        field = at
                        field_stop = at + 1
                        error = CONTROL
                        break
                    ids[n_words] = SAME
                    if upper_unknown and at - field == 5 and memcmp(field, b"<UNK>", 5) == 0:
                        ids[n_words] = UNK
                        seen[i].size = -1
                        n_upper += 1
                        last_upper = row
                    elif not seen_again(&seen[i], field, at - field, prefix):
                        want(&table.index, &wanted[n_wanted], field, at - field, prefix, <int32_t> n_words)
                        n_wanted += 1
                    n_words += 1
                if error:
                    break
                field = skip_blanks(at)
                if not top:
                    log10_backoffs[row] = 0
                at = field
                if not at_line_end(at):
                    at = field_end(field, &prefix)
                    field_stop = at
                    if top:
                        error = TOO_MANY
                        break
                    found = read_log10(field, at, &value)
                    if found != NUMBER:
                        error = number_error(found)
                        break
                    if value == INFINITY:
                        error = INFINITE_NUMBER
                        break
                    log10_backoffs[row] = value if value > -99 else -INFINITY
                    at = skip_blanks(at)
                    if not at_line_end(at):
                        field = at
                        field_stop = field_end(at, &prefix)
                        error = TOO_MANY
                        break
                at += 1 if at[0] == c"\n" else 2
                lines += 1
                row += 1
            find_all(&table.index, wanted, long_words, n_wanted)
            # an error found here is in an earlier field than an error found above
            for j in range(n_wanted):
                id = wanted[j].id
                if id < 0:
                    id = table.find_or_insert(wanted[j].prefix, wanted[j].start, wanted[j].size, grow)
                if id <= EOS and id != UNK:
                    i = wanted[j].place % order
                    if id < 0 or (id == BOS and i > 0) or (id == EOS and i < order - 1):
                        error = UNKNOWN_WORD if id < 0 else BOS_INSIDE if id == BOS else EOS_INSIDE
                        lines = line_of[wanted[j].place // order]
                        field = wanted[j].start
                        field_stop = field + wanted[j].size
                        break
                ids[wanted[j].place] = id
            j = 0
            for place in range(first, row):
                for i in range(order):
                    id = ids[j]
                    j += 1
                    if id == SAME:
                        id = above[i]
                    above[i] = id
                    ngrams[place, i] = id
    if error == NO_ROOM:
        raise ValueError("found too few rows in the outputs; expected a row for every line")
    return row, lines, clamped, n_upper, last_upper, error, field - text, field_stop - text


def parse_counts(const uint8_t[::1] data, Py_ssize_t start, Py_ssize_t stop, WordTable table not None,
                 int32_t[::1] ids, int32_t[::1] orders, int64_t[::1] counts):
    """Read the lines ``w1 .. wn count`` of any orders. New words are added to the table.

    `ids` gets the words of all rows, one row after the other. It needs a place for every second byte. `orders` and
    `counts` get one number for every row.

    Returns (rows, words, lines, error, start, stop). After an error, `lines` is the number of lines before the bad
    line, and the wrong field is ``data[start:stop]``.
    """
    check_buffer(data, start, stop)
    cdef const char* text = <const char*> &data[0]
    cdef const char* at = text + start
    cdef const char* end = text + stop
    cdef const char* field = at
    cdef const char* field_stop = at
    cdef int64_t row = 0, lines = 0, n_ids = 0, count
    cdef int order, error = OK, found, i
    cdef uint64_t prefix
    cdef Seen[MAX_ORDER] seen
    if 2 * ids.shape[0] < stop - start:
        raise ValueError("found too few places in ids; expected a place for every second byte")
    for i in range(MAX_ORDER):
        seen[i].size = -1
        seen[i].prefix = 0
    with nogil:
        while at < end:
            at = skip_blanks(at)
            if at_line_end(at):
                at += 1 if at[0] == c"\n" else 2
                lines += 1
                continue
            if row >= orders.shape[0] or row >= counts.shape[0]:
                error = NO_ROOM
                break
            order = 0
            while True:
                field = at
                at = field_end(field, &prefix)
                field_stop = at
                if at == field or not (at[0] == c" " or at[0] == c"\t" or at_line_end(at)):
                    field = at
                    field_stop = at + 1
                    error = CONTROL
                    break
                at = skip_blanks(at)
                if at_line_end(at):
                    break
                if order == MAX_ORDER:
                    error = TOO_MANY
                    break
                ids[n_ids + order] = look_up(table, &seen[order], field, field_stop - field, prefix, True)
                order += 1
            if error:
                break
            if order == 0:
                error = TOO_FEW
                break
            found = read_count(field, field_stop, &count)
            if found != NUMBER:
                error = number_error(found)
                break
            for i in range(order):
                if ids[n_ids + i] == BOS and i > 0:
                    error = BOS_INSIDE
                elif ids[n_ids + i] == EOS and i < order - 1:
                    error = EOS_INSIDE
            if error:
                break
            orders[row] = order
            counts[row] = count
            n_ids += order
            row += 1
            at += 1 if at[0] == c"\n" else 2
            lines += 1
    if error == NO_ROOM:
        raise ValueError("found too few rows in the outputs; expected a row for every line")
    return row, n_ids, lines, error, field - text, field_stop - text


def _parse_log10(bytes text not None):
    """Parse a float32, for tests; raises ValueError for bytes that are not a number."""
    cdef bytes padded = text + b"\n" * PADDING
    cdef const char* at = padded
    cdef float value = 0
    if read_log10(at, at + len(text), &value) != NUMBER:
        raise ValueError(f"found {text!r}; expected a decimal number")
    return value
