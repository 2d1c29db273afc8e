"""Kernels that build the columns of one order from n-grams in any order: sorting, grouping, finding suffixes."""
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from ngramlm.core._constants cimport MAX_ORDER
from ngramlm.core._prefetch cimport prefetch
from ngramlm.core._records cimport Record, Record1, Record2, Record3, Record8, get_digit, radix_sort, set_digit

import numpy as np

cdef enum:
    # The number of rows ahead for which memory is prefetched.
    FAR = 24
    # The problem of `build_rows` that is not a problem of the n-grams.
    DAMAGED = 3

ctypedef const int32_t* Column


cdef class Scratch:
    """Memory for sorting, for one thread at a time. It is kept between calls, because new memory is slow."""

    cdef char* memory
    cdef size_t size

    def __dealloc__(self):
        free(self.memory)

    cdef char* reserve(self, size_t size) noexcept nogil:
        """Return `size` bytes with arbitrary contents; NULL if there is not enough memory."""
        if size > self.size:
            free(self.memory)
            self.memory = <char*> malloc(size)
            self.size = size if self.memory != NULL else 0
        return self.memory


cdef int sort_records(Record* type_, const int32_t[:, ::1] ngrams, int32_t[::1] rows, int32_t[:, ::1] out,
                      int64_t vocabulary_size, int bits, int row_bits, Scratch scratch) noexcept nogil:
    """Sort the rows by the history read backwards, then by the word. The sort is stable.

    Returns 0; -1 if there is not enough memory; -2 for a row or word that does not exist.
    """
    cdef int64_t n = rows.shape[0], n_ngrams = ngrams.shape[0], i
    cdef bint valid = True
    cdef int order = <int> ngrams.shape[1], j, row_digits = (row_bits + bits - 1) // bits
    cdef uint64_t mask = (<uint64_t> 1 << bits) - 1, row
    cdef const int32_t* words
    cdef Record* records = <Record*> scratch.reserve((n + 1) * (2 * sizeof(Record) + sizeof(int32_t)))
    cdef int32_t* came = <int32_t*> (records + 2 * (n + 1))
    if records == NULL:
        return -1
    memset(records, 0, n * sizeof(Record))
    # the rows may be scattered in memory: prefetch them
    for i in range(n):
        if i + FAR < n and 0 <= rows[i + FAR] < n_ngrams:
            prefetch(&ngrams[rows[i + FAR], 0])
        if not 0 <= rows[i] < n_ngrams:
            valid = False
            break
        came[i] = rows[i]
        words = &ngrams[rows[i], 0]
        for j in range(order):
            valid = valid and 0 <= words[j] < vocabulary_size
        if not valid:
            break
        for j in range(order - 1):
            set_digit(&records[i], j, bits, <uint64_t> words[order - 2 - j])
        set_digit(&records[i], order - 1, bits, <uint64_t> words[order - 1])
        for j in range(row_digits):
            set_digit(&records[i], order + j, bits, (<uint64_t> i >> (bits * (row_digits - 1 - j))) & mask)
    if not valid:
        return -2
    radix_sort(records, records + n + 1, n, 0, ((order + row_digits) * bits + 7) >> 3)
    for i in range(n):
        row = 0
        for j in range(row_digits):
            row = (row << bits) | get_digit(&records[i], order + j, bits)
        rows[i] = came[row]
        if out.shape[0]:
            for j in range(order - 1):
                out[i, order - 2 - j] = <int32_t> get_digit(&records[i], j, bits)
            out[i, order - 1] = <int32_t> get_digit(&records[i], order - 1, bits)
    return 0


cdef inline int compare_rows(const int32_t[:, ::1] ngrams, int64_t a, int64_t b) noexcept nogil:
    """Compare two rows in the order of the trie: return -1, 0 or 1."""
    cdef Py_ssize_t order = ngrams.shape[1], j
    for j in range(order - 2, -1, -1):
        if ngrams[a, j] != ngrams[b, j]:
            return -1 if ngrams[a, j] < ngrams[b, j] else 1
    if ngrams[a, order - 1] != ngrams[b, order - 1]:
        return -1 if ngrams[a, order - 1] < ngrams[b, order - 1] else 1
    return 0


