"""Models that adapt to the text: caches of the document, mixtures with weights that change, new words, domains.

>>> import ngramlm as lm
>>> model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b", "a c", "c b"]), order=2))
>>> adapted = lm.Mixture([model, lm.Cache(decay=0.005), lm.NgramCache()]).fit(lm.Text.from_sentences(["c b", "c b"]))
>>> len(adapted.components)
3
"""

from ngramlm.adaptive.cache import Cache, NgramCache, PairCache
from ngramlm.adaptive.components import Component, ModelComponent, RunningDocument
from ngramlm.adaptive.domain import DomainVocabulary, adapt_domain, domain_vocabulary
from ngramlm.adaptive.extension import extend_vocabulary, new_words
from ngramlm.adaptive.keywords import ScoredWords, domain_words
from ngramlm.adaptive.marginals import adapt_marginals
from ngramlm.adaptive.mixture import Mixture
from ngramlm.adaptive.topic_models import cluster_documents, mix_topics
from ngramlm.adaptive.weighting import BayesWeights, BucketWeights, FixedWeights, RecentWeights, Weighting
from ngramlm.adaptive.word_discovery import WordCandidates, join_words, word_candidates
from ngramlm.adaptive.word_weights import Neighbors, WordWeights, inverse_document_frequencies

__all__ = [
    "BayesWeights",
    "BucketWeights",
    "Cache",
    "Component",
    "DomainVocabulary",
    "FixedWeights",
    "Mixture",
    "ModelComponent",
    "Neighbors",
    "NgramCache",
    "PairCache",
    "RecentWeights",
    "RunningDocument",
    "ScoredWords",
    "Weighting",
    "WordCandidates",
    "WordWeights",
    "adapt_domain",
    "adapt_marginals",
    "cluster_documents",
    "domain_vocabulary",
    "domain_words",
    "extend_vocabulary",
    "inverse_document_frequencies",
    "join_words",
    "mix_topics",
    "new_words",
    "word_candidates",
]
