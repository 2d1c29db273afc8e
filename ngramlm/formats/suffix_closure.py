"""Closing sets of n-grams: insert missing histories and suffixes with their back-off probabilities.

A file of a back-off model may lack the history or the suffix of an n-gram. It may also give a back-off weight to an
n-gram that is not a history. Both are common in pruned models. Inserting the missing n-grams with their back-off
probability, and the weight 0, changes no probability of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import both
from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.errors import FormatError
from ngramlm.models.columns import Columns
from ngramlm.text.vocabulary import EOS
from ngramlm.trie._trie import history_weights
from ngramlm.trie.levels import build_level, take_rows
from ngramlm.trie.trie import Level, NgramTrie
from ngramlm.types import Bools, Float32s, Int32s

__all__ = ["Closing", "Rows", "duplicate", "missing_below"]


# A weight up to this size counts as 0: it is a rounding error.
WEIGHT_NOISE = 1e-6


class Rows(NamedTuple):
    """The n-grams of one order, in any order.

    Attributes
    ----------
    ngrams : numpy.ndarray
        int32[R, k]: the word ids.
    log10_probs : numpy.ndarray
        float32[R]: the log10 probabilities.
    log10_backoffs : numpy.ndarray
        float32[R]: the log10 back-off weights. Empty for the highest order.
    """

    ngrams: Int32s
    log10_probs: Float32s
    log10_backoffs: Float32s


class _Growing:
    """A trie with its columns that grows by one order at a time."""

    def __init__(self, unigrams: Rows, threads: int, workspace: Workspace) -> None:
        self.trie = NgramTrie([Level.of_words(len(unigrams.ngrams))], workspace)
        self.threads, self.workspace = threads, workspace
        self.log10_probs = [unigrams.log10_probs]
        self.log10_backoffs: list[Float32s] = []
        # the weights of the rows of the highest order
        self.weights = unigrams.log10_backoffs
        # the weights of the orders with a row that is not a history and has a weight other than 0
        self.left: dict[int, Float32s] = {}

    def add(self, rows: Rows, *, lossy: bool = False) -> Int32s | None:
        """Add the next order; return the number of the given row for each row, None if they keep their order.

        Raises FormatError if the rows are not closed or not unique. Without `lossy`, it also raises FormatError if a
        row of the order below is not a history and has a weight.
        """
        level, origins = build_level(rows.ngrams, self.trie.levels, self.threads, self.workspace)

        def linked() -> tuple[NgramTrie, Float32s]:
            trie = self.trie.extended(level)
            return trie, self._moved_weights(trie, lossy)

        def taken() -> list[Float32s]:
            columns = [rows.log10_probs, rows.log10_backoffs]
            if origins is None:
                return columns
            return [
                take_rows(column, origins, self.workspace) if len(column) else column for column in columns
            ]

        (trie, moved), columns = both(linked, taken, self.threads)
        self.trie = trie
        self.log10_backoffs.append(moved)
        self.log10_probs.append(columns[0])
        self.weights = columns[1]
        return origins

    def _moved_weights(self, trie: NgramTrie, lossy: bool) -> Float32s:
        """Align the weights of the order below with the histories of the new order, float32[H]."""
        level, order = trie.levels[-1], self.trie.order
        moved, lost, left = history_weights(
            trie.history_of_row(order),
            trie.level(order).words,
            self.weights,
            level.n_histories,
            WEIGHT_NOISE,
            self.workspace.empty(level.n_histories, np.float32),
        )
        if lost and not lossy:
            raise FormatError("found a back-off weight of an n-gram that is not a history; expected 0")
        if left:
            self.left[order] = self.weights
        return moved

    @property
    def columns(self) -> Columns:
        """The columns, with the back-off weights aligned with the histories, without those of the highest order."""
        return Columns(self.trie, self.log10_probs, self.log10_backoffs)

    def rows(self, order: int) -> Rows:
        """Return the rows of one order with their own weights, in the order of the trie."""
        if order == self.trie.order:
            weights = self.weights
        elif order in self.left:
            weights = self.left[order]
        else:
            links = self.trie.history_of_row(order)
            weights = np.where(links < 0, np.float32(0), self.log10_backoffs[order - 1][links])
        return Rows(self.trie.ngrams(order), self.log10_probs[order - 1], weights)


class Closing:
    """A builder of the columns of a `BackoffModel` from rows of n-grams, one order after the other.

    As long as all orders are closed, the columns of an order are built at once. From the first order that is not
    closed, all rows are kept until the last order is known, because longer n-grams may need other shorter n-grams.

    Parameters
    ----------
    unigrams : Rows
        A row for each word id.
    threads : int, default 1
        The number of threads.
    workspace : Workspace, default `IN_MEMORY`
        The place for the columns.
    """

    def __init__(self, unigrams: Rows, threads: int = 1, workspace: Workspace = IN_MEMORY) -> None:
        self._unigrams, self._threads, self._workspace = unigrams, threads, workspace
        self._growing = _Growing(unigrams, threads, workspace)
        self._kept: list[Rows] | None = None

    def add(self, rows: Rows) -> None:
        """Add the next order."""
        if self._kept is None and len(rows.ngrams):
            try:
                self._growing.add(rows)
            except FormatError:
                pass
            else:
                return
        if self._kept is None:
            orders = range(1, self._growing.trie.order + 1)
            self._kept = [self._growing.rows(order) for order in orders]
            del self._growing
        self._kept.append(rows)

    @property
    def kept(self) -> list[Rows]:
        """The rows that were kept, for each order; empty as long as all orders are closed."""
        return self._kept or []

    def finish(self) -> tuple[Columns, int]:
        """Return the columns, and the number of n-grams that were inserted.

        Raises
        ------
        FormatError
            An n-gram occurs twice.
        """
        if self._kept is None:
            return self._growing.columns, 0
        sizes = [len(rows.ngrams) for rows in self._kept]
        closed = _insert_missing(
            [rows.ngrams for rows in self._kept], [rows.log10_backoffs for rows in self._kept]
        )
        growing = _Growing(self._unigrams, self._threads, self._workspace)
        inserted = [np.zeros(sizes[0], bool)]
        for ngrams, (_, *columns), size in list(zip(closed, self._kept, sizes, strict=True))[1:]:
            if len(ngrams):
                zeros = np.zeros(len(ngrams) - size, np.float32)
                columns = [np.append(column, zeros) if len(column) == size else column for column in columns]
                origins = growing.add(Rows(ngrams, *columns), lossy=True)
                inserted.append((np.arange(len(ngrams)) if origins is None else origins) >= size)
        _fill(growing, inserted)
        return growing.columns, sum(map(len, closed)) - sum(sizes)


def duplicate(ngrams: Int32s) -> tuple[int, int] | None:
    """Return two rows with the same n-gram, the smaller number first; None if all n-grams differ."""
    order = np.lexsort(ngrams.T[::-1])
    same = np.flatnonzero((ngrams[order[1:]] == ngrams[order[:-1]]).all(axis=1))
    if len(same) == 0:
        return None
    pairs = np.sort(np.column_stack([order[same], order[same + 1]]), axis=1)
    first, second = pairs[np.argmin(pairs[:, 1])]
    return int(first), int(second)


def _keys(ngrams: Int32s) -> NDArray[np.uint64]:
    """Return a hash of 64 bits for every n-gram."""
    keys = np.full(len(ngrams), 0x9E3779B97F4A7C15, np.uint64)
    for column in ngrams.T:
        keys ^= column.astype(np.uint64)
        keys *= np.uint64(0xBF58476D1CE4E5B9)
        keys ^= keys >> np.uint64(29)
        keys *= np.uint64(0x94D049BB133111EB)
        keys ^= keys >> np.uint64(32)
    return keys


def _absent(keys: NDArray[np.uint64], known: NDArray[np.uint64]) -> Bools:
    """Return which keys are not among the known keys, bool[N]. Sorting is several times faster than ``np.isin``."""
    known = np.append(np.sort(known), np.uint64(0xFFFFFFFFFFFFFFFF))
    order = np.argsort(keys)
    ordered = keys[order]
    absent = np.empty(len(keys), bool)
    absent[order] = known[np.searchsorted(known[:-1], ordered)] != ordered
    return absent


def _insert_missing(ngrams: list[Int32s], log10_backoffs: Sequence[Float32s]) -> list[Int32s]:
    """Append n-grams to every order until the orders are closed, and every n-gram with a weight is a history.

    Sets are compared by hashes of 64 bits. If two n-grams had the same hash, an n-gram could stay missing. Building the
    trie would then raise an error, so the result is never a wrong model.
    """
    for order in range(len(ngrams), 1, -1):
        lower = ngrams[order - 2]
        weights = log10_backoffs[order - 2]
        weighted = lower[(np.abs(weights) > WEIGHT_NOISE) & (lower[:, -1] != EOS)]
        childless = weighted[_absent(_keys(weighted), _keys(ngrams[order - 1][:, :-1]))]
        ends = np.full((len(childless), 1), EOS, np.int32)
        rows = np.concatenate([ngrams[order - 1], np.hstack([childless, ends])])
        ngrams[order - 1] = rows
        if order > 2:
            needed = np.concatenate([rows[:, :-1], rows[:, 1:]])
            keys = _keys(needed)
            missing = np.flatnonzero(_absent(keys, _keys(lower)))
            # each missing n-gram once
            _, first = np.unique(keys[missing], return_index=True)
            ngrams[order - 2] = np.concatenate([lower, needed[np.sort(missing[first])]])
    return ngrams


def _fill(growing: _Growing, inserted: Sequence[Bools]) -> None:
    """Fill in the back-off probabilities of the inserted rows, lower orders first."""
    trie, log10_probs, log10_backoffs = growing.trie, growing.log10_probs, growing.log10_backoffs
    for order in range(2, trie.order + 1):
        level = trie.level(order)
        rows = np.flatnonzero(inserted[order - 1])
        weights = log10_backoffs[order - 2][np.searchsorted(level.starts, rows, side="right") - 1]
        sums = weights.astype(np.float64) + log10_probs[order - 2][level.suffixes[rows]]
        log10_probs[order - 1][rows] = np.minimum(sums, 0)


def missing_below(ngrams: Int32s, lower: Int32s) -> tuple[int, Int32s] | None:
    """Return a row whose history or suffix is missing in the order below, and the missing n-gram; None if no row is."""
    known = _keys(lower)
    for shorter in (ngrams[:, :-1], ngrams[:, 1:]):
        missing = np.flatnonzero(_absent(_keys(shorter), known))
        if len(missing):
            return int(missing[0]), shorter[missing[0]]
    return None
