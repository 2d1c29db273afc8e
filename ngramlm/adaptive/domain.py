"""A model for a domain of which there is a little text: its words are found, learnt, and remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ngramlm.adaptive.cache import Cache
from ngramlm.adaptive.components import Component
from ngramlm.adaptive.extension import extend_vocabulary, new_words
from ngramlm.adaptive.keywords import LEAST_RATIO, ScoredWords, score_words
from ngramlm.adaptive.mixture import Mixture
from ngramlm.adaptive.weighting import Weighting
from ngramlm.adaptive.word_discovery import score_candidates, word_candidates
from ngramlm.adaptive.word_weights import WordWeights
from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number, choice
from ngramlm.counts import NgramCounts, count
from ngramlm.errors import UsageError
from ngramlm.mixing.interpolation import text_over
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.language_model import LanguageModel
from ngramlm.smoothing.base import Smoothing
from ngramlm.smoothing.witten_bell import WittenBell
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import RESERVED, Vocabulary

__all__ = ["DomainVocabulary", "adapt_domain", "domain_vocabulary"]


@dataclass(frozen=True, eq=False)
class DomainVocabulary:
    """The words that a text of a domain has and a model lacks, or has too rarely.

    Attributes:
        model: the model with the new words in its vocabulary.
        domain: the words that are more frequent in the domain, with their G2; new ones may be among them.
        new: all words that the model did not know, with their G2.
        joined: tokens that stand together as the parts of a word do and are more frequent in the domain, with their G2.
            They are no words of the model; `join_words` makes them words of a text.
    """

    model: BackoffModel
    domain: ScoredWords
    new: ScoredWords
    joined: ScoredWords


def domain_vocabulary(
    model: BackoffModel,
    text: Text,
    background: Text | NgramCounts | None = None,
    *,
    least: float = LEAST_RATIO,
    min_count: int = 1,
    longest: int = 1,
) -> DomainVocabulary:
    """The words of a domain by `domain_words`, and the model extended by those that it lacks (`extend_vocabulary`).

    Args:
        model: a back-off model of probabilities.
        text: a text of the domain, read with a vocabulary of its own, so that new words are there.
        background: the text that the model is of, or its counts. None compares with the unigrams of the extended model,
            which for Kneser-Ney are not the frequencies of the words.
        least: the least G2 of a word of the domain.
        min_count: how often a word has to occur to be learnt.
        longest: the most tokens that `word_candidates` joins, for text without spaces; 1 joins none.

    Raises UsageError for a text without words, and for new words where the model's vocabulary is closed.

    >>> import ngramlm as lm
    >>> train = lm.Text.from_sentences(["the cat sees the dog", "the dog sees a bird", "a bird sings"] * 3)
    >>> model = lm.WittenBell().fit(lm.count(train, order=2))
    >>> found = domain_vocabulary(model, lm.Text.from_sentences(["the fish swims"] * 3), train, least=3.8)
    >>> found.new.words, found.domain.words, "fish" in found.model.vocabulary
    (('fish', 'swims'), ('fish', 'swims'), True)
    """
    least = Number(least=0)("least", least)
    added = new_words(text, model.vocabulary, min_count=min_count)
    extended = extend_vocabulary(model, added, text) if added else model
    scored, is_more_frequent = score_words(text, extended if background is None else background)
    known = set(added)
    is_new = np.array([word in known for word in scored.words], bool)
    is_usable = np.array([word in extended.vocabulary for word in scored.words], bool)
    domain = scored.select(is_more_frequent & is_usable & (scored.scores >= least))
    new = scored.select(is_new)
    if longest == 1:
        return DomainVocabulary(extended, domain, new, scored.select(np.zeros(len(scored), bool)))
    candidates = word_candidates(text, longest=longest)
    joined, is_more_frequent = score_candidates(
        candidates, text, extended if background is None else background
    )
    return DomainVocabulary(extended, domain, new, joined.select(is_more_frequent & (joined.scores >= least)))


def adapt_domain(
    model: BackoffModel,
    text: Text,
    background: Text | NgramCounts | None = None,
    *,
    found: DomainVocabulary | None = None,
    order: int | None = None,
    method: Smoothing | None = None,
    remember: Literal["domain", "all"] = "domain",
    decay: float = 0.003,
    weighting: Weighting | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Mixture:
    """The model with the new words of a domain, one of the domain's n-grams, and a cache of its words, mixed.

    `fit` the weights on held-out text, which should not be the text itself, as its n-grams are known too well. The
    cache remembers domain words, or all. Where there are no domain words to remember, there are two components. The
    idea is that of Huang, Fei et al. (1999), the definitions are ours.

    Args:
        model: a back-off model of probabilities.
        text: a text of the domain, read with a vocabulary of its own.
        background: the text that the model is of, or its counts; see `domain_vocabulary`.
        found: what `domain_vocabulary` has found, if it was asked before.
        order: of the model of the domain's n-grams; None is that of the model, but no more than 3.
        method: how that model is estimated; None is Witten-Bell, which no text is too small for.
        remember: the words that the cache remembers.
        decay: of the cache, see `Cache`.
        weighting: how the three are weighed; None is fixed weights.

    Raises UsageError as `domain_vocabulary` does.

    >>> import ngramlm as lm
    >>> model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b", "b a", "b c"] * 4), order=2))
    >>> adapted = adapt_domain(model, lm.Text.from_sentences(["a new word", "a new b"] * 4))
    >>> len(adapted.components), bool(adapted.distribution(["a"])[adapted.vocabulary.id("new")] > 0.2)
    (3, True)
    """
    if found is None:
        found = domain_vocabulary(model, text, background)
    elif background is not None:
        raise UsageError("found a background, and words that were found already; expected one of them")
    remember = choice("domain", "all")("remember", remember)
    extended = found.model
    if order is None:
        order = min(model.order, 3)
    if progress is not None:
        progress("estimating the domain", 0, 1)
    domain_text = text_over(text, extended.vocabulary)
    method = WittenBell() if method is None else method
    components: list[LanguageModel | Component] = [
        extended,
        method.fit(count(domain_text, order=order, threads=threads), threads=threads),
    ]
    if remember == "all":
        components.append(Cache(decay=decay))
    elif len(found.domain):
        values = np.append(np.zeros(len(RESERVED)), np.ones(len(found.domain)))
        weights = WordWeights(Vocabulary(found.domain.words), values, 0.0)
        components.append(Cache(decay=decay, weights=weights))
    if progress is not None:
        progress("estimating the domain", 1, 1)
    return Mixture(components, weighting=weighting)
