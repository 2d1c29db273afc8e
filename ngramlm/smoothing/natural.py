"""Natural discounting: Ristad's natural law of succession, which estimates no parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.smoothing.orders import CountBlock
from ngramlm.smoothing.recursive import RecursiveSmoothing
from ngramlm.types import Floats

__all__ = ["NaturalDiscounting"]


@dataclass(frozen=True, kw_only=True)
class NaturalDiscounting(RecursiveSmoothing[None]):
    """Natural discounting: p(w|h) = c/n (n (n + 1) + q (1 - q)) / (n^2 + n + 2 q) for seen words.

    Here c = c(hw), n = c(h.) and q = N1+(h.). Unigrams back off to the uniform distribution. A history that every word
    has followed (q = |V|) is not discounted.

    Parameters
    ----------
    interpolate : bool, default False
        Must be False, as the method has no interpolated form.
    closed : bool, default False
        Whether the vocabulary is closed.

    References
    ----------
    Ristad (1995), "A natural law of succession".

    Examples
    --------
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
        """Return False for all orders, unigrams included."""
        return False

    def discount(self, block: CountBlock, parameters: None) -> tuple[Floats, Floats]:
        """Multiply the relative frequencies of each history by its natural discount."""
        n, q = block.totals, block.types
        factors = (n * (n + 1) + q * (1 - q)) / (n * (n + 1) + 2 * q)
        factors = np.where(q == block.n_events, 1.0, factors)
        return block.counts / block.spread(n) * block.spread(factors), 1.0 - factors
