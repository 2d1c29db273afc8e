"""One order of a recursive estimate: its counts, block by block, and the estimated probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import ordered_map
from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.counts import count_of_counts
from ngramlm.smoothing._smoothing import interpolate, log10s
from ngramlm.trie._trie import segment_sums, spread, take
from ngramlm.trie.trie import Level
from ngramlm.types import Bools, Floats, Int32s, Ints

__all__ = ["CountBlock", "Counts", "Discounting", "OrderCounts", "OrderEstimate", "discounted", "one_of"]

P = TypeVar("P")
Number = TypeVar("Number", int, float)

Counts = NDArray[np.integer[Any]]
"""Counts as columns of integers of any width."""

# The arrays of a block of this many rows stay in the cache of the processor.
BLOCK_ROWS = 1 << 15


@dataclass(frozen=True, eq=False)
class CountBlock:
    """The counts of some consecutive histories of one order, as a method sees them.

    R is the number of rows, H that of histories.

    Attributes
    ----------
    order : int
        The length of the n-grams.
    counts : float64[R]
        The (effective) counts of the rows.
    starts : int64[H + 1]
        The first row of each history within the block, and R.
    n_events : int
        The number of words that can be predicted, |V|.
    repeats : float64[R], optional
        The number of equal rows that each row stands for; None if each row stands for itself.
    """

    order: int
    counts: Floats
    starts: Ints
    n_events: int
    repeats: Floats | None = None

    @cached_property
    def totals(self) -> Floats:
        """The history totals c(h.), float64[H]."""
        return self.sums(self.counts)

    @cached_property
    def types(self) -> Floats:
        """The history types N1+(h.), float64[H]."""
        seen = self.counts > 0
        if self.repeats is None and seen.all():
            return np.diff(self.starts).astype(np.float64)
        return self.sums(seen.astype(np.float64))

    def sums(self, values: Floats) -> Floats:
        """Return the sum of the values of each history's rows, float64[R] -> float64[H]."""
        return segment_sums(values if self.repeats is None else values * self.repeats, self.starts)

    def spread(self, values: Floats) -> Floats:
        """Return the value of each row's history, float64[H] -> float64[R]."""
        return spread(values, self.starts)


@dataclass(frozen=True, eq=False)
class OrderCounts:
    """The counts of one order, and the probabilities of the order below.

    Attributes
    ----------
    order : int
        The length of the n-grams.
    level : Level
        Their columns in the trie.
    counts : int[R]
        The (effective) counts.
    kept : bool[R], optional
        The rows that cut-offs keep; None if there are no cut-offs.
    lower : float64
        The probabilities of the rows of the order below; the base distribution for unigrams.
    n_events : int
        The number of words that can be predicted, |V|.
    workspace : Workspace
        Where large arrays are kept: in memory, or in a file.
    is_top : bool
        Whether this is the highest order.
    """

    order: int
    level: Level
    counts: Counts
    kept: Bools | None
    lower: Floats
    n_events: int
    workspace: Workspace = IN_MEMORY
    is_top: bool = False

    def count_of_counts(self, upto: int) -> list[int]:
        """Return the counts of counts n_r for r = 0 .. `upto`, with n_0 as 0."""
        found: list[int] = count_of_counts(self.counts, upto).tolist()
        return found

    def edges(self) -> Iterator[tuple[int, int]]:
        """Yield ranges of histories (first, end) of about `BLOCK_ROWS` rows each."""
        starts = self.level.starts
        edges = np.searchsorted(starts[:-1], np.arange(0, self.level.n_rows, BLOCK_ROWS))
        edges = np.unique(np.append(edges, self.level.n_histories))
        yield from zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)

    def block(self, first: int, end: int) -> tuple[slice, CountBlock]:
        """Return the rows of the histories first .. end - 1, and their counts."""
        starts = self.level.starts[first : end + 1]
        rows = slice(int(starts[0]), int(starts[-1]))
        counts = self.counts[rows].astype(np.float64)
        return rows, CountBlock(self.order, counts, starts - starts[0], self.n_events)

    def lower_probs(self, rows: slice) -> Floats:
        """Return the lower-order probability of some rows, float64[R]."""
        return take(*self.lower_places(rows))

    def lower_places(self, rows: slice) -> tuple[Floats, Int32s]:
        """Return the probabilities of the order below, and the place of each of some rows in them, int32[R]."""
        return self.lower, (self.level.words if self.order == 1 else self.level.suffixes)[rows]


def one_of(values: Number | Sequence[Number], place: int) -> Number:
    """Return the value for a place, counted from 1.

    A single value holds for all places. The last of several values holds for all higher places.

    Examples
    --------
    >>> one_of(0.5, 3), one_of((1, 2), 1), one_of((1, 2), 3)
    (0.5, 1, 2)
    """
    return values[min(place, len(values)) - 1] if isinstance(values, Sequence) else values


