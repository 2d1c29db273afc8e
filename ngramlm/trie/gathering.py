"""From ids to the columns of the orders above the first, a range of last history words at a time."""

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

TASKS = 128  # ranges of last history words, about equal in positions, that are counted one by one


@dataclass(eq=False)
class Counted:
    """What was counted for a range of last history words; the numbers of rows and histories begin at 0.

    Attributes:
        arrays: the columns (words, suffixes, counts, starts, parents, first_words) of orders 2, 3, ..., with room
            behind what was filled.
        rows: how many rows of each order are filled.
        histories: how many histories.
        size: the positions of the text that were counted.
    """

    arrays: list[tuple[NDArray[Any], ...]]
    rows: list[int]
    histories: list[int]
    size: int


class Counter:
    """Counts ranges of last history words, in memory that ranges counted before have used."""

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
        """The rows of the histories that end with the words first .. end - 1."""
        size = int(buckets[end] - buckets[first])
        arrays = self._buffers.take(size)
        rows, histories = _counts.count_range(ids, positions, buckets, first, end, self.order, arrays)
        return Counted(arrays, rows, histories, size)

    def give_back(self, counted: Counted) -> None:
        """The result has been used: its memory may serve again."""
        self._buffers.give_back(counted.arrays)


def _capacity(arrays: list[tuple[NDArray[Any], ...]]) -> int:
    return len(arrays[0][0]) if arrays else 0


def _empty(capacity: int) -> tuple[NDArray[Any], ...]:
    words, suffixes, counts, parents, first_words = (np.empty(capacity, np.int32) for _ in range(5))
    return words, suffixes, counts, np.empty(capacity + 1, np.int64), parents, first_words


def count_higher(
    ids: Int32s, vocabulary_size: int, order: int, threads: int, progress: Progress | None
) -> Iterator[tuple[Level, Int32s]]:
    """The columns and counts of orders 2 .. order of a text in memory."""
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
    """The columns of one order while they grow."""

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
        words, suffixes, counts, starts, parents, first_words = columns
        np.add(starts[:n_histories], self.words.size, out=self.starts.room(n_histories))
        self.words.room(n_rows)[:] = words[:n_rows]
        self.counts.room(n_rows)[:] = counts[:n_rows]
        self.first_words.room(n_histories)[:] = first_words[:n_histories]
        np.add(suffixes[:n_rows], np.int32(lower_rows), out=self.suffixes.room(n_rows))
        np.add(parents[:n_histories], np.int32(lower_histories), out=self.parents.room(n_histories))

    def finished(self) -> tuple[Level, Int32s]:
        """The columns, and the counts."""
        self.starts.room(1)[0] = self.words.size
        columns = (self.words, self.suffixes, self.starts, self.parents, self.first_words)
        return Level(*(column.finished() for column in columns)), self.counts.finished()


class GrowingLevels:
    """The columns of orders 2 .. order, put together from ranges in the order of their last history words."""

    def __init__(self, order: int, capacity: int, workspace: Workspace) -> None:
        self._levels = [_GrowingLevel(capacity, workspace) for _ in range(2, order + 1)]

    def sizes(self, order: int) -> tuple[int, int]:
        """The (rows, histories) of an order so far; of order 1 none, as bigrams have word ids for suffixes."""
        if order == 1:
            return 0, 0
        level = self._levels[order - 2]
        return level.words.size, level.parents.size

    def append(self, counted: Counted, lowest: int = 2, below: tuple[int, int] | None = None) -> None:
        """Add the rows of a range from order `lowest` on.

        `below` is where the rows and histories of the order under the lowest begin that the range refers to; None for
        those that are added next.
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
        """The columns and counts of every order, lowest first."""
        for level in self._levels:
            yield level.finished()
