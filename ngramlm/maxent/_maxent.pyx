"""Kernels of maximum-entropy models over the n-grams of a trie: normalizers and expected counts, by order.

m(hw) is the product of the factors e^l of the features of w after h, from the unigram up. Then Z(h) = Z(h') + sum of
m(hw) - m(h'w) over the rows of h (Wu & Khudanpur 2002). So the cost of all normalizers is proportional to the number of
features. A second pass, from the highest order down, computes the expected counts.
"""
from libc.math cimport exp, log
from libc.stdint cimport int32_t, int64_t

from ngramlm.core._constants cimport MAX_ORDER

import numpy as np


cdef struct Level:
    # The columns of one order, and the positions of its first row and history in the columns of all orders.
    const int32_t* suffixes
    const int64_t* starts
    const int32_t* parents
    int64_t n_rows, n_histories, first_row, first_history


cdef class Features:
    """The n-grams of all orders as features. Rows and histories are numbered in one sequence, order 1 first.

    Parameters
    ----------
    levels
        (suffixes int32[R], starts int64[H + 1], parents int32[H]) of every order, as in a trie. Order 1 may have
        several histories, for example one for each class of words. Then, or if parents are not sorted, the only valid
        range is that of all histories.
    base
        float64[V]: the factor of every word without features; 0 for words that are never predicted.
    weights
        float64[all histories]: the number of events whose longest history is each history.

    Raises ValueError if the columns do not fit together.
    """

    cdef readonly int order
    cdef Level levels[MAX_ORDER]
    cdef list columns                               # keeps the arrays alive
    cdef const double[::1] base, weights
    cdef bint whole                                 # whether all histories are the only valid range

    def __cinit__(self, levels, const double[::1] base, const double[::1] weights):
        cdef const int32_t[::1] suffixes, parents
        cdef const int64_t[::1] starts
        cdef int64_t first_row = 0, first_history = 0
        cdef int k = 0
        if not 1 <= len(levels) <= MAX_ORDER:
            raise ValueError("no order from 1 to 16")
        self.order = <int> len(levels)
        self.columns = []
        for suffixes, starts, parents in levels:
            if starts.shape[0] != parents.shape[0] + 1 or parents.shape[0] < 1 or suffixes.shape[0] < 1:
                raise ValueError("columns of different lengths")
            self.columns.append((suffixes, starts, parents))
            self.levels[k] = Level(&suffixes[0], &starts[0], &parents[0], suffixes.shape[0], parents.shape[0],
                                   first_row, first_history)
            first_row += suffixes.shape[0]
            first_history += parents.shape[0]
            k += 1
        if base.shape[0] != self.levels[0].n_rows:
            raise ValueError("unigrams other than one for each word")
        if weights.shape[0] != first_history:
            raise ValueError("other than one weight for each history")
        self.base, self.weights = base, weights
        self.whole = self.levels[0].n_histories != 1
        for k in range(self.order):
            if not self.links_are_valid(k):
                raise ValueError("a row or a history that points outside the order below")

    cdef bint links_are_valid(self, int k) noexcept nogil:
        """Return whether rows cover the histories and have suffixes in their parents; set `whole` if unsorted."""
        cdef Level* level = &self.levels[k]
        cdef Level* lower
        cdef int64_t history, row
        cdef int32_t parent
        if level.starts[0] != 0 or level.starts[level.n_histories] != level.n_rows:
            return False
        for history in range(level.n_histories):
            if level.starts[history] > level.starts[history + 1]:
                return False
        if k == 0:
            return True
        lower = &self.levels[k - 1]
        for history in range(level.n_histories):
            parent = level.parents[history]
            if not 0 <= parent < lower.n_histories:
                return False
            if history and parent < level.parents[history - 1]:
                self.whole = True
            for row in range(level.starts[history], level.starts[history + 1]):
                if not lower.starts[parent] <= level.suffixes[row] < lower.starts[parent + 1]:
                    return False
        return True

    @property
    def n_rows(self):
        """The number of rows of all orders."""
        return self.levels[self.order - 1].first_row + self.levels[self.order - 1].n_rows

    @property
    def n_histories(self):
        """The number of histories of all orders."""
        return self.levels[self.order - 1].first_history + self.levels[self.order - 1].n_histories

    cdef int check_columns(self, const double[::1] lambdas, const double[::1] masses,
                           const double[::1] normalizers) except -1:
        if lambdas.shape[0] != self.n_rows or masses.shape[0] != self.n_rows:
            raise ValueError("other than one value for each row")
        if normalizers.shape[0] != self.n_histories:
            raise ValueError("other than one normalizer for each history")
        return 0

    cdef int check_edges(self, const int64_t[::1] firsts, const int64_t[::1] ends) except -1:
        """Check ranges of histories of every order from 2 on, whose parents must be in the range below."""
        cdef int k
        cdef Level* level
        if firsts.shape[0] != self.order - 1 or ends.shape[0] != self.order - 1:
            raise ValueError("other than one range of histories for each order from 2 on")
        for k in range(1, self.order):
            level = &self.levels[k]
            if not 0 <= firsts[k - 1] <= ends[k - 1] <= level.n_histories:
                raise ValueError("a range outside the histories")
            if self.whole:
                if firsts[k - 1] != 0 or ends[k - 1] != level.n_histories:
                    raise ValueError("a range of histories that are not sorted")
                continue
            if k > 1 and firsts[k - 1] < ends[k - 1] and not (
                firsts[k - 2] <= level.parents[firsts[k - 1]] and level.parents[ends[k - 1] - 1] < ends[k - 2]
            ):
                raise ValueError("a history whose parent is outside the range")
        return 0

    def open(self, const double[::1] lambdas, double[::1] masses, double[::1] normalizers):
        """Fill in m(w) and Z of the unigrams. The other orders start from these."""
        cdef int64_t history, word
        cdef double total
        self.check_columns(lambdas, masses, normalizers)
        with nogil:
            for history in range(self.levels[0].n_histories):
                total = 0.0
                for word in range(self.levels[0].starts[history], self.levels[0].starts[history + 1]):
                    masses[word] = self.base[word] * exp(lambdas[word])
                    total += masses[word]
                normalizers[history] = total

    def rise(self, const double[::1] lambdas, double[::1] masses, double[::1] normalizers,
             const int64_t[::1] firsts, const int64_t[::1] ends):
        """Fill in m(hw) and Z(h) for histories ``firsts[k - 2]`` .. ``ends[k - 2] - 1`` of every order k from 2 on.

        Returns the sum over h of log Z(h), in nats, times the number of events of h. The histories whose last word lies
        in an interval of ids form valid ranges. Disjoint ranges may be filled in at the same time.
        """
        cdef int64_t history, row
        cdef double total = 0.0, sum_, mass, weight
        cdef const double* lower_masses
        cdef Level* level
        cdef int k
        self.check_columns(lambdas, masses, normalizers)
        self.check_edges(firsts, ends)
        with nogil:
            for k in range(1, self.order):
                level = &self.levels[k]
                lower_masses = &masses[self.levels[k - 1].first_row]
                for history in range(firsts[k - 1], ends[k - 1]):
                    sum_ = 0.0
                    for row in range(level.starts[history], level.starts[history + 1]):
                        mass = lower_masses[level.suffixes[row]]
                        masses[level.first_row + row] = mass * exp(lambdas[level.first_row + row])
                        sum_ += masses[level.first_row + row] - mass
                    sum_ += normalizers[self.levels[k - 1].first_history + level.parents[history]]
                    normalizers[level.first_history + history] = sum_
                    weight = self.weights[level.first_history + history]
                    if weight > 0.0:
                        total += weight * log(sum_)
        return total

    def fall(self, const double[::1] masses, double[::1] shares, double[::1] expected, double[::1] unigrams,
             const int64_t[::1] firsts, const int64_t[::1] ends):
        """Fill in the expected count of every row of the ranges; return the sum of shares for the empty history.

        `shares` has (events / Z) of every history. The shares of longer histories are added to it, also to order 1 if
        it has several histories. `expected` must be 0 at these rows. The expected counts of unigrams are added to
        `unigrams`, float64[V].
        """
        cdef int64_t history, row, suffix
        cdef double share, count, empty = 0.0
        cdef const double* lower_masses
        cdef double* lower
        cdef Level* level
        cdef int k
        self.check_columns(expected, masses, shares)
        self.check_edges(firsts, ends)
        if unigrams.shape[0] != self.levels[0].n_rows:
            raise ValueError("other than one count for each unigram")
        with nogil:
            for k in range(self.order - 1, 0, -1):
                level = &self.levels[k]
                lower_masses = &masses[self.levels[k - 1].first_row]
                lower = &unigrams[0] if k == 1 else &expected[self.levels[k - 1].first_row]
                for history in range(firsts[k - 1], ends[k - 1]):
                    share = shares[level.first_history + history]
                    for row in range(level.starts[history], level.starts[history + 1]):
                        suffix = level.suffixes[row]
                        expected[level.first_row + row] += masses[level.first_row + row] * share
                        count = expected[level.first_row + row]
                        lower[suffix] += count - lower_masses[suffix] * share
                    if k == 1 and self.levels[0].n_histories == 1:
                        empty += share
                    else:
                        shares[self.levels[k - 1].first_history + level.parents[history]] += share
        return empty
