"""The likelihood of n-gram features; one pass over the n-grams gives all normalizers and expected counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import ordered_map
from ngramlm.maxent._maxent import Features
from ngramlm.maxent.observed import Observed
from ngramlm.trie.events import Events
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats, Ints

__all__ = ["NgramLikelihood", "by_order", "event_masses", "event_normalizers"]

MIN_PART_ROWS = 1 << 15
# The number of parts does not depend on the number of threads. So the sums do not depend on it either.
MAX_PARTS = 16


class NgramLikelihood:
    """p(w|h) = base(w) e^s / Z(h), where s sums the weights of the features (w), (h1 w), .. of a word after a history.

    Features have the numbers of the rows of the trie, order 1 first. The number of threads does not change the result.

    Parameters
    ----------
    observed : Observed
        The events.
    base : float64[V]
        0 for words that are never predicted, else 1.
    threads : int, default 1
        Number of threads.

    Attributes
    ----------
    observed : float64[R]
        The number of events in which each feature was active; 0 for a row without a feature.
    n_events : float
        The number of events.

    Raises
    ------
    ValueError
        If the columns of the trie do not fit together.

    References
    ----------
    Wu & Khudanpur (2002), for the recursion over suffixes.
    """

    def __init__(self, observed: Observed, base: Floats, threads: int = 1) -> None:
        self.trie = observed.trie
        self.features = np.concatenate(observed.features)
        self.observed: Floats = np.where(self.features, np.concatenate(observed.counts), 0.0)
        self.n_events = observed.n_events
        self.threads = threads
        self._weights = np.concatenate(observed.weights)
        self._columns = Features(
            [(level.suffixes, level.starts, level.parents) for level in self.trie.levels], base, self._weights
        )
        self._parts = _parts(observed)

    def __call__(self, lambdas: Floats) -> tuple[float, Floats]:
        """Return minus the log likelihood (nats), and the expected count of every feature."""
        masses, normalizers, total = self._risen(lambdas)
        expected = np.zeros(len(masses))
        shares = self._weights / normalizers
        n_words = self.trie.n_rows[0]
        falling = self._falling(masses, shares, expected, n_words)
        empty = float(shares[0])
        for share, unigrams in ordered_map(falling, self._parts, self._usable_threads):
            empty += share
            expected[:n_words] += unigrams
        expected[:n_words] += empty * masses[:n_words]
        return total - float(self.observed @ lambdas), expected

    def masses(self, lambdas: Floats) -> tuple[Floats, Floats]:
        """Return base(w) e^s of every row float64[R], and Z of every history float64[H]."""
        masses, normalizers, _ = self._risen(lambdas)
        return masses, normalizers

    def nats(self, lambdas: Floats, events: Events) -> float:
        """Return minus the mean log probability (nats) of other events, for example those of a held-out text."""
        masses, normalizers = self.masses(lambdas)
        logs = np.log(event_masses(self.trie, masses, events))
        return float((np.log(event_normalizers(self.trie, normalizers, events)) - logs).mean())

    def expected_by_size(self, lambdas: Floats) -> Floats:
        """Return the expected counts by the number of active features of the word, float64[order, R].

        This repeats the compiled recursion row by row. It is slower, and only iterative scaling needs it.
        """
        masses, normalizers = self.masses(lambdas)
        shares = by_order(self._weights / normalizers, [level.n_histories for level in self.trie.levels])
        for order in range(self.trie.order, 1, -1):
            parents = self.trie.level(order).parents
            shares[order - 2] += np.bincount(parents, shares[order - 1], len(shares[order - 2]))
        after = [
            np.repeat(share, np.diff(level.starts))
            for share, level in zip(shares, self.trie.levels, strict=True)
        ]
        sizes = self._sizes()
        by_size = [np.zeros((self.trie.order, n)) for n in self.trie.n_rows]
        masses_of = by_order(masses, self.trie.n_rows)
        for order in range(self.trie.order, 0, -1):
            # For the words without a longer stored n-gram.
            alone = after[order - 1].copy()
            if order < self.trie.order:
                suffixes = self.trie.level(order + 1).suffixes
                alone -= np.bincount(suffixes, after[order], len(alone))
                for size in range(self.trie.order):
                    by_size[order - 1][size] += np.bincount(suffixes, by_size[order][size], len(alone))
            rows = np.flatnonzero(sizes[order - 1])
            by_size[order - 1][sizes[order - 1][rows] - 1, rows] += (masses_of[order - 1] * alone)[rows]
        return np.concatenate(by_size, axis=1)

    def _sizes(self) -> list[Ints]:
        """Count the features that are active for the n-gram of every row, int64[R] per order."""
        features = by_order(self.features, self.trie.n_rows)
        sizes = [features[0].astype(np.int64)]
        for mask, level in zip(features[1:], self.trie.levels[1:], strict=True):
            sizes.append(sizes[-1][level.suffixes] + mask)
        return sizes

    @property
    def _usable_threads(self) -> int:
        return 1 if len(self._parts) == 1 else self.threads

    def _risen(self, lambdas: Floats) -> tuple[Floats, Floats, float]:
        """Return the masses, the normalizers, and the sum of log Z over the events."""
        masses, normalizers = np.empty(self._columns.n_rows), np.empty(self._columns.n_histories)
        self._columns.open(lambdas, masses, normalizers)
        total = float(self._weights[0] * np.log(normalizers[0]))

        def rise(part: tuple[Ints, Ints]) -> float:
            return self._columns.rise(lambdas, masses, normalizers, *part)

        for logs in ordered_map(rise, self._parts, self._usable_threads):
            total += logs
        return masses, normalizers, total

    def _falling(
        self, masses: Floats, shares: Floats, expected: Floats, n_words: int
    ) -> Callable[[tuple[Ints, Ints]], tuple[float, Floats]]:
        def fall(part: tuple[Ints, Ints]) -> tuple[float, Floats]:
            unigrams = np.zeros(n_words)
            return self._columns.fall(masses, shares, expected, unigrams, *part), unigrams

        return fall


def _parts(observed: Observed) -> list[tuple[Ints, Ints]]:
    """Divide the histories of every order from 2 on by last word, into ranges with about the same number of rows."""
    trie = observed.trie
    if trie.order == 1:
        return [(np.empty(0, np.int64), np.empty(0, np.int64))]
    buckets = [trie.buckets(order) for order in range(2, trie.order + 1)]
    rows = np.sum(
        [level.starts[bucket] for level, bucket in zip(trie.levels[1:], buckets, strict=True)], axis=0
    )
    n_parts = min(max(int(rows[-1]) // MIN_PART_ROWS, 1), MAX_PARTS)
    words = np.searchsorted(rows, np.linspace(0, rows[-1], n_parts + 1))
    edges = np.array([0, *words[1:-1], trie.n_rows[0]], np.int64)
    firsts = np.stack([bucket[edges] for bucket in buckets], axis=1)
    return [(first.copy(), end.copy()) for first, end in pairwise(firsts) if (first < end).any()]


def by_order(column: NDArray[Any], sizes: Sequence[int]) -> list[NDArray[Any]]:
    """Split a column into its parts for order 1, 2, and so on."""
    return np.split(column, np.cumsum(sizes)[:-1])


def event_masses(trie: NgramTrie, masses: Floats, events: Events) -> Floats:
    """Return base(w) e^s of the word of every event, float64[N]."""
    found = np.zeros(len(events))
    for own, rows in zip(by_order(masses, trie.n_rows), events.rows, strict=True):
        known = np.flatnonzero(rows >= 0)
        found[known] = own[rows[known]]
    return found


def event_normalizers(trie: NgramTrie, normalizers: Floats, events: Events) -> Floats:
    """Return Z of the longest known history of every event, float64[N]."""
    found = np.zeros(len(events))
    sizes = [level.n_histories for level in trie.levels]
    for own, histories in zip(by_order(normalizers, sizes), events.histories, strict=True):
        known = np.flatnonzero(histories >= 0)
        found[known] = own[histories[known]]
    return found
