"""Kernel that formats rows of n-grams as lines of ARPA files and count files."""
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from ngramlm.core._constants cimport MAX_ORDER
from ngramlm.formats._decimal cimport NUMBER_BYTES, write_count, write_log10
from ngramlm.text._vocabulary cimport WordTable

import numpy as np

cdef enum:
    # The number of rows whose words and weights are fetched together. Their cache misses then overlap.
    BATCH = 64
    # the number of rows whose values are checked together
    CHECKED = 1 << 14
    # The bytes of a word slot: up to 15 bytes of the word, then its length. The length 255 means a word in the arena.
    SLOT = 16

ctypedef const int32_t* Column


cdef inline void copy_slot(char* to, const char* source) noexcept nogil:
    """Copy 16 bytes. Source and target may overlap."""
    cdef char[16] held
    memcpy(held, source, 16)
    memcpy(to, held, 16)


cdef class NgramFormatter:
    """A formatter of the rows of a trie as lines. Several threads may use it at the same time.

    `levels` has (words, starts, parents, first_words) for each order, as in ``ngramlm.trie.levels.Level``. The columns
    may come from a damaged file: a word, history or number that no model has raises ValueError.
    """

    cdef WordTable table
    cdef list levels
    cdef char* slots
    cdef Column[MAX_ORDER + 1] parents
    cdef Column[MAX_ORDER + 1] first_words
    cdef int64_t[MAX_ORDER + 1] n_histories
    cdef readonly Py_ssize_t longest_word

    def __cinit__(self, WordTable table not None, list levels not None):
        cdef int64_t i, size
        cdef const int32_t[::1] words, parents, first_words
        cdef const int64_t[::1] starts
        cdef const char* word
        if len(levels) > MAX_ORDER:
            raise ValueError(f"found order {len(levels)}; expected at most {MAX_ORDER}")
        self.table = table
        self.levels = levels
        self.longest_word = 0
        for order, (words, starts, parents, first_words) in enumerate(levels, 1):
            if starts.shape[0] != parents.shape[0] + 1 or first_words.shape[0] != parents.shape[0]:
                raise ValueError("found history columns of different lengths; expected columns of one order")
            if starts[0] < 0 or starts[parents.shape[0]] > words.shape[0]:
                raise ValueError("found histories beyond the rows; expected columns of one order")
            self.n_histories[order] = parents.shape[0]
            self.parents[order] = &parents[0] if parents.shape[0] else NULL
            self.first_words[order] = &first_words[0] if first_words.shape[0] else NULL
        self.slots = <char*> malloc(SLOT * (table.index.size + 1))
        if self.slots == NULL:
            raise MemoryError()
        with nogil:
            for i in range(table.index.size):
                word = table.index.arena + table.index.offsets[i]
                size = table.index.offsets[i + 1] - table.index.offsets[i]
                self.longest_word = max(self.longest_word, size)
                if size < SLOT:
                    memcpy(self.slots + SLOT * i, word, size)
                    self.slots[SLOT * i + SLOT - 1] = <char> size
                else:
                    self.slots[SLOT * i + SLOT - 1] = <char> 255

    def __dealloc__(self):
        free(self.slots)

    cdef inline char* put_word(self, int32_t id, const char* slot, char* out) noexcept nogil:
        """Write a word; return the end of the output."""
        cdef int64_t size = <uint8_t> slot[SLOT - 1]
        if size < SLOT:
            copy_slot(out, slot)
            return out + size
        size = self.table.index.offsets[id + 1] - self.table.index.offsets[id]
        memcpy(out, self.table.index.arena + self.table.index.offsets[id], size)
        return out + size

    cdef inline char* put_history(self, int order, int64_t history, char* out) noexcept nogil:
        """Write the words of a history of `order` - 1 words, a space after each; return the end of the output.

        Returns NULL for a history or a word that does not exist.
        """
        cdef int32_t id
        while order > 1:
            if not 0 <= history < self.n_histories[order]:
                return NULL
            id = self.first_words[order][history]
            if not 0 <= id < self.table.index.size:
                return NULL
            out = self.put_word(id, self.slots + SLOT * <int64_t> id, out)
            out[0] = c" "
            out += 1
            history = self.parents[order][history]
            order -= 1
        return out

    def line_bytes(self, int order):
        """Return an upper bound for the bytes of a line of an order."""
        return order * (self.longest_word + 1) + 2 * NUMBER_BYTES + 2 * SLOT + 4

    def format(self, int order, int64_t first, int64_t last, uint8_t[::1] out, const float[::1] log10_probs=None,
               const float[::1] log10_backoffs=None, const int32_t[::1] next_histories=None,
               const int64_t[::1] counts=None):
        """Write the rows first .. last - 1 of one order to `out`, as far as there is room.

        With `counts`, int64[R], the lines are ``w1 .. wn TAB count``. Rows with the count 0 are left out. Otherwise the
        lines are ``log10_prob TAB w1 .. wn``. If weights are given, ``TAB log10_backoffs[next_histories[row]]``
        follows; the weight is 0 for a row that is not a history (-1).

        Returns (the first row that was not written, the number of bytes). Raises ValueError for a word or history that
        does not exist, for a probability that is NaN or above 1, and for a weight that is NaN or plus infinity.
        """
        if not 1 <= order <= len(self.levels):
            raise ValueError(f"found order {order}; expected 1 to {len(self.levels)}")
        cdef const int32_t[::1] words = self.levels[order - 1][0]
        cdef const int64_t[::1] starts = self.levels[order - 1][1]
        cdef Py_ssize_t limit = self.line_bytes(order)
        cdef bint counting = counts is not None, weighted = log10_backoffs is not None
        cdef int64_t n_rows = words.shape[0], low = 0, high = starts.shape[0] - 1, middle, row = first, history
        cdef int64_t checked = first, unchecked, k
        cdef int64_t n_histories = high
        cdef uint32_t n_words = self.table.index.size, bad = 0
        cdef int32_t n_weights = <int32_t> min(log10_backoffs.shape[0], 0x7FFFFFFF) if weighted else 0
        cdef int32_t following
        cdef char* start
        cdef char* at
        cdef char* stop
        cdef char* line
        # the text of the history in the line before
        cdef const char* previous = NULL
        cdef Py_ssize_t previous_size = 0, i, j, batch
        cdef float[BATCH] weights
        cdef char[BATCH * SLOT] slots
        if not 0 <= first <= last <= n_rows:
            raise IndexError(f"found the rows {first} to {last}; expected rows within 0 to {n_rows}")
        if out.shape[0] < limit:
            raise ValueError(f"found a buffer of {out.shape[0]} bytes; expected room for one line, {limit} bytes")
        if counting and counts.shape[0] != n_rows or not counting and log10_probs.shape[0] != n_rows:
            raise ValueError(f"found another number of values; expected {n_rows}, one number for every row")
        if weighted and next_histories.shape[0] != n_rows:
            raise ValueError(f"found {next_histories.shape[0]} histories; expected {n_rows}, one (or -1) for every row")
        if first == last:
            return last, 0
        start = <char*> &out[0]
        at = start
        stop = start + out.shape[0] - limit
        with nogil:
            # find the history of the first row
            while high - low > 1:
                middle = (low + high) >> 1
                if starts[middle] <= row:
                    low = middle
                else:
                    high = middle
            history = low
            while row < last and at <= stop:
                batch = min(BATCH, last - row)
                if row + batch > checked:
                    # loops without a break, which the compiler makes into vector code
                    unchecked, checked = checked, min(last, checked + CHECKED)
                    for k in range(unchecked, checked):
                        bad |= <uint32_t> words[k] >= n_words
                    if not counting:
                        for k in range(unchecked, checked):
                            bad |= not log10_probs[k] <= 0
                    if weighted:
                        for k in range(unchecked, checked):
                            bad |= next_histories[k] >= n_weights
                if bad:
                    break
                for i in range(batch):
                    memcpy(slots + SLOT * i, self.slots + SLOT * <int64_t> words[row + i], SLOT)
                if weighted:
                    for i in range(batch):
                        following = next_histories[row + i]
                        weights[i] = log10_backoffs[following] if following >= 0 else 0
                        bad |= not weights[i] < INFINITY
                if bad:
                    break
                for i in range(batch):
                    if at > stop:
                        break
                    while history + 1 < n_histories and row >= starts[history + 1]:
                        history += 1
                        previous = NULL
                    if counting:
                        if counts[row] == 0:
                            row += 1
                            continue
                    else:
                        at += write_log10(log10_probs[row], at)
                        at[0] = c"\t"
                        at += 1
                    line = at
                    if previous != NULL:
                        j = 0
                        while j < previous_size:
                            copy_slot(at + j, previous + j)
                            j += 16
                        at += previous_size
                    else:
                        at = self.put_history(order, history, at)
                        if at == NULL:
                            bad = 1
                            break
                        previous_size = at - line
                    previous = line
                    at = self.put_word(words[row], slots + SLOT * i, at)
                    if counting:
                        at[0] = c"\t"
                        at += 1
                        at += write_count(<uint64_t> counts[row], at)
                    elif weighted:
                        at[0] = c"\t"
                        at += 1
                        at += write_log10(weights[i], at)
                    at[0] = c"\n"
                    at += 1
                    row += 1
                if bad:
                    break
        if bad:
            raise ValueError(
                f"found a {order}-gram with a word, a history or a number that does not exist; expected rows of a model"
            )
        return row, at - start


def _format_log10(const float[::1] values):
    """Format every number on a line of its own, for tests."""
    cdef Py_ssize_t i, used = 0
    out = np.empty(values.shape[0] * (NUMBER_BYTES + 1) + 1, np.uint8)
    cdef uint8_t[::1] view = out
    cdef char* text = <char*> &view[0]
    with nogil:
        for i in range(values.shape[0]):
            used += write_log10(values[i], text + used)
            text[used] = c"\n"
            used += 1
    return out[:used].tobytes()
