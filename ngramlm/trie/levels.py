"""The columns of one order, and how they are built from n-grams in any order.

The n-grams whose last history word is in a range of words form a range of rows. Ranges are independent of each other,
so threads sort and build them at the same time. Each range is small enough for the processor's cache. N-grams that are
already in the order of the trie, as in the ARPA files of ngramlm, need no sorting.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from ngramlm.core.buffers import Buffers
from ngramlm.core.parallel import ordered_map
from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.errors import FormatError, UsageError
from ngramlm.trie._level_building import (
    Scratch,
    build_rows,
    count_words,
    group_rows,
    in_trie_order,
    sort_rows,
)
from ngramlm.trie._trie import take
from ngramlm.types import Float32s, Int32s, Ints

__all__ = ["MAX_ORDER", "Level", "build_level", "sort_ngrams", "take_rows"]

MAX_ORDER = 16
# The approximate number of rows of a range.
RANGE_ROWS = 1 << 15
# A last history word with more rows than this gets several ranges, by the history word before.
LARGE_ROWS = 1 << 18


@dataclass(frozen=True, eq=False)
class Level:
    """The n-grams of one order k.

    Attributes
    ----------
    words : numpy.ndarray
        int32[R]: the last word of every row.
    suffixes : numpy.ndarray
        int32[R]: the row of the suffix, in order k - 1. Zeros for k = 1.
    starts : numpy.ndarray
        int64[H + 1]: the first row of every history, and R. Histories have k - 1 words.
    parents : numpy.ndarray
        int32[H]: the history without its first word, in order k - 1. Zero for k = 1.
    first_words : numpy.ndarray
        int32[H]: the oldest word of every history. -1 for k = 1.
    """

    words: Int32s
    suffixes: Int32s
    starts: Ints
    parents: Int32s
    first_words: Int32s

    def __post_init__(self) -> None:
        for column in (self.words, self.suffixes, self.starts, self.parents, self.first_words):
            column.setflags(write=False)

    @property
    def n_rows(self) -> int:
        """The number of n-grams."""
        return len(self.words)

    @property
    def n_histories(self) -> int:
        """The number of histories."""
        return len(self.parents)

    @classmethod
    def of_words(cls, vocabulary_size: int) -> Level:
        """Return the columns of order 1: one row for every word id, and one empty history."""
        return cls(
            np.arange(vocabulary_size, dtype=np.int32),
            np.zeros(vocabulary_size, np.int32),
            np.array([0, vocabulary_size], np.int64),
            np.zeros(1, np.int32),
            np.full(1, -1, np.int32),
        )


def sort_ngrams(ngrams: Int32s, vocabulary_size: int, threads: int = 1) -> Int32s:
    """Sort n-grams into the order of the trie. The sort is stable.

    Parameters
    ----------
    ngrams : numpy.ndarray
        int32[R, k]: the n-grams as word ids.
    vocabulary_size : int
        The number of words.
    threads : int, default 1
        The number of threads.

    Returns
    -------
    numpy.ndarray
        int32[R]: the numbers of the n-grams in the order of the trie.

    Raises
    ------
    ValueError
        A word is not in the vocabulary.
    """
    rows = np.arange(_checked(len(ngrams)), dtype=np.int32)
    if not _in_order(ngrams, vocabulary_size, threads):
        sort_rows(ngrams, rows, np.empty((0, 0), np.int32), vocabulary_size)
    return rows


def build_level(
    ngrams: Int32s, below: Sequence[Level], threads: int = 1, workspace: Workspace = IN_MEMORY
) -> tuple[Level, Int32s | None]:
    """Build the columns of one order from n-grams in any order.

    Parameters
    ----------
    ngrams : numpy.ndarray
        int32[R, k]: the n-grams of order k = 2, 3, ...
    below : Sequence[Level]
        The columns of all lower orders.
    threads : int, default 1
        The number of threads.
    workspace : Workspace, default `IN_MEMORY`
        The place for the columns.

    Returns
    -------
    tuple
        The columns, and int32[R]: the number of the n-gram of each row. The second value is None if the n-grams are
        already in the order of the trie.

    Raises
    ------
    FormatError
        An n-gram occurs twice, or its suffix is missing, or one of its words is not a unigram.
    UsageError
        The n-grams have another order than the next one, or are 2^31 or more.
    """
    order = len(below) + 1
    if ngrams.shape[1:] != (order,):
        raise UsageError(f"found n-grams of order {ngrams.shape[-1]}; expected order {order}")
    vocabulary_size = below[0].n_rows
    try:
        in_order = _in_order(ngrams, vocabulary_size, threads, workspace)
    except ValueError as error:
        raise FormatError(f"order {order}: {error}") from None
    if in_order:
        rows, edges = None, _edges_in_order(ngrams, workspace)
    else:
        rows = workspace.empty(len(ngrams), np.int32)
        edges = _grouped(ngrams, vocabulary_size, rows, threads)
    builder = _Builder(ngrams, rows, below, workspace)
    for built in ordered_map(builder, pairwise(edges), threads):
        builder.append(built)
        workspace.breathe()
    return builder.finished(), rows


def take_rows(values: Float32s, rows: Int32s, workspace: Workspace = IN_MEMORY) -> Float32s:
    """Return ``values[rows]``, float32[R], as a column of the workspace."""
    out: Float32s = workspace.empty(len(rows), np.float32)
    for piece in workspace.pieces(len(rows)):
        take(values, rows[piece], out[piece])
    return out


def _checked(n_rows: int) -> int:
    """Check that row numbers fit int32."""
    if n_rows >= 1 << 31:
        raise UsageError(f"found {n_rows} n-grams of one order; expected less than 2^31")
    return n_rows


def _in_order(ngrams: Int32s, vocabulary_size: int, threads: int, workspace: Workspace = IN_MEMORY) -> bool:
    """Return whether n-grams are in the order of the trie; raises ValueError for a word outside the vocabulary."""
    spans = pairwise([*range(0, _checked(len(ngrams)), 8 * RANGE_ROWS), len(ngrams)])
    found = ordered_map(lambda span: in_trie_order(ngrams, *span, vocabulary_size), spans, threads)
    in_order = True
    # the loop does not stop early, because it also checks the words of all rows
    for ordered in found:
        in_order = in_order and ordered
        workspace.breathe()
    return in_order


def _edges_in_order(ngrams: Int32s, workspace: Workspace) -> list[int]:
    """Return the first row of each range of sorted n-grams, and the number of rows."""
    last_words = ngrams[:, -2]
    edges = [0]
    while edges[-1] + RANGE_ROWS < len(ngrams):
        near, step = edges[-1] + RANGE_ROWS, 1
        word = last_words[near - 1]
        # the end of the range is usually near: search in growing steps
        while near + step < len(ngrams) and last_words[near + step] <= word:
            step *= 2
        edges.append(bisect_right(last_words, word, near + step // 2, min(near + step, len(ngrams))))
        workspace.breathe()
    return edges if edges[-1] == len(ngrams) else [*edges, len(ngrams)]


def _grouped(ngrams: Int32s, vocabulary_size: int, rows: Int32s, threads: int) -> list[int]:
    """Group the n-grams by ranges: fill `rows`, and return the first row of each range, and the number of rows.

    A last history word with very many rows gets several ranges, by the history word before. The order within a range is
    that of the n-grams.
    """
    whole = np.empty(0, np.int32)
    edges = _group(ngrams, whole, len(ngrams), 1, vocabulary_size, rows, threads)
    if ngrams.shape[1] == 2:
        return edges

    def cut(edge: tuple[int, int]) -> list[int]:
        first, end = edge
        if end - first <= LARGE_ROWS:
            return [first]
        found = _group(ngrams, rows[first:end].copy(), end - first, 2, vocabulary_size, rows[first:end], 1)
        return [first + place for place in found[:-1]]

    return [place for places in ordered_map(cut, pairwise(edges), threads) for place in places] + edges[-1:]


def _group(
    ngrams: Int32s, given: Int32s, n_rows: int, back: int, vocabulary_size: int, out: Int32s, threads: int
) -> list[int]:
    """Group rows by ranges of the word that is `back` words before the last one; fill `out`, and return the edges.

    Empty `given` means all rows.
    """
    parts = max(1, min(threads, n_rows // (8 * RANGE_ROWS)))
    spans = list(pairwise(n_rows * part // parts for part in range(parts + 1)))
    times = np.zeros((parts, vocabulary_size), np.int64)

    def count(part: int) -> None:
        count_words(ngrams, given, *spans[part], back, times[part])

    for _ in ordered_map(count, range(parts), threads):
        pass
    of_word = times.sum(axis=0)
    before = np.cumsum(of_word) - of_word
    # a frequent word has a range of its own
    begins = of_word > RANGE_ROWS
    begins[0] = True
    begins[1:] |= before[1:] // RANGE_ROWS != before[:-1] // RANGE_ROWS
    firsts = np.flatnonzero(begins)
    numbers = (np.cumsum(begins) - 1).astype(np.int32)
    edges = np.append(before[firsts], n_rows)
    # the end of each part in each range
    ends = edges[:-1] + np.cumsum(np.add.reduceat(times, firsts, axis=1), axis=0)
    places = np.vstack([edges[:-1], ends[:-1]])

    def group(part: int) -> None:
        group_rows(ngrams, given, *spans[part], back, numbers, places[part], ends[part], out)

    for _ in ordered_map(group, range(parts), threads):
        pass
    edges_found: list[int] = np.unique(edges).tolist()
    return edges_found


class _Room:
    """The memory for building a range. One thread at a time uses it, for one range after the other."""

    def __init__(self, capacity: int, order: int) -> None:
        self.capacity = capacity
        self.starts: Ints = np.empty(capacity, np.int64)
        self.parents: Int32s = np.empty(capacity, np.int32)
        self.first_words: Int32s = np.empty(capacity, np.int32)
        # takes no memory until it is used
        self.sorted: Int32s = np.empty((capacity, order), np.int32)
        self.scratch = Scratch()


class _Built(NamedTuple):
    """A range that was built; `first` is its first row."""

    first: int
    room: _Room
    n_histories: int


class _Builder:
    """A builder of ranges of rows. Any thread may build a range; `append` joins the ranges in their order."""

    def __init__(
        self, ngrams: Int32s, rows: Int32s | None, below: Sequence[Level], workspace: Workspace
    ) -> None:
        n_rows = len(ngrams)
        self.ngrams, self.rows, self.below = ngrams, rows, below
        self.words: Int32s = workspace.empty(n_rows, np.int32)
        self.suffixes: Int32s = workspace.empty(n_rows, np.int32)
        self.starts = workspace.growing(n_rows + 1, np.int64)
        self.parents, self.first_words = (workspace.growing(n_rows, np.int32) for _ in range(2))
        order = ngrams.shape[1]
        self.rooms = Buffers(lambda n: _Room(n + n // 4, order), attrgetter("capacity"))

    def __call__(self, span: tuple[int, int]) -> _Built:
        """Build the rows of a range, given by its first row and its end."""
        first, end = span
        ngrams, below = self.ngrams[first:end], self.below
        room = self.rooms.take(end - first)
        if self.rows is not None:
            ngrams = room.sorted[: end - first]
            sort_rows(self.ngrams, self.rows[first:end], ngrams, below[0].n_rows, room.scratch)
        n_histories, problem, row = build_rows(
            ngrams,
            [(level.parents, level.first_words) for level in below[1:]],
            below[-1].starts,
            below[-1].words,
            self.words[first:end],
            self.suffixes[first:end],
            room.starts,
            room.parents,
            room.first_words,
        )
        if problem:
            found = "twice; expected once" if problem == 1 else "without its suffix; expected closed n-grams"
            raise FormatError(f"found the {ngrams.shape[1]}-gram with ids {ngrams[row].tolist()} {found}")
        return _Built(first, room, n_histories)

    def append(self, built: _Built) -> None:
        """Add the histories of the next range, and give its memory back."""
        n = built.n_histories
        np.add(built.room.starts[:n], built.first, out=self.starts.room(n))
        self.parents.room(n)[:] = built.room.parents[:n]
        self.first_words.room(n)[:] = built.room.first_words[:n]
        self.rooms.give_back(built.room)

    def finished(self) -> Level:
        """Return the columns."""
        self.starts.room(1)[0] = len(self.ngrams)
        return Level(
            self.words,
            self.suffixes,
            self.starts.finished(),
            self.parents.finished(),
            self.first_words.finished(),
        )
