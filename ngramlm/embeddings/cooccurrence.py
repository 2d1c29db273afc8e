"""Co-occurrences: how often words stand near each other in a text. GloVe trains on this matrix X."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.mapped_workspace import Mapped
from ngramlm.core.parallel import Progress, ordered_map, usable_threads
from ngramlm.core.validation import Number, choice, flag
from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.embeddings._cooccurrence import count_rows, places_of, stream_of
from ngramlm.errors import UsageError
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import RESERVED, Vocabulary
from ngramlm.types import Floats, Int32s, Ints

__all__ = ["WEIGHTINGS", "Cooccurrences", "cooccurrences"]

WEIGHTINGS = ("harmonic", "flat")
WINDOW = Number(least=1, most=1 << 20, whole=True)
# the maximum number of pairs in a piece of several rows
MAX_PAIRS = 1 << 19
MAX_SUM = (1 << 64) - 1
# the largest unit that makes all weights exact
MAX_EXACT = 1 << 32


@dataclass(frozen=True, eq=False)
class Cooccurrences:
    """The pairs of words that stand near each other: each pair once, sorted by row, then by column.

    Row and column i stand for the word of id i + 3, as the three reserved words have no rows.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words.
    rows, columns : int32[N]
        The words of each pair.
    values : float64[N]
        X_ij, above 0.

    Raises
    ------
    UsageError
        If a column has another type or length.

    Examples
    --------
    >>> found = cooccurrences(Text.from_sentences(["a b c"]), window=2)
    >>> found.row("a")
    {'b': 1.0, 'c': 0.5}
    """

    vocabulary: Vocabulary
    rows: Int32s
    columns: Int32s
    values: Floats

    def __post_init__(self) -> None:
        shape = self.values.shape
        for name, dtype in (("rows", np.int32), ("columns", np.int32), ("values", np.float64)):
            column = getattr(self, name)
            if column.dtype != dtype or column.shape != shape or column.ndim != 1:
                raise UsageError(
                    f"found {name} of {column.dtype}{list(column.shape)}; expected {np.dtype(dtype)}, one for each pair"
                )
            column = np.ascontiguousarray(column)
            column.setflags(write=False)
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def n_words(self) -> int:
        """V, the number of rows and of columns."""
        return len(self.vocabulary) - len(RESERVED)

    def row(self, word: str) -> dict[str, float]:
        """Return the row of a word: X_ij by word j. The row of an unknown word is empty."""
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
    """Count how often words stand near each other.

    X_ij is the sum of the weights of word j over all windows around word i. Windows end at the ends of sentences. Words
    outside the vocabulary are skipped: the words on both sides become neighbors.

    The sums are sums of integers. So the result does not depend on threads or on memory, to the last bit. The sums are
    exact up to a window of 22. In a larger window, 1 / distance is rounded to a multiple of 2^-32. If words are so
    frequent that sums would overflow, the step is a larger power of two.

    Parameters
    ----------
    text : Text
        The text.
    window : int
        Number of words on each side.
    symmetric : bool
        Whether to count the words on both sides. If False, X_ij counts words j to the left of i only.
    weighting : {"harmonic", "flat"}
        "harmonic" gives a word at distance k the weight 1 / k, "flat" the weight 1.
    memory : int, optional
        Maximum memory of the process in bytes, including the text. Temporary files hold what does not fit. Default: no
        limit.
    temp_folder : path, optional
        Folder of the temporary files.
    threads : int, optional
        Number of threads. Default: all cores.
    progress : callable, optional
        Called with ("counting pairs", tokens done, tokens in all).

    Returns
    -------
    Cooccurrences
        The matrix X.

    Raises
    ------
    UsageError
        If an argument is out of range.
    StorageError
        If there is no room for temporary files.

    References
    ----------
    Pennington, Socher & Manning (2014), sections 3 and 4.2.
    """
    window = WINDOW("window", window)
    symmetric = flag("symmetric", symmetric)
    choice(*WEIGHTINGS)("weighting", weighting)
    threads = usable_threads(threads)
    workspace = IN_MEMORY if memory is None else Mapped(memory, temp_folder)
    places = _Places.from_text(text, workspace)
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
    """A text without unknown words, and where every word stands in it.

    `stream` is int32[T], rows of the matrix, with -1 between sentences and at both ends. `counts` is int64[V], the
    occurrences of every word. Word i stands at `places[starts[i]:starts[i + 1]]`; places are int32, or int64 for long
    texts.
    """

    stream: Int32s
    counts: Ints
    starts: Ints
    places: NDArray[Any]

    @classmethod
    def from_text(cls, text: Text, workspace: Workspace) -> _Places:
        """Find the places of the words of a text."""
        counts = np.zeros(len(text.vocabulary) - len(RESERVED), np.int64)
        stream = workspace.empty(len(text.ids) + 1, np.int32)
        stream = stream[: stream_of(text.ids, stream, counts)]
        starts = np.append(0, np.cumsum(counts))
        places = workspace.empty(int(starts[-1]), np.int32 if len(stream) < 1 << 31 else np.int64)
        places_of(stream, starts, places)
        return cls(stream, counts, starts, places)

    def most(self, around: int) -> Ints:
        """Return int64[V]: the maximum number of pairs of every row, with `around` words in a window."""
        return np.minimum(self.counts * around, len(self.counts))

    def count(
        self, first: int, end: int, room: int, weights: NDArray[np.uint64], unit: int, symmetric: bool
    ) -> tuple[Int32s, Int32s, Floats]:
        """Count rows first .. end - 1 of the matrix, at most `room` pairs; return three columns."""
        rows, columns = np.empty((2, room), np.int32)
        values = np.empty(room)
        n = count_rows(
            self.stream, self.starts, self.places, first, end, weights, unit, symmetric, rows, columns, values
        )
        return rows[:n], columns[:n], values[:n]


def _pieces(most: Ints) -> Iterator[tuple[int, int]]:
    """Yield ranges of rows with at most `MAX_PAIRS` pairs, or of one row with more pairs."""
    first, total = 0, 0
    for row, size in enumerate(most.tolist()):
        if total and total + size > MAX_PAIRS:
            yield first, row
            first, total = row, 0
        total += size
    if total:
        yield first, len(most)


def _weights(window: int, weighting: str, n_places: int) -> tuple[NDArray[np.uint64], int]:
    """Return (weights of distances 1 .. window as integers, the integer that stands for a weight of 1).

    At most `n_places` words are at each distance of one word. With lcm(1 .. window) as unit, all weights are exact.

    >>> _weights(3, "harmonic", 100)
    (array([6, 3, 2], dtype=uint64), 6)
    """
    if weighting == "flat":
        return np.ones(window, np.uint64), 1
    # the lcm of 40 distances is far above MAX_EXACT already
    unit = math.lcm(*range(1, min(window, 40) + 1))
    # an upper bound of the sum of 1 / distance
    most = max(n_places, 1) * (2 + math.log(window))
    if unit > MAX_EXACT or unit * most > MAX_SUM:
        unit = 1 << 32
        while unit * most > MAX_SUM:
            unit >>= 1
    weights = [max(round(unit / distance), 1) for distance in range(1, window + 1)]
    return np.array(weights, np.uint64), unit
