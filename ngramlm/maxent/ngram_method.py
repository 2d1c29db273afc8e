"""Maximum-entropy models with n-gram features, stored as back-off models."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.core.validation import Number, choice, keep_checked
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
from ngramlm.types import Float32s, Floats

__all__ = ["MaxEnt"]

# (sigma^2, alpha) by default, up to the order LOW and above; the second pair is that of Chen (2009)
LOW, LOW_DEFAULTS, HIGH_DEFAULTS = 3, (3.0, 0.0), (6.0, 0.5)
# (sigma^2, alpha) by default for changes to a background model
DEFAULTS_OF_CHANGES = (0.5, 0.0)
# the range of the search for sigma^2
MIN_SIGMA2, MAX_SIGMA2 = 0.1, 100.0
# precision of log sigma^2: a tenth hardly changes the perplexity
PRECISION = 0.1


@dataclass(frozen=True, kw_only=True)
class MaxEnt(Smoothing):
    """Maximum-entropy model: p(w|h) = exp(l(w) + l(h1 w) + .. + l(hw)) / Z(h), with a weight l for every n-gram.

    Without priors, the model has the greatest entropy of all models in which the expected count of each n-gram equals
    its count in the text. Priors lower the expected counts. The weights minimize
    L/D + sum l^2 / (2 sigma^2 D) + alpha/D sum |l|, in nats for each of D events. L is minus the log likelihood. The
    model is exactly a back-off model: f(hw) = e^s / Z(h), bow(h) = Z(h') / Z(h).

    Parameters
    ----------
    sigma2 : float, optional
        sigma^2, the variance of the Gaussian prior of every weight. By default held-out text chooses it; without
        held-out text it is 3 up to order 3, 6 above, and 0.5 for `adapt`.
    alpha : float, optional
        The cost of the absolute value of every weight. Above 0, many weights are exactly 0. By default it is 0 up to
        order 3, 0.5 above, and 0 for `adapt` and for all solvers but "owl-qn".
    solver : {"owl-qn", "lbfgs", "gis", "iis"}, default "owl-qn"
        The optimizer. "owl-qn" is a quasi-Newton method, and "lbfgs" is that of scipy. "gis" and "iis" are iterative
        scaling, for study. Only "owl-qn" accepts an `alpha` above 0.
    tolerance : float, default 1e-4
        How far the objective may be above its minimum, in nats per event.
    max_iterations : int, default 1000
        The maximum number of steps. Training that stops there issues an EstimationWarning.
    closed : bool, default False
        Whether the vocabulary is closed.

    Raises
    ------
    UsageError
        If a value is out of range.

    References
    ----------
    Rosenfeld (1996), "A maximum entropy approach to adaptive statistical language modelling".
    Chen & Rosenfeld (2000), "A survey of smoothing techniques for ME models", for the Gaussian prior.
    Chen (2009), "Performance prediction for exponential language models", for both priors.
    Wu (2002), "Maximum entropy language modeling with non-local dependencies", for the back-off form.

    Examples
    --------
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
    alpha: float | None = None
    solver: str = "owl-qn"
    tolerance: float = 1e-4
    max_iterations: int = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        keep_checked(
            self,
            {
                "sigma2": Number(least=0, above=True, optional=True),
                "alpha": Number(least=0, optional=True),
                "solver": choice(*SOLVERS),
                "tolerance": Number(least=0, above=True),
                "max_iterations": Number(least=1, whole=True),
            },
        )
        if self.alpha and self.solver in SMOOTH_ONLY:
            raise UsageError(
                f"alpha is {self.alpha} with the solver {self.solver!r}; expected an alpha of 0, or the solver 'owl-qn'"
            )

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> BackoffModel:
        """Train a model. Held-out text chooses sigma^2, unless it is given.

        The parameters are those of `Smoothing.fit`. `progress` is called after every step, and may end the training by
        an exception. Training that stops after `max_iterations` issues an EstimationWarning.

        Raises
        ------
        EstimationError
            If nothing was counted, or an n-gram has a higher count than its suffix.
        """
        counts = self.usable_counts(counts, heldout)
        likelihood = self.likelihood(counts, threads)
        method = self._with_defaults(_defaults(counts.order))
        start = None
        if self.sigma2 is None and heldout is not None:
            method, start = method._with_best_sigma2(counts, likelihood, heldout, progress)
        solution = method.solution(likelihood, progress, start=start)
        probs, backoffs = _log10_columns(likelihood, solution.lambdas)
        metadata = {
            "smoothing": self.name,
            "sigma2": f"{method.sigma2:g}",
            "alpha": f"{method.alpha:g}",
        } | self.metadata(counts, [], tuned=start is not None)
        if not solution.converged:
            metadata |= {"converged": "no"}
        return stored_model(counts, probs, backoffs, metadata)

    def adapt(
        self,
        background: BackoffModel,
        counts: NgramCounts,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> BackoffModel:
        """Adapt a model to a text: change it only as far as the counts of the text demand.

        Any back-off model is an exponential model with l(hw) = log f(hw) - log bow(h) p(w|h'). These weights are the
        mean of the Gaussian prior, and `sigma2` is its variance. Only the weights of the n-grams of the text can
        change.

        Parameters
        ----------
        background : BackoffModel
            The model to adapt.
        counts : NgramCounts
            Counts of the text, of the same vocabulary and order.
        threads : int, optional
            Number of threads; by default all processors.
        progress : callable, optional
            Called after every step.

        Returns
        -------
        BackoffModel
            The adapted model, with the n-grams of both.

        Raises
        ------
        UsageError
            If the model has scores instead of probabilities, or the counts have another vocabulary or order.

        Examples
        --------
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
            raise UsageError(
                "found counts over another vocabulary than that of the model; expected the same vocabulary"
            )
        if counts.order != background.order:
            raise UsageError(
                f"found counts of order {counts.order}; expected {background.order}, the order of the model"
            )
        if (columns.probs[0][counts.counts[0] > 0] == 0).any():
            raise UsageError(
                "found counts of words that are impossible in the model; expected counts of other words only"
            )
        trie, base, center = background_lambdas(columns, counts.trie)
        likelihood = NgramLikelihood(Observed.within(counts, trie), base, usable_threads(threads))
        method = self._with_defaults(DEFAULTS_OF_CHANGES)
        solution = method.solution(likelihood, progress, center)
        metadata = background.metadata | {"adapted": f"sigma2={method.sigma2:g}"}
        adapted = Columns(trie, *_log10_columns(likelihood, solution.lambdas))
        return BackoffModel(counts.vocabulary, adapted, metadata)

    def likelihood(self, counts: NgramCounts, threads: int | None = None) -> NgramLikelihood:
        """Return the likelihood of the counts as a function of the weights."""
        base = (self.base_distribution(counts) > 0).astype(np.float64)
        return NgramLikelihood(Observed.of(counts), base, usable_threads(threads))

    def _with_defaults(self, defaults: tuple[float, float]) -> MaxEnt:
        """Return the method with defaults (sigma^2, alpha) for what is not given; some solvers need an alpha of 0."""
        sigma2, alpha = defaults
        return replace(
            self,
            sigma2=sigma2 if self.sigma2 is None else self.sigma2,
            alpha=(0.0 if self.solver in SMOOTH_ONLY else alpha) if self.alpha is None else self.alpha,
        )

    def _with_best_sigma2(
        self, counts: NgramCounts, likelihood: NgramLikelihood, heldout: Text, progress: Progress | None
    ) -> tuple[MaxEnt, Floats]:
        """Choose sigma^2; return the method with it, and the weights of the last training of the search."""
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

        bounds = math.log(MIN_SIGMA2), math.log(MAX_SIGMA2)
        found = minimize_scalar(perplexity, bounds=bounds, method="bounded", options={"xatol": PRECISION})
        return replace(self, sigma2=float(f"{math.exp(found.x):.3g}")), last[0]

    def solution(
        self,
        likelihood: NgramLikelihood,
        progress: Progress | None = None,
        background: Floats | None = None,
        start: Floats | None = None,
    ) -> Solution:
        """Find the weights of the smallest objective.

        Parameters
        ----------
        likelihood : NgramLikelihood
            The likelihood of the counts.
        progress : callable, optional
            Called with ("training", steps done, None).
        background : float64[R], optional
            The center of the prior; by default 0.
        start : float64[R], optional
            The weights to start from; by default `background`.
        """

        def report(iteration: int, _: float) -> None:
            if progress is not None:
                progress("training", iteration, None)

        settled = self._with_defaults(_defaults(likelihood.trie.order))
        assert settled.sigma2 is not None
        assert settled.alpha is not None
        objective = Objective.of(likelihood, settled.sigma2, settled.alpha, background)
        return solve(objective, self.solver, self.tolerance, self.max_iterations, report, start)


def _defaults(order: int) -> tuple[float, float]:
    """Return (sigma^2, alpha) for models of an order: the best of several pairs on held-out texts."""
    return LOW_DEFAULTS if order <= LOW else HIGH_DEFAULTS


def _log10_columns(likelihood: NgramLikelihood, lambdas: Floats) -> tuple[list[Float32s], list[Float32s]]:
    """Compute log10 of f(hw) = e^s / Z(h) for all rows, and of bow(h) = Z(h') / Z(h) for histories from order 2 on."""
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
