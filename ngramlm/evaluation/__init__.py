"""Perplexity, comparison of models, and the signatures that say which figures may be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ngramlm.core.lazy import lazy_names

if TYPE_CHECKING:
    from ngramlm.evaluation.bench import Measuring
    from ngramlm.evaluation.comparison import Comparison, Row, compare, compare_smoothings
    from ngramlm.evaluation.perplexity import Perplexity, PerplexitySum, TokenScores, iter_scores
    from ngramlm.evaluation.signature import (
        check_same_vocabulary,
        format_signature,
        is_closed,
        parse_signature,
    )

_HOMES = {
    "Comparison": "comparison",
    "Measuring": "bench",
    "Perplexity": "perplexity",
    "PerplexitySum": "perplexity",
    "Row": "comparison",
    "TokenScores": "perplexity",
    "check_same_vocabulary": "signature",
    "compare": "comparison",
    "compare_smoothings": "comparison",
    "format_signature": "signature",
    "is_closed": "signature",
    "iter_scores": "perplexity",
    "parse_signature": "signature",
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
    "format_signature",
    "is_closed",
    "iter_scores",
    "parse_signature",
]

__getattr__ = lazy_names(globals(), _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
