"""What is drawn while vectors are trained: noise words, and which occurrences of frequent words are kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import UsageError

__all__ = ["alias_table", "keep_probabilities"]

Float64s = NDArray[np.float64]


def alias_table(weights: Float64s) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Thresholds uint32[V] and aliases int32[V] that draw word i in proportion to ``weights[i]``, by one random number.

    A place i is drawn uniformly and 32 bits with it: below ``thresholds[i]`` it is word i, else word ``aliases[i]``.
    Probabilities are exact to 2^-32 (Walker 1977, in the form of Vose 1991). Raises UsageError unless there is a finite
    weight above 0 and none below.

    >>> thresholds, aliases = alias_table(np.array([3.0, 1.0]))
    >>> (thresholds / 2**32).tolist(), aliases.tolist()
    ([0.9999999997671694, 0.5], [0, 0])
    """
    n, total = len(weights), float(weights.sum()) if len(weights) else 0.0
    if not (np.isfinite(total) and total > 0 and (weights >= 0).all()):
        raise UsageError("found weights of noise words that are negative, all zero, or no numbers")
    scaled = (weights * (n / total)).tolist()
    aliases = list(range(n))
    small = [i for i, share in enumerate(scaled) if share < 1]
    large = [i for i, share in enumerate(scaled) if share >= 1]
    kept = [1.0] * n
    while small and large:
        i, donor = small.pop(), large.pop()
        kept[i], aliases[i] = scaled[i], donor
        scaled[donor] = (scaled[donor] + scaled[i]) - 1
        (small if scaled[donor] < 1 else large).append(donor)
    thresholds = np.minimum(np.round(np.array(kept) * 2.0**32), 2.0**32 - 1)
    return thresholds.astype(np.uint32), np.array(aliases, np.int32)


def keep_probabilities(counts: NDArray[np.int64], threshold: float) -> Float64s:
    """The probability that an occurrence of each word is trained on, float64[V]; a `threshold` of 0 keeps all.

    min(1, sqrt(t/f) + t/f) for a word of relative frequency f: the rule of word2vec.c, which differs from that of
    Mikolov et al. (2013, "Distributed representations", eq. 5) by the second term.
    """
    if threshold == 0:
        return np.ones(len(counts))
    total = max(int(counts.sum()), 1)
    ratio = threshold * total / np.maximum(counts, 1)
    return np.minimum(1.0, np.sqrt(ratio) + ratio)
