"""Events: the tokens of a text with their rows in a trie, for held-out tuning and models that score by columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS
from ngramlm.trie._trie import find_rows
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Bools, Floats, Int32s, Uint8s

__all__ = ["Events", "look_up"]

Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Events:
    """The predicted tokens of a text, with their rows in every order of a trie.

    Attributes
    ----------
    words : numpy.ndarray
        int32[N]: the predicted words.
    rows : numpy.ndarray
        int32[order, N]: the row of the k-gram that ends with the word. -1 if the k-gram is not in the trie, or reaches
        over the beginning of the sentence.
    histories : numpy.ndarray
        int32[order, N]: the k - 1 words before the word, as a history of order k. -1 as for the rows.
    weights : numpy.ndarray
        float64[N]: the weight of each event, for example its number of occurrences.

    Examples
    --------
    >>> from ngramlm.counts import count
    >>> counts = count(Text.from_sentences(["a b", "a c"]), order=2)
    >>> events = Events.locate(counts.trie, Text.from_sentences(["a a"], counts.vocabulary))
    >>> counts.vocabulary.words(events.words), events.rows[1].tolist(), events.histories[1].tolist()
    (['a', 'a', '</s>'], [0, -1, -1], [0, 1, 1])
    """

    words: Int32s
    rows: Int32s
    histories: Int32s
    weights: Floats

    def __post_init__(self) -> None:
        for column in (self.words, self.rows, self.histories, self.weights):
            column.setflags(write=False)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def order(self) -> int:
        """The order of the trie."""
        return len(self.rows)

    @cached_property
    def lengths(self) -> Uint8s:
        """uint8[N]: the length of the longest n-gram that is in the trie; 0 if no n-gram is."""
        found = self.rows >= 0
        return np.asarray((found * np.arange(1, self.order + 1)[:, None]).max(axis=0), np.uint8)

    @classmethod
    def locate(cls, trie: NgramTrie, text: Text) -> Events:
        """Return the events of a text. Its ids must be those of the trie. All weights are 1."""
        ids = text.ids
        predicted = text.is_predicted
        rows = np.empty((trie.order, text.n_tokens), np.int32)
        histories = np.zeros_like(rows)
        rows[0] = ids[predicted]
        # for each position, the row of the n-gram of the order below that ends there
        ending = ids
        for order in range(2, trie.order + 1):
            level, links = trie.level(order), trie.history_of_row(order - 1)
            before = np.append(np.int32(-1), ending)[: len(ids)]
            history = look_up(links, before, -1)
            history[ids == BOS] = -1
            ending = find_rows(level.words, level.starts, history, ids)
            rows[order - 1], histories[order - 1] = ending[predicted], history[predicted]
        return cls(rows[0], rows, histories, np.ones(text.n_tokens))

    @classmethod
    def of_rows(cls, trie: NgramTrie, order: int, rows: Int32s) -> Events:
        """Return an event for each of some n-grams: its last word after its other words.

        Parameters
        ----------
        trie : NgramTrie
            The trie.
        order : int
            The order of the n-grams.
        rows : numpy.ndarray
            int32[N]: the rows of the n-grams.
        """
        found = np.full((trie.order, len(rows)), -1, np.int32)
        histories = np.full_like(found, -1)
        for k in range(order, 0, -1):
            found[k - 1], histories[k - 1] = rows, trie.histories(k)[rows]
            rows = trie.level(k).suffixes[rows]
        return cls(found[0], found, histories, np.ones(len(found[0])))

    @classmethod
    def join(cls, parts: Sequence[Events]) -> Events:
        """Join several collections of events of the same trie."""
        return cls(
            np.concatenate([part.words for part in parts]),
            np.concatenate([part.rows for part in parts], axis=1),
            np.concatenate([part.histories for part in parts], axis=1),
            np.concatenate([part.weights for part in parts]),
        )

    def select(self, mask: Bools) -> Events:
        """Return the events that are marked in `mask`, bool[N]."""
        return Events(self.words[mask], self.rows[:, mask], self.histories[:, mask], self.weights[mask])


def look_up(values: NDArray[Value], places: Int32s, absent: Any) -> NDArray[Value]:
    """Return ``values[places]``, with `absent` for each place that is -1. `values` may be empty.

    Examples
    --------
    >>> look_up(np.array([0.5, 0.25]), np.array([1, -1], np.int32), 0.0).tolist()
    [0.25, 0.0]
    """
    found = np.full(len(places), absent, values.dtype)
    known = places >= 0
    found[known] = values[places[known]]
    return found
