"""Nearest neighbors: the rows of a matrix with the greatest cosine with a query.

BLAS computes a product in float32 within d 2^-24 of the true product. Its last bits depend on the sizes of matrices.
So BLAS only selects the rows that may be among the best within that error. Then float64 compares these few rows. The
result does not depend on blocks or threads. Rows of equal scores keep their order.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.validation import choice
from ngramlm.types import Float32s, Floats, Int32s, Ints

__all__ = ["METHODS", "analogy_rows", "cosine_analogies", "nearest_rows", "product_analogies", "unit_rows"]

Nearest = tuple[Int32s, Float32s]
Bounds = tuple[NDArray[np.floating], NDArray[np.floating]]  # lower and upper bounds of scores

# the methods of answering analogies
METHODS = ("add", "multiply")

# the size of the products in memory at once
BLOCK_BYTES = 1 << 26
# Levy & Goldberg (2014): keeps 3CosMul from dividing by zero
EPSILON = 1e-6
# fills a list of rows that has fewer rows than columns
NONE = -1


def unit_rows(matrix: NDArray[np.floating]) -> Float32s:
    """Return float32[n, d]: every row divided by its length; rows of zeros stay zero."""
    unit = np.empty(matrix.shape, np.float32)
    step = max(1, BLOCK_BYTES // (8 * matrix.shape[1]))
    for first in range(0, len(matrix), step):
        block = matrix[first : first + step].astype(np.float64)
        lengths = np.sqrt(np.square(block).sum(axis=1, keepdims=True))
        unit[first : first + step] = block / np.where(lengths > 0, lengths, 1.0)
    return unit


def nearest_rows(unit: Float32s, queries: NDArray[np.floating], n: int, left_out: Ints) -> Nearest:
    """Find the n rows with the greatest cosine for each query: (int32[Q, n], float32[Q, n]), the greatest first.

    `unit` is float32[V, d], rows of length 1 or 0. `queries` is float[Q, d], of any lengths. `left_out` is int64[Q, k],
    rows that cannot be answers, or -1. `n` is at most the number of the other rows.
    """
    wanted = unit_rows(queries)
    error = (unit.shape[1] + 8) * 2.0**-24

    def bounds(first: int, last: int) -> Bounds:
        scores: Float32s = wanted[first:last] @ unit.T
        scores -= np.float32(error)
        return scores, scores + np.float32(2 * error)

    def exact(query: int, rows: Ints) -> Floats:
        return _products(unit[rows], wanted[query])

    return _best(len(unit), len(wanted), n, left_out, bounds, exact)


def cosine_analogies(
    unit: Float32s, a: Ints, b: Ints, c: Ints, n: int, answers: Float32s | None = None
) -> Nearest:
    """Answer a : b = c : ? by the greatest cosine with b - a + c (3CosAdd); a, b and c are not answers.

    If given, `answers` is the first rows of `unit`; only those can be answers. Mikolov, Yih & Zweig (2013).
    """
    queries = unit[b].astype(np.float64) - unit[a] + unit[c]
    possible = unit if answers is None else answers
    return nearest_rows(possible, queries, n, _questions(a, b, c, len(possible)))


def product_analogies(
    unit: Float32s, a: Ints, b: Ints, c: Ints, n: int, answers: Float32s | None = None
) -> Nearest:
    """Answer a : b = c : x by the greatest cos(x, b) cos(x, c) / (cos(x, a) + 1e-6); a, b and c are not answers.

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

    def exact(query: int, rows: Ints) -> Floats:
        near = possible[rows]
        from_a, to_b, to_c = ((1 + _products(near, unit[of[query]])) / 2 for of in (a, b, c))
        return to_b * to_c / (from_a + EPSILON)

    return _best(len(possible), len(a), n, _questions(a, b, c, len(possible)), bounds, exact)


def analogy_rows(
    unit: Float32s, questions: Ints, n: int, method: str, answers: Float32s | None = None
) -> Nearest:
    """Find the n best answers to questions int64[Q, 3] of rows a, b, c; `answers` is as in `cosine_analogies`."""
    solve = cosine_analogies if choice(*METHODS)("method", method) == "add" else product_analogies
    a, b, c = questions.T
    return solve(unit, a, b, c, n, answers)


def _questions(a: Ints, b: Ints, c: Ints, size: int) -> Ints:
    """Return int64[Q, 3]: the words of the questions; -1 for a word that cannot be an answer."""
    asked = np.stack([a, b, c], axis=1)
    return np.where(asked < size, asked, NONE)


def _products(rows: Float32s, query: Float32s) -> Floats:
    """Return float64[n]: the product of each row with the query. Unlike with BLAS, it does not depend on other rows."""
    products: Floats = (rows.astype(np.float64) * query).sum(axis=1)
    return products


def _best(
    size: int,
    n_queries: int,
    n: int,
    left_out: Ints,
    bounds: Callable[[int, int], Bounds],
    exact: Callable[[int, Ints], Floats],
) -> Nearest:
    """Find the n best of `size` rows for each query.

    `bounds` returns bounds of the scores for a range of queries, `exact` the scores of some rows for one query.
    """
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
