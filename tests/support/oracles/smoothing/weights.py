"""Models that give every word of the vocabulary a weight after a seen history, and divide by the sum."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from support.oracles.counts import CountOracle, Ngram, Number
from support.oracles.smoothing.base import SmoothingOracle


def of_order(values: Any, k: int) -> Any:
    """The value of order k where one holds for all orders or each has its own, the last for all above it."""
    return values[min(k, len(values)) - 1] if isinstance(values, Sequence) else values


class WeightOracle(SmoothingOracle):
    """p(w|h) = weight(hw) / sum_v weight(hv); an unseen history answers as its own back-off history.

    Lower orders take no part in a seen history, so there is nothing to interpolate with and nowhere to back off to.
    What a cut-off would mean is not defined: the mass of what is cut off has no place to go.
    """

    def __init__(self, counts: CountOracle, *, cutoffs: Sequence[int] = (), **options: Any) -> None:
        if any(cutoffs):
            raise ValueError(f"found cut-offs {cutoffs} for a model without lower orders; expected none")
        super().__init__(counts, **options)

    @abstractmethod
    def weight(self, k: int, history: Ngram, word: str) -> Number:
        """What a word weighs after a seen history, in counts."""

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        raise NotImplementedError("a weight is not divided into kept and left")

    left = seen  # type: ignore[assignment]

    def _compute(self, word: str, history: Ngram) -> Number:
        k = len(history) + 1
        if history not in self.tables[k]:
            return self._prob(word, history[1:]) if history else self.uniform(word)
        if word not in self.events:
            return self.number(0)
        return self.weight(k, history, word) / self._sum(k, history)

    def _sum(self, k: int, history: Ngram) -> Number:
        if history not in self._shares:
            self._shares[history] = sum(self.weight(k, history, word) for word in self.events)
        return self._shares[history]


class AdditiveOracle(WeightOracle):
    """(c(hw) + delta_k) / (c(h) + delta_k |V|), and p(w|h') after an unseen history.

    Lidstone (1920); Jeffreys (1948); "plus-delta" with a delta for each order in Chen & Goodman (1998).
    By hand, toy corpus, delta = 1: A occurs twice, once before BOOK, so p(BOOK|A) = (1 + 1) / (2 + 13) = 2/15.
    """

    def __init__(self, counts: CountOracle, *, delta: Number | Sequence[Number] = 1, **options: Any) -> None:
        self.delta = delta
        super().__init__(counts, **options)

    def weight(self, k: int, history: Ngram, word: str) -> Number:
        return self.tables[k][history].get(word, 0) + self.number(of_order(self.delta, k))
