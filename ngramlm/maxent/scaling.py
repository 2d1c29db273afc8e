"""Iterative scaling, as maximum-entropy models were first trained: kept for study, as quasi-Newton steps are far fewer.

Every feature makes the change d that would bring its expected count to what was observed, were all others to stay:
E~ - (l + d) / sigma^2 = sum over m of E_m exp(m d), E_m being the expected count over the words that m features are
active for. Improved iterative scaling (Della Pietra, Della Pietra & Lafferty 1997) takes just that; generalized
iterative scaling (Darroch & Ratcliff 1972) puts the greatest number of features in the place of each m, which needs
no correction feature (Curran & Clark 2003). Chen & Rosenfeld (2000) have the Gaussian prior in it. Every step lowers
the objective.
"""

from __future__ import annotations

import numpy as np

from ngramlm.maxent.ngram_likelihood import NgramLikelihood
from ngramlm.maxent.objective import Objective
from ngramlm.maxent.owl_qn import Watch
from ngramlm.types import Floats

__all__ = ["gis", "iis"]

NEWTON_STEPS = 100


def gis(objective: Objective, start: Floats, watch: Watch) -> None:
    """Generalized iterative scaling, until `watch` ends it; the likelihood is one of n-grams."""
    _scale(objective, start, watch, improved=False)


def iis(objective: Objective, start: Floats, watch: Watch) -> None:
    """Improved iterative scaling."""
    _scale(objective, start, watch, improved=True)


def _scale(objective: Objective, change: Floats, watch: Watch, improved: bool) -> None:
    likelihood = objective.likelihood
    assert isinstance(likelihood, NgramLikelihood)
    most = np.array([likelihood.trie.order], np.float64)
    sizes = np.arange(1.0, likelihood.trie.order + 1) if improved else most
    while True:
        value, gradient = objective.smooth(change)
        if watch(change, value, objective.gap(gradient)):
            return
        by_size = likelihood.expected_by_size(objective.background + change)
        expected = by_size if improved else by_size.sum(axis=0, keepdims=True)
        step = _solve(expected, sizes, likelihood.observed - change / objective.sigma2, objective.sigma2)
        change = change + np.where(likelihood.features, step, 0.0)


def _solve(expected: Floats, sizes: Floats, wanted: Floats, sigma2: float | Floats) -> Floats:
    """float64[F]: the d with sum over m of expected[m] exp(m d) + d / sigma^2 = wanted, by Newton's method.

    The left side is convex and grows: from where it is too large the steps never pass the place.
    """
    step = np.zeros(len(wanted))
    for _ in range(NEWTON_STEPS):
        with np.errstate(over="ignore"):
            masses = expected * np.exp(sizes[:, None] * step)
        excess = masses.sum(axis=0) + step / sigma2 - wanted
        change = excess / ((sizes[:, None] * masses).sum(axis=0) + 1 / sigma2)
        step = step - np.maximum(change, -1.0 / sizes[-1])  # from below a step could go far too far
        if np.abs(change).max(initial=0.0) < 1e-14:
            break
    return step
