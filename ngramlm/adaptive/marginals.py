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

    The adapted model is p(w|h) alpha(w) / Z(h), where alpha(w) = (p(w) in the text / p(w) before)^beta. For `beta` 1,
    to first order, it is the model closest to the old one whose words are as frequent as in the text (Kneser, Peters &
    Klakow 1997, "language model adaptation using dynamic marginals"; Federico 1999).

    Parameters
    ----------
    model
        A back-off model of probabilities.
    text
        A text of the domain. Its vocabulary must contain the words of the model. A Witten-Bell model gives its
        unigrams, so that a word that the text lacks keeps some probability.
    background
        The training text of the model; it gives the unigrams before. None takes the unigrams of the model. Those of
        Kneser-Ney are not the frequencies of the words.
    beta
        The strength of the adaptation. 0 changes nothing; 0.5 suits small texts.

    Returns
    -------
    BackoffModel
        The adapted model, with the same n-grams.

    Raises
    ------
    UsageError
        The model is of another kind, or the text is empty.

    Notes
    -----
    One pass over the n-grams gives Z(h) = sum of alpha p(w|h) over the stored words w + back-off weight of h times
    (Z(h') - sum of alpha p(w|h') over the same words).

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
    """float64[V]: the unigrams of a text over the vocabulary of a model, every word with some probability."""
    text = text.over(model.vocabulary)
    if not text.n_sentences:
        raise UsageError("found a text without sentences; expected one to adapt to")
    return WittenBell().fit(count(text, order=1)).distribution()


def _scaled(columns: NormalizedColumns, alpha: Floats) -> NormalizedColumns:
    """p(w|h) alpha(w) / Z(h) for all n-grams that are stored; the back-off weights follow."""
    words = [columns.trie.level(order).words for order in range(1, columns.trie.order + 1)]
    masses = [alpha[ids] * probs for ids, probs in zip(words, columns.probs, strict=True)]
    return NormalizedColumns.from_masses(columns.trie, masses, columns.weights)
