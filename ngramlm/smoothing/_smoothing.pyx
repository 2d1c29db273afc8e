"""Kernels of smoothing: discounted counts, the interpolated form, and the expectation step of Jelinek-Mercer."""
from libc.math cimport log
from libc.stdint cimport int32_t, int64_t

from ngramlm.core._constants cimport MAX_ORDER

import numpy as np

cdef extern from "_log10.h":
    void log10_floats "ngramlm_log10_floats"(const double* x, float* out, int64_t n, double most) noexcept nogil


def expected_uses(const double[:, ::1] ratios, const int32_t[:, ::1] places, const double[::1] weights,
                  const double[::1] base, const double[::1] event_weights):
    """Return (log-probability in nats, expected uses of each weight, expected chances of each weight) over events.

    Event i has the probability p_n with p_k = (1 - l) p_{k-1} + l ratios[i, k - 1], where l = weights[places[i, k - 1]]
    and p_0 = base[i]. A place of -1 gives p_k = p_{k-1}. Order k has a chance if no higher order produced the word. It
    is used with its share of p_k. Raises IndexError for a place outside the weights, and ValueError for an impossible
    event.
    """
    cdef int64_t i, n = ratios.shape[0], order = ratios.shape[1], k, n_weights = weights.shape[0]
    cdef double total = 0.0, p, weight, chance, share
    cdef double probs[MAX_ORDER + 1]
    cdef int32_t place
    cdef bint valid = True, possible = True
    if order > MAX_ORDER:
        raise ValueError(f"found {order} orders; expected at most {MAX_ORDER}")
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


cdef bint fitting(const int64_t[::1] starts, int64_t n_rows) noexcept nogil:
    """Return whether `starts` divide all rows among histories."""
    cdef int64_t h, n = starts.shape[0] - 1
    if n < 0 or starts[0] != 0 or starts[n] != n_rows:
        return False
    for h in range(n):
        if starts[h] > starts[h + 1]:
            return False
    return True


def subtract(const double[::1] counts, const int64_t[::1] starts, const double[::1] totals, const double[::1] discounts,
             const double[::1] repeats):
    """Return (max(c(hw) - D(c), 0) / c(h.) of every row, sum of D(c) / c(h.) of every history).

    D(c) is ``discounts[c]``, with c rounded down; the last discount holds for all larger counts. `repeats` has the
    number of equal rows that each row stands for; it is empty if each row stands for itself. Histories with a total of
    0 give NaN.
    """
    cdef int64_t h, i, n_rows = counts.shape[0], n = starts.shape[0] - 1, most = discounts.shape[0] - 1
    cdef double discount, taken
    cdef bint repeated = repeats.shape[0] > 0
    if most < 0 or totals.shape[0] != n or (repeated and repeats.shape[0] != n_rows) or not fitting(starts, n_rows):
        raise ValueError("columns that do not fit each other")
    seen_out, left_out = np.empty(n_rows), np.empty(n)
    cdef double[::1] seen = seen_out, left = left_out
    with nogil:
        for h in range(n):
            taken = 0.0
            for i in range(starts[h], starts[h + 1]):
                discount = discounts[most if not counts[i] < most else <int64_t> counts[i] if counts[i] > 0 else 0]
                taken += discount * repeats[i] if repeated else discount
                seen[i] = counts[i] - discount
                if not seen[i] > 0.0:
                    seen[i] = 0.0
                seen[i] /= totals[h]
            left[h] = taken / totals[h]
    return seen_out, left_out


def interpolate(const double[::1] seen, const double[::1] left, const int64_t[::1] starts, const double[::1] lower,
                const int32_t[::1] suffixes):
    """Return seen(hw) + left(h) p(w|h') of every row; p(w|h') is ``lower[suffix]``.

    Raises ValueError if the columns do not fit together, and IndexError for a suffix outside `lower`.
    """
    cdef int64_t h, i, n_rows = seen.shape[0], n = starts.shape[0] - 1
    cdef bint valid = True
    if left.shape[0] != n or suffixes.shape[0] != n_rows or not fitting(starts, n_rows):
        raise ValueError("columns that do not fit each other")
    out = np.empty(n_rows)
    cdef double[::1] probs = out
    with nogil:
        for h in range(n):
            for i in range(starts[h], starts[h + 1]):
                if not 0 <= suffixes[i] < lower.shape[0]:
                    valid = False
                    break
                probs[i] = seen[i] + left[h] * lower[suffixes[i]]
    if not valid:
        raise IndexError("a suffix outside the lower order")
    return out


def log10s(const double[::1] values, float[::1] out, double most):
    """Set out[i] to log10(values[i]), at most `most`; 0 gives minus infinity. All machines give the same bits."""
    if out.shape[0] != values.shape[0]:
        raise ValueError(f"found {out.shape[0]} places for logarithms; expected {values.shape[0]}")
    if values.shape[0]:
        with nogil:
            log10_floats(&values[0], &out[0], values.shape[0], most)
