"""Counting a text that is larger than memory.

The ids of the text go to a temporary file, then what stands around every position to another one, in regions of last
history words that are small enough to be counted in memory. A word whose region is too large is counted by what stands
before it: its bigrams at once, the longer n-grams in regions of their own. What is counted is appended to files, in the
order in which counting in memory would make it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any

import numpy as np

from ngramlm import _counts
from ngramlm.core.files import Source
from ngramlm.core.mapped_workspace import Mapped, read_at
from ngramlm.core.parallel import Progress, ordered_map
from ngramlm.text._text import remap
from ngramlm.text.encoder import Encoder
from ngramlm.text.vocabulary import BOS, EOS, Vocabulary
from ngramlm.trie.gathering import Counted, Counter, GrowingLevels
from ngramlm.trie.trie import Level
from ngramlm.types import Int32s, Ints

__all__ = ["Spill"]


BYTES_PER_POSITION = 160  # in memory while a region is counted: windows, records, rows
BUFFERS = 112 << 20  # what all else takes meanwhile: Python, chunks of text
BYTES_PER_WORD = 64  # tables as large as the vocabulary
MIN_REGION = 1 << 14
PIECE_ROWS = 1 << 18


@dataclass(eq=False)
class Spill:
    """A text as a file of ids.

    Attributes:
        workspace: where it and what is made of it goes.
        vocabulary: its words.
        file: its ids, int32, sentence after sentence.
        pieces: how many ids each piece of whole sentences has.
        counts: int64[V], the occurrences of every id.
    """

    workspace: Mapped
    vocabulary: Vocabulary
    file: IO[bytes]
    pieces: list[int]
    counts: Ints

    @classmethod
    def of(
        cls,
        sources: Source | Iterable[Source],
        workspace: Mapped,
        threads: int,
        progress: Progress | None,
        *,
        vocabulary: Vocabulary | None = None,
        **read_options: Any,
    ) -> Spill:
        """Read a text; the options are those of `read_text`, without documents."""
        encoder = Encoder(vocabulary, threads, **read_options)
        file = workspace.file()
        found: list[tuple[int, int]] = []
        try:
            for part in encoder.parts(sources, progress):
                workspace.write(file, part.ids.data)
                found.append((part.table, len(part.ids)))
            known, maps = encoder.numbering()
            del encoder
            counts = np.zeros(len(known), np.int64)
            at = 0
            for table, n in found:
                ids = read_at(file, at, n, np.int32)
                if maps is not None:
                    remap(ids, maps[table], ids)
                    workspace.write_at(file, at, ids.data)
                _counts.tally(ids, counts)
                at += ids.nbytes
        except BaseException:
            file.close()
            raise
        return cls(workspace, known, file, [n for _, n in found], counts)

    @property
    def n_ids(self) -> int:
        return sum(self.pieces)

    def __enter__(self) -> Spill:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def ids(self) -> Iterator[Int32s]:
        """The pieces, one after the other."""
        at = 0
        for n in self.pieces:
            yield read_at(self.file, at, n, np.int32)
            at += 4 * n

    def count_higher(
        self, order: int, threads: int, progress: Progress | None
    ) -> Iterator[tuple[Level, Int32s]]:
        """The columns and counts of orders 2 .. order."""
        sizes = self.counts.copy()  # positions by last history word
        sizes[EOS] = 0
        total = int(sizes.sum())
        self.workspace.check_room(4 * order * total)
        assert self.workspace.memory is not None
        room = max(self.workspace.memory - BUFFERS - BYTES_PER_WORD * len(sizes), 0)
        largest = max(room // (BYTES_PER_POSITION * (threads + 2)), MIN_REGION)
        found = GrowingLevels(order, total, self.workspace)
        counter = _RegionCounter(order, len(sizes), largest, self.workspace)
        jobs = counter.jobs(self._sorted(sizes, largest, order, threads, progress))
        done = 0
        for result in ordered_map(lambda job: job(), jobs, threads, ahead=1):
            result.append_to(found)
            counter.give_back(result)
            done += result.size
            if progress is not None:
                progress("counting", done, total)
        del counter, jobs, result
        self.workspace.trim()
        yield from found.finished()

    def _sorted(
        self, sizes: Ints, largest: int, order: int, threads: int, progress: Progress | None
    ) -> Regions:
        """What stands around every position, in regions of last history words."""
        regions = Regions.of(sizes, largest, order, order - 2, self.workspace)

        def windows(ids: Int32s) -> tuple[Int32s, Ints]:
            return regions.sort(_counts.windows(ids, order))

        done, total = 0, int(sizes.sum())
        for rows, edges in ordered_map(windows, self.ids(), threads):
            regions.add(rows, edges)
            done += len(rows)
            if progress is not None:
                progress("sorting", done, total)
        return regions


@dataclass(eq=False)
class Regions:
    """Windows of a text in a file, in regions by one of their words.

    A window is int32[order]: an n-gram of the highest order, or a shorter one that begins with ``<s>`` after zeros.

    Attributes:
        workspace: where the file is.
        order: the words of a window.
        column: the place in a window of the word that says which region is its own.
        part_of_word: int32[V], the region of every word.
        starts: int64[regions + 1], the first window of each region, and how many there are.
        filled: int64[regions], how many windows of each have been written.
    """

    workspace: Mapped
    order: int
    column: int
    part_of_word: Int32s
    starts: Ints
    filled: Ints
    file: IO[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.file = self.workspace.file()
        weakref.finalize(self, self.file.close)

    @classmethod
    def of(cls, sizes: Ints, largest: int, order: int, column: int, workspace: Mapped) -> Regions:
        """Neighbouring words with no more windows together than `largest`, or one word with more."""
        first_words, total = [0], 0
        for word, size in enumerate(sizes.tolist()):
            if total and total + size > largest:
                first_words.append(word)
                total = 0
            total += size
        edges = np.array([*first_words, len(sizes)])
        part_of_word = np.repeat(np.arange(len(first_words), dtype=np.int32), np.diff(edges))
        starts = np.append(0, np.cumsum(sizes))[edges]
        return cls(workspace, order, column, part_of_word, starts, np.zeros(len(first_words), np.int64))

    def __len__(self) -> int:
        return len(self.filled)

    def sort(self, rows: Int32s) -> tuple[Int32s, Ints]:
        """Windows in the order of their regions, and where those of each region begin."""
        return _counts.partition(rows, self.column, self.part_of_word, len(self))

    def add(self, rows: Int32s, edges: Ints) -> None:
        """Write windows that `sort` put in order into their regions."""
        for region in np.flatnonzero(np.diff(edges)).tolist():
            first, end = int(edges[region]), int(edges[region + 1])
            at = int(self.starts[region] + self.filled[region])
            self.workspace.write_at(self.file, 4 * self.order * at, rows[first:end].data)
            self.filled[region] += end - first

    def size(self, region: int) -> int:
        """How many windows a region has."""
        return int(self.starts[region + 1] - self.starts[region])

    def read(self, region: int, first: int = 0, end: int | None = None) -> Int32s:
        """Windows first .. end - 1 of one region, int32[n, order]."""
        n = (self.size(region) if end is None else end) - first
        at = 4 * self.order * (int(self.starts[region]) + first)
        return read_at(self.file, at, n * self.order, np.int32).reshape(n, self.order)

    def pieces(self, region: int) -> Iterator[Int32s]:
        """The windows of one region, some at a time."""
        size = self.size(region)
        for first in range(0, size, PIECE_ROWS):
            yield self.read(region, first, min(first + PIECE_ROWS, size))


@dataclass(eq=False)
class _Result:
    """What was counted in a region; or in a part of one, with the bigrams of its word or the orders above."""

    counted: Counted
    of_word: _Word | None = None
    lowest: int = 2

    @property
    def size(self) -> int:
        return self.counted.size

    def append_to(self, levels: GrowingLevels) -> None:
        if self.of_word is None:
            levels.append(self.counted)
        elif self.lowest == 2:
            self.of_word.below = levels.sizes(2)
            levels.append(self.counted)
        else:
            levels.append(self.counted, self.lowest, self.of_word.below)


@dataclass(eq=False)
class _Word:
    """A word whose longer n-grams are counted in parts.

    Attributes:
        place: int32[V], the place of each next word among its bigrams.
        below: where its bigrams, and the word as a history, stand in the columns of order 2.
    """

    place: Int32s
    below: tuple[int, int] = (0, 0)


class _RegionCounter:
    """Turns regions into jobs that can be done side by side."""

    def __init__(self, order: int, vocabulary_size: int, largest: int, workspace: Mapped) -> None:
        self.order = order
        self.vocabulary_size = vocabulary_size
        self.largest = largest
        self.workspace = workspace
        self._every_word = np.arange(vocabulary_size, dtype=np.int32)
        self._counter = Counter(order)

    def give_back(self, result: _Result) -> None:
        """The result has been used."""
        if result.of_word is None or result.lowest > 2:
            self._counter.give_back(result.counted)

    def jobs(self, regions: Regions) -> Iterator[Callable[[], _Result]]:
        """For every region a function that gives its result; large ones give several."""
        for region in range(len(regions)):
            size = regions.size(region)
            if size > self.largest:
                yield from self._parts(regions, region)
            elif size:
                yield partial(self._count, regions, region)

    def _count(self, regions: Regions, region: int) -> _Result:
        rows, buckets = _counts.partition(
            regions.read(region), self.order - 2, self._every_word, self.vocabulary_size
        )
        positions = np.arange(self.order - 2, rows.size, self.order, dtype=np.int32)
        return _Result(self._counter.count(rows.reshape(-1), positions, buckets, 0, self.vocabulary_size))

    def _parts(self, regions: Regions, region: int) -> Iterator[Callable[[], _Result]]:
        """The bigrams of the one word of a region, then the longer n-grams by the word before it."""
        word = int(regions.read(region, 0, 1)[0, -2])
        alone = self.order == 2 or word == BOS  # nothing stands before them
        next_words, words_before = np.zeros((2, self.vocabulary_size), np.int64)
        for rows in regions.pieces(region):
            _counts.tally(rows[:, -1], next_words)
            if not alone:
                _counts.tally(rows[:, -3], words_before)
        found = np.flatnonzero(next_words).astype(np.int32)
        of_word = _Word(np.zeros(self.vocabulary_size, np.int32))
        of_word.place[found] = np.arange(len(found), dtype=np.int32)
        bigrams = self._bigrams(word, found, next_words[found], regions.size(region) if alone else 0)
        yield lambda: _Result(bigrams, of_word)
        if alone:
            return
        parts = Regions.of(words_before, self.largest, self.order, self.order - 3, self.workspace)
        for rows in regions.pieces(region):
            parts.add(*parts.sort(rows))
        for part in range(len(parts)):
            if parts.size(part):
                yield partial(self._count_part, parts, part, of_word)

    def _bigrams(self, word: int, next_words: Int32s, counts: Ints, size: int) -> Counted:
        """The bigrams of one word as what was counted, with nothing in the orders above."""
        bigrams = (
            next_words,
            next_words,
            counts.astype(np.int32),
            np.zeros(1, np.int64),
            np.zeros(1, np.int32),
            np.full(1, word, np.int32),
        )
        nothing = tuple(column[:0] for column in bigrams)
        zeros = [0] * (self.order - 2)
        return Counted([bigrams, *[nothing] * len(zeros)], [len(next_words), *zeros], [1, *zeros], size)

    def _count_part(self, parts: Regions, part: int, of_word: _Word) -> _Result:
        counted = self._count(parts, part).counted
        (words, *_), (_, suffixes, *_) = counted.arrays[:2]
        own = suffixes[: counted.rows[1]]  # places among the bigrams of the part
        own[:] = of_word.place[words[own]]
        return _Result(counted, of_word, 3)
