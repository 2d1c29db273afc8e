"""Events with their counts: held-out text, or the training text with each event left out of the counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ngramlm.counts import NgramCounts
from ngramlm.errors import EstimationError
from ngramlm.text.oov import warn_of_oovs
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS
from ngramlm.trie.events import Events, look_up
from ngramlm.types import Floats

__all__ = ["CountedEvents"]


@dataclass(frozen=True, eq=False)
class CountedEvents:
    """Events with their counts in each order.

    Attributes
    ----------
    counts : NgramCounts
        Counts of the training text.
    events : Events
        The events, located in the trie of the counts.
    deleted : bool
        Whether each event is left out of the counts before it is predicted. This is deleted interpolation with one part
        for each event, also known as leave-one-out.
    """

    counts: NgramCounts
    events: Events
    deleted: bool

    def __len__(self) -> int:
        return len(self.events)

    @property
    def weights(self) -> Floats:
        """The number of occurrences of each event, float64[N]."""
        return self.events.weights

    def of_order(self, order: int) -> tuple[Floats, Floats, Floats]:
        """Return the counts of every event in one order; 0 for an event whose history is not known.

        Returns
        -------
        counts : float64[N]
            c(hw), without the event itself if it is left out.
        totals : float64[N]
            c(h.), without the event itself if it is left out.
        averages : float64[N]
            c(h.) / N1+(h.) of all counts. It includes the event: without it, the average would reveal whether the event
            occurred only once.
        """
        column, rows = self.counts.counts[order - 1], self.events.rows[order - 1]
        histories = self.events.histories[order - 1]
        known, seen = histories >= 0, rows >= 0
        counts = look_up(column, rows, 0).astype(np.float64)
        totals = look_up(self.counts.history_totals(order), histories, 0.0)
        types = look_up(self.counts.history_types(order), histories, 0.0)
        averages = totals / np.maximum(types, 1.0)
        if self.deleted:
            totals -= known
            counts -= seen
        return counts, totals, averages

    @classmethod
    def heldout(cls, counts: NgramCounts, text: Text, base: Floats) -> CountedEvents:
        """Return the events of a held-out text that the base distribution allows.

        Raises
        ------
        EstimationError
            If no event is left.
        """
        events = Events.locate(counts.trie, text.over(counts.vocabulary))
        events = events.select(base[events.words] > 0)
        if not len(events):
            raise EstimationError("found a held-out text without known words; expected at least one sentence")
        warn_of_oovs("the held-out text", text.n_oov, text.n_words)
        return cls(counts, events, deleted=False)

    @classmethod
    def leave_one_out(cls, counts: NgramCounts, base: Floats) -> CountedEvents:
        """Take every n-gram of the training text once, weighted by its count. The text itself is not needed.

        An event is an n-gram of the highest order, or a shorter one that begins with ``<s>``.
        """
        trie = counts.trie
        found = []
        for order in range(1, counts.order + 1):
            level = trie.level(order)
            rows = np.arange(level.n_rows, dtype=np.int32)
            if order < counts.order:
                rows = rows[np.repeat(level.first_words == BOS, np.diff(level.starts))]
            rows = rows[counts.counts[order - 1][rows] > 0]
            weights = counts.counts[order - 1][rows].astype(np.float64)
            found.append(replace(Events.of_rows(trie, order, rows), weights=weights))
        events = Events.join(found)
        return cls(counts, events.select(base[events.words] > 0), deleted=True)
