"""Kernels over the columns of a trie: links between orders, selection of rows, sums over histories, look-up."""
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport free, malloc

from ngramlm.core._constants cimport EOS
from ngramlm.core._prefetch cimport prefetch

import numpy as np

cdef enum:
    # The numbers of rows ahead for which memory is prefetched, in two steps.
    NEAR = 12
    FAR = 24

ctypedef fused Floating:
    float
    double


def link_rows(const int32_t[::1] words, const int32_t[::1] suffixes, const int64_t[::1] starts,
              const int32_t[::1] first_words, const int32_t[::1] lower_links, const int64_t[::1] buckets,
              const int32_t[::1] next_parents, const int32_t[::1] next_first_words, int order, int32_t[::1] links):
    """Fill `links`, int32[R]: for every row of order k, its number as a history of order k + 1, or -1.

    `buckets[w]` is the first history of order k + 1 whose last word is w. Rows with the same word come in the order of
    these histories, so one pass with one pointer per word finds all links. `lower_links` is the result of this function
    for order k - 1. A history without a row stops the pointer of its word; the caller finds this by counting links.
    """
    cdef int64_t h, row, ahead, n_rows = words.shape[0], n_words = buckets.shape[0] - 1, n_lower = lower_links.shape[0]
    cdef int64_t n_histories = starts.shape[0] - 1
    cdef int32_t word, candidate, first_word
    # for each word: the next history, and the end of its bucket
    cdef int32_t* cursor
    cdef bint valid = True
    if (n_histories < 0 or first_words.shape[0] != n_histories or starts[0] < 0 or starts[n_histories] > n_rows
            or suffixes.shape[0] != n_rows):
        raise ValueError("found histories beyond the rows; expected columns of one order")
    if n_words < 0 or n_words > 0x7FFFFFFF:
        raise ValueError(f"found {buckets.shape[0]} buckets; expected one for each word, and the end")
    if buckets[n_words] > next_parents.shape[0] or next_parents.shape[0] != next_first_words.shape[0]:
        raise ValueError("found buckets beyond the histories; expected columns of the next order")
    if links.shape[0] != n_rows:
        raise ValueError(f"found {links.shape[0]} links; expected {n_rows}, one for each row")
    cursor = <int32_t*> malloc(2 * (n_words + 1) * sizeof(int32_t))
    if cursor == NULL:
        raise MemoryError()
    with nogil:
        for word in range(<int32_t> n_words):
            cursor[2 * word] = <int32_t> buckets[word]
            cursor[2 * word + 1] = <int32_t> buckets[word + 1]
            if not 0 <= buckets[word] <= buckets[word + 1]:
                valid = False
        for h in range(n_histories):
            if not valid or starts[h] > starts[h + 1] or starts[h + 1] > n_rows:
                valid = False
                break
            first_word = first_words[h]
            for row in range(starts[h], starts[h + 1]):
                # a row needs memory at scattered places: prefetch it in two steps
                ahead = row + FAR
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
        raise ValueError("found a word or suffix outside the trie; expected rows of a trie")


def link_all(const int32_t[::1] words, int64_t[::1] places, const int64_t[::1] buckets, int32_t[::1] links):
    """Fill `links` as `link_rows` does, for all n-grams of a text: every row is a history, except those of ``</s>``.

    `places` has the next history of each word. The caller begins with a copy of `buckets`; this function moves the
    places on, so that a column can be linked in pieces. Raises ValueError if there are more rows than histories.
    """
    cdef int64_t row, n_words = buckets.shape[0] - 1
    cdef int32_t word
    cdef bint valid = True
    if links.shape[0] != words.shape[0] or places.shape[0] != buckets.shape[0]:
        raise ValueError("found links or places of another length; expected one for each row or word")
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
        raise ValueError("found rows that are not those of a text; expected all n-grams of a text")


def history_weights(const int32_t[::1] links, const int32_t[::1] words, const float[::1] weights, int64_t n_histories,
                    float noise, out=None):
    """Move back-off weights from the rows of one order to the histories of the next order.

    Returns (weights float32[H], lost, left). The weights are in `out` if it is given. `left` says whether a row that is
    not a history has a weight other than 0, `lost` whether such a weight is beyond `noise`. Rows that end with ``</s>``
    are ignored, because they cannot be histories. Raises ValueError for a wrong link.
    """
    cdef int64_t row
    cdef bint lost = False, left = False, valid = True
    if words.shape[0] != links.shape[0] or weights.shape[0] != links.shape[0]:
        raise ValueError("columns of different lengths")
    if out is None:
        out = np.empty(n_histories, np.float32)
    if out.shape != (n_histories,):
        raise ValueError(f"found out of shape {out.shape}; expected one place for each of {n_histories} histories")
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
        raise ValueError("found a link outside the histories; expected links of the next order")
    return out, lost, left


