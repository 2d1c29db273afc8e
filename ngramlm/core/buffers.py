"""Pools of buffers: memory that was used before is faster than new memory from the system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

from ngramlm.types import Uint8s

__all__ = ["Buffers", "byte_buffers"]

Buffer = TypeVar("Buffer")


class Buffers(Generic[Buffer]):
    """A pool of buffers that threads take and give back.

    Parameters
    ----------
    make : Callable[[int], Buffer]
        A function that makes a new buffer for at least the given number of items.
    capacity : Callable[[Buffer], int]
        A function that returns the number of items for which a buffer has room.

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
        # no lock is needed: append and pop are atomic
        self._spare: list[Buffer] = []

    def take(self, size: int) -> Buffer:
        """Return a buffer for at least `size` items, with arbitrary contents. Smaller spare buffers are dropped."""
        while True:
            try:
                buffer = self._spare.pop()
            except IndexError:
                return self._make(size)
            if self._capacity(buffer) >= size:
                return buffer

    def give_back(self, buffer: Buffer) -> None:
        """Keep a buffer for the next `take`. The caller must not use its contents any more."""
        self._spare.append(buffer)


def byte_buffers() -> Buffers[Uint8s]:
    """Return a pool of arrays uint8[size]. Each is a quarter larger than requested, to serve larger requests too."""
    return Buffers(lambda size: np.empty(size + size // 4, np.uint8), len)