class Discounting(Protocol[P]):
    """The part of `RecursiveSmoothing` that an estimate of one order needs."""

    def discount(self, block: CountBlock, parameters: P) -> tuple[Floats, Floats]:
        """Discount the counts of some histories; see `RecursiveSmoothing.discount`."""
        ...

    def interpolates(self, order: int) -> bool:
        """Return whether an order is interpolated with the order below."""
        ...

    def parameters(self, order: OrderCounts) -> P:
        """Estimate the parameters of one order from its counts."""
        ...


def discounted(
    method: Discounting[P], parameters: P, block: CountBlock, kept: Bools | None
) -> tuple[Floats, Floats]:
    """Discount a block by a method, and give the mass of rows that cut-offs drop to the lower order.

    Returns
    -------
    seen : float64[R]
        The discounted probability of each row; 0 for a row that cut-offs drop.
    left : float64[H]
        The mass that each history leaves to the lower order.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        seen, left = method.discount(block, parameters)
    # a history without counts leaves all of its mass to the lower order
    if not block.totals.all():
        empty = block.totals == 0
        left = np.where(empty, 1.0, left)
        seen = np.where(block.spread(empty.astype(np.float64)) > 0, 0.0, seen)
    if kept is not None and not kept.all():
        left = left + block.sums(np.where(kept, 0.0, seen))
        seen = np.where(kept, seen, 0.0)
    return seen, left


class OrderEstimate(Generic[P]):
    """Probabilities and back-off weights of one order, in float64 and as float32 logarithms.

    Parameters
    ----------
    method : Discounting[P]
        The smoothing method.
    given : OrderCounts
        The counts of the order.
    parameters : P, optional
        The parameters of the order; by default the method estimates them from the counts.
    logs_only : bool, default False
        Whether the float64 columns stay empty where no other order needs them.

    Attributes
    ----------
    parameters : P
        The parameters of the order.
    probs : float64[R]
        The probabilities, after `run`.
    weights : float64[H]
        The back-off weights, after `run`.
    log10_probs, log10_backoffs : float32
        The logarithms of both, after `run`.
    """

    def __init__(
        self,
        method: Discounting[P],
        given: OrderCounts,
        parameters: P | None = None,
        logs_only: bool = False,
    ) -> None:
        self.method = method
        self.given = given
        self.parameters = method.parameters(given) if parameters is None else parameters
        self.interpolate = method.interpolates(given.order)
        n_rows, n_histories, empty = given.level.n_rows, given.level.n_histories, given.workspace.empty
        self.probs = empty(0 if logs_only and given.is_top else n_rows, np.float64)
        self.weights = empty(0 if logs_only else n_histories, np.float64)
        self.log10_probs = empty(n_rows, np.float32)
        self.log10_backoffs = empty(n_histories, np.float32)

    def run(self, threads: int = 1) -> Iterator[int]:
        """Estimate block by block, and yield the number of rows of each block."""
        yield from ordered_map(self, self.given.edges(), threads)

    def __call__(self, histories: tuple[int, int]) -> int:
        """Store the estimates of some histories, and return the number of their rows."""
        first, end = histories
        rows, probs, weights = self.estimate(first, end)
        if len(self.probs):
            self.probs[rows] = probs
        if len(self.weights):
            self.weights[first:end] = weights
        log10s(probs, self.log10_probs[rows], 0.0)
        log10s(weights, self.log10_backoffs[first:end], np.inf)
        self.given.workspace.breathe()
        return len(probs)

    def forget(self) -> None:
        """Drop everything but the logarithms and the parameters."""
        self.probs, self.weights = np.empty(0), np.empty(0)
        self.given = replace(self.given, lower=np.empty(0))

    def estimate(self, first: int, end: int) -> tuple[slice, Floats, Floats]:
        """Return the rows, probabilities float64[R] and back-off weights float64[H] of histories first .. end - 1."""
        rows, block = self.given.block(first, end)
        kept = None if self.given.kept is None else self.given.kept[rows]
        seen, left = discounted(self.method, self.parameters, block, kept)
        if self.interpolate:
            lower, places = self.given.lower_places(rows)
            return rows, interpolate(seen, left, block.starts, lower, places), left
        return rows, *self._back_off(block, seen, left, self.given.lower_probs(rows))

    def _back_off(
        self, block: CountBlock, seen: Floats, left: Floats, lower: Floats
    ) -> tuple[Floats, Floats]:
        """Give the mass left to unseen words only, in proportion to the lower order."""
        stored = seen > 0
        n_stored = block.sums(stored.astype(np.float64))
        unseen = 1.0 - block.sums(np.where(stored, lower, 0.0))
        rounding = 4 * np.finfo(np.float64).eps * (n_stored + 1)
        # no unseen word is left to take the mass: rescale the seen ones
        full = (n_stored == block.n_events) | (unseen <= rounding)
        weights = np.divide(left, unseen, out=np.zeros_like(left), where=~full)
        scale = np.where(full, 1.0 / np.maximum(block.sums(seen), 1e-300), 1.0)
        return np.where(stored, seen * block.spread(scale), block.spread(weights) * lower), weights
