"""Word classes: words that stand between the same neighbours."""

from __future__ import annotations

import numpy as np

from ngramlm.core.parallel import Progress
from ngramlm.counts import NgramCounts
from ngramlm.errors import EstimationError
from ngramlm.maxent._classes import exchange
from ngramlm.types import Floats, Int32s, Ints

__all__ = ["FIRST_CLASS", "class_information", "word_classes"]

FIRST_CLASS = 3  # <unk>, <s> and </s> are classes of their own, numbered as the words


def word_classes(
    counts: NgramCounts, n_classes: int, rounds: int = 20, progress: Progress | None = None
) -> Int32s:
    """int32[V]: the class of every word, from 3 on; the markers and ``<unk>`` have their own ids for classes.

    The exchange algorithm (Kneser & Ney 1993; Martin, Liermann & Ney 1998): from classes of words by turns in the order
    of their ids, which is that of their counts, every word moves to the class that makes the bigrams of classes most
    informative, until none moves or for some rounds. Raises EstimationError for counts without bigrams.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.text.text import Text
        >>> counts = count(Text.from_sentences(["a cat sat", "the cat ran", "a dog ran", "the dog sat"]), order=2)
        >>> classes, by_turns = word_classes(counts, 3), word_classes(counts, 3, rounds=0)
        >>> class_information(counts, classes) > class_information(counts, by_turns)
        True
    """
    if counts.order < 2:
        raise EstimationError("found counts of order 1; expected bigrams, of which classes are made")
    size = len(counts.vocabulary)
    classes = np.arange(size, dtype=np.int32)
    classes[FIRST_CLASS:] = FIRST_CLASS + (classes[FIRST_CLASS:] - FIRST_CLASS) % n_classes
    level = counts.trie.level(2)
    lasts, nexts = counts.trie.histories(2), level.words
    lasts = level.first_words[lasts]
    column = counts.counts[1].astype(np.float64)
    after, before = _neighbours(lasts, nexts, column, size), _neighbours(nexts, lasts, column, size)
    for done in range(rounds):
        moved = exchange(*after, *before, classes, FIRST_CLASS + n_classes, FIRST_CLASS, FIRST_CLASS)
        if progress is not None:
            progress("classing words", done + 1, rounds)
        if not moved:
            break
    return classes


def class_information(counts: NgramCounts, classes: Int32s) -> float:
    """Mutual information of the classes of neighbouring words, in nats: what `word_classes` makes large."""
    level = counts.trie.level(2)
    n = int(classes.max()) + 1
    lasts = classes[level.first_words[counts.trie.histories(2)]]
    table = np.zeros((n, n))
    np.add.at(table, (lasts, classes[level.words]), counts.counts[1].astype(np.float64))
    total = table.sum()
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / total
    some = table > 0
    return float((table[some] / total * np.log(table[some] / expected[some])).sum())


def _neighbours(words: Int32s, others: Int32s, counts: Floats, size: int) -> tuple[Ints, Int32s, Floats]:
    """For every word where its neighbours begin int64[V + 1], the neighbours, and how often they stand there."""
    order = np.argsort(words, kind="stable")
    starts = np.searchsorted(words[order], np.arange(size + 1)).astype(np.int64)
    return starts, np.ascontiguousarray(others[order], np.int32), counts[order]
