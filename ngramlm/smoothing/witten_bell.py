"""Witten-Bell smoothing: a history that was followed by many distinct words expects new ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ngramlm.smoothing.base import RecursiveSmoothing
from ngramlm.smoothing.orders import CountBlock
from ngramlm.types import Floats

__all__ = ["WittenBell"]


@dataclass(frozen=True, kw_only=True)
class WittenBell(RecursiveSmoothing):
    """p = (c(hw) + N1+(h.) p(w|h')) / (c(h.) + N1+(h.)).

    Witten & Bell (1991), method C; in the form of Chen & Goodman (1999), eq. 17.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.text.text import Text
        >>> model = WittenBell().fit(count(Text.from_sentences(["a b", "a c"]), order=2))
        >>> # p(b) = (1 + 4/5) / (6 + 4), p(b | a) = (1 + 2 p(b)) / (2 + 2)
        >>> round(10 ** model.log10_prob("b", ["a"]), 6)
        0.34
    """

    name: ClassVar[str] = "witten-bell"

    def discount(self, block: CountBlock, parameters: Any) -> tuple[Floats, Floats]:
        denominators = block.totals + block.types
        return block.counts / block.spread(denominators), block.types / denominators
