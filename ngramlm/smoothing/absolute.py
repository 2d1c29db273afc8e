"""Absolute discounting: subtract the same amount from every count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.core.validation import Number, keep_checked
from ngramlm.errors import EstimationWarning, warn
from ngramlm.models.estimates import OrderEstimates
from ngramlm.smoothing.orders import CountBlock, OrderCounts
from ngramlm.smoothing.recursive import RecursiveSmoothing
from ngramlm.types import Floats

__all__ = ["AbsoluteDiscounting", "single_discount"]

# held-out tuning leaves every history some mass for unseen words
MIN_DISCOUNT = 1e-4


@dataclass(frozen=True, kw_only=True)
class AbsoluteDiscounting(RecursiveSmoothing[float]):
    """Absolute discounting: p(w|h) = max(c(hw) - D, 0) / c(h.) + D N1+(h.) / c(h.) p(w|h').

    Parameters
    ----------
    discount_value : float, optional
        D of all orders, from 0 to 1. By default D = n1 / (n1 + 2 n2) for each order. If n1 or n2 is zero, D is 0.5 and
        an EstimationWarning is issued. Held-out text tunes D if this parameter is not given.
    interpolate : bool, default True
        Whether to interpolate with the lower order, or to back off to it.
    closed : bool, default False
        Whether the vocabulary is closed.

    References
    ----------
    Ney, Essen & Kneser (1994), "On structuring probabilistic dependences in stochastic language modelling".

    Examples
    --------
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
        keep_checked(self, {"discount_value": Number(least=0, most=1, optional=True)})

    def parameters(self, order: OrderCounts) -> float:
        """Return the discount of one order."""
        return single_discount(order) if self.discount_value is None else self.discount_value

    def tunable(self, order: int, parameters: float) -> list[tuple[float, float, float]]:
        """Return the discount with its bounds, unless it is given."""
        return [(parameters, MIN_DISCOUNT, 1.0)] if self.discount_value is None else []

    def with_values(self, order: int, parameters: float, values: list[float]) -> float:
        """Return the new discount."""
        return values[0] if values else parameters

    def describe(self, parameters: float) -> OrderEstimates:
        """Return the discount, as ``discounts``."""
        return {"discounts": (parameters,)}

    def discount(self, block: CountBlock, parameters: float) -> tuple[Floats, Floats]:
        """Subtract the discount from every count."""
        seen = np.maximum(block.counts - parameters, 0.0) / block.spread(block.totals)
        return seen, parameters * block.types / block.totals


def single_discount(order: OrderCounts) -> float:
    """Estimate one discount D = n1 / (n1 + 2 n2) from the counts of one order.

    Returns 0.5, with an EstimationWarning, if n1 or n2 is zero.
    """
    _, n1, n2 = order.count_of_counts(2)
    if n1 and n2:
        return n1 / (n1 + 2 * n2)
    warn(
        f"order {order.order}: found {n1} n-grams that occur once and {n2} that occur twice, so the discount cannot be "
        "estimated; using 0.5",
        EstimationWarning,
    )
    return 0.5
