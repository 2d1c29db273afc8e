"""Hierarchical Dirichlet smoothing: the distribution of the shorter history counts as a number of observations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number, choice, keep_checked
from ngramlm.counts import NgramCounts
from ngramlm.models.estimates import OrderEstimates
from ngramlm.smoothing.orders import CountBlock, Counts, OrderCounts, one_of
from ngramlm.smoothing.recursive import RecursiveSmoothing
from ngramlm.smoothing.tuning import tune_values
from ngramlm.text.text import Text
from ngramlm.trie._trie import segment_sums, take
from ngramlm.trie.trie import Level
from ngramlm.types import Floats, Int32s

__all__ = ["Dirichlet", "best_concentration", "evidence_weights"]

# The name of the method with each prior.
NAMES = {
    "counts": "dirichlet",
    "continuation": "dirichlet-continuation",
    "evidence": "mackay-peto",
}
# the range of the search for a concentration
MIN_CONCENTRATION, MAX_CONCENTRATION = 1e-4, 1e7
# the longest extrapolation of two steps
MAX_LENGTH = 1e4
# The weights of unigrams add up to this number for each bigram at most.
MAX_PER_BIGRAM = 1e3
TINY = 1e-300


@dataclass(frozen=True, kw_only=True)
class Dirichlet(RecursiveSmoothing[float]):
    """Dirichlet smoothing: p(w|h) = (c(hw) + alpha p(w|h')) / (c(h.) + alpha), with an alpha for each order.

    This is the posterior mean if the distribution of every history is drawn from a Dirichlet distribution with the
    parameters alpha p(.|h').

    Parameters
    ----------
    concentrations : float or tuple[float, ...], optional
        alpha of all orders, or of each order from 1 on; above 0. The last value holds for all higher orders. By default
        held-out text tunes alpha. Without held-out text alpha has the greatest evidence
        prod_h G(alpha) / G(c(h.) + alpha) prod_w G(c(hw) + alpha m_w) / G(alpha m_w), with m_w = p(w|h').
    prior : {"counts", "continuation", "evidence"}, default "counts"
        The counts of the orders below the highest. "counts" takes occurrences. "continuation" takes the distinct words
        before, as Kneser-Ney does. "evidence" takes for unigrams the weights u_w of greatest evidence for the bigrams,
        which is the model of MacKay & Peto if the order is 2; other orders take occurrences.
    interpolate : bool, default True
        Must be True, as the method has no back-off form.
    closed : bool, default False
        Whether the vocabulary is closed.

    References
    ----------
    MacKay & Peto (1995), "A hierarchical Dirichlet language model".

    Examples
    --------
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
        keep_checked(self, {"prior": choice(*NAMES), "concentrations": above_zero})
        super().__post_init__()

    @property
    def name(self) -> str:  # type: ignore[override]
        """The name of the method with this prior."""
        return NAMES[self.prior]

    def effective_counts(self, counts: NgramCounts, order: int) -> Counts:
        """Return the counts of one order that belong to the prior."""
        if self.prior == "continuation":
            return counts.continuation_counts(order)
        if self.prior == "evidence" and order == 1 and counts.order > 1:
            weights: Any = evidence_weights(counts)
            # scaled to the number of bigrams that they were estimated from
            weights *= counts.trie.n_rows[1] / weights.sum()
            return weights  # type: ignore[no-any-return]
        return counts.counts[order - 1]

    def parameters(self, order: OrderCounts) -> float:
        """Return the concentration of one order."""
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
    ) -> list[float] | None:
        """Tune the concentrations on held-out text.

        The search starts from the average number of types after a history, not from the evidence.
        """
        if heldout is None or self.concentrations is not None:
            return None
        start = [max(types, MIN_CONCENTRATION) for types in map(_average_types, counts.trie.levels)]
        return tune_values(self, counts, start, heldout, threads, progress)

    def describe(self, parameters: float) -> OrderEstimates:
        """Return the concentration, as ``concentrations``."""
        return {"concentrations": (parameters,)}

    def tunable(self, order: int, parameters: float) -> list[tuple[float, float, float]]:
        """Return the logarithm of the concentration with its bounds, unless concentrations are given."""
        if self.concentrations is not None:
            return []
        return [(math.log(parameters), math.log(MIN_CONCENTRATION), math.log(MAX_CONCENTRATION))]

    def with_values(self, order: int, parameters: float, values: list[float]) -> float:
        """Return the new concentration, from its logarithm."""
        return math.exp(values[0]) if values else parameters

    def discount(self, block: CountBlock, parameters: float) -> tuple[Floats, Floats]:
        """Give unseen words the share alpha / (c(h.) + alpha)."""
        denominators = block.totals + parameters
        return block.counts / block.spread(denominators), parameters / denominators


def _average_types(level: Level) -> float:
    """Return the average number of distinct words after a history."""
    return level.n_rows / max(level.n_histories, 1)


def best_concentration(order: OrderCounts) -> float:
    """Return the alpha between 1e-4 and 1e7 of greatest evidence for one order."""
    return greatest_evidence(Evidence.of(order))


def greatest_evidence(evidence: Evidence) -> float:
    """Return the alpha between 1e-4 and 1e7 of greatest evidence.

    The evidence may have several maxima, as the order below was estimated from the same text. The search takes the best
    power of ten, then the nearby place where the slope is zero.
    """
    from scipy.optimize import brentq

    grid = np.arange(math.log10(MIN_CONCENTRATION), math.log10(MAX_CONCENTRATION) + 1) * math.log(10)
    best = int(np.argmax([evidence.log(math.exp(log_alpha)) for log_alpha in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    if not evidence.slope(low) > 0 > evidence.slope(high):
        return min(max(math.exp(grid[best]), MIN_CONCENTRATION), MAX_CONCENTRATION)
    return math.exp(brentq(evidence.slope, low, high, xtol=1e-10))


@dataclass(frozen=True, eq=False)
class Evidence:
    """The counts and lower-order probabilities that the evidence for a concentration depends on.

    Attributes
    ----------
    counts : float64
        The counts of the n-grams that were seen.
    means : float64
        The lower-order probability of each.
    totals : float64
        The history totals that are not zero.
    """

    counts: Floats
    means: Floats
    totals: Floats

    @classmethod
    def of(cls, order: OrderCounts) -> Evidence:
        """Return the evidence of one order."""
        counts = order.counts.astype(np.float64)
        seen = counts > 0
        totals = segment_sums(counts, order.level.starts)
        return cls(counts[seen], order.lower_probs(slice(0, len(counts)))[seen], totals[totals > 0])

    def log(self, alpha: float) -> float:
        """Return the natural logarithm of the evidence."""
        words = _log_rising(alpha * self.means, self.counts).sum()
        return float(words - _log_rising(np.full_like(self.totals, alpha), self.totals).sum())

    def slope(self, log_alpha: float) -> float:
        """Return the derivative of the log evidence by log alpha."""
        alpha = math.exp(log_alpha)
        words = (self.means * _digamma_rise(alpha * self.means, self.counts)).sum()
        return float(alpha * (words - _digamma_rise(np.full_like(self.totals, alpha), self.totals).sum()))


def _log_rising(x: Floats, counts: Floats) -> Floats:
    """Compute log G(x + count) - log G(x). Most counts are 1; then this is log x."""
    from scipy.special import gammaln

    found = np.log(x)
    several = np.flatnonzero(counts != 1)
    x = x[several]
    found[several] = gammaln(x + counts[several]) - gammaln(x)
    return found


def _digamma_rise(x: Floats, counts: Floats) -> Floats:
    """Compute psi(x + count) - psi(x). Most counts are 1; then this is 1 / x."""
    from scipy.special import digamma

    found = 1.0 / x
    several = np.flatnonzero(counts != 1)
    x = x[several]
    found[several] = digamma(x + counts[several]) - digamma(x)
    return found


def evidence_weights(counts: NgramCounts, iterations: int = 10_000, tolerance: float = 1e-12) -> Floats:
    """Return the unigram weights u = alpha m of greatest evidence for the bigrams, float64[V].

    A word that never follows another word has the weight 0.

    The fixed point u_w <- u_w sum_h (psi(c(hw) + u_w) - psi(u_w)) / sum_h (psi(c(h.) + alpha) - psi(alpha)), with
    alpha = sum u, never lowers the evidence. Alone it is slow where alpha is large. So two steps are extrapolated in
    log u, and the result is kept if its evidence is higher. Where the evidence has no maximum, the steps end at an
    alpha of 1000 for each bigram in the text.

    Parameters
    ----------
    counts : NgramCounts
        Counts of order 2 or more.
    iterations : int, default 10000
        The maximum number of extrapolations.
    tolerance : float, default 1e-12
        Relative change of all weights together by one step at which the steps end.

    References
    ----------
    Minka (2000), "Estimating a Dirichlet distribution", for the fixed point.
    Varadhan & Roland (2008), "Simple and globally convergent methods for accelerating the convergence of any EM
    algorithm", scheme S3.
    """
    level = counts.trie.level(2)
    rows = counts.counts[1].astype(np.float64)
    totals = segment_sums(rows, level.starts)
    size = counts.trie.n_rows[0]
    weights: Floats = np.bincount(level.suffixes, minlength=size).astype(np.float64)
    # start from the share of all histories that each word follows
    weights /= len(totals)
    most = MAX_PER_BIGRAM * rows.sum()
    for _ in range(iterations):
        one = _fixed_point(weights, rows, totals, level.suffixes)
        two = _fixed_point(one, rows, totals, level.suffixes)
        if np.abs(two - one).sum() < tolerance * two.sum():
            return two
        far = _extrapolated(weights, one, two)
        sure, hoped = (_log_evidence(some, rows, totals, level.suffixes) for some in (two, far))
        weights = far if hoped > sure else two
        if weights.sum() > most:
            return np.asarray(weights * (most / weights.sum()))
    return weights


def _extrapolated(weights: Floats, one: Floats, two: Floats) -> Floats:
    """Extrapolate two steps in the logarithms of the weights that are not 0."""
    used = weights > 0
    logs = np.log(weights[used])
    first = np.log(one[used]) - logs
    second = np.log(two[used]) - np.log(one[used]) - first
    length = math.sqrt(float(first @ first) / max(float(second @ second), TINY))
    # A far step is of no use, and may overflow.
    length = min(max(length, 1.0), MAX_LENGTH)
    found = np.zeros_like(weights)
    with np.errstate(over="ignore"):
        found[used] = np.exp(logs + 2 * length * first + length * length * second)
    return found


def _log_evidence(weights: Floats, counts: Floats, totals: Floats, words: Int32s) -> float:
    """Return the natural logarithm of the evidence of `weights` for the bigrams; minus infinity if it overflows."""
    alpha = float(weights.sum())
    own = take(weights, words)
    if not (math.isfinite(alpha) and (own > 0).all()):
        return -math.inf
    return float(_log_rising(own, counts).sum() - _log_rising(np.full_like(totals, alpha), totals).sum())


def _fixed_point(weights: Floats, counts: Floats, totals: Floats, words: Int32s) -> Floats:
    """Compute one step of `evidence_weights`."""
    gains = np.bincount(words, _digamma_rise(take(weights, words), counts), minlength=len(weights))
    below = _digamma_rise(np.full_like(totals, weights.sum()), totals).sum()
    return np.asarray(weights * gains / below)
