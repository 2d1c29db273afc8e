"""Kernels over the columns of a trie: building from n-grams, linking rows with histories, sums over histories."""
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from ngramlm._records cimport Record, Record1, Record2, Record3, Record8, get_digit, radix_sort, set_digit

import numpy as np

cdef enum:
    EOS = 2
    MAX_BITS = 512


cdef int sort_records(Record* type_, const int32_t[:, ::1] ngrams, int bits, int row_bits, int64_t[::1] permutation,
                      ) noexcept nogil:
    """Sort by (history backwards, word, row number); -1 when there is no memory."""
    cdef int64_t n = ngrams.shape[0], i
    cdef int order = <int> ngrams.shape[1], j, row_digits = (row_bits + bits - 1) // bits
    cdef uint64_t mask = (<uint64_t> 1 << bits) - 1, row
    cdef Record* records = <Record*> malloc(2 * (n + 1) * sizeof(Record))
    if records == NULL:
        return -1
    memset(records, 0, n * sizeof(Record))
    for i in range(n):
        for j in range(order - 1):
            set_digit(&records[i], j, bits, <uint64_t> ngrams[i, order - 2 - j])
        set_digit(&records[i], order - 1, bits, <uint64_t> ngrams[i, order - 1])
        for j in range(row_digits):
            set_digit(&records[i], order + j, bits, (<uint64_t> i >> (bits * (row_digits - 1 - j))) & mask)
    radix_sort(records, records + n + 1, n, 0, ((order + row_digits) * bits + 7) >> 3)
    for i in range(n):
        row = 0
        for j in range(row_digits):
            row = (row << bits) | get_digit(&records[i], order + j, bits)
        permutation[i] = <int64_t> row
    free(records)
    return 0


cdef inline int compare_rows(const int32_t[:, ::1] ngrams, int64_t a, int64_t b) noexcept nogil:
    """Trie order: history read backwards, then word."""
    cdef Py_ssize_t order = ngrams.shape[1], j
    for j in range(order - 2, -1, -1):
        if ngrams[a, j] != ngrams[b, j]:
            return -1 if ngrams[a, j] < ngrams[b, j] else 1
    if ngrams[a, order - 1] != ngrams[b, order - 1]:
        return -1 if ngrams[a, order - 1] < ngrams[b, order - 1] else 1
    return 0


