"""Kneser-Ney pruning of counts kept in dictionaries."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from support.oracles.counts import UNK, CountOracle, Ngram
from support.oracles.smoothing.kneser_ney import three_discounts

Number = Any


class KneserNeyPruningOracle:
    """Siivola, Hirsimäki & Virpioja (2007), all decisions of an order from the counts before any of them.

    `counts[k][hw]` is a(hw) of the n-grams that are left, `lost[h]` the count that the n-grams gone after h had.
    """

    def __init__(
        self,
        text: CountOracle,
        threshold: float,
        discounts: Mapping[int, Sequence[Number]],
        discounted: bool,
        closed: bool = False,
    ) -> None:
        self.order, self.discounts = text.order, discounts
        self.events = [word for word in text.events if not (closed and word == UNK)]
        self.counts = {k: dict(text.continuation(k)) for k in range(1, text.order + 1)}
        self.lost: Counter[Ngram] = Counter()
        self.nearest = math.inf  # of all costs to the threshold
        for k in range(text.highest, 1, -1):
            self._prune(k, text.raw[k], threshold, discounted)

    def discount(self, k: int, count: int) -> Number:
        return self.discounts[k][min(count, len(self.discounts[k])) - 1] if count else 0

    def _prune(self, k: int, raw: Mapping[Ngram, int], threshold: float, discounted: bool) -> None:
        longer = self.counts.get(k + 1, {})
        needed = {ngram[:-1] for ngram in longer} | {ngram[1:] for ngram in longer}
        gone = []
        for ngram in list(self.counts[k]):
            share = raw[ngram] - (self.discount(k, raw[ngram]) if discounted else 0)
            before = self.prob(ngram[-1], ngram[:-1])
            undo = self._leave_out(ngram)
            after = self.prob(ngram[-1], ngram[:-1])
            undo()
            cost = float(share) * (math.log2(before) - math.log2(after))
            self.nearest = min(self.nearest, abs(cost - threshold))
            if cost <= threshold and ngram not in needed:
                gone.append(ngram)
        for ngram in gone:
            self._leave_out(ngram)

    def _leave_out(self, ngram: Ngram) -> Callable[[], None]:
        k = len(ngram)
        items = list(self.counts[k].items())
        count = self.counts[k].pop(ngram)
        self.lost[ngram[:-1]] += count
        self.counts[k - 1][ngram[1:]] += count - 1

        def undo() -> None:
            self.counts[k] = dict(items)
            self.lost[ngram[:-1]] -= count
            self.counts[k - 1][ngram[1:]] -= count - 1

        return undo

    def prob(self, word: str, history: Ngram) -> Number:
        k = len(history) + 1
        lower = self.prob(word, history[1:]) if history else 1 / len(self.events)
        counts = {ngram[-1]: count for ngram, count in self.counts[k].items() if ngram[:-1] == history}
        lost = self.lost[history]
        total = sum(counts.values()) + lost
        if not total:
            return lower
        taken = sum(self.discount(k, count) for count in counts.values()) + lost
        count = counts.get(word, 0)
        return float((count - self.discount(k, count)) / total) + float(taken / total) * lower


def discounts_of(text: CountOracle, fallback: Sequence[Number]) -> dict[int, Sequence[Number]]:
    """D1, D2, D3+ of every order, or the fallback, under the conditions of lmplz."""
    from fractions import Fraction

    found = {k: three_discounts(text.count_of_counts(k, True), Fraction, strict=False) for k in text.raw}
    return {k: three or tuple(map(Fraction, fallback)) for k, three in found.items()}


# ------------------------------------------------------------------------------------- from the library's columns
