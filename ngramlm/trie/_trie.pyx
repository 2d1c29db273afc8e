"""Kernels over the columns of a trie: building from n-grams, linking rows with histories, sums over histories."""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from ngramlm.core._constants cimport EOS, MAX_ORDER
from ngramlm.core._records cimport Record, Record1, Record2, Record3, Record8, get_digit, radix_sort, set_digit

import numpy as np

cdef enum:
    NEAR = 12                   # rows ahead for which memory is fetched
    FAR = 24

cdef extern from *:
    """
    #define ngramlm_prefetch(p) __builtin_prefetch(p)
    """
    void prefetch "ngramlm_prefetch"(const void* p) noexcept nogil

ctypedef const int32_t* Column

ctypedef fused Floating:
    float
    double


cdef class Scratch:
    """Memory that sorting needs, for one thread: kept from one call to the next, as getting it anew is slow."""

    cdef char* memory
    cdef size_t size

    def __dealloc__(self):
        free(self.memory)

    cdef char* reserve(self, size_t size) noexcept nogil:
        """Room for so many bytes, with anything in them; NULL when there is none."""
        if size > self.size:
            free(self.memory)
            self.memory = <char*> malloc(size)
            self.size = size if self.memory != NULL else 0
        return self.memory


cdef int sort_records(Record* type_, const int32_t[:, ::1] ngrams, int32_t[::1] rows, int32_t[:, ::1] out,
                      int64_t vocabulary_size, int bits, int row_bits, Scratch scratch) noexcept nogil:
    """Sort the rows by (history backwards, word), equal ones as they come.

    Returns 0, -1 when there is no memory, or -2 for a row or word that does not exist.
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
    for i in range(n):                             # the rows may come from anywhere: have them fetched
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
    """Trie order: history read backwards, then word."""
    cdef Py_ssize_t order = ngrams.shape[1], j
    for j in range(order - 2, -1, -1):
        if ngrams[a, j] != ngrams[b, j]:
            return -1 if ngrams[a, j] < ngrams[b, j] else 1
    if ngrams[a, order - 1] != ngrams[b, order - 1]:
        return -1 if ngrams[a, order - 1] < ngrams[b, order - 1] else 1
    return 0


def in_trie_order(const int32_t[:, ::1] ngrams, int64_t first, int64_t end, int64_t vocabulary_size):
    """Whether rows first .. end - 1 and the one before them never fall; ValueError for a word outside the vocabulary."""
    cdef int64_t i
    cdef Py_ssize_t j
    cdef bint ordered = True, valid = True
    if not 0 <= first <= end <= ngrams.shape[0]:
        raise IndexError("rows outside the n-grams")
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
    """Put rows of n-grams int32[R, order] into trie order, in place, equal ones as they came; `out` gets their words.

    `out` may be empty; `scratch` is used by one thread at a time. Raises ValueError for a row or a word that does not exist.
    """
    cdef int64_t n = rows.shape[0]
    cdef int order = <int> ngrams.shape[1], bits = 1, row_bits = 1, limbs, failed = 0
    if out.shape[0] and (out.shape[0] != n or out.shape[1] != order):
        raise ValueError("out needs a row for every row")
    while (<int64_t> 1 << bits) < vocabulary_size:
        bits += 1
    while (<int64_t> 1 << row_bits) < n:
        row_bits += 1
    limbs = ((order + (row_bits + bits - 1) // bits) * bits + 63) // 64
    if scratch is None:
        scratch = Scratch()
    if limbs > 8:                                   # orders beyond what a record holds
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
    """The same by numpy, for rows that no record can hold."""
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
    """Which word of the rows is the one `back` words before the last."""
    if not 1 <= back < ngrams.shape[1] or ngrams.shape[0] >= 0x7FFFFFFF or not 0 <= first <= end <= n:
        raise ValueError("rows outside the n-grams, or without such a history word")
    return ngrams.shape[1] - 1 - back


def count_words(const int32_t[:, ::1] ngrams, const int32_t[::1] rows, int64_t first, int64_t end, int back,
                int64_t[::1] times):
    """Add to `times`, per word, how many of the n-grams ``rows[first:end]`` have it `back` words before the last one.

    Empty `rows` stand for 0, 1, 2, ...; raises ValueError for a row, or a word, that does not exist.
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
    """Put ``rows[first:end]`` into `out`, by the group of the word `back` words before the last, in each as they come.

    Empty `rows` stand for 0, 1, 2, ...; the next one of group g goes to place ``places[g]``, which moves on and must
    stay below ``ends[g]``. Raises ValueError unless all of them fit.
    """
    cdef bint all_rows = rows.shape[0] == 0, valid = True
    cdef int64_t i, row, n_groups = places.shape[0]
    cdef Py_ssize_t place = checked_place(ngrams, ngrams.shape[0] if all_rows else rows.shape[0], first, end, back)
    cdef int32_t word, group
    if ends.shape[0] != n_groups:
        raise ValueError("places and ends of different groups")
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
        raise ValueError("groups that do not fit the n-grams")


