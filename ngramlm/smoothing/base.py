"""The one loop over orders that all recursive smoothing methods share.

A method says how a history's counts are discounted; here is everything else: the base distribution 1/|V|, ``<s>`` and
``<unk>``, both ways of combining with the lower order, cut-offs, blocks and threads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from ngramlm._trie import segment_sums, spread, take
from ngramlm.automaton import Columns
from ngramlm.backoff import BackoffModel
from ngramlm.counts import NgramCounts
from ngramlm.errors import EstimationError, UsageError
from ngramlm.model import LanguageModel
from ngramlm.parallel import Progress, ordered_map, usable_threads
from ngramlm.text import Text
from ngramlm.trie import Level
from ngramlm.vocabulary import BOS, UNK

__all__ = ["CountBlock", "OrderEstimate", "RecursiveSmoothing", "Smoothing"]

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]
BLOCK_ROWS = 1 << 15  # the arrays of a block stay in the cache


class Smoothing(Protocol):
    """A smoothing method: hyper-parameters that turn counts into a model."""

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> LanguageModel: ...


@dataclass(frozen=True, eq=False)
class CountBlock:
    """The counts of some neighbouring histories of one order, as a method sees them.

    Attributes:
        order: the length of the n-grams.
        counts: float64[R], the (effective) counts of the rows.
        starts: int64[H + 1], the first row of each history within the block.
    """

    order: int
    counts: Floats
    starts: NDArray[np.int64]

    @cached_property
    def totals(self) -> Floats:
        """c(h.), float64[H]."""
        return self.sums(self.counts)

    @cached_property
    def types(self) -> Floats:
        """N1+(h.), float64[H]."""
        seen = self.counts > 0
        if seen.all():
            return np.diff(self.starts).astype(np.float64)
        return self.sums(seen.astype(np.float64))

    def sums(self, values: Floats) -> Floats:
        """Sum a value per row over each history, float64[R] -> float64[H]."""
        return segment_sums(values, self.starts)

    def spread(self, values: Floats) -> Floats:
        """Give every row its history's value, float64[H] -> float64[R]."""
        return spread(values, self.starts)


@dataclass(frozen=True, kw_only=True)
class RecursiveSmoothing(ABC):
    """Smoothing that combines each order with the one below, down to the uniform base distribution.

    Args:
        interpolate: True adds the lower order to every word's probability (interpolated form); False uses it for
            unseen words only (back-off form). Unigrams are always interpolated with the base distribution.
        closed: give ``<unk>`` no probability; n-grams that hold it are left out.
    """

    name: ClassVar[str]

    interpolate: bool = True
    closed: bool = False

    @abstractmethod
    def discount(self, block: CountBlock, parameters: Any) -> tuple[Floats, Floats]:
        """(discounted probability of each row float64[R], mass left for unseen words of each history float64[H]).

        For every history the probabilities and the mass left must sum to 1; rows with count 0 get 0.
        """

    def effective_counts(self, counts: NgramCounts, order: int) -> Ints:
        """The counts of one order that are discounted, int[R]; Kneser-Ney counts continuations instead."""
        return counts.counts[order - 1]

    def parameters(self, order: int, counts: Ints) -> Any:
        """What `discount` needs to know of the whole order, such as its discounts."""
        return None

    def describe(self, parameters: Any) -> str:
        """One order's parameters for reports; empty when there are none."""
        return ""

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> BackoffModel:
        """Estimate in float64, store in float32. The result does not depend on the number of threads.

        Raises EstimationError when nothing was counted.
        """
        if not isinstance(counts, NgramCounts):
            raise UsageError(f"found {type(counts).__name__}; expected counts, as ngramlm.count makes them")
        if self.closed:
            counts = counts.without_unknown()
        base = self._base_distribution(counts)
        if not counts.counts[0].any():
            raise EstimationError("found no words; expected counts of at least one word or </s>")
        threads = usable_threads(threads)
        log10_probs, log10_backoffs, described = [], [], []
        lower = base
        done, total = 0, sum(counts.trie.n_rows)
        for order in range(1, counts.order + 1):
            step = OrderEstimate(self, counts, order, lower, int(np.count_nonzero(base)))
            described.append(self.describe(step.parameters))
            for n_rows in ordered_map(step, step.blocks(), threads):
                done += n_rows
                if progress is not None:
                    progress("estimating", done, total)
            log10_probs.append(step.log10_probs)
            if order > 1:
                log10_backoffs.append(step.log10_backoffs)
            lower = step.probs
        metadata = self._metadata(counts, described)
        columns = Columns(counts.trie, tuple(log10_probs), tuple(log10_backoffs))
        keep = [counts.kept(order) for order in range(1, counts.order + 1)]
        if any(
            mask is not None for mask in keep
        ):  # those that others need stay, with what the lower order gives
            every = [
                np.ones(n, bool) if mask is None else mask
                for n, mask in zip(counts.trie.n_rows, keep, strict=True)
            ]
            columns = columns.restrict(counts.trie.closure(every))
        return BackoffModel(
            counts.vocabulary, columns.trie, columns.log10_probs, columns.log10_backoffs, metadata
        )

    def _base_distribution(self, counts: NgramCounts) -> Floats:
        """Uniform over all words that can be predicted, float64[V]."""
        base = np.ones(len(counts.vocabulary))
        base[BOS] = 0.0
        if self.closed:
            base[UNK] = 0.0
        total: float = base.sum()
        return base / total

    def _metadata(self, counts: NgramCounts, described: list[str]) -> dict[str, str]:
        metadata = {
            "smoothing": self.name,
            "interpolated": "yes" if self.interpolate else "no",
            "cutoffs": ",".join(map(str, counts.cutoffs)),
        }
        if any(described):
            metadata["discounts"] = ";".join(described)
        return metadata


