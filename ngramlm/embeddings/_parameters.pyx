"""Memory for the parameters that the kernels train: rows that begin at cache lines and fill whole registers."""

import numpy as np

cdef enum:
    ALIGNMENT = 64   # bytes of a cache line
    WIDEST = 16      # floats of the widest registers


def padded_size(int dimension):
    """Return the floats of a row that has room for `dimension` of them and fills whole registers."""
    return (dimension + WIDEST - 1) // WIDEST * WIDEST


def aligned_rows(n_rows, size):
    """Return zeros, float32[n_rows, size]. Rows begin at multiples of 64 bytes if `size` is padded.

    >>> rows = aligned_rows(3, padded_size(5))
    >>> rows.shape, rows.ctypes.data % 64
    ((3, 16), 0)
    """
    flat = np.zeros(n_rows * size + ALIGNMENT // 4, np.float32)
    skipped = -flat.ctypes.data % ALIGNMENT // 4
    return flat[skipped:skipped + n_rows * size].reshape(n_rows, size)