cdef inline int64_t first_not_below(const int32_t* parents, const int32_t* first_words, int64_t n, int64_t at,
                                    int32_t parent, int32_t word) noexcept nogil:
    """The first history from `at` on that is not before (parent, word), in growing steps."""
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
    """The columns of order k >= 2 for n-grams in trie order, all those whose last history word is one of a few.

    `below` has (parents, first_words) of the histories of orders 2 .. k - 1, `lower_starts` and `lower_words` are those
    of order k - 1. The outputs are as long as the n-grams; those of histories are filled up to the number of histories.

    Returns (number of histories, problem, row); `problem` is 0, or 1 for an n-gram that stands twice, or 2 for one whose
    suffix is missing, in `row`.
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
        raise ValueError("the outputs need a place for every row")
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
            same = 0                                        # words of the history that the row before has too
            if i:
                while same < order - 1 and ngrams[i, order - 2 - same] == ngrams[i - 1, order - 2 - same]:
                    same += 1
            word = ngrams[i, order - 1]
            if same == order - 1:
                if word == ngrams[i - 1, order - 1]:
                    problem, bad = 1, i
                    break
            else:
                for level in range(same + 2, order):        # the history without its first word, from its end on
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
            if same == order - 1:                           # words rise: go on from the last one, in growing steps
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
    return n_histories, problem, bad


def link_rows(const int32_t[::1] words, const int32_t[::1] suffixes, const int64_t[::1] starts,
              const int32_t[::1] first_words, const int32_t[::1] lower_links, const int64_t[::1] buckets,
              const int32_t[::1] next_parents, const int32_t[::1] next_first_words, int order, int32_t[::1] links):
    """For every row of order k the history of order k + 1 that is this n-gram, or -1: fills `links`, int32[R].

    `buckets[w]` is the first history of order k + 1 whose last word is w. Rows with the same word come in the order
    of those histories, so one pass with one pointer per word finds them all; `lower_links` is this same function's
    result for order k - 1. Histories without a row leave their pointer behind: the caller counts the links.
    """
    cdef int64_t h, row, ahead, n_rows = words.shape[0], n_words = buckets.shape[0] - 1, n_lower = lower_links.shape[0]
    cdef int32_t word, candidate, first_word
    cdef int32_t* cursor                           # per word: the next history, and the end of its bucket
    cdef bint valid = True
    if starts[0] < 0 or starts[starts.shape[0] - 1] > n_rows or suffixes.shape[0] != n_rows:
        raise ValueError("histories beyond the rows")
    if buckets[n_words] > next_parents.shape[0] or next_parents.shape[0] != next_first_words.shape[0]:
        raise ValueError("buckets beyond the histories")
    if links.shape[0] != n_rows:
        raise ValueError("links are not as many as the rows")
    cursor = <int32_t*> malloc(2 * (n_words + 1) * sizeof(int32_t))
    if cursor == NULL:
        raise MemoryError()
    with nogil:
        for word in range(<int32_t> n_words):
            cursor[2 * word] = <int32_t> buckets[word]
            cursor[2 * word + 1] = <int32_t> buckets[word + 1]
            if not 0 <= buckets[word] <= buckets[word + 1]:
                valid = False
        for h in range(starts.shape[0] - 1):
            if not valid:
                break
            first_word = first_words[h]
            for row in range(starts[h], starts[h + 1]):
                ahead = row + FAR                  # what it will need comes from anywhere: have it fetched, in two steps
                if ahead < n_rows and 0 <= words[ahead] < n_words:
                    prefetch(&cursor[2 * words[ahead]])
                    if order > 1 and 0 <= suffixes[ahead] < n_lower:
                        prefetch(&lower_links[suffixes[ahead]])
                ahead = row + NEAR
                if order > 1 and ahead < n_rows and 0 <= words[ahead] < n_words:
                    candidate = cursor[2 * words[ahead]]
                    if candidate < cursor[2 * words[ahead] + 1]:
                        prefetch(&next_first_words[candidate])
                        prefetch(&next_parents[candidate])
                word = words[row]
                if word < 0 or word >= n_words or (order > 1 and not 0 <= suffixes[row] < n_lower):
                    valid = False
                    break
                links[row] = -1
                candidate = cursor[2 * word]
                if candidate >= cursor[2 * word + 1]:
                    continue
                if order > 1:
                    if (next_first_words[candidate] != first_word
                            or next_parents[candidate] != lower_links[suffixes[row]]):
                        continue
                links[row] = candidate
                cursor[2 * word] += 1
    free(cursor)
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


def history_weights(const int32_t[::1] links, const int32_t[::1] words, const float[::1] weights, int64_t n_histories,
                    float noise, out=None):
    """The weights of the rows of one order, put beside the histories that they are; float32[H], `out` if it is given.

    Returns (weights of the histories, whether a row that is no history has a weight above `noise`, whether one has a
    smaller one); rows that end a sentence can be no history and do not count. Raises ValueError for a wrong link.
    """
    cdef int64_t row
    cdef bint lost = False, left = False, valid = True
    if words.shape[0] != links.shape[0] or weights.shape[0] != links.shape[0]:
        raise ValueError("columns of different lengths")
    if out is None:
        out = np.empty(n_histories, np.float32)
    if out.shape != (n_histories,):
        raise ValueError("one place for each history is needed")
    cdef float[::1] moved = out
    with nogil:
        for row in range(n_histories):
            moved[row] = 0
        for row in range(links.shape[0]):
            if links[row] >= n_histories:
                valid = False
                break
            if links[row] >= 0:
                moved[links[row]] = weights[row]
            elif weights[row] != 0 and words[row] != EOS:
                left = True
                lost = lost or not -noise <= weights[row] <= noise
    if not valid:
        raise ValueError("a link outside the histories")
    return out, lost, left


# ------------------------------------------------------------------------------- some of the rows

def mark_needed(const uint8_t[::1] marked, const int32_t[::1] suffixes, const int64_t[::1] starts,
                const int32_t[::1] lower_links, uint8_t[::1] lower_marked):
    """Mark the suffixes and the histories of the marked rows in the order below, where `lower_links` says what is which.

    Raises ValueError for columns that do not fit each other.
    """
    cdef int64_t h, row, n_histories = starts.shape[0] - 1, n_lower = lower_marked.shape[0]
    cdef bint valid = True
    if (n_histories < 0 or starts[0] < 0 or starts[n_histories] > marked.shape[0] or suffixes.shape[0] != marked.shape[0]
            or lower_links.shape[0] != n_lower):
        raise ValueError("columns of different lengths")
    used_out = np.zeros(n_histories, np.uint8)
    cdef uint8_t[::1] used = used_out
    with nogil:
        for h in range(n_histories):
            if starts[h] > starts[h + 1] or starts[h + 1] > starts[n_histories]:
                valid = False
                break
            for row in range(starts[h], starts[h + 1]):
                if marked[row]:
                    if not 0 <= suffixes[row] < n_lower:
                        valid = False
                        break
                    lower_marked[suffixes[row]] = 1
                    used[h] = 1
        for row in range(n_lower):
            if lower_links[row] >= n_histories:
                valid = False
                break
            if lower_links[row] >= 0 and used[lower_links[row]]:
                lower_marked[row] = 1
    if not valid:
        raise ValueError("a suffix or history outside the trie")


def restrict_level(const uint8_t[::1] marked, const int32_t[::1] words, const int32_t[::1] suffixes,
                   const int64_t[::1] starts, const int32_t[::1] parents, const int32_t[::1] first_words,
                   const int32_t[::1] new_rows, const int32_t[::1] new_histories, int64_t n_marked, bint top):
    """The columns of the marked rows of one order; `new_rows` and `new_histories` are the new numbers of those below.

    Returns (words, suffixes, starts, parents, first_words, the new numbers of the rows and of the histories, -1 where
    they are gone; no numbers of rows for the `top` order, which nothing needs), or None where a suffix or parent is gone. Raises ValueError for columns that do not fit each other.
    """
    cdef int64_t h, row, n_histories = starts.shape[0] - 1, n = 0, g = 0
    cdef int32_t suffix
    cdef bint valid = True, closed = True, used
    if (n_histories < 0 or words.shape[0] != marked.shape[0] or suffixes.shape[0] != marked.shape[0] or starts[0] < 0
            or starts[n_histories] > marked.shape[0] or parents.shape[0] != n_histories
            or first_words.shape[0] != n_histories):
        raise ValueError("columns of different lengths")
    words_out, suffixes_out = np.empty(n_marked, np.int32), np.empty(n_marked, np.int32)
    cdef int64_t most = min(n_marked, n_histories)
    starts_out = np.empty(most + 1, np.int64)
    parents_out, firsts_out = np.empty(most, np.int32), np.empty(most, np.int32)
    rows_out, histories_out = np.full(0 if top else marked.shape[0], -1, np.int32), np.full(n_histories, -1, np.int32)
    cdef int32_t[::1] kept_words = words_out, kept_suffixes = suffixes_out, kept_parents = parents_out
    cdef int32_t[::1] kept_firsts = firsts_out, rows = rows_out, histories = histories_out
    cdef int64_t[::1] kept_starts = starts_out
    with nogil:
        for h in range(n_histories):
            if starts[h] > starts[h + 1] or starts[h + 1] > starts[n_histories]:
                valid = False
                break
            used = False
            for row in range(starts[h], starts[h + 1]):
                if not marked[row]:
                    continue
                suffix = suffixes[row]
                if n >= n_marked or not 0 <= suffix < new_rows.shape[0]:
                    valid = False
                    break
                if new_rows[suffix] < 0:
                    closed = False
                    break
                if not used:
                    used = True
                    kept_starts[g] = n
                kept_words[n] = words[row]
                kept_suffixes[n] = new_rows[suffix]
                if not top:
                    rows[row] = <int32_t> n
                n += 1
            if used:
                if not 0 <= parents[h] < new_histories.shape[0]:
                    valid = False
                elif new_histories[parents[h]] < 0:
                    closed = False
                else:
                    kept_parents[g] = new_histories[parents[h]]
                    kept_firsts[g] = first_words[h]
                    histories[h] = <int32_t> g
                    g += 1
            if not valid or not closed:
                break
        kept_starts[g] = n
    if not valid or (closed and n != n_marked):
        raise ValueError("a suffix or parent outside the trie")
    if not closed:
        return None
    starts_out.resize(g + 1, refcheck=False)
    parents_out.resize(g, refcheck=False)
    firsts_out.resize(g, refcheck=False)
    return words_out, suffixes_out, starts_out, parents_out, firsts_out, rows_out, histories_out


def restrict_links(const int32_t[::1] links, const int32_t[::1] new_rows, const int32_t[::1] new_histories,
                   int32_t[::1] out):
    """The links of the rows that are left, to the histories that are left; whether none of these has lost its row."""
    cdef int64_t row
    cdef int32_t history
    cdef bint valid = links.shape[0] == new_rows.shape[0], closed = True
    with nogil:
        for row in range(links.shape[0] if valid else 0):
            if links[row] >= new_histories.shape[0] or new_rows[row] >= out.shape[0]:
                valid = False
                break
            history = new_histories[links[row]] if links[row] >= 0 else -1
            if new_rows[row] >= 0:
                out[new_rows[row]] = history
            elif history >= 0:
                closed = False
                break
    if not valid:
        raise ValueError("rows or histories outside the trie")
    return closed


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


def take(const Floating[::1] values, const int32_t[::1] rows, out=None):
    """out[i] = values[rows[i]], of the same type; raises IndexError outside the values, ValueError for a wrong `out`."""
    cdef int64_t i
    cdef bint valid = True
    if out is None:
        out = np.empty(rows.shape[0], np.float32 if Floating is float else np.float64)
    cdef Floating[::1] taken = out
    if taken.shape[0] != rows.shape[0]:
        raise ValueError("out needs a place for every row")
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
