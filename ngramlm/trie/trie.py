"""The trie of n-grams: aligned columns, sorted by the history read backwards, then by the word.

Every n-gram of an order is a row, and the row number identifies the n-gram. The rows of a history are contiguous and
sorted by word. Histories form a tree: the parent of a history is the history without its first word. The *suffix* of a
row is the n-gram without its first word. It is one of the rows of the parent history, one order below.
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
    """The n-grams of orders 1 to `order`. They are closed: the history and suffix of every n-gram are n-grams too.

    Parameters
    ----------
    levels : Sequence[Level]
        The columns of every order, order 1 first.
    workspace : Workspace, default `IN_MEMORY`
        The place for other columns that are aligned with the rows.
    of_text : bool, default False
        Whether the trie has all n-grams of a text. Every n-gram is then a history, except those that end with ``</s>``.

    Raises
    ------
    UsageError
        The number of levels is not from 1 to `MAX_ORDER`.

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
        """Return the columns of an order."""
        return self.levels[order - 1]

    def truncate(self, order: int) -> NgramTrie:
        """Return the trie without the orders above `order`."""
        return NgramTrie(self.levels[:order], self.workspace, self.of_text)

    def histories(self, order: int) -> Int32s:
        """Return the history of every row, int32[R]."""
        level = self.level(order)
        return np.repeat(np.arange(level.n_histories, dtype=np.int32), np.diff(level.starts))

    def buckets(self, order: int) -> Ints:
        """Return the first history that ends with each word, int64[V + 1], for an order from 2.

        The histories that end with word w are those from ``buckets[w]`` to ``buckets[w + 1] - 1``.
        """
        words = np.arange(self.level(1).n_rows + 1, dtype=np.int32)
        edges = np.searchsorted(self.level(2).first_words, words)
        for higher in range(3, order + 1):
            # keys of another type would make a copy of the column
            edges = np.searchsorted(self.level(higher).parents, edges.astype(np.int32))
        return edges.astype(np.int64)

    def history_of_row(self, order: int) -> Int32s:
        """Return, for each row of an order, its number as a history of order + 1, int32[R].

        The number is -1 for a row that is not a history.

        Raises
        ------
        UsageError
            `order` is the highest order, or is not in the trie.
        """
        if not 1 <= order < self.order:
            raise UsageError(f"order is {order}; expected 1 to {self.order - 1}")
        if order not in self._links:
            level, higher = self.level(order), self.level(order + 1)
            links = self.workspace.empty(level.n_rows, np.int32)
            # at order 1, the unigrams of <s> and of words that do not occur need the general way
            if self.of_text and order > 1:
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
        """Return the row in order - 1 of each history, int32[H], for an order from 2."""
        links = self.history_of_row(order - 1)
        rows = np.full(self.level(order).n_histories, -1, np.int32)
        linked = np.flatnonzero(links >= 0)
        rows[links[linked]] = linked
        return rows

    def history_words(self, order: int) -> Int32s:
        """Return the words of every history, oldest first, int32[H, order - 1]."""
        level = self.level(order)
        words = np.empty((level.n_histories, order - 1), np.int32)
        at = np.arange(level.n_histories, dtype=np.int32)
        for place in range(order - 1):
            level = self.level(order - place)
            words[:, place] = level.first_words[at]
            at = level.parents[at]
        return words

    def ngrams(self, order: int) -> Int32s:
        """Return the words of every row, oldest first, int32[R, order]."""
        level = self.level(order)
        histories = np.repeat(self.history_words(order), np.diff(level.starts), axis=0)
        return np.column_stack([histories, level.words])

    def find_history(self, history: Sequence[int]) -> int:
        """Return the number of a history among those of its length; -1 if it is not in the trie."""
        at = 0
        for order, word in enumerate(reversed(history), 2):
            if order > self.order:
                return -1
            level = self.level(order)
            # keys of another type would make a copy of the column
            low, high = np.searchsorted(level.parents, np.array([at, at + 1], np.int32))
            at = int(low + np.searchsorted(level.first_words[low:high], np.int32(word)))
            if at == high or level.first_words[at] != word:
                return -1
        return at

    def find(self, ngram: Sequence[int]) -> int:
        """Return the row of an n-gram, given as word ids; -1 if it is not in the trie."""
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
        """Return the smallest closed set of rows that contains the given rows.

        Parameters
        ----------
        keep : Sequence[numpy.ndarray]
            bool[R] per order: the given rows.

        Returns
        -------
        list[numpy.ndarray]
            bool[R] per order: the given rows, their histories and suffixes, and all unigrams.
        """
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
        """Return a trie with some of the rows.

        Parameters
        ----------
        keep : Sequence[numpy.ndarray]
            bool[R] per order: the rows to keep.

        Raises
        ------
        FormatError
            The rows to keep are not closed.
        """
        return self.restricted(keep)[0]

    def restricted(self, keep: Sequence[Bools]) -> tuple[NgramTrie, list[Bools]]:
        """Return the result of `restrict`, and for every order bool[H]: which histories are left."""
        unigrams = self.level(1)
        levels, used = [unigrams], [np.ones(1, bool)]
        links: dict[int, Int32s] = {}
        # the new numbers of the rows and histories of the order below; -1 for those that are removed
        new_rows, new_histories = unigrams.words, np.zeros(1, np.int32)
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
                    f"found a kept {order}-gram without its suffix; expected a closed set of n-grams"
                )
            columns, (rows, new_histories) = found[:5], found[5:]
            links[order - 1] = np.empty(levels[-1].n_rows, np.int32)
            if not restrict_links(self.history_of_row(order - 1), new_rows, new_histories, links[order - 1]):
                raise FormatError(
                    f"found a kept {order}-gram without its history; expected a closed set of n-grams"
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
        """Check all invariants: the rows are sorted, unique and closed, with ``<s>`` and ``</s>`` in their places.

        Raises
        ------
        FormatError
            An invariant does not hold.
        """
        for problem in self._problems(vocabulary_size):
            raise FormatError(f"{problem}; expected the columns of a closed trie")

    def _problems(self, vocabulary_size: int) -> Iterator[str]:
        """Yield a description of each invariant that does not hold."""
        expected = Level.of_words(vocabulary_size)
        for name in ("words", "suffixes", "starts", "parents", "first_words"):
            if not np.array_equal(getattr(self.level(1), name), getattr(expected, name)):
                yield f"order 1: found wrong {name}, which is not one row for each word id"
        for order in range(2, self.order + 1):
            level, lower = self.level(order), self.level(order - 1)
            name = f"order {order}: found"
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
                yield f"{name} a parent that is not a history"
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
                yield f"{name} a history that is not a {order - 1}-gram"

    def extended(self, level: Level, links: Int32s | None = None) -> NgramTrie:
        """Return a trie with one more order.

        Parameters
        ----------
        level : Level
            The columns of the new order.
        links : numpy.ndarray, optional
            int32[R]: the numbers of the highest rows as histories of the new order, if the caller knows them.

        Raises
        ------
        FormatError
            A history of the new order is not an n-gram of the highest order.
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
                f"found a {trie.order}-gram whose history with ids {words} is not among the {trie.order - 1}-grams; "
                "expected a closed set of n-grams"
            )
        return trie

    @classmethod
    def from_ngrams(
        cls, ngrams: Sequence[NDArray[np.integer]], vocabulary_size: int, threads: int = 1
    ) -> tuple[NgramTrie, tuple[Int32s, ...]]:
        """Make a trie from n-grams in any order.

        Parameters
        ----------
        ngrams : Sequence[numpy.ndarray]
            int32[R, k]: the n-grams of order k = 2, 3, ... as word ids. Order 1 has a row for every word id.
        vocabulary_size : int
            The number of words.
        threads : int, default 1
            The number of threads.

        Returns
        -------
        tuple
            The trie and a permutation int32[R] for each order: ``values[permutation]`` are the values of the given
            n-grams in the order of the trie.

        Raises
        ------
        FormatError
            An n-gram occurs twice, or its suffix or history is missing.
        """
        trie = cls([Level.of_words(vocabulary_size)])
        permutations = [np.arange(vocabulary_size, dtype=np.int32)]
        for array in ngrams:
            if len(array):
                level, rows = build_level(np.ascontiguousarray(array, np.int32), trie.levels, threads)
                trie = trie.extended(level)
                permutations.append(np.arange(level.n_rows, dtype=np.int32) if rows is None else rows)
        return trie, tuple(permutations)
