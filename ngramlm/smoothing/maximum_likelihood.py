"""Maximum likelihood: relative frequencies, which leave nothing for what was not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ngramlm.smoothing.base import RecursiveSmoothing
from ngramlm.smoothing.orders import CountBlock
from ngramlm.types import Floats

__all__ = ["MaximumLikelihood"]


@dataclass(frozen=True, kw_only=True)
class MaximumLikelihood(RecursiveSmoothing):
    """p = c(hw) / c(h.), and p(w|h') where h was never seen.

    The estimate that every smoothing method repairs: it gives unseen words, ``<unk>`` among them, no probability.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.text.text import Text
        >>> model = MaximumLikelihood().fit(count(Text.from_sentences(["a b", "a c"]), order=2))
        >>> round(10 ** model.log10_prob("b", ["a"]), 6), 10 ** model.log10_prob("a", ["a"])
        (0.5, 0.0)
    """

    name: ClassVar[str] = "maximum-likelihood"
    forms: ClassVar[tuple[bool, ...]] = (False,)

    interpolate: bool = False

    def discount(self, block: CountBlock, parameters: Any) -> tuple[Floats, Floats]:
        return block.counts / block.spread(block.totals), np.zeros(len(block.totals))
