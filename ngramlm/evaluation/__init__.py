"""Perplexity and the comparison of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ngramlm.core.lazy import lazy_names

if TYPE_CHECKING:
    from ngramlm.evaluation.bench import Measuring
    from ngramlm.evaluation.comparability import check_same_vocabulary
    from ngramlm.evaluation.comparison import Comparison, Row, compare, compare_smoothings
    from ngramlm.evaluation.perplexity import Perplexity, PerplexitySum, TokenScores, iter_scores

_HOMES = {
    "Comparison": "comparison",
    "Measuring": "bench",
    "Perplexity": "perplexity",
    "PerplexitySum": "perplexity",
    "Row": "comparison",
    "TokenScores": "perplexity",
    "check_same_vocabulary": "comparability",
    "compare": "comparison",
    "compare_smoothings": "comparison",
    "iter_scores": "perplexity",
}

__all__ = [
    "Comparison",
    "Measuring",
    "Perplexity",
    "PerplexitySum",
    "Row",
    "TokenScores",
    "check_same_vocabulary",
    "compare",
    "compare_smoothings",
    "iter_scores",
]

__getattr__ = lazy_names(globals(), _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
