"""Kernels of smoothing: the expectation step of Jelinek and Mercer's weights."""
from libc.math cimport log
from libc.stdint cimport int32_t, int64_t

import numpy as np

cdef enum:
    MOST_ORDERS = 16


def expected_uses(const double[:, ::1] ratios, const int32_t[:, ::1] places, const double[::1] weights,
                  const double[::1] base, const double[::1] event_weights):
    """(log-probability in nats, expected uses of each weight, expected chances of it) over events.

    Event i has probability p_n with p_k = (1 - l) p_{k-1} + l ratios[i, k - 1], where l = weights[places[i, k - 1]] (a
    place of -1 leaves p_k = p_{k-1}) and p_0 = base[i]. Walking back from the highest order, order k is reached with the
    chance that no higher one produced the word, and used with its share of p_k. Raises IndexError for a place outside
    the weights, ValueError for an event that is impossible.
    """
    cdef int64_t i, n = ratios.shape[0], order = ratios.shape[1], k, n_weights = weights.shape[0]
    cdef double total = 0.0, p, weight, chance, share
    cdef double probs[MOST_ORDERS + 1]
    cdef int32_t place
    cdef bint valid = True, possible = True
    if order > MOST_ORDERS:
        raise ValueError("more orders than there can be")
    if places.shape[0] != n or places.shape[1] != order or base.shape[0] != n or event_weights.shape[0] != n:
        raise ValueError("columns of different lengths")
    uses_out = np.zeros(n_weights)
    chances_out = np.zeros(n_weights)
    cdef double[::1] uses = uses_out, chances = chances_out
    with nogil:
        for i in range(n):
            p = probs[0] = base[i]
            for k in range(order):
                place = places[i, k]
                if place >= n_weights or place < -1:
                    valid = False
                    break
                if place >= 0:
                    weight = weights[place]
                    p = (1.0 - weight) * p + weight * ratios[i, k]
                probs[k + 1] = p
            if not valid:
                break
            if not p > 0.0:
                possible = False
                break
            total += event_weights[i] * log(p)
            chance = event_weights[i]
            for k in range(order - 1, -1, -1):
                place = places[i, k]
                if place < 0:
                    continue
                share = weights[place] * ratios[i, k] / probs[k + 1]
                uses[place] += chance * share
                chances[place] += chance
                chance *= 1.0 - share
    if not valid:
        raise IndexError("a place outside the weights")
    if not possible:
        raise ValueError("an event of probability 0")
    return total, uses_out, chances_out
