"""Rows of word vectors <-> the lines and records of files, and the character n-grams of words."""
from libc.math cimport isinf
from libc.stdint cimport int8_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memchr, memcpy

from ngramlm.formats._decimal cimport IS_INFINITE, IS_NAN, NUMBER, NUMBER_BYTES, read_log10, write_float32
from ngramlm.formats._fields cimport at_line_end, field_end, skip_blanks

# Why a row was refused. text_format.py and word2vec_binary.py have the messages.
cdef enum:
    OK = 0
    NO_WORD = 1
    CONTROL = 2
    TOO_FEW = 3
    TOO_MANY = 4
    NO_NUMBER = 5
    NOT_FINITE = 6

# The maximum length of a number in a line, with the space before it.
FIELD_BYTES = NUMBER_BYTES + 1
# The number of readable bytes that must follow the text in a buffer.
PADDING = 8


def parse_rows(const uint8_t[::1] data, Py_ssize_t start, Py_ssize_t stop, float[:, ::1] matrix, Py_ssize_t row,
               uint8_t[::1] words):
    """Read lines ``word number ... number`` into the rows of a matrix from `row` on, until it is full.

    The text must end with a line end, and `PADDING` bytes must follow it. The words are written to `words`, each
    followed by a line end; `words` needs as many bytes as the text. Blank lines are skipped.

    Returns
    -------
    tuple of int
        The number of filled rows, the place in the text after the last line read, the number of lines read, the number
        of bytes of the words, the error code, and the start and the stop of the bad field. After an error, the number
        of lines is that before the bad line. For TOO_FEW, stop - start is the number of columns found.

    Raises
    ------
    ValueError
        If the text has no line end, or a buffer is too short.
    """
    if not 0 <= start <= stop <= data.shape[0] - PADDING or words.shape[0] < stop - start:
        raise ValueError(f"found a buffer that is too short; expected {PADDING} bytes after the text, and as many bytes for "
                         "the words as for the text")
    if start < stop and data[stop - 1] != c"\n":
        raise ValueError("found a text without a line end; expected one after the last line")
    cdef const char* text = <const char*> &data[0]
    cdef const char* at = text + start
    cdef const char* end = text + stop
    cdef const char* line
    cdef const char* field = at
    cdef const char* field_stop = at
    cdef Py_ssize_t room = matrix.shape[0], dimension = matrix.shape[1], column, size, used = 0
    cdef int64_t lines = 0
    cdef int error = OK, found
    cdef uint64_t prefix
    cdef float value = 0
    with nogil:
        while at < end:
            if at_line_end(at):
                at += 1 if at[0] == c"\n" else 2
                lines += 1
                continue
            if row >= room:
                break
            line = at
            field = at
            at = field_end(field, &prefix)
            field_stop = at
            if at[0] != c" " and at[0] != c"\t" and not at_line_end(at):
                field = at
                field_stop = at + 1
                error = CONTROL
                break
            size = at - field
            if size == 0:
                error = NO_WORD
                break
            memcpy(&words[used], field, size)
            for column in range(dimension):
                at = skip_blanks(at)
                if at_line_end(at):
                    # the length of the field is the number of columns found
                    field_stop = field + column
                    error = TOO_FEW
                    break
                field = at
                at = field_end(field, &prefix)
                field_stop = at
                found = read_log10(field, at, &value)
                if found != NUMBER or isinf(value):
                    error = NO_NUMBER if found != NUMBER and found != IS_NAN and found != IS_INFINITE else NOT_FINITE
                    break
                matrix[row, column] = value
                field = line
            if error:
                break
            at = skip_blanks(at)
            if not at_line_end(at):
                field = at
                field_stop = field_end(at, &prefix)
                error = TOO_MANY
                break
            at += 1 if at[0] == c"\n" else 2
            words[used + size] = c"\n"
            used += size + 1
            lines += 1
            row += 1
    return row, at - text, lines, used, error, field - text, field_stop - text


def copy_rows(const uint8_t[::1] data, Py_ssize_t start, Py_ssize_t stop, float[:, ::1] matrix, Py_ssize_t row,
              uint8_t[::1] words):
    """Read records ``word, space, float32 ... float32`` into the rows of a matrix from `row` on, until it is full.

    Line ends before a word are skipped. An incomplete record at the end is not read. `words` is as in `parse_rows`.

    Returns
    -------
    tuple of int
        The number of filled rows, the place after the last record read, the number of bytes of the words, the error
        code, and the start and the stop of the bad field.

    Raises
    ------
    ValueError
        If a buffer is too short.
    """
    if not 0 <= start <= stop <= data.shape[0] or words.shape[0] < stop - start:
        raise ValueError("found a buffer that is too short; expected as many bytes for the words as for the records")
    if start == stop:
        return row, start, 0, OK, start, start
    cdef const char* text = <const char*> &data[0]
    cdef const char* at = text + start
    cdef const char* end = text + stop
    cdef const char* word = at
    cdef const char* space
    cdef Py_ssize_t room = matrix.shape[0], width = 4 * matrix.shape[1], size, i, used = 0
    cdef int error = OK
    with nogil:
        while row < room and not error:
            word = at
            while word < end and word[0] == c"\n":
                word += 1
            space = <const char*> memchr(word, c" ", end - word)
            size = (space if space != NULL else end) - word
            for i in range(size):
                if <uint8_t> word[i] < 0x20:
                    word += i
                    size = 1
                    error = CONTROL
                    break
            if error or space == NULL:
                break
            if size == 0:
                error = NO_WORD
                break
            if end - space - 1 < width:
                break
            memcpy(&matrix[row, 0], space + 1, width)
            memcpy(&words[used], word, size)
            words[used + size] = c"\n"
            used += size + 1
            at = space + 1 + width
            row += 1
    if not error:
        size = 0
    return row, at - text, used, error, word - text, word - text + size


