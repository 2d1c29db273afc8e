"""Kernel of word classes: the exchange algorithm, which moves one word after the other to its best class."""
from libc.math cimport log
from libc.stdint cimport int32_t, int64_t

import numpy as np


cdef inline double xlogx(double x) noexcept nogil:
    return x * log(x) if x > 0.0 else 0.0


cdef bint fitting(const int64_t[::1] starts, const int32_t[::1] others, const double[::1] counts,
                  int64_t n_words) noexcept nogil:
    """Return whether these are the neighbors of every word, with positive counts."""
    cdef int64_t i
    if starts.shape[0] != n_words + 1 or starts[0] != 0 or starts[n_words] != others.shape[0]:
        return False
    if counts.shape[0] != others.shape[0]:
        return False
    for i in range(n_words):
        if starts[i] > starts[i + 1]:
            return False
    for i in range(others.shape[0]):
        if not 0 <= others[i] < n_words or not counts[i] > 0:
            return False
    return True


def exchange(const int64_t[::1] next_starts, const int32_t[::1] next_words, const double[::1] next_counts,
             const int64_t[::1] last_starts, const int32_t[::1] last_words, const double[::1] last_counts,
             int32_t[::1] classes, int32_t n_classes, int32_t first_word, int32_t first_class):
    """Try every word from `first_word` on in every class from `first_class` on; return the number of words that moved.

    The first six columns have the words after and before every word, with their counts. `classes`, int32[V], is changed
    in place. Every move raises the mutual information of neighboring classes, sum of N(g,h) log N(g,h) -
    N(g.) log N(g.) - N(.h) log N(.h). Raises ValueError if the columns do not fit together.
    """
    cdef int64_t n_words = classes.shape[0], i, n_left, n_right
    cdef int32_t word, own, g, best, moved = 0, j
    cdef double gain, best_gain, itself, left_total, right_total, before
    if not fitting(next_starts, next_words, next_counts, n_words):
        raise ValueError("next words that do not fit the vocabulary")
    if not fitting(last_starts, last_words, last_counts, n_words):
        raise ValueError("last words that do not fit the vocabulary")
    if not (0 <= first_class < n_classes and 0 <= first_word <= n_words):
        raise ValueError("a first word or class out of range")
    for i in range(n_words):
        if not 0 <= classes[i] < n_classes or (i >= first_word and classes[i] < first_class):
            raise ValueError("a class out of range")
    cdef double[:, ::1] pairs = np.zeros((n_classes, n_classes))
    cdef double[::1] lefts = np.zeros(n_classes), rights = np.zeros(n_classes)      # N(g.), N(.h)
    cdef double[::1] before_it = np.zeros(n_classes), after_it = np.zeros(n_classes)
    cdef int32_t[::1] some_before = np.zeros(n_classes, np.int32), some_after = np.zeros(n_classes, np.int32)
    with nogil:
        for word in range(n_words):
            for i in range(next_starts[word], next_starts[word + 1]):
                pairs[classes[word], classes[next_words[i]]] += next_counts[i]
                lefts[classes[word]] += next_counts[i]
                rights[classes[next_words[i]]] += next_counts[i]
        for word in range(first_word, n_words):
            own = classes[word]
            itself = left_total = right_total = 0.0
            n_left = n_right = 0
            for i in range(next_starts[word], next_starts[word + 1]):
                left_total += next_counts[i]
                if next_words[i] == word:
                    itself += next_counts[i]
                    continue
                g = classes[next_words[i]]
                if after_it[g] == 0.0:
                    some_after[n_right] = g
                    n_right += 1
                after_it[g] += next_counts[i]
            for i in range(last_starts[word], last_starts[word + 1]):
                right_total += last_counts[i]
                if last_words[i] == word:
                    continue
                g = classes[last_words[i]]
                if before_it[g] == 0.0:
                    some_before[n_left] = g
                    n_left += 1
                before_it[g] += last_counts[i]
            if left_total + right_total > 0.0:
                # Take the word out of its class.
                for i in range(n_right):
                    pairs[own, some_after[i]] -= after_it[some_after[i]]
                for i in range(n_left):
                    pairs[some_before[i], own] -= before_it[some_before[i]]
                pairs[own, own] -= itself
                lefts[own] -= left_total
                rights[own] -= right_total
                best, best_gain = own, 0.0
                # Its own class comes first, so that ties change nothing.
                for j in range(n_classes - first_class + 1):
                    g = own if j == 0 else first_class + j - 1
                    gain = xlogx(lefts[g]) - xlogx(lefts[g] + left_total)
                    gain += xlogx(rights[g]) - xlogx(rights[g] + right_total)
                    for i in range(n_right):
                        if some_after[i] != g:
                            before = pairs[g, some_after[i]]
                            gain += xlogx(before + after_it[some_after[i]]) - xlogx(before)
                    for i in range(n_left):
                        if some_before[i] != g:
                            before = pairs[some_before[i], g]
                            gain += xlogx(before + before_it[some_before[i]]) - xlogx(before)
                    before = pairs[g, g]
                    gain += xlogx(before + before_it[g] + after_it[g] + itself) - xlogx(before)
                    if j == 0 or gain > best_gain + 1e-9 * (1.0 + (best_gain if best_gain > 0.0 else -best_gain)):
                        best, best_gain = g, gain
                for i in range(n_right):
                    pairs[best, some_after[i]] += after_it[some_after[i]]
                for i in range(n_left):
                    pairs[some_before[i], best] += before_it[some_before[i]]
                pairs[best, best] += itself
                lefts[best] += left_total
                rights[best] += right_total
                if best != own:
                    classes[word] = best
                    moved += 1
            for i in range(n_right):
                after_it[some_after[i]] = 0.0
            for i in range(n_left):
                before_it[some_before[i]] = 0.0
    return moved
