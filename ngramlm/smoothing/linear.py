"""Linear discounting: take the same share off every count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.errors import EstimationWarning, warn
from ngramlm.smoothing.base import RecursiveSmoothing
from ngramlm.smoothing.orders import CountBlock, OrderCounts
from ngramlm.types import Floats

__all__ = ["LinearDiscounting"]


@dataclass(frozen=True, kw_only=True)
class LinearDiscounting(RecursiveSmoothing):
    """p = (1 - a) c(hw) / c(h.) + a p(w|h'), with one share a = n1 / N for each order.

    Ney, Essen & Kneser (1994), who found it worse than absolute discounting: frequent n-grams lose as large a share as
    rare ones. N is the sum of all counts of the order. Where no n-gram or every one occurs once, the share is that of
    Witten & Bell over the whole order, n / (N + n) for n different n-grams, with a warning. With held-out data the
    shares are tuned.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.text.text import Text
        >>> model = LinearDiscounting().fit(count(Text.from_sentences(["a b", "a c"]), order=2))
        >>> # unigrams: n1 / N = 2 / 6, p(b) = 2/3 1/6 + 1/3 1/5; bigrams: 4 of 6, p(b | a) = 1/3 1/2 + 2/3 p(b)
        >>> round(10 ** model.log10_prob("b", ["a"]), 6)
        0.285185
    """

    name: ClassVar[str] = "linear-discounting"

    def parameters(self, order: OrderCounts) -> float:
        _, n1 = order.count_of_counts(1)
        total, types = int(order.counts.sum(dtype=np.int64)), int(np.count_nonzero(order.counts))
        if 0 < n1 < total:
            return n1 / total
        share = types / (total + types) if types else 1.0
        warn(
            f"order {order.order}: found {n1} n-grams that occur once among {types}, so the share to discount cannot "
            f"be estimated; using {share:.6g}",
            EstimationWarning,
        )
        return share

    def tunable(self, order: int, parameters: float) -> list[tuple[float, float, float]]:
        return [(parameters, 1e-4, 1.0)]

    def with_values(self, order: int, parameters: float, values: list[float]) -> float:
        return values[0]

    def describe(self, parameters: float) -> dict[str, str]:
        return {"ratios": f"{parameters:.6g}"}

    def discount(self, block: CountBlock, parameters: float) -> tuple[Floats, Floats]:
        seen = (1.0 - parameters) * block.counts / block.spread(block.totals)
        return seen, np.full(len(block.totals), parameters)
