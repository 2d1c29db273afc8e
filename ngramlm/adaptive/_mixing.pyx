"""The probability of every token in a mixture, with weights that are fixed or change while a document is read.

`probs` is float64[components, tokens]; NaN says that a component abstains. Then the weights of the other components are
divided by their sum, and the token does not change the weight of the component that abstains.
"""
from libc.math cimport NAN, isnan, pow
from libc.stdint cimport int32_t, int64_t

import numpy as np

# The smallest factor of a prior that a token leaves of a weight, if weights are not kept for ever.
cdef double LEAST = 1e-6


cdef enum:
    MOST = 64                  # components


cdef struct Weights:
    int n
    double now[MOST]
    double share[MOST]         # part of each component in the probability of the last token


cdef inline double mix_token(const double[:, ::1] probs, int64_t i, Weights* weights) noexcept nogil:
    """Return the probability of a token, NaN if all components abstain; fill the shares."""
    cdef int j
    cdef double given = 0.0, known = 0.0, p
    for j in range(weights.n):
        p = probs[j, i]
        if isnan(p):
            weights.share[j] = weights.now[j]
        else:
            known += weights.now[j]
            weights.share[j] = weights.now[j] * p
            given += weights.share[j]
    if known <= 0:
        # All components with a weight abstain. The others share the weight equally.
        return mix_equally(probs, i, weights)
    for j in range(weights.n):
        if not isnan(probs[j, i]):
            weights.share[j] = weights.share[j] / given * known if given > 0 else weights.now[j]
    return given / known


cdef inline double mix_equally(const double[:, ::1] probs, int64_t i, Weights* weights) noexcept nogil:
    """Return the mean probability of the components that do not abstain."""
    cdef int j, n = 0
    cdef double given = 0.0
    for j in range(weights.n):
        weights.share[j] = weights.now[j]
        if not isnan(probs[j, i]):
            given += probs[j, i]
            n += 1
    return given / n if n else NAN


cdef int check(const double[:, ::1] probs, const double[::1] out, const int64_t[::1] starts) except -1:
    cdef int64_t k
    if not 1 <= probs.shape[0] <= MOST:
        raise ValueError(f"found {probs.shape[0]} components; expected 1 to {MOST}")
    if out.shape[0] != probs.shape[1]:
        raise ValueError("columns of different lengths")
    if starts.shape[0] < 1 or starts[0] != 0 or starts[starts.shape[0] - 1] != probs.shape[1]:
        raise ValueError("starts out of order")
    for k in range(starts.shape[0] - 1):
        if starts[k] > starts[k + 1]:
            raise ValueError("starts out of order")
    return 0


def mix_fixed(const double[:, ::1] probs not None, const double[:, ::1] weights not None,
              const int32_t[::1] buckets not None, double[::1] out not None):
    """Fill `out` with the probabilities; `weights` is float64[buckets, components], `buckets` int32[tokens]."""
    cdef int64_t i
    cdef int j
    cdef Weights now
    cdef bint valid = True
    check(probs, out, np.array([0, probs.shape[1]], np.int64))
    if weights.shape[1] != probs.shape[0] or buckets.shape[0] != probs.shape[1]:
        raise ValueError("columns of different lengths")
    now.n = <int> probs.shape[0]
    with nogil:
        for i in range(probs.shape[1]):
            if not 0 <= buckets[i] < weights.shape[0]:
                valid = False
                break
            for j in range(now.n):
                now.now[j] = weights[buckets[i], j]
            out[i] = mix_token(probs, i, &now)
    if not valid:
        raise ValueError("found a bucket without weights; expected numbers of the rows of weights")


def mix_recent(const double[:, ::1] probs not None, const int64_t[::1] starts not None,
               const double[::1] prior not None, int64_t window, double strength, double[::1] out not None):
    """Fill `out` with the probabilities under recent weights, and return the weights after the last token.

    The weight of a component is its mean share in the last `window` tokens (0 for all tokens). The prior counts as
    `strength` tokens. Weights return to the prior at every start.
    """
    cdef int64_t i, k, n, place
    cdef int j
    cdef Weights now
    check(probs, out, starts)
    if prior.shape[0] != probs.shape[0] or window < 0 or not strength > 0:
        raise ValueError("found a prior, window or strength that does not fit; expected one weight per component, 0 or "
                         "more, and above 0")
    now.n = <int> probs.shape[0]
    ring_out = np.zeros((window, now.n))
    sums_out = np.zeros(now.n)
    cdef double[:, ::1] ring = ring_out
    cdef double[::1] sums = sums_out
    with nogil:
        # For a table without tokens.
        begin(&now, prior)
        for k in range(starts.shape[0] - 1):
            begin(&now, prior)
            for j in range(now.n):
                sums[j] = 0.0
            n = 0
            for i in range(starts[k], starts[k + 1]):
                out[i] = mix_token(probs, i, &now)
                n += 1
                if window:
                    place = n % window
                    for j in range(now.n):
                        if n > window:
                            sums[j] -= ring[place, j]
                        ring[place, j] = now.share[j]
                for j in range(now.n):
                    sums[j] += now.share[j]
                normalize(&now, &prior[0], &sums[0], strength)
    return np.array([now.now[j] for j in range(now.n)])


cdef inline void begin(Weights* weights, const double[::1] prior) noexcept nogil:
    cdef int j
    for j in range(weights.n):
        weights.now[j] = prior[j]


cdef inline void normalize(Weights* weights, const double* prior, const double* sums, double strength) noexcept nogil:
    cdef int j
    cdef double total = 0.0
    for j in range(weights.n):
        weights.now[j] = strength * prior[j] + (sums[j] if sums[j] > 0 else 0.0)
        total += weights.now[j]
    for j in range(weights.n):
        weights.now[j] /= total


def mix_bayes(const double[:, ::1] probs not None, const int64_t[::1] starts not None,
              const double[::1] prior not None, double memory, double[::1] out not None):
    """Fill `out` with the probabilities under Bayesian weights, and return the weights after the last token.

    Each token multiplies the weight of a component by the probability that the component gave it. The product is raised
    to the power `memory` and multiplied by the prior to the power 1 - `memory`. Weights return to the prior at every
    start. If `memory` is below 1, a weight stays at LEAST of the prior or more, because a weight of 0 could not rise.
    """
    cdef int64_t i, k
    cdef int j
    cdef double total
    cdef Weights now
    check(probs, out, starts)
    if prior.shape[0] != probs.shape[0] or not 0 <= memory <= 1:
        raise ValueError("found a prior or memory that does not fit; expected one weight per component, and 0 to 1")
    now.n = <int> probs.shape[0]
    with nogil:
        # For a table without tokens.
        begin(&now, prior)
        for k in range(starts.shape[0] - 1):
            begin(&now, prior)
            for i in range(starts[k], starts[k + 1]):
                out[i] = mix_token(probs, i, &now)
                total = 0.0
                for j in range(now.n):
                    if memory < 1:
                        now.share[j] = pow(max(now.share[j], LEAST * prior[j]), memory) * pow(prior[j], 1.0 - memory)
                    now.now[j] = now.share[j]
                    total += now.now[j]
                for j in range(now.n):
                    now.now[j] /= total
    return np.array([now.now[j] for j in range(now.n)])
