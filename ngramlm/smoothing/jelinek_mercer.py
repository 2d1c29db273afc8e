"""Jelinek-Mercer smoothing: interpolate the relative frequencies of all orders, with weights from other text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.core.parallel import Progress, ordered_map
from ngramlm.core.validation import Number, choice, keep_checked
from ngramlm.counts import NgramCounts
from ngramlm.errors import UsageError
from ngramlm.models.estimates import BucketRange, OrderEstimates
from ngramlm.smoothing._smoothing import expected_uses
from ngramlm.smoothing.counted_events import CountedEvents
from ngramlm.smoothing.orders import CountBlock, OrderCounts, one_of
from ngramlm.smoothing.recursive import RecursiveSmoothing
from ngramlm.text.text import Text
from ngramlm.types import Floats, Int32s, Ints

__all__ = ["HistoryWeights", "JelinekMercer"]

START = 0.5
# so that no word becomes impossible
MIN_WEIGHT, MAX_WEIGHT = 1e-6, 1 - 1e-6
# gain of the mean log-probability (nats) at which EM ends
TOLERANCE = 1e-7
MAX_STEPS = 200
BLOCK_EVENTS = 1 << 16


@dataclass(frozen=True)
class HistoryWeights:
    """The interpolation weights of one order.

    Attributes
    ----------
    edges : tuple[float, ...]
        A history with key x belongs to the bucket ``searchsorted(edges, x, side="right")``.
    weights : tuple[float, ...]
        The weight of each bucket.
    """

    edges: tuple[float, ...]
    weights: tuple[float, ...]

    def bucket(self, keys: Floats) -> Ints:
        """Return the bucket of each key, int64."""
        return np.searchsorted(np.array(self.edges), keys, side="right")


@dataclass(frozen=True, kw_only=True)
class JelinekMercer(RecursiveSmoothing[HistoryWeights]):
    """Jelinek-Mercer smoothing: p(w|h) = l c(hw) / c(h.) + (1 - l) p(w|h'), with an l for each bucket of histories.

    EM estimates the weights of all orders together, on held-out text if it is given. Otherwise deleted interpolation
    leaves each n-gram of the training text out of the counts once.

    Parameters
    ----------
    weights : float or tuple[float, ...], optional
        l of all orders, or of each order from 1 on; the last value holds for all higher orders. By default EM estimates
        the weights.
    buckets : {"order", "total", "average"}, default "order"
        Which histories share a weight. "order": all of an order. "total": those with similar totals c(h.). "average":
        those with similar average counts c(h.) / N1+(h.), which works best with held-out text.
    min_events : int, default 400
        The smallest number of events in a bucket.
    interpolate : bool, default True
        Must be True, as the method has no back-off form.
    closed : bool, default False
        Whether the vocabulary is closed.

    References
    ----------
    Jelinek & Mercer (1980), "Interpolated estimation of Markov source parameters from sparse data".
    Bahl, Jelinek & Mercer (1983) have buckets by total; Chen & Goodman (1996) have buckets by average count.

    Examples
    --------
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
        keep_checked(
            self, {"weights": weights, "buckets": choice(*KEYS), "min_events": Number(least=1, whole=True)}
        )
        if self.weights is not None and self.buckets != "order":
            raise UsageError(
                f"found weights for buckets by {self.buckets!r}; expected weights with buckets by 'order' only"
            )

    @property
    def name(self) -> str:  # type: ignore[override]
        """``jelinek-mercer``, followed by the kind of buckets unless that is by order."""
        return "jelinek-mercer" if self.buckets == "order" else f"jelinek-mercer-{self.buckets}"

    @property
    def joint(self) -> bool:
        """True unless weights are given."""
        return self.weights is None

    def parameters(self, order: OrderCounts) -> HistoryWeights:
        """Return the given weight of one order."""
        assert self.weights is not None, "EM cannot estimate one order by itself"
        return HistoryWeights((), (float(one_of(self.weights, order.order)),))

    def fit_parameters(
        self,
        counts: NgramCounts,
        base: Floats,
        heldout: Text | None,
        threads: int,
        progress: Progress | None,
    ) -> list[HistoryWeights] | None:
        """Estimate the weights of all orders by EM, unless weights are given."""
        if self.weights is not None:
            return None
        if heldout is None:
            events = CountedEvents.leave_one_out(counts, base)
        else:
            events = CountedEvents.heldout(counts, heldout, base)
        return estimate_weights(events, base, KEYS[self.buckets], self.min_events, threads, progress)

    def describe(self, parameters: HistoryWeights) -> OrderEstimates:
        """Return the weight, or those of the first and the last bucket, as ``weights``."""
        weights = parameters.weights
        if len(weights) == 1:
            return {"weights": weights}
        return {"weights": BucketRange(weights[0], weights[-1], len(weights))}

    def discount(self, block: CountBlock, parameters: HistoryWeights) -> tuple[Floats, Floats]:
        """Multiply the relative frequencies of each history by its weight."""
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
    """Estimate the weights of all orders that make some events most probable, by EM from 1/2.

    Parameters
    ----------
    events : CountedEvents
        The events with their counts in each order.
    base : float64[V]
        The distribution below the unigrams.
    key : callable
        Gives the key of each history from c(h.) and c(h.) / N1+(h.).
    min_events : int
        The smallest number of events in a bucket.
    threads : int, default 1
        Number of threads. The weights do not depend on it.
    progress : callable, optional
        Called with ("EM", steps done, None).
    watch : callable, optional
        Called before each step with the mean log-probability (nats) of an event, which never falls.

    Returns
    -------
    list[HistoryWeights]
        The weights of order 1, 2, and so on.
    """
    order, n = events.counts.order, len(events)
    ratios, places = np.empty((n, order)), np.empty((n, order), np.int32)
    edges: list[tuple[float, ...]] = []
    # number of the first bucket of each order
    first = [0]
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
    """Return the log-probability of all events (nats), the expected uses of each weight, and its expected chances."""

    def part(start: int) -> tuple[float, Floats, Floats]:
        rows = slice(start, start + BLOCK_EVENTS)
        return expected_uses(ratios[rows], places[rows], weights, base[rows], event_weights[rows])

    log_prob, uses, chances = 0.0, np.zeros_like(weights), np.zeros_like(weights)
    for one in ordered_map(part, range(0, len(base), BLOCK_EVENTS), threads):
        log_prob, uses, chances = log_prob + one[0], uses + one[1], chances + one[2]
    return log_prob, uses, chances


def bucket_edges(keys: Floats, weights: Floats, min_events: int) -> tuple[float, ...]:
    """Return the keys at which buckets begin, so that each bucket has at least `min_events` events.

    References
    ----------
    Chen & Goodman (1999) call this the wall of bricks.

    Examples
    --------
    >>> bucket_edges(np.array([1.0, 1, 2, 3, 3, 4]), np.ones(6), 2)  # a bucket from 4 on would be too small
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
