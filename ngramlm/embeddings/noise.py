"""Random choices of word2vec: noise words, and which occurrences of frequent words are kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import UsageError
from ngramlm.types import Floats, Int32s, Ints

__all__ = ["SUBSAMPLE_RULES", "alias_table", "keep_probabilities"]

SUBSAMPLE_RULES = ("word2vec", "paper")


def alias_table(weights: Floats) -> tuple[NDArray[np.uint32], Int32s]:
    """Build a table that draws word i in proportion to ``weights[i]``, with one random number.

    Returns (thresholds uint32[V], aliases int32[V]). A draw takes a uniform index i and 32 random bits. The word is i
    if the bits are below ``thresholds[i]``, else ``aliases[i]``. Probabilities are exact to 2^-32 (Walker 1977, in the
    form of Vose 1991). Raises UsageError unless all weights are finite and 0 or more, and at least one is above 0.

    >>> thresholds, aliases = alias_table(np.array([3.0, 1.0]))
    >>> (thresholds / 2**32).tolist(), aliases.tolist()
    ([0.9999999997671694, 0.5], [0, 0])
    """
    n, total = len(weights), float(weights.sum()) if len(weights) else 0.0
    if not (np.isfinite(total) and total > 0 and (weights >= 0).all()):
        raise UsageError(
            "found weights of noise words that are negative, infinite or all zero; expected finite weights of 0 or more"
            " (noise_exponent)"
        )
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


def keep_probabilities(counts: Ints, threshold: float, rule: str = "word2vec") -> Floats:
    """Return float64[V]: the probability that an occurrence of each word is kept; a `threshold` of 0 keeps all.

    The rule of word2vec.c is min(1, sqrt(t/f) + t/f) for a word of relative frequency f. The rule "paper" has no second
    term: Mikolov et al. (2013, "Distributed representations", eq. 5) leave out 1 - sqrt(t/f).
    """
    if threshold == 0:
        return np.ones(len(counts))
    total = max(int(counts.sum()), 1)
    ratio = threshold * total / np.maximum(counts, 1)
    kept = np.sqrt(ratio)
    return np.asarray(np.minimum(1.0, kept + ratio if rule == "word2vec" else kept))