class OrderEstimate:
    """Probabilities and back-off weights of one order, block by block; `lower` are those of the order below."""

    def __init__(
        self, method: RecursiveSmoothing, counts: NgramCounts, order: int, lower: Floats, n_events: int
    ) -> None:
        self.method = method
        self.order = order
        self.lower = lower
        self.n_events = n_events
        self.level: Level = counts.trie.level(order)
        self.effective = method.effective_counts(counts, order)
        self.kept = counts.kept(order)
        self.parameters = method.parameters(order, self.effective)
        self.interpolate = method.interpolate or order == 1
        self.probs = np.empty(self.level.n_rows)
        self.log10_probs = np.empty(self.level.n_rows, np.float32)
        self.log10_backoffs = np.empty(self.level.n_histories, np.float32)

    def blocks(self) -> Iterator[tuple[int, int]]:
        starts = self.level.starts
        edges = np.searchsorted(starts[:-1], np.arange(0, self.level.n_rows, BLOCK_ROWS))
        edges = np.unique(np.append(edges, self.level.n_histories))
        yield from zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)

    def __call__(self, histories: tuple[int, int]) -> int:
        """Store the estimates of some histories; returns how many rows they have."""
        first, end = histories
        rows, probs, weights = self.estimate(first, end)
        self.probs[rows] = probs
        with np.errstate(divide="ignore"):
            self.log10_probs[rows] = np.minimum(np.log10(probs), 0.0)
            self.log10_backoffs[first:end] = np.log10(weights)
        return len(probs)

    def estimate(self, first: int, end: int) -> tuple[slice, Floats, Floats]:
        """Of the histories first .. end - 1 (their rows, probabilities float64[R], back-off weights float64[H])."""
        level = self.level
        starts = level.starts[first : end + 1]
        rows = slice(int(starts[0]), int(starts[-1]))
        block = CountBlock(self.order, self.effective[rows].astype(np.float64), starts - starts[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            seen, left = self.method.discount(block, self.parameters)
        if not block.totals.all():  # nothing counts after such a history: leave it all to the lower order
            empty = block.totals == 0
            left = np.where(empty, 1.0, left)
            seen = np.where(block.spread(empty.astype(np.float64)) > 0, 0.0, seen)
        if self.kept is not None and not self.kept[rows].all():  # what cut-offs drop goes to the lower order
            dropped = ~self.kept[rows]
            left = left + block.sums(np.where(dropped, seen, 0.0))
            seen = np.where(dropped, 0.0, seen)
        lower = self.lower if self.order == 1 else take(self.lower, level.suffixes[rows])
        if self.interpolate:
            probs = seen + block.spread(left) * lower
            weights = left
        else:
            probs, weights = self._back_off(block, seen, left, lower)
        return rows, probs, weights

    def _back_off(
        self, block: CountBlock, seen: Floats, left: Floats, lower: Floats
    ) -> tuple[Floats, Floats]:
        """Only unseen words get the mass left, in proportion to the lower order."""
        stored = seen > 0
        n_stored = block.sums(stored.astype(np.float64))
        unseen = 1.0 - block.sums(np.where(stored, lower, 0.0))
        rounding = 4 * np.finfo(np.float64).eps * (n_stored + 1)
        full = (n_stored == self.n_events) | (unseen <= rounding)  # no word is left to take it: rescale
        weights = np.divide(left, unseen, out=np.zeros_like(left), where=~full)
        scale = np.where(full, 1.0 / np.maximum(block.sums(seen), 1e-300), 1.0)
        return np.where(stored, seen * block.spread(scale), block.spread(weights) * lower), weights
