"""Witten-Bell smoothing: a history that many distinct words have followed expects more new words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngramlm.smoothing.orders import CountBlock
from ngramlm.smoothing.recursive import RecursiveSmoothing
from ngramlm.types import Floats

__all__ = ["WittenBell"]


@dataclass(frozen=True, kw_only=True)
class WittenBell(RecursiveSmoothing[None]):
    """Witten-Bell smoothing: p(w|h) = (c(hw) + N1+(h.) p(w|h')) / (c(h.) + N1+(h.)).

    Parameters
    ----------
    interpolate : bool, default True
        Whether to interpolate with the lower order, or to back off to it.
    closed : bool, default False
        Whether the vocabulary is closed.

    References
    ----------
    Witten & Bell (1991), "The zero-frequency problem", method C; in the form of Chen & Goodman (1999), eq. 17.

    Examples
    --------
    >>> from ngramlm.counts import count
    >>> from ngramlm.text.text import Text
    >>> model = WittenBell().fit(count(Text.from_sentences(["a b", "a c"]), order=2))
    >>> # p(b) = (1 + 4/5) / (6 + 4), p(b | a) = (1 + 2 p(b)) / (2 + 2)
    >>> round(10 ** model.log10_prob("b", ["a"]), 6)
    0.34
    """

    name: ClassVar[str] = "witten-bell"

    def discount(self, block: CountBlock, parameters: None) -> tuple[Floats, Floats]:
        """Give unseen words the share N1+(h.) / (c(h.) + N1+(h.))."""
        denominators = block.totals + block.types
        return block.counts / block.spread(denominators), block.types / denominators
