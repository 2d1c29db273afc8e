"""The hierarchical Pitman-Yor language model: interpolated Kneser-Ney with discounts that are inferred, by sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number
from ngramlm.counts import NgramCounts
from ngramlm.errors import UsageError
from ngramlm.smoothing.base import Smoothing
from ngramlm.smoothing.orders import one_of
from ngramlm.smoothing.pitman_yor_model import PitmanYorModel
from ngramlm.smoothing.restaurants import Restaurants
from ngramlm.text.text import Text
from ngramlm.trie._trie import segment_sums
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Bools, Float32s, Floats, Ints

__all__ = ["PitmanYor"]

FIRST_DISCOUNT, FIRST_STRENGTH = (
    0.75,
    1.0,
)  # where a chain begins; a few sweeps away from any values that it finds


@dataclass(frozen=True, kw_only=True)
class PitmanYor(Smoothing):
    """p(w|h) = (c(hw) - d t(hw) + (theta + d t(h.)) p(w|h')) / (theta + c(h.)), averaged over samples of the tables t.

    Teh (2006), "A hierarchical Bayesian language model based on Pitman-Yor processes". Every history has a
    distribution drawn from a Pitman-Yor process around that of the shorter history, with a discount d and a strength
    theta for each order. Gibbs sampling seats the customers; after every sweep d and theta are drawn anew. With one
    table for each n-gram and theta = 0 this is interpolated Kneser-Ney.

    Args:
        closed: give ``<unk>`` no probability; n-grams that hold it are left out.
        burn_in: sweeps before the first sample.
        samples: how many states of the chain to average.
        thin: sweeps from one sample to the next.
        seed: the same seed gives the same model.
        discounts: d for all orders, or for each from 1 on (the last holds for those above), 0 <= d < 1; None draws
            them.
        strengths: theta likewise, from 0 on.

    Raises UsageError for values out of range.

    Example:
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
        self._check(
            burn_in=any_number,
            samples=some,
            thin=some,
            seed=any_number,
            discounts=Number(least=0, most=1, below=True, several=True, optional=True),
            strengths=Number(least=0, several=True, optional=True),
        )
        discounts, strengths = per_order(self.discounts, 16, 0.5), per_order(self.strengths, 16, 1.0)
        if any(d == strength == 0 for d, strength in zip(discounts, strengths, strict=True)):
            raise UsageError(
                "found a discount and a strength of 0; expected one of them above, or no word is new"
            )

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> PitmanYorModel:
        """Sample; everything is inferred from the counts, so that `heldout` is not looked at, nor are `threads` used.

        `progress` hears of every sweep, and may end the work by an exception. Raises EstimationError when nothing was
        counted, CountError for more than 2^31 - 2 tokens.
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
        described = [{"discounts": f"{d:.6g}", "strengths": f"{theta:.6g}"} for d, theta in parameters.T]
        metadata = {
            "smoothing": self.name,
            "sweeps": str(total),
            "samples": str(self.samples),
            "seed": str(self.seed),
        } | self.metadata(counts, described, tuned=False)
        trie = _cut_off(counts, seen, left)
        return PitmanYorModel(counts.vocabulary, trie, base, seen, left, metadata)


def per_order(values: float | Sequence[float] | None, order: int, default: float) -> list[float]:
    """One value for each order; the last that is given holds for all above.

    >>> per_order((0.5, 0.75), 3, 1.0), per_order(None, 2, 1.0)
    ([0.5, 0.75, 0.75], [1.0, 1.0])
    """
    if values is None:
        return [default] * order
    return [float(one_of(values, k)) for k in range(1, order + 1)]


def _stored(seen: Floats, left: Floats, kept: Bools | None, starts: Ints) -> tuple[Float32s, Floats]:
    """The columns of one sample: `seen` rounded to float32, and to a `left` of each history that makes the sum 1.

    What cut-offs drop goes to the lower order, too. Where rounding would take more than half of what is left, as may be
    after ten million occurrences of one history, it stays as it is.
    """
    rounded = seen.astype(np.float32)
    if kept is not None:
        rounded[~kept] = 0.0
    rest = 1.0 - segment_sums(rounded.astype(np.float64), starts)
    return rounded, np.where(rest < left / 2, left, rest)


def _cut_off(counts: NgramCounts, seen: list[Float32s], left: list[Floats]) -> NgramTrie:
    """The trie without what the cut-offs leave out and nothing else needs; both lists are changed to fit."""
    closed = counts.closed_rows()
    if closed is None:
        return counts.trie
    for k, level in enumerate(counts.trie.levels[1:], 1):
        used = np.logical_or.reduceat(closed[k], level.starts[:-1])
        seen[k], left[k] = seen[k][closed[k]], left[k][used]
    trie = counts.trie.restrict(closed)
    del seen[trie.order :], left[trie.order :]
    return trie
