"""Pools of buffers that are used again, because memory that the system hands out for the first time is slow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

from ngramlm.types import Uint8s

__all__ = ["Buffers", "byte_buffers"]

Buffer = TypeVar("Buffer")


class Buffers(Generic[Buffer]):
    """Buffers that threads take and give back.

    Parameters
    ----------
    make
        Makes a new buffer that holds at least the given number of items.
    capacity
        The number of items that a buffer holds.

    Examples
    --------
    >>> buffers = Buffers(bytearray, len)
    >>> first = buffers.take(3)
    >>> buffers.give_back(first)
    >>> buffers.take(2) is first
    True
    """

    def __init__(self, make: Callable[[int], Buffer], capacity: Callable[[Buffer], int]) -> None:
        self._make = make
        self._capacity = capacity
        self._spare: list[Buffer] = []  # append and pop are atomic

    def take(self, size: int) -> Buffer:
        """Return a buffer that holds at least `size` items, with anything in them; smaller spare ones are dropped."""
        while True:
            try:
                buffer = self._spare.pop()
            except IndexError:
                return self._make(size)
            if self._capacity(buffer) >= size:
                return buffer

    def give_back(self, buffer: Buffer) -> None:
        """Keep a buffer, of which nobody uses the contents any more, for the next `take`."""
        self._spare.append(buffer)


def byte_buffers() -> Buffers[Uint8s]:
    """Return a pool of byte arrays, each a quarter larger than was asked for, so that slightly larger ones fit too."""
    return Buffers(lambda size: np.empty(size + size // 4, np.uint8), len)
