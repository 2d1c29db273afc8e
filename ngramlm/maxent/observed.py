"""The events of a text: the counts of each feature, and the number of events after each history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ngramlm.counts import NgramCounts
from ngramlm.errors import EstimationError
from ngramlm.models.matching import Matches
from ngramlm.trie._trie import segment_sums
from ngramlm.trie.events import look_up
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Bools, Floats

__all__ = ["Observed"]

# counts above 2^53 are not exact in float64
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Observed:
    """The events of some counts. Every event belongs to its longest history only.

    Each occurrence of an n-gram of the highest order is an event. An occurrence of a shorter n-gram is an event if no
    longer n-gram ends with it: if its history begins with ``<s>``, or the longer n-gram was left out.

    Attributes
    ----------
    trie : NgramTrie
        The n-grams.
    counts : tuple of float64[R]
        The number of events in which the feature of each n-gram is active, per order.
    weights : tuple of float64[H]
        The number of events of each history, per order.
    features : tuple of bool[R]
        Whether an n-gram is a feature, per order: it has a count, and no cut-off drops it.

    Examples
    --------
    >>> from ngramlm.counts import count
    >>> from ngramlm.text.text import Text
    >>> observed = Observed.of(count(Text.from_sentences(["a b", "a c"]), order=2))
    >>> observed.n_events, observed.counts[1].tolist(), observed.weights[1].tolist()
    (6.0, [2.0, 1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 1.0, 1.0])
    """

    trie: NgramTrie
    counts: tuple[Floats, ...]
    weights: tuple[Floats, ...]
    features: tuple[Bools, ...]

    @classmethod
    def of(cls, counts: NgramCounts) -> Observed:
        """Derive the events of some counts; raises EstimationError if an n-gram has a higher count than its suffix."""
        kept = [counts.kept(order) for order in range(1, counts.order + 1)]
        return cls._of(counts.trie, [column.astype(np.float64) for column in counts.counts], kept)

    @classmethod
    def within(cls, counts: NgramCounts, trie: NgramTrie) -> Observed:
        """Derive the events of some counts, among the n-grams of a larger trie over the same vocabulary."""
        matches = Matches(trie, counts.trie, np.arange(len(counts.vocabulary), dtype=np.int32))
        columns, kept = [], []
        for order, rows in enumerate(matches.rows, 1):
            own = counts.kept(order) if order <= counts.order else None
            values = counts.counts[order - 1].astype(np.float64) if order <= counts.order else np.empty(0)
            columns.append(look_up(values, rows, 0.0))
            kept.append(None if own is None else look_up(own, rows, False))
        return cls._of(trie, columns, kept)

    @classmethod
    def _of(cls, trie: NgramTrie, columns: Sequence[Floats], kept: Sequence[Bools | None]) -> Observed:
        weights, features = [], []
        for order, level in enumerate(trie.levels, 1):
            events = columns[order - 1].copy()
            if order < trie.order:
                events -= np.bincount(trie.level(order + 1).suffixes, columns[order], len(events))
            if (events < -ROUNDING * columns[order - 1]).any():
                raise EstimationError(
                    f"found n-grams of order {order + 1} that occur more often than their suffixes; expected the "
                    "counts of a text"
                )
            weights.append(segment_sums(np.maximum(events, 0.0), level.starts))
            seen, mask = columns[order - 1] > 0, kept[order - 1]
            features.append(seen if mask is None else seen & mask)
        return cls(trie, tuple(columns), tuple(weights), tuple(features))

    @property
    def n_events(self) -> float:
        """The number of events."""
        return float(sum(column.sum() for column in self.weights))

    @property
    def n_features(self) -> int:
        """The number of features."""
        return sum(int(np.count_nonzero(mask)) for mask in self.features)
