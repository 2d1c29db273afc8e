"""Linear discounting: take the same share from every count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.errors import EstimationWarning, warn
from ngramlm.models.estimates import OrderEstimates
from ngramlm.smoothing.orders import CountBlock, OrderCounts
from ngramlm.smoothing.recursive import RecursiveSmoothing
from ngramlm.types import Floats

__all__ = ["LinearDiscounting"]

# held-out tuning leaves every history some mass for unseen words
MIN_SHARE = 1e-4


@dataclass(frozen=True, kw_only=True)
class LinearDiscounting(RecursiveSmoothing[float]):
    """Linear discounting: p(w|h) = (1 - a) c(hw) / c(h.) + a p(w|h'), with a = n1 / N for each order.

    N is the sum of all counts of the order. Frequent n-grams lose as large a share as rare ones, so the method is
    usually worse than absolute discounting. Held-out text tunes the shares a.

    If no n-gram or every n-gram occurs once, a is the Witten-Bell share n / (N + n) of the order, for n distinct
    n-grams. An EstimationWarning says so.

    Parameters
    ----------
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
    >>> model = LinearDiscounting().fit(count(Text.from_sentences(["a b", "a c"]), order=2))
    >>> # unigrams: n1 / N = 2 / 6, p(b) = 2/3 1/6 + 1/3 1/5; bigrams: 4 of 6, p(b | a) = 1/3 1/2 + 2/3 p(b)
    >>> round(10 ** model.log10_prob("b", ["a"]), 6)
    0.285185
    """

    name: ClassVar[str] = "linear-discounting"

    def parameters(self, order: OrderCounts) -> float:
        """Return the share of one order that is discounted."""
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
        """Return the share with its bounds."""
        return [(parameters, MIN_SHARE, 1.0)]

    def with_values(self, order: int, parameters: float, values: list[float]) -> float:
        """Return the new share."""
        return values[0]

    def describe(self, parameters: float) -> OrderEstimates:
        """Return the share, as ``ratios``."""
        return {"ratios": (parameters,)}

    def discount(self, block: CountBlock, parameters: float) -> tuple[Floats, Floats]:
        """Take the share from every count."""
        seen = (1.0 - parameters) * block.counts / block.spread(block.totals)
        return seen, np.full(len(block.totals), parameters)
