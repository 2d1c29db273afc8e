"""Additive smoothing: add the same number to the count of every n-gram."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number, flag, keep_checked
from ngramlm.counts import NgramCounts
from ngramlm.models.estimates import OrderEstimates
from ngramlm.smoothing.base import Smoothing
from ngramlm.smoothing.counted_events import CountedEvents
from ngramlm.smoothing.floor import FloorModel
from ngramlm.smoothing.orders import one_of
from ngramlm.text.text import Text
from ngramlm.trie._trie import spread
from ngramlm.types import Floats

__all__ = ["Additive"]

# a larger d leaves nothing of the counts
MAX_DELTA = 1e12
# the range of the search for d
MIN_SEARCHED, MAX_SEARCHED = 1e-7, 1e3


@dataclass(frozen=True, kw_only=True)
class Additive(Smoothing):
    """Additive smoothing: p(w|h) = (c(hw) + d) / (c(h.) + d |V|), and p(w|h') for a history that was never seen.

    |V| is the number of words that can be predicted. d = 1 is add-one smoothing.

    Parameters
    ----------
    delta : float or tuple[float, ...], optional
        d of all orders, or of each order from 1 on; the last value holds for all higher orders. By default held-out
        text chooses d. Without held-out text, leave-one-out over the n-grams of the training text chooses d.
    shared : bool, default False
        Whether to choose one d for all orders instead of one for each.
    closed : bool, default False
        Whether the vocabulary is closed.

    References
    ----------
    Lidstone (1920) for any d, Laplace for d = 1, Jeffreys (1948) and Perks for d = 1/2. Chen & Goodman (1999)
    use p(w|h') for unseen histories under the name plus-delta.

    Examples
    --------
    >>> from ngramlm.counts import count
    >>> from ngramlm.text.text import Text
    >>> model = Additive(delta=1).fit(count(Text.from_sentences(["a b", "a c"]), order=2))
    >>> round(10 ** model.log10_prob("b", ["a"]), 6)  # (1 + 1) / (2 + 5)
    0.285714
    """

    cuts_off: ClassVar[bool] = False

    delta: float | tuple[float, ...] | None = None
    shared: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        delta = Number(least=0, above=True, most=MAX_DELTA, several=True, optional=True)
        keep_checked(self, {"delta": delta, "shared": flag})

    @property
    def name(self) -> str:  # type: ignore[override]
        """``add-one`` if d is 1, else ``add-delta``."""
        return "add-one" if self.delta == 1 else "add-delta"

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> FloorModel:
        """Estimate the model, exact in float64.

        The parameters are those of `Smoothing.fit`. Held-out text chooses d, unless d is given.
        """
        counts = self.usable_counts(counts, heldout)
        base = self.base_distribution(counts)
        n_events = int(np.count_nonzero(base))
        if self.delta is None:
            if heldout is None:
                events = CountedEvents.leave_one_out(counts, base)
            else:
                events = CountedEvents.heldout(counts, heldout, base)
            deltas = best_deltas(events, n_events, self.shared)
        else:
            deltas = tuple(float(one_of(self.delta, order)) for order in range(1, counts.order + 1))
        probs, floors = [], []
        for order, (column, delta) in enumerate(zip(counts.counts, deltas, strict=True), 1):
            denominators = counts.history_totals(order) + delta * n_events
            probs.append((column + delta) / spread(denominators, counts.trie.level(order).starts))
            floors.append(delta / denominators)
        described: list[OrderEstimates] = [{"deltas": (delta,)} for delta in deltas]
        metadata = self.metadata(counts, described, tuned=heldout is not None and self.delta is None)
        return FloorModel.of(counts, probs, floors, self.closed, metadata)


def best_deltas(events: CountedEvents, n_events: int, shared: bool) -> tuple[float, ...]:
    """Return the d of each order (or of all orders) that makes events most probable.

    The longest known history of an event decides its probability, so each order can be searched by itself. An order
    that decides no event takes the value of the order below.

    Parameters
    ----------
    events : CountedEvents
        The events with their counts in each order.
    n_events : int
        The number of words that can be predicted, |V|.
    shared : bool
        Whether all orders have the same d.
    """
    counts, totals = np.zeros(len(events)), np.zeros(len(events))
    answering = np.zeros(len(events), np.int64)
    for order in range(1, events.counts.order + 1):
        c, n, _ = events.of_order(order)
        known = n > 0
        counts, totals = np.where(known, c, counts), np.where(known, n, totals)
        answering[known] = order
    orders = range(1, events.counts.order + 1)
    if shared:
        return (_best_delta(counts, totals, events.weights, n_events),) * len(orders)
    deltas: list[float] = []
    for order in orders:
        mask = answering == order
        if mask.any():
            deltas.append(_best_delta(counts[mask], totals[mask], events.weights[mask], n_events))
        else:
            deltas.append(deltas[-1] if deltas else 1.0)
    return tuple(deltas)


def _best_delta(counts: Floats, totals: Floats, weights: Floats, n_events: int) -> float:
    """Return the d that makes events of these counts and history totals most probable."""
    from scipy.optimize import minimize_scalar

    def loss(log_delta: float) -> float:
        delta = math.exp(log_delta)
        return -float(weights @ np.log((counts + delta) / (totals + delta * n_events)))

    bounds = math.log(MIN_SEARCHED), math.log(MAX_SEARCHED)
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-7})
    return math.exp(found.x)
