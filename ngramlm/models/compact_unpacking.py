"""Unpack the compact layout into the columns of a back-off model; `compact.py` packs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import FormatError
from ngramlm.models._compact import CompactAutomaton
from ngramlm.models.columns import Columns
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Float32s, Int32s

__all__ = ["unpack_compact"]


def unpack_compact(automaton: CompactAutomaton, n_rows: Sequence[int]) -> Columns:
    """Unpack the columns of a compact automaton; raises FormatError if it is damaged."""
    try:
        return _unpack(automaton, n_rows)
    except FormatError:
        raise
    except (ValueError, IndexError) as error:
        raise FormatError(f"found {error}; expected a compact model") from None


def _unpack(automaton: CompactAutomaton, n_rows: Sequence[int]) -> Columns:
    n_words = n_rows[0]
    # The root has all words as children, and is its own suffix.
    lower_starts, grand_starts = np.array([0, n_words], np.int64), np.zeros(2, np.int64)
    suffixes, words = np.zeros(1, np.int32), np.zeros(1, np.int32)
    ngrams: list[Int32s] = []
    values: list[Float32s] = []
    weights: list[Float32s] = []
    for order, n in enumerate(n_rows, 1):
        lower_taken = words >= 0
        words, suffixes, starts, probs, backoffs = automaton.unpack(
            order, lower_starts, suffixes, grand_starts, words
        )
        taken = words >= 0
        # The number of rows before every slot.
        n_before = np.concatenate([[0], np.cumsum(taken)])
        if n_before[-1] != n:
            raise ValueError("another number of n-grams")
        n_children = np.diff(n_before[lower_starts])[lower_taken]
        before = np.repeat(ngrams[-1], n_children, axis=0) if ngrams else np.empty((n, 0), np.int32)
        ngrams.append(np.column_stack([before, words[taken]]))
        values.append(probs[taken])
        weights.append(backoffs[taken] if len(backoffs) else backoffs)
        grand_starts, lower_starts = lower_starts, starts
    by_word = np.argsort(ngrams[0][:, 0])
    trie, permutations = NgramTrie.from_ngrams(ngrams[1:], n_words)
    rows: list[NDArray[Any]] = [by_word, *permutations[1:]]
    log10_probs = [column[row] for column, row in zip(values, rows, strict=True)]
    log10_backoffs = [
        weights[order - 2][rows[order - 2]][trie.history_rows(order)] for order in range(2, trie.order + 1)
    ]
    return Columns(trie, log10_probs, log10_backoffs)
