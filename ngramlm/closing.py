"""A trie of n-grams that need not be closed: the missing histories and suffixes get what the back-off gives them.

A back-off model may leave out the history or the suffix of an n-gram, and give a weight to an n-gram that no longer
one continues; pruned models often do. Inserting the missing n-grams with the probability that the back-off gives
them, and no weight, changes no probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ngramlm._trie import sort_ngrams
from ngramlm.errors import FormatError
from ngramlm.parallel import ordered_map
from ngramlm.trie import NgramTrie
from ngramlm.vocabulary import EOS

__all__ = ["Columns", "close_ngrams", "duplicate", "missing_below"]

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Float32s = NDArray[np.float32]
Columns = tuple[NgramTrie, tuple[Float32s, ...], tuple[Float32s, ...]]

WEIGHT_NOISE = 1e-6  # a weight as near to 0 is what rounding leaves of 0


@dataclass(frozen=True)
class _Rows:
    """A trie and what stands beside its rows; `origins` says which row of the arguments each one was."""

    trie: NgramTrie
    log10_probs: tuple[Float32s, ...]
    log10_backoffs: tuple[Float32s, ...]
    origins: tuple[Int64s, ...]

    @property
    def columns(self) -> Columns:
        """With the back-off weights beside the histories."""
        return (
            self.trie,
            self.log10_probs,
            tuple(
                self.log10_backoffs[order - 2][self.trie.history_rows(order)]
                for order in range(2, self.trie.order + 1)
            ),
        )

    def lose_weights(self) -> bool:
        """Whether an n-gram that is no history has a weight other than 0."""
        for order in range(1, self.trie.order):
            weights = self.log10_backoffs[order - 1].copy()
            weights[self.trie.history_of_row(order) >= 0] = 0
            weights[self.trie.level(order).words == EOS] = 0
            if (np.abs(weights) > WEIGHT_NOISE).any():
                return True
        return False


def close_ngrams(
    ngrams: Sequence[Int32s],
    log10_probs: Sequence[Float32s],
    log10_backoffs: Sequence[Float32s],
    threads: int = 1,
) -> tuple[Columns, int]:
    """The trie with its columns as ``BackoffModel`` wants them, and the number of n-grams that were inserted.

    The arguments have one array per order, order 1 with a row per word id: n-grams int32[R, k] in any order,
    their probabilities, their back-off weights. Raises FormatError for an n-gram that stands twice.
    """
    if not any(len(rows) == 0 for rows in ngrams):
        try:
            found = _build(ngrams, log10_probs, log10_backoffs, threads)
        except FormatError:
            pass
        else:
            if not found.lose_weights():
                return found.columns, 0
    sizes = [len(rows) for rows in ngrams]
    closed = _insert_missing(list(ngrams), log10_backoffs)
    zeros = [np.zeros(len(rows) - size, np.float32) for rows, size in zip(closed, sizes, strict=True)]
    found = _build(
        closed,
        [np.append(old, new) for old, new in zip(log10_probs, zeros, strict=True)],
        [np.append(old, new) for old, new in zip(log10_backoffs, zeros, strict=True)],
        threads,
    )
    columns = found.columns
    _fill(columns, [rows >= size for rows, size in zip(found.origins, sizes, strict=False)])
    return columns, sum(map(len, zeros))


def _build(
    ngrams: Sequence[Int32s],
    log10_probs: Sequence[Float32s],
    log10_backoffs: Sequence[Float32s],
    threads: int,
) -> _Rows:
    """Sort the orders side by side, then build the trie; raises FormatError unless they are closed and unique."""
    size = len(ngrams[0])

    def arrange(place: int) -> tuple[Int32s, Float32s, Float32s, Int64s]:
        rows, probs, backoffs = ngrams[place], log10_probs[place], log10_backoffs[place]
        origins = sort_ngrams(rows, size) if place else np.arange(size)
        if (origins[1:] > origins[:-1]).all():
            return rows, probs, backoffs, origins
        return rows.take(origins, axis=0), probs[origins], backoffs[origins], origins

    places = range(len(ngrams) - 1, -1, -1)  # the largest first
    arranged = list(ordered_map(arrange, places, threads))[::-1]
    rows, probs, backoffs, origins = (tuple(column) for column in zip(*arranged, strict=True))
    trie, _ = NgramTrie.from_ngrams(rows[1:], size)
    return _Rows(trie, probs[: trie.order], backoffs, origins)


def duplicate(ngrams: Int32s) -> tuple[int, int] | None:
    """Two rows with the same n-gram, or None."""
    order = np.lexsort(ngrams.T[::-1])
    same = np.flatnonzero((ngrams[order[1:]] == ngrams[order[:-1]]).all(axis=1))
    if len(same) == 0:
        return None
    pairs = np.sort(np.column_stack([order[same], order[same + 1]]), axis=1)
    first, second = pairs[np.argmin(pairs[:, 1])]
    return int(first), int(second)


def _keys(ngrams: Int32s) -> NDArray[np.uint64]:
    """64 well-mixed bits for every n-gram."""
    keys = np.full(len(ngrams), 0x9E3779B97F4A7C15, np.uint64)
    for column in ngrams.T:
        keys ^= column.astype(np.uint64)
        keys *= np.uint64(0xBF58476D1CE4E5B9)
        keys ^= keys >> np.uint64(29)
        keys *= np.uint64(0x94D049BB133111EB)
        keys ^= keys >> np.uint64(32)
    return keys


def _absent(keys: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which keys are not among the known ones; sorting both is several times faster than ``np.isin``."""
    known = np.append(np.sort(known), np.uint64(0xFFFFFFFFFFFFFFFF))
    order = np.argsort(keys)
    ordered = keys[order]
    absent = np.empty(len(keys), bool)
    absent[order] = known[np.searchsorted(known[:-1], ordered)] != ordered
    return absent


def _insert_missing(ngrams: list[Int32s], log10_backoffs: Sequence[Float32s]) -> list[Int32s]:
    """The n-grams of every order, with those appended that make them closed and keep every weight in use.

    Sets are compared by 64-bit keys. Were two n-grams ever to share one, an n-gram would stay missing, and building
    the trie would say so: a wrong model cannot come of it.
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
            _, first = np.unique(keys[missing], return_index=True)  # each but once
            ngrams[order - 2] = np.concatenate([lower, needed[np.sort(missing[first])]])
    return ngrams


def _fill(columns: Columns, inserted: Sequence[NDArray[np.bool_]]) -> None:
    """Give the inserted rows the probability that the back-off gives them, lower orders first."""
    trie, log10_probs, log10_backoffs = columns
    for order in range(2, trie.order + 1):
        level = trie.level(order)
        rows = np.flatnonzero(inserted[order - 1])
        weights = log10_backoffs[order - 2][np.searchsorted(level.starts, rows, side="right") - 1]
        sums = weights.astype(np.float64) + log10_probs[order - 2][level.suffixes[rows]]
        log10_probs[order - 1][rows] = np.minimum(sums, 0)


def missing_below(ngrams: Int32s, lower: Int32s) -> tuple[int, Int32s] | None:
    """A row whose history or suffix is not among the n-grams one order below, and what is missing; or None."""
    known = _keys(lower)
    for shorter in (ngrams[:, :-1], ngrams[:, 1:]):
        missing = np.flatnonzero(_absent(_keys(shorter), known))
        if len(missing):
            return int(missing[0]), shorter[missing[0]]
    return None
