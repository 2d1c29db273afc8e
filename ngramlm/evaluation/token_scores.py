"""The log10 probability of every token of a text, by sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.text.text import Text
from ngramlm.text.vocabulary import UNK
from ngramlm.types import Bools, Floats, Int32s, Ints

__all__ = ["TokenScores"]


@dataclass(frozen=True)
class TokenScores:
    """One log10 probability for each predicted token, and where the sentences begin.

    Attributes
    ----------
    ids : int32[N]
        The predicted tokens: words and ``</s>``, in the order of the text.
    log10_probs : float64[N]
        Their log10 probabilities.
    sentences : int64[S + 1]
        Where each sentence begins in `ids` and `log10_probs`.
    """

    ids: Int32s
    log10_probs: Floats
    sentences: Ints

    def __post_init__(self) -> None:
        for column in (self.ids, self.log10_probs, self.sentences):
            column.setflags(write=False)

    @property
    def is_oov(self) -> Bools:
        """bool[N]: whether the token is outside the vocabulary, and was scored as ``<unk>``."""
        return np.equal(self.ids, UNK)

    def sentence_tokens(self) -> Ints:
        """Return int64[S], the number of tokens of each sentence, including ``</s>``."""
        return np.diff(self.sentences)

    def sentence_oovs(self) -> Ints:
        """Return int64[S], the number of OOVs of each sentence."""
        return self._per_sentence(self.is_oov.astype(np.int64))

    def sentence_log10_probs(self) -> Floats:
        """Return float64[S], the log10 probability of each sentence, including ``</s>``."""
        return self._per_sentence(self.log10_probs)

    def sentence_perplexities(self) -> Floats:
        """Return float64[S], the perplexity of each sentence, including OOVs."""
        with np.errstate(over="ignore"):
            return np.asarray(10.0 ** (-self.sentence_log10_probs() / self.sentence_tokens()))

    def _per_sentence(self, values: NDArray[Any]) -> NDArray[Any]:
        if len(self.sentences) <= 1:
            return values[:0]
        return np.add.reduceat(values, self.sentences[:-1])

    @classmethod
    def from_text(cls, text: Text, log10_probs: Floats) -> TokenScores:
        """Make the scores of one text from the log10 probabilities that a model returned."""
        predicted = text.is_predicted
        offsets = np.zeros(len(predicted) + 1, np.int64)
        np.cumsum(predicted, out=offsets[1:])
        return cls(text.ids[predicted], np.array(log10_probs, np.float64), offsets[text.sentences])

    @classmethod
    def join(cls, pieces: Iterable[TokenScores]) -> TokenScores:
        """Join the scores of consecutive pieces of a text."""
        ids, values, sentences = [np.zeros(0, np.int32)], [np.zeros(0)], [np.zeros(1, np.int64)]
        seen = 0
        for piece in pieces:
            ids.append(piece.ids)
            values.append(piece.log10_probs)
            sentences.append(piece.sentences[1:] + seen)
            seen += len(piece.ids)
        return cls(np.concatenate(ids), np.concatenate(values), np.concatenate(sentences))