def in_trie_order(const int32_t[:, ::1] ngrams, int64_t first, int64_t end, int64_t vocabulary_size):
    """Return whether the rows from first - 1 to end - 1 are in the order of the trie.

    Raises ValueError for a word outside the vocabulary in the rows first .. end - 1.
    """
    cdef int64_t i
    cdef Py_ssize_t j
    cdef bint ordered = True, valid = True
    if not 0 <= first <= end <= ngrams.shape[0]:
        raise IndexError(f"found the rows {first} to {end}; expected rows within 0 to {ngrams.shape[0]}")
    if ngrams.shape[1] < 1:
        raise ValueError("found n-grams without words; expected at least one word")
    with nogil:
        for i in range(first, end):
            for j in range(ngrams.shape[1]):
                if ngrams[i, j] < 0 or ngrams[i, j] >= vocabulary_size:
                    valid = False
            if ordered and i and compare_rows(ngrams, i - 1, i) > 0:
                ordered = False
    if not valid:
        raise ValueError("an n-gram holds a word id outside the vocabulary")
    return ordered


def sort_rows(const int32_t[:, ::1] ngrams, int32_t[::1] rows, int32_t[:, ::1] out, int64_t vocabulary_size,
              Scratch scratch=None):
    """Sort `rows`, which are rows of n-grams int32[R, order], into the order of the trie, in place. The sort is stable.

    `out` gets the words of the sorted rows; it may be empty. One thread at a time may use `scratch`. Raises ValueError
    for a row or a word that does not exist.
    """
    cdef int64_t n = rows.shape[0]
    cdef int order = <int> ngrams.shape[1], bits = 1, row_bits = 1, limbs, failed = 0
    if order < 1 or vocabulary_size > 0x7FFFFFFF:
        raise ValueError(f"found n-grams of {order} words out of {vocabulary_size}; expected words below 2^31")
    if out.shape[0] and (out.shape[0] != n or out.shape[1] != order):
        raise ValueError(f"found out of {out.shape[0]} rows; expected {n} rows of {order} words")
    while (<int64_t> 1 << bits) < vocabulary_size:
        bits += 1
    while (<int64_t> 1 << row_bits) < n:
        row_bits += 1
    limbs = ((order + (row_bits + bits - 1) // bits) * bits + 63) // 64
    if scratch is None:
        scratch = Scratch()
    # an n-gram and its row number do not fit the longest record
    if limbs > 8:
        sort_wide_rows(np.asarray(ngrams), np.asarray(rows), np.asarray(out), vocabulary_size)
        return
    with nogil:
        if limbs == 1:
            failed = sort_records(<Record1*> NULL, ngrams, rows, out, vocabulary_size, bits, row_bits, scratch)
        elif limbs == 2:
            failed = sort_records(<Record2*> NULL, ngrams, rows, out, vocabulary_size, bits, row_bits, scratch)
        elif limbs == 3:
            failed = sort_records(<Record3*> NULL, ngrams, rows, out, vocabulary_size, bits, row_bits, scratch)
        else:
            failed = sort_records(<Record8*> NULL, ngrams, rows, out, vocabulary_size, bits, row_bits, scratch)
    if failed == -2:
        raise ValueError("a row that does not exist or holds a word id outside the vocabulary")
    if failed:
        raise MemoryError()


def sort_wide_rows(ngrams, rows, out, vocabulary_size):
    """Sort rows as `sort_rows` does, with numpy, for n-grams that are too long for a record."""
    if len(rows) and not 0 <= rows.min() <= rows.max() < len(ngrams):
        raise ValueError("a row that does not exist")
    chosen = ngrams[rows]
    if len(rows) and not 0 <= chosen.min() <= chosen.max() < vocabulary_size:
        raise ValueError("an n-gram holds a word id outside the vocabulary")
    places = np.lexsort([chosen[:, -1], *chosen[:, :-1].T])
    rows[:] = rows[places]
    if len(out):
        out[:] = chosen[places]


cdef Py_ssize_t checked_place(const int32_t[:, ::1] ngrams, int64_t n, int64_t first, int64_t end, int back) except -1:
    """Check the arguments, and return the column of the word that is `back` words before the last word."""
    if not 1 <= back < ngrams.shape[1] or ngrams.shape[0] >= 0x7FFFFFFF or not 0 <= first <= end <= n:
        raise ValueError("rows outside the n-grams, or without such a history word")
    return ngrams.shape[1] - 1 - back


def count_words(const int32_t[:, ::1] ngrams, const int32_t[::1] rows, int64_t first, int64_t end, int back,
                int64_t[::1] times):
    """Add to `times` how often each word occurs `back` words before the last word of the n-grams ``rows[first:end]``.

    Empty `rows` mean 0, 1, 2, ... Raises ValueError for a row or a word that does not exist.
    """
    cdef bint all_rows = rows.shape[0] == 0, valid = True
    cdef int64_t i, row
    cdef Py_ssize_t place = checked_place(ngrams, ngrams.shape[0] if all_rows else rows.shape[0], first, end, back)
    with nogil:
        for i in range(first, end):
            row = i if all_rows else rows[i]
            if not 0 <= row < ngrams.shape[0] or not 0 <= ngrams[row, place] < times.shape[0]:
                valid = False
                break
            times[ngrams[row, place]] += 1
    if not valid:
        raise ValueError("a row that does not exist or holds a word id outside the vocabulary")


def group_rows(const int32_t[:, ::1] ngrams, const int32_t[::1] rows, int64_t first, int64_t end, int back,
               const int32_t[::1] group_of_word, int64_t[::1] places, const int64_t[::1] ends, int32_t[::1] out):
    """Copy ``rows[first:end]`` to `out`, grouped by the word that is `back` words before the last word.

    Empty `rows` mean 0, 1, 2, ... The next row of group g goes to ``out[places[g]]``, and ``places[g]`` moves on. It
    must stay below ``ends[g]``. The order within a group is kept. Raises ValueError if a row does not fit.
    """
    cdef bint all_rows = rows.shape[0] == 0, valid = True
    cdef int64_t i, row, n_groups = places.shape[0]
    cdef Py_ssize_t place = checked_place(ngrams, ngrams.shape[0] if all_rows else rows.shape[0], first, end, back)
    cdef int32_t word, group
    if ends.shape[0] != n_groups:
        raise ValueError("found places and ends of different groups; expected one end for each group")
    with nogil:
        for i in range(first, end):
            row = i if all_rows else rows[i]
            word = ngrams[row, place] if 0 <= row < ngrams.shape[0] else -1
            if not 0 <= word < group_of_word.shape[0]:
                valid = False
                break
            group = group_of_word[word]
            if not 0 <= group < n_groups or not 0 <= places[group] < min(ends[group], out.shape[0]):
                valid = False
                break
            out[places[group]] = <int32_t> row
            places[group] += 1
    if not valid:
        raise ValueError("found groups that do not fit the n-grams; expected a place for every row")


cdef inline int64_t first_not_below(const int32_t* parents, const int32_t* first_words, int64_t n, int64_t at,
                                    int32_t parent, int32_t word) noexcept nogil:
    """Find the first history from `at` on that does not sort before (parent, word). The search uses growing steps."""
    cdef int64_t low = at, high, middle, gap = 1
    while low < n and (parents[low] < parent or (parents[low] == parent and first_words[low] < word)):
        high = low + gap
        if high >= n or not (parents[high] < parent or (parents[high] == parent and first_words[high] < word)):
            low += 1
            high = min(high, n)
            while low < high:
                middle = (low + high) >> 1
                if parents[middle] < parent or (parents[middle] == parent and first_words[middle] < word):
                    low = middle + 1
                else:
                    high = middle
            return low
        low = high
        gap *= 2
    return low


def build_rows(const int32_t[:, ::1] ngrams, list below, const int64_t[::1] lower_starts,
               const int32_t[::1] lower_words, int32_t[::1] words, int32_t[::1] suffixes, int64_t[::1] starts,
               int32_t[::1] parents, int32_t[::1] first_words):
    """Fill the columns of order k >= 2 for a range of n-grams in the order of the trie.

    `below` has (parents, first_words) of the histories of orders 2 .. k - 1. `lower_starts` and `lower_words` are the
    columns of order k - 1. Every output needs a place for each n-gram; the columns of histories are filled up to the
    number of histories.

    Returns (number of histories, problem, row). `problem` is 0, or 1 if the n-gram `row` occurs twice, or 2 if its
    suffix is missing. Raises ValueError for levels below that do not fit each other.
    """
    cdef int64_t n = ngrams.shape[0], i, n_histories = 0, low = 0, end, high, middle, gap, bad = -1
    cdef int64_t parent = 0, n_lower = lower_starts.shape[0] - 1
    cdef int order = <int> ngrams.shape[1], problem = 0, same, level
    cdef int32_t word
    cdef const int32_t[::1] view, other
    cdef Column[MAX_ORDER + 1] parents_of, first_words_of
    cdef int64_t[MAX_ORDER + 1] n_of, place
    if not 2 <= order <= MAX_ORDER or len(below) != order - 2 or n_lower < 0:
        raise ValueError("the levels below do not fit the n-grams")
    if min(words.shape[0], suffixes.shape[0], starts.shape[0], parents.shape[0], first_words.shape[0]) < n:
        raise ValueError(f"found outputs that are too short; expected {n} places, one for each row")
    for level, (view, other) in enumerate(below, 2):
        if view.shape[0] != other.shape[0]:
            raise ValueError("history columns of different lengths")
        n_of[level] = view.shape[0]
        parents_of[level] = &view[0] if view.shape[0] else NULL
        first_words_of[level] = &other[0] if other.shape[0] else NULL
        place[level] = 0
    place[1] = 0
    if (n_of[order - 1] if order > 2 else 1) != n_lower or lower_starts[n_lower] > lower_words.shape[0]:
        raise ValueError("the levels below do not fit the n-grams")
    with nogil:
        for i in range(n):
            # the number of history words that are equal to those of the row before
            same = 0
            if i:
                while same < order - 1 and ngrams[i, order - 2 - same] == ngrams[i - 1, order - 2 - same]:
                    same += 1
            word = ngrams[i, order - 1]
            if same == order - 1:
                if word == ngrams[i - 1, order - 1]:
                    problem, bad = 1, i
                    break
            else:
                # find the parent of the history, beginning at its last word
                for level in range(same + 2, order):
                    place[level] = first_not_below(
                        parents_of[level], first_words_of[level], n_of[level], place[level],
                        <int32_t> place[level - 1], ngrams[i, order - level])
                    if (place[level] == n_of[level] or parents_of[level][place[level]] != place[level - 1]
                            or first_words_of[level][place[level]] != ngrams[i, order - level]):
                        problem, bad = 2, i
                        break
                if problem:
                    break
                parent = place[order - 1]
                starts[n_histories] = i
                parents[n_histories] = <int32_t> parent
                first_words[n_histories] = ngrams[i, 0]
                n_histories += 1
            words[i] = word
            end = high = lower_starts[parent + 1]
            if lower_starts[parent] < 0 or end > lower_words.shape[0]:
                problem = DAMAGED
                break
            # the words of a history increase: continue after the last suffix, in growing steps
            if same == order - 1:
                low += 1
                gap = 1
                while low + gap < high and lower_words[low + gap] < word:
                    low += gap
                    gap *= 2
                high = min(high, low + gap + 1)
            else:
                low = lower_starts[parent]
            while low < high:
                middle = (low + high) >> 1
                if lower_words[middle] < word:
                    low = middle + 1
                else:
                    high = middle
            if low == end or lower_words[low] != word:
                problem, bad = 2, i
                break
            suffixes[i] = <int32_t> low
    if problem == DAMAGED:
        raise ValueError("the rows of a history below are outside their column")
    return n_histories, problem, bad
