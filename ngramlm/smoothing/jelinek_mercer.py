"""Jelinek-Mercer smoothing: mix the relative frequencies of all orders, with weights found on other text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.core.parallel import Progress, ordered_map
from ngramlm.core.validation import Number, choice
from ngramlm.counts import NgramCounts
from ngramlm.errors import UsageError
from ngramlm.smoothing._smoothing import expected_uses
from ngramlm.smoothing.base import RecursiveSmoothing
from ngramlm.smoothing.counted_events import CountedEvents
from ngramlm.smoothing.orders import CountBlock, OrderCounts, one_of
from ngramlm.text.text import Text
from ngramlm.types import Floats, Int32s, Ints

__all__ = ["HistoryWeights", "JelinekMercer"]

START = 0.5
MIN_WEIGHT, MAX_WEIGHT = 1e-6, 1 - 1e-6  # so that no word becomes impossible
TOLERANCE = 1e-7  # gain of the mean log-probability (nats) at which EM ends
MAX_STEPS = 200
BLOCK_EVENTS = 1 << 16


@dataclass(frozen=True)
class HistoryWeights:
    """The interpolation weights of one order.

    Attributes:
        edges: history i of key x belongs to the bucket number `searchsorted(edges, x, side="right")`.
        weights: one for each bucket.
    """

    edges: tuple[float, ...]
    weights: tuple[float, ...]

    def bucket(self, keys: Floats) -> Ints:
        """int64, the bucket of each key."""
        return np.searchsorted(np.array(self.edges), keys, side="right")


@dataclass(frozen=True, kw_only=True)
class JelinekMercer(RecursiveSmoothing):
    """p = l c(hw) / c(h.) + (1 - l) p(w|h'), with a weight l for each bucket of histories.

    Jelinek & Mercer (1980). The weights of all orders are found together by EM: on held-out data if there are some,
    else by deleted interpolation, for which each n-gram of the training text is left out of the counts once.

    Args:
        weights: one l for all orders, or for each from 1 on (the last holds for those above), to be used as they are;
            None finds them.
        buckets: which histories share a weight: "order" all of an order; "total" those with similar c(h.) (Bahl,
            Jelinek & Mercer 1983); "average" those with similar c(h.) / N1+(h.), the average count of the words seen
            (Chen & Goodman 1996), which wants held-out data.
        min_events: the least number of events that a bucket is made of.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.text.text import Text
        >>> model = JelinekMercer(weights=(0.5, 0.5)).fit(count(Text.from_sentences(["a b", "a c"]), order=2))
        >>> # p(b) = 1/2 1/6 + 1/2 1/5, p(b | a) = 1/2 1/2 + 1/2 p(b)
        >>> round(10 ** model.log10_prob("b", ["a"]), 6)
        0.341667
    """

    forms: ClassVar[tuple[bool, ...]] = (True,)

    weights: float | tuple[float, ...] | None = None
    buckets: str = "order"
    min_events: int = 400

    def __post_init__(self) -> None:
        super().__post_init__()
        weights = Number(least=0, most=1, several=True, optional=True)
        self._check(weights=weights, buckets=choice(*KEYS), min_events=Number(least=1, whole=True))
        if self.weights is not None and self.buckets != "order":
            raise UsageError(f"found weights for buckets by {self.buckets!r}; expected none but for 'order'")

    @property
    def name(self) -> str:  # type: ignore[override]
        return "jelinek-mercer" if self.buckets == "order" else f"jelinek-mercer-{self.buckets}"

    @property
    def joint(self) -> bool:
        return self.weights is None

    def parameters(self, order: OrderCounts) -> HistoryWeights:
        if self.weights is None:
            raise UsageError(
                "found no weights; expected some, as they are found for all orders together only"
            )
        return HistoryWeights((), (float(one_of(self.weights, order.order)),))

    def fit_parameters(
        self,
        counts: NgramCounts,
        base: Floats,
        heldout: Text | None,
        threads: int,
        progress: Progress | None,
    ) -> list[HistoryWeights] | None:
        if self.weights is not None:
            return None
        if heldout is None:
            events = CountedEvents.leave_one_out(counts, base)
        else:
            events = CountedEvents.heldout(counts, heldout, base)
        return estimate_weights(events, base, KEYS[self.buckets], self.min_events, threads, progress)

    def describe(self, parameters: HistoryWeights) -> dict[str, str]:
        shown = [f"{weight:.6g}" for weight in parameters.weights]
        text = shown[0] if len(shown) == 1 else f"{shown[0]} .. {shown[-1]} ({len(shown)} buckets)"
        return {"weights": text}

    def discount(self, block: CountBlock, parameters: HistoryWeights) -> tuple[Floats, Floats]:
        keys = KEYS[self.buckets](block.totals, block.totals / np.maximum(block.types, 1.0))
        weights = np.array(parameters.weights)[parameters.bucket(keys)]
        return block.spread(weights / block.totals) * block.counts, 1.0 - weights


def estimate_weights(
    events: CountedEvents,
    base: Floats,
    key: Callable[[Floats, Floats], Floats],
    min_events: int,
    threads: int = 1,
    progress: Progress | None = None,
    watch: Callable[[float], None] | None = None,
) -> list[HistoryWeights]:
    """The weights of all orders that make the events most probable, by EM from 1/2; the likelihood never falls.

    `watch` is told the mean log-probability (nats) of an event before every step.
    """
    order, n = events.counts.order, len(events)
    ratios, places = np.empty((n, order)), np.empty((n, order), np.int32)
    edges: list[tuple[float, ...]] = []
    first = [0]  # number of the first bucket of each order
    for k in range(order):
        counts, totals, averages = events.of_order(k + 1)
        known = totals > 0
        keys = key(totals[known], averages[known])
        edges.append(bucket_edges(keys, events.weights[known], min_events))
        ratios[:, k] = counts / np.maximum(totals, 1.0)
        places[:, k] = -1
        places[known, k] = first[-1] + np.searchsorted(edges[-1], keys, side="right")
        first.append(first[-1] + len(edges[-1]) + 1)
    event_base = base[events.events.words]
    weights = np.full(first[-1], START)
    before = -np.inf
    for step in range(MAX_STEPS):
        log_prob, parts, shares = _em_step(ratios, places, weights, event_base, events.weights, threads)
        if progress is not None:
            progress("EM", step + 1, None)
        with np.errstate(invalid="ignore"):
            weights = np.where(shares > 0, parts / shares, weights)
        weights = np.clip(weights, MIN_WEIGHT, MAX_WEIGHT)
        mean = log_prob / events.weights.sum()
        if watch is not None:
            watch(mean)
        if mean - before < TOLERANCE:
            break
        before = mean
    return [
        HistoryWeights(found, tuple(weights[first[k] : first[k + 1]].tolist()))
        for k, found in enumerate(edges)
    ]


def _em_step(
    ratios: Floats,
    places: Int32s,
    weights: Floats,
    base: Floats,
    event_weights: Floats,
    threads: int,
) -> tuple[float, Floats, Floats]:
    """(log-probability of all events in nats, expected uses of each weight, expected chances of it)."""

    def part(start: int) -> tuple[float, Floats, Floats]:
        rows = slice(start, start + BLOCK_EVENTS)
        return expected_uses(ratios[rows], places[rows], weights, base[rows], event_weights[rows])

    log_prob, uses, chances = 0.0, np.zeros_like(weights), np.zeros_like(weights)
    for one in ordered_map(part, range(0, len(base), BLOCK_EVENTS), threads):
        log_prob, uses, chances = log_prob + one[0], uses + one[1], chances + one[2]
    return log_prob, uses, chances


def bucket_edges(keys: Floats, weights: Floats, min_events: int) -> tuple[float, ...]:
    """Ints at which buckets begin, so that each has at least `min_events` events (Chen & Goodman's wall of bricks).

    >>> bucket_edges(np.array([1.0, 1, 2, 3, 3, 4]), np.ones(6), 2)  # the last one would be too small
    (2.0,)
    """
    values, inverse = np.unique(keys, return_inverse=True)
    numbers = np.bincount(inverse, weights, len(values))
    edges, room = [], 0.0
    for value, number in zip(values.tolist(), numbers.tolist(), strict=True):
        if room >= min_events:
            edges.append(value)
            room = 0.0
        room += number
    if edges and room < min_events:
        edges.pop()
    return tuple(edges)


KEYS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "order": lambda totals, averages: np.zeros(len(totals)),
    "total": lambda totals, averages: totals,
    "average": lambda totals, averages: averages,
}