# ------------------------------------------------------------------------------- selection of rows

def mark_needed(const uint8_t[::1] marked, const int32_t[::1] suffixes, const int64_t[::1] starts,
                const int32_t[::1] lower_links, uint8_t[::1] lower_marked):
    """Mark the suffixes and histories of the marked rows, in the order below.

    `lower_links` are the links of the order below. Raises ValueError for columns that do not fit each other.
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
        raise ValueError("found a suffix or history outside the trie; expected rows of a trie")


def restrict_level(const uint8_t[::1] marked, const int32_t[::1] words, const int32_t[::1] suffixes,
                   const int64_t[::1] starts, const int32_t[::1] parents, const int32_t[::1] first_words,
                   const int32_t[::1] new_rows, const int32_t[::1] new_histories, int64_t n_marked, bint top):
    """Return the columns of the marked rows of one order.

    `new_rows` and `new_histories` are the new numbers in the order below; -1 is a row or history that is removed.

    Returns (words, suffixes, starts, parents, first_words, new numbers of the rows, new numbers of the histories). The
    numbers of the rows are empty for the `top` order. Returns None if a suffix or parent is removed. Raises ValueError
    for columns that do not fit each other.
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
        raise ValueError("found a suffix or parent outside the trie; expected rows of a trie")
    if not closed:
        return None
    starts_out.resize(g + 1, refcheck=False)
    parents_out.resize(g, refcheck=False)
    firsts_out.resize(g, refcheck=False)
    return words_out, suffixes_out, starts_out, parents_out, firsts_out, rows_out, histories_out


def restrict_links(const int32_t[::1] links, const int32_t[::1] new_rows, const int32_t[::1] new_histories,
                   int32_t[::1] out):
    """Fill `out` with the links from the remaining rows to the remaining histories.

    Returns whether every remaining history still has its row. Raises ValueError for numbers outside the columns.
    """
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
        raise ValueError("found rows or histories outside the trie; expected rows of a trie")
    return closed


def segment_sums(const double[::1] values, const int64_t[::1] starts):
    """Compute out[h] = sum of values[starts[h] : starts[h + 1]], float64[H]; raises ValueError beyond the values."""
    cdef int64_t h, i, n = starts.shape[0] - 1
    cdef double total
    cdef bint valid = True
    if n < 0 or starts[0] < 0 or starts[n] > values.shape[0]:
        raise ValueError("found segments beyond the values; expected segments that the values cover")
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
    """Compute out[i] = values[h] for every i in starts[h] .. starts[h + 1] - 1, float64[starts[-1] - starts[0]]."""
    cdef int64_t h, i, n = starts.shape[0] - 1, base
    cdef bint valid = True
    if n < 0 or n > values.shape[0]:
        raise ValueError(f"found {n} segments; expected at most {values.shape[0]}, one for each value")
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
    """Compute out[i] = values[rows[i]], with the type of the values.

    Raises IndexError for a row outside the values, and ValueError for an `out` of another length.
    """
    cdef int64_t i
    cdef bint valid = True
    if out is None:
        out = np.empty(rows.shape[0], np.float32 if Floating is float else np.float64)
    cdef Floating[::1] taken = out
    if taken.shape[0] != rows.shape[0]:
        raise ValueError(f"found out of length {taken.shape[0]}; expected {rows.shape[0]}, one place for every row")
    with nogil:
        for i in range(rows.shape[0]):
            if rows[i] < 0 or rows[i] >= values.shape[0]:
                valid = False
                break
            taken[i] = values[rows[i]]
    if not valid:
        raise IndexError("found a row outside the values; expected rows of the column")
    return out


def find_rows(const int32_t[::1] words, const int64_t[::1] starts, const int32_t[::1] histories,
              const int32_t[::1] wanted):
    """Return the row of word `wanted[i]` after history `histories[i]`, int32[N]; -1 if the trie has no such row.

    The history -1 is an unknown history. Raises IndexError for any other history outside the columns.
    """
    cdef int64_t i, low, high, end, middle, n_histories = starts.shape[0] - 1
    cdef bint valid = True
    if wanted.shape[0] != histories.shape[0]:
        raise ValueError("found histories and words of different lengths; expected one history for each word")
    if n_histories < 0 or starts[0] < 0 or starts[n_histories] > words.shape[0]:
        raise ValueError("found histories beyond the rows; expected columns of one order")
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
        raise IndexError("found a history or its rows outside the columns; expected columns of one order")
    return out
