"""Word classes by the exchange algorithm: words with similar neighbors share a class."""

from __future__ import annotations

import numpy as np

from ngramlm.core.parallel import Progress
from ngramlm.counts import NgramCounts
from ngramlm.errors import EstimationError
from ngramlm.maxent._classes import exchange
from ngramlm.types import Floats, Int32s, Ints

__all__ = ["FIRST_CLASS", "class_information", "word_classes"]

# <unk>, <s> and </s> have classes of their own. Their class is their id.
FIRST_CLASS = 3


def word_classes(
    counts: NgramCounts, n_classes: int, rounds: int = 20, progress: Progress | None = None
) -> Int32s:
    """Divide the words into classes by the exchange algorithm.

    At the start, words are dealt to the classes by turns, in the order of their ids (that of their counts). Then every
    word moves to the class that gives the bigrams of classes the greatest mutual information.

    Parameters
    ----------
    counts : NgramCounts
        Counts of order 2 or more.
    n_classes : int
        The number of classes.
    rounds : int, default 20
        The maximum number of rounds. The algorithm ends earlier if no word moves.
    progress : callable, optional
        Called with ("classing words", rounds done, rounds).

    Returns
    -------
    int32[V]
        The class of every word, from 3 on. The class of a reserved word is its id.

    Raises
    ------
    EstimationError
        If there are no bigrams.

    References
    ----------
    Kneser & Ney (1993), "Improved clustering techniques for class-based statistical language modelling".
    Martin, Liermann & Ney (1998), "Algorithms for bigram and trigram word clustering".

    Examples
    --------
    >>> from ngramlm.counts import count
    >>> from ngramlm.text.text import Text
    >>> counts = count(Text.from_sentences(["a cat sat", "the cat ran", "a dog ran", "the dog sat"]), order=2)
    >>> classes, by_turns = word_classes(counts, 3), word_classes(counts, 3, rounds=0)
    >>> class_information(counts, classes) > class_information(counts, by_turns)
    True
    """
    if counts.order < 2:
        raise EstimationError(
            "found counts of order 1; expected order 2 or more, because classes are made from bigrams"
        )
    size = len(counts.vocabulary)
    classes = np.arange(size, dtype=np.int32)
    classes[FIRST_CLASS:] = FIRST_CLASS + (classes[FIRST_CLASS:] - FIRST_CLASS) % n_classes
    level = counts.trie.level(2)
    lasts, nexts = counts.trie.histories(2), level.words
    lasts = level.first_words[lasts]
    column = counts.counts[1].astype(np.float64)
    after, before = _neighbors(lasts, nexts, column, size), _neighbors(nexts, lasts, column, size)
    for done in range(rounds):
        moved = exchange(*after, *before, classes, FIRST_CLASS + n_classes, FIRST_CLASS, FIRST_CLASS)
        if progress is not None:
            progress("classing words", done + 1, rounds)
        if not moved:
            break
    return classes


def class_information(counts: NgramCounts, classes: Int32s) -> float:
    """Compute the mutual information of the classes of neighboring words (nats), which `word_classes` maximizes."""
    level = counts.trie.level(2)
    n = int(classes.max()) + 1
    lasts = classes[level.first_words[counts.trie.histories(2)]]
    table = np.zeros((n, n))
    np.add.at(table, (lasts, classes[level.words]), counts.counts[1].astype(np.float64))
    total = table.sum()
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / total
    some = table > 0
    return float((table[some] / total * np.log(table[some] / expected[some])).sum())


def _neighbors(words: Int32s, others: Int32s, counts: Floats, size: int) -> tuple[Ints, Int32s, Floats]:
    """Return the start of the neighbors of each word int64[V + 1], the neighbors, and their counts."""
    order = np.argsort(words, kind="stable")
    starts = np.searchsorted(words[order], np.arange(size + 1)).astype(np.int64)
    return starts, np.ascontiguousarray(others[order], np.int32), counts[order]
