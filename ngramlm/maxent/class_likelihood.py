"""The two likelihoods of a class model: of the class after a history, and of the word after history and class."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ngramlm.core.parallel import ordered_map
from ngramlm.maxent._maxent import Features
from ngramlm.maxent._softmax import softmax
from ngramlm.maxent.class_tables import ClassTables
from ngramlm.maxent.observed import Observed
from ngramlm.types import Floats, Int32s

__all__ = ["ClassLikelihood", "WordLikelihood"]

# The number of parts does not depend on the number of threads. So the sums do not depend on it either.
MAX_PARTS = 8
# Empty columns for outputs that are not wanted.
NOBODY = np.empty(0, np.int32)
NOTHING: Floats = np.empty(0)


class ClassLikelihood:
    """p(c|h) = base(c) e^s / Z(h), where s sums the weights of (class history, c) and (word history, c) of all lengths.

    Parameters
    ----------
    tables : ClassTables
        The n-grams with their classes.
    observed : Observed
        The events.
    base : float64[C]
        0 for classes that are never predicted, else 1.
    threads : int, default 1
        Number of threads.
    """

    def __init__(self, tables: ClassTables, observed: Observed, base: Floats, threads: int = 1) -> None:
        self.base, self.threads = base, threads
        self.outcomes = tables.outcomes
        self.n_events = observed.n_events
        of_classes, of_words = [], []
        for k, counts in enumerate(observed.counts):
            of_classes.append(np.bincount(tables.class_rows[k], counts, tables.class_trie.n_rows[k]))
            segments = tables.segments[k]
            if k:
                of_words.append(np.add.reduceat(counts[segments.rows], segments.starts[:-1]))
        self.observed: Floats = np.concatenate([*of_classes, *of_words])
        self.features = self.observed > 0
        words, classes, self._weights = _contexts(tables, observed)
        self._starts, self._ranges = tables.ranges(words, classes)
        edges = np.linspace(0, len(self._weights), MAX_PARTS + 1).astype(np.int64)
        self._parts = list(pairwise(edges.tolist()))

    def __call__(self, lambdas: Floats) -> tuple[float, Floats]:
        """Return minus the log likelihood (nats), and the expected count of every feature."""

        def part(span: tuple[int, int]) -> tuple[float, Floats]:
            first, end = span
            expected = np.zeros(len(lambdas))
            starts = self._starts[first : end + 1]
            ranges = self._ranges[starts[0] : starts[-1]]
            weights = self._weights[first:end]
            total = softmax(
                starts - starts[0],
                ranges,
                self.outcomes,
                lambdas,
                self.base,
                weights,
                NOBODY,
                NOTHING,
                expected,
            )
            return total, expected

        total, expected = 0.0, np.zeros(len(lambdas))
        for logs, more in ordered_map(part, self._parts, self.threads, ahead=1):
            total += logs
            expected += more
        return total - float(self.observed @ lambdas), expected


def _contexts(tables: ClassTables, observed: Observed) -> tuple[Int32s, Int32s, Floats]:
    """Return the histories with events, in both tries int32[order, N], and the number of events of each."""
    order = tables.trie.order
    words, classes, weights = [], [], []
    for k, column in enumerate(observed.weights):
        at = np.flatnonzero(column > 0).astype(np.int32)
        own, of_classes = np.full((2, order, len(at)), -1, np.int32)
        weights.append(column[at])
        for j in range(k, -1, -1):
            own[j], of_classes[j] = at, tables.class_histories[j][at]
            at = tables.trie.levels[j].parents[at]
        words.append(own)
        classes.append(of_classes)
    return np.concatenate(words, axis=1), np.concatenate(classes, axis=1), np.concatenate(weights)


class WordLikelihood:
    """p(w|h,c) = e^s / Z(h,c) over the words of c, where s sums the weights of (w), (h1 w), .. as in `NgramLikelihood`.

    Features are numbered by order, then by the places of `Segments`.

    Parameters
    ----------
    tables : ClassTables
        The n-grams with their classes.
    observed : Observed
        The events.
    """

    def __init__(self, tables: ClassTables, observed: Observed) -> None:
        self.n_events = observed.n_events
        segments = tables.segments
        self.observed: Floats = np.concatenate(
            [counts[one.rows] for counts, one in zip(observed.counts, segments, strict=True)]
        )
        self.features = self.observed > 0
        events = []
        for k, column in enumerate(observed.counts):
            alone = column.copy()
            if k + 1 < tables.trie.order:
                alone -= np.bincount(tables.trie.levels[k + 1].suffixes, observed.counts[k + 1], len(alone))
            events.append(np.add.reduceat(np.maximum(alone, 0.0)[segments[k].rows], segments[k].starts[:-1]))
        self._weights = np.concatenate(events)
        self.columns = WordColumns(tables, self._weights)

    def __call__(self, lambdas: Floats) -> tuple[float, Floats]:
        """Return minus the log likelihood (nats), and the expected count of every feature."""
        masses, normalizers = self.columns.risen(lambdas)
        total = float(self._weights @ np.log(normalizers))
        return total - float(self.observed @ lambdas), self.columns.fallen(
            masses, self._weights / normalizers
        )


class WordColumns:
    """The n-grams by history and class, as columns of the n-gram kernel: each segment acts as a history.

    Parameters
    ----------
    tables : ClassTables
        The n-grams with their classes.
    weights : float64
        The number of events of each segment of all orders.
    """

    def __init__(self, tables: ClassTables, weights: Floats) -> None:
        levels = []
        for k, one in enumerate(tables.segments):
            suffixes = np.zeros(len(one.rows), np.int32)
            if k:
                suffixes = tables.segments[k - 1].places[tables.trie.levels[k].suffixes[one.rows]]
            levels.append((suffixes, one.starts, one.parents))
        self._sizes = np.diff(tables.segments[0].starts)
        self._features = Features(levels, np.ones(len(tables.classes)), weights)
        self._ends = np.array([len(one) for one in tables.segments[1:]], np.int64)

    def risen(self, lambdas: Floats) -> tuple[Floats, Floats]:
        """Compute e^s of every place float64[R], and Z of every segment float64[S]."""
        masses, normalizers = np.empty(self._features.n_rows), np.empty(self._features.n_histories)
        self._features.open(lambdas, masses, normalizers)
        self._features.rise(lambdas, masses, normalizers, np.zeros_like(self._ends), self._ends)
        return masses, normalizers

    def fallen(self, masses: Floats, shares: Floats) -> Floats:
        """Compute the expected counts, float64[R], from (events / Z) of every segment; overwrites `shares`."""
        n_words, expected = int(self._sizes.sum()), np.zeros(len(masses))
        unigrams = np.zeros(n_words)
        self._features.fall(masses, shares, expected, unigrams, np.zeros_like(self._ends), self._ends)
        of_words = shares[: len(self._sizes)].copy()
        expected[:n_words] += unigrams + np.repeat(of_words, self._sizes) * masses[:n_words]
        return expected
