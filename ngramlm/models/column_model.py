"""The base class of n-gram models that are not back-off models: they compute unseen n-grams in their own way."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import UsageError
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.column_rules import ColumnRule
from ngramlm.models.model_source import NO_FILE
from ngramlm.models.ngram_model import NgramModel
from ngramlm.models.normalization import NormalizedColumns
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import Vocabulary
from ngramlm.trie.events import Events
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats, Sentence

if TYPE_CHECKING:
    from ngramlm.formats.archive import Archive

__all__ = ["ColumnModel", "log10_of"]


class ColumnModel(NgramModel):
    """A model over the columns of a trie.

    A subclass computes the probabilities of events, and of all words after a history.

    Parameters
    ----------
    vocabulary
        The words.
    trie
        The n-grams that were counted.
    metadata
        How the model was made.
    """

    # The name of the kind of model in files.
    KIND: ClassVar[str]

    def __init__(
        self, vocabulary: Vocabulary, trie: NgramTrie, metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(vocabulary, metadata)
        if len(vocabulary) != trie.level(1).n_rows:
            raise UsageError(
                f"found {trie.level(1).n_rows} unigrams; expected {len(vocabulary)}, one for each word"
            )
        self.trie = trie

    @abstractmethod
    def _probs(self, events: Events) -> Floats:
        """Return the probability of every event, float64[N]."""

    @abstractmethod
    def _distribution(self, path: Sequence[int]) -> Floats:
        """Return the probability of every word, float64[V]; ``path[k]`` is the known history of order k + 1."""

    @abstractmethod
    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns that a file stores for the model, without its words and n-grams."""

    @classmethod
    @abstractmethod
    def schema(cls, archive: Archive) -> dict[str, ColumnRule]:
        """Return the rule of every column of a file. Readers and writers check the columns against it."""

    @classmethod
    @abstractmethod
    def from_archive(cls, archive: Archive) -> Self:
        """Make the model of a file whose columns keep the rules; raises ValueError if they do not fit together."""

    @property
    def n_ngrams(self) -> tuple[int, ...]:
        """The number of n-grams of every order."""
        return self.trie.n_rows

    def log10_probs(self, text: Text) -> Floats:
        """Return the log10 probability of every predicted token, float64[n_tokens].

        Raises
        ------
        UsageError
            The text cannot be read with the vocabulary of the model.
        """
        return log10_of(self._probs(Events.locate(self.trie, text.over(self._vocabulary))))

    def matched_orders(self, text: Text) -> NDArray[np.uint8]:
        """Return the length of the longest counted n-gram that ends with every predicted token, uint8[n_tokens]."""
        return np.maximum(Events.locate(self.trie, text.over(self._vocabulary)).lengths, 1)

    def distribution(self, history: Sentence = ()) -> Floats:
        """Return the probability of every word after a history, float64[V] in the order of the ids."""
        ids = self._history_ids(history)
        path = [0]
        for length in range(1, min(len(ids), self.order - 1) + 1):
            found = self.trie.find_history(ids[len(ids) - length :])
            if found < 0:
                break
            path.append(found)
        return self._distribution(path)

    def _matched_order(self, history: Sequence[str], word: str) -> int:
        ids = [self._vocabulary.id(other) for other in (*history, word)]
        return next((k for k in range(len(ids), 1, -1) if self.trie.find(ids[-k:]) >= 0), 1)

    def to_backoff(self) -> BackoffModel:
        """Approximate the model by a back-off model, for ARPA files and decoders.

        Stored n-grams keep their probabilities exactly. The back-off weights make every distribution sum to 1. Words
        not stored after a history share the remaining probability in proportion to the lower order.

        Returns
        -------
        BackoffModel
            A model with the same n-grams.
        """
        stored = NormalizedColumns.from_probs(self.trie, self._row_probs()).stored()
        metadata = {**self._metadata, "table": "of stored n-grams"}
        return BackoffModel(self._vocabulary, stored, metadata)

    def _row_probs(self) -> list[Floats]:
        """Return the probability of every stored n-gram, float64[R] per order."""
        return [
            self._probs(Events.of_rows(self.trie, order, np.arange(n, dtype=np.int32)))
            for order, n in enumerate(self.n_ngrams, 1)
        ]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file that `ngramlm.load` opens.

        Raises
        ------
        UsageError
            The path has the suffix of an ARPA file.
        """
        from ngramlm.formats.archive import save_archive

        save_archive(self, path)


def log10_of(probs: Floats) -> Floats:
    """Return the log10 of probabilities, at most 0; raises FormatError for a number that is not a probability."""
    if np.isnan(probs).any():
        raise NO_FILE.damaged("probability that is not a number")
    with np.errstate(divide="ignore"):
        return np.asarray(np.log10(np.minimum(probs, 1.0)))