def sort_ngrams(const int32_t[:, ::1] ngrams, int64_t vocabulary_size):
    """Row numbers of n-grams int32[R, order] in trie order, equal ones in the order they came; int64[R].

    Raises ValueError for a word outside the vocabulary.
    """
    cdef int64_t n = ngrams.shape[0], i
    cdef Py_ssize_t j
    cdef int bits = 1, row_bits = 1, limbs, failed = 0
    cdef bint sorted_ = True, valid = True
    out = np.arange(n)
    cdef int64_t[::1] permutation = out
    if n == 0:
        return out
    with nogil:
        for i in range(n):
            for j in range(ngrams.shape[1]):
                if ngrams[i, j] < 0 or ngrams[i, j] >= vocabulary_size:
                    valid = False
            if sorted_ and i and compare_rows(ngrams, i - 1, i) > 0:
                sorted_ = False
    if not valid:
        raise ValueError("an n-gram holds a word id outside the vocabulary")
    if sorted_:
        return out
    while (<int64_t> 1 << bits) < vocabulary_size:
        bits += 1
    while (<int64_t> 1 << row_bits) < n:
        row_bits += 1
    limbs = ((<int> ngrams.shape[1] + (row_bits + bits - 1) // bits) * bits + 63) // 64
    if limbs > 8:                                   # orders beyond what a record holds
        return np.lexsort([np.asarray(ngrams)[:, -1], *np.asarray(ngrams)[:, :-1].T]).astype(np.int64)
    with nogil:
        if limbs == 1:
            failed = sort_records(<Record1*> NULL, ngrams, bits, row_bits, permutation)
        elif limbs == 2:
            failed = sort_records(<Record2*> NULL, ngrams, bits, row_bits, permutation)
        elif limbs == 3:
            failed = sort_records(<Record3*> NULL, ngrams, bits, row_bits, permutation)
        else:
            failed = sort_records(<Record8*> NULL, ngrams, bits, row_bits, permutation)
    if failed:
        raise MemoryError()
    return out


def build_level(const int32_t[:, ::1] ngrams, const int64_t[::1] permutation, const int32_t[:, ::1] lower_ngrams,
                const int64_t[::1] lower_permutation, const int64_t[::1] lower_starts, const int32_t[::1] lower_words):
    """The columns of order k >= 2 from its n-grams in trie order (``ngrams[permutation]``) and those of order k - 1.

    Returns (words, suffixes, starts, parents, first_words, number of histories H, problem, row); the columns of
    histories are as long as those of rows, of which the first H (H + 1 for `starts`) count. `problem` is 0, or 1 for an n-gram that
    stands twice (`row` is the later one, in the numbering of `ngrams`), or 2 for one whose suffix is missing.
    """
    cdef int64_t n = ngrams.shape[0], i, row, previous = -1, lower_row, n_histories = 0, parent = 0, low = 0, high, middle, gap
    cdef int64_t n_lower = lower_starts.shape[0] - 1, bad = -1, j
    cdef int order = <int> ngrams.shape[1], problem = 0, order_of
    cdef bint same
    words_out = np.empty(n, np.int32)
    suffixes_out = np.empty(n, np.int32)
    starts_out = np.empty(n + 1, np.int64)
    parents_out = np.empty(n, np.int32)
    firsts_out = np.empty(n, np.int32)
    cdef int32_t[::1] words = words_out, suffixes = suffixes_out, parents = parents_out, firsts = firsts_out
    cdef int64_t[::1] starts = starts_out
    with nogil:
        for i in range(n):
            row = permutation[i]
            same = i > 0
            if same:
                for j in range(order - 1):
                    if ngrams[row, j] != ngrams[previous, j]:
                        same = False
                        break
            if same and ngrams[row, order - 1] == ngrams[previous, order - 1]:
                problem, bad = 1, row
                break
            if not same:
                while parent < n_lower and order > 2:       # the history without its first word
                    lower_row = lower_permutation[lower_starts[parent]]
                    order_of = 0
                    for j in range(order - 3, -1, -1):
                        if lower_ngrams[lower_row, j] != ngrams[row, j + 1]:
                            order_of = -1 if lower_ngrams[lower_row, j] < ngrams[row, j + 1] else 1
                            break
                    if order_of >= 0:
                        if order_of > 0:
                            parent = n_lower
                        break
                    parent += 1
                if parent >= n_lower:
                    problem, bad = 2, row
                    break
                starts[n_histories] = i
                parents[n_histories] = <int32_t> parent
                firsts[n_histories] = ngrams[row, 0]
                n_histories += 1
            words[i] = ngrams[row, order - 1]
            high = lower_starts[parent + 1]
            if same:                                        # words rise: go on from the last one, in growing steps
                low += 1
                gap = 1
                while low + gap < high and lower_words[low + gap] < words[i]:
                    low += gap
                    gap *= 2
                high = min(high, low + gap + 1)
            else:
                low = lower_starts[parent]
            while low < high:
                middle = (low + high) >> 1
                if lower_words[middle] < words[i]:
                    low = middle + 1
                else:
                    high = middle
            if low == lower_starts[parent + 1] or lower_words[low] != words[i]:
                problem, bad = 2, row
                break
            suffixes[i] = <int32_t> low
            previous = row
        starts[n_histories] = n
    return words_out, suffixes_out, starts_out, parents_out, firsts_out, n_histories, problem, bad


def link_rows(const int32_t[::1] words, const int32_t[::1] suffixes, const int64_t[::1] starts,
              const int32_t[::1] first_words, const int32_t[::1] lower_links, const int64_t[::1] buckets,
              const int32_t[::1] next_parents, const int32_t[::1] next_first_words, int order, int32_t[::1] links):
    """For every row of order k the history of order k + 1 that is this n-gram, or -1: fills `links`, int32[R].

    `buckets[w]` is the first history of order k + 1 whose last word is w. Rows with the same word come in the order
    of those histories, so one pass with one pointer per word finds them all; `lower_links` is this same function's
    result for order k - 1. Histories without a row leave their pointer behind: the caller counts the links.
    """
    cdef int64_t h, row, n_words = buckets.shape[0] - 1
    cdef int32_t word, candidate, first_word
    cdef bint valid = True
    if starts[0] < 0 or starts[starts.shape[0] - 1] > words.shape[0] or suffixes.shape[0] != words.shape[0]:
        raise ValueError("histories beyond the rows")
    if buckets[n_words] > next_parents.shape[0] or next_parents.shape[0] != next_first_words.shape[0]:
        raise ValueError("buckets beyond the histories")
    if links.shape[0] != words.shape[0]:
        raise ValueError("links are not as many as the rows")
    cursor = np.array(buckets, np.int64)
    cdef int64_t[::1] place = cursor
    with nogil:
        for h in range(starts.shape[0] - 1):
            first_word = first_words[h]
            for row in range(starts[h], starts[h + 1]):
                word = words[row]
                if word < 0 or word >= n_words or (order > 1 and not 0 <= suffixes[row] < lower_links.shape[0]):
                    valid = False
                    break
                links[row] = -1
                if place[word] >= buckets[word + 1]:
                    continue
                candidate = <int32_t> place[word]
                if order > 1:
                    if (next_first_words[candidate] != first_word
                            or next_parents[candidate] != lower_links[suffixes[row]]):
                        continue
                links[row] = candidate
                place[word] += 1
    if not valid:
        raise ValueError("a word or suffix outside the trie")


def link_all(const int32_t[::1] words, int64_t[::1] places, const int64_t[::1] buckets, int32_t[::1] links):
    """The same as `link_rows` for the n-grams of a text: every row but those of ``</s>`` is a history.

    `places` are the next histories that end with each word, at first the beginning of `buckets`; they move on, so that
    a column can be linked in pieces. Raises ValueError where the rows are more than the histories.
    """
    cdef int64_t row, n_words = buckets.shape[0] - 1
    cdef int32_t word
    cdef bint valid = True
    if links.shape[0] != words.shape[0] or places.shape[0] != buckets.shape[0]:
        raise ValueError("links or places of another length")
    with nogil:
        for row in range(words.shape[0]):
            word = words[row]
            links[row] = -1
            if word == EOS:
                continue
            if word < 0 or word >= n_words or places[word] >= buckets[word + 1]:
                valid = False
                break
            links[row] = <int32_t> places[word]
            places[word] += 1
    if not valid:
        raise ValueError("rows that are not those of a text")


def segment_sums(const double[::1] values, const int64_t[::1] starts):
    """out[h] = sum of values[starts[h] : starts[h + 1]], float64[H]; raises ValueError beyond the values."""
    cdef int64_t h, i, n = starts.shape[0] - 1
    cdef double total
    cdef bint valid = True
    if n < 0 or starts[0] < 0 or starts[n] > values.shape[0]:
        raise ValueError("segments reach beyond the values")
    out = np.empty(n, np.float64)
    cdef double[::1] sums = out
    with nogil:
        for h in range(n):
            if starts[h] > starts[h + 1] or starts[h + 1] > starts[n]:
                valid = False
                break
            total = 0.0
            for i in range(starts[h], starts[h + 1]):
                total += values[i]
            sums[h] = total
    if not valid:
        raise ValueError("segments out of order")
    return out


def spread(const double[::1] values, const int64_t[::1] starts):
    """out[i] = values[h] for every i in starts[h] .. starts[h + 1] - 1, float64[starts[-1] - starts[0]]."""
    cdef int64_t h, i, n = starts.shape[0] - 1, base
    cdef bint valid = True
    if n < 0 or n > values.shape[0]:
        raise ValueError("more segments than values")
    for h in range(n):
        if starts[h] > starts[h + 1]:
            valid = False
    if not valid:
        raise ValueError("segments out of order")
    base = starts[0]
    out = np.empty(starts[n] - base, np.float64)
    cdef double[::1] wide = out
    with nogil:
        for h in range(n):
            for i in range(starts[h] - base, starts[h + 1] - base):
                wide[i] = values[h]
    return out


def take(const double[::1] values, const int32_t[::1] rows):
    """out[i] = values[rows[i]], float64; raises IndexError outside the values."""
    cdef int64_t i
    cdef bint valid = True
    out = np.empty(rows.shape[0], np.float64)
    cdef double[::1] taken = out
    with nogil:
        for i in range(rows.shape[0]):
            if rows[i] < 0 or rows[i] >= values.shape[0]:
                valid = False
                break
            taken[i] = values[rows[i]]
    if not valid:
        raise IndexError("a row outside the values")
    return out


def find_rows(const int32_t[::1] words, const int64_t[::1] starts, const int32_t[::1] histories,
              const int32_t[::1] wanted):
    """The row of word `wanted[i]` among the rows of history `histories[i]`, -1 where there is none; int32[N].

    Raises IndexError for a history outside the columns; -1 is a history that is not known.
    """
    cdef int64_t i, low, high, end, middle, n_histories = starts.shape[0] - 1
    cdef bint valid = True
    if wanted.shape[0] != histories.shape[0]:
        raise ValueError("histories and words of different lengths")
    if n_histories < 0 or starts[0] < 0 or starts[n_histories] > words.shape[0]:
        raise ValueError("histories beyond the rows")
    out = np.full(histories.shape[0], -1, np.int32)
    cdef int32_t[::1] rows = out
    with nogil:
        for i in range(histories.shape[0]):
            if histories[i] < 0:
                continue
            if histories[i] >= n_histories:
                valid = False
                break
            low = starts[histories[i]]
            high = end = starts[histories[i] + 1]
            if low < 0 or end > words.shape[0]:
                valid = False
                break
            while low < high:
                middle = (low + high) >> 1
                if words[middle] < wanted[i]:
                    low = middle + 1
                else:
                    high = middle
            if low < end and words[low] == wanted[i]:
                rows[i] = <int32_t> low
    if not valid:
        raise IndexError("a history or its rows outside the columns")
    return out
