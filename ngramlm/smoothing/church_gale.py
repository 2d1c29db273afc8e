"""Church-Gale smoothing: Good-Turing estimates within buckets of n-grams with similar expected counts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number, keep_checked
from ngramlm.counts import NgramCounts
from ngramlm.errors import EstimationError, UsageError
from ngramlm.models.estimates import OrderEstimates
from ngramlm.smoothing.base import Smoothing
from ngramlm.smoothing.buckets import merged_buckets
from ngramlm.smoothing.church_gale_model import (
    BUCKETS_PER_DECADE,
    BucketedOrder,
    ChurchGaleModel,
    bucket_keys,
)
from ngramlm.smoothing.good_turing import adjusted_counts
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import UNK
from ngramlm.trie._trie import segment_sums, spread
from ngramlm.types import Floats, Int32s, Ints

__all__ = ["ChurchGale"]

# the delta of unigrams without a value from the user or from held-out text
DEFAULT_DELTA = 1.0
# the range of the search for delta, and the precision of its logarithm
MIN_DELTA, MAX_DELTA = 1e-3, 1e3
PRECISION = 0.1
TINY = 1e-300


@dataclass(frozen=True, kw_only=True)
class ChurchGale(Smoothing):
    """Church-Gale smoothing: p(w|h) = c*(hw) / sum over v of c*(hv), with simple Good-Turing counts c* in each bucket.

    The expected count c(h.) p(w|h') of an n-gram decides its bucket. There are three buckets for each decade, so unseen
    n-grams differ by their lower-order probability. Neighboring buckets are joined, from the lowest up, until each has
    `min_seen` seen n-grams. Unigrams are smoothed by adding `unigram_delta` to every count.

    The method was made for bigrams. Order 3 applies it to p(w|h') of the bigram model, which Chen & Goodman found poor.

    Parameters
    ----------
    min_seen : int, default 25
        The smallest number of seen n-grams in a bucket.
    unigram_delta : float, optional
        The number that is added to the count of every word. By default held-out text chooses it; without held-out text
        it is 1.
    closed : bool, default False
        Whether the vocabulary is closed.

    References
    ----------
    Church & Gale (1991), "A comparison of the enhanced Good-Turing and deleted estimation methods for estimating
    probabilities of English bigrams"; in the form of Chen & Goodman (1999).

    Examples
    --------
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
    unigram_delta: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        delta = Number(least=0, above=True, most=1e12, optional=True)
        keep_checked(self, {"min_seen": Number(least=1, whole=True), "unigram_delta": delta})

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> ChurchGaleModel:
        """Estimate the model, exact in float64. Held-out text chooses the delta of the unigrams, unless it is given.

        The parameters are those of `Smoothing.fit`.

        Raises
        ------
        UsageError
            If the order is above 3, where the sums over all unseen n-grams cost too much.
        EstimationError
            If nothing was counted, or the held-out text has no word that can be predicted.
        """
        if counts.order > self.highest_order:
            raise UsageError(
                f"found order {counts.order}; expected order {self.highest_order} at most for Church-Gale smoothing"
            )
        counts = self.usable_counts(counts, heldout)
        if self.unigram_delta is None and heldout is not None:
            tuned = self._tuned(counts, heldout.over(counts.vocabulary), progress)
            return tuned._model(counts, progress, tuned=True)
        return self._model(counts, progress)

    def _tuned(self, counts: NgramCounts, heldout: Text, progress: Progress | None) -> ChurchGale:
        """Choose the delta under which the whole model makes the held-out text most probable."""
        from scipy.optimize import minimize_scalar

        events = heldout.predicted != UNK if self.closed else np.ones(heldout.n_tokens, bool)
        if not events.any():
            raise EstimationError("found no event in the held-out text; expected at least one")
        steps = 0

        def loss(log_delta: float) -> float:
            nonlocal steps
            steps += 1
            if progress is not None:
                progress("tuning", steps, None)
            model = replace(self, unigram_delta=_three_digits(math.exp(log_delta)))._model(counts)
            found = np.maximum(model.log10_probs(heldout)[events], math.log10(TINY))
            return -float(found.mean())

        bounds = math.log(MIN_DELTA), math.log(MAX_DELTA)
        found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": PRECISION})
        best = min(float(found.x), math.log(DEFAULT_DELTA), key=loss)
        return replace(self, unigram_delta=_three_digits(math.exp(best)))

    def _model(
        self, counts: NgramCounts, progress: Progress | None = None, tuned: bool = False
    ) -> ChurchGaleModel:
        """Estimate the model with a given delta."""
        delta = DEFAULT_DELTA if self.unigram_delta is None else self.unigram_delta
        possible = self.base_distribution(counts) > 0
        unigrams = np.where(possible, counts.counts[0] + delta, 0.0)
        unigrams /= unigrams.sum()
        orders: list[BucketedOrder] = []
        for order in range(2, counts.order + 1):
            lower = _UnigramClasses(unigrams) if order == 2 else _BigramClasses(counts, unigrams, orders[0])
            if progress is not None:
                progress("estimating", order - 1, counts.order)
            orders.append(self._estimate(counts, order, lower))
        described: list[OrderEstimates] = [{"deltas": (delta,)}, *({} for _ in orders)]
        metadata = self.metadata(counts, described, tuned=tuned)
        return ChurchGaleModel(counts.vocabulary, counts.trie, unigrams, orders, metadata)

    def _estimate(
        self, counts: NgramCounts, order: int, lower: _UnigramClasses | _BigramClasses
    ) -> BucketedOrder:
        """Estimate one order from the probabilities of the order below."""
        level, column = counts.trie.level(order), counts.counts[order - 1]
        totals = counts.history_totals(order)
        seen = column > 0
        row_keys = bucket_keys(spread(totals, level.starts)[seen], lower.of_rows(level.suffixes)[seen])
        # Histories whose words have the same keys form a group.
        groups, members = lower.histories(level.parents, totals)
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
        # words of each group in each bucket
        words = pairs @ np.eye(len(unseen))[buckets]
        norms = np.where(members >= 0, (words @ unseen)[members], 0.0)
        extra = np.zeros(level.n_rows)
        extra[seen] = found - unseen[row_buckets]
        norms += segment_sums(extra, level.starts)
        return BucketedOrder(totals, norms, adjusted, first_key, buckets, unseen)


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")


class _UnigramClasses:
    """The unigram probabilities as few distinct values: words with equal counts are equally probable."""

    def __init__(self, unigrams: Floats) -> None:
        self.unigrams = unigrams
        self.values, self.numbers = np.unique(unigrams[unigrams > 0], return_counts=True)

    def of_rows(self, suffixes: Int32s) -> Floats:
        """Return the lower probability of every row."""
        return self.unigrams[suffixes]

    def histories(self, parents: Int32s, totals: Floats) -> tuple[Any, Ints]:
        """Group the histories whose words have the same keys.

        Returns the description of each group, and the group of every history, or -1.
        """
        values, members = np.unique(totals, return_inverse=True)
        groups = np.flatnonzero(values > 0)
        return values[groups], np.where(totals > 0, members - groups[0], -1)

    def words(self, groups: Any) -> Iterator[tuple[Ints, Floats]]:
        """Yield for each group the keys of its words, and the number of words with each key; keys may repeat."""
        for total in groups.tolist():
            yield bucket_keys(total, self.values), self.numbers.astype(np.float64)


class _BigramClasses:
    """The bigram probabilities: those of the rows of a history, and those of unseen words by bigram bucket."""

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
        """Return the lower probability of every row."""
        return self.probs[suffixes]

    def histories(self, parents: Int32s, totals: Floats) -> tuple[Any, Ints]:
        """Group the histories by (parent, total); see `_UnigramClasses.histories`."""
        pairs, members = np.unique(np.column_stack([parents, totals]), axis=0, return_inverse=True)
        used = pairs[:, 1] > 0
        number = np.where(used, np.cumsum(used) - 1, -1)
        return pairs[used], number[members.reshape(-1)]

    def words(self, groups: Any) -> Iterator[tuple[Ints, Floats]]:
        """Yield for each group the keys of its words, and the number of words with each key."""
        parent, lower, numbers = -1, np.empty(0), np.empty(0)
        for history, total in groups.tolist():
            if history != parent:
                parent = int(history)
                lower, numbers = self._after(parent)
            yield bucket_keys(total, lower), numbers

    def _after(self, history: int) -> tuple[Floats, Floats]:
        """Return the distinct probabilities of all words after a history, and how many words have each."""
        rows = slice(*self.level.starts[history : history + 2])
        left = self.numbers.astype(np.float64)
        np.subtract.at(left, self.class_of_word[self.level.words[rows]], 1.0)
        unseen = self.bigrams.unseen_counts(self.bigrams.totals[history], self.values)
        counts, places = np.unique(unseen, return_inverse=True)
        lower = np.concatenate([self.probs[rows], counts / self.bigrams.norms[history]])
        numbers = np.concatenate([np.ones(rows.stop - rows.start), np.bincount(places, left)])
        return lower[numbers > 0], numbers[numbers > 0]


def _histogram(lower: _UnigramClasses | _BigramClasses, groups: Any) -> tuple[int, Floats]:
    """Return the first key, and how many words of each group of histories have each key, float64[G, K]."""
    most = math.log10(max(float(np.max(groups[:, 1] if groups.ndim == 2 else groups)), 1.0))
    first, last = -BUCKETS_PER_DECADE * 20, BUCKETS_PER_DECADE * math.ceil(most + 1)
    pairs = np.zeros((len(groups), last - first + 1))
    for place, (keys, numbers) in enumerate(lower.words(groups)):
        pairs[place] = np.bincount(keys - first, numbers, pairs.shape[1])
    used = np.flatnonzero(pairs.any(axis=0))
    return first + int(used[0]), np.ascontiguousarray(pairs[:, used[0] : used[-1] + 1])
