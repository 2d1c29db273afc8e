"""The hierarchical Pitman-Yor language model: interpolated Kneser-Ney with discounts that are sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number, keep_checked
from ngramlm.counts import NgramCounts
from ngramlm.errors import UsageError
from ngramlm.models.estimates import OrderEstimates
from ngramlm.smoothing.base import Smoothing
from ngramlm.smoothing.orders import one_of
from ngramlm.smoothing.pitman_yor_model import PitmanYorModel
from ngramlm.smoothing.restaurants import Restaurants
from ngramlm.text.text import Text
from ngramlm.trie._trie import segment_sums
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Bools, Float32s, Floats, Ints

__all__ = ["PitmanYor"]

# The start of a chain. A few sweeps lead from there to the values of the samples.
FIRST_DISCOUNT, FIRST_STRENGTH = 0.75, 1.0


@dataclass(frozen=True, kw_only=True)
class PitmanYor(Smoothing):
    """The hierarchical Pitman-Yor language model, averaged over samples of the tables t.

    p(w|h) = (c(hw) - d t(hw) + (theta + d t(h.)) p(w|h')) / (theta + c(h.)). The distribution of every history is drawn
    from a Pitman-Yor process around that of the shorter history, with a discount d and a strength theta for each order.
    Gibbs sampling seats the customers; every sweep is followed by a draw of d and theta. With one table for each n-gram
    and theta = 0 this is interpolated Kneser-Ney.

    Parameters
    ----------
    burn_in : int, default 60
        Sweeps before the first sample.
    samples : int, default 16
        Number of samples that are averaged.
    thin : int, default 4
        Sweeps from one sample to the next.
    seed : int, default 0
        Seed of the random numbers. The same seed gives the same model.
    discounts : float or tuple[float, ...], optional
        d of all orders, or of each order from 1 on, 0 <= d < 1. The last value holds for all higher orders. By default
        d is sampled.
    strengths : float or tuple[float, ...], optional
        theta likewise, from 0 on.
    closed : bool, default False
        Whether the vocabulary is closed.

    Raises
    ------
    UsageError
        If a value is out of range.

    References
    ----------
    Teh (2006), "A hierarchical Bayesian language model based on Pitman-Yor processes".

    Examples
    --------
    >>> from ngramlm.counts import count
    >>> from ngramlm.text.text import Text
    >>> counts = count(Text.from_sentences(["a b", "a c"]), order=2)
    >>> kneser_ney = PitmanYor(burn_in=0, samples=1, discounts=0.5, strengths=0).fit(counts)
    >>> # p(b) = (1 - 0.5 + 2 / 5) / 5, as a, b, c and </s> (twice) continue 5 bigrams; p(b|a) = (0.5 + p(b)) / 2
    >>> round(10 ** kneser_ney.log10_prob("b", ["a"]), 6)
    0.34
    >>> sampled = PitmanYor(seed=1).fit(counts)
    >>> round(float(sampled.distribution(["a"]).sum()), 6)
    1.0
    """

    name: ClassVar[str] = "pitman-yor"
    slow: ClassVar[bool] = True

    burn_in: int = 60
    samples: int = 16
    thin: int = 4
    seed: int = 0
    discounts: float | tuple[float, ...] | None = None
    strengths: float | tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        any_number, some = Number(least=0, whole=True), Number(least=1, whole=True)
        keep_checked(
            self,
            {
                "burn_in": any_number,
                "samples": some,
                "thin": some,
                "seed": any_number,
                "discounts": Number(least=0, most=1, below=True, several=True, optional=True),
                "strengths": Number(least=0, several=True, optional=True),
            },
        )
        discounts, strengths = per_order(self.discounts, 16, 0.5), per_order(self.strengths, 16, 1.0)
        if any(d == strength == 0 for d, strength in zip(discounts, strengths, strict=True)):
            raise UsageError(
                "found a discount and a strength of 0; expected one of them above 0, to leave mass for new words"
            )

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> PitmanYorModel:
        """Sample a model from the counts. Held-out text and threads are not used.

        The parameters are those of `Smoothing.fit`. `progress` is called after every sweep.

        Raises
        ------
        EstimationError
            If nothing was counted.
        CountError
            If the text has more than 2^31 - 2 tokens.
        """
        counts = self.usable_counts(counts, heldout)
        base = self.base_distribution(counts)
        chain = Restaurants.of(
            counts,
            float(base.max()),
            per_order(self.discounts, counts.order, FIRST_DISCOUNT),
            per_order(self.strengths, counts.order, FIRST_STRENGTH),
            self.seed,
        )
        levels = counts.trie.levels
        seen = [np.empty((level.n_rows, self.samples), np.float32) for level in levels]
        left = [np.empty((level.n_histories, self.samples)) for level in levels]
        parameters = np.zeros((2, counts.order))
        done, total = 0, self.burn_in + (self.samples - 1) * self.thin
        for sample in range(self.samples):
            for _ in range(self.thin if sample else self.burn_in):
                chain.sweep()
                chain.resample_parameters(self.discounts is None, self.strengths is None)
                done += 1
                if progress is not None:
                    progress("sampling", done, total)
            parameters += np.stack([chain.discounts, chain.strengths]) / self.samples
            for order, level in enumerate(levels, 1):
                stored = _stored(*chain.predictions(order), counts.kept(order), level.starts)
                seen[order - 1][:, sample], left[order - 1][:, sample] = stored
        described: list[OrderEstimates] = [
            {"discounts": (d,), "strengths": (theta,)} for d, theta in parameters.T.tolist()
        ]
        metadata = {
            "smoothing": self.name,
            "sweeps": str(total),
            "samples": str(self.samples),
            "seed": str(self.seed),
        } | self.metadata(counts, described, tuned=False)
        trie = _cut_off(counts, seen, left)
        return PitmanYorModel(counts.vocabulary, trie, base, seen, left, metadata)


def per_order(values: float | Sequence[float] | None, order: int, default: float) -> list[float]:
    """Return one value for each order; the last given value holds for all higher orders.

    Examples
    --------
    >>> per_order((0.5, 0.75), 3, 1.0), per_order(None, 2, 1.0)
    ([0.5, 0.75, 0.75], [1.0, 1.0])
    """
    if values is None:
        return [default] * order
    return [float(one_of(values, k)) for k in range(1, order + 1)]


def _stored(seen: Floats, left: Floats, kept: Bools | None, starts: Ints) -> tuple[Float32s, Floats]:
    """Return the columns of one sample: `seen` in float32, and `left` of each history with the sum 1.

    The mass of rows that cut-offs drop goes to the lower order. If rounding would take more than half of `left`, for
    example after ten million occurrences of one history, `left` is not changed.
    """
    rounded = seen.astype(np.float32)
    if kept is not None:
        rounded[~kept] = 0.0
    rest = 1.0 - segment_sums(rounded.astype(np.float64), starts)
    return rounded, np.where(rest < left / 2, left, rest)


def _cut_off(counts: NgramCounts, seen: list[Float32s], left: list[Floats]) -> NgramTrie:
    """Drop the rows that cut-offs drop and no longer n-gram needs, also from both lists; return the new trie."""
    closed = counts.closed_rows()
    if closed is None:
        return counts.trie
    for k, level in enumerate(counts.trie.levels[1:], 1):
        used = np.logical_or.reduceat(closed[k], level.starts[:-1])
        seen[k], left[k] = seen[k][closed[k]], left[k][used]
    trie = counts.trie.restrict(closed)
    del seen[trie.order :], left[trie.order :]
    return trie
