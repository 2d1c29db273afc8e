"""Exact sums of float64 arrays."""

from __future__ import annotations

import math

import numpy as np

from ngramlm.types import Floats

__all__ = ["ExactSum"]


class ExactSum:
    """Adds float64 arrays in fixed point, in units of 2**-64. Order and grouping do not change the sum."""

    # Values below LARGE, in units of 2**-32, are below 2**43. So the sum of a block fits int64.
    BLOCK = 1 << 14
    LARGE = 2048.0

    def __init__(self, units: int = 0) -> None:
        self._units = units

    def add(self, values: Floats) -> None:
        """Add finite values."""
        for start in range(0, len(values), self.BLOCK):
            block = values[start : start + self.BLOCK]
            if block.min() <= -self.LARGE or block.max() >= self.LARGE:
                large = np.abs(block) >= self.LARGE
                self._units += sum(int(math.ldexp(value, 64)) for value in block[large].tolist())
                block = block[~large]
            scaled = block * 2.0**32
            high = np.rint(scaled)
            scaled -= high  # exact: the bits that were lost by rounding
            scaled *= 2.0**32
            low = np.rint(scaled, out=scaled)
            self._units += (int(high.astype(np.int64).sum()) << 32) + int(low.astype(np.int64).sum())

    @property
    def value(self) -> float:
        """The sum, rounded once to float64."""
        return self._units / 2**64

    def __sub__(self, other: ExactSum) -> ExactSum:
        return ExactSum(self._units - other._units)
