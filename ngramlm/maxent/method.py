"""Conditional maximum-entropy models whose features are n-grams, which are back-off tables."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.core.validation import Number, choice
from ngramlm.counts import NgramCounts
from ngramlm.errors import EstimationError, UsageError
from ngramlm.maxent.background import background_lambdas
from ngramlm.maxent.ngram_likelihood import NgramLikelihood, by_order
from ngramlm.maxent.objective import Objective, Solution
from ngramlm.maxent.observed import Observed
from ngramlm.maxent.solvers import SMOOTH_ONLY, SOLVERS, solve
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.columns import Columns
from ngramlm.models.normalization import normalized_columns
from ngramlm.smoothing.base import Smoothing, stored_model
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import UNK
from ngramlm.trie._trie import spread
from ngramlm.trie.events import Events

__all__ = ["MaxEnt"]

Floats = NDArray[np.float64]
Float32s = NDArray[np.float32]
SIGMA2, SIGMA2_OF_CHANGES = 3.0, 0.5  # unless given; for changes to a background that of Chen (2009)
LEAST_SIGMA2, MOST_SIGMA2 = 0.1, 100.0  # that are searched
PRECISION = 0.1  # of log sigma^2: a tenth hardly changes a perplexity


@dataclass(frozen=True, kw_only=True)
class MaxEnt(Smoothing):
    """p(w|h) = exp(l(w) + l(h1 w) + .. + l(hw)) / Z(h), with an l for every n-gram that was counted.

    Rosenfeld (1996), "A maximum entropy approach to adaptive statistical language modelling"; with the priors of Chen
    & Rosenfeld (2000) and Chen (2009). Of all models that expect each n-gram as often as it was seen, less what the
    priors take, this is the one of greatest entropy; and no other choice of the l has a smaller objective
    L/D + sum l^2 / (2 sigma^2 D) + alpha/D sum |l|, in nats for each of the D events, L being minus the log likelihood.
    It is exactly a back-off table (Wu 2002): f(hw) = e^s / Z(h), bow(h) = Z(h') / Z(h).

    Args:
        closed: give ``<unk>`` no probability; n-grams that hold it are left out.
        sigma2: sigma^2, the variance of the Gaussian prior of every l; None takes the best on held-out text, and 3
            without (0.5 to adapt).
        alpha: how much each |l| costs; above 0, many l are exactly 0.
        solver: "owl-qn" (quasi-Newton), "lbfgs" (that of scipy), or for study "gis" or "iis"; only the first can do
            with an alpha above 0.
        tolerance: how many nats per event the objective may be above its minimum.
        max_iterations: after how many steps to stop in any case, with a warning.

    Raises UsageError for values out of range.

    Example:
        >>> from ngramlm.counts import count
        >>> counts = count(Text.from_sentences(["a b", "a c"]), order=2)
        >>> model = MaxEnt(sigma2=1).fit(counts)
        >>> model.log10_prob("b", ["a"]) > model.log10_prob("b", ["c"])
        True
        >>> round(float(model.distribution(["a"]).sum()), 6)
        1.0
    """

    name: ClassVar[str] = "maxent"
    slow: ClassVar[bool] = True

    sigma2: float | None = None
    alpha: float = 0.0
    solver: str = "owl-qn"
    tolerance: float = 1e-4
    max_iterations: int = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check(
            sigma2=Number(least=0, above=True, optional=True),
            alpha=Number(least=0),
            solver=choice(*SOLVERS),
            tolerance=Number(least=0, above=True),
            max_iterations=Number(least=1, whole=True),
        )
        if self.alpha and self.solver in SMOOTH_ONLY:
            raise UsageError(
                f"alpha is {self.alpha} with the solver {self.solver!r}; expected 0, or 'owl-qn'"
            )

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> BackoffModel:
        """Train; a held-out text chooses sigma^2, unless it is given. `progress` hears of every step, and may end the
        work by an exception.

        Raises EstimationError when nothing was counted, and for counts that no text has. Warns with an
        EstimationWarning where `max_iterations` are too few.
        """
        counts = self.usable_counts(counts, heldout)
        likelihood = self.likelihood(counts, threads)
        method, start = self._with_sigma2(counts, likelihood, heldout, progress)
        solution = method.solution(likelihood, progress, start=start)
        probs, backoffs = _log10_columns(likelihood, solution.lambdas)
        metadata = {
            "smoothing": self.name,
            "sigma2": f"{method.sigma2:g}",
            "alpha": f"{self.alpha:g}",
        } | self.metadata(counts, [], tuned=method != self and heldout is not None)
        if not solution.converged:
            metadata["converged"] = "no"
        return stored_model(counts, probs, backoffs, metadata)

    def adapt(
        self,
        background: BackoffModel,
        counts: NgramCounts,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> BackoffModel:
        """A model for the text that was counted, as near to another model as the prior wants.

        Any back-off table is such an exponential model: l(hw) = log f(hw) - log bow(h) p(w|h'). Its l become the centre
        of the prior, so that `sigma2` says how far to go away from it: where the text says nothing, nothing changes.
        The features that may change are the n-grams of the text.

        Raises UsageError for a model of scores, or counts over another vocabulary or of another order.

        Example:
            >>> from ngramlm.counts import count
            >>> text = Text.from_sentences(["a b", "a c"])
            >>> background = MaxEnt().fit(count(text, order=2))
            >>> more = Text.from_sentences(["a c", "a c"], vocabulary=text.vocabulary)
            >>> adapted = MaxEnt(sigma2=0.5).adapt(background, count(more, order=2))
            >>> adapted.log10_prob("c", ["a"]) > background.log10_prob("c", ["a"])
            True
        """
        columns = normalized_columns(background)
        counts = replace(self, closed=False).usable_counts(counts)
        if counts.vocabulary != background.vocabulary:
            raise UsageError("found counts over another vocabulary than that of the model; expected the same")
        if counts.order != background.order:
            raise UsageError(
                f"found counts of order {counts.order}; expected {background.order}, as the model"
            )
        if (columns.probs[0][counts.counts[0] > 0] == 0).any():
            raise UsageError("found words that the model thinks impossible; expected none in the counts")
        trie, base, centre = background_lambdas(columns, counts.trie)
        likelihood = NgramLikelihood(Observed.within(counts, trie), base, usable_threads(threads))
        method = self if self.sigma2 is not None else replace(self, sigma2=SIGMA2_OF_CHANGES)
        solution = method.solution(likelihood, progress, centre)
        metadata = {**background.metadata, "adapted": f"sigma2={method.sigma2:g}"}
        adapted = Columns(trie, *_log10_columns(likelihood, solution.lambdas))
        return BackoffModel(counts.vocabulary, adapted, metadata)

    def likelihood(self, counts: NgramCounts, threads: int | None = None) -> NgramLikelihood:
        """The likelihood of the counts, as a function of the l."""
        base = (self.base_distribution(counts) > 0).astype(np.float64)
        return NgramLikelihood(Observed.of(counts), base, usable_threads(threads))

    def _with_sigma2(
        self,
        counts: NgramCounts,
        likelihood: NgramLikelihood,
        heldout: Text | None,
        progress: Progress | None,
    ) -> tuple[MaxEnt, Floats | None]:
        """The method with a sigma^2, and the l of the last training that was needed to find it."""
        if self.sigma2 is not None or heldout is None:
            return (self if self.sigma2 is not None else replace(self, sigma2=SIGMA2)), None
        events = Events.locate(counts.trie, heldout.over(counts.vocabulary))
        if self.closed:
            events = events.select(events.words != UNK)
        if not len(events):
            raise EstimationError("found no event in the held-out text; expected at least one")
        last: list[Floats] = []

        def perplexity(log_sigma2: float) -> float:
            method = replace(self, sigma2=math.exp(log_sigma2))
            last[:] = [method.solution(likelihood, progress, start=last[0] if last else None).lambdas]
            return likelihood.nats(last[0], events)

        from scipy.optimize import minimize_scalar

        bounds = math.log(LEAST_SIGMA2), math.log(MOST_SIGMA2)
        found = minimize_scalar(perplexity, bounds=bounds, method="bounded", options={"xatol": PRECISION})
        return replace(self, sigma2=float(f"{math.exp(found.x):.3g}")), last[0]

    def solution(
        self,
        likelihood: NgramLikelihood,
        progress: Progress | None = None,
        background: Floats | None = None,
        start: Floats | None = None,
    ) -> Solution:
        """The l of the smallest objective; `background` is the centre of the prior, 0 unless given."""

        def report(iteration: int, _: float) -> None:
            if progress is not None:
                progress("training", iteration, None)

        sigma2 = SIGMA2 if self.sigma2 is None else self.sigma2
        objective = Objective.of(likelihood, sigma2, self.alpha, background)
        return solve(objective, self.solver, self.tolerance, self.max_iterations, report, start)


def _log10_columns(likelihood: NgramLikelihood, lambdas: Floats) -> tuple[list[Float32s], list[Float32s]]:
    """log10 of f(hw) = e^s / Z(h) for all rows, and of bow(h) = Z(h') / Z(h) for the histories of order 2 and above."""
    trie = likelihood.trie
    masses, normalizers = likelihood.masses(lambdas)
    with np.errstate(divide="ignore"):
        log_masses = by_order(np.log(masses), trie.n_rows)
    logs = by_order(np.log(normalizers), [level.n_histories for level in trie.levels])
    probs = [
        np.minimum((scores - spread(own, level.starts)) / math.log(10), 0.0).astype(np.float32)
        for scores, own, level in zip(log_masses, logs, trie.levels, strict=True)
    ]
    backoffs = [
        ((lower[level.parents] - own) / math.log(10)).astype(np.float32)
        for lower, own, level in zip(logs, logs[1:], trie.levels[1:], strict=False)
    ]
    return probs, backoffs
