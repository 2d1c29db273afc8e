"""A method of its own for each order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from support.oracles.counts import CountOracle, Ngram, Number
from support.oracles.smoothing.base import SmoothingOracle
from support.oracles.smoothing.weights import of_order


class PerOrderOracle(SmoothingOracle):
    """Order k counts, discounts and combines as the k-th method does, over the lower orders as they are here.

    The last method holds for all orders above. Each method is asked for p(w|h) of its own order only, and what it
    asks of the order below is answered by this model.
    By hand, toy corpus, maximum-likelihood unigrams under interpolated Witten-Bell: p(BOOK|A) =
    (1 + 2 * 2/18) / (2 + 2) = 11/36.
    """

    def __init__(
        self, counts: CountOracle, *, methods: Sequence[Callable[..., SmoothingOracle]], **options: Any
    ) -> None:
        self.methods = [of_order(methods, k)(counts, **options) for k in range(1, counts.order + 1)]
        for method in self.methods:
            method._prob = self._prob  # type: ignore[method-assign]
        super().__init__(counts, **options)

    def _compute(self, word: str, history: Ngram) -> Number:
        return self.methods[len(history)]._compute(word, history)

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return self.methods[k - 1].seen(k, history, count)

    def left(self, k: int, history: Ngram) -> Number:
        return self.methods[k - 1].left(k, history)
