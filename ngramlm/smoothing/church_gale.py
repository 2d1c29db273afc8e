"""Church-Gale smoothing: Good-Turing within buckets of n-grams that the lower order holds about equally likely."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number
from ngramlm.counts import NgramCounts
from ngramlm.errors import UsageError
from ngramlm.formats.archive import Archive
from ngramlm.models.column_model import ColumnModel, check_length
from ngramlm.smoothing.base import Smoothing
from ngramlm.smoothing.good_turing import adjusted_counts
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, Vocabulary
from ngramlm.trie._trie import segment_sums, spread
from ngramlm.trie.events import Events, look_up
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats, Int32s, Ints

__all__ = ["ChurchGale", "ChurchGaleModel"]

BUCKETS_PER_DECADE = 3
BUCKETED = ("totals", "norms", "adjusted", "buckets", "unseen")  # the columns of an order
MAX_KEY = 1000  # three times the decades of float64
ROUNDING = 1e-9  # an expected count at the edge of a bucket belongs to the upper one


@dataclass(frozen=True, eq=False)
class BucketedOrder:
    """What Church-Gale knows of one order.

    Attributes:
        totals: float64[H], c(h.); 0 for histories that nothing was counted after.
        norms: float64[H], the sum of c* over all words.
        adjusted: float64[R], c* of the rows; NaN for rows that nothing was counted for.
        first_key: the key of the first of `buckets`.
        buckets: int64[K], the bucket of each key from `first_key` on.
        unseen: float64[B], c* of the unseen n-grams of each bucket.
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
        """c* that unseen words with these lower probabilities have after histories with these totals."""
        places = np.clip(bucket_keys(totals, lower) - self.first_key, 0, len(self.buckets) - 1)
        return self.unseen[self.buckets[places]]


