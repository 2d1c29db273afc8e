"""Counting in memory: from ids to the columns of orders 2, 3, ..., a range of last history words at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm import _counts
from ngramlm.core.buffers import Buffers
from ngramlm.core.parallel import Progress, ordered_map
from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.trie.trie import Level
from ngramlm.types import Int32s, Ints

__all__ = ["Counted", "Counter", "GrowingLevels", "count_higher"]

# The number of ranges of last history words. Each has about the same number of positions.
TASKS = 128


@dataclass(eq=False)
class Counted:
    """The counts of a range of last history words. The numbers of rows and histories begin at 0.

    Attributes
    ----------
    arrays : list[tuple[numpy.ndarray, ...]]
        The columns (words, suffixes, counts, starts, parents, first_words) of orders 2, 3, ... They may be longer than
        the filled part.
    rows : list[int]
        The number of filled rows of each order.
    histories : list[int]
        The number of histories of each order.
    size : int
        The number of positions of the text that were counted.
    """

    arrays: list[tuple[NDArray[Any], ...]]
    rows: list[int]
    histories: list[int]
    size: int


class Counter:
    """A counter of ranges of last history words. It uses the memory of earlier ranges again.

    Parameters
    ----------
    order : int
        The length of the longest n-grams.
    """

    def __init__(self, order: int) -> None:
        self.order = order
        self._buffers = Buffers(self._columns, _capacity)

    def _columns(self, size: int) -> list[tuple[NDArray[Any], ...]]:
        return [_empty(size) for _ in range(2, self.order + 1)]

    def count(
        self,
        ids: Int32s,
        positions: Int32s,
        buckets: Ints,
        first: int,
        end: int,
    ) -> Counted:
        """Count the n-grams whose last history word is one of first .. end - 1.

        Parameters
        ----------
        ids : numpy.ndarray
            int32[T]: the text.
        positions : numpy.ndarray
            int32[N]: the positions that have a next word, sorted by the word at the position.
        buckets : numpy.ndarray
            int64[V + 1]: the first of the positions of each word, and N.
        first : int
            The first word of the range.
        end : int
            The word after the range.
        """
        size = int(buckets[end] - buckets[first])
        arrays = self._buffers.take(size)
        rows, histories = _counts.count_range(ids, positions, buckets, first, end, self.order, arrays)
        return Counted(arrays, rows, histories, size)

    def give_back(self, counted: Counted) -> None:
        """Take back the memory of a result that is no longer needed."""
        self._buffers.give_back(counted.arrays)


def _capacity(arrays: list[tuple[NDArray[Any], ...]]) -> int:
    return len(arrays[0][0]) if arrays else 0


def _empty(capacity: int) -> tuple[NDArray[Any], ...]:
    words, suffixes, counts, parents, first_words = (np.empty(capacity, np.int32) for _ in range(5))
    return words, suffixes, counts, np.empty(capacity + 1, np.int64), parents, first_words


def count_higher(
    ids: Int32s, vocabulary_size: int, order: int, threads: int, progress: Progress | None
) -> Iterator[tuple[Level, Int32s]]:
    """Count the n-grams of a text in memory, and yield the columns and counts of the orders 2 .. order.

    Parameters
    ----------
    ids : numpy.ndarray
        int32[T]: the text.
    vocabulary_size : int
        The number of words.
    order : int
        The length of the longest n-grams.
    threads : int
        The number of threads.
    progress : Progress or None
        A function that is called with ("counting", positions done, total).

    Yields
    ------
    tuple[Level, numpy.ndarray]
        The columns of an order, and its counts int32[R].
    """
    positions, buckets = _counts.bucket_positions(ids, vocabulary_size)
    n = len(positions)
    edges = np.unique(np.searchsorted(buckets, np.linspace(0, n, TASKS + 1).astype(np.int64)))
    edges[-1] = vocabulary_size
    counter = Counter(order)

    def work(task: tuple[int, int]) -> Counted:
        return counter.count(ids, positions, buckets, *task)

    found = GrowingLevels(order, n, IN_MEMORY)
    done = 0
    for counted in ordered_map(work, pairwise(edges.tolist()), threads):
        found.append(counted)
        counter.give_back(counted)
        done += counted.size
        if progress is not None:
            progress("counting", done, n)
    yield from found.finished()


class _GrowingLevel:
    """The growing columns of one order."""

    def __init__(self, capacity: int, workspace: Workspace) -> None:
        self.words = workspace.growing(capacity, np.int32)
        self.suffixes = workspace.growing(capacity, np.int32)
        self.counts = workspace.growing(capacity, np.int32)
        self.starts = workspace.growing(capacity + 1, np.int64)
        self.parents = workspace.growing(capacity, np.int32)
        self.first_words = workspace.growing(capacity, np.int32)

    def append(
        self,
        columns: tuple[NDArray[Any], ...],
        n_rows: int,
        n_histories: int,
        lower_rows: int,
        lower_histories: int,
    ) -> None:
        """Append rows and histories; the last two arguments are added to the suffixes and the parents."""
        words, suffixes, counts, starts, parents, first_words = columns
        np.add(starts[:n_histories], self.words.size, out=self.starts.room(n_histories))
        self.words.room(n_rows)[:] = words[:n_rows]
        self.counts.room(n_rows)[:] = counts[:n_rows]
        self.first_words.room(n_histories)[:] = first_words[:n_histories]
        np.add(suffixes[:n_rows], np.int32(lower_rows), out=self.suffixes.room(n_rows))
        np.add(parents[:n_histories], np.int32(lower_histories), out=self.parents.room(n_histories))

    def finished(self) -> tuple[Level, Int32s]:
        """Return the columns, and the counts."""
        self.starts.room(1)[0] = self.words.size
        columns = (self.words, self.suffixes, self.starts, self.parents, self.first_words)
        return Level(*(column.finished() for column in columns)), self.counts.finished()


class GrowingLevels:
    """The columns of orders 2 .. order, joined from ranges in the order of their last history words.

    Parameters
    ----------
    order : int
        The length of the longest n-grams.
    capacity : int
        The largest number of rows of an order.
    workspace : Workspace
        The place for the columns.
    """

    def __init__(self, order: int, capacity: int, workspace: Workspace) -> None:
        self._levels = [_GrowingLevel(capacity, workspace) for _ in range(2, order + 1)]

    def sizes(self, order: int) -> tuple[int, int]:
        """Return the number of rows and histories of an order so far.

        Both are 0 for order 1: the suffixes of bigrams are word ids, which do not shift.
        """
        if order == 1:
            return 0, 0
        level = self._levels[order - 2]
        return level.words.size, level.parents.size

    def append(self, counted: Counted, lowest: int = 2, below: tuple[int, int] | None = None) -> None:
        """Append the rows of a range.

        Parameters
        ----------
        counted : Counted
            The counts of the range.
        lowest : int, default 2
            The lowest order to append.
        below : tuple[int, int], optional
            The first row and history of this range in the order below `lowest`. By default the range's rows of that
            order are the next ones to be appended.
        """
        before = [self.sizes(order) for order in range(1, len(self._levels) + 2)]
        if below is not None:
            before[lowest - 2] = below
        for order in range(lowest, len(self._levels) + 2):
            k = order - 2
            self._levels[k].append(
                counted.arrays[k], counted.rows[k], counted.histories[k], *before[order - 2]
            )

    def finished(self) -> Iterator[tuple[Level, Int32s]]:
        """Yield the columns and counts of every order, lowest first."""
        for level in self._levels:
            yield level.finished()
