"""One row of a comparison: the figures of one model on one text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from ngramlm.evaluation.perplexity import Perplexity
from ngramlm.evaluation.significance import BitsInterval, PairedTest

__all__ = ["SCORES", "Row", "finite"]

SCORES = "scores, not probabilities"

Status = Literal["measured", "scores", "failed"]


def finite(value: float | None) -> float | None:
    """Return the value, or None if it is infinite or NaN."""
    return value if value is None or math.isfinite(value) else None


@dataclass(frozen=True)
class Row:
    """The figures of one model on one text. A figure that does not exist is None.

    Attributes
    ----------
    model, text : str
        Their names.
    order : int
        Length of the longest n-grams.
    ngrams : int
        Number of n-grams of all orders that the model stores.
    figures : Perplexity
        None if the method gives scores that are not probabilities, or could not be estimated; `note` says why.
    train_seconds : float
        Seconds of estimation, without counting.
    score_seconds : float
        Seconds of scoring, without reading the text. They include what the model computes at its first use.
    difference : float
        Bits per word minus the bits per word of the baseline on the same text; negative if this model is better.
    method : str
        The name of the model without the order.
    bytes : int
        Memory that the model needs for scoring, in bytes, without its words.
    matched_orders : tuple of int
        ``matched_orders[n]`` is the number of tokens that were scored by an n-gram of length n; length 0 means no
        n-gram, not even a unigram.
    interval : BitsInterval
        Interval of bits per word.
    paired : PairedTest
        The difference with its interval and p-values.
    note : str
        Why there are no figures.
    warnings : tuple of str
        The warnings of the estimation.
    """

    model: str
    text: str
    order: int | None
    ngrams: int | None
    figures: Perplexity | None
    train_seconds: float | None = None
    score_seconds: float | None = None
    difference: float | None = None
    method: str | None = None
    bytes: int | None = None
    matched_orders: tuple[int, ...] | None = None
    interval: BitsInterval | None = None
    paired: PairedTest | None = None
    note: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """One of "measured", "scores" (not probabilities) and "failed" (could not be estimated)."""
        if self.figures is not None:
            return "measured"
        return "scores" if self.note == SCORES else "failed"

    @property
    def is_finite(self) -> bool:
        """Whether the perplexity exists and is finite, so that no token was impossible."""
        return self.figures is not None and math.isfinite(self.figures.perplexity)

    @property
    def label(self) -> str:
        """The name of the method if it is known, else the name of the model."""
        return self.model if self.method is None else self.method

    @property
    def perplexity_interval(self) -> tuple[float, float] | None:
        """The interval of bits per word, as perplexities."""
        return None if self.interval is None else (2.0**self.interval.low, 2.0**self.interval.high)

    def as_dict(self) -> dict[str, Any]:
        """Return all figures by name, for JSON. An infinite figure is None too; ``zero_probs`` is above 0 then."""
        figures = dict.fromkeys(NO_FIGURES.as_dict()) if self.figures is None else self.figures.as_dict()
        paired = self.paired
        return {
            "model": self.model,
            "text": self.text,
            "method": self.method,
            "order": self.order,
            "status": self.status,
            "note": self.note,
            "ngrams": self.ngrams,
            "bytes": self.bytes,
            **figures,
            "bits_per_word_low": None if self.interval is None else self.interval.low,
            "bits_per_word_high": None if self.interval is None else self.interval.high,
            "difference": finite(self.difference),
            "difference_low": None if paired is None else paired.low,
            "difference_high": None if paired is None else paired.high,
            "p_value": None if paired is None else paired.p_value,
            "p_bootstrap": None if paired is None else paired.p_bootstrap,
            "p_holm": None if paired is None else paired.p_holm,
            "train_seconds": self.train_seconds,
            "score_seconds": self.score_seconds,
            "matched_orders": None if self.matched_orders is None else list(self.matched_orders),
            "warnings": list(self.warnings),
        }


NO_FIGURES = Perplexity(0.0, 0.0, 0, 0, 0, 0, 0, 0, "")
