"""Which words stand near each other in a text, and how often: the matrix X that GloVe is trained on."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import Progress, ordered_map, usable_threads
from ngramlm.core.validation import Number, choice, flag
from ngramlm.core.workspace import IN_MEMORY, Mapped, Workspace
from ngramlm.embeddings._cooccurrence import count_rows, places_of, stream_of
from ngramlm.errors import UsageError
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import RESERVED, Vocabulary

__all__ = ["WEIGHTINGS", "Cooccurrences", "cooccurrences"]

WEIGHTINGS = ("harmonic", "flat")
WINDOW = Number(least=1, most=1 << 20, whole=True)
MOST_PAIRS = 1 << 19  # that a piece of rows may have; or one row
LARGEST_SUM = (1 << 64) - 1
LARGEST_EXACT = 1 << 32  # units of 1 that a sum may need for distances to be exact


@dataclass(frozen=True, eq=False)
class Cooccurrences:
    """The pairs of words that stand near each other; each pair once, sorted by row, then by column.

    Row and column i are the word of id i + 3: those of the vocabulary without the reserved three.

    Attributes:
        vocabulary: the words.
        rows, columns: int32[N].
        values: float64[N], X_ij, above 0.

    Raises UsageError for columns of other types or of different lengths.

    Example:
        >>> found = cooccurrences(Text.from_sentences(["a b c"]), window=2)
        >>> found.of("a")
        {'b': 1.0, 'c': 0.5}
    """

    vocabulary: Vocabulary
    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = self.values.shape
        for name, dtype in (("rows", np.int32), ("columns", np.int32), ("values", np.float64)):
            column = getattr(self, name)
            if column.dtype != dtype or column.shape != shape or column.ndim != 1:
                raise UsageError(
                    f"{name} is {column.dtype}{list(column.shape)}; expected {np.dtype(dtype)}, one for each pair"
                )
            column = np.ascontiguousarray(column)
            column.setflags(write=False)
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def n_words(self) -> int:
        """V, the rows and columns of the matrix."""
        return len(self.vocabulary) - len(RESERVED)

    def of(self, word: str) -> dict[str, float]:
        """The row of a word; nothing for words that are not known."""
        row = self.vocabulary.id(word) - len(RESERVED)
        first, end = np.searchsorted(self.rows, [row, row + 1])
        words = self.vocabulary.words(self.columns[first:end] + len(RESERVED))
        return dict(zip(words, self.values[first:end].tolist(), strict=True))


def cooccurrences(
    text: Text,
    *,
    window: int = 15,
    symmetric: bool = True,
    weighting: str = "harmonic",
    memory: int | None = None,
    temp_folder: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Cooccurrences:
    """X_ij, the sum over the places of word i of the weights of word j at most `window` words away.

    Windows end where sentences end. Words outside the vocabulary take no place: their neighbours are neighbours. The
    result depends neither on threads nor on the limit, to the last bit: sums are added up as whole numbers. They are
    exact up to a window of 22; beyond, 1 / distance is rounded to a multiple of 2^-32, or of a larger power of two
    where words are so frequent that sums would not fit.

    Pennington, Socher & Manning (2014), sections 3 and 4.2.

    Args:
        window: words to each side.
        symmetric: count the words to the right too; else X_ij has j to the left of i only.
        weighting: "harmonic", a word at distance k counts 1 / k; "flat", it counts 1.
        memory: bytes that the process may have in memory, the text with it; what does not fit goes to temporary files.
        temp_folder: where those are made.
        threads: None is all cores.
        progress: called with (stage, places done, places in all).

    Raises:
        UsageError: for arguments that cannot be used.
        StorageError: where temporary files find no room.
    """
    window = WINDOW("window", window)
    symmetric = flag("symmetric", symmetric)
    choice(*WEIGHTINGS)("weighting", weighting)
    threads = usable_threads(threads)
    workspace = IN_MEMORY if memory is None else Mapped(memory, temp_folder)
    places = _Places.of(text, workspace)
    around = 2 * window if symmetric else window
    weights, unit = _weights(window, weighting, (around // window) * int(places.counts.max(initial=0)))
    most = places.most(around)

    def count(piece: tuple[int, int]) -> tuple[Any, ...]:
        first, end = piece
        return places.count(first, end, int(most[first:end].sum()), weights, unit, symmetric)

    growing = [workspace.growing(int(most.sum()), dtype) for dtype in (np.int32, np.int32, np.float64)]
    pieces = list(_pieces(most))
    for (_, end), found in zip(pieces, ordered_map(count, pieces, threads), strict=True):
        for column, own in zip(growing, found, strict=True):
            column.room(len(own))[:] = own
        workspace.breathe()
        if progress is not None:
            progress("counting pairs", int(places.starts[end]), int(places.starts[-1]))
    rows, columns, values = (column.finished() for column in growing)
    return Cooccurrences(text.vocabulary, rows, columns, values)


@dataclass(frozen=True, eq=False)
class _Places:
    """A text without what takes no place, and where in it every word stands.

    Attributes:
        stream: int32[T], rows of the matrix, and -1 between sentences and at both ends.
        counts: int64[V], the occurrences of every word.
        starts: int64[V + 1], which of the places are those of a word.
        places: int32[n] or, for long texts, int64[n].
    """

    stream: NDArray[np.int32]
    counts: NDArray[np.int64]
    starts: NDArray[np.int64]
    places: NDArray[Any]

    @classmethod
    def of(cls, text: Text, workspace: Workspace) -> _Places:
        counts = np.zeros(len(text.vocabulary) - len(RESERVED), np.int64)
        stream = workspace.empty(len(text.ids) + 1, np.int32)
        stream = stream[: stream_of(text.ids, stream, counts)]
        starts = np.append(0, np.cumsum(counts))
        places = workspace.empty(int(starts[-1]), np.int32 if len(stream) < 1 << 31 else np.int64)
        places_of(stream, starts, places)
        return cls(stream, counts, starts, places)

    def most(self, around: int) -> NDArray[np.int64]:
        """int64[V]: the most pairs that every row can have when so many words around a place count."""
        return np.minimum(self.counts * around, len(self.counts))

    def count(
        self, first: int, end: int, room: int, weights: NDArray[np.uint64], unit: int, symmetric: bool
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        """Rows first .. end - 1 of the matrix, which have `room` pairs at most, as three columns."""
        rows, columns = np.empty((2, room), np.int32)
        values = np.empty(room)
        n = count_rows(
            self.stream, self.starts, self.places, first, end, weights, unit, symmetric, rows, columns, values
        )
        return rows[:n], columns[:n], values[:n]


def _pieces(most: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of rows that need no more room than `MOST_PAIRS` together, or one row that needs more."""
    first, total = 0, 0
    for row, size in enumerate(most.tolist()):
        if total and total + size > MOST_PAIRS:
            yield first, row
            first, total = row, 0
        total += size
    if total:
        yield first, len(most)


def _weights(window: int, weighting: str, n_places: int) -> tuple[NDArray[np.uint64], int]:
    """(The weights of distances 1 .. window in whole units, the units of a weight of 1).

    No more than `n_places` words are at each distance of one word. With lcm(1 .. window) units all weights are whole.

    >>> _weights(3, "harmonic", 100)
    (array([6, 3, 2], dtype=uint64), 6)
    """
    if weighting == "flat":
        return np.ones(window, np.uint64), 1
    unit = math.lcm(*range(1, min(window, 40) + 1))  # for 40 far above what is used
    most = max(n_places, 1) * (2 + math.log(window))  # above the sum of 1 / distance for all of them
    if unit > LARGEST_EXACT or unit * most > LARGEST_SUM:
        unit = 1 << 32
        while unit * most > LARGEST_SUM:
            unit >>= 1
    weights = [max(round(unit / distance), 1) for distance in range(1, window + 1)]
    return np.array(weights, np.uint64), unit
