"""The base class of models over n-grams."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ngramlm.models.estimates import ESTIMATE_NAMES, Estimates
from ngramlm.models.language_model import LanguageModel, history_words
from ngramlm.models.metadata import Metadata
from ngramlm.models.signature import common_fields, join_fields
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import UNK, Vocabulary
from ngramlm.types import Sentence

__all__ = ["NgramModel"]


class NgramModel(LanguageModel):
    """An immutable model over n-grams: the base class of back-off models and of `ColumnModel`.

    Parameters
    ----------
    vocabulary
        The words.
    metadata
        How the model was made.
    """

    # A prediction depends on at most `order` - 1 words of the same sentence.
    independent_sentences = True
    thread_safe = True

    def __init__(self, vocabulary: Vocabulary, metadata: Mapping[str, str] | None = None) -> None:
        self._vocabulary = vocabulary
        self._metadata = Metadata.from_text(metadata or {})

    @property
    def vocabulary(self) -> Vocabulary:
        """The words that the model knows, with their ids."""
        return self._vocabulary

    @property
    def metadata(self) -> Metadata:
        """How the model was made."""
        return self._metadata

    @property
    def estimates(self) -> Estimates:
        """The values that the smoothing method estimated for each order, such as discounts."""
        return self._metadata.estimates

    @property
    @abstractmethod
    def n_ngrams(self) -> tuple[int, ...]:
        """The number of n-grams of every order."""

    @property
    def order(self) -> int:
        """The length of the longest n-gram."""
        return len(self.n_ngrams)

    @property
    def normalized(self) -> bool:
        """Whether the model gives probabilities. Stupid back-off gives scores that do not sum to 1."""
        return self._metadata.get("normalized") != "no"

    @property
    def is_closed(self) -> bool:
        """Whether ``<unk>`` has the probability 0 after an empty history."""
        return bool(self.distribution()[UNK] == 0)

    @property
    def has_closed_vocabulary(self) -> bool:
        """Whether the vocabulary is closed: ``<unk>`` is not among the words that can be predicted.

        The metadata of a model say so. Without metadata, the model is closed if ``<unk>`` has the probability 0.
        Metadata come first because maximum likelihood gives ``<unk>`` the probability 0 in an open vocabulary too.
        """
        closed = self._metadata.get("closed")
        return self.is_closed if closed is None else closed == "yes"

    @property
    def signature(self) -> str:
        """One line with all that is known of how the model was made; ARPA files keep only the order and the words."""
        closed = self.has_closed_vocabulary
        fields = {"order": str(self.order), **self._metadata}
        for name in (*ESTIMATE_NAMES, "closed"):
            fields.pop(name, None)
        return join_fields(fields | common_fields(self._vocabulary, closed))

    def __contains__(self, word: object) -> bool:
        """Whether a word is in the vocabulary."""
        return word in self._vocabulary

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {' + '.join(map(str, self.n_ngrams))} n-grams>"

    @abstractmethod
    def distribution(self, history: Sentence = ()) -> NDArray[np.float64]:
        """Return the probability of every word after a history, float64[V] in the order of the ids."""

    @abstractmethod
    def log10_probs(self, text: Text) -> NDArray[np.float64]:
        """Return the log10 probability of every predicted token, float64[n_tokens].

        Raises
        ------
        UsageError
            The text cannot be read with the vocabulary of the model.
        """

    @abstractmethod
    def matched_orders(self, text: Text) -> NDArray[np.uint8]:
        """Return the length of the n-gram that predicted every token, uint8[n_tokens]."""

    def _history_ids(self, history: Sentence) -> list[int]:
        """Return the ids of a history; raises UsageError if ``</s>`` is in it, or ``<s>`` is not at its beginning."""
        return [self._vocabulary.id(word) for word in history_words(history)]
