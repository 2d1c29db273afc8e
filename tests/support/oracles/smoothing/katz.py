"""Katz: counts up to k keep less than their share, the rest backs off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from support.oracles.counts import CountOracle, Ngram, Number
from support.oracles.smoothing.base import SmoothingOracle
from support.oracles.smoothing.weights import of_order


def katz_coefficients(n: Mapping[int, int], k: int) -> dict[int, Fraction]:
    """d_r = (r*/r - A) / (1 - A) with A = (k + 1) n_{k+1} / n_1 for r <= k; counts that are missing keep all.

    Katz (1987), with k lowered while n_{k+1} = 0, and d_r = 1 wherever the formula gives no proper ratio.
    """
    while k > 0 and not n.get(k + 1, 0):
        k -= 1
    if not n.get(1, 0) or k <= 0:
        return {}
    a = Fraction((k + 1) * n[k + 1], n[1])
    coefficients = {}
    for r in range(1, k + 1):
        if n.get(r, 0) and a != 1:
            ratio = Fraction((r + 1) * n.get(r + 1, 0), r * n[r])
            value = (ratio - a) / (1 - a)
            if ratio <= 1 and 0 < value <= 1:
                coefficients[r] = value
    return coefficients


class KatzOracle(SmoothingOracle):
    """d_r c(hw) / c(h) from the second order on; unigrams (c(w) + delta) / (N + delta |V|). Katz (1987).

    A history that would keep everything, although some words never followed it, divides by c(h) + 1. That is
    decided before cut-offs. `k` is one for all orders, or one for each from the second on.
    By hand, toy bigrams: n_1 = 16, n_2 = 1, n_3 = 0, so k falls to 1, where A = 2/16 = 1*/1 and d_1 = 0 is refused:
    nothing is discounted. p(BOOK|A) = 1/(2 + 1) = 1/3.
    """

    def __init__(
        self,
        counts: CountOracle,
        *,
        k: int | Sequence[int] = 5,
        unigram_delta: Number = 1,
        interpolate: bool = False,
        **options: Any,
    ) -> None:
        self.k = k
        self.unigram_delta = unigram_delta
        super().__init__(counts, interpolate=interpolate, **options)

    def prepare(self) -> None:
        self.coefficients = {
            k: katz_coefficients(n, of_order(self.k, k - 1)) for k, n in self.count_of_counts.items() if k > 1
        }

    def kept(self, k: int, count: int) -> Number:
        """d_r r."""
        return self.number(self.coefficients[k].get(count, Fraction(1)) * count)

    def denominator(self, k: int, history: Ngram) -> Number:
        words = self.tables[k][history]
        if k == 1:
            return self.total(k, history) + self.number(self.unigram_delta) * len(self.events)
        # Asked of the coefficients, not of a sum that may be rounded.
        free = any(self.coefficients[k].get(count, 1) != 1 for count in words.values())
        return self.total(k, history) + (0 if free or len(words) == len(self.events) else 1)

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return (self.number(count) if k == 1 else self.kept(k, count)) / self.denominator(k, history)

    def left(self, k: int, history: Ngram) -> Number:
        return 1 - sum(self.seen(k, history, count) for count in self.tables[k][history].values())
