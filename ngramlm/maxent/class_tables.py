"""The n-grams of a trie with the classes of their words: rows by history and class, and the n-grams of classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Int32s, Ints

__all__ = ["ClassTables", "Segments"]


@dataclass(frozen=True, eq=False)
class Segments:
    """The rows of one order by history, then class, then word. The rows of one history and class form a segment.

    Attributes
    ----------
    rows : int32[R]
        The rows of the trie in this order.
    places : int32[R]
        The place of every row of the trie in this order.
    starts : int64[S + 1]
        The first place of every segment, and R.
    histories, classes : int32[S]
        The history and the class of every segment.
    firsts : int64[H + 1]
        The first segment of every history, and S.
    parents : int32[S]
        The segment of the parent history and the same class in the order below; 0 for order 1.
    """

    rows: Int32s
    places: Int32s
    starts: Ints
    histories: Int32s
    classes: Int32s
    firsts: Ints
    parents: Int32s

    @classmethod
    def of(cls, trie: NgramTrie, order: int, classes: Int32s, lower: Segments | None) -> Segments:
        """Make the segments of one order; `lower` has the segments of the order below."""
        level, histories = trie.level(order), trie.histories(order)
        of_rows = classes[level.words]
        rows = np.lexsort((level.words, of_rows, histories)).astype(np.int32)
        places = np.empty_like(rows)
        places[rows] = np.arange(len(rows), dtype=np.int32)
        keys = histories[rows].astype(np.int64) * (int(classes.max()) + 1) + of_rows[rows]
        firsts = np.flatnonzero(np.append(True, np.diff(keys) != 0))
        starts = np.append(firsts, len(rows)).astype(np.int64)
        own = histories[rows[firsts]]
        parents = np.zeros(len(firsts), np.int32)
        if lower is not None:
            parents = lower.find(level.parents[own], of_rows[rows[firsts]])
        edges = np.searchsorted(own, np.arange(level.n_histories + 1, dtype=np.int32)).astype(np.int64)
        return cls(rows, places, starts, own, of_rows[rows[firsts]], edges, parents)

    def __len__(self) -> int:
        return len(self.classes)

    def find(self, histories: Int32s, classes: Int32s) -> Int32s:
        """Return the segments of some histories and classes; -1 if there is no segment or the history is -1."""
        n_classes = max(int(self.classes.max(initial=0)), int(classes.max(initial=0))) + 1
        keys = self.histories.astype(np.int64) * n_classes + self.classes
        wanted = histories.astype(np.int64) * n_classes + classes
        found = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
        return np.where((histories >= 0) & (keys[found] == wanted), found, -1).astype(np.int32)


@dataclass(frozen=True, eq=False)
class ClassTables:
    """The tables of a class model, which follow from the trie and the classes.

    Attributes
    ----------
    trie : NgramTrie
        The n-grams of words.
    classes : int32[V]
        The class of every word. ``<unk>``, ``<s>`` and ``</s>`` are alone in the classes 0, 1 and 2.
    segments : tuple[Segments, ...]
        The segments of every order.
    class_trie : NgramTrie
        The n-grams of classes.
    class_rows : tuple of int32[R]
        The row of `class_trie` for each row, per order.
    class_histories : tuple of int32[H]
        The history of `class_trie` for each history, per order.
    """

    trie: NgramTrie
    classes: Int32s
    segments: tuple[Segments, ...]
    class_trie: NgramTrie
    class_rows: tuple[Int32s, ...]
    class_histories: tuple[Int32s, ...]

    @classmethod
    def of(cls, trie: NgramTrie, classes: Int32s) -> ClassTables:
        """Make the tables of a trie and the classes of its words."""
        n_classes = int(classes.max()) + 1
        segments: list[Segments] = []
        for order in range(1, trie.order + 1):
            segments.append(Segments.of(trie, order, classes, segments[-1] if segments else None))
        found, inverses = [], []
        for order in range(2, trie.order + 1):
            ngrams, inverse = np.unique(classes[trie.ngrams(order)], axis=0, return_inverse=True)
            found.append(ngrams.astype(np.int32))
            inverses.append(inverse.ravel())
        class_trie, permutations = NgramTrie.from_ngrams(found, n_classes)
        class_rows, class_histories = [classes], [np.zeros(1, np.int32)]
        for order, (inverse, permutation) in enumerate(zip(inverses, permutations[1:], strict=True), 2):
            places = np.empty(len(permutation), np.int32)
            places[permutation] = np.arange(len(permutation), dtype=np.int32)
            class_rows.append(places[inverse])
            links = class_trie.history_of_row(order - 1)
            class_histories.append(links[class_rows[order - 2][trie.history_rows(order)]])
        return cls(trie, classes, tuple(segments), class_trie, tuple(class_rows), tuple(class_histories))

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return self.class_trie.n_rows[0]

    @cached_property
    def first_class_features(self) -> tuple[int, ...]:
        """The first feature (class history, class) of every order."""
        return tuple(np.append(0, np.cumsum(self.class_trie.n_rows)).tolist())

    @cached_property
    def first_word_features(self) -> tuple[int, ...]:
        """The first feature (word history, class) of every order from 2 on."""
        sizes = [0, *(len(one) for one in self.segments[1:])]
        return tuple((np.append(0, np.cumsum(sizes)) + self.first_class_features[-1]).tolist())

    @cached_property
    def outcomes(self) -> Int32s:
        """The class that every feature is active for, int32[F]."""
        of_classes = [level.words for level in self.class_trie.levels]
        return np.concatenate([*of_classes, *(one.classes for one in self.segments[1:])]).astype(np.int32)

    def ranges(self, words: Int32s, classes: Int32s) -> tuple[Ints, Ints]:
        """Return the features of N contexts, as ranges of feature numbers.

        Parameters
        ----------
        words, classes : int32[order, N]
            The history of every order in the trie of words and in that of classes; -1 for none.

        Returns
        -------
        starts : int64[N + 1]
            The first range of each context.
        ranges : int64[G, 2]
            The first feature and the end of each range.
        """
        n = words.shape[1]
        first, end = [np.zeros(n, np.int64)], [np.full(n, self.n_classes, np.int64)]
        for k in range(1, self.trie.order):
            for histories, starts, offset in (
                (
                    classes[k],
                    self.class_trie.levels[k].starts if k < self.class_trie.order else None,
                    self.first_class_features[k],
                ),
                (words[k], self.segments[k].firsts, self.first_word_features[k]),
            ):
                if starts is not None:
                    known = histories >= 0
                    first.append(np.where(known, starts[histories] + offset, 0))
                    end.append(np.where(known, starts[histories + 1] + offset, 0))
        # The shape is (contexts, ranges of each, 2).
        ranges = np.stack([np.stack(first, axis=1), np.stack(end, axis=1)], axis=2)
        some = ranges[:, :, 0] < ranges[:, :, 1]
        starts_of = np.append(0, np.cumsum(some.sum(axis=1))).astype(np.int64)
        return starts_of, np.ascontiguousarray(ranges[some], np.int64)
