"""The one representation of n-grams: aligned columns in the order of the history read backwards, then the word.

All n-grams of one order are rows; the row number is the identity. The rows of a history are contiguous and sorted by
word. Histories form a tree in which the parent of a history is the history without its first word, so the *suffix* of
a row (the n-gram without its first word) stands among the rows of the parent history, one order below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.errors import FormatError, UsageError
from ngramlm.text.vocabulary import BOS, EOS
from ngramlm.trie._trie import link_all, link_rows, mark_needed, restrict_level, restrict_links
from ngramlm.trie.levels import MAX_ORDER, Level, build_level
from ngramlm.types import Bools, Int32s, Ints

__all__ = ["MAX_ORDER", "Level", "NgramTrie"]


class NgramTrie:
    """The n-grams of orders 1 to `order`, closed: the history and the suffix of every n-gram are n-grams too.

    Parameters
    ----------
    levels
        The columns of every order.
    workspace
        Where columns that are aligned with these are kept.
    of_text
        Whether these are all n-grams of a text: every n-gram that does not end with ``</s>`` is then a history.

    Examples
    --------
    >>> trie, _ = NgramTrie.from_ngrams([np.array([[1, 3], [3, 4], [4, 2]], np.int32)], 5)
    >>> trie.n_rows, trie.ngrams(2).tolist(), trie.find([3, 4])
    ((5, 3), [[1, 3], [3, 4], [4, 2]], 1)
    """

    def __init__(
        self, levels: Sequence[Level], workspace: Workspace = IN_MEMORY, of_text: bool = False
    ) -> None:
        if not 1 <= len(levels) <= MAX_ORDER:
            raise UsageError(f"order is {len(levels)}; expected 1 to {MAX_ORDER}")
        self.levels = tuple(levels)
        self.workspace = workspace
        self.of_text = of_text
        self._links: dict[int, Int32s] = {}

    @property
    def order(self) -> int:
        """The length of the longest n-grams."""
        return len(self.levels)

    @property
    def n_rows(self) -> tuple[int, ...]:
        """The number of n-grams of every order."""
        return tuple(level.n_rows for level in self.levels)

    def level(self, order: int) -> Level:
        return self.levels[order - 1]

    def truncate(self, order: int) -> NgramTrie:
        """The same without the orders above `order`."""
        return NgramTrie(self.levels[:order], self.workspace, self.of_text)

    def histories(self, order: int) -> Int32s:
        """The history of every row, int32[R]."""
        level = self.level(order)
        return np.repeat(np.arange(level.n_histories, dtype=np.int32), np.diff(level.starts))

    def buckets(self, order: int) -> Ints:
        """For order >= 2: the first history that ends with each word, int64[vocabulary + 1]."""
        words = np.arange(self.level(1).n_rows + 1, dtype=np.int32)
        edges = np.searchsorted(self.level(2).first_words, words)
        for higher in range(3, order + 1):  # of another type, the keys would make a copy of the column
            edges = np.searchsorted(self.level(higher).parents, edges.astype(np.int32))
        return edges.astype(np.int64)

    def history_of_row(self, order: int) -> Int32s:
        """For order < self.order: the history of order + 1 that each row is, -1 where it is none; int32[R]."""
        if not 1 <= order < self.order:
            raise UsageError(f"order is {order}; expected 1 to {self.order - 1}")
        if order not in self._links:
            level, higher = self.level(order), self.level(order + 1)
            links = self.workspace.empty(level.n_rows, np.int32)
            if self.of_text and order > 1:  # <s> is a history, and its unigram like that of a word
                buckets = self.buckets(order + 1)
                places = buckets.copy()
                for piece in self.workspace.pieces(level.n_rows):
                    link_all(level.words[piece], places, buckets, links[piece])
            else:
                link_rows(
                    level.words,
                    level.suffixes,
                    level.starts,
                    level.first_words,
                    self.history_of_row(order - 1) if order > 1 else level.suffixes,
                    self.buckets(order + 1),
                    higher.parents,
                    higher.first_words,
                    order,
                    links,
                )
            links.setflags(write=False)
            self._links[order] = links
        return self._links[order]

    def history_rows(self, order: int) -> Int32s:
        """For order >= 2: the row in order - 1 that each history is, int32[H]."""
        links = self.history_of_row(order - 1)
        rows = np.full(self.level(order).n_histories, -1, np.int32)
        linked = np.flatnonzero(links >= 0)
        rows[links[linked]] = linked
        return rows

    def history_words(self, order: int) -> Int32s:
        """The words of every history, oldest first, int32[H, order - 1]."""
        level = self.level(order)
        words = np.empty((level.n_histories, order - 1), np.int32)
        at = np.arange(level.n_histories, dtype=np.int32)
        for place in range(order - 1):
            level = self.level(order - place)
            words[:, place] = level.first_words[at]
            at = level.parents[at]
        return words

    def ngrams(self, order: int) -> Int32s:
        """The words of every row, oldest first, int32[R, order]."""
        level = self.level(order)
        histories = np.repeat(self.history_words(order), np.diff(level.starts), axis=0)
        return np.column_stack([histories, level.words])

    def find_history(self, history: Sequence[int]) -> int:
        """The index of a history among those of its length, -1 when it is none."""
        at = 0
        for order, word in enumerate(reversed(history), 2):
            if order > self.order:
                return -1
            level = self.level(order)
            low, high = np.searchsorted(
                level.parents, np.array([at, at + 1], np.int32)
            )  # another type: a copy
            at = int(low + np.searchsorted(level.first_words[low:high], np.int32(word)))
            if at == high or level.first_words[at] != word:
                return -1
        return at

    def find(self, ngram: Sequence[int]) -> int:
        """Return the row of an n-gram in its order, -1 when it is not there."""
        if not 1 <= len(ngram) <= self.order:
            return -1
        history = self.find_history(ngram[:-1])
        if history < 0:
            return -1
        level = self.level(len(ngram))
        low, high = level.starts[history : history + 2]
        row = int(low + np.searchsorted(level.words[low:high], np.int32(ngram[-1])))
        return row if row < high and level.words[row] == ngram[-1] else -1

    def closure(self, keep: Sequence[Bools]) -> list[Bools]:
        """The smallest closed set of rows that holds those marked in `keep` (a mask per order)."""
        closed = [np.array(mask, bool) for mask in keep]
        closed[0][:] = True
        for order in range(self.order, 1, -1):
            level = self.level(order)
            mark_needed(
                closed[order - 1].view(np.uint8),
                level.suffixes,
                level.starts,
                self.history_of_row(order - 1),
                closed[order - 2].view(np.uint8),
            )
        return closed

    def restrict(self, keep: Sequence[Bools]) -> NgramTrie:
        """Only the marked rows; `keep` is a mask per order and must be closed (FormatError)."""
        return self.restricted(keep)[0]

    def restricted(self, keep: Sequence[Bools]) -> tuple[NgramTrie, list[Bools]]:
        """The same, and which of the histories of every order are left, bool[H]."""
        unigrams = self.level(1)
        levels, used = [unigrams], [np.ones(1, bool)]
        links: dict[int, Int32s] = {}
        new_rows, new_histories = unigrams.words, np.zeros(1, np.int32)  # new numbers, -1: gone
        for order in range(2, self.order + 1):
            level, mask = self.level(order), keep[order - 1]
            found = restrict_level(
                np.ascontiguousarray(mask, bool).view(np.uint8),
                level.words,
                level.suffixes,
                level.starts,
                level.parents,
                level.first_words,
                new_rows,
                new_histories,
                int(np.count_nonzero(mask)),
                order == self.order,
            )
            if found is None:
                raise FormatError(
                    f"a {order}-gram is kept without its suffix; expected a closed set of n-grams"
                )
            columns, (rows, new_histories) = found[:5], found[5:]
            links[order - 1] = np.empty(levels[-1].n_rows, np.int32)
            if not restrict_links(self.history_of_row(order - 1), new_rows, new_histories, links[order - 1]):
                raise FormatError(
                    f"a {order}-gram is kept without its history; expected a closed set of n-grams"
                )
            links[order - 1].setflags(write=False)
            new_rows = rows
            levels.append(Level(*columns))
            used.append(new_histories >= 0)
        while len(levels) > 1 and levels[-1].n_rows == 0:
            levels.pop()
        trie = NgramTrie(levels, self.workspace)
        trie._links = {order: links[order] for order in range(1, len(levels))}
        return trie, used

    def check(self, vocabulary_size: int) -> None:
        """Raise FormatError where an invariant does not hold: sorted, unique, closed, markers in their places."""
        for problem in self._problems(vocabulary_size):
            raise FormatError(f"{problem}; expected the columns of a closed trie")

    def _problems(self, vocabulary_size: int) -> Iterator[str]:
        expected = Level.of_words(vocabulary_size)
        for name in ("words", "suffixes", "starts", "parents", "first_words"):
            if not np.array_equal(getattr(self.level(1), name), getattr(expected, name)):
                yield f"order 1: {name} other than one row for each word id"
        for order in range(2, self.order + 1):
            level, lower = self.level(order), self.level(order - 1)
            name = f"order {order}:"
            sizes = np.diff(level.starts)
            if len(level.starts) != level.n_histories + 1 or len(level.first_words) != level.n_histories:
                yield f"{name} history columns of different lengths"
            if len(level.suffixes) != level.n_rows:
                yield f"{name} row columns of different lengths"
            if level.starts[0] != 0 or level.starts[-1] != level.n_rows or (sizes < 1).any():
                yield f"{name} rows that belong to no history, or a history without rows"
            if ((level.words < 0) | (level.words >= vocabulary_size) | (level.words == BOS)).any():
                yield f"{name} a word that cannot be predicted"
            if (
                (level.first_words < 0) | (level.first_words >= vocabulary_size) | (level.first_words == EOS)
            ).any():
                yield f"{name} a history with </s> or a word outside the vocabulary"
            if ((level.parents < 0) | (level.parents >= lower.n_histories)).any():
                yield f"{name} a parent that is no history"
            parent_step = np.diff(level.parents)
            if (parent_step < 0).any() or (np.diff(level.first_words)[parent_step == 0] <= 0).any():
                yield f"{name} histories out of order"
            if order > 2 and (lower.first_words[level.parents] == BOS).any():
                yield f"{name} a history with <s> inside"
            inner = np.ones(max(level.n_rows - 1, 0), bool)
            inner[level.starts[1:-1] - 1] = False
            if (np.diff(level.words)[inner] <= 0).any():
                yield f"{name} rows of a history out of order"
            parents = level.parents[self.histories(order)]
            if (level.suffixes < lower.starts[parents]).any() or (
                level.suffixes >= lower.starts[parents + 1]
            ).any():
                yield f"{name} a suffix outside its parent's rows"
            if (lower.words[level.suffixes] != level.words).any():
                yield f"{name} a suffix with another word"
            if np.count_nonzero(self.history_of_row(order - 1) >= 0) != level.n_histories:
                yield f"{name} a history that is no {order - 1}-gram"

    def extended(self, level: Level, links: Int32s | None = None) -> NgramTrie:
        """The same with one order more; raises FormatError where a history of it is not among the highest n-grams.

        `links` are the histories that the highest rows now are, where they are known.
        """
        trie = NgramTrie((*self.levels, level), self.workspace)
        trie._links = dict(self._links)
        if links is not None:
            links.setflags(write=False)
            trie._links[self.order] = links
        links_of = trie.history_of_row(self.order)
        known = sum(np.count_nonzero(links_of[piece] >= 0) for piece in self.workspace.pieces(len(links_of)))
        if known != level.n_histories:
            missing = np.flatnonzero(trie.history_rows(trie.order) < 0)
            words = trie.history_words(trie.order)[missing[0]].tolist()
            raise FormatError(
                f"the history with ids {words} of a {trie.order}-gram is not among the shorter ones"
            )
        return trie

    @classmethod
    def from_ngrams(
        cls, ngrams: Sequence[NDArray[np.integer]], vocabulary_size: int, threads: int = 1
    ) -> tuple[NgramTrie, tuple[Int32s, ...]]:
        """A trie of n-grams int32[R, k] in any order, for k = 2, 3, ... (order 1 is every word id).

        Returns the trie and, for each of its orders, where its rows came from: ``values[permutation]`` are the values
        in the order of the trie. Raises FormatError for an n-gram that stands twice or lacks its suffix or history.
        """
        trie = cls([Level.of_words(vocabulary_size)])
        permutations = [np.arange(vocabulary_size, dtype=np.int32)]
        for array in ngrams:
            if len(array):
                level, rows = build_level(np.ascontiguousarray(array, np.int32), trie.levels, threads)
                trie = trie.extended(level)
                permutations.append(np.arange(level.n_rows, dtype=np.int32) if rows is None else rows)
        return trie, tuple(permutations)
