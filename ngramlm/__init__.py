"""N-gram language models: count, smooth, score, compare.

    >>> import ngramlm as lm
    >>> text = lm.Text.from_sentences(["the cat sat", "the dog sat", "a cat ran"])
    >>> counts = lm.count(text, order=2)
    >>> model = lm.WittenBell().fit(counts)
    >>> round(model.score("the cat ran"), 4)
    -1.7767

Names are imported when they are first used, so that ``import ngramlm`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from ngramlm.backoff import BackoffModel
    from ngramlm.counts import NgramCounts, count, merge_counts
    from ngramlm.evaluation.comparison import compare
    from ngramlm.evaluation.perplexity import perplexity
    from ngramlm.formats import load
    from ngramlm.model import LanguageModel
    from ngramlm.smoothing import (
        SMOOTHINGS,
        AbsoluteDiscounting,
        Dirichlet,
        KneserNey,
        PitmanYor,
        WittenBell,
    )
    from ngramlm.text import Text, iter_text, read_text
    from ngramlm.vocabulary import Vocabulary

_HOMES = {
    "AbsoluteDiscounting": "smoothing",
    "BackoffModel": "backoff",
    "Dirichlet": "smoothing",
    "KneserNey": "smoothing",
    "LanguageModel": "model",
    "NgramCounts": "counts",
    "PitmanYor": "smoothing",
    "SMOOTHINGS": "smoothing",
    "Text": "text",
    "Vocabulary": "vocabulary",
    "WittenBell": "smoothing",
    "compare": "evaluation.comparison",
    "count": "counts",
    "iter_text": "text",
    "load": "formats",
    "merge_counts": "counts",
    "perplexity": "evaluation.perplexity",
    "read_text": "text",
}

__all__ = [
    "SMOOTHINGS",
    "AbsoluteDiscounting",
    "BackoffModel",
    "Dirichlet",
    "KneserNey",
    "LanguageModel",
    "NgramCounts",
    "PitmanYor",
    "Text",
    "Vocabulary",
    "WittenBell",
    "__version__",
    "compare",
    "count",
    "iter_text",
    "load",
    "merge_counts",
    "perplexity",
    "read_text",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ngramlm' has no attribute {name!r}")
    value = getattr(import_module(f"ngramlm.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
