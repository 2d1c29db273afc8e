"""The columns of a back-off model: the form in which models are estimated, changed and written to files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import UsageError
from ngramlm.text.vocabulary import BOS
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Float32s

__all__ = ["Columns"]


@dataclass(frozen=True, eq=False)
class Columns:
    """The n-grams of a back-off model with their probabilities and back-off weights.

    Parameters
    ----------
    trie
        The n-grams.
    log10_probs
        float32[R] per order: the log10 probability of every row of the trie; -inf for a probability of 0.
    log10_backoffs
        float32[H] per order from 2 on: the log10 back-off weight of every history of that order.

    Raises
    ------
    UsageError
        A column does not have the length that the trie needs.

    Notes
    -----
    The columns become read-only. Values are not checked here: `check_values` does that.
    """

    trie: NgramTrie
    log10_probs: Sequence[Float32s]
    log10_backoffs: Sequence[Float32s]

    def __post_init__(self) -> None:
        probs = tuple(np.ascontiguousarray(column, np.float32) for column in self.log10_probs)
        backoffs = tuple(np.ascontiguousarray(column, np.float32) for column in self.log10_backoffs)
        n_rows = tuple(map(len, probs))
        if n_rows != self.trie.n_rows:
            raise UsageError(f"found probabilities for {n_rows} n-grams; expected {self.trie.n_rows}")
        n_histories = tuple(level.n_histories for level in self.trie.levels[1:])
        if tuple(map(len, backoffs)) != n_histories:
            raise UsageError(
                f"found back-off weights for {tuple(map(len, backoffs))} histories; expected {n_histories}"
            )
        for column in (*probs, *backoffs):
            column.setflags(write=False)
        object.__setattr__(self, "log10_probs", probs)
        object.__setattr__(self, "log10_backoffs", backoffs)

    def __reduce__(self) -> tuple[Any, ...]:
        return Columns, (self.trie, self.log10_probs, self.log10_backoffs)

    def value_problem(self) -> str | None:
        """Return a message about the first bad value; None if all values are good."""
        for order, column in enumerate(self.log10_probs, 1):
            if len(column) and not column.max() <= 0:
                problem = "found a positive log-probability or NaN; expected log10 probabilities of 0 or less"
                return f"order {order}: {problem}"
        for order, column in enumerate(self.log10_backoffs, 2):
            if len(column) and not column.max() < np.inf:
                return (
                    f"order {order}: found an infinite back-off weight or NaN; expected finite log10 weights"
                )
        return None

    def check_values(self) -> None:
        """Raise UsageError for a NaN, a positive log-probability or an infinite back-off weight."""
        problem = self.value_problem()
        if problem is not None:
            raise UsageError(problem)

    def without_start(self) -> Columns:
        """Set the probability of ``<s>`` to 0; return the same object if it is 0 already."""
        unigrams = self.log10_probs[0]
        if len(unigrams) <= BOS or unigrams[BOS] == -np.inf:
            return self
        unigrams = unigrams.copy()
        unigrams[BOS] = -np.inf
        return Columns(self.trie, (unigrams, *self.log10_probs[1:]), self.log10_backoffs)

    def restrict(self, keep: Sequence[NDArray[np.bool_]]) -> Columns:
        """Keep only the marked rows, with their values unchanged.

        Parameters
        ----------
        keep
            bool[R] per order, all True for order 1. The history and the suffix of a marked n-gram must be marked too.

        Returns
        -------
        Columns
            The columns of the marked rows. Orders without marked rows are left out.
        """
        trie, used = self.trie.restricted(keep)
        log10_probs = [column[mask] for column, mask in zip(self.log10_probs, keep, strict=True)]
        log10_backoffs = [column[mask] for column, mask in zip(self.log10_backoffs, used[1:], strict=True)]
        return Columns(trie, log10_probs[: trie.order], log10_backoffs[: trie.order - 1])
