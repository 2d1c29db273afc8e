"""Hierarchical Dirichlet smoothing: the distribution of the shorter history is worth so many counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number, choice
from ngramlm.counts import NgramCounts
from ngramlm.smoothing.base import RecursiveSmoothing
from ngramlm.smoothing.orders import CountBlock, Floats, Ints, OrderCounts, one_of
from ngramlm.smoothing.tuning import tune_values
from ngramlm.text.text import Text
from ngramlm.trie._trie import segment_sums, take
from ngramlm.trie.trie import Level

__all__ = ["Dirichlet", "best_concentration", "evidence_weights"]

NAMES = {
    "counts": "dirichlet",
    "continuation": "dirichlet-continuation",
    "evidence": "mackay-peto",
}  # by prior
LEAST, MOST = 1e-4, 1e7  # concentrations that are searched


@dataclass(frozen=True, kw_only=True)
class Dirichlet(RecursiveSmoothing):
    """p(w|h) = (c(hw) + alpha p(w|h')) / (c(h.) + alpha), with a concentration alpha for each order.

    MacKay & Peto (1995), "A hierarchical Dirichlet language model"; the posterior mean when the distribution of every
    history is drawn from a Dirichlet distribution with parameters alpha p(.|h').

    Args:
        concentrations: alpha for all orders, or for each from 1 on; None takes the alpha of greatest evidence
            prod_h G(alpha) / G(c(h.) + alpha) prod_w G(c(hw) + alpha m_w) / G(alpha m_w), with m_w = p(w|h').
        prior: what the orders below the highest count: "counts" occurrences, "continuation" the distinct words before,
            as Kneser-Ney does. "evidence" takes for the unigrams the weights u_w of greatest evidence for the bigrams
            (MacKay & Peto's own model, if the order is 2), and occurrences for the others.
        closed: give ``<unk>`` no probability; n-grams that hold it are left out.

    Raises UsageError for concentrations that are not above 0, and for the back-off form, which does not exist.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.text.text import Text
        >>> model = Dirichlet(concentrations=(4, 2)).fit(count(Text.from_sentences(["a b", "a c"]), order=2))
        >>> # p(b) = (1 + 4/5) / (6 + 4), p(b | a) = (1 + 2 p(b)) / (2 + 2)
        >>> round(10 ** model.log10_prob("b", ["a"]), 6)
        0.34
    """

    forms: ClassVar[tuple[bool, ...]] = (True,)

    concentrations: float | tuple[float, ...] | None = None
    prior: str = "counts"

    def __post_init__(self) -> None:
        above_zero = Number(least=0, above=True, several=True, optional=True)
        self._check(prior=choice(*NAMES), concentrations=above_zero)
        super().__post_init__()

    @property
    def name(self) -> str:  # type: ignore[override]
        return NAMES[self.prior]

    def effective_counts(self, counts: NgramCounts, order: int) -> Ints:
        if self.prior == "continuation":
            return counts.continuation_counts(order)
        if self.prior == "evidence" and order == 1 and counts.order > 1:
            weights: Any = evidence_weights(counts)
            weights *= (
                counts.trie.n_rows[1] / weights.sum()
            )  # as many as they were learnt from, for the alpha below
            return weights  # type: ignore[no-any-return]
        return counts.counts[order - 1]

    def parameters(self, order: OrderCounts) -> float:
        """The concentration of one order."""
        if self.concentrations is None:
            return best_concentration(order)
        return float(one_of(self.concentrations, order.order))

    def fit_parameters(
        self,
        counts: NgramCounts,
        base: Floats,
        heldout: Text | None,
        threads: int,
        progress: Progress | None,
    ) -> list[Any] | None:
        """Tuned on held-out data the search starts from the types of an average history, not from the evidence."""
        if heldout is None or self.concentrations is not None:
            return None
        start = [max(types, LEAST) for types in map(_average_types, counts.trie.levels)]
        return tune_values(self, counts, start, heldout, threads, progress)

    def describe(self, parameters: float) -> dict[str, str]:
        return {"concentrations": f"{parameters:.6g}"}

    def tunable(self, order: int, parameters: float) -> list[tuple[float, float, float]]:
        if self.concentrations is not None:
            return []
        return [(math.log(parameters), math.log(LEAST), math.log(MOST))]

    def with_values(self, order: int, parameters: float, values: list[float]) -> float:
        return math.exp(values[0]) if values else parameters

    def discount(self, block: CountBlock, parameters: float) -> tuple[Floats, Floats]:
        denominators = block.totals + parameters
        return block.counts / block.spread(denominators), parameters / denominators


def _average_types(level: Level) -> float:
    return level.n_rows / max(level.n_histories, 1)


def best_concentration(order: OrderCounts) -> float:
    """The alpha between 1e-4 and 1e7 of greatest evidence for one order."""
    return greatest_evidence(Evidence.of(order))


def greatest_evidence(evidence: Evidence) -> float:
    """The alpha between 1e-4 and 1e7 where the evidence is greatest.

    The best power of ten, then the place beside it where the slope is zero: the evidence may have several maxima, as
    the distributions of the order below were learnt from the same text.
    """
    from scipy.optimize import brentq

    grid = np.arange(math.log10(LEAST), math.log10(MOST) + 1) * math.log(10)
    best = int(np.argmax([evidence.log(math.exp(log_alpha)) for log_alpha in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    if not evidence.slope(low) > 0 > evidence.slope(high):
        return min(max(math.exp(grid[best]), LEAST), MOST)
    return math.exp(brentq(evidence.slope, low, high, xtol=1e-10))


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the evidence for a concentration depends on.

    Attributes:
        counts: float64, the counts of the n-grams that were seen.
        means: float64, the probability of each in the order below.
        totals: float64, the totals of the histories that were seen.
    """

    counts: Floats
    means: Floats
    totals: Floats

    @classmethod
    def of(cls, order: OrderCounts) -> Evidence:
        counts = order.counts.astype(np.float64)
        seen = counts > 0
        totals = segment_sums(counts, order.level.starts)
        return cls(counts[seen], order.lower_probs(slice(0, len(counts)))[seen], totals[totals > 0])

    def log(self, alpha: float) -> float:
        """The natural logarithm of the evidence."""
        words = _log_rising(alpha * self.means, self.counts).sum()
        return float(words - _log_rising(np.full_like(self.totals, alpha), self.totals).sum())

    def slope(self, log_alpha: float) -> float:
        """The derivative of the log evidence by log alpha."""
        alpha = math.exp(log_alpha)
        words = (self.means * _digamma_rise(alpha * self.means, self.counts)).sum()
        return float(alpha * (words - _digamma_rise(np.full_like(self.totals, alpha), self.totals).sum()))


def _log_rising(x: Floats, counts: Floats) -> Floats:
    """log G(x + count) - log G(x); where the count is 1, as most are, simply log x."""
    from scipy.special import gammaln

    found = np.log(x)
    several = np.flatnonzero(counts != 1)
    x = x[several]
    found[several] = gammaln(x + counts[several]) - gammaln(x)
    return found


def _digamma_rise(x: Floats, counts: Floats) -> Floats:
    """psi(x + count) - psi(x); where the count is 1, as most are, simply 1 / x."""
    from scipy.special import digamma

    found = 1.0 / x
    several = np.flatnonzero(counts != 1)
    x = x[several]
    found[several] = digamma(x + counts[several]) - digamma(x)
    return found


def evidence_weights(counts: NgramCounts, iterations: int = 1000, tolerance: float = 1e-7) -> Floats:
    """float64[V]: u = alpha m of greatest evidence for the bigrams, 0 for words that no word stands before.

    The fixed point u_w <- u_w sum_h (psi(c(hw) + u_w) - psi(u_w)) / sum_h (psi(c(h.) + alpha) - psi(alpha)), with
    alpha = sum u, never lowers the evidence (Minka 2000, "Estimating a Dirichlet distribution"). It ends when the
    weights change by less than `tolerance` in all.
    """
    level = counts.trie.level(2)
    rows = counts.counts[1].astype(np.float64)
    totals = segment_sums(rows, level.starts)
    size = counts.trie.n_rows[0]
    weights: NDArray[np.float64] = np.bincount(level.suffixes, minlength=size).astype(np.float64)
    weights /= len(totals)  # how many histories each word follows, of all
    for _ in range(iterations):
        new = _fixed_point(weights, rows, totals, level.suffixes)
        change = np.abs(new - weights).sum() / new.sum()
        weights = new
        if change < tolerance:
            break
    return weights


def _fixed_point(
    weights: Floats, counts: Floats, totals: Floats, words: NDArray[np.int32]
) -> NDArray[np.float64]:
    """One step of `evidence_weights`."""
    gains = np.bincount(words, _digamma_rise(take(weights, words), counts), minlength=len(weights))
    below = _digamma_rise(np.full_like(totals, weights.sum()), totals).sum()
    return np.asarray(weights * gains / below)
