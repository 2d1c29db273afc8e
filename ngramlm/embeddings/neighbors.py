"""Which rows of a matrix have the greatest cosine with a query: found by BLAS in float32, ordered in float64.

BLAS gives a product within d 2^-24 of the true one, and the last bits depend on how many are made at once. So the rows
that may be among the best within that error are found first, and those few are compared exactly: the result does not
depend on blocks or threads, and equal rows come in their order.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["cosine_analogies", "nearest_rows", "product_analogies", "unit_rows"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Rows = NDArray[np.int64]
Found = tuple[NDArray[np.int32], Floats]
Bounds = tuple[NDArray[np.floating], NDArray[np.floating]]  # what scores are at least, and at most

BLOCK_BYTES = 1 << 26  # of the products that are looked at together
EPSILON = 1e-6  # Levy & Goldberg (2014): keeps 3CosMul from dividing by zero
NONE = -1  # no row, among those that are left out


def unit_rows(matrix: NDArray[np.floating]) -> Floats:
    """float32[n, d]: every row divided by its length; rows of zeros stay as they are."""
    unit = np.empty(matrix.shape, np.float32)
    step = max(1, BLOCK_BYTES // (8 * matrix.shape[1]))
    for first in range(0, len(matrix), step):
        block = matrix[first : first + step].astype(np.float64)
        lengths = np.sqrt(np.square(block).sum(axis=1, keepdims=True))
        unit[first : first + step] = block / np.where(lengths > 0, lengths, 1.0)
    return unit


def nearest_rows(unit: Floats, queries: NDArray[np.floating], n: int, left_out: Rows) -> Found:
    """The n rows with the greatest cosine for each query, as (int32[Q, n], float32[Q, n]), the greatest first.

    Args:
        unit: float32[V, d], rows of length 1 (or 0).
        queries: float[Q, d], of any lengths.
        n: how many; no more than there are rows that are not left out.
        left_out: int64[Q, k], rows that are no answer, or -1.
    """
    wanted = unit_rows(queries)
    error = (unit.shape[1] + 8) * 2.0**-24

    def bounds(first: int, last: int) -> Bounds:
        scores: Floats = wanted[first:last] @ unit.T
        scores -= np.float32(error)
        return scores, scores + np.float32(2 * error)

    def exact(query: int, rows: Rows) -> Doubles:
        return _products(unit[rows], wanted[query])

    return _best(len(unit), len(wanted), n, left_out, bounds, exact)


def cosine_analogies(unit: Floats, a: Rows, b: Rows, c: Rows, n: int, answers: Floats | None = None) -> Found:
    """a is to b as c is to these rows: the greatest cosine with b - a + c (3CosAdd), a, b and c left out.

    `answers` is the first rows of `unit`, where only those can be answers. Mikolov, Yih & Zweig (2013).
    """
    queries = unit[b].astype(np.float64) - unit[a] + unit[c]
    possible = unit if answers is None else answers
    return nearest_rows(possible, queries, n, _questions(a, b, c, len(possible)))


def product_analogies(
    unit: Floats, a: Rows, b: Rows, c: Rows, n: int, answers: Floats | None = None
) -> Found:
    """a is to b as c is to these rows x: the greatest cos(x, b) cos(x, c) / (cos(x, a) + 1e-6), a, b and c left out.

    3CosMul, with cosines moved to 0..1. Levy & Goldberg (2014), eq. 4. `answers` is as in `cosine_analogies`.
    """
    possible = unit if answers is None else answers
    error = np.float32((unit.shape[1] + 8) * 2.0**-24)

    def bounds(first: int, last: int) -> Bounds:
        from_a, to_b, to_c = ((1 + unit[rows[first:last]] @ possible.T) / 2 for rows in (a, b, c))
        low = np.maximum(to_b - error, 0) * np.maximum(to_c - error, 0) / (from_a + error + EPSILON)
        high = (to_b + error) * (to_c + error) / (np.maximum(from_a - error, 0) + EPSILON)
        rounding = np.float32(2.0**-20)
        return low * (1 - rounding), high * (1 + rounding)

    def exact(query: int, rows: Rows) -> Doubles:
        near = possible[rows]
        from_a, to_b, to_c = ((1 + _products(near, unit[of[query]])) / 2 for of in (a, b, c))
        return to_b * to_c / (from_a + EPSILON)

    return _best(len(possible), len(a), n, _questions(a, b, c, len(possible)), bounds, exact)


def _questions(a: Rows, b: Rows, c: Rows, size: int) -> Rows:
    """int64[Q, 3]: the words of the questions, as far as they could be answers."""
    asked = np.stack([a, b, c], axis=1)
    return np.where(asked < size, asked, NONE)


def _products(rows: Floats, query: Floats) -> Doubles:
    """float64[n]: the same for a row whatever stands beside it, which BLAS does not promise."""
    products: Doubles = (rows.astype(np.float64) * query).sum(axis=1)
    return products


def _best(
    size: int,
    n_queries: int,
    n: int,
    left_out: Rows,
    bounds: Callable[[int, int], Bounds],
    exact: Callable[[int, Rows], Doubles],
) -> Found:
    """The n best of `size` rows for each query by `exact` scores; `bounds` of a range of queries hold them."""
    rows, scores = np.empty((n_queries, n), np.int32), np.empty((n_queries, n), np.float32)
    step = max(1, BLOCK_BYTES // (4 * size))
    for first in range(0, n_queries if n else 0, step):
        last = min(first + step, n_queries)
        low, high = bounds(first, last)
        for query, out in zip(range(first, last), left_out[first:last], strict=True):
            out = out[out != NONE]
            low[query - first, out] = high[query - first, out] = -np.inf
        least = np.partition(low, size - n, axis=1)[:, size - n]
        for query in range(first, last):
            candidates = np.flatnonzero(high[query - first] >= least[query - first])
            values = exact(query, candidates)
            order = np.lexsort((candidates, -values))[:n]
            rows[query], scores[query] = candidates[order], values[order]
    return rows, scores