cdef bint rising(const int64_t[::1] ends, Py_ssize_t first, Py_ssize_t last, int64_t begin) noexcept nogil:
    """Whether no end is before the end of the word before; the first word begins at `begin`."""
    cdef Py_ssize_t i
    for i in range(first, last):
        if ends[i] < begin:
            return False
        begin = ends[i]
    return True


def format_rows(const uint8_t[::1] words, const int64_t[::1] ends, const float[:, ::1] matrix, Py_ssize_t first,
                Py_ssize_t last, bint as_text, uint8_t[::1] out):
    """Write rows first .. last - 1 as lines of text or as binary records, each with a line end.

    `words` holds the words without spaces between them, and `ends` holds the end of each word.

    Returns
    -------
    int
        The number of bytes written to `out`.

    Raises
    ------
    ValueError
        If the arguments do not fit together, or `out` is too short.
    """
    cdef Py_ssize_t dimension = matrix.shape[1], row, column, begin, size, used = 0
    if not 0 <= first <= last <= matrix.shape[0] or ends.shape[0] != matrix.shape[0]:
        raise ValueError("found rows outside the matrix, or another number of words; expected one word for each row")
    if first == last:
        return 0
    begin = ends[first - 1] if first else 0
    if not 0 <= begin <= ends[last - 1] <= words.shape[0] or not rising(ends, first, last, begin):
        raise ValueError("found ends outside the text; expected the words of all rows")
    size = FIELD_BYTES if as_text else 4
    if out.shape[0] < ends[last - 1] - begin + (last - first) * (2 + size * dimension):
        raise ValueError("found a page that is too short; expected room for all rows")
    cdef char* page = <char*> &out[0]
    with nogil:
        for row in range(first, last):
            size = ends[row] - begin
            memcpy(page + used, &words[begin], size)
            used += size
            begin = ends[row]
            if as_text:
                for column in range(dimension):
                    page[used] = c" "
                    used += 1
                    used += write_float32(matrix[row, column], page + used)
            else:
                page[used] = c" "
                memcpy(page + used + 1, &matrix[row, 0], 4 * dimension)
                used += 1 + 4 * dimension
            page[used] = c"\n"
            used += 1
    return used


def subword_buckets(const uint8_t[::1] text, const int64_t[::1] ends, int min_n, int max_n, uint32_t buckets,
                    int64_t[::1] starts, int64_t[::1] found):
    """Find the buckets of the character n-grams of words, as fastText's Dictionary::computeSubwords does.

    `text` holds the words in UTF-8, each between < and >, without spaces between them. `ends` holds the end of each
    word. The buckets are written to `found`, and the start of each word in `found` to `starts`. If `found` is empty, the
    buckets are only counted.

    Returns
    -------
    int
        The number of buckets of all words.

    Raises
    ------
    ValueError
        If the arguments do not fit together, or `found` is too short and not empty.
    """
    cdef Py_ssize_t n_words = ends.shape[0], word, begin = 0, i, j, stop
    cdef int64_t n_found = 0, room = found.shape[0]
    cdef uint32_t hashed
    cdef int n
    cdef bint too_small = False
    if starts.shape[0] != n_words + 1 or buckets == 0 or min_n < 1:
        raise ValueError("found too few starts, no buckets, or n-grams of no characters; expected V + 1 starts, at least one "
                         "bucket, and lengths of 1 or more")
    if n_words and not (ends[n_words - 1] <= text.shape[0] and rising(ends, 0, n_words, 0)):
        raise ValueError("found ends outside the text; expected the text of all words")
    with nogil:
        starts[0] = 0
        for word in range(n_words):
            stop = ends[word]
            for i in range(begin, stop):
                # an n-gram cannot begin inside a character
                if text[i] & 0xC0 == 0x80:
                    continue
                hashed = 2166136261
                j = i
                n = 1
                while j < stop and n <= max_n:
                    hashed = (hashed ^ <uint32_t> <int8_t> text[j]) * <uint32_t> 16777619
                    j += 1
                    while j < stop and text[j] & 0xC0 == 0x80:
                        hashed = (hashed ^ <uint32_t> <int8_t> text[j]) * <uint32_t> 16777619
                        j += 1
                    if n >= min_n and not (n == 1 and (i == begin or j == stop)):
                        if room:
                            if n_found >= room:
                                too_small = True
                                break
                            found[n_found] = hashed % buckets
                        n_found += 1
                    n += 1
                if too_small:
                    break
            if too_small:
                break
            starts[word + 1] = n_found
            begin = stop
    if too_small:
        raise ValueError("found too little room; expected a place for every n-gram")
    return n_found
