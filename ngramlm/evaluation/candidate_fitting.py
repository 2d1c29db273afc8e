"""Estimating the model of a candidate, with its time and its warnings."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence

from ngramlm.counts import NgramCounts
from ngramlm.evaluation.candidate_methods import Candidate
from ngramlm.models.language_model import LanguageModel
from ngramlm.text.text import Text

__all__ = ["fit_candidate", "messages_of"]


def fit_candidate(
    candidate: Candidate, counts: NgramCounts, heldout: Text | None, threads: int | None
) -> tuple[LanguageModel, float, list[warnings.WarningMessage]]:
    """Return (model, seconds of its estimation, warnings)."""
    assert candidate.smoothing is not None
    # counts may have a lower order than the candidate: short sentences hold no n-gram of the highest order
    truncated = counts if candidate.order >= counts.order else counts.truncate(candidate.order)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.perf_counter()
        model = candidate.smoothing.fit(truncated, heldout, threads=threads)
        seconds = time.perf_counter() - start
    return model, seconds, caught


def messages_of(caught: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    """Return the messages of warnings, each once."""
    return tuple(dict.fromkeys(str(warning.message) for warning in caught))
