"""Adapt a model to a domain with a small text: find the words of the domain, add the new ones, and cache them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ngramlm.adaptive.cache import Cache
from ngramlm.adaptive.components import Component
from ngramlm.adaptive.extension import extend_vocabulary, new_words
from ngramlm.adaptive.keywords import LEAST_RATIO, ScoredWords, score_words
from ngramlm.adaptive.mixture import Mixture
from ngramlm.adaptive.weighting import FixedWeights, Weighting
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
    """The words of a domain, and a model that knows them.

    Parameters
    ----------
    model
        The model with the new words in its vocabulary.
    domain
        The words that are more frequent in the domain, with their G2 (see `domain_words`). New words may be among them.
    new
        All words that the model did not know, with their G2.
    joined
        Sequences of tokens that are likely to be one word and are more frequent in the domain, with their G2. The
        model does not contain them as words. `join_words` replaces them by words in a text.
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
    """Find the words of a domain (`domain_words`), and add the new ones to a model (`extend_vocabulary`).

    Parameters
    ----------
    model
        A back-off model of probabilities.
    text
        A text of the domain, read with a vocabulary of its own.
    background
        The training text of the model, or its counts. None compares with the unigrams of the extended model. For a
        Kneser-Ney model give the text, because Kneser-Ney unigrams are not the frequencies of the words.
    least
        The smallest G2 of a word of the domain.
    min_count
        The smallest count in the text of a word that is added.
    longest
        The largest number of tokens that `word_candidates` joins, for text without spaces. 1 joins none.

    Returns
    -------
    DomainVocabulary
        The words and the extended model.

    Raises
    ------
    UsageError
        The text has no words, or has new words while the vocabulary of the model is closed.

    Examples
    --------
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
    """Mix a model that knows the new words of a domain, a model of the domain's n-grams, and a cache of its words.

    Call ``fit`` of the mixture with held-out text to find the weights. Do not use `text` itself, because the second
    model is trained on it.

    Parameters
    ----------
    model
        A back-off model of probabilities.
    text
        A text of the domain, read with a vocabulary of its own.
    background
        The training text of the model, or its counts; see `domain_vocabulary`.
    found
        The result of `domain_vocabulary`. None computes it.
    order
        The order of the model of the domain. None takes the order of `model`, but at most 3.
    method
        The smoothing method of the model of the domain. None is Witten-Bell, which also suits small texts.
    remember
        Which words the cache holds: ``"domain"`` for the words of the domain, ``"all"`` for all words.
    decay
        The decay of the cache; see `Cache`.
    weighting
        How the components are weighted. None is `FixedWeights`, as the held-out text of a domain is small.
    threads
        Number of threads; by default as many as there are processors.
    progress
        Called with the number of steps done.

    Returns
    -------
    Mixture
        A mixture of three components. If the domain has no words of its own, the cache is left out.

    Raises
    ------
    UsageError
        As for `domain_vocabulary`; or both `found` and `background` are given.

    Notes
    -----
    The idea is from Huang, Fei et al. (1999). The definitions are those of this toolkit.

    Examples
    --------
    >>> import ngramlm as lm
    >>> model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b", "b a", "b c"] * 4), order=2))
    >>> adapted = adapt_domain(model, lm.Text.from_sentences(["a new word", "a new b"] * 4))
    >>> len(adapted.components), bool(adapted.distribution(["a"])[adapted.vocabulary.id("new")] > 0.2)
    (3, True)
    """
    if found is None:
        found = domain_vocabulary(model, text, background)
    elif background is not None:
        raise UsageError(
            "found both background and found; expected one of them, as found has used its background"
        )
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
    return Mixture(components, weighting=weighting or FixedWeights())
