"""Maximum likelihood: relative frequencies, which give unseen words no probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.smoothing.orders import CountBlock
from ngramlm.smoothing.recursive import RecursiveSmoothing
from ngramlm.types import Floats

__all__ = ["MaximumLikelihood"]


@dataclass(frozen=True, kw_only=True)
class MaximumLikelihood(RecursiveSmoothing[None]):
    """Maximum-likelihood estimation: p(w|h) = c(hw) / c(h.), and p(w|h') for a history that was never seen.

    Unseen words and ``<unk>`` have no probability, so most texts have an infinite perplexity. Smoothing methods repair
    this estimate.

    Parameters
    ----------
    interpolate : bool, default False
        Must be False, as the method has no interpolated form.
    closed : bool, default False
        Whether the vocabulary is closed.

    Examples
    --------
    >>> from ngramlm.counts import count
    >>> from ngramlm.text.text import Text
    >>> model = MaximumLikelihood().fit(count(Text.from_sentences(["a b", "a c"]), order=2))
    >>> round(10 ** model.log10_prob("b", ["a"]), 6), 10 ** model.log10_prob("a", ["a"])
    (0.5, 0.0)
    """

    name: ClassVar[str] = "maximum-likelihood"
    forms: ClassVar[tuple[bool, ...]] = (False,)

    interpolate: bool = False

    def discount(self, block: CountBlock, parameters: None) -> tuple[Floats, Floats]:
        """Leave nothing for unseen words."""
        return block.counts / block.spread(block.totals), np.zeros(len(block.totals))
