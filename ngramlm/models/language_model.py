"""What every language model can do; evaluation and adaptation see nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import UsageError
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import Vocabulary

__all__ = ["LanguageModel", "most_probable"]


@runtime_checkable
class LanguageModel(Protocol):
    """A model of the next word; the array of per-token log10 probabilities is what all tools above it work on."""

    @property
    def vocabulary(self) -> Vocabulary: ...

    def log10_probs(self, text: Text) -> NDArray[np.float64]:
        """float64[n_tokens]: one for each predicted token (words and ``</s>``), each from what precedes it only."""
        ...

    def distribution(self, history: Sequence[str]) -> NDArray[np.float64]:
        """float64[V]: the probability of every word after a history; sums to 1, ``<s>`` is 0."""
        ...


def most_probable(vocabulary: Vocabulary, probs: NDArray[np.float64], n: int) -> list[tuple[str, float]]:
    """The `n` most probable words of a distribution float64[V], with their log10 probabilities; none without any.

    Raises UsageError for a negative `n`.
    """
    if n < 0:
        raise UsageError(f"n is {n}; expected 0 or more")
    best = np.argsort(-probs, kind="stable")[:n]
    return [(vocabulary.word(id), float(np.log10(probs[id]))) for id in best.tolist() if probs[id] > 0]
