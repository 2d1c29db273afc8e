"""Words and rows as a file gives them: room grows with what has been read, never with what a file claims."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ngramlm.embeddings.vectors import WordVectors
from ngramlm.errors import FormatError, FormatWarning, UsageError, warn

__all__ = ["MOST_ROWS", "RowGatherer", "check_shape", "read_exactly", "refusing", "without_duplicates"]

Floats = NDArray[np.float32]

MOST_DIMENSION = 1 << 20
MOST_ROWS = 1 << 31
FIRST_BYTES = 1 << 24  # of the matrix, where nothing is known of how much will come
BLOCK_BYTES = 1 << 24
READ_AT_ONCE = 1 << 24


class RowGatherer:
    """The words and the matrix that a reader fills.

    Args:
        dimension: of the rows.
        name: of the file, for messages.
        most: the rows that are wanted; there is never room for more.
        known: whether so many will come; the room grows otherwise.
    """

    def __init__(self, dimension: int, name: str, most: int, known: bool = False) -> None:
        self.name, self.dimension, self.most = name, dimension, most
        room = most if known else min(most, max(1, FIRST_BYTES // (4 * dimension)))
        self.matrix: Floats = np.empty((room, dimension), np.float32)
        self.row = 0
        self.words: list[str] = []

    def grow(self, likely: int = 0) -> None:
        """Make room for more rows: `likely` in all if that is more than there are."""
        room = len(self.matrix)
        wanted = likely if likely > room else 2 * room
        # in place where the system can, so that there are no two matrices at a time
        self.matrix.resize((min(wanted, self.most), self.dimension), refcheck=False)

    def add_words(self, joined: memoryview) -> None:
        """The words of the rows that were filled, each with a line end behind it."""
        if len(joined):
            try:
                self.words += str(joined[:-1], "utf-8").split("\n")
            except UnicodeDecodeError as error:
                row = len(self.words) + bytes(joined[: error.start]).count(b"\n") + 1
                raise FormatError(
                    f"found bytes that are not UTF-8 in word {row}; expected UTF-8", self.name
                ) from None

    def finish(self) -> tuple[list[str], Floats]:
        """The words and their rows; of a word that stands twice the first is kept, with a FormatWarning."""
        if not self.row:
            raise FormatError("found no vectors; expected at least one", self.name)
        words, matrix = without_duplicates(self.words, self.matrix, self.row, self.name)
        self.matrix = np.empty((0, 0), np.float32)
        matrix.resize((len(words), self.dimension), refcheck=False)
        return words, matrix

    def vectors(self) -> WordVectors:
        """The vectors of all rows; raises FormatError for what no vectors can be."""
        words, matrix = self.finish()
        with refusing(self.name):
            return WordVectors(words, matrix)


def without_duplicates(words: list[str], matrix: Floats, n: int, name: str) -> tuple[list[str], Floats]:
    """The first row of every word, moved together in place."""
    if len(set(words)) == n:
        return words, matrix
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        first.setdefault(word, row)
    kept = np.fromiter(first.values(), np.int64)
    step = max(1, BLOCK_BYTES // (4 * matrix.shape[1]))
    for at in range(
        0, len(kept), step
    ):  # a row never moves down, so that none is overwritten before it has moved
        rows = kept[at : at + step]
        matrix[at : at + len(rows)] = matrix[rows]
    warn(f"{name}: left out {n - len(first)} rows of words that had come before", FormatWarning)
    return list(first), matrix


def check_shape(rows: int, dimension: int, name: str, line: int | None = None) -> None:
    """FormatError unless there can be so many vectors of so many numbers."""
    if not (1 <= rows < MOST_ROWS and 1 <= dimension <= MOST_DIMENSION):
        raise FormatError(
            f"found {rows} vectors of {dimension} numbers; expected 1 to {MOST_ROWS - 1}, of 1 to {MOST_DIMENSION}",
            name,
            line,
        )


@contextlib.contextmanager
def refusing(name: str) -> Iterator[None]:
    """Of a file's contents, what no vectors can be is no wrong usage but a FormatError."""
    try:
        yield
    except UsageError as error:
        raise FormatError(str(error), name) from None


def read_exactly(stream: IO[bytes], into: memoryview) -> int:
    """Fill a buffer from a stream; returns the bytes that there were."""
    filled = 0
    while filled < len(into) and (got := stream.readinto(into[filled : filled + READ_AT_ONCE])):  # type: ignore[attr-defined]
        filled += got
    return filled
