"""Models by Church-Gale smoothing: adjusted counts of seen n-grams, and one count for each bucket of unseen ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.models.column_model import ColumnModel
from ngramlm.models.column_rules import ColumnRule, probabilities
from ngramlm.text.vocabulary import BOS, Vocabulary
from ngramlm.trie.events import Events, look_up
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats, Ints

if TYPE_CHECKING:
    from ngramlm.formats.archive import Archive

__all__ = ["BUCKETS_PER_DECADE", "BucketedOrder", "ChurchGaleModel", "bucket_keys"]

BUCKETS_PER_DECADE = 3
# the columns of an order, as files name them
BUCKETED = ("totals", "norms", "adjusted", "buckets", "unseen")
# three times the decades of float64
MAX_KEY = 1000
# an expected count at the edge of a bucket belongs to the upper one
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class BucketedOrder:
    """One order of a Church-Gale model.

    Attributes
    ----------
    totals : float64[H]
        The history totals c(h.); 0 for a history without counts.
    norms : float64[H]
        The sum of c* over all words after each history.
    adjusted : float64[R]
        The adjusted count c* of each row; NaN for a row without counts.
    first_key : int
        The key of the first of `buckets`.
    buckets : int64[K]
        The bucket of each key from `first_key` on.
    unseen : float64[B]
        The adjusted count c* of the unseen n-grams of each bucket.
    """

    totals: Floats
    norms: Floats
    adjusted: Floats
    first_key: int
    buckets: Ints
    unseen: Floats

    def __post_init__(self) -> None:
        for column in (self.totals, self.norms, self.adjusted, self.buckets, self.unseen):
            column.setflags(write=False)

    def unseen_counts(self, totals: Floats | float, lower: Floats) -> Floats:
        """Return the adjusted count c* of unseen words, from history totals and lower-order probabilities."""
        places = np.clip(bucket_keys(totals, lower) - self.first_key, 0, len(self.buckets) - 1)
        return self.unseen[self.buckets[places]]


class ChurchGaleModel(ColumnModel):
    """p(w|h) = c*(hw) / sum over v of c*(hv), where c* of an unseen word depends on c(h.) p(w|h').

    Parameters
    ----------
    vocabulary : Vocabulary
        The words.
    trie : NgramTrie
        The n-grams that were counted.
    unigrams : float64[V]
        The unigram probabilities p(w).
    orders : Sequence[BucketedOrder]
        The orders from 2 on.
    metadata : Mapping[str, str], optional
        How the model was made.
    """

    KIND: ClassVar[str] = "church-gale"

    def __init__(
        self,
        vocabulary: Vocabulary,
        trie: NgramTrie,
        unigrams: Floats,
        orders: Sequence[BucketedOrder],
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(vocabulary, trie, metadata)
        self.unigrams, self.orders = unigrams, tuple(orders)
        unigrams.setflags(write=False)

    def _probs(self, events: Events) -> Floats:
        probs = self.unigrams[events.words]
        for k, order in enumerate(self.orders, 1):
            rows, histories = events.rows[k], events.histories[k]
            known = np.flatnonzero((histories >= 0) & (probs > 0))
            known = known[order.totals[histories[known]] > 0]
            rows, histories = rows[known], histories[known]
            unseen = order.unseen_counts(order.totals[histories], probs[known])
            counts = look_up(order.adjusted, rows, np.nan)
            probs[known] = np.where(np.isnan(counts), unseen, counts) / order.norms[histories]
        return probs

    def _distribution(self, path: Sequence[int]) -> Floats:
        probs = self.unigrams.copy()
        for k, (order, history) in enumerate(zip(self.orders, path[1:], strict=False), 2):
            if order.totals[history] > 0:
                level = self.trie.level(k)
                rows = slice(*level.starts[history : history + 2])
                counts = np.zeros(len(probs))
                possible = probs > 0
                counts[possible] = order.unseen_counts(order.totals[history], probs[possible])
                seen = ~np.isnan(order.adjusted[rows])
                counts[level.words[rows][seen]] = order.adjusted[rows][seen]
                probs = counts / order.norms[history]
        return probs

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns that a file holds of the model, by name."""
        named: dict[str, NDArray[Any]] = {"unigrams": self.unigrams}
        for k, order in enumerate(self.orders, 2):
            named |= {f"{name}.{k}": getattr(order, name) for name in BUCKETED}
            named[f"first_key.{k}"] = np.array([order.first_key])
        return named

    @classmethod
    def schema(cls, archive: Archive) -> dict[str, ColumnRule]:
        """Return the rule of every column of a file."""
        rules = {"unigrams": probabilities(archive.trie.n_rows[0])}
        for k, level in enumerate(archive.trie.levels[1:], 2):
            rules |= {
                f"totals.{k}": ColumnRule("<f8", level.n_histories, 0),
                f"norms.{k}": ColumnRule("<f8", level.n_histories, 0),
                f"adjusted.{k}": ColumnRule("<f8", level.n_rows, 0, missing=True),
                f"first_key.{k}": ColumnRule("<i8", 1, -MAX_KEY, MAX_KEY),
                f"buckets.{k}": ColumnRule("<i8", None, 0),
                f"unseen.{k}": ColumnRule("<f8", None, 0),
            }
        return rules

    @classmethod
    def from_archive(cls, archive: Archive) -> ChurchGaleModel:
        """Return the model of a file whose columns keep the rules; raises ValueError if they do not fit together."""
        columns, trie, orders = archive.columns, archive.trie, []
        if columns["unigrams"][BOS] > 0:
            raise ValueError("<s> is predicted")
        for k in range(2, trie.order + 1):
            found = {name: columns[f"{name}.{k}"] for name in BUCKETED}
            if not len(found["buckets"]) or found["buckets"].max() >= len(found["unseen"]):
                raise ValueError("buckets without a count")
            if (found["norms"][found["totals"] > 0] <= 0).any():
                raise ValueError("histories without a sum")
            orders.append(BucketedOrder(**found, first_key=int(columns[f"first_key.{k}"][0])))
        return cls(archive.vocabulary, trie, columns["unigrams"], orders, archive.metadata)


def bucket_keys(totals: Floats | float, lower: Floats) -> Ints:
    """Return the key floor(3 log10(c(h.) p(w|h'))): three keys for each decade of the expected count.

    Examples
    --------
    >>> bucket_keys(10.0, np.array([0.1, 0.099, 0.5])).tolist()
    [0, -1, 2]
    """
    keys = np.floor(BUCKETS_PER_DECADE * np.log10(totals * lower) + ROUNDING)
    return keys.astype(np.int64)
