"""Kernel of exponential models with few outcomes: every context has ranges of features, each for one outcome."""
from libc.math cimport exp, log
from libc.stdint cimport int32_t, int64_t

import numpy as np


def softmax(const int64_t[::1] starts, const int64_t[:, ::1] ranges, const int32_t[::1] outcomes,
            const double[::1] lambdas, const double[::1] base, const double[::1] weights, const int32_t[::1] wanted,
            double[::1] probs, double[::1] expected):
    """Return the sum of log Z, in nats, over contexts that occur `weights` times.

    Parameters
    ----------
    starts
        int64[N + 1]: the first range of every context, and the number of ranges.
    ranges
        int64[G, 2]: the first feature and the end of every range.
    outcomes
        int32[F]: the outcome of every feature.
    lambdas
        float64[F]: the weights of the features.
    base
        float64[C]: the factor of every outcome without features.
    weights
        float64[N]: the number of events of every context.
    wanted, probs
        int32[N] and float64[N]: `probs` is filled with the probability of the wanted outcome. Or both are empty.
    expected
        float64[F]: the expected count of every feature is added to it. Or it is empty.

    Raises ValueError if the columns do not fit together.
    """
    cdef int64_t n = starts.shape[0] - 1, n_features = outcomes.shape[0], n_outcomes = base.shape[0]
    cdef int64_t context, at, feature, i
    cdef bint want_probs = probs.shape[0] > 0, want_expected = expected.shape[0] > 0
    cdef double total = 0.0, z, share
    if n < 0 or starts[0] != 0 or starts[n] != ranges.shape[0] or ranges.shape[1] != 2 or weights.shape[0] != n:
        raise ValueError("contexts that do not have all the ranges")
    if lambdas.shape[0] != n_features or (want_expected and expected.shape[0] != n_features):
        raise ValueError("other than one value for each feature")
    if wanted.shape[0] != probs.shape[0] or (want_probs and probs.shape[0] != n):
        raise ValueError("other than one outcome for each context")
    for i in range(n):
        if starts[i] > starts[i + 1]:
            raise ValueError("contexts that do not have all the ranges")
    for i in range(ranges.shape[0]):
        if not 0 <= ranges[i, 0] <= ranges[i, 1] <= n_features:
            raise ValueError("a range outside the features")
    for i in range(n_features):
        if not 0 <= outcomes[i] < n_outcomes:
            raise ValueError("an outcome out of range")
    for i in range(wanted.shape[0]):
        if not 0 <= wanted[i] < n_outcomes:
            raise ValueError("an outcome out of range")
    cdef double[::1] scores = np.zeros(n_outcomes)
    with nogil:
        for context in range(n):
            for i in range(n_outcomes):
                scores[i] = 0.0
            for at in range(starts[context], starts[context + 1]):
                for feature in range(ranges[at, 0], ranges[at, 1]):
                    scores[outcomes[feature]] += lambdas[feature]
            z = 0.0
            for i in range(n_outcomes):
                scores[i] = base[i] * exp(scores[i])
                z += scores[i]
            total += weights[context] * log(z)
            if want_probs:
                probs[context] = scores[wanted[context]] / z
            if want_expected:
                share = weights[context] / z
                for at in range(starts[context], starts[context + 1]):
                    for feature in range(ranges[at, 0], ranges[at, 1]):
                        expected[feature] += share * scores[outcomes[feature]]
    return total
