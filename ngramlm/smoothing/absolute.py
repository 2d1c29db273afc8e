"""Absolute discounting: take the same amount off every count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.core.validation import Number
from ngramlm.errors import EstimationWarning, warn
from ngramlm.smoothing.base import RecursiveSmoothing
from ngramlm.smoothing.orders import CountBlock, OrderCounts
from ngramlm.types import Floats

__all__ = ["AbsoluteDiscounting", "single_discount"]

MIN_DISCOUNT = 1e-4  # held-out tuning leaves every history something for unseen words


@dataclass(frozen=True, kw_only=True)
class AbsoluteDiscounting(RecursiveSmoothing):
    """p = max(c(hw) - D, 0) / c(h.) + D N1+(h.) / c(h.) p(w|h').

    Ney, Essen & Kneser (1994). `discount_value` is D for all orders; None estimates n1 / (n1 + 2 n2) for each order,
    and 0.5, with a warning, where n1 or n2 is zero. Held-out data tune
    what is not given.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.text.text import Text
        >>> model = AbsoluteDiscounting(discount_value=0.5).fit(count(Text.from_sentences(["a b", "a c"]), order=2))
        >>> # p(b) = (1 - 0.5) / 6 + 0.5 * 4 / 6 / 5 = 0.15, p(b | a) = (1 - 0.5) / 2 + 0.5 * 2 / 2 p(b)
        >>> round(10 ** model.log10_prob("b", ["a"]), 6)
        0.325
    """

    name: ClassVar[str] = "absolute-discounting"

    discount_value: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check(discount_value=Number(least=0, most=1, optional=True))

    def parameters(self, order: OrderCounts) -> float:
        return single_discount(order) if self.discount_value is None else self.discount_value

    def tunable(self, order: int, parameters: float) -> list[tuple[float, float, float]]:
        return [(parameters, MIN_DISCOUNT, 1.0)] if self.discount_value is None else []

    def with_values(self, order: int, parameters: float, values: list[float]) -> float:
        return values[0] if values else parameters

    def describe(self, parameters: float) -> dict[str, str]:
        return {"discounts": f"{parameters:.6g}"}

    def discount(self, block: CountBlock, parameters: float) -> tuple[Floats, Floats]:
        seen = np.maximum(block.counts - parameters, 0.0) / block.spread(block.totals)
        return seen, parameters * block.types / block.totals


def single_discount(order: OrderCounts) -> float:
    """D = n1 / (n1 + 2 n2) of the counts of one order; 0.5 where n1 or n2 is zero, with a warning."""
    _, n1, n2 = order.count_of_counts(2)
    if n1 and n2:
        return n1 / (n1 + 2 * n2)
    warn(
        f"order {order.order}: found {n1} n-grams that occur once and {n2} that occur twice, so the discount cannot be "
        "estimated; using 0.5",
        EstimationWarning,
    )
    return 0.5
