"""Kneser-Ney smoothing with pruning during the estimation, so that lower orders fit the remaining n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.core.validation import Number, flag, keep_checked
from ngramlm.counts import NgramCounts
from ngramlm.models.backoff import BackoffModel
from ngramlm.smoothing.base import stored_model
from ngramlm.smoothing.kneser_ney import KneserNey
from ngramlm.smoothing.orders import OrderCounts
from ngramlm.text.text import Text
from ngramlm.trie._trie import segment_sums, spread, take
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Bools, Floats

__all__ = ["PrunedKneserNey"]


@dataclass(frozen=True, kw_only=True)
class PrunedKneserNey(KneserNey):
    """Kneser-Ney or modified Kneser-Ney with the pruning of Siivola, Hirsimäki & Virpioja (2007).

    Pruning goes from the highest order down. An n-gram hw is removed if the log2 probability of its occurrences in the
    training text falls by no more than `threshold` bits. Its count a(hw) moves to the lower order: a(h'w) rises by
    a(hw) - 1, because h'w has counted hw once already. The discounted count is added to the mass that h gives to
    p(w|h'). So the lower orders have the Kneser-Ney counts of the remaining n-grams. The pruning of a finished model
    cannot change these counts.

    Parameters
    ----------
    threshold
        The largest cost of a removed n-gram, in bits. 0 removes only n-grams that cost nothing; 0.3 to 5 is typical.
    discounted
        Whether the fall of the log-probability is multiplied by the discounted count, the expected count in new text.
        This gives smaller models of the same perplexity. False multiplies by the count c(hw), as in the paper.

    Raises
    ------
    UsageError
        ``interpolate`` is False (only the interpolated form is pruned), or `threshold` is below 0.

    Notes
    -----
    The costs of an order are computed before any of its n-grams is removed. The paper updates the costs after each
    n-gram, so that its result depends on the order of the n-grams. Discounts are estimated from all n-grams. An n-gram
    is kept if a longer n-gram needs it as history or suffix. N-grams below the cut-offs of the counts are always
    removed.

    Examples
    --------
    >>> from ngramlm.counts import count
    >>> counts = count(Text.from_sentences(["a b", "a c", "a b c"]), order=3)
    >>> full = KneserNey(discounts=3, fallback=(0.5, 1, 1.5)).fit(counts)
    >>> small = PrunedKneserNey(discounts=3, fallback=(0.5, 1, 1.5), threshold=0.2).fit(counts)
    >>> full.n_ngrams, small.n_ngrams, round(float(small.distribution(["a"]).sum()), 6)
    ((6, 6, 6), (6, 6, 3), 1.0)
    """

    forms: ClassVar[tuple[bool, ...]] = (True,)

    threshold: float = 0.0
    discounted: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        keep_checked(self, {"threshold": Number(least=0, infinite=True), "discounted": flag})

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> BackoffModel:
        """Estimate the discounts, prune, and estimate the model from the remaining n-grams.

        The parameters are those of `Smoothing.fit`. Held-out text tunes the discounts.
        """
        counts = self.usable_counts(counts, heldout)
        base = self.base_distribution(counts)
        threads = usable_threads(threads)
        effective = [self.effective_counts(counts, order) for order in range(1, counts.order + 1)]
        discounts = self.fit_parameters(counts, base, heldout, threads, progress)
        if discounts is None:
            discounts = [
                self.parameters(OrderCounts(order, counts.trie.level(order), column, None, base, 0))
                for order, column in enumerate(effective, 1)
            ]
        pruning = _Pruning(counts.trie, effective, discounts, int(np.count_nonzero(base)))
        for order in range(counts.order, 1, -1):
            if progress is not None:
                progress("pruning", counts.order - order, counts.order - 1)
            raw = counts.counts[order - 1].astype(np.float64)
            shares = raw - pruning.discounts(order, raw) if self.discounted else raw
            pruning.prune(order, shares, counts.kept(order), self.threshold)
        if progress is not None:
            progress("pruning", counts.order - 1, counts.order - 1)
        left = _PrunedCounts(
            counts.vocabulary,
            counts.trie,
            counts.counts,
            counts.cutoffs,
            tuple(column.astype(np.int64) for column in pruning.counts),
            tuple(pruning.keep),
        )
        orders = self.estimate(left, base, discounts, threads, progress)
        described = [self.describe(values) for values in discounts]
        metadata = self.metadata(counts, described, tuned=heldout is not None)
        metadata |= {"pruned": f"kneser-ney {self.threshold:.6g}"}
        return stored_model(
            left,
            [order.log10_probs for order in orders],
            [order.log10_backoffs for order in orders[1:]],
            metadata,
        )


class _Estimate(NamedTuple):
    """One order: p(w|h) and p(w|h') of all rows, the mass left and a(h.) of all histories."""

    probs: Floats
    lower: Floats
    left: Floats
    totals: Floats


class _Pruning:
    """The counts a(hw) and the remaining n-grams during pruning.

    Attributes
    ----------
    counts : list[numpy.ndarray]
        float64[R] per order: a(hw). A removed n-gram keeps its last count.
    keep : list[numpy.ndarray]
        bool[R] per order: whether an n-gram remains.
    """

    def __init__(
        self,
        trie: NgramTrie,
        counts: list[NDArray[np.integer[Any]]],
        discounts: Sequence[Sequence[float]],
        size: int,
    ) -> None:
        self.trie = trie
        self.counts = [column.astype(np.float64) for column in counts]
        self.keep = [np.ones(n, bool) for n in trie.n_rows]
        self._needed = [np.zeros(n, bool) for n in trie.n_rows]
        self._of_count = [np.array([0.0, *values]) for values in discounts]
        self._size = size

    def prune(self, order: int, shares: Floats, kept: Bools | None, threshold: float) -> None:
        """Remove n-grams of one order, after all higher orders."""
        level, keep = self.trie.level(order), self.keep[order - 1]
        below, now = self.estimates(order)[-2:]
        costs = shares * (np.log2(now.probs) - np.log2(self._without_each(order, below, now)))
        keep[:] = self._needed[order - 1] | ~(costs <= threshold)
        if kept is not None:
            keep &= self._needed[order - 1] | kept
        gone = ~keep
        moved = np.where(gone, np.maximum(self.counts[order - 1] - 1, 0), 0.0)
        self.counts[order - 2] += np.bincount(level.suffixes, moved, len(self.counts[order - 2]))
        needed = self._needed[order - 2]
        needed[level.suffixes[keep]] = True
        needed[self.trie.history_rows(order)[np.logical_or.reduceat(keep, level.starts[:-1])]] = True

    def estimates(self, highest: int) -> list[_Estimate]:
        """Estimate the orders 1 .. `highest`, from which no row is removed yet."""
        found: list[_Estimate] = []
        for order in range(1, highest + 1):
            level, counts = self.trie.level(order), self.counts[order - 1]
            uniform = 1 / self._size
            lower = take(found[-1].probs, level.suffixes) if found else np.full(level.n_rows, uniform)
            totals, discounts = segment_sums(counts, level.starts), self.discounts(order, counts)
            left = segment_sums(discounts, level.starts)
            with np.errstate(invalid="ignore", divide="ignore"):
                share = spread(1 / totals, level.starts)
                probs = ((counts - discounts) + spread(left, level.starts) * lower) * share
            found.append(_Estimate(np.where(np.isfinite(probs), probs, lower), lower, left, totals))
        return found

    def discounts(self, order: int, counts: Floats) -> Floats:
        """Return the discount of each count, float64[R]."""
        of_count = self._of_count[order - 1]
        places = np.minimum(counts, float(len(of_count) - 1)).astype(np.intp)
        taken: Floats = np.minimum(of_count[places], counts)
        return taken

    def _without_each(self, order: int, below: _Estimate, now: _Estimate) -> Floats:
        """Compute p(w|h) of every row if this row alone is removed, float64[R]."""
        level, counts = self.trie.level(order), self.counts[order - 1]
        starts, suffixes = level.starts, level.suffixes
        # The counts of h'w and of h' rise by a(hw) - 1.
        more = np.maximum(counts - 1, 0)
        parents = np.repeat(level.parents, np.diff(starts))
        before = take(self.counts[order - 2], suffixes)
        after = before + more
        discounts = self.discounts(order - 1, after)
        mass = below.left[parents] + discounts - self.discounts(order - 1, before)
        lower = ((after - discounts) + mass * take(below.lower, suffixes)) / (below.totals[parents] + more)
        # h gives the whole count to the lower order. Its discount is part of `left` already.
        given = spread(now.left, starts) + counts - self.discounts(order, counts)
        probs: Floats = given / spread(now.totals, starts) * lower
        return probs


@dataclass(frozen=True, eq=False)
class _PrunedCounts(NgramCounts):
    """Counts with a mask of the remaining rows. Removed rows take part in the estimation, as with cut-offs."""

    masks: tuple[Bools, ...] = ()

    def kept(self, order: int) -> Bools | None:
        """Return the mask of the remaining rows of one order, bool[R]; None if all remain."""
        mask = self.masks[order - 1]
        return None if mask.all() else mask
