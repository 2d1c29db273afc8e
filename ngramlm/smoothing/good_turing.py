"""Good-Turing smoothing: the numbers of n-grams that occur r and r + 1 times give the adjusted count of r."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number, flag, keep_checked
from ngramlm.counts import NgramCounts
from ngramlm.errors import EstimationWarning, warn
from ngramlm.smoothing.base import Smoothing
from ngramlm.smoothing.floor import FloorModel
from ngramlm.text.text import Text
from ngramlm.trie._trie import segment_sums, spread
from ngramlm.types import Floats, Ints

__all__ = ["GoodTuring", "SimpleGoodTuring", "adjusted_counts", "simple_good_turing"]


@dataclass(frozen=True)
class SimpleGoodTuring:
    """The estimates of `simple_good_turing`.

    Attributes
    ----------
    counts : int64[m]
        The counts r that occur, rising.
    adjusted : float64[m]
        The adjusted counts r*, before normalization.
    unseen : float
        P0, the probability of all unseen items together.
    intercept, slope : float
        a and b of the line log Z = a + b log r.
    """

    counts: Ints
    adjusted: Floats
    unseen: float
    intercept: float
    slope: float


def simple_good_turing(counts: Ints, numbers: Ints, confidence: float = 1.65) -> SimpleGoodTuring:
    """Return the simple Good-Turing estimate of adjusted counts r*.

    The Turing estimate is used for the smallest counts, as long as it differs from the smoothed estimate by more than
    `confidence` standard deviations. All larger counts have the smoothed estimate.

    Parameters
    ----------
    counts : int64[m]
        The counts r that occur, rising.
    numbers : int64[m]
        The number of items with each count, n_r.
    confidence : float, default 1.65
        The number of standard deviations: 1.65 in the paper, 1.96 in Sampson's later program.

    Returns
    -------
    SimpleGoodTuring
        The adjusted counts and the probability of unseen items.

    References
    ----------
    Gale & Sampson (1995), "Good-Turing frequency estimation without tears".

    Examples
    --------
    >>> found = simple_good_turing(np.array([1, 2, 3, 5]), np.array([10, 4, 2, 1]))
    >>> round(found.unseen, 4), np.round(found.adjusted, 3).tolist()
    (0.3448, [0.536, 1.389, 2.317, 4.245])
    """
    r, n = counts.astype(np.float64), numbers.astype(np.float64)
    before = np.concatenate([[0.0], r[:-1]])
    after = np.append(r[1:], 2 * r[-1] - before[-1])
    log_r, log_z = np.log(r), np.log(n / (0.5 * (after - before)))
    deviation = log_r - log_r.mean()
    slope = float(deviation @ (log_z - log_z.mean()) / (deviation @ deviation))
    intercept = float(log_z.mean() - slope * log_r.mean())
    smoothed = (r + 1) * ((r + 1) / r) ** slope
    # n_{r+1}
    following = np.append(np.where(np.diff(counts) == 1, n[1:], 0.0), 0.0)
    turing = (r + 1) * following / n
    deviations = np.sqrt((r + 1) ** 2 * following / n**2 * (1 + following / n))
    differs = (following > 0) & (np.abs(turing - smoothed) > confidence * deviations)
    use_turing = np.logical_and.accumulate(differs)
    total = float(r @ n)
    unseen = float(n[0]) / total if counts[0] == 1 else 0.0
    return SimpleGoodTuring(counts, np.where(use_turing, turing, smoothed), unseen, intercept, slope)


@dataclass(frozen=True, kw_only=True)
class GoodTuring(Smoothing):
    """Good-Turing smoothing: p(w|h) = c*(hw) / sum over v of c*(hv), with one c* for all unseen n-grams of an order.

    r* = (r + 1) n_{r+1} / n_r, and unseen n-grams together have the probability n_1 / N. A history that was never seen
    has the distribution of its suffix. Unlike interpolation and back-off, the estimate does not distinguish unseen
    words. So its perplexity is close to that of additive smoothing.

    If the counts of counts do not support the estimate, 1/2 is subtracted from every count, with an EstimationWarning.

    Parameters
    ----------
    simple : bool, default False
        Whether to use simple Good-Turing, which smooths n_r, instead of the estimate of Good.
    k : int, default 5
        Without `simple`, the largest count that is adjusted. It is lowered until n_1 .. n_{k+1} are all above 0.
    closed : bool, default False
        Whether the vocabulary is closed.

    References
    ----------
    Good (1953), "The population frequencies of species and the estimation of population parameters".
    Gale & Sampson (1995), "Good-Turing frequency estimation without tears", for `simple`.

    Examples
    --------
    >>> from ngramlm.counts import count
    >>> from ngramlm.text.text import Text
    >>> model = GoodTuring(k=1).fit(count(Text.from_sentences(["a b a b c", "c a d e"]), order=1))
    >>> # n_1 = 2 (d, e), n_2 = 3 (b, c, </s>), N = 11: all unseen words, here <unk>, share 2/11
    >>> round(10 ** model.log10_prob("<unk>"), 6)
    0.181818
    """

    cuts_off: ClassVar[bool] = False

    simple: bool = False
    k: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        keep_checked(self, {"simple": flag, "k": Number(least=1, whole=True)})

    @property
    def name(self) -> str:  # type: ignore[override]
        """``simple-good-turing`` or ``good-turing``."""
        return "simple-good-turing" if self.simple else "good-turing"

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> FloorModel:
        """Estimate the model, exact in float64. There is nothing to tune on held-out text.

        The parameters are those of `Smoothing.fit`.
        """
        counts = self.usable_counts(counts, heldout)
        n_events = int(np.count_nonzero(self.base_distribution(counts)))
        probs, floors = [], []
        for order, column in enumerate(counts.counts, 1):
            level, seen, types = counts.trie.level(order), column > 0, counts.history_types(order)
            n_unseen = level.n_histories * n_events - int(seen.sum())
            weights = np.zeros(level.n_rows)
            weights[seen], floor = adjusted_counts(
                order, column[seen], n_unseen, None if self.simple else self.k
            )
            totals = segment_sums(weights, level.starts) + (n_events - types) * floor
            # a history without counts gives 0 / 0, which no event uses
            with np.errstate(invalid="ignore", divide="ignore"):
                probs.append(np.where(seen, weights, floor) / spread(totals, level.starts))
                # after a history that was followed by every word there is no unseen word
                floors.append(np.where(types < n_events, floor / totals, 0.0))
        metadata = self.metadata(counts, [], tuned=False)
        return FloorModel.of(counts, probs, floors, self.closed, metadata)


def adjusted_counts(
    order: int | None, counts: NDArray[np.integer[Any]], n_unseen: int, k: int | None = None
) -> tuple[Floats, float]:
    """Return the adjusted counts c* of seen n-grams, and c* of each unseen n-gram. They have the sum of the counts.

    Parameters
    ----------
    order : int or None
        The order that warnings name; None for no warnings.
    counts : int[n]
        The counts of the n-grams that were seen.
    n_unseen : int
        The number of n-grams that were not seen.
    k : int, optional
        The largest count that the Turing estimate adjusts; by default simple Good-Turing adjusts all counts.

    Returns
    -------
    adjusted : float64[n]
        c* of each seen n-gram. If the counts of counts do not support the estimate, each count is lowered by 1/2 first.
    unseen : float
        c* of each unseen n-gram.
    """
    values, inverse, numbers = np.unique(counts, return_inverse=True, return_counts=True)
    values = values.astype(np.int64)
    total, unseen = float(values @ numbers), float(numbers[0]) if values[0] == 1 else 0.0
    found = _simple(order, values, numbers) if k is None else _plain(values, numbers, k)
    if found is None:
        if order is not None:
            shown = ", ".join(
                f"n_{r} = {n}" for r, n in zip(values[:3].tolist(), numbers[:3].tolist(), strict=True)
            )
            warn(
                f"order {order}: found {shown}, which does not support the estimate of Good and Turing (is this small "
                "or artificial data?); taking 0.5 off every count",
                EstimationWarning,
            )
        found, unseen = values - 0.5, 0.5 * float(numbers.sum())
    if not n_unseen:
        unseen = 0.0
    found = found * ((total - unseen) / float(found @ numbers))
    return found[inverse.reshape(-1)], unseen / n_unseen if n_unseen else 0.0


def _simple(order: int | None, counts: Ints, numbers: Ints) -> Floats | None:
    """Return simple Good-Turing counts; None if the counts of counts do not support them."""
    if len(counts) < 3 or counts[0] != 1:
        return None
    found = simple_good_turing(counts, numbers)
    if order is not None and not found.slope < -1:
        warn(
            f"order {order}: found a slope of {found.slope:.3g} for log n_r against log r; expected less than -1, so "
            "the estimate is not reliable",
            EstimationWarning,
        )
    return found.adjusted


def _plain(counts: Ints, numbers: Ints, k: int) -> Floats | None:
    """Return Turing counts up to k; None if the counts of counts do not support them."""
    if counts[0] != 1 or len(counts) == 1:
        return None
    # above the largest count n_{k+1} is 0
    k = min(k, int(counts[-1]))
    n = np.zeros(k + 2)
    small = counts <= k + 1
    n[counts[small]] = numbers[small]
    while k > 0 and not n[1 : k + 2].all():
        k -= 1
    if k == 0:
        return None
    adjusted = counts.astype(np.float64)
    r = np.arange(1, k + 1)
    adjusted[:k] = (r + 1) * n[2 : k + 2] / n[1 : k + 1]
    return adjusted
