"""Where large columns are kept: in memory, or wherever a subclass keeps them, as `mapped_workspace.py` does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

if TYPE_CHECKING:
    from mmap import mmap

__all__ = ["IN_MEMORY", "Growing", "Workspace"]


class Growing:
    """A column that is filled from the front; it holds at most `capacity` values."""

    def __init__(self, capacity: int, dtype: DTypeLike) -> None:
        self._column = np.empty(capacity, dtype)
        self.size = 0

    def room(self, n: int) -> NDArray[Any]:
        """Return the next n places; fill them before the column is used again."""
        self.size += n
        return self._column[self.size - n : self.size]

    def finished(self) -> NDArray[Any]:
        """Return the values that were filled."""
        self._column.resize(self.size, refcheck=False)
        return self._column


class Workspace:
    """Columns in memory, without a limit."""

    memory: int | None = None

    def empty(self, n: int, dtype: DTypeLike) -> NDArray[Any]:
        """Return a column of n values that are not set."""
        return np.empty(n, dtype)

    def growing(self, capacity: int, dtype: DTypeLike) -> Growing:
        """Return a column that grows up to `capacity` values; memory that is not reached costs nothing."""
        return Growing(capacity, dtype)

    def pieces(self, n: int) -> Iterator[slice]:
        """Give slices of n values, one after the other; each may be worked on at once."""
        if n:
            yield slice(0, n)

    def adopt(self, mapped: mmap) -> None:
        """Let go of the pages of this mapped file too when too many pages are in memory."""

    def breathe(self) -> None:
        """Keep within the limit, at a place where columns have been worked on."""


IN_MEMORY = Workspace()
