"""Good-Turing smoothing: n-grams that occur r times are as probable as those that occur r + 1 times are many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ngramlm._trie import segment_sums, spread
from ngramlm.counts import NgramCounts
from ngramlm.errors import EstimationWarning, UsageError, warn
from ngramlm.parallel import Progress
from ngramlm.smoothing.base import Smoothing
from ngramlm.smoothing.floor import FloorModel
from ngramlm.text import Text

__all__ = ["GoodTuring", "SimpleGoodTuring", "simple_good_turing"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SimpleGoodTuring:
    """The estimate of `simple_good_turing`.

    Attributes:
        counts: int64[m], the r that occur, rising.
        adjusted: float64[m], r* before it is normalised.
        unseen: P0, the probability of all unseen items together.
        intercept, slope: a and b of log Z = a + b log r.
    """

    counts: NDArray[np.int64]
    adjusted: Floats
    unseen: float
    intercept: float
    slope: float


def simple_good_turing(counts: NDArray[np.int64], numbers: NDArray[np.int64], confidence: float = 1.65) -> SimpleGoodTuring:
    """r* of Gale & Sampson (1995) from the counts r (rising) and how many items have each, n_r.

    Turing's estimate is used for the smallest counts, as long as it differs from the smoothed one by more than
    `confidence` standard deviations (1.65 in the paper, 1.96 in Sampson's later program), the smoothed one above.

    >>> found = simple_good_turing(np.array([1, 2, 3, 5]), np.array([10, 4, 2, 1]))
    >>> round(found.unseen, 4), np.round(found.adjusted, 3).tolist()
    (0.3448, [0.579, 1.372, 2.289, 4.238])
    """
    r, n = counts.astype(np.float64), numbers.astype(np.float64)
    before = np.concatenate([[0.0], r[:-1]])
    after = np.append(r[1:], 2 * r[-1] - before[-1])
    log_r, log_z = np.log(r), np.log(n / (0.5 * (after - before)))
    deviation = log_r - log_r.mean()
    slope = float(deviation @ (log_z - log_z.mean()) / (deviation @ deviation))
    intercept = float(log_z.mean() - slope * log_r.mean())
    smoothed = (r + 1) * ((r + 1) / r) ** slope
    following = np.append(np.where(np.diff(counts) == 1, n[1:], 0.0), 0.0)  # n_{r+1}
    turing = (r + 1) * following / n
    deviations = np.sqrt((r + 1) ** 2 * following / n**2 * (1 + following / n))
    differs = (following > 0) & (np.abs(turing - smoothed) > confidence * deviations)
    use_turing = np.logical_and.accumulate(differs)
    total = float(r @ n)
    unseen = float(n[0]) / total if counts[0] == 1 else 0.0
    return SimpleGoodTuring(counts, np.where(use_turing, turing, smoothed), unseen, intercept, slope)


@dataclass(frozen=True, kw_only=True)
class GoodTuring(Smoothing):
    """p = c*(hw) / sum over v of c*(hv), where every unseen n-gram of an order has the same c*.

    Good (1953): r* = (r + 1) n_{r+1} / n_r, and n_1 / N for all n-grams that were not seen. It cannot tell unseen words
    apart, which is what interpolation and back-off are for: expect it near additive smoothing. A history that was
    never seen answers as its suffix.

    Args:
        simple: the estimate of Gale & Sampson (1995), which smooths n_r, instead of Good's own.
        k: without `simple`, the largest count that is adjusted; it is lowered until n_1 .. n_{k+1} are all above 0.

    Where the counts of counts do not support the estimate, 1/2 is taken off every count, with a warning.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.text import Text
        >>> model = GoodTuring(k=1).fit(count(Text.from_sentences(["a b a b c", "c a d e"]), order=1))
        >>> # n_1 = 2 (d, e), n_2 = 3 (b, c, </s>), N = 11: all that is unseen, here <unk>, shares 2/11
        >>> round(10 ** model.log10_prob("<unk>"), 6)
        0.181818
    """

    simple: bool = False
    k: int = 5

    def __post_init__(self) -> None:
        if not isinstance(self.k, int) or self.k < 1:
            raise UsageError(f"k is {self.k!r}; expected a whole number from 1 on")

    @property
    def name(self) -> str:  # type: ignore[override]
        return "simple-good-turing" if self.simple else "good-turing"

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> FloorModel:
        """The model, exact in float64; there is nothing to tune on held-out data."""
        counts = self.usable_counts(counts)
        n_events = int(np.count_nonzero(self.base_distribution(counts)))
        probs, floors = [], []
        for order in range(1, counts.order + 1):
            column, starts = counts.counts[order - 1], counts.trie.level(order).starts
            values, inverse, numbers = np.unique(column, return_inverse=True, return_counts=True)
            seen = values > 0
            adjusted = np.zeros(len(values))
            adjusted[seen], unseen_mass = self._adjusted(order, values[seen].astype(np.int64), numbers[seen])
            n_unseen = counts.trie.level(order).n_histories * n_events - int(numbers[seen].sum())
            floor = unseen_mass / n_unseen if n_unseen else 0.0
            weights = adjusted[inverse]
            types = counts.history_types(order)
            totals = segment_sums(weights, starts) + (n_events - types) * floor
            with np.errstate(invalid="ignore", divide="ignore"):  # a history without any count is not used
                probs.append(np.where(column > 0, weights, floor) / spread(totals, starts))
                floors.append(floor / totals)
        metadata = self.metadata(counts, [], tuned=False)
        return FloorModel.of(counts, probs, floors, self.closed, metadata)

    def _adjusted(
        self, order: int, counts: NDArray[np.int64], numbers: NDArray[np.int64]
    ) -> tuple[Floats, float]:
        """(r* of each count, normalised; what all unseen n-grams get together) of one order, in units of counts."""
        total, n_1 = int(counts @ numbers), int(numbers[0]) if counts[0] == 1 else 0
        found = self._simple(order, counts, numbers) if self.simple else self._plain(counts, numbers, n_1, total)
        if found is None:
            warn(
                f"order {order}: found counts of counts {dict(zip(counts[:4].tolist(), numbers[:4].tolist(), strict=True))}"
                " that do not support Good-Turing's estimate; taking 0.5 off every count",
                EstimationWarning,
            )
            return counts - 0.5, 0.5 * float(numbers.sum())
        return found * (total - n_1) / float(found @ numbers), float(n_1)

    def _simple(self, order: int, counts: NDArray[np.int64], numbers: NDArray[np.int64]) -> Floats | None:
        if len(counts) < 3 or counts[0] != 1:
            return None
        found = simple_good_turing(counts, numbers)
        if not found.slope < -1:
            warn(
                f"order {order}: found a slope of {found.slope:.3g} for log n_r against log r; expected less than -1, "
                "so the estimate is not reliable",
                EstimationWarning,
            )
        return found.adjusted

    def _plain(
        self, counts: NDArray[np.int64], numbers: NDArray[np.int64], n_1: int, total: int
    ) -> Floats | None:
        if n_1 in (0, total):
            return None
        n = np.zeros(self.k + 2)
        small = counts <= self.k + 1
        n[counts[small]] = numbers[small]
        k = self.k
        while k > 0 and not n[1 : k + 2].all():
            k -= 1
        if k == 0:
            return None
        adjusted = counts.astype(np.float64)
        r = np.arange(1, k + 1)
        adjusted[:k] = (r + 1) * n[2 : k + 2] / n[1 : k + 1]
        return adjusted
