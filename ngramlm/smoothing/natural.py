"""Natural discounting: Ristad's natural law of succession, with nothing to estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ngramlm.smoothing.base import RecursiveSmoothing
from ngramlm.smoothing.orders import CountBlock
from ngramlm.types import Floats

__all__ = ["NaturalDiscounting"]


@dataclass(frozen=True, kw_only=True)
class NaturalDiscounting(RecursiveSmoothing):
    """p = c/n (n (n + 1) + q (1 - q)) / (n^2 + n + 2 q) for seen words, with n = c(h.) and q = N1+(h.).

    Ristad (1995). A back-off form only; unigrams back off to the uniform distribution. A history that every word has
    followed (q = |V|) is not discounted.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.text.text import Text
        >>> model = NaturalDiscounting().fit(count(Text.from_sentences(["a b", "a c"]), order=2))
        >>> round(10 ** model.log10_prob("b", ["a"]), 6)  # n = q = 2: 1/2 (6 - 2) / (6 + 4)
        0.2
    """

    name: ClassVar[str] = "natural-discounting"
    forms: ClassVar[tuple[bool, ...]] = (False,)

    interpolate: bool = False

    def interpolates(self, order: int) -> bool:
        return False

    def discount(self, block: CountBlock, parameters: Any) -> tuple[Floats, Floats]:
        n, q = block.totals, block.types
        factors = (n * (n + 1) + q * (1 - q)) / (n * (n + 1) + 2 * q)
        factors = np.where(q == block.n_events, 1.0, factors)
        return block.counts / block.spread(n) * block.spread(factors), 1.0 - factors
