"""Stupid back-off: relative frequencies with a constant factor for each back-off step; scores, not probabilities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number, keep_checked
from ngramlm.counts import NgramCounts
from ngramlm.models.backoff import BackoffModel
from ngramlm.smoothing.base import Smoothing, stored_model
from ngramlm.text.text import Text
from ngramlm.trie._trie import spread
from ngramlm.types import Float32s, Floats

__all__ = ["StupidBackoff"]


@dataclass(frozen=True, kw_only=True)
class StupidBackoff(Smoothing):
    """Stupid back-off: S(w|h) = c(hw) / c(h.) if hw was seen, else `alpha` S(w|h'); S(w) = c(w) / N.

    The scores of all words after a history do not sum to one, so they have no perplexity. They rank words and
    sentences. An unknown word has the score 0 (a log10 score of -inf). A history that was never seen has the scores of
    its suffix, without the factor. The same holds for a history whose n-grams have all been cut off.

    Parameters
    ----------
    alpha : float, default 0.4
        The factor of each back-off step, above 0 and at most 1.
    closed : bool, default False
        Whether the vocabulary is closed.

    References
    ----------
    Brants et al. (2007), "Large language models in machine translation", eq. 5.

    Examples
    --------
    >>> from ngramlm.counts import count
    >>> from ngramlm.text.text import Text
    >>> model = StupidBackoff().fit(count(Text.from_sentences(["a b", "a c"]), order=2))
    >>> round(10 ** model.log10_prob("b", ["a"]), 6), round(10 ** model.log10_prob("a", ["a"]), 6)
    (0.5, 0.133333)
    >>> model.normalized
    False
    """

    name: ClassVar[str] = "stupid-backoff"

    alpha: float = 0.4

    def __post_init__(self) -> None:
        super().__post_init__()
        keep_checked(self, {"alpha": Number(least=0, above=True, most=1)})

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> BackoffModel:
        """Compute the scores as a back-off model. There is nothing to tune on held-out text.

        The parameters are those of `Smoothing.fit`.
        """
        counts = self.usable_counts(counts, heldout)
        log10_probs: list[Floats] = []
        log10_backoffs: list[Float32s] = []
        for order, column in enumerate(counts.counts, 1):
            level, totals, kept = counts.trie.level(order), counts.history_totals(order), counts.kept(order)
            seen = column > 0 if kept is None else (column > 0) & kept
            with np.errstate(divide="ignore", invalid="ignore"):
                scores = np.log10(column / spread(totals, level.starts))
            if order > 1:
                weights = np.where(totals > 0, math.log10(self.alpha), 0.0)
                lower = spread(weights, level.starts) + log10_probs[-1][level.suffixes]
                scores = np.where(seen, scores, lower)
                log10_backoffs.append(weights.astype(np.float32))
            log10_probs.append(scores)
        metadata = self.metadata(counts, [], tuned=False) | {"alpha": f"{self.alpha:g}", "normalized": "no"}
        return stored_model(
            counts, [column.astype(np.float32) for column in log10_probs], log10_backoffs, metadata
        )
