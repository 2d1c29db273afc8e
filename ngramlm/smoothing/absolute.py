"""Absolute discounting: take the same amount off every count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.counts import count_of_counts
from ngramlm.errors import EstimationWarning, UsageError, warn
from ngramlm.smoothing.base import CountBlock, Floats, Ints, RecursiveSmoothing

__all__ = ["AbsoluteDiscounting", "single_discount"]


@dataclass(frozen=True, kw_only=True)
class AbsoluteDiscounting(RecursiveSmoothing):
    """p = max(c(hw) - D, 0) / c(h.) + D N1+(h.) / c(h.) p(w|h').

    Ney, Essen & Kneser (1994). `discount_value` is D for all orders; None estimates n1 / (n1 + 2 n2) for each order,
    and 0.5, with a warning, where n1 or n2 is zero.
    """

    name: ClassVar[str] = "absolute-discounting"

    discount_value: float | None = None

    def __post_init__(self) -> None:
        if self.discount_value is not None and not 0 <= self.discount_value <= 1:
            raise UsageError(f"the discount is {self.discount_value}; expected 0 to 1")

    def parameters(self, order: int, counts: Ints) -> float:
        return single_discount(order, counts) if self.discount_value is None else self.discount_value

    def describe(self, parameters: float) -> str:
        return f"{parameters:.6g}"

    def discount(self, block: CountBlock, parameters: float) -> tuple[Floats, Floats]:
        seen = np.maximum(block.counts - parameters, 0.0) / block.spread(block.totals)
        return seen, parameters * block.types / block.totals


def single_discount(order: int, counts: Ints) -> float:
    """D = n1 / (n1 + 2 n2) of the counts of one order; 0.5 where n1 or n2 is zero, with a warning."""
    _, n1, n2 = map(int, count_of_counts(counts, 2))
    if n1 and n2:
        return n1 / (n1 + 2 * n2)
    warn(
        f"order {order}: found {n1} n-grams that occur once and {n2} that occur twice, so the discount cannot be "
        "estimated; using 0.5",
        EstimationWarning,
    )
    return 0.5
