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

from typing import TYPE_CHECKING

from ngramlm.core.lazy import lazy_names
from ngramlm.core.version import __version__

if TYPE_CHECKING:
    from ngramlm.adaptive import (
        BayesWeights,
        BucketWeights,
        Cache,
        FixedWeights,
        Mixture,
        Neighbours,
        NgramCache,
        PairCache,
        RecentWeights,
        adapt_domain,
        adapt_marginals,
        domain_words,
        extend_vocabulary,
        inverse_document_frequencies,
        mix_topics,
        word_candidates,
    )
    from ngramlm.counts import NgramCounts, count, merge_counts
    from ngramlm.evaluation.comparison import compare
    from ngramlm.evaluation.perplexity import perplexity
    from ngramlm.loading import load
    from ngramlm.maxent import ClassMaxEnt, ClassMaxEntModel, MaxEnt, MaxEntModel, TextMaxEnt
    from ngramlm.methods import SMOOTHINGS, make_smoothing
    from ngramlm.mixing.interpolation import fit_weights, mix
    from ngramlm.mixing.log_linear import fit_log_linear_weights, mix_log_linear
    from ngramlm.models.backoff import BackoffModel
    from ngramlm.models.columns import Columns
    from ngramlm.models.language_model import LanguageModel
    from ngramlm.pruning import PrunedKneserNey, prune, restrict_vocabulary
    from ngramlm.smoothing import (
        AbsoluteDiscounting,
        Additive,
        ChurchGale,
        Dirichlet,
        GoodTuring,
        JelinekMercer,
        Katz,
        KneserNey,
        LinearDiscounting,
        MaximumLikelihood,
        NaturalDiscounting,
        PerOrder,
        PitmanYor,
        StupidBackoff,
        WittenBell,
    )
    from ngramlm.text.reading import iter_text, read_text
    from ngramlm.text.text import Text
    from ngramlm.text.vocabulary import Vocabulary

_HOMES = {
    "AbsoluteDiscounting": "smoothing",
    "Additive": "smoothing",
    "BackoffModel": "models.backoff",
    "BayesWeights": "adaptive",
    "BucketWeights": "adaptive",
    "Cache": "adaptive",
    "ChurchGale": "smoothing",
    "ClassMaxEnt": "maxent",
    "ClassMaxEntModel": "maxent",
    "Columns": "models.columns",
    "Dirichlet": "smoothing",
    "FixedWeights": "adaptive",
    "GoodTuring": "smoothing",
    "JelinekMercer": "smoothing",
    "Katz": "smoothing",
    "KneserNey": "smoothing",
    "LanguageModel": "models.language_model",
    "LinearDiscounting": "smoothing",
    "MaxEnt": "maxent",
    "MaxEntModel": "maxent",
    "MaximumLikelihood": "smoothing",
    "Mixture": "adaptive",
    "NaturalDiscounting": "smoothing",
    "Neighbours": "adaptive",
    "NgramCache": "adaptive",
    "NgramCounts": "counts",
    "PairCache": "adaptive",
    "PerOrder": "smoothing",
    "PitmanYor": "smoothing",
    "PrunedKneserNey": "pruning",
    "RecentWeights": "adaptive",
    "SMOOTHINGS": "methods",
    "StupidBackoff": "smoothing",
    "Text": "text.text",
    "TextMaxEnt": "maxent",
    "Vocabulary": "text.vocabulary",
    "WittenBell": "smoothing",
    "adapt_domain": "adaptive",
    "adapt_marginals": "adaptive",
    "compare": "evaluation.comparison",
    "count": "counts",
    "domain_words": "adaptive",
    "extend_vocabulary": "adaptive",
    "fit_log_linear_weights": "mixing.log_linear",
    "fit_weights": "mixing.interpolation",
    "inverse_document_frequencies": "adaptive",
    "iter_text": "text.reading",
    "load": "loading",
    "make_smoothing": "methods",
    "merge_counts": "counts",
    "mix": "mixing.interpolation",
    "mix_log_linear": "mixing.log_linear",
    "mix_topics": "adaptive",
    "perplexity": "evaluation.perplexity",
    "prune": "pruning",
    "read_text": "text.reading",
    "restrict_vocabulary": "pruning",
    "word_candidates": "adaptive",
}

__all__ = [
    "SMOOTHINGS",
    "AbsoluteDiscounting",
    "Additive",
    "BackoffModel",
    "BayesWeights",
    "BucketWeights",
    "Cache",
    "ChurchGale",
    "ClassMaxEnt",
    "ClassMaxEntModel",
    "Columns",
    "Dirichlet",
    "FixedWeights",
    "GoodTuring",
    "JelinekMercer",
    "Katz",
    "KneserNey",
    "LanguageModel",
    "LinearDiscounting",
    "MaxEnt",
    "MaxEntModel",
    "MaximumLikelihood",
    "Mixture",
    "NaturalDiscounting",
    "Neighbours",
    "NgramCache",
    "NgramCounts",
    "PairCache",
    "PerOrder",
    "PitmanYor",
    "PrunedKneserNey",
    "RecentWeights",
    "StupidBackoff",
    "Text",
    "TextMaxEnt",
    "Vocabulary",
    "WittenBell",
    "__version__",
    "adapt_domain",
    "adapt_marginals",
    "compare",
    "count",
    "domain_words",
    "extend_vocabulary",
    "fit_log_linear_weights",
    "fit_weights",
    "inverse_document_frequencies",
    "iter_text",
    "load",
    "make_smoothing",
    "merge_counts",
    "mix",
    "mix_log_linear",
    "mix_topics",
    "perplexity",
    "prune",
    "read_text",
    "restrict_vocabulary",
    "word_candidates",
]


__getattr__ = lazy_names(globals(), _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
