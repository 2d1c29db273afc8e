"""Quantization: the values of a column are replaced by codes, and a code book has the value of each code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ngramlm.models._forward import encode
from ngramlm.types import Float32s

__all__ = ["RAW_BITS", "Codes", "quantize"]


# The number of bits of a value that is not quantized.
RAW_BITS = 32
# Values that are never changed: log10 of 0 and of 1.
EXACT = (-np.inf, 0.0)
# The bins of the histogram from which a code book is made.
BINS = 1 << 14
# The iterations of Lloyd's algorithm.
ROUNDS = 20
# The share of the density of codes (before its cube root) that is spread evenly over the range.
RARE = 0.1


@dataclass(frozen=True, eq=False)
class Codes:
    """A quantized column.

    Attributes
    ----------
    bits : int
        The number of bits of a code. 32 says that the column is not quantized; then the other two are empty.
    book : numpy.ndarray
        float32[2^bits]: the value of each code. The used values are sorted; the rest repeats the last value.
    codes : numpy.ndarray
        uint16[N]: the code of each value of the column.
    """

    bits: int
    book: Float32s
    codes: NDArray[np.uint16]


def quantize(values: Float32s, bits: int, lossless: bool = False) -> Codes:
    """Quantize a column to codes of at most `bits` bits; exactly, if it has at most 2^bits distinct values.

    Otherwise the code book has the means of 2^bits intervals of values. Intervals are narrow where values are frequent,
    to make the mean squared error small, and nowhere wide, so that rare values do not change much (Lloyd 1982, started
    as in Panter & Dite 1951). -inf and 0.0 stay exact.

    Parameters
    ----------
    values
        float32[N]: the column.
    bits
        The largest number of bits. 32 does not quantize.
    lossless
        Whether a column that cannot be quantized exactly is not quantized at all.

    Examples
    --------
    >>> codes = quantize(np.array([-1.5, 0.0, -np.inf, -1.5], np.float32), bits=8)
    >>> codes.bits, codes.book.tolist(), codes.codes.tolist()
    (2, [-inf, -1.5, 0.0, 0.0], [1, 2, 0, 1])
    """
    book = None if bits == RAW_BITS else _distinct(values, 1 << bits)
    if book is None and (lossless or bits == RAW_BITS):
        return Codes(RAW_BITS, np.empty(0, np.float32), np.empty(0, np.uint16))
    if book is None:
        book = _means(values, 1 << bits)
    codes = _encode(values, book)
    used = np.bincount(codes, minlength=len(book)) > 0
    if used.any() and not used.all():
        # Without the unused values, every value of the column still has the same nearest value.
        codes = (np.cumsum(used) - 1).astype(np.uint16)[codes]
        book = book[used]
    needed = max(1, (len(book) - 1).bit_length())
    return Codes(needed, np.concatenate([book, np.repeat(book[-1:], (1 << needed) - len(book))]), codes)


def _distinct(values: Float32s, most: int) -> Float32s | None:
    """Return the distinct values of a column; None if there are more than `most`."""
    if len(np.unique(values[: 4 * most])) > most:
        return None
    # A code book has at least one value.
    distinct = np.unique(values) if len(values) else np.zeros(1, np.float32)
    return distinct if len(distinct) <= most else None


def _means(values: Float32s, size: int) -> Float32s:
    exact = np.array([value for value in EXACT if (values == value).any()], np.float32)
    moved = values[np.isfinite(values) & (values != 0.0)]
    low, high = float(moved.min()), float(moved.max())
    bins = ((moved.astype(np.float64) - low) * ((BINS - 1) / (high - low))).astype(np.int32)
    weights = np.bincount(bins, minlength=BINS).astype(np.float64)
    sums = np.bincount(bins, moved, minlength=BINS)
    filled = np.flatnonzero(weights)
    weights, centers = weights[filled], sums[filled] / weights[filled]
    # Part of the density is spread evenly over the range, so that rare values do not change much.
    density = np.full(BINS, RARE / BINS)
    density[filled] += (1 - RARE) * weights / weights.sum()
    density = np.cumsum(np.cbrt(density))
    n = size - len(exact)
    means = low + (high - low) * np.searchsorted(density, density[-1] * (np.arange(n) + 0.5) / n) / BINS
    for _ in range(ROUNDS):
        cells = np.searchsorted((means[1:] + means[:-1]) / 2, centers)
        totals, sums, squares = (
            np.bincount(cells, weights * powers, minlength=len(means))
            for powers in (1.0, centers, centers**2)
        )
        used = totals > 0
        means = sums[used] / totals[used]
        # An unused code moves to the cell with the largest squared errors.
        errors = np.maximum(squares[used] / totals[used] - means**2, 0)
        crowded = np.argsort(totals[used] * errors)[len(means) - min(n - len(means), len(means)) :]
        half = np.sqrt(errors[crowded])
        means = np.sort(
            np.concatenate([np.delete(means, crowded), means[crowded] - half, means[crowded] + half])
        )
    return np.unique(np.concatenate([exact, np.clip(means, low, high).astype(np.float32)]))


def _encode(values: Float32s, book: Float32s) -> NDArray[np.uint16]:
    wide = book.astype(np.float64)
    codes = np.empty(len(values), np.uint16)
    encode(np.ascontiguousarray(values), (wide[1:] + wide[:-1]) / 2, codes)
    return codes
