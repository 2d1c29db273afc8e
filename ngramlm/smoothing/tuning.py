"""Tuning on held-out text: the values that make the text most probable, found by L-BFGS-B.

Only the histories that the held-out text visits matter. They are closed under suffixes, so they form a small trie. The
search estimates this trie again and again, by the code that estimates whole models.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from ngramlm.core.parallel import Progress, ordered_map
from ngramlm.counts import NgramCounts
from ngramlm.smoothing.counted_events import CountedEvents
from ngramlm.smoothing.orders import (
    CountBlock,
    Counts,
    Discounting,
    OrderCounts,
    OrderEstimate,
    discounted,
)
from ngramlm.text.text import Text
from ngramlm.trie.events import Events, look_up
from ngramlm.trie.trie import Level
from ngramlm.types import Bools, Floats, Int32s, Ints

__all__ = ["HeldoutFit", "Tunable", "choose_values", "tune_values"]

P = TypeVar("P")

# The step of the forward differences that approximate the gradient.
STEP = 1e-6
TINY = 1e-300
# relative change of the log-probability at which the search ends
TOLERANCE = 1e-8


class Tunable(Discounting[P], Protocol[P]):
    """The part of `RecursiveSmoothing` that tuning needs."""

    def base_distribution(self, counts: NgramCounts) -> Floats:
        """Return the uniform distribution over all words that can be predicted, float64[V]."""
        ...

    def effective_counts(self, counts: NgramCounts, order: int) -> Counts:
        """Return the counts of one order that are discounted, int[R]."""
        ...

    def tunable(self, order: int, parameters: P) -> list[tuple[float, float, float]]:
        """Return the tunable values of one order, each as (value, lower bound, upper bound)."""
        ...

    def with_values(self, order: int, parameters: P, values: list[float]) -> P:
        """Return the parameters of one order with new values."""
        ...


class HeldoutFit(Generic[P]):
    """A method on the histories that a held-out text visits.

    Parameters
    ----------
    method : Tunable[P]
        The smoothing method.
    counts : NgramCounts
        Counts of the training text.
    heldout : Text
        The held-out text.

    Attributes
    ----------
    orders : list[OrderCounts]
        The counts of these histories, lowest order first.
    events : Events
        The held-out text, located among these histories.
    """

    def __init__(self, method: Tunable[P], counts: NgramCounts, heldout: Text) -> None:
        self.method = method
        self.base = method.base_distribution(counts)
        found = CountedEvents.heldout(counts, heldout, self.base).events
        n_events = int(np.count_nonzero(self.base))
        self.orders: list[OrderCounts] = []
        rows, histories = [], []
        new_row, new_history = np.zeros(0, np.int32), np.zeros(1, np.int32)
        for order in range(1, counts.order + 1):
            level, kept = counts.trie.level(order), counts.kept(order)
            chosen, places = _visited(level, found.histories[order - 1])
            small = Level(
                level.words[places],
                new_row[level.suffixes[places]] if order > 1 else level.suffixes,
                np.concatenate([[0], np.cumsum(np.diff(level.starts)[chosen])]),
                new_history[level.parents[chosen]],
                level.first_words[chosen],
            )
            effective = method.effective_counts(counts, order)[places]
            kept = None if kept is None else kept[places]
            self.orders.append(OrderCounts(order, small, effective, kept, self.base, n_events))
            new_row, new_history = _numbering(places, level.n_rows), _numbering(chosen, level.n_histories)
            rows.append(look_up(new_row, found.rows[order - 1], -1))
            histories.append(look_up(new_history, found.histories[order - 1], -1))
        self.events = Events(found.words, np.array(rows), np.array(histories), found.weights)

    def estimate_order(
        self, order: int, parameters: P, below: Sequence[OrderEstimate[P]]
    ) -> OrderEstimate[P]:
        """Return the estimate of one order over those below it."""
        given = replace(self.orders[order - 1], lower=below[-1].probs if below else self.base)
        estimate = OrderEstimate(self.method, given, parameters)
        for first, end in given.edges():
            rows, estimate.probs[rows], estimate.weights[first:end] = estimate.estimate(first, end)
        return estimate

    def event_probs(self, estimate: OrderEstimate[P], below: Floats) -> Floats:
        """Return the probabilities of the events in one order, from those in the order below, float64[N]."""
        order = estimate.given.order
        rows, histories = self.events.rows[order - 1], self.events.histories[order - 1]
        probs = look_up(estimate.weights, histories, 1.0) * below
        return np.where(rows >= 0, look_up(estimate.probs, rows, 0.0), probs)

    def mean(self, values: Floats) -> float:
        """Return the mean of values over the events."""
        return float(values @ self.events.weights / self.events.weights.sum())


class _Search(ABC, Generic[P]):
    """Minus the mean log-probability (nats) as a function of all tunable values, and its gradient."""

    def __init__(self, fit: HeldoutFit[P], parameters: Sequence[P], threads: int = 1) -> None:
        self.fit = fit
        self.threads = threads
        self.method = fit.method
        self.start = list(parameters)
        self.tunable = [self.method.tunable(order, value) for order, value in enumerate(parameters, 1)]
        self.values = np.array([value for order in self.tunable for value, _, _ in order])
        self.bounds = [(least, most) for order in self.tunable for _, least, most in order]

    @abstractmethod
    def loss(self, values: Floats) -> float:
        """Return minus the mean log-probability (nats)."""

    @abstractmethod
    def __call__(self, values: Floats) -> tuple[float, Floats]:
        """Return the loss and its gradient."""

    def parameters(self, values: Floats) -> list[P]:
        """Return the parameters of all orders for a vector of values."""
        found: list[P] = []
        at = 0
        for order, (start, tunable) in enumerate(zip(self.start, self.tunable, strict=True), 1):
            found.append(self.method.with_values(order, start, values[at : at + len(tunable)].tolist()))
            at += len(tunable)
        return found

    def steps(self, values: Floats) -> Iterator[tuple[int, float, P]]:
        """Yield for each value its order, a step within its bounds, and the parameters of the order after the step."""
        place = 0
        for order, tunable in enumerate(self.tunable, 1):
            for _ in tunable:
                step = STEP if values[place] + STEP <= self.bounds[place][1] else -STEP
                moved = values.copy()
                moved[place] += step
                yield order, step, self.parameters(moved)[order - 1]
                place += 1


class _InterpolatedSearch(_Search[P]):
    """Search where all orders are interpolated: p = seen + left p(w|h') needs only the rows of the events.

    Rows of a history with equal counts are merged into one repeated row. A change in one order reaches the orders above
    as a factor.
    """

    def __init__(self, fit: HeldoutFit[P], parameters: Sequence[P], threads: int = 1) -> None:
        super().__init__(fit, parameters, threads)
        self.blocks: list[tuple[CountBlock, Bools | None, Int32s]] = []
        for given, rows in zip(fit.orders, fit.events.rows, strict=True):
            self.blocks.append(_merged_rows(given, rows))

    def shares(self, order: int, parameters: P) -> tuple[Floats, Floats]:
        """Return the values `seen` and `left` of the events in one order."""
        block, kept, places = self.blocks[order - 1]
        seen, left = discounted(self.method, parameters, block, kept)
        return look_up(seen, places, 0.0), look_up(left, self.fit.events.histories[order - 1], 1.0)

    def probs(self, values: Floats) -> tuple[list[Floats], list[tuple[Floats, Floats]]]:
        """Return the probabilities of the events in order 0, 1, and so on, and their `shares` in each order."""
        probs, shares = [self.fit.base[self.fit.events.words]], []
        for order, own in enumerate(self.parameters(values), 1):
            shares.append(self.shares(order, own))
            probs.append(shares[-1][0] + shares[-1][1] * probs[-1])
        return probs, shares

    def loss(self, values: Floats) -> float:
        return -self.fit.mean(np.log(np.maximum(self.probs(values)[0][-1], TINY)))

    def __call__(self, values: Floats) -> tuple[float, Floats]:
        probs, shares = self.probs(values)
        # The factors of a change in each order, highest order first.
        factors = [1.0 / np.maximum(probs[-1], TINY)]
        for _, left in reversed(shares[1:]):
            factors.append(factors[-1] * left)

        def slope(moved: tuple[int, float, P]) -> float:
            order, step, changed = moved
            seen, left = self.shares(order, changed)
            change = seen - shares[order - 1][0] + (left - shares[order - 1][1]) * probs[order - 1]
            return -self.fit.mean(change * factors[len(shares) - order]) / step

        gradient = list(ordered_map(slope, self.steps(values), self.threads))
        return -self.fit.mean(np.log(np.maximum(probs[-1], TINY))), np.array(gradient)


class _BackOffSearch(_Search[P]):
    """Search where an order backs off: its weights depend on the lower probabilities of all rows of a history."""

    def log_probs(
        self, parameters: list[P], below: Sequence[OrderEstimate[P]]
    ) -> tuple[list[OrderEstimate[P]], Floats]:
        """Return the estimates of all orders, and the log-probabilities (nats) of the events."""
        estimates = list(below)
        for order in range(len(below) + 1, len(parameters) + 1):
            estimates.append(self.fit.estimate_order(order, parameters[order - 1], estimates))
        probs = self.fit.base[self.fit.events.words]
        for estimate in estimates:
            probs = self.fit.event_probs(estimate, probs)
        return estimates, np.log(np.maximum(probs, TINY))

    def loss(self, values: Floats) -> float:
        return -self.fit.mean(self.log_probs(self.parameters(values), ())[1])

    def __call__(self, values: Floats) -> tuple[float, Floats]:
        parameters = self.parameters(values)
        estimates, log_probs = self.log_probs(parameters, ())

        def slope(moved: tuple[int, float, P]) -> float:
            order, step, changed = moved
            trial = [*parameters[: order - 1], changed, *parameters[order:]]
            return -self.fit.mean(self.log_probs(trial, estimates[: order - 1])[1] - log_probs) / step

        gradient = list(ordered_map(slope, self.steps(values), self.threads))
        return -self.fit.mean(log_probs), np.array(gradient)


def tune_values(
    method: Tunable[P],
    counts: NgramCounts,
    parameters: list[P],
    heldout: Text,
    threads: int = 1,
    progress: Progress | None = None,
) -> list[P]:
    """Tune the values of all orders together, to make a held-out text most probable.

    Parameters
    ----------
    method : Tunable[P]
        The smoothing method.
    counts : NgramCounts
        Counts of the training text.
    parameters : list[P]
        The parameters of each order at which the search starts.
    heldout : Text
        The held-out text.
    threads : int, default 1
        Number of threads.
    progress : callable, optional
        Called with ("tuning", steps done, None).

    Returns
    -------
    list[P]
        The parameters of each order; `parameters` if the search finds nothing better.
    """
    from scipy.optimize import minimize

    interpolated = all(map(method.interpolates, range(1, counts.order + 1)))
    kind: type[_Search[P]] = _InterpolatedSearch if interpolated else _BackOffSearch
    search = kind(HeldoutFit(method, counts, heldout), parameters, threads)
    steps = 0

    def watch(_: Any) -> None:
        nonlocal steps
        steps += 1
        if progress is not None:
            progress("tuning", steps, None)

    found = minimize(
        search, search.values, jac=True, method="L-BFGS-B", bounds=search.bounds, callback=watch,
        options={"ftol": TOLERANCE, "gtol": 1e-7, "maxiter": 200},
    )  # fmt: skip
    values = _snapped(np.asarray(found.x, np.float64), search.bounds)
    return search.parameters(values) if search.loss(values) <= search.loss(search.values) else parameters


def _snapped(values: Floats, bounds: Sequence[tuple[float, float]]) -> Floats:
    """Move values within one step of a bound onto the bound: a discount of 1 - 1e-16 becomes 1."""
    least, most = np.array(bounds).T
    values = np.where(values < least + STEP, least, values)
    return np.where(values > most - STEP, most, values)


def _visited(level: Level, histories: Int32s) -> tuple[Ints, Ints]:
    """Return the distinct histories of some events, in order, and all rows of these histories."""
    mask = np.zeros(level.n_histories, bool)
    mask[histories[histories >= 0]] = True
    rows = np.flatnonzero(np.repeat(mask, np.diff(level.starts)))
    return np.flatnonzero(mask), rows


def _merged_rows(given: OrderCounts, rows: Int32s) -> tuple[CountBlock, Bools | None, Int32s]:
    """Merge rows of a history with equal counts; return the block, a mask of kept rows, and the rows of the events."""
    level = given.level
    histories = np.repeat(np.arange(level.n_histories), np.diff(level.starts))
    kept = np.ones(level.n_rows, bool) if given.kept is None else given.kept
    by_count = np.lexsort([kept, given.counts, histories])
    columns = histories[by_count], given.counts[by_count], kept[by_count]
    new = np.ones(level.n_rows, bool)
    new[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    first = np.flatnonzero(new)
    place = np.empty(level.n_rows, np.int32)
    place[by_count] = np.cumsum(new) - 1
    starts = np.searchsorted(columns[0][first], np.arange(level.n_histories + 1))
    repeats = np.diff(np.append(first, level.n_rows)).astype(np.float64)
    counts = columns[1][first].astype(np.float64)
    block = CountBlock(given.order, counts, starts.astype(np.int64), given.n_events, repeats)
    return block, None if given.kept is None else columns[2][first], look_up(place, rows, -1)


def _numbering(chosen: Ints, n: int) -> Int32s:
    """Return the place of each of n numbers among the chosen ones, int32[n]; -1 for the others."""
    numbers = np.full(n, -1, np.int32)
    numbers[chosen] = np.arange(len(chosen), dtype=np.int32)
    return numbers


def choose_values(
    method: Tunable[P],
    counts: NgramCounts,
    choices: list[list[P]],
    heldout: Text,
    progress: Progress | None = None,
) -> list[P]:
    """Choose the best of several parameters for each order, from the lowest order to the highest.

    The best candidate of an order gives the held-out text the highest probability under the model of that order.

    Parameters
    ----------
    method : Tunable[P]
        The smoothing method.
    counts : NgramCounts
        Counts of the training text.
    choices : list[list[P]]
        The candidates of each order.
    heldout : Text
        The held-out text.
    progress : callable, optional
        Called with ("tuning", orders done, all orders).

    Returns
    -------
    list[P]
        The chosen candidate of each order.
    """
    fit = HeldoutFit(method, counts, heldout)
    probs = fit.base[fit.events.words]
    chosen: list[OrderEstimate[P]] = []
    for order, several in enumerate(choices, 1):
        found = [fit.estimate_order(order, parameters, chosen) for parameters in several]
        events = [fit.event_probs(estimate, probs) for estimate in found]
        means = [fit.mean(np.log(np.maximum(value, TINY))) for value in events]
        best = int(np.argmax(means))
        chosen.append(found[best])
        probs = events[best]
        if progress is not None:
            progress("tuning", order, len(choices))
    return [estimate.parameters for estimate in chosen]
