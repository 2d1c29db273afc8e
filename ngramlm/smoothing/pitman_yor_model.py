"""The predictions of a Pitman-Yor process: the mean over samples of its seating."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import UsageError
from ngramlm.models.column_model import ColumnModel
from ngramlm.models.column_rules import ColumnRule, probabilities
from ngramlm.text.vocabulary import Vocabulary
from ngramlm.trie._trie import spread, take
from ngramlm.trie.events import Events
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Float32s, Floats

if TYPE_CHECKING:
    from ngramlm.formats.archive import Archive

__all__ = ["PitmanYorModel"]

# the arrays of a block of this many events stay in the processor's cache
BLOCK_EVENTS = 1 << 12


class PitmanYorModel(ColumnModel):
    """The mean over samples s of p_s(w|h) = seen_s(hw) + left_s(h) p_s(w|h').

    An unknown history has left_s(h) = 1. A mean of products is not a product of means, so the model is not a back-off
    model. `to_backoff` makes a back-off model that is close to it.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words.
    trie : NgramTrie
        The n-grams.
    base : float64[V]
        The distribution below the unigrams.
    seen : Sequence[float32[R, S]]
        The discounted probability of each row in each sample, per order.
    left : Sequence[float64[H, S]]
        The mass that each history leaves to the lower order in each sample, per order.
    metadata : Mapping[str, str], optional
        How the model was made.

    Raises
    ------
    UsageError
        If the columns do not fit the trie, or have a value outside 0 .. 1.
    """

    KIND: ClassVar[str] = "pitman-yor"

    def __init__(
        self,
        vocabulary: Vocabulary,
        trie: NgramTrie,
        base: Floats,
        seen: Sequence[Float32s],
        left: Sequence[Floats],
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(vocabulary, trie, metadata)
        if base.shape != (len(vocabulary),):
            raise UsageError(f"found {base.shape} base probabilities; expected {len(vocabulary)}")
        n_samples = seen[0].shape[-1] if seen else 0
        n_histories = tuple(level.n_histories for level in trie.levels)
        for name, given, sizes in (("seen", seen, trie.n_rows), ("left", left, n_histories)):
            found, expected = [column.shape for column in given], [(size, n_samples) for size in sizes]
            if not n_samples or found != expected:
                raise UsageError(
                    f"found columns {name!r} of shapes {found}; expected {expected}, with at least one sample"
                )
        columns: tuple[NDArray[np.floating[Any]], ...] = (base, *seen, *left)
        for column in columns:
            if len(column) and not (column.min() >= 0 and column.max() <= 1):
                raise UsageError("found a value outside 0 .. 1; expected probabilities")
            column.setflags(write=False)
        self.base = base
        self.seen = tuple(seen)
        self.left = tuple(left)

    @property
    def n_samples(self) -> int:
        """The number of samples."""
        return len(self.left[0][0])

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns that a file holds of the model, by name."""
        named: dict[str, NDArray[Any]] = {"base": self.base, "samples": np.array([self.n_samples])}
        for k, (seen, left) in enumerate(zip(self.seen, self.left, strict=True), 1):
            named |= {f"seen.{k}": seen.ravel(), f"left.{k}": left.ravel()}
        return named

    @classmethod
    def schema(cls, archive: Archive) -> dict[str, ColumnRule]:
        """Return the rule of every column of a file."""
        most = sum(map(len, archive.columns.values()))
        rules = {"samples": ColumnRule("<i8", 1, 1, most), "base": probabilities(len(archive.vocabulary))}
        found = archive.columns.get("samples", np.ones(1, np.int64))
        n_samples = 1 if rules["samples"].problem(found) else int(found[0])
        for k, level in enumerate(archive.trie.levels, 1):
            rules[f"seen.{k}"] = probabilities(level.n_rows * n_samples, "<f4")
            rules[f"left.{k}"] = probabilities(level.n_histories * n_samples)
        return rules

    @classmethod
    def from_archive(cls, archive: Archive) -> PitmanYorModel:
        """Return the model of a file whose columns keep the rules."""
        columns, seen, left = archive.columns, [], []
        n_samples = int(columns["samples"][0])
        for k, level in enumerate(archive.trie.levels, 1):
            seen.append(columns[f"seen.{k}"].reshape(level.n_rows, n_samples))
            left.append(columns[f"left.{k}"].reshape(level.n_histories, n_samples))
        return cls(archive.vocabulary, archive.trie, columns["base"], seen, left, archive.metadata)

    def _row_probs(self) -> list[Floats]:
        """Return the probability of every stored n-gram, float64[R] per order."""
        means = [np.zeros(n) for n in self.trie.n_rows]
        for sample in range(self.n_samples):
            lower = self.base
            for order, level in enumerate(self.trie.levels, 1):
                if order > 1:
                    lower = take(lower, level.suffixes)
                left = np.ascontiguousarray(self.left[order - 1][:, sample])
                lower = self.seen[order - 1][:, sample] + spread(left, level.starts) * lower
                means[order - 1] += lower / self.n_samples
        return means

    def _probs(self, events: Events) -> Floats:
        blocks = [self._block_probs(block) for block in _blocks(events)]
        return np.concatenate([np.empty(0), *blocks])

    def _block_probs(self, events: Events) -> Floats:
        probs = np.repeat(self.base[events.words, None], self.n_samples, axis=1)
        for rows, histories, seen, left in zip(
            events.rows, events.histories, self.seen, self.left, strict=True
        ):
            known, counted = np.flatnonzero(histories >= 0), np.flatnonzero(rows >= 0)
            probs[known] *= left[histories[known]]
            probs[counted] += seen[rows[counted]]
        means: Floats = probs.mean(axis=1)
        return means

    def _distribution(self, path: Sequence[int]) -> Floats:
        probs = np.zeros(len(self.vocabulary))
        # The mass that each sample leaves to the lower orders.
        shares = np.full(self.n_samples, 1.0 / self.n_samples)
        for order in range(len(path), 0, -1):
            level, history = self.trie.level(order), path[order - 1]
            rows = slice(int(level.starts[history]), int(level.starts[history + 1]))
            probs[level.words[rows]] += (self.seen[order - 1][rows] * shares).sum(axis=1)
            shares = shares * self.left[order - 1][history]
        probs += self.base * shares.sum()
        return probs


def _blocks(events: Events) -> Iterator[Events]:
    for first in range(0, len(events), BLOCK_EVENTS):
        some = slice(first, first + BLOCK_EVENTS)
        yield Events(
            events.words[some], events.rows[:, some], events.histories[:, some], events.weights[some]
        )
