"""Rows of parameters as the kernels of training want them: aligned, of whole registers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["aligned_rows", "padded_size"]

Float32s = NDArray[np.float32]

ALIGNMENT = 64  # bytes
WIDEST = 16  # floats of the widest registers


def padded_size(dimension: int) -> int:
    """Floats of a row with room for `dimension` of them."""
    return -(-dimension // WIDEST) * WIDEST


def aligned_rows(n_rows: int, size: int) -> Float32s:
    """float32[n_rows, size] of zeros; rows begin at multiples of 64 bytes where `size` is padded.

    >>> rows = aligned_rows(3, padded_size(5))
    >>> rows.shape, rows.ctypes.data % 64
    ((3, 16), 0)
    """
    flat = np.zeros(n_rows * size + ALIGNMENT // 4, np.float32)
    skipped = -flat.ctypes.data % ALIGNMENT // 4
    return flat[skipped : skipped + n_rows * size].reshape(n_rows, size)
