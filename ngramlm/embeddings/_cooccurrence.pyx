"""Counting which words stand near each other: from a text of ids to the rows of the matrix.

The kernel makes one row after the other. It visits all places of the word, and adds the weights of the words around
each place to an array with one sum for every column. Only this array, of 8 bytes a word, is written at random. By Zipf's
law the sums that are used most fit the cache. No records have to be sorted, hashed or merged. Rows are independent of
each other, and each row comes out in the order of its columns. The text around the places is read at random; the kernel
knows the next places, and prefetches them.
"""
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from ngramlm.core._constants cimport BOS, EOS, FIRST_WORD
from ngramlm.core._prefetch cimport prefetch

import numpy as np

cdef extern from *:
    """
    #define ngramlm_ctz64(x) __builtin_ctzll(x)
    """
    int ctz64 "ngramlm_ctz64"(uint64_t x) noexcept nogil

cdef enum:
    # stands between sentences in a stream
    LINE_END = -1
    # how many places ahead the text is prefetched
    AHEAD = 8

ctypedef fused Place:
    int32_t
    int64_t


def stream_of(const int32_t[::1] ids, int32_t[::1] stream, int64_t[::1] counts):
    """Fill `stream` with the words of sentences as rows (id - 3), and a -1 before each sentence and after the last.

    ``<unk>`` is left out, and takes no place. The occurrences of every row are added to `counts`.

    Returns the length of the stream, at most len(ids) + 1. Raises ValueError if the ids are not sentences over the
    vocabulary.
    """
    cdef int64_t i, n = 0
    cdef int32_t word, n_words = <int32_t> counts.shape[0]
    cdef bint valid = True
    if stream.shape[0] < ids.shape[0] + 1:
        raise ValueError("found a stream that is too short; expected one more place than ids")
    with nogil:
        for i in range(ids.shape[0]):
            word = ids[i]
            if word >= FIRST_WORD:
                word -= FIRST_WORD
                if word >= n_words:
                    valid = False
                    break
                counts[word] += 1
                stream[n] = word
                n += 1
            elif word == BOS:
                stream[n] = LINE_END
                n += 1
            elif word < 0 or i == 0:
                valid = False
                break
        valid = valid and (ids.shape[0] == 0 or ids[0] == BOS)
        stream[n] = LINE_END
    if not valid:
        raise ValueError("found ids that are not sentences; expected sentences over the vocabulary")
    return n + 1


def places_of(const int32_t[::1] stream, int64_t[::1] starts, Place[::1] places):
    """Fill `places` with the places of every row in a stream, one row after the other.

    `starts` int64[V + 1] holds where the places of each row begin. Raises ValueError if the starts do not belong to the
    stream.
    """
    cdef int64_t i, n_words = starts.shape[0] - 1, at
    cdef int32_t word
    cdef bint valid = n_words >= 0 and starts[0] == 0 and starts[n_words] == places.shape[0]
    if not valid:
        raise ValueError("found starts that do not fit the places; expected rising places within them")
    cursor = np.array(starts)
    cdef int64_t[::1] next_place = cursor
    with nogil:
        for i in range(stream.shape[0]):
            word = stream[i]
            if word == LINE_END:
                continue
            if word < 0 or word >= n_words:
                valid = False
                break
            at = next_place[word]
            if at < 0 or at >= starts[word + 1]:
                valid = False
                break
            places[at] = <Place> i
            next_place[word] = at + 1
    if not valid or not np.array_equal(cursor[:-1], starts[1:]):
        raise ValueError("found starts that do not fit the stream; expected the sums of its counts")


cdef struct Sums:
    # one sum for each column; all are 0 between rows
    uint64_t* sums
    # the columns of the current row, in the order of their first occurrence
    int32_t* touched
    # a bitmap of columns; all bits are 0 between rows
    uint64_t* marked
    # a bitmap of the 64-bit words of `marked` that are not 0
    uint64_t* summary
    int64_t n_touched


cdef inline void add(Sums* row, int32_t column, uint64_t weight) noexcept nogil:
    """Add a weight to a column. No branch tells new columns, as the processor could not predict it."""
    cdef uint64_t before = row.sums[column]
    row.touched[row.n_touched] = column
    row.n_touched += before == 0
    row.sums[column] = before + weight


cdef inline bint add_side(Sums* row, const int32_t* place, int64_t step, const uint64_t* weights, int64_t window,
                          int64_t n_words) noexcept nogil:
    """Add the words on one side of a place, up to the line end; return False for a word that has no column.

    A line end is always found, as every stream begins and ends with one.
    """
    cdef int64_t i
    cdef int32_t column
    for i in range(window):
        column = place[step * (i + 1)]
        if column < 0:
            break
        if column >= n_words:
            return False
        add(row, column, weights[i])
    return True


