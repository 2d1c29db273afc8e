"""Counting which words stand near each other: a text of ids -> the rows of the matrix, one word after the other.

All places of a word are gone through, and what stands around them is added up in an array with a sum for every column.
That array, of 8 bytes a word, is all that is written to at random, and Zipf's law keeps what is used of it in the cache;
there are no records to sort, to hash or to merge, rows need nothing from each other, and each comes out in order. The
text around the places is read at random, but what is needed soon is known and asked for before.
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
    LINE_END = -1              # in a stream
    AHEAD = 8                  # places whose surroundings are asked for before they are needed

ctypedef fused Place:
    int32_t
    int64_t


def stream_of(const int32_t[::1] ids, int32_t[::1] stream, int64_t[::1] counts):
    """Fill `stream` with the words of sentences as rows (id - 3), and a -1 before each sentence and after the last.

    ``<unk>`` is left out: it takes no place. Adds the occurrences of every row to `counts`, and returns how long the
    stream is, at most len(ids) + 1; raises ValueError for ids that are no sentences over the vocabulary.
    """
    cdef int64_t i, n = 0
    cdef int32_t word, n_words = <int32_t> counts.shape[0]
    cdef bint valid = True
    if stream.shape[0] < ids.shape[0] + 1:
        raise ValueError("a stream that is too short")
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
        raise ValueError("ids are not sentences over the vocabulary")
    return n + 1


def places_of(const int32_t[::1] stream, int64_t[::1] starts, Place[::1] places):
    """Fill `places` with where every row stands in a stream, row after row; `starts` int64[V + 1] says where each begins.

    Raises ValueError where the starts are not those of the stream.
    """
    cdef int64_t i, n_words = starts.shape[0] - 1, at
    cdef int32_t word
    cdef bint valid = n_words >= 0 and starts[0] == 0 and starts[n_words] == places.shape[0]
    if not valid:
        raise ValueError("starts that do not fit the places")
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
        raise ValueError("starts that do not fit the stream")


cdef struct Sums:
    uint64_t* sums             # per column, zero between rows
    int32_t* touched           # the columns of this row, as they came
    uint64_t* marked           # bitmap of columns, zero between rows
    uint64_t* summary          # bitmap of the non-zero words of `marked`
    int64_t n_touched


cdef inline void add(Sums* row, int32_t column, uint64_t weight) noexcept nogil:
    """Without a branch: whether a column is new cannot be foreseen."""
    cdef uint64_t before = row.sums[column]
    row.touched[row.n_touched] = column
    row.n_touched += before == 0
    row.sums[column] = before + weight


cdef inline bint add_side(Sums* row, const int32_t* place, int64_t step, const uint64_t* weights, int64_t window,
                          int64_t n_words) noexcept nogil:
    """Add the words on one side of a place up to the line end, which no stream is without; False for one that is no column."""
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
    """Write the columns of a row in order, and forget them."""
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
    """Fill three columns with the rows first .. end - 1 of the matrix; returns how many pairs they have.

    Args:
        stream, starts, places: as `stream_of` and `places_of` make them.
        weights: uint64[window], what a word at distance 1, 2, .. adds, none of them 0; in units of 1 / `unit`.
        symmetric: whether words to the right count too.
        rows, columns, values: room for what all pairs may need: for each row no more than V, nor 2 window places.

    Sums are whole numbers, and so depend on no order. Raises ValueError for room that does not do, MemoryError.
    """
    cdef int64_t n_words = starts.shape[0] - 1, window = weights.shape[0], length = stream.shape[0]
    cdef int64_t room = rows.shape[0], n = 0, found, row, at, place, ahead, i
    cdef int64_t n_blocks = (n_words >> 6) + 1, summary_size = (n_words >> 12) + 1
    cdef int problem = 0
    cdef Sums sums
    if not 0 <= first <= end <= n_words or columns.shape[0] != room or values.shape[0] != room:
        raise ValueError("rows that are not there, or columns of different lengths")
    if window == 0:
        raise ValueError("no weights")
    for i in range(window):
        if weights[i] == 0:
            raise ValueError("a weight of 0")
    if starts[end] > places.shape[0] or length == 0 or stream[0] != LINE_END or stream[length - 1] != LINE_END:
        raise ValueError("starts that do not fit the places, or a stream without its ends")
    if starts[0] < 0:
        raise ValueError("starts that do not fit the places")
    for i in range(n_words):
        if starts[i] > starts[i + 1]:
            raise ValueError("starts that do not fit the places")
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
        raise ValueError("a place outside the stream, or too little room")
    return n
