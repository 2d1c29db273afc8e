"""Sums of the distributions of a model: the check that a file holds probabilities."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ngramlm.models.backoff import BackoffModel
from ngramlm.models.columns import Columns
from ngramlm.models.language_model import LanguageModel
from ngramlm.models.ngram_model import NgramModel
from ngramlm.models.normalization import history_totals
from ngramlm.text.vocabulary import BOS, BOS_WORD
from ngramlm.trie._trie import take
from ngramlm.trie.trie import NgramTrie

__all__ = ["LargestSum", "largest_sum"]

# A part of a distribution below this is the rounding of stored logarithms. A back-off weight could make it large.
ROUNDING = 1e-6
# The largest sum that is computed.
LARGEST = 1e300
# The number of distributions of each order that are computed, for a model that is not a table.
SAMPLED = 20


class LargestSum(NamedTuple):
    """The largest sum of probabilities, and its history.

    Attributes
    ----------
    total : float
        The sum, at most `LARGEST`.
    history : tuple[str, ...]
        The words of the history, oldest first.
    """

    total: float
    history: tuple[str, ...]


def largest_sum(model: LanguageModel) -> LargestSum:
    """Return the largest sum of the probabilities of all words after one history.

    Parameters
    ----------
    model : LanguageModel
        The model. All histories of a back-off model are tried, and a sample of those of another model.
    """
    if isinstance(model, BackoffModel):
        total, order, number = _of_columns(model.columns)
        words = model.trie.history_words(order)[number] if order > 1 else ()
        return LargestSum(total, tuple(model.vocabulary.words(words)))
    histories = [(), (BOS_WORD,)]
    if isinstance(model, NgramModel) and isinstance(trie := getattr(model, "trie", None), NgramTrie):
        for order in range(2, trie.order + 1):
            known = trie.history_words(order)
            histories += [tuple(model.vocabulary.words(ids)) for ids in known[:: len(known) // SAMPLED + 1]]
    return max(LargestSum(_of_distribution(model, history), history) for history in histories)


def _of_columns(columns: Columns) -> tuple[float, int, int]:
    """Return the largest sum, and the order and number of its history."""
    trie = columns.trie
    with np.errstate(over="ignore", under="ignore"):
        below = np.power(10.0, columns.log10_probs[0].astype(np.float64))
        below[BOS] = 0.0
        totals = np.array([below.sum()])
        largest = float(totals[0]), 1, 0
        for order in range(2, trie.order + 1):
            level = trie.level(order)
            probs = np.power(10.0, columns.log10_probs[order - 1].astype(np.float64))
            weights = np.power(10.0, columns.log10_backoffs[order - 2].astype(np.float64))
            nothing = np.zeros(level.n_histories)
            seen, rest = history_totals(level, probs, take(below, level.suffixes), nothing, totals)
            totals = seen + np.multiply(weights, rest, out=nothing, where=rest > ROUNDING)
            # an infinite sum would give NaN in the next order
            totals = np.minimum(totals, LARGEST)
            worst = int(totals.argmax())
            largest = max(largest, (float(totals[worst]), order, worst))
            below = probs
    return largest


def _of_distribution(model: LanguageModel, history: tuple[str, ...]) -> float:
    with np.errstate(all="ignore"):
        total = float(model.distribution(history).sum())
    return total if total < LARGEST else LARGEST
