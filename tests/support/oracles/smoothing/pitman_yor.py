"""Hierarchical Pitman-Yor with a given seating of customers at tables."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from support.oracles.counts import BOS, CountOracle, Ngram, Number, by_history
from support.oracles.smoothing.base import SmoothingOracle
from support.oracles.smoothing.weights import of_order

Seating = Mapping[Ngram, tuple[int, int]]  # n-gram -> customers, tables


class PitmanYorOracle(SmoothingOracle):
    """(c_hw - d t_hw) / (theta + c_h) + (theta + d t_h) / (theta + c_h) p(w|h'). Teh (2006).

    `seating` says how many customers c and tables t the n-grams of all orders have; `discounts` are the d,
    `strengths` the theta of each order.
    By hand, toy corpus, one table for every type, d = 1/2 and theta = 1 for bigrams: after A two customers at two
    tables, p(BOOK|A) = (1 - 1/2) / (1 + 2) + (1 + 1) / (1 + 2) p(BOOK).
    """

    def __init__(
        self,
        counts: CountOracle,
        *,
        seating: Seating,
        discounts: Number | Sequence[Number],
        strengths: Number | Sequence[Number],
        **options: Any,
    ) -> None:
        self.seating = seating
        self.discounts = discounts
        self.strengths = strengths
        super().__init__(counts, **options)

    def prepare(self) -> None:
        by_order: dict[int, dict[Ngram, int]] = {k: {} for k in self.tables}
        for ngram, (customers, _) in self.seating.items():
            by_order[len(ngram)][ngram] = customers
        self.tables = {k: by_history(customers) for k, customers in by_order.items()}

    def d(self, k: int) -> Number:
        return self.number(of_order(self.discounts, k))

    def theta(self, k: int) -> Number:
        return self.number(of_order(self.strengths, k))

    def _keeps(self, word: str, history: Ngram) -> Number:
        k = len(history) + 1
        customers, seats = self.seating.get((*history, word), (0, 0))
        return (customers - self.d(k) * seats) / (self.theta(k) + self.total(k, history))

    def left(self, k: int, history: Ngram) -> Number:
        seats = sum(self.seating[*history, word][1] for word in self.tables[k][history])
        return (self.theta(k) + self.d(k) * seats) / (self.theta(k) + self.total(k, history))

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        raise NotImplementedError("what a word keeps depends on its tables too")


def seat(counts: CountOracle, seed: int | None = None) -> dict[Ngram, tuple[int, int]]:
    """A seating of all n-grams: one table for every type, or with a seed any number of tables from 1 to c.

    The customers of an n-gram are the tables of the n-grams one word longer; nothing is longer at the highest order
    and for n-grams that begin with <s>, whose customers come from the text.
    """
    draw = random.Random(seed)
    seating: dict[Ngram, tuple[int, int]] = {}
    arrivals: Counter[Ngram] = Counter()
    for k in range(counts.order, 0, -1):
        for ngram, count in sorted(counts.raw[k].items()):
            customers = count if k == counts.order or ngram[0] == BOS else arrivals[ngram]
            seats = 1 if seed is None else draw.randint(1, customers)
            seating[ngram] = customers, seats
            arrivals[ngram[1:]] += seats
    return seating


def check_seating(seating: Seating, counts: CountOracle) -> None:
    """Every table has a customer, every customer a table, and every table of h is a customer of h'."""
    for ngram, (customers, seats) in seating.items():
        assert 1 <= seats <= customers, ngram
        if len(ngram) == counts.order or ngram[0] == BOS:
            assert customers == counts.raw[len(ngram)][ngram], ngram
        else:
            longer = [t for g, (_, t) in seating.items() if g[1:] == ngram]
            assert customers == sum(longer), ngram
