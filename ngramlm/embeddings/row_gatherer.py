"""Gathering the words and rows of a file. Memory grows with the part read, whatever the header claims."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import IO

import numpy as np

from ngramlm.embeddings.vector_data import VectorData
from ngramlm.embeddings.word_repair import WordRepair
from ngramlm.errors import FormatError, FormatWarning, UsageError, warn
from ngramlm.types import Float32s

__all__ = ["MAX_ROWS", "RowGatherer", "check_shape", "read_exactly", "refusing", "without_duplicates"]

MAX_DIMENSION = 1 << 20
MAX_ROWS = 1 << 31
# the first size of the matrix if the number of rows is not known
FIRST_BYTES = 1 << 24
BLOCK_BYTES = 1 << 24
READ_AT_ONCE = 1 << 24


class RowGatherer:
    """The words and the matrix that a reader fills.

    `most` is the number of rows wanted. If `known`, the file has these rows, and the matrix has its final size from the
    beginning; otherwise it grows. `repair` has the name of the file in messages, and the rule for words that are not
    UTF-8.
    """

    def __init__(self, dimension: int, repair: WordRepair, most: int, known: bool = False) -> None:
        self.name, self.dimension, self.most, self.repair = repair.name, dimension, most, repair
        room = most if known else min(most, max(1, FIRST_BYTES // (4 * dimension)))
        self.matrix: Float32s = np.empty((room, dimension), np.float32)
        self.row = 0
        self.words: list[str] = []

    def grow(self, likely: int = 0) -> None:
        """Make room for `likely` rows, or for twice as many as now if `likely` is not larger."""
        room = len(self.matrix)
        wanted = likely if likely > room else 2 * room
        # in place if the system can, so that memory holds one matrix at a time
        self.matrix.resize((min(wanted, self.most), self.dimension), refcheck=False)

    def add_words(self, joined: memoryview) -> None:
        """Add the words of the rows that were filled, each followed by a line end."""
        if not len(joined):
            return
        try:
            text = str(joined, "utf-8")
        except UnicodeDecodeError as error:
            repaired = self.repair.utf8(bytes(joined))
            if repaired is None:
                row = len(self.words) + bytes(joined[: error.start]).count(b"\n") + 1
                raise self.repair.refusal(f" in word {row}") from None
            text = str(repaired, "utf-8")
        self.words += text.removesuffix("\n").split("\n")

    def finish(self) -> VectorData:
        """Return the words and their rows. The first row of a duplicate word is kept, with a FormatWarning."""
        self.repair.report()
        words, matrix = without_duplicates(self.words, self.matrix, self.row, self.name)
        self.matrix = np.empty((0, 0), np.float32)
        matrix.resize((len(words), self.dimension), refcheck=False)
        return VectorData(words, matrix)


def without_duplicates(words: list[str], matrix: Float32s, n: int, name: str) -> tuple[list[str], Float32s]:
    """Keep the first row of every word; rows move together in place."""
    if len(set(words)) == n:
        return words, matrix
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        first.setdefault(word, row)
    kept = np.fromiter(first.values(), np.int64)
    step = max(1, BLOCK_BYTES // (4 * matrix.shape[1]))
    # a row never moves down, so no row is overwritten before it has moved
    for at in range(0, len(kept), step):
        rows = kept[at : at + step]
        matrix[at : at + len(rows)] = matrix[rows]
    warn(f"{name}: found {n - len(first)} rows of repeated words; they are left out", FormatWarning)
    return list(first), matrix


def check_shape(rows: int, dimension: int, name: str, line: int | None = None) -> None:
    """Raise FormatError for an impossible number of rows or of numbers in a row."""
    if not (1 <= rows < MAX_ROWS and 1 <= dimension <= MAX_DIMENSION):
        raise FormatError(
            f"found {rows} vectors of {dimension} numbers; expected 1 to {MAX_ROWS - 1}, of 1 to {MAX_DIMENSION}",
            name,
            line,
        )


@contextlib.contextmanager
def refusing(name: str) -> Iterator[None]:
    """Turn a UsageError about the contents of a file into a FormatError with the name of the file."""
    try:
        yield
    except UsageError as error:
        raise FormatError(str(error), name) from None


def read_exactly(stream: IO[bytes], into: memoryview) -> int:
    """Fill a buffer from a stream; return the number of bytes read."""
    filled = 0
    while filled < len(into) and (got := stream.readinto(into[filled : filled + READ_AT_ONCE])):  # type: ignore[attr-defined]
        filled += got
    return filled
