"""Jelinek-Mercer: linear interpolation with weights for orders, or for buckets of histories; EM finds the weights."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.oracles.counts import BOS, EOS, UNK, CountOracle, Ngram, Number
from support.oracles.smoothing.base import SmoothingOracle
from support.oracles.smoothing.weights import of_order

Bucket = tuple[int, int]  # order, number of the bucket among those of the order


def bucket_of(edges: Sequence[Number], value: Number) -> int:
    """How many edges are not above the value: bucket b holds edges[b - 1] <= value < edges[b]."""
    return sum(1 for edge in edges if edge <= value)


class JelinekMercerOracle(SmoothingOracle):
    """lambda c(hw) / c(h) + (1 - lambda) p(w|h'), down to the uniform distribution. Jelinek & Mercer (1980).

    `weights` holds for each order one lambda, or one for each bucket. `edges` holds for each order where buckets end:
    buckets of c(h) (`by="total"`) or of c(h) / N1+(h.) (`by="average"`, Chen & Goodman 1996).
    By hand, toy corpus, all lambda = 1/2: p(BOOK) = 1/2 * 2/18 + 1/2 * 1/13 = 11/117, and p(BOOK|A) =
    1/2 * 1/2 + 1/2 * 11/117 = 139/468.
    """

    def __init__(
        self,
        counts: CountOracle,
        *,
        weights: Number | Sequence[Number | Sequence[Number]],
        edges: Sequence[Sequence[Number]] = ((),),
        by: str = "total",
        **options: Any,
    ) -> None:
        self.weights = weights
        self.edges = edges
        self.by = by
        super().__init__(counts, **options)

    def bucket(self, k: int, total: int, types: int) -> Bucket:
        edges = of_order(self.edges, k)
        return k, bucket_of(edges, total if self.by == "total" else self.number(total) / types)

    def weight(self, k: int, history: Ngram) -> Number:
        weights = of_order(self.weights, k)
        _, at = self.bucket(k, int(self.total(k, history)), self.types(k, history))
        return self.number(weights[at] if isinstance(weights, Sequence) else weights)

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return self.weight(k, history) * count / self.total(k, history)

    def left(self, k: int, history: Ngram) -> Number:
        return 1 - self.weight(k, history)


@dataclass(frozen=True)
class Event:
    """One word to be predicted: p_0 and, from the lowest order up, the bucket and c(hw) / c(h) of seen histories."""

    base: float
    levels: tuple[tuple[Bucket, float], ...]


def tokens(sentences: Iterable[Sequence[str]], order: int) -> Iterator[tuple[str, Ngram]]:
    """Every word that is predicted, with its history of order - 1 words at most."""
    for sentence in sentences:
        padded = (BOS, *sentence, EOS)
        for i in range(1, len(padded)):
            yield padded[i], padded[max(0, i - order + 1) : i]


def events_of(
    oracle: JelinekMercerOracle, sentences: Iterable[Sequence[str]], *, leave_one_out: bool = False
) -> list[Event]:
    """The events of a text; what is outside a closed vocabulary cannot be predicted and is left out.

    `leave_one_out` is deleted interpolation, for the text that was counted: every event is predicted from the counts
    without itself: at every order c(hw) and c(h) are one less. A history of which nothing is left counts as unseen.
    Buckets of averages are those of the whole counts: one less of a single word would make the average tell the word.
    """
    known = {*oracle.events, BOS}
    mapped = [[word if word in known else UNK for word in sentence] for sentence in sentences]
    pairs = [(word, history) for word, history in tokens(mapped, oracle.order) if word in known]
    return [event_of(oracle, word, history, int(leave_one_out)) for word, history in pairs]


def event_of(oracle: JelinekMercerOracle, word: str, history: Ngram, less: int) -> Event:
    levels = []
    for k in range(1, len(history) + 2):
        suffix = history[len(history) - k + 1 :]
        words = oracle.tables[k].get(suffix, {})
        total, count = sum(words.values()) - less, words.get(word, 0) - less
        if words and total > 0:
            at = oracle.bucket(k, total if oracle.by == "total" else total + less, len(words))
            levels.append((at, count / total))
    return Event(float(oracle.uniform(word)), tuple(levels))


@dataclass(frozen=True)
class Estimate:
    """What EM arrived at: a weight for each bucket that had data, and the log-likelihood before every step."""

    weights: dict[Bucket, float]
    log_likelihoods: list[float]


def log_likelihood(events: Iterable[Event], weights: Mapping[Bucket, float]) -> float:
    """In nats."""
    total = 0.0
    for event in events:
        p = event.base
        for bucket, m in event.levels:
            p = (1 - weights[bucket]) * p + weights[bucket] * m
        total += math.log(p)
    return total


def expectation_maximisation(
    events: Sequence[Event], tolerance: float = 1e-4, max_steps: int = 10_000, start: float = 0.5
) -> Estimate:
    """Forward and backward over the orders of each event, until perplexity changes by less than `tolerance`."""
    weights = {bucket: start for event in events for bucket, _ in event.levels}
    trace = [log_likelihood(events, weights)]
    for _ in range(max_steps):
        taken: dict[Bucket, float] = defaultdict(float)
        reached: dict[Bucket, float] = defaultdict(float)
        for event in events:
            p, ways = event.base, []
            for bucket, m in event.levels:
                p = (1 - weights[bucket]) * p + weights[bucket] * m
                ways.append((bucket, weights[bucket] * m / p))
            mass = 1.0  # of this event having come down to this order
            for bucket, share in reversed(ways):
                taken[bucket] += mass * share
                reached[bucket] += mass
                mass *= 1 - share
        weights = {
            bucket: taken[bucket] / reached[bucket] if reached[bucket] else w for bucket, w in weights.items()
        }
        trace.append(log_likelihood(events, weights))
        if not events or abs(math.expm1((trace[-2] - trace[-1]) / len(events))) < tolerance:
            break
    return Estimate(weights, trace)


def filled_in(weights: Mapping[Bucket, float], k: int, n_buckets: int, start: float = 0.5) -> list[float]:
    """The weights of all buckets of an order: one without data has that of the next lower, else higher."""
    found = [at for order, at in sorted(weights) if order == k]
    result = []
    for at in range(n_buckets):
        near = [other for other in found if other <= at][-1:] or found[:1]
        result.append(weights[k, near[0]] if near else start)
    return result
