"""Principal components: the positions of words in a plane, for a plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ngramlm.embeddings.vectors import WordVectors
from ngramlm.errors import UsageError
from ngramlm.types import Floats

__all__ = ["principal_components"]


def principal_components(vectors: WordVectors, words: Sequence[str]) -> Floats:
    """Compute the first two principal components of the vectors of some words.

    The largest number of each direction is positive, so that the same vectors give the same plot.

    Parameters
    ----------
    vectors : WordVectors
        The vectors.
    words : sequence of str
        n words, at least one.

    Returns
    -------
    float64[n, 2]
        The positions of the words.

    Raises
    ------
    UnknownWordError
        If a word has no vector.
    UsageError
        If there are no words.

    Examples
    --------
    >>> vectors = WordVectors(["a", "b", "c"], np.array([[0, 0], [2, 0], [4, 3]], np.float32))
    >>> principal_components(vectors, ["a", "b"]).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    if not words:
        raise UsageError("found no words; expected at least one")
    rows = np.stack([vectors[word] for word in words]).astype(np.float64)
    centered = rows - rows.mean(axis=0)
    _, lengths, directions = np.linalg.svd(centered, full_matrices=False)
    places = np.zeros((len(words), 2))
    for axis, direction in enumerate(directions[:2]):
        # a shorter direction is a rounding error
        if lengths[axis] > 1e-12 * lengths[0]:
            sign = np.sign(direction[np.argmax(np.abs(direction))])
            places[:, axis] = centered @ (sign * direction)
    return places
