"""The components of a mixture: each gives the next word a probability, or abstains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ngramlm.mixing.interpolation import text_over
from ngramlm.models.language_model import LanguageModel
from ngramlm.models.matching import ids_in
from ngramlm.text.text import Text
from ngramlm.text.tokenizers import words_of
from ngramlm.text.vocabulary import BOS, EOS, UNK, Vocabulary
from ngramlm.types import Floats, Sentence

__all__ = ["Component", "ModelComponent", "RunningDocument", "spans"]


@dataclass(frozen=True, eq=False)
class RunningDocument:
    """A document up to the next word.

    Attributes:
        before: its whole sentences.
        tokens: int32[T], the ids of the last sentence so far; ``<s>`` first, unless the history begins inside it.
    """

    before: Text
    tokens: NDArray[np.int32]

    @classmethod
    def of(
        cls, vocabulary: Vocabulary, history: Sentence = (), before: Sequence[Sentence] = ()
    ) -> RunningDocument:
        """The document that these sentences and the history in the last one make, in the ids of a vocabulary."""
        text = Text.from_sentences(before, vocabulary)
        return cls(text, vocabulary.ids(words_of(history)))

    @property
    def n_tokens(self) -> int:
        """Predicted tokens so far."""
        return self.before.n_tokens + int(np.count_nonzero(self.tokens != BOS))

    def as_text(self) -> Text:
        """The document with its last sentence as if it ended here: the last predicted token is not there yet."""
        last = np.concatenate([[BOS], without_start(self.tokens), [EOS]]).astype(np.int32)
        return Text.from_ids(self.before.vocabulary, np.concatenate([self.before.ids, last]), 0)

    @property
    def history(self) -> list[str]:
        """The words of the sentence that breaks off."""
        return self.before.vocabulary.words(self.tokens)

    def sentences(self) -> list[list[str]]:
        """The words of the whole sentences."""
        return [self.before.sentence(number) for number in range(self.before.n_sentences)]


@runtime_checkable
class Component(Protocol):
    """What a `Mixture` adds up: a cache of the document, or a language model as a `ModelComponent`.

    A component abstains where it has no evidence, as a cache does at the beginning of a document.
    """

    def describe(self) -> str:
        """A short name for signatures."""
        ...

    def probs(self, text: Text) -> Floats:
        """float64[n_tokens]: the probability of every predicted token, NaN where the component abstains."""
        ...

    def after(self, running: RunningDocument) -> Floats | None:
        """float64[V]: the probability of every next word, None where the component abstains."""
        ...


class ModelComponent:
    """A language model as a component; it never abstains. Words that it does not know have the probability 0."""

    def __init__(self, model: LanguageModel, vocabulary: Vocabulary) -> None:
        self.model = model
        self._vocabulary = vocabulary
        self._is_own = model.vocabulary == vocabulary

    def describe(self) -> str:
        return self.model.signature

    def probs(self, text: Text) -> Floats:
        own = text if self._is_own else text_over(text, self.model.vocabulary)
        found = np.minimum(self.model.log10_probs(own), 0.0)
        np.power(10.0, found, out=found)
        if not self._is_own:
            found[(own.predicted == UNK) & (text.predicted != UNK)] = 0.0
        return found

    def after(self, running: RunningDocument) -> Floats:
        before = [] if self.model.independent_sentences else running.sentences()
        found = self.model.distribution_in_document(running.history, before)
        if self._is_own:
            return found
        ids = ids_in(self._vocabulary, self.model.vocabulary)
        known = (ids != UNK) | (np.arange(len(ids)) == UNK)
        return np.where(known, found[ids], 0.0)


def spans(text: Text, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64[N]: the number of predicted tokens before each of these sentences."""
    return np.asarray(text.sentences[starts] - starts)


def document_slices(text: Text) -> list[tuple[slice, slice]]:
    """For every document, its tokens in `ids` and among the predicted ones."""
    at, predicted = text.sentences[text.documents].tolist(), spans(text, text.documents).tolist()
    return [(slice(at[k], at[k + 1]), slice(predicted[k], predicted[k + 1])) for k in range(text.n_documents)]


def without_start(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """The predicted tokens."""
    return np.asarray(ids[ids != BOS])
