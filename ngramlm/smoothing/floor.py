"""Models in which all words that were not seen after a history are equally probable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.counts import NgramCounts
from ngramlm.formats.archive import Archive
from ngramlm.models.column_model import ColumnModel
from ngramlm.models.column_rules import ColumnRule, probabilities
from ngramlm.text.vocabulary import BOS, UNK, Vocabulary
from ngramlm.trie.events import Events, look_up
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats

__all__ = ["FloorModel"]


class FloorModel(ColumnModel):
    """A model that stores p(w|h) for the words seen after h, and one probability, the floor of h, for each other word.

    A history that was never seen has the distribution of its longest known suffix. The model is not a back-off model,
    because the probability of unseen words does not depend on the lower orders.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words.
    trie : NgramTrie
        The n-grams that were counted.
    probs : Sequence[float64[R]]
        The probability of each row, per order; NaN for a row without counts (an unseen word).
    floors : Sequence[float64[H]]
        The floor of each history, per order; NaN for a history without counts (an unseen history).
    closed : bool
        Whether ``<unk>`` has no probability.
    metadata : Mapping[str, str], optional
        How the model was made.
    """

    KIND: ClassVar[str] = "floor"

    def __init__(
        self,
        vocabulary: Vocabulary,
        trie: NgramTrie,
        probs: Sequence[Floats],
        floors: Sequence[Floats],
        closed: bool,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(vocabulary, trie, metadata)
        self.probs, self.floors, self.closed = tuple(probs), tuple(floors), closed
        for column in (*self.probs, *self.floors):
            column.setflags(write=False)

    @classmethod
    def of(
        cls,
        counts: NgramCounts,
        probs: Sequence[Floats],
        floors: Sequence[Floats],
        closed: bool,
        metadata: Mapping[str, str],
    ) -> FloorModel:
        """Make a model from estimates for every row and history; rows and histories without counts become NaN."""
        return cls(
            counts.vocabulary,
            counts.trie,
            [
                np.where(column > 0, values, np.nan)
                for column, values in zip(counts.counts, probs, strict=True)
            ],
            [
                np.where(counts.history_totals(order) > 0, values, np.nan)
                for order, values in enumerate(floors, 1)
            ],
            closed,
            metadata,
        )

    def _probs(self, events: Events) -> Floats:
        found = np.full(len(events), np.nan)
        for rows, histories, probs, floors in zip(
            events.rows, events.histories, self.probs, self.floors, strict=True
        ):
            floor, prob = look_up(floors, histories, np.nan), look_up(probs, rows, np.nan)
            prob = np.where(np.isnan(prob), floor, prob)
            found = np.where(np.isnan(floor), found, prob)
        if self.closed:
            found[events.words == UNK] = 0.0
        return found

    def _distribution(self, path: Sequence[int]) -> Floats:
        order = max(k for k, history in enumerate(path, 1) if not np.isnan(self.floors[k - 1][history]))
        history, level = path[order - 1], self.trie.level(order)
        probs = np.full(len(self._vocabulary), self.floors[order - 1][history])
        rows = slice(*level.starts[history : history + 2])
        seen = ~np.isnan(self.probs[order - 1][rows])
        probs[level.words[rows][seen]] = self.probs[order - 1][rows][seen]
        probs[BOS] = 0.0
        if self.closed:
            probs[UNK] = 0.0
        return probs

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns that a file holds of the model, by name."""
        orders = range(1, self.order + 1)
        named = {f"probs.{k}": self.probs[k - 1] for k in orders}
        named |= {f"floors.{k}": self.floors[k - 1] for k in orders}
        return named | {"closed": np.array([self.closed], np.uint8)}

    @classmethod
    def schema(cls, archive: Archive) -> dict[str, ColumnRule]:
        """Return the rule of every column of a file. There is always a floor for the empty history."""
        rules = {"closed": ColumnRule("u1", 1, 0, 1)}
        for k, level in enumerate(archive.trie.levels, 1):
            rules[f"probs.{k}"] = probabilities(level.n_rows, missing=True)
            rules[f"floors.{k}"] = probabilities(level.n_histories, missing=k > 1)
        return rules

    @classmethod
    def from_archive(cls, archive: Archive) -> FloorModel:
        """Return the model of a file whose columns keep the rules."""
        orders = range(1, archive.trie.order + 1)
        probs = [archive.columns[f"probs.{k}"] for k in orders]
        floors = [archive.columns[f"floors.{k}"] for k in orders]
        closed = bool(archive.columns["closed"][0])
        return cls(archive.vocabulary, archive.trie, probs, floors, closed, archive.metadata)
