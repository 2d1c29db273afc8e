"""The components of a mixture: each gives the next word a probability, or abstains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ngramlm.mixing.interpolation import text_over
from ngramlm.models.language_model import LanguageModel
from ngramlm.models.matching import ids_in
from ngramlm.text.sentences import words_of
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS, UNK, Vocabulary
from ngramlm.types import Floats, Sentence

__all__ = ["Component", "ModelComponent", "RunningDocument", "spans"]


@dataclass(frozen=True, eq=False)
class RunningDocument:
    """A document up to the next word.

    Attributes
    ----------
    before : Text
        The complete sentences of the document.
    tokens : numpy.ndarray
        int32[T]: the ids of the unfinished last sentence. ``<s>`` is first, unless the history begins inside the
        sentence.
    """

    before: Text
    tokens: NDArray[np.int32]

    @classmethod
    def of(
        cls, vocabulary: Vocabulary, history: Sentence = (), before: Iterable[Sentence] = ()
    ) -> RunningDocument:
        """Make a document from its complete sentences and the history in its last sentence.

        Parameters
        ----------
        vocabulary
            The vocabulary whose ids the document has.
        history
            The words of the unfinished last sentence.
        before
            The complete sentences of the document.
        """
        text = Text.from_sentences(before, vocabulary)
        return cls(text, vocabulary.ids(words_of(history)))

    @property
    def n_tokens(self) -> int:
        """The number of predicted tokens so far."""
        return self.before.n_tokens + int(np.count_nonzero(self.tokens != BOS))

    def as_text(self) -> Text:
        """Return the document as a text whose last sentence is closed with ``</s>``.

        That ``</s>`` is not part of the document: callers ignore the last predicted token of the text.
        """
        last = np.concatenate([[BOS], without_start(self.tokens), [EOS]]).astype(np.int32)
        return Text.from_ids(self.before.vocabulary, np.concatenate([self.before.ids, last]), 0)

    @property
    def history(self) -> list[str]:
        """The words of the unfinished last sentence."""
        return self.before.vocabulary.words(self.tokens)

    def sentences(self) -> list[list[str]]:
        """Return the words of the complete sentences."""
        return [self.before.sentence(number) for number in range(self.before.n_sentences)]


@runtime_checkable
class Component(Protocol):
    """The interface of the components of a `Mixture`: caches, and language models as `ModelComponent`.

    A component abstains if it has no evidence, for example a cache at the beginning of a document.
    """

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may call the component at the same time."""
        ...

    def describe(self) -> str:
        """Return a short name for signatures."""
        ...

    def probs(self, text: Text) -> Floats:
        """Return the probability of every predicted token, float64[n_tokens]; NaN where the component abstains."""
        ...

    def after(self, running: RunningDocument) -> Floats | None:
        """Return the probability of every next word, float64[V]; None if the component abstains."""
        ...


class ModelComponent:
    """A language model as a component of a mixture.

    The component never abstains. A word that the model does not know has the probability 0.

    Parameters
    ----------
    model
        The language model.
    vocabulary
        The vocabulary of the mixture, which contains that of the model.
    """

    def __init__(self, model: LanguageModel, vocabulary: Vocabulary) -> None:
        self.model = model
        self._vocabulary = vocabulary
        self._is_own = model.vocabulary == vocabulary

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may call the model at the same time."""
        return self.model.thread_safe

    def describe(self) -> str:
        """Return the signature of the model."""
        return self.model.signature

    def probs(self, text: Text) -> Floats:
        """Return the probability of every predicted token, float64[n_tokens]."""
        own = text if self._is_own else text_over(text, self.model.vocabulary)
        found = np.minimum(self.model.log10_probs(own), 0.0)
        np.power(10.0, found, out=found)
        if not self._is_own:
            found[(own.predicted == UNK) & (text.predicted != UNK)] = 0.0
        return found

    def after(self, running: RunningDocument) -> Floats:
        """Return the probability of every next word, float64[V]."""
        before = [] if self.model.independent_sentences else running.sentences()
        found = self.model.distribution_in_document(running.history, before)
        if self._is_own:
            return found
        ids = ids_in(self._vocabulary, self.model.vocabulary)
        known = (ids != UNK) | (np.arange(len(ids)) == UNK)
        return np.where(known, found[ids], 0.0)


def spans(text: Text, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of predicted tokens before each of the sentences `starts`, int64[N]."""
    return np.asarray(text.sentences[starts] - starts)


def document_slices(text: Text) -> list[tuple[slice, slice]]:
    """Return for every document its slice of ``text.ids`` and its slice of the predicted tokens."""
    at, predicted = text.sentences[text.documents].tolist(), spans(text, text.documents).tolist()
    return [(slice(at[k], at[k + 1]), slice(predicted[k], predicted[k + 1])) for k in range(text.n_documents)]


def without_start(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the ids without ``<s>``: the predicted tokens."""
    return np.asarray(ids[ids != BOS])
