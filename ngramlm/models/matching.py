"""Look up the n-grams of one trie in another: their rows there, and their probabilities in a model."""

from __future__ import annotations

import numpy as np

from ngramlm.models.normalization import NormalizedColumns
from ngramlm.text.vocabulary import UNK, Vocabulary
from ngramlm.trie._trie import find_rows, take
from ngramlm.trie.events import look_up
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats, Int32s

__all__ = ["Matches", "ids_in", "probs_in"]


def ids_in(vocabulary: Vocabulary, other: Vocabulary) -> Int32s:
    """Return the id of every word in another vocabulary, int32[V]; a word outside it has the id of ``<unk>``."""
    if vocabulary == other:
        return np.arange(len(vocabulary), dtype=np.int32)
    return other.ids(vocabulary.words())


class Matches:
    """The rows and histories of a trie in another trie, in which the word `id` has the id ``ids[id]``.

    Attributes
    ----------
    rows : list[numpy.ndarray]
        int32[R] per order: the row in the other trie, or -1.
    histories : list[numpy.ndarray]
        int32[H] per order from 2 on: the history of that order in the other trie, or -1.
    """

    def __init__(self, trie: NgramTrie, other: NgramTrie, ids: Int32s) -> None:
        self.rows = [ids]
        self.histories: list[Int32s] = []
        for order in range(2, trie.order + 1):
            level = trie.level(order)
            if order > other.order:
                self.histories.append(np.full(level.n_histories, -1, np.int32))
                self.rows.append(np.full(level.n_rows, -1, np.int32))
                continue
            rows = self.rows[-1][trie.history_rows(order)]
            found, links = other.level(order), other.history_of_row(order - 1)
            histories = look_up(links, rows, -1)
            self.histories.append(histories)
            self.rows.append(
                find_rows(
                    found.words, found.starts, np.repeat(histories, np.diff(level.starts)), ids[level.words]
                )
            )


def probs_in(
    trie: NgramTrie, model: NormalizedColumns, ids: Int32s, unknown_is_impossible: bool = False
) -> list[Floats]:
    """Compute the probability p(w|h) of a model for the n-grams of another trie, float64[R] per order.

    Parameters
    ----------
    trie
        The n-grams. The trie contains the history and the suffix of each.
    model
        The model.
    ids
        int32[V]: the id in the model of every word of the trie. An OOV has the id of ``<unk>``.
    unknown_is_impossible
        Whether an OOV has the probability 0 instead of that of ``<unk>``. In a history it always counts as ``<unk>``.
    """
    matches = Matches(trie, model.trie, ids)
    unknown = (ids == UNK) & (np.arange(len(ids)) != UNK)
    mask = unknown if unknown_is_impossible and unknown.any() else None
    probs = [np.where(unknown, 0.0, model.probs[0][ids]) if mask is not None else model.probs[0][ids]]
    for order in range(2, trie.order + 1):
        level, rows, histories = trie.level(order), matches.rows[order - 1], matches.histories[order - 2]
        found = take(probs[-1], level.suffixes)
        if order <= model.trie.order:
            weights = look_up(model.weights[order - 2], histories, 1.0)
            stored = look_up(model.probs[order - 1], rows, 0.0)
            found = np.where(rows >= 0, stored, np.repeat(weights, np.diff(level.starts)) * found)
        if mask is not None:
            found[mask[level.words]] = 0.0
        probs.append(found)
    return probs
