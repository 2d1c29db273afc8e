"""Iterative scaling: the first algorithms for maximum-entropy training. They need many steps, and are for study.

Every feature changes its weight by the d that solves E~ - (l + d) / sigma^2 = sum over m of E_m exp(m d). E~ is the
observed count, E_m the expected count over the words for which m features are active. Improved iterative scaling takes
this d. Generalized iterative scaling replaces each m by the greatest number of features. Every step lowers the
objective.

References
----------
Darroch & Ratcliff (1972), "Generalized iterative scaling for log-linear models".
Della Pietra, Della Pietra & Lafferty (1997), "Inducing features of random fields".
Chen & Rosenfeld (2000), "A survey of smoothing techniques for ME models", for the Gaussian prior.
Curran & Clark (2003), "Investigating GIS and smoothing for maximum entropy taggers", without a correction feature.
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
    """Minimize an objective of n-grams by generalized iterative scaling, until `watch` ends the search."""
    _scale(objective, start, watch, improved=False)


def iis(objective: Objective, start: Floats, watch: Watch) -> None:
    """Minimize an objective of n-grams by improved iterative scaling, until `watch` ends the search."""
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
    """Find the d with sum over m of expected[m] exp(m d) + d / sigma^2 = wanted, by Newton's method, float64[F].

    The left side is convex and increasing, so steps from above never pass the root.
    """
    step = np.zeros(len(wanted))
    for _ in range(NEWTON_STEPS):
        with np.errstate(over="ignore"):
            masses = expected * np.exp(sizes[:, None] * step)
        excess = masses.sum(axis=0) + step / sigma2 - wanted
        change = excess / ((sizes[:, None] * masses).sum(axis=0) + 1 / sigma2)
        # From below the root a full step could overshoot.
        step = step - np.maximum(change, -1.0 / sizes[-1])
        if np.abs(change).max(initial=0.0) < 1e-14:
            break
    return step
