"""Perplexity, comparison of models, and the signatures that say which figures may be compared."""

from ngramlm.evaluation.bench import Measuring
from ngramlm.evaluation.comparison import Comparison, Row, compare, compare_smoothings
from ngramlm.evaluation.perplexity import Perplexity, PerplexitySum, TokenScores, iter_scores, perplexity
from ngramlm.evaluation.signature import (
    check_same_vocabulary,
    format_signature,
    is_closed,
    parse_signature,
    signature,
)

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
    "perplexity",
    "signature",
]
