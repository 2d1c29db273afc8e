"""Workspaces for large columns: memory here; `mapped_workspace.py` uses temporary files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

if TYPE_CHECKING:
    from mmap import mmap

__all__ = ["IN_MEMORY", "Growing", "WordCost", "Workspace"]


class WordCost(NamedTuple):
    """The most memory that a vocabulary takes during some work, in bytes for each word and for each byte of a word."""

    word: int
    byte: int

    def of(self, n_words: int, n_bytes: int) -> int:
        """Return the bytes of memory for a vocabulary."""
        return self.word * n_words + self.byte * n_bytes


class Growing:
    """A column that is filled from the front, with at most `capacity` values."""

    def __init__(self, capacity: int, dtype: DTypeLike) -> None:
        self._column = np.empty(capacity, dtype)
        self.size = 0

    def room(self, n: int) -> NDArray[Any]:
        """Return the next n places. The caller fills them before the next call."""
        self.size += n
        return self._column[self.size - n : self.size]

    def finished(self) -> NDArray[Any]:
        """Return the column with all values that were filled."""
        self._column.resize(self.size, refcheck=False)
        return self._column


class Workspace:
    """Columns in memory, without a limit."""

    memory: int | None = None

    def empty(self, n: int, dtype: DTypeLike) -> NDArray[Any]:
        """Return a column of n values, which are not initialized."""
        return np.empty(n, dtype)

    def growing(self, capacity: int, dtype: DTypeLike) -> Growing:
        """Return a column that grows up to `capacity` values. Unused capacity takes no memory."""
        return Growing(capacity, dtype)

    def pieces(self, n: int) -> Iterator[slice]:
        """Yield slices that cover n values. Each slice is small enough to be processed in memory."""
        if n:
            yield slice(0, n)

    def check_words(self, n_words: int, n_bytes: int, cost: WordCost) -> None:
        """Raise UsageError if a vocabulary of so many words and bytes is too large for the memory limit."""

    def adopt(self, mapped: mmap) -> None:
        """Include a mapped file in the memory limit: its pages are released like those of the columns."""

    def breathe(self) -> None:
        """Release pages if the process is near its memory limit. Call this after work on columns."""


IN_MEMORY = Workspace()
