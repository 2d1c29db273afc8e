"""Code books: the few values that stand for the many of a column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ngramlm.models._forward import encode
from ngramlm.types import Float32s

__all__ = ["RAW_BITS", "Codes", "quantize"]


RAW_BITS = 32  # bits of a value that stands for itself
EXACT = (-np.inf, 0.0)  # impossible, and certain or no weight: never moved
BINS = 1 << 14  # of the histogram from which a book is made
ROUNDS = 20  # of Lloyd's algorithm
RARE = 0.1  # share of the codes' density (before its cube root) that is spread evenly


@dataclass(frozen=True, eq=False)
class Codes:
    """A column as numbers of `bits` bits, and what each stands for; without a book the column stands for itself."""

    bits: int
    book: Float32s  # float32[2^bits], the used ones sorted, the rest as the last; empty: values as they are
    codes: NDArray[np.uint16]


def quantize(values: Float32s, bits: int, lossless: bool = False) -> Codes:
    """Codes of at most `bits` bits for a column; exact where it has no more than 2^bits values.

    Otherwise the book has the means of 2^bits intervals of values: dense where values are many, so that the mean of
    the squared errors is least, but nowhere so wide that a rare value is moved far (Lloyd, 1982, from a start after
    Panter & Dite, 1951). -inf and 0.0 are always in it. Where `bits` is 32, or would lose something that must not be
    lost, the column stands for itself.

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
    if used.any() and not used.all():  # then the rest is as near to the same values
        codes = (np.cumsum(used) - 1).astype(np.uint16)[codes]
        book = book[used]
    needed = max(1, (len(book) - 1).bit_length())
    return Codes(needed, np.concatenate([book, np.repeat(book[-1:], (1 << needed) - len(book))]), codes)


def _distinct(values: Float32s, most: int) -> Float32s | None:
    """The values of a column if there are no more than so many."""
    if len(np.unique(values[: 4 * most])) > most:
        return None
    distinct = np.unique(values) if len(values) else np.zeros(1, np.float32)  # a book has a value
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
    # a part is shared evenly by all of the range, so that rare values do not move far either
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
        # where there was nothing to stand for, a code goes to the cell with the largest squared errors
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
