"""Memory for the parameters that the kernels train: rows that begin at cache lines and fill whole registers.

Kernels import this file too, so it must not import kernels.
"""

from __future__ import annotations

import numpy as np

from ngramlm.types import Float32s

__all__ = ["aligned_rows", "padded_size"]

ALIGNMENT = 64  # bytes of a cache line
WIDEST = 16  # floats of the widest registers


def padded_size(dimension: int) -> int:
    """Return the length of a row that has room for `dimension` floats and fills whole registers."""
    return -(-dimension // WIDEST) * WIDEST


def aligned_rows(n_rows: int, size: int) -> Float32s:
    """Make float32[n_rows, size] of zeros. Rows begin at multiples of 64 bytes if `size` is padded.

    >>> rows = aligned_rows(3, padded_size(5))
    >>> rows.shape, rows.ctypes.data % 64
    ((3, 16), 0)
    """
    flat = np.zeros(n_rows * size + ALIGNMENT // 4, np.float32)
    skipped = -flat.ctypes.data % ALIGNMENT // 4
    return flat[skipped : skipped + n_rows * size].reshape(n_rows, size)
