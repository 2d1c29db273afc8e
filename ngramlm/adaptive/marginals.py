"""Adaptation of the unigram marginals of a back-off model to a domain."""

from __future__ import annotations

import numpy as np

from ngramlm.core.validation import Number
from ngramlm.counts import count
from ngramlm.errors import UsageError
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.language_model import LanguageModel
from ngramlm.models.normalization import NormalizedColumns, normalized_columns
from ngramlm.smoothing.witten_bell import WittenBell
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS
from ngramlm.types import Floats

__all__ = ["adapt_marginals"]


def adapt_marginals(
    model: BackoffModel, text: Text, *, background: Text | None = None, beta: float = 0.5
) -> BackoffModel:
    """Scale the probabilities of a model to the word frequencies of a domain.

    The adapted model is p(w|h) alpha(w) / Z(h), where alpha(w) = (p(w) in the text / p(w) in the background)^beta. For
    `beta` 1, this approximates the model closest to the old one in which words are as frequent as in the text (Kneser,
    Peters & Klakow 1997, "language model adaptation using dynamic marginals"; Federico 1999).

    Parameters
    ----------
    model
        A back-off model of probabilities.
    text
        A text of the domain. Its vocabulary must contain the words of the model. Witten-Bell smoothing estimates its
        unigrams, so that a word that does not occur in the text keeps some probability.
    background
        The training text of the model, for the unigrams in the denominator. None takes the unigrams of the model. For a
        Kneser-Ney model give the text, because Kneser-Ney unigrams are not the frequencies of the words.
    beta
        The strength of the adaptation. 0 changes nothing; 0.5 suits small texts.

    Returns
    -------
    BackoffModel
        The adapted model, with the same n-grams.

    Raises
    ------
    UsageError
        The model is not a back-off model of probabilities, or the text is empty.

    Notes
    -----
    One pass over the n-grams computes Z(h). It is the sum of alpha(w) p(w|h) over the words w stored after h, plus the
    back-off weight of h times (Z(h') - sum of alpha(w) p(w|h') over the same words).

    Examples
    --------
    >>> import ngramlm as lm
    >>> model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b", "b a", "b c"]), order=2))
    >>> adapted = adapt_marginals(model, lm.Text.from_sentences(["c c", "c a"]))
    >>> bool(adapted.log10_prob("c", ["b"]) > model.log10_prob("c", ["b"]))
    True
    """
    beta = Number(least=0, most=10)("beta", beta)
    columns = normalized_columns(model)
    wanted = _unigrams(model, text)
    before = columns.probs[0] if background is None else _unigrams(model, background)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = np.where(before > 0, (wanted / before) ** beta, 1.0)
    alpha[BOS] = 0.0
    adapted = _scaled(columns, alpha).stored()
    metadata = {**model.metadata, "marginals": f"beta={beta:g}"}
    return BackoffModel(model.vocabulary, adapted, metadata)


def _unigrams(model: LanguageModel, text: Text) -> Floats:
    """Return the Witten-Bell unigrams of a text over the vocabulary of a model, float64[V]."""
    text = text.over(model.vocabulary)
    if not text.n_sentences:
        raise UsageError("found a text without sentences; expected a text of the domain")
    return WittenBell().fit(count(text, order=1)).distribution()


def _scaled(columns: NormalizedColumns, alpha: Floats) -> NormalizedColumns:
    """Compute p(w|h) alpha(w) / Z(h) for all stored n-grams; the back-off weights follow from these."""
    words = [columns.trie.level(order).words for order in range(1, columns.trie.order + 1)]
    masses = [alpha[ids] * probs for ids, probs in zip(words, columns.probs, strict=True)]
    return NormalizedColumns.from_masses(columns.trie, masses, columns.weights)
