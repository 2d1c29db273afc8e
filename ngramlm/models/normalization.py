"""Back-off models as float64 columns whose distributions sum to 1, for functions that change a model.

Pruning, mixing and restricting the vocabulary choose which n-grams are stored, and with what probability. The back-off
weights follow, as the distribution after each history sums to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ngramlm.errors import EstimationError, EstimationWarning, UsageError, warn
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.columns import Columns
from ngramlm.text.vocabulary import BOS
from ngramlm.trie._trie import segment_sums, spread, take
from ngramlm.trie.trie import Level, NgramTrie
from ngramlm.types import Bools, Floats

__all__ = ["NormalizedColumns", "check_probabilities", "history_totals", "normalized_columns"]


# The tolerance of a sum of probabilities that were stored with few digits.
ROUNDING = 1e-4
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class NormalizedColumns:
    """A back-off model as float64 columns. Every distribution sums to 1.

    Attributes
    ----------
    trie : NgramTrie
        The n-grams.
    probs : tuple[numpy.ndarray, ...]
        float64[R] per order: the probabilities (not logarithms).
    weights : tuple[numpy.ndarray, ...]
        float64[H] per order from 2 on: the back-off weights; 0 if the stored words take the whole probability.
    """

    trie: NgramTrie
    probs: tuple[Floats, ...]
    weights: tuple[Floats, ...]

    def __post_init__(self) -> None:
        for column in (*self.probs, *self.weights):
            column.setflags(write=False)

    @classmethod
    def of(cls, columns: Columns) -> NormalizedColumns:
        """Normalize a model that was stored in float32, or in a file of few digits.

        If a distribution misses the sum 1 by rounding only, its history keeps its back-off weight, and its
        probabilities are scaled. (If rounded probabilities almost sum to 1, a weight computed from them is noise.) If
        the probabilities sum to less than 1/2, they are kept, and the weight is computed.

        If a distribution misses the sum 1 by more than rounding, the probabilities are kept too, and the weight is
        computed. An EstimationWarning says so.

        Raises
        ------
        EstimationError
            No word has a probability.
        """
        trie = columns.trie
        with np.errstate(under="ignore"):
            stored = [np.power(10.0, column.astype(np.float64)) for column in columns.log10_probs]
            claimed = [np.power(10.0, column.astype(np.float64)) for column in columns.log10_backoffs]
        probs, weights = [_unigrams(stored[0])], []
        n_events, n_wrong, worst = int(np.count_nonzero(probs[0])), 0, abs(float(stored[0].sum()) - 1)
        n_wrong += worst > ROUNDING
        for order in range(2, trie.order + 1):
            level = trie.level(order)
            given, covered = _sums(level, stored[order - 1], probs[-1])
            left = claimed[order - 2] * np.maximum(1 - covered, 0)
            off = np.abs(given + left - 1)
            wrong = (off > ROUNDING) & (given > 0)
            n_wrong += int(np.count_nonzero(wrong))
            worst = max(worst, float(off[wrong].max(initial=0.0)))
            scale = np.divide(1 - left, given, out=np.ones_like(given), where=~wrong & (given >= 0.5))
            column, weight = normalized(
                level, stored[order - 1] * spread(scale, level.starts), probs[-1], n_events
            )
            probs.append(column)
            weights.append(weight)
        if n_wrong:
            warn(
                f"found {n_wrong} histories whose probabilities do not sum to 1 (off by up to {worst:.2g}); their "
                "back-off weights are computed again",
                EstimationWarning,
            )
        return cls(trie, tuple(probs), tuple(weights))

    @classmethod
    def from_probs(cls, trie: NgramTrie, probs: Sequence[Floats]) -> NormalizedColumns:
        """Compute the back-off weights from the probabilities of the stored n-grams.

        The unigrams are scaled to the sum 1. If the stored words of a history take 1 or more, or no other word can take
        the rest, their probabilities are scaled to the sum 1, and the weight is 0.

        Raises
        ------
        EstimationError
            No word has a probability.
        """
        known, weights = [_unigrams(probs[0])], []
        n_events = int(np.count_nonzero(known[0]))
        for order in range(2, trie.order + 1):
            column, weight = normalized(trie.level(order), probs[order - 1], known[-1], n_events)
            known.append(column)
            weights.append(weight)
        return cls(trie, tuple(known), tuple(weights))

    @classmethod
    def from_masses(
        cls, trie: NgramTrie, masses: Sequence[Floats], weights: Sequence[Floats]
    ) -> NormalizedColumns:
        """Return the model p(w|h) = m(w|h) / Z(h) of a back-off table whose masses do not sum to one.

        If w is not stored after h, m(w|h) is the weight of h times m(w|h'). So Z(h) is the sum of m(w|h) over the
        stored words, plus the weight of h times (Z(h') - sum of m(w|h') over the same words). See Kneser, Peters &
        Klakow (1997).
        """
        # Z(h) of every history of an order.
        totals = np.array([masses[0].sum()])
        probs = [masses[0] / totals[0]]
        for order in range(2, trie.order + 1):
            level, own = trie.level(order), masses[order - 1]
            below = take(masses[order - 2], level.suffixes)
            totals, _ = history_totals(level, own, below, weights[order - 2], totals)
            divisors = np.where(totals > 0, totals, 1.0)
            probs.append(own / spread(divisors, level.starts))
        return cls.from_probs(trie, probs)

    def restrict(self, keep: Sequence[Bools]) -> NormalizedColumns:
        """Keep only the marked rows, with their probabilities.

        `keep` is bool[R] per order. The history and the suffix of a marked n-gram are marked too.
        """
        trie = self.trie.restrict(keep)
        probs = [column[mask] for column, mask in zip(self.probs, keep, strict=True)]
        return self.from_probs(trie, probs[: trie.order])

    def lower(self, order: int) -> Floats:
        """Return p(w|h') of every row, float64[R]. The trie contains the suffix of every n-gram."""
        return take(self.probs[order - 2], self.trie.level(order).suffixes)

    def row_sums(self, order: int) -> tuple[Floats, Floats]:
        """Return for every history the sums of p(w|h) and of p(w|h') over its rows, float64[H] each."""
        return _sums(self.trie.level(order), self.probs[order - 1], self.probs[order - 2])

    def stored(self) -> Columns:
        """Return the columns of a model, log10 in float32."""
        with np.errstate(divide="ignore"):
            log10_probs = [np.minimum(np.log10(column), 0).astype(np.float32) for column in self.probs]
            log10_backoffs = [np.log10(column).astype(np.float32) for column in self.weights]
        return Columns(self.trie, log10_probs, log10_backoffs)


def normalized_columns(model: BackoffModel) -> NormalizedColumns:
    """Normalize the columns of a back-off model of probabilities; raises UsageError for any other model."""
    check_probabilities(model)
    return NormalizedColumns.of(model.columns)


def check_probabilities(model: BackoffModel) -> None:
    """Raise UsageError unless a model is a back-off model of probabilities."""
    if not isinstance(model, BackoffModel):
        raise UsageError(
            f"found {type(model).__name__}; expected a BackoffModel (the kind of model that ARPA files hold)"
        )
    if not model.normalized:
        raise UsageError("found a model of scores that do not sum to 1; expected a model of probabilities")


def history_totals(
    level: Level, masses: Floats, below: Floats, weights: Floats, totals: Floats
) -> tuple[Floats, Floats]:
    """Compute Z(h) of the histories of an order, and the part of Z(h') of the words that are not stored after h.

    Parameters
    ----------
    level
        The order.
    masses, below
        float64[R]: m(w|h) and m(w|h') of every row.
    weights
        float64[H]: the back-off weights.
    totals
        float64: Z of the histories of the order below.

    Returns
    -------
    tuple
        Both columns, float64[H] each.
    """
    rest = np.maximum(totals[level.parents] - segment_sums(below, level.starts), 0.0)
    return segment_sums(masses, level.starts) + weights * rest, rest


def normalized(level: Level, probs: Floats, lower_probs: Floats, n_events: int) -> tuple[Floats, Floats]:
    """Return the probabilities and the back-off weights (1 - sum of p(w|h)) / (1 - sum of p(w|h')) of one order."""
    given, covered = _sums(level, probs, lower_probs)
    sizes = np.diff(level.starts).astype(np.float64)
    rounding = 4 * EPSILON * (sizes + 1)
    positive = sizes
    if not probs.all():
        positive = segment_sums((probs > 0).astype(np.float64), level.starts)
    left, free = 1 - given, 1 - covered
    full = (positive == n_events) | (free <= rounding) | (left <= rounding)
    weights = np.divide(left, free, out=np.zeros_like(left), where=~full)
    if full.any():
        # Division, because 1 / given could overflow.
        divisors = np.where(full & (given > 0), given, 1.0)
        # The stored words have the probability 0, and no other word can take the rest: use the lower order.
        nothing = full & (given == 0)
        probs = probs / spread(divisors, level.starts)
        if nothing.any():
            probs = np.where(
                spread(nothing.astype(np.float64), level.starts) > 0, take(lower_probs, level.suffixes), probs
            )
    return probs, weights


def _sums(level: Level, probs: Floats, lower_probs: Floats) -> tuple[Floats, Floats]:
    lower = take(lower_probs, level.suffixes)
    return segment_sums(probs, level.starts), segment_sums(lower, level.starts)


def _unigrams(probs: Floats) -> Floats:
    """Scale the unigrams to the sum 1, with 0 for ``<s>``."""
    probs = probs.copy()
    probs[BOS] = 0.0
    total = float(probs.sum())
    if not total > 0:
        raise EstimationError("found no word with a probability above 0; expected at least one")
    scaled: Floats = probs / total
    return scaled
