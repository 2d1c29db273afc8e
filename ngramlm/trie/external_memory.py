"""Counting within a memory limit, for texts that are larger than memory.

The ids of the text are written to a temporary file. The windows are written to another file. A window is the n-gram
around a position. The second file is divided into regions by the last history word, and each region is small enough to
be counted in memory. A single word can have more windows than a region may hold. Its bigrams are then counted first,
and its longer n-grams in regions by the word before. The results are appended to files in the same order as counting in
memory would produce.
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
from ngramlm.core.workspace import WordCost
from ngramlm.text._text import remap
from ngramlm.text.encoder import Encoder
from ngramlm.text.vocabulary import BOS, EOS, Vocabulary
from ngramlm.trie.gathering import Counted, Counter, GrowingLevels
from ngramlm.trie.trie import Level
from ngramlm.types import Int32s, Ints

__all__ = ["Spill"]


# The bytes of memory per position while a region is counted: windows, records, rows.
BYTES_PER_POSITION = 160
# The bytes of memory for everything else: Python, blocks of text.
BUFFERS = 112 << 20
# The bytes of memory of the tables that have an item for each word.
BYTES_PER_WORD = 64
# The most memory that the words take: while the text is read, with all its words, and until a model of the words that
# are kept is written. Measured with tables that have just grown.
READING, KEEPING = WordCost(105, 5), WordCost(200, 6)
# The smallest region, in windows.
MIN_REGION = 1 << 14
# The number of windows that are read at a time.
PIECE_ROWS = 1 << 18


@dataclass(eq=False)
class Spill:
    """A text as a temporary file of ids.

    Attributes
    ----------
    workspace : Mapped
        The place for the file, and for the columns of the counts.
    vocabulary : Vocabulary
        The words.
    file : IO[bytes]
        The ids, int32, sentence after sentence.
    pieces : list[int]
        The number of ids of each piece. A piece has whole sentences.
    counts : numpy.ndarray
        int64[V]: the number of occurrences of every id.
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
        """Read a text from sources.

        Parameters
        ----------
        sources : Source or Iterable[Source]
            Paths or binary streams.
        workspace : Mapped
            The place for the file.
        threads : int
            The number of threads.
        progress : Progress or None
            A function that is called with ("reading", bytes done, total bytes or None).
        vocabulary : Vocabulary, optional
            The known words. By default all words of the text.
        **read_options
            The options of `read_text`, except ``documents``.

        Raises
        ------
        StorageError
            The folder for temporary files is full.
        TextError
            A line breaks the rules for texts.
        UsageError
            The words of the text do not fit in the memory of the workspace.
        """
        # one table of words, however many threads: each thread would have a table of nearly all words
        encoder = Encoder(vocabulary, 1 if vocabulary is None else threads, **read_options)
        file = workspace.file()
        found: list[tuple[int, int]] = []
        try:
            if vocabulary is not None:
                workspace.check_words(len(vocabulary), vocabulary.table.n_bytes(), KEEPING)
            kept = encoder.min_count == 1 and encoder.max_size is None
            for part in encoder.parts(sources, progress):
                if vocabulary is None:
                    workspace.check_words(*encoder.size(), KEEPING if kept else READING)
                workspace.write(file, part.ids.data)
                found.append((part.table, len(part.ids)))
            known, maps = encoder.numbering()
            del encoder
            workspace.check_words(len(known), known.table.n_bytes(), KEEPING)
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
        """The number of ids of the text."""
        return sum(self.pieces)

    def __enter__(self) -> Spill:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def ids(self) -> Iterator[Int32s]:
        """Yield the ids of each piece, int32."""
        at = 0
        for n in self.pieces:
            yield read_at(self.file, at, n, np.int32)
            at += 4 * n

    def count_higher(
        self, order: int, threads: int, progress: Progress | None
    ) -> Iterator[tuple[Level, Int32s]]:
        """Count the n-grams, and yield the columns and counts int32[R] of the orders 2 .. order.

        Raises
        ------
        StorageError
            The folder for temporary files has not enough room.
        """
        # the number of positions of each last history word
        sizes = self.counts.copy()
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
        """Write the window around every position to its region."""
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
    """The windows of a text in a file, divided into regions by one of their words.

    A window is int32[order]: an n-gram of the highest order. At the beginning of a sentence the n-gram is shorter: it
    begins with ``<s>``, after zeros.

    Attributes
    ----------
    workspace : Mapped
        The place for the file.
    order : int
        The number of words of a window.
    column : int
        The place in a window of the word that selects its region.
    part_of_word : numpy.ndarray
        int32[V]: the region of every word.
    starts : numpy.ndarray
        int64[regions + 1]: the first window of each region, and the number of windows.
    filled : numpy.ndarray
        int64[regions]: the number of windows of each region that were written.
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
        """Divide the words into regions.

        Parameters
        ----------
        sizes : numpy.ndarray
            int64[V]: the number of windows of each word.
        largest : int
            The largest number of windows of a region. Only a region of a single word may have more.
        order : int
            The number of words of a window.
        column : int
            The place in a window of the word that selects its region.
        workspace : Mapped
            The place for the file.
        """
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
        """Sort windows by region: return the windows, and the first window of each region, int64[regions + 1]."""
        return _counts.partition(rows, self.column, self.part_of_word, len(self))

    def add(self, rows: Int32s, edges: Ints) -> None:
        """Write windows to their regions; `rows` and `edges` are the result of `sort`."""
        for region in np.flatnonzero(np.diff(edges)).tolist():
            first, end = int(edges[region]), int(edges[region + 1])
            at = int(self.starts[region] + self.filled[region])
            self.workspace.write_at(self.file, 4 * self.order * at, rows[first:end].data)
            self.filled[region] += end - first

    def size(self, region: int) -> int:
        """Return the number of windows of a region."""
        return int(self.starts[region + 1] - self.starts[region])

    def read(self, region: int, first: int = 0, end: int | None = None) -> Int32s:
        """Read the windows first .. end - 1 of a region, int32[n, order]."""
        n = (self.size(region) if end is None else end) - first
        at = 4 * self.order * (int(self.starts[region]) + first)
        return read_at(self.file, at, n * self.order, np.int32).reshape(n, self.order)

    def pieces(self, region: int) -> Iterator[Int32s]:
        """Read the windows of a region piece by piece, int32[n, order]."""
        size = self.size(region)
        for first in range(0, size, PIECE_ROWS):
            yield self.read(region, first, min(first + PIECE_ROWS, size))


@dataclass(eq=False)
class _Result:
    """The counts of a region.

    For a word that is counted in parts, this is one of the results: its bigrams, or longer n-grams of a part.

    Attributes
    ----------
    counted : Counted
        The counts.
    of_word : _Word or None
        The word that is counted in parts.
    lowest : int
        The lowest order of the result.
    """

    counted: Counted
    of_word: _Word | None = None
    lowest: int = 2

    @property
    def size(self) -> int:
        """The number of positions that were counted."""
        return self.counted.size

    def append_to(self, levels: GrowingLevels) -> None:
        """Append the counts to the columns."""
        if self.of_word is None:
            levels.append(self.counted)
        elif self.lowest == 2:
            self.of_word.below = levels.sizes(2)
            levels.append(self.counted)
        else:
            levels.append(self.counted, self.lowest, self.of_word.below)


@dataclass(eq=False)
class _Word:
    """A word that is counted in parts because it has too many windows for a region.

    Attributes
    ----------
    place : numpy.ndarray
        int32[V]: the place of each next word among the bigrams of the word.
    below : tuple[int, int]
        The first row of its bigrams, and its number as a history, in the columns of order 2.
    """

    place: Int32s
    below: tuple[int, int] = (0, 0)


class _RegionCounter:
    """A counter of regions: it makes jobs that several threads can run at the same time."""

    def __init__(self, order: int, vocabulary_size: int, largest: int, workspace: Mapped) -> None:
        self.order = order
        self.vocabulary_size = vocabulary_size
        self.largest = largest
        self.workspace = workspace
        self._every_word = np.arange(vocabulary_size, dtype=np.int32)
        self._counter = Counter(order)

    def give_back(self, result: _Result) -> None:
        """Take back the memory of a result that is no longer needed."""
        if result.of_word is None or result.lowest > 2:
            self._counter.give_back(result.counted)

    def jobs(self, regions: Regions) -> Iterator[Callable[[], _Result]]:
        """Yield a function for each region that returns its result; several functions for a large region."""
        for region in range(len(regions)):
            size = regions.size(region)
            if size > self.largest:
                yield from self._parts(regions, region)
            elif size:
                yield partial(self._count, regions, region)

    def _count(self, regions: Regions, region: int) -> _Result:
        """Count a region in memory."""
        rows, buckets = _counts.partition(
            regions.read(region), self.order - 2, self._every_word, self.vocabulary_size
        )
        positions = np.arange(self.order - 2, rows.size, self.order, dtype=np.int32)
        return _Result(self._counter.count(rows.reshape(-1), positions, buckets, 0, self.vocabulary_size))

    def _parts(self, regions: Regions, region: int) -> Iterator[Callable[[], _Result]]:
        """Yield jobs for a region of a single word: its bigrams, then its longer n-grams by the word before."""
        word = int(regions.read(region, 0, 1)[0, -2])
        # the word has no longer n-grams
        alone = self.order == 2 or word == BOS
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
        """Return the bigrams of a word as counts whose higher orders are empty."""
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
        """Count the longer n-grams of a word in a part; their suffixes become places among all bigrams of the word."""
        counted = self._count(parts, part).counted
        (words, *_), (_, suffixes, *_) = counted.arrays[:2]
        # places among the bigrams of the part
        own = suffixes[: counted.rows[1]]
        own[:] = of_word.place[words[own]]
        return _Result(counted, of_word, 3)