cdef int64_t finish(Sums* row, int64_t summary_size, double unit, int32_t* columns, double* values) noexcept nogil:
    """Write the columns of a row in order, and set their sums to 0 again."""
    cdef int64_t i, n = 0, column, block
    cdef uint64_t blocks, bits
    for i in range(row.n_touched):
        column = row.touched[i]
        row.marked[column >> 6] |= <uint64_t> 1 << (column & 63)
        row.summary[column >> 12] |= <uint64_t> 1 << ((column >> 6) & 63)
    row.n_touched = 0
    for i in range(summary_size):
        blocks = row.summary[i]
        row.summary[i] = 0
        while blocks:
            block = (i << 6) + ctz64(blocks)
            blocks &= blocks - 1
            bits = row.marked[block]
            row.marked[block] = 0
            while bits:
                column = (block << 6) + ctz64(bits)
                bits &= bits - 1
                columns[n] = <int32_t> column
                values[n] = <double> row.sums[column] / unit
                row.sums[column] = 0
                n += 1
    return n


def count_rows(const int32_t[::1] stream, const int64_t[::1] starts, const Place[::1] places, int64_t first, int64_t end,
               const uint64_t[::1] weights, double unit, bint symmetric, int32_t[::1] rows, int32_t[::1] columns,
               double[::1] values):
    """Fill three columns with the pairs of the rows first .. end - 1 of the matrix.

    The sums are sums of integers, so that they do not depend on the order of the words.

    Parameters
    ----------
    stream, starts, places
        As `stream_of` and `places_of` make them.
    first, end
        The range of rows.
    weights
        uint64[window]: the weight of a word at distance 1, 2, ..., in units of 1 / `unit`. No weight is 0.
    unit
        The integer that stands for a weight of 1.
    symmetric
        Whether words to the right count too.
    rows, columns, values
        Room for all pairs. A row of c occurrences has at most min(V, 2 c window) pairs.

    Returns
    -------
    int
        The number of pairs.

    Raises
    ------
    ValueError
        If the arguments do not fit together, or there is too little room.
    MemoryError
        If there is no memory for the sums.
    """
    cdef int64_t n_words = starts.shape[0] - 1, window = weights.shape[0], length = stream.shape[0]
    cdef int64_t room = rows.shape[0], n = 0, found, row, at, place, ahead, i
    cdef int64_t n_blocks = (n_words >> 6) + 1, summary_size = (n_words >> 12) + 1
    cdef int problem = 0
    cdef Sums sums
    if not 0 <= first <= end <= n_words or columns.shape[0] != room or values.shape[0] != room:
        raise ValueError("found rows outside the matrix, or columns of different lengths; expected neither")
    if window == 0:
        raise ValueError("found no weights; expected at least one")
    for i in range(window):
        if weights[i] == 0:
            raise ValueError("found a weight of 0; expected 1 or more")
    if starts[end] > places.shape[0] or length == 0 or stream[0] != LINE_END or stream[length - 1] != LINE_END:
        raise ValueError("found starts that do not fit the places, or a stream without line ends; expected neither")
    if starts[0] < 0:
        raise ValueError("found starts that do not fit the places; expected rising places within them")
    for i in range(n_words):
        if starts[i] > starts[i + 1]:
            raise ValueError("found starts that do not fit the places; expected rising places within them")
    sums.sums = <uint64_t*> calloc(n_words, sizeof(uint64_t))
    sums.touched = <int32_t*> malloc((n_words + 1) * sizeof(int32_t))
    sums.marked = <uint64_t*> calloc(n_blocks, sizeof(uint64_t))
    sums.summary = <uint64_t*> calloc(summary_size, sizeof(uint64_t))
    sums.n_touched = 0
    if sums.sums == NULL or sums.touched == NULL or sums.marked == NULL or sums.summary == NULL:
        problem = 2
    if not problem:
        with nogil:
            for row in range(first, end):
                for at in range(starts[row], starts[row + 1]):
                    place = places[at]
                    if place <= 0 or place >= length - 1:
                        problem = 1
                        break
                    if at + AHEAD < starts[end]:
                        ahead = places[at + AHEAD]
                        prefetch(&stream[0] + ahead)
                        prefetch(&stream[0] + ahead - window)
                        prefetch(&stream[0] + ahead + window)
                    if not add_side(&sums, &stream[place], -1, &weights[0], window, n_words):
                        problem = 1
                    if symmetric and not add_side(&sums, &stream[place], 1, &weights[0], window, n_words):
                        problem = 1
                if problem or n + sums.n_touched > room:
                    problem = 1
                    break
                if sums.n_touched:
                    found = finish(&sums, summary_size, unit, &columns[n], &values[n])
                    for i in range(n, n + found):
                        rows[i] = <int32_t> row
                    n += found
    free(sums.sums)
    free(sums.touched)
    free(sums.marked)
    free(sums.summary)
    if problem == 2:
        raise MemoryError
    if problem:
        raise ValueError("found a place outside the stream, or too little room; expected neither")
    return n
