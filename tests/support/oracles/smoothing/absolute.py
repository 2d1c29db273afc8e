"""Absolute discounting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from support.oracles.counts import CountOracle, Ngram, Number
from support.oracles.smoothing.base import SmoothingOracle


class DiscountOracle(SmoothingOracle):
    """(c(hw) - D(c)) / c(h); the rest is what the discounts took.

    `discounts[k]` holds D(1), D(2), .. of order k; the last of them holds for all larger counts too.
    """

    discounts: dict[int, tuple[Number, ...]]

    def discount(self, k: int, count: int) -> Number:
        return self.discounts[k][min(count, len(self.discounts[k])) - 1]

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return max(count - self.discount(k, count), self.number(0)) / self.total(k, history)

    def left(self, k: int, history: Ngram) -> Number:
        counts = self.tables[k][history].values()
        return sum(min(self.discount(k, count), self.number(count)) for count in counts) / self.total(
            k, history
        )


def single_discount(n: Mapping[int, int], number: Callable[[Any], Number]) -> Number | None:
    """D = n1 / (n1 + 2 n2); None when one of the two is zero. Ney, Essen & Kneser (1994)."""
    if not (n.get(1, 0) and n.get(2, 0)):
        return None
    return number(n[1]) / (n[1] + 2 * n[2])


class AbsoluteDiscountingOracle(DiscountOracle):
    """One discount per order: given, or n1 / (n1 + 2 n2), or 1/2 where that cannot be computed."""

    def __init__(self, counts: CountOracle, *, discount: Number | None = None, **options: Any) -> None:
        self.given = discount
        super().__init__(counts, **options)

    def prepare(self) -> None:
        half = self.number(1) / 2
        self.discounts = {}
        for k, n in self.count_of_counts.items():
            estimate = self.given if self.given is not None else single_discount(n, self.number)
            self.discounts[k] = (half if estimate is None else estimate,)