class ChurchGaleModel(ColumnModel):
    """p(w|h) = c*(hw) / sum over v of c*(hv), where the c* of an unseen word depends on c(h.) p(w|h').

    Args:
        vocabulary, trie, metadata: see `ColumnModel`.
        unigrams: float64[V], p(w).
        orders: what is known of the orders from 2 on.
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
        named: dict[str, NDArray[Any]] = {"unigrams": self.unigrams}
        for k, order in enumerate(self.orders, 2):
            named |= {f"{name}.{k}": getattr(order, name) for name in BUCKETED}
            named[f"first_key.{k}"] = np.array([order.first_key])
        return named

    @classmethod
    def from_archive(cls, archive: Archive) -> ChurchGaleModel:
        columns, trie, orders = archive.columns, archive.trie, []
        unigrams = check_length(columns["unigrams"], trie.n_rows[0], "unigrams", np.float64)
        if not ((unigrams >= 0) & (unigrams <= 1)).all() or unigrams[BOS] > 0:
            raise ValueError("probabilities outside 0 .. 1, or <s> predicted")
        if len(columns) != 1 + (len(BUCKETED) + 1) * (trie.order - 1):
            raise ValueError("columns of another kind of model")
        for k, level in enumerate(trie.levels[1:], 2):
            found = {name: columns[f"{name}.{k}"] for name in BUCKETED}
            lengths = {"totals": level.n_histories, "norms": level.n_histories, "adjusted": level.n_rows}
            for name, column in found.items():
                dtype = np.int64 if name == "buckets" else np.float64
                check_length(column, lengths.get(name, len(column)), name, dtype)
            first_key = check_length(columns[f"first_key.{k}"], 1, "first keys", np.int64)
            buckets = found["buckets"]
            if not len(buckets) or buckets.min() < 0 or buckets.max() >= len(found["unseen"]):
                raise ValueError("buckets without a count")
            if any(
                (column < 0).any() or np.isinf(column).any()
                for name, column in found.items()
                if name != "buckets"
            ) or any(np.isnan(found[name]).any() for name in ("totals", "norms", "unseen")):
                raise ValueError("negative, infinite or missing counts")
            if (found["norms"][found["totals"] > 0] <= 0).any():
                raise ValueError("histories without a sum")
            if not abs(int(first_key[0])) <= MAX_KEY:
                raise ValueError(f"the key {first_key[0]}, which no expected count has")
            orders.append(BucketedOrder(**found, first_key=int(first_key[0])))
        return cls(archive.vocabulary, trie, unigrams, orders, archive.metadata)


@dataclass(frozen=True, kw_only=True)
class ChurchGale(Smoothing):
    """p(w|h) = c*(hw) / sum over v of c*(hv), with c* by simple Good-Turing in the bucket of c(h.) p(w|h').

    Church & Gale (1991), in the form that Chen & Goodman (1999) give it: the expected count c(h.) p(w|h') of an n-gram
    says in which bucket it is, three for each decade, so that unseen n-grams differ by what the lower order thinks of
    them. Neighbouring buckets are joined, from the lowest up, until each has `min_seen` seen n-grams. Unigrams are
    smoothed by adding 1 to every count. Made for bigrams; order 3 applies the same to p(w|h') of the bigram model, and
    Chen & Goodman found it poor.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.text.text import Text
        >>> text = Text.from_sentences(["a b a c", "a b d", "c a b e"])
        >>> model = ChurchGale().fit(count(text, order=2))
        >>> round(float(model.distribution(["a"]).sum()), 6)
        1.0
    """

    name: ClassVar[str] = "church-gale"
    highest_order: ClassVar[int] = 3

    cuts_off: ClassVar[bool] = False

    min_seen: int = 25

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check(min_seen=Number(least=1, whole=True))

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> ChurchGaleModel:
        """The model, exact in float64; there is nothing to tune on held-out data.

        Raises UsageError above order 3, where the sums over all unseen n-grams cost too much.
        """
        if counts.order > self.highest_order:
            raise UsageError(
                f"found order {counts.order}; Church-Gale smoothing is for order 2, or 3 at most"
            )
        counts = self.usable_counts(counts, heldout)
        possible = self.base_distribution(counts) > 0
        unigrams = np.where(possible, counts.counts[0] + 1.0, 0.0)
        unigrams /= unigrams.sum()
        orders: list[BucketedOrder] = []
        for order in range(2, counts.order + 1):
            lower = _UnigramClasses(unigrams) if order == 2 else _BigramClasses(counts, unigrams, orders[0])
            if progress is not None:
                progress("estimating", order - 1, counts.order)
            orders.append(self._estimate(counts, order, lower))
        metadata = self.metadata(counts, [], tuned=False)
        return ChurchGaleModel(counts.vocabulary, counts.trie, unigrams, orders, metadata)

    def _estimate(
        self, counts: NgramCounts, order: int, lower: _UnigramClasses | _BigramClasses
    ) -> BucketedOrder:
        level, column = counts.trie.level(order), counts.counts[order - 1]
        totals = counts.history_totals(order)
        seen = column > 0
        row_keys = bucket_keys(spread(totals, level.starts)[seen], lower.of_rows(level.suffixes)[seen])
        groups, members = lower.histories(level.parents, totals)  # histories with the same pairs of keys
        first_key, pairs = _histogram(lower, groups)
        in_group = np.bincount(members[members >= 0], minlength=len(pairs)).astype(np.float64)
        n_pairs = in_group @ pairs
        n_seen = np.bincount(row_keys - first_key, minlength=pairs.shape[1])
        buckets = merged_buckets(n_seen, self.min_seen)
        row_buckets = buckets[row_keys - first_key]
        n_unseen = np.bincount(buckets, n_pairs - n_seen)
        adjusted = np.full(level.n_rows, np.nan)
        unseen = np.empty(len(n_unseen))
        values = column[seen]
        found = np.empty(len(values))
        for bucket in range(len(unseen)):
            inside = row_buckets == bucket
            found[inside], unseen[bucket] = adjusted_counts(None, values[inside], round(n_unseen[bucket]))
        adjusted[seen] = found
        words = pairs @ np.eye(len(unseen))[buckets]  # of every group, words in each bucket
        norms = np.where(members >= 0, (words @ unseen)[members], 0.0)
        extra = np.zeros(level.n_rows)
        extra[seen] = found - unseen[row_buckets]
        norms += segment_sums(extra, level.starts)
        return BucketedOrder(totals, norms, adjusted, first_key, buckets, unseen)


class _UnigramClasses:
    """p(w) as few different values: words with the same count have the same probability."""

    def __init__(self, unigrams: Floats) -> None:
        self.unigrams = unigrams
        self.values, self.numbers = np.unique(unigrams[unigrams > 0], return_counts=True)

    def of_rows(self, suffixes: Int32s) -> Floats:
        """The lower probability of every row."""
        return self.unigrams[suffixes]

    def histories(self, parents: Int32s, totals: Floats) -> tuple[Any, Ints]:
        """(a description of each group of histories whose words have the same keys, the group of every history)."""
        values, members = np.unique(totals, return_inverse=True)
        groups = np.flatnonzero(values > 0)
        return values[groups], np.where(totals > 0, members - groups[0], -1)

    def words(self, groups: Any) -> Iterator[tuple[Ints, Floats]]:
        """For every group, the keys of its words and how many words have each (keys may repeat)."""
        for total in groups.tolist():
            yield bucket_keys(total, self.values), self.numbers.astype(np.float64)


class _BigramClasses:
    """p(w|h') of the bigram model: the rows of h' one by one, and the words unseen after h' by their bigram bucket."""

    def __init__(self, counts: NgramCounts, unigrams: Floats, bigrams: BucketedOrder) -> None:
        level = counts.trie.level(2)
        self.level, self.bigrams = level, bigrams
        possible = unigrams > 0
        self.values, classes, self.numbers = np.unique(
            unigrams[possible], return_inverse=True, return_counts=True
        )
        self.class_of_word = np.full(len(unigrams), -1, np.int64)
        self.class_of_word[possible] = classes
        totals, lower = spread(bigrams.totals, level.starts), unigrams[level.suffixes]
        counted = ~np.isnan(bigrams.adjusted)
        unseen = bigrams.unseen_counts(totals, np.maximum(lower, 1e-300))
        with np.errstate(invalid="ignore", divide="ignore"):
            probs = np.where(counted, bigrams.adjusted, unseen) / spread(bigrams.norms, level.starts)
        self.probs = np.where(totals > 0, probs, lower)

    def of_rows(self, suffixes: Int32s) -> Floats:
        return self.probs[suffixes]

    def histories(self, parents: Int32s, totals: Floats) -> tuple[Any, Ints]:
        pairs, members = np.unique(np.column_stack([parents, totals]), axis=0, return_inverse=True)
        used = pairs[:, 1] > 0
        number = np.where(used, np.cumsum(used) - 1, -1)
        return pairs[used], number[members.reshape(-1)]

    def words(self, groups: Any) -> Iterator[tuple[Ints, Floats]]:
        parent, lower, numbers = -1, np.empty(0), np.empty(0)
        for history, total in groups.tolist():
            if history != parent:
                parent = int(history)
                lower, numbers = self._after(parent)
            yield bucket_keys(total, lower), numbers

    def _after(self, history: int) -> tuple[Floats, Floats]:
        """The different probabilities of all words after a history, and how many words have each."""
        rows = slice(*self.level.starts[history : history + 2])
        if not self.bigrams.totals[history] > 0:
            return self.values, self.numbers.astype(np.float64)
        left = self.numbers.astype(np.float64)
        np.subtract.at(left, self.class_of_word[self.level.words[rows]], 1.0)
        unseen = self.bigrams.unseen_counts(self.bigrams.totals[history], self.values)
        counts, places = np.unique(unseen, return_inverse=True)
        lower = np.concatenate([self.probs[rows], counts / self.bigrams.norms[history]])
        numbers = np.concatenate([np.ones(rows.stop - rows.start), np.bincount(places, left)])
        return lower[numbers > 0], numbers[numbers > 0]


def bucket_keys(totals: Floats | float, lower: Floats) -> Ints:
    """floor(3 log10(c(h.) p(w|h'))): three buckets for each decade of the expected count.

    >>> bucket_keys(10.0, np.array([0.1, 0.099, 0.5])).tolist()
    [0, -1, 2]
    """
    keys = np.floor(BUCKETS_PER_DECADE * np.log10(totals * lower) + ROUNDING)
    return keys.astype(np.int64)


def merged_buckets(n_seen: Ints, least: int) -> Ints:
    """The bucket of each key: from the lowest up, one is closed as soon as it has `least` seen n-grams.

    >>> merged_buckets(np.array([1, 2, 0, 5, 1]), 3).tolist()
    [0, 0, 1, 1, 1]
    """
    buckets = np.empty(len(n_seen), np.int64)
    bucket = filled = 0
    for place, number in enumerate(n_seen.tolist()):
        buckets[place] = bucket
        filled += number
        if filled >= least:
            bucket, filled = bucket + 1, 0
    return np.minimum(buckets, max(0, bucket - 1))


def _histogram(lower: _UnigramClasses | _BigramClasses, groups: Any) -> tuple[int, Floats]:
    """(first key, float64[G, K]: how many words of each group of histories have each key)."""
    most = math.log10(max(float(np.max(groups[:, 1] if groups.ndim == 2 else groups)), 1.0))
    first, last = -BUCKETS_PER_DECADE * 20, BUCKETS_PER_DECADE * math.ceil(most + 1)
    pairs = np.zeros((len(groups), last - first + 1))
    for place, (keys, numbers) in enumerate(lower.words(groups)):
        pairs[place] = np.bincount(keys - first, numbers, pairs.shape[1])
    used = np.flatnonzero(pairs.any(axis=0))
    return first + int(used[0]), np.ascontiguousarray(pairs[:, used[0] : used[-1] + 1])
