"""The sentences on which two models differ most, token by token."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.evaluation.perplexity import LOG2_10, TokenScores
from ngramlm.evaluation.results import Contrast, SentencePair
from ngramlm.evaluation.surface import restored
from ngramlm.text.vocabulary import UNK, Vocabulary

__all__ = ["Kept", "TokenKeeper", "contrast_of"]


@dataclass(frozen=True, eq=False)
class Kept:
    """What one model made of every token of a text."""

    model: str
    method: str
    perplexity: float
    scores: TokenScores
    orders: NDArray[np.integer[Any]] | None


class TokenKeeper:
    """Keeps the tokens of the few models that can end in a contrast, so that memory does not grow with their number.

    These are the baseline, the first model (the baseline where that one fails), and the best others: of another method
    than the baseline's if there is one. ``rival`` names the one to keep instead of the best.
    """

    def __init__(self, baseline: str, method: str, rival: str | None) -> None:
        self.baseline, self.method, self.rival = baseline, method, rival
        self._kept: dict[str, Kept] = {}

    def offer(self, found: Kept) -> None:
        """Keep it, if it may be needed; models of infinite perplexity are not."""
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
        """(The rival, the baseline); None where one of them is missing."""
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
    """The sentences with the largest differences in bits, so many for either side; ties by their number.

    ``surface`` gives the words of sentences as they stand in the text, as far as they can be had.
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
