"""Places of words in a plane, so that they can be looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ngramlm.embeddings.vectors import WordVectors
from ngramlm.errors import UsageError

__all__ = ["principal_components"]


def principal_components(vectors: WordVectors, words: Sequence[str]) -> NDArray[np.float64]:
    """float64[n, 2]: the words along the two directions in which their vectors, centred, differ most.

    The sign of a direction is such that the largest of its numbers is positive, so that the same vectors give the same
    picture. Raises UnknownWordError, UsageError for no words.

    >>> vectors = WordVectors(["a", "b", "c"], np.array([[0, 0], [2, 0], [4, 3]], np.float32))
    >>> principal_components(vectors, ["a", "b"]).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    if not words:
        raise UsageError("found no words; expected at least one")
    rows = np.stack([vectors[word] for word in words]).astype(np.float64)
    centred = rows - rows.mean(axis=0)
    _, lengths, directions = np.linalg.svd(centred, full_matrices=False)
    places = np.zeros((len(words), 2))
    for axis, direction in enumerate(directions[:2]):
        if lengths[axis] > 1e-12 * lengths[0]:  # else rounding alone
            sign = np.sign(direction[np.argmax(np.abs(direction))])
            places[:, axis] = centred @ (sign * direction)
    return places
