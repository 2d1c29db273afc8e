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


ROUNDING = 1e-4  # of a sum of probabilities that were stored with few digits
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class NormalizedColumns:
    """A back-off model as float64 columns, every distribution of which sums to one.

    Attributes:
        trie: the n-grams.
        probs: float64[R] per order, probabilities (not logarithms).
        weights: float64[H] per order from 2 on, back-off weights; 0 where the stored words take everything.
    """

    trie: NgramTrie
    probs: tuple[Floats, ...]
    weights: tuple[Floats, ...]

    def __post_init__(self) -> None:
        for column in (*self.probs, *self.weights):
            column.setflags(write=False)

    @classmethod
    def of(cls, columns: Columns) -> NormalizedColumns:
        """The normalized model nearest to one that was stored in float32, or in a file of few digits.

        A history that misses 1 by rounding only keeps its back-off weight, and its probabilities are scaled (a weight
        recomputed from rounded probabilities would be noise where they almost add up to 1), unless they are the small
        part. Where it misses by more, with an EstimationWarning, the probabilities are right and the weight is not.
        Raises EstimationError when no word has a probability.
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
                f"found {n_wrong} histories whose probabilities add up to something else than 1 (off by up to "
                f"{worst:.2g}); their back-off weights are computed anew",
                EstimationWarning,
            )
        return cls(trie, tuple(probs), tuple(weights))

    @classmethod
    def from_probs(cls, trie: NgramTrie, probs: Sequence[Floats]) -> NormalizedColumns:
        """With the back-off weights that follow from the probabilities of the n-grams stored.

        The unigrams are scaled to 1. Where the stored words of a history take 1 or more, or no other word is left to
        take the rest, they are scaled to 1 and the weight is 0. Raises EstimationError when no word has a probability.
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
        """The model p(w|h) = m(w|h) / Z(h) of a back-off table whose masses do not sum to one.

        Where w is not stored after h, m(w|h) is the weight of h times m(w|h'). So Z(h) is the sum of m(w|h) over the
        stored words and the weight of h times Z(h') without m(w|h') of these (Kneser, Peters & Klakow 1997).
        """
        totals = np.array([masses[0].sum()])  # Z of every history of an order
        probs = [masses[0] / totals[0]]
        for order in range(2, trie.order + 1):
            level, own = trie.level(order), masses[order - 1]
            below = take(masses[order - 2], level.suffixes)
            totals, _ = history_totals(level, own, below, weights[order - 2], totals)
            divisors = np.where(totals > 0, totals, 1.0)
            probs.append(own / spread(divisors, level.starts))
        return cls.from_probs(trie, probs)

    def restrict(self, keep: Sequence[Bools]) -> NormalizedColumns:
        """Only the marked rows, with their probabilities; `keep` is a closed mask per order."""
        trie = self.trie.restrict(keep)
        probs = [column[mask] for column, mask in zip(self.probs, keep, strict=True)]
        return self.from_probs(trie, probs[: trie.order])

    def lower(self, order: int) -> Floats:
        """p(w|h') of every row, float64[R]: it is stored, as the trie is closed."""
        return take(self.probs[order - 2], self.trie.level(order).suffixes)

    def row_sums(self, order: int) -> tuple[Floats, Floats]:
        """For every history the sums of its rows' p(w|h) and p(w|h'), float64[H] each."""
        return _sums(self.trie.level(order), self.probs[order - 1], self.probs[order - 2])

    def stored(self) -> Columns:
        """The columns of a model, log10 in float32."""
        with np.errstate(divide="ignore"):
            log10_probs = [np.minimum(np.log10(column), 0).astype(np.float32) for column in self.probs]
            log10_backoffs = [np.log10(column).astype(np.float32) for column in self.weights]
        return Columns(self.trie, log10_probs, log10_backoffs)


def normalized_columns(model: BackoffModel) -> NormalizedColumns:
    """The columns of a back-off model of probabilities; raises UsageError for any other model."""
    check_probabilities(model)
    return NormalizedColumns.of(model.columns)


def check_probabilities(model: BackoffModel) -> None:
    """Raise UsageError unless a model is a back-off model of probabilities."""
    if not isinstance(model, BackoffModel):
        raise UsageError(f"found {type(model).__name__}; expected a BackoffModel, as ARPA files hold them")
    if not model.normalized:
        raise UsageError("found a model of scores that do not add up to 1; expected one of probabilities")


def history_totals(
    level: Level, masses: Floats, below: Floats, weights: Floats, totals: Floats
) -> tuple[Floats, Floats]:
    """(Z(h) of the histories of an order, and what of Z(h') their stored words leave), float64[H] each.

    `masses` are m(w|h) of the rows and `below` m(w|h'), `weights` those of backing off, `totals` Z of the order below.
    """
    rest = np.maximum(totals[level.parents] - segment_sums(below, level.starts), 0.0)
    return segment_sums(masses, level.starts) + weights * rest, rest


def normalized(level: Level, probs: Floats, lower_probs: Floats, n_events: int) -> tuple[Floats, Floats]:
    """(probabilities, back-off weights) of one order: (1 - sum of p(w|h)) / (1 - sum of p(w|h')) over stored w."""
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
        divisors = np.where(full & (given > 0), given, 1.0)  # 1 / given could overflow
        nothing = full & (
            given == 0
        )  # all that is stored has no probability, and nothing else could have any
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
    """Scaled to 1, without ``<s>``, which is never predicted."""
    probs = probs.copy()
    probs[BOS] = 0.0
    total = float(probs.sum())
    if not total > 0:
        raise EstimationError("found no word with a probability; expected at least one")
    scaled: Floats = probs / total
    return scaled
