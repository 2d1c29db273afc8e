"""The neighbors that word classes make: every word of a class is a neighbor of every other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import UsageError
from ngramlm.text.vocabulary import Vocabulary
from ngramlm.types import Floats

__all__ = ["MAX_PAIRS", "class_rows"]

MAX_PAIRS = 1 << 25
"""The largest number of pairs of words in all classes together: a class of n words has n * n. They take 400 MB."""


def class_rows(
    classes: Mapping[str, Iterable[str]], share: float, frequencies: Mapping[str, float]
) -> tuple[Vocabulary, NDArray[np.int64], NDArray[np.int32], Floats]:
    """Return the vocabulary of some classes, and the neighbors of each word.

    Parameters
    ----------
    classes
        The words of each class.
    share
        The share of an occurrence that goes to the other words of the classes.
    frequencies
        The weights by which the other words divide that share. Words without a frequency have 0. If the mapping is
        empty, all words have the same weight.

    Returns
    -------
    tuple
        The vocabulary, and the columns `starts`, `words` and `shares` of `Neighbors`.

    Raises
    ------
    UsageError
        The classes have more than `MAX_PAIRS` pairs of words.
    """
    members = [list(dict.fromkeys(words)) for words in classes.values()]
    n_pairs = sum(len(words) ** 2 for words in members)
    if n_pairs > MAX_PAIRS:
        raise UsageError(
            f"found classes with {n_pairs} pairs of words, the largest of {max(map(len, members))} words; expected at "
            f"most {MAX_PAIRS} pairs (divide large classes)"
        )
    vocabulary = Vocabulary(dict.fromkeys(word for words in members for word in words))
    ids = [vocabulary.ids(words) for words in members]
    classes_of: list[list[int]] = [[] for _ in range(len(vocabulary))]
    for number, own in enumerate(ids):
        for id in own.tolist():
            classes_of[id].append(number)
    weights = np.ones(len(vocabulary))
    if frequencies:
        weights = np.array([frequencies.get(word, 0.0) for word in vocabulary.words()], np.float64)
    sizes = np.ones(len(vocabulary) + 1, np.int64)
    words, shares = [np.zeros(0, np.int32)], [np.zeros(0)]
    for id, numbers in enumerate(classes_of):
        others, values = _others(id, [ids[number] for number in numbers], weights)
        total = float(values.cumsum()[-1]) if len(values) else 0.0
        words.append(np.array([id], np.int32))
        shares.append(np.array([1.0 - share if total else 1.0]))
        if total and share:
            words.append(others)
            shares.append(share * values / total)
            sizes[id + 1] += len(others)
    sizes[0] = 0
    return vocabulary, sizes.cumsum(), np.concatenate(words), np.concatenate(shares)


def _others(id: int, classes: list[NDArray[np.int32]], weights: Floats) -> tuple[NDArray[np.int32], Floats]:
    """Return the other words of the classes of a word, with the sum of their weights over the classes."""
    found = np.concatenate([np.zeros(0, np.int32), *classes])
    values = weights[found]
    if len(classes) > 1:
        _, first, place = np.unique(found, return_index=True, return_inverse=True)
        order = np.argsort(first)
        found, values = found[first[order]], np.bincount(place, values)[order]
    kept = (found != id) & (values > 0)
    return found[kept], values[kept]
