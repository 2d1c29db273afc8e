"""A back-off model that gives words what a domain gives them: its unigram marginals are moved, its shape is kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.validation import Number
from ngramlm.counts import count
from ngramlm.errors import UsageError
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.language_model import LanguageModel
from ngramlm.models.normalization import NormalizedColumns, normalized_columns
from ngramlm.smoothing.witten_bell import WittenBell
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS

__all__ = ["adapt_marginals"]

Floats = NDArray[np.float64]


def adapt_marginals(
    model: BackoffModel, text: Text, *, background: Text | None = None, beta: float = 0.5
) -> BackoffModel:
    """The model with p(w|h) alpha(w) / Z(h), where alpha(w) = (p(w) in the text / p(w) before)^beta.

    That is the model nearest to the old one whose words are as frequent as in the text, for `beta` 1 to first order
    (Kneser, Peters & Klakow 1997, "language model adaptation using dynamic marginals"; Federico 1999). Unigrams of the
    text are those of a Witten-Bell model over the same vocabulary, so that a word that it lacks keeps a probability.
    One pass over the n-grams: Z(h) = sum of alpha p(w|h) over stored w + back-off weight (Z(h') - sum of alpha p(w|h')
    over them).

    Args:
        model: a back-off model of probabilities.
        text: a text of the domain, over any vocabulary that has lost no words of the model's.
        background: the text that the model is of; its unigrams are then those before. None takes the unigrams of the
            model, which for Kneser-Ney are not the frequencies of the words.
        beta: 0 changes nothing; 0.5 is usual, as little text says little.

    Raises UsageError for other models, and an empty text.

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
