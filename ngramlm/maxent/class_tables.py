"""The n-grams of a trie with the classes of their words: rows by history and class, and the n-grams of classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Int32s, Ints

__all__ = ["ClassTables", "Segments"]


@dataclass(frozen=True, eq=False)
class Segments:
    """The rows of one order by history, then class, then word; those of one history and class are a segment.

    Attributes:
        rows: int32[R], the rows of the trie in this order.
        places: int32[R], the place of every row of the trie in it.
        starts: int64[S + 1], the first place of every segment, and R.
        histories, classes: int32[S], the history and the class of every segment.
        firsts: int64[H + 1], the first segment of every history, and S.
        parents: int32[S], the segment of the parent history and the same class, in the order below (0 for order 1).
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
        """The segments of some histories and classes; -1 where there is none, or the history is -1."""
        n_classes = max(int(self.classes.max(initial=0)), int(classes.max(initial=0))) + 1
        keys = self.histories.astype(np.int64) * n_classes + self.classes
        wanted = histories.astype(np.int64) * n_classes + classes
        found = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
        return np.where((histories >= 0) & (keys[found] == wanted), found, -1).astype(np.int32)


@dataclass(frozen=True, eq=False)
class ClassTables:
    """What a class model knows of n-grams, which all follows from the trie and the classes.

    Attributes:
        trie: the n-grams of words.
        classes: int32[V], the class of every word; ``<unk>``, ``<s>`` and ``</s>`` are 0, 1, 2, alone in their classes.
        segments: of every order.
        class_trie: the n-grams of classes.
        class_rows: int32[R] per order, which of them every row is.
        class_histories: int32[H] per order, which of its histories every history is.
    """

    trie: NgramTrie
    classes: Int32s
    segments: tuple[Segments, ...]
    class_trie: NgramTrie
    class_rows: tuple[Int32s, ...]
    class_histories: tuple[Int32s, ...]

    @classmethod
    def of(cls, trie: NgramTrie, classes: Int32s) -> ClassTables:
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
        return self.class_trie.n_rows[0]

    @property
    def first_class_features(self) -> tuple[int, ...]:
        """Where the features (class history, class) of every order begin among all of a class."""
        return tuple(np.append(0, np.cumsum(self.class_trie.n_rows)).tolist())

    @property
    def first_word_features(self) -> tuple[int, ...]:
        """Where the features (word history, class) of every order from 2 on begin; there are none of order 1."""
        sizes = [0, *(len(one) for one in self.segments[1:])]
        return tuple((np.append(0, np.cumsum(sizes)) + self.first_class_features[-1]).tolist())

    @property
    def outcomes(self) -> Int32s:
        """int32[F], the class that every feature of a class is active for."""
        of_classes = [level.words for level in self.class_trie.levels]
        return np.concatenate([*of_classes, *(one.classes for one in self.segments[1:])]).astype(np.int32)

    def ranges(self, words: Int32s, classes: Int32s) -> tuple[Ints, Ints]:
        """The features of contexts as ranges: (first range of each int64[N + 1], ranges int64[G, 2]).

        `words` and `classes` are int32[order, N]: the histories of every order in the trie and the class trie, -1 for
        none.
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
        ranges = np.stack([np.stack(first, axis=1), np.stack(end, axis=1)], axis=2)  # [N, ranges of each, 2]
        some = ranges[:, :, 0] < ranges[:, :, 1]
        starts_of = np.append(0, np.cumsum(some.sum(axis=1))).astype(np.int64)
        return starts_of, np.ascontiguousarray(ranges[some], np.int64)
