"""The sentences on which two models differ most, token by token."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.evaluation.oov_spelling import restored
from ngramlm.evaluation.perplexity import LOG2_10
from ngramlm.evaluation.row import finite
from ngramlm.evaluation.token_scores import TokenScores
from ngramlm.text.vocabulary import UNK, Vocabulary

__all__ = ["Contrast", "Kept", "SentencePair", "TokenKeeper", "contrast_of"]


@dataclass(frozen=True)
class SentencePair:
    """One sentence under two models.

    Attributes
    ----------
    number : int
        Number of the sentence in the text, from 1.
    words : tuple of str
        The words and ``</s>``. OOVs are spelled as in the text, or ``<unk>`` if the text could not be read again.
    bits : pair of tuples of float
        The bits of every token under each model.
    orders : pair of tuples of int, or None
        The length of the n-gram that scored each token; None for a model that does not report it.
    oovs : tuple of int
        Indices of the OOVs in `words`, from 0.
    """

    number: int
    words: tuple[str, ...]
    bits: tuple[tuple[float, ...], tuple[float, ...]]
    orders: tuple[tuple[int, ...] | None, tuple[int, ...] | None]
    oovs: tuple[int, ...] = ()

    @property
    def difference(self) -> float:
        """Bits of the whole sentence, first model minus second; negative if the first model is better."""
        return math.fsum(self.bits[0]) - math.fsum(self.bits[1])

    def as_dict(self) -> dict[str, Any]:
        """Return plain values by name, for JSON; None for an infinite number."""
        bits = [[finite(value) for value in values] for values in self.bits]
        return {
            "number": self.number,
            "words": list(self.words),
            "oovs": list(self.oovs),
            "bits": bits,
            "orders": [None if values is None else list(values) for values in self.orders],
            "difference": finite(self.difference),
        }


@dataclass(frozen=True)
class Contrast:
    """The sentences of a text on which two models differ most, in bits of the whole sentence.

    The first model has fewer bits in `better` and more bits in `worse`. The largest difference comes first.
    """

    text: str
    models: tuple[str, str]
    better: tuple[SentencePair, ...]
    worse: tuple[SentencePair, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values by name, for JSON."""
        return {
            "text": self.text,
            "models": list(self.models),
            "better": [pair.as_dict() for pair in self.better],
            "worse": [pair.as_dict() for pair in self.worse],
        }


@dataclass(frozen=True, eq=False)
class Kept:
    """The scores of one model for every token of a text."""

    model: str
    method: str
    perplexity: float
    scores: TokenScores
    orders: NDArray[np.integer[Any]] | None


class TokenKeeper:
    """Keeps the scores of the few models that a contrast may need, so that memory does not grow with their number.

    These are the baseline, the first model (it becomes the baseline if the baseline fails), the best other model, and
    the best model of another method. If `rival` names a model, that model is kept instead of the best models.
    """

    def __init__(self, baseline: str, method: str, rival: str | None) -> None:
        self.baseline, self.method, self.rival = baseline, method, rival
        self._kept: dict[str, Kept] = {}

    def offer(self, found: Kept) -> None:
        """Keep the scores if a contrast may need them; models of infinite perplexity are never needed."""
        if not np.isfinite(found.perplexity):
            return
        self._kept.setdefault("first", found)
        if found.model == self.baseline:
            self._kept["baseline"] = found
        elif self.rival is not None:
            if found.model == self.rival:
                self._kept["rival"] = found
        else:
            self._keep_best("any", found)
            if found.method != self.method:
                self._keep_best("rival", found)

    def pair(self, baseline: str) -> tuple[Kept, Kept] | None:
        """Return (rival, baseline); None if one of them is missing."""
        base = next((kept for kept in self._kept.values() if kept.model == baseline), None)
        for place in ("rival", "any", "first"):
            found = self._kept.get(place)
            if base is not None and found is not None and found.model != baseline:
                return found, base
        return None

    def _keep_best(self, place: str, found: Kept) -> None:
        if place not in self._kept or found.perplexity < self._kept[place].perplexity:
            self._kept[place] = found


def contrast_of(
    text: str,
    vocabulary: Vocabulary,
    pair: tuple[Kept, Kept],
    sentences: int,
    surface: Callable[[Collection[int]], dict[int, list[str]]],
) -> Contrast:
    """Select the sentences with the largest differences in bits, `sentences` for each side; ties by their number.

    `surface` returns the words of sentences as they stand in the text, for the sentences that can be read again.
    """
    one, other = pair
    differences = -LOG2_10 * (one.scores.sentence_log10_probs() - other.scores.sentence_log10_probs())
    ranked = np.argsort(differences, kind="stable")
    better = [number for number in ranked[:sentences].tolist() if differences[number] < 0]
    ranked = np.argsort(-differences, kind="stable")
    worse = [number for number in ranked[:sentences].tolist() if differences[number] > 0]

    spelled = surface({*better, *worse})

    def pairs(numbers: Sequence[int]) -> tuple[SentencePair, ...]:
        return tuple(_sentence(number, vocabulary, one, other, spelled.get(number)) for number in numbers)

    return Contrast(text, (one.model, other.model), pairs(better), pairs(worse))


def _sentence(
    number: int, vocabulary: Vocabulary, one: Kept, other: Kept, spelled: list[str] | None
) -> SentencePair:
    start, end = one.scores.sentences[number : number + 2].tolist()
    ids = one.scores.ids[start:end]
    oovs = np.flatnonzero(ids == UNK).tolist()
    words = restored(vocabulary.words(ids.tolist()), oovs, spelled)
    bits = [tuple((-LOG2_10 * kept.scores.log10_probs[start:end]).tolist()) for kept in (one, other)]
    orders = [
        None if kept.orders is None else tuple(map(int, kept.orders[start:end])) for kept in (one, other)
    ]
    return SentencePair(number + 1, tuple(words), (bits[0], bits[1]), (orders[0], orders[1]), tuple(oovs))
