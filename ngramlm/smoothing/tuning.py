"""Held-out tuning: the values that make a text of its own most probable, found by L-BFGS-B.

Only the histories that the held-out text visits matter. They are closed under suffixes, so that they make a small
trie of their own, on which a method is estimated again and again by the very code that estimates whole models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.counts import NgramCounts
from ngramlm.events import Events
from ngramlm.parallel import Progress
from ngramlm.smoothing.counted_events import CountedEvents
from ngramlm.smoothing.orders import Floats, OrderCounts, OrderEstimate
from ngramlm.text import Text
from ngramlm.trie import Level

if TYPE_CHECKING:
    from ngramlm.smoothing.base import RecursiveSmoothing

__all__ = ["HeldoutFit", "tune_values"]

STEP = 1e-6  # of the forward differences
TINY = 1e-300
TOLERANCE = 1e-9  # relative change of the log-probability at which the search ends


class HeldoutFit:
    """A method on the histories that a held-out text visits.

    Attributes:
        orders: their counts, lowest order first; the lower probabilities are filled in as they are estimated.
        events: the held-out text, located among them.
    """

    def __init__(self, method: RecursiveSmoothing, counts: NgramCounts, heldout: Text) -> None:
        self.method = method
        self.base = method.base_distribution(counts)
        found = CountedEvents.heldout(counts, heldout, self.base).events
        n_events = int(np.count_nonzero(self.base))
        rows, histories = [found.rows[0]], [found.histories[0]]
        self.orders = [
            OrderCounts(
                1, counts.trie.level(1), method.effective_counts(counts, 1), counts.kept(1), self.base, n_events
            )
        ]
        new_row = np.arange(counts.trie.n_rows[0], dtype=np.int32)
        new_history = np.zeros(1, np.int32)
        for order in range(2, counts.order + 1):
            level, kept = counts.trie.level(order), counts.kept(order)
            chosen, places = _visited(level, found.histories[order - 1])
            small = Level(
                level.words[places],
                new_row[level.suffixes[places]],
                np.concatenate([[0], np.cumsum(np.diff(level.starts)[chosen])]),
                new_history[level.parents[chosen]],
                level.first_words[chosen],
            )
            effective = method.effective_counts(counts, order)[places]
            self.orders.append(
                OrderCounts(
                    order, small, effective, None if kept is None else kept[places], self.base, n_events
                )
            )
            new_row = np.full(level.n_rows, -1, np.int32)
            new_row[places] = np.arange(len(places), dtype=np.int32)
            new_history = np.full(level.n_histories, -1, np.int32)
            new_history[chosen] = np.arange(len(chosen), dtype=np.int32)
            rows.append(_renumbered(new_row, found.rows[order - 1]))
            histories.append(_renumbered(new_history, found.histories[order - 1]))
        self.events = Events(found.words, np.array(rows), np.array(histories), found.weights)

    def estimate_order(self, order: int, parameters: Any, below: Sequence[OrderEstimate]) -> OrderEstimate:
        """The estimate of one order over those below it."""
        given = replace(self.orders[order - 1], lower=below[-1].probs if below else self.base)
        estimate = OrderEstimate(self.method, given, parameters)
        for _ in estimate.run():
            pass
        return estimate

    def event_probs(self, estimate: OrderEstimate, below: Floats) -> Floats:
        """float64[N]: the probabilities of the events in one order, from those in the order below."""
        order = estimate.given.order
        rows, histories = self.events.rows[order - 1], self.events.histories[order - 1]
        probs = np.where(histories >= 0, estimate.weights[histories] * below, below)
        return np.where(rows >= 0, estimate.probs[rows], probs)

    def mean(self, values: Floats) -> float:
        """The mean over the events."""
        return float(values @ self.events.weights / self.events.weights.sum())


class _Search:
    """The mean log-probability (nats) as a function of all tunable values, and its gradient."""

    def __init__(self, fit: HeldoutFit, parameters: Sequence[Any]) -> None:
        self.fit = fit
        self.method = fit.method
        self.start = list(parameters)
        self.tunable = [self.method.tunable(order, value) for order, value in enumerate(parameters, 1)]
        self.values = np.array([value for order in self.tunable for value, _, _ in order])
        self.bounds = [(least, most) for order in self.tunable for _, least, most in order]

    def parameters(self, values: NDArray[np.float64]) -> list[Any]:
        """The parameters of all orders for a vector of values."""
        found, at = [], 0
        for order, (start, tunable) in enumerate(zip(self.start, self.tunable, strict=True), 1):
            found.append(self.method.with_values(order, start, values[at : at + len(tunable)].tolist()))
            at += len(tunable)
        return found

    def estimates(self, parameters: list[Any], below: Sequence[OrderEstimate] = ()) -> list[OrderEstimate]:
        found = list(below)
        for order in range(len(below) + 1, len(parameters) + 1):
            found.append(self.fit.estimate_order(order, parameters[order - 1], found))
        return found

    def probs(self, estimates: Sequence[OrderEstimate]) -> list[Floats]:
        """The probabilities of the events: those of the base distribution, then those of every order."""
        found = [self.fit.base[self.fit.events.words]]
        for estimate in estimates:
            found.append(self.fit.event_probs(estimate, found[-1]))
        return found

    def __call__(self, values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """(minus the mean log-probability, its gradient)."""
        parameters = self.parameters(values)
        estimates = self.estimates(parameters)
        probs = self.probs(estimates)
        gradient = np.empty(len(values))
        place = 0
        for order, tunable in enumerate(self.tunable, 1):
            for _ in tunable:
                step = STEP if values[place] + STEP <= self.bounds[place][1] else -STEP
                moved = values.copy()
                moved[place] += step
                changed = self.parameters(moved)
                gradient[place] = -self._change(changed, order, estimates, probs) / step
                place += 1
        return -self.fit.mean(np.log(np.maximum(probs[-1], TINY))), gradient

    def _change(
        self, changed: list[Any], order: int, estimates: list[OrderEstimate], probs: list[Floats]
    ) -> float:
        """Of the mean log-probability, when the parameters of one order change."""
        highest = len(estimates)
        one = self.fit.estimate_order(order, changed[order - 1], estimates[: order - 1])
        if all(self.method.interpolates(higher) for higher in range(order + 1, highest + 1)):
            change = self.fit.event_probs(one, probs[order - 1]) - probs[order]
            for higher in range(order + 1, highest + 1):  # p = seen + left p(w|h'), and left stays
                histories = self.fit.events.histories[higher - 1]
                weights = estimates[higher - 1].weights
                change = np.where(histories >= 0, weights[histories] * change, change)
            return self.fit.mean(change / np.maximum(probs[-1], TINY))
        final = self.probs(self.estimates(changed, [*estimates[: order - 1], one]))[-1]
        return self.fit.mean(np.log(np.maximum(final, TINY)) - np.log(np.maximum(probs[-1], TINY)))


def tune_values(
    method: RecursiveSmoothing,
    counts: NgramCounts,
    parameters: list[Any],
    heldout: Text,
    progress: Progress | None = None,
) -> list[Any]:
    """The parameters with the values of all orders, together, that make the held-out text most probable.

    The search starts from `parameters`; what it finds is never worse on the held-out text.
    """
    if not any(method.tunable(order, value) for order, value in enumerate(parameters, 1)):
        return parameters
    from scipy.optimize import minimize

    search = _Search(HeldoutFit(method, counts, heldout), parameters)
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
    return search.parameters(np.asarray(found.x, np.float64))


def _visited(level: Level, histories: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct histories among those of some events, in order, and all their rows."""
    mask = np.zeros(level.n_histories, bool)
    mask[histories[histories >= 0]] = True
    rows = np.flatnonzero(np.repeat(mask, np.diff(level.starts)))
    return np.flatnonzero(mask), rows


def _renumbered(numbers: NDArray[np.int32], old: NDArray[np.int32]) -> NDArray[np.int32]:
    """``numbers[old]``, and -1 where `old` is -1."""
    return np.where(old >= 0, numbers[old], np.int32(-1)).astype(np.int32)


def choose_values(
    method: RecursiveSmoothing,
    counts: NgramCounts,
    choices: list[list[Any]],
    heldout: Text,
    progress: Progress | None = None,
) -> list[Any]:
    """For each order the best of several parameters, chosen from the lowest order to the highest.

    A choice is judged by how well the model of its order (those below being chosen already) predicts the held-out text.
    """
    fit = HeldoutFit(method, counts, heldout)
    probs = fit.base[fit.events.words]
    chosen: list[OrderEstimate] = []
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
