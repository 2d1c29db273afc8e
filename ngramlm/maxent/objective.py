"""The objective of maximum-entropy training: minus the log likelihood per event, with penalties on the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ngramlm.types import Bools, Floats

__all__ = ["Likelihood", "Objective", "Solution"]


class Likelihood(Protocol):
    """The likelihood of a text under exponential models with some features.

    Attributes
    ----------
    observed : float64[F]
        The number of events in which each feature was active.
    features : bool[F]
        Whether a place is a feature. The weights of other places stay 0.
    n_events : float
        The number of events.
    """

    observed: Floats
    features: Bools
    n_events: float

    def __call__(self, lambdas: Floats) -> tuple[float, Floats]:
        """Return minus the log likelihood (nats), and the expected count of each feature, float64[F]."""
        ...


@dataclass(frozen=True, eq=False)
class Objective:
    """L/D + sum d^2 / (2 sigma^2 D) + alpha/D sum |d|, in nats for each of D events; L is minus the log likelihood.

    The weights are those of a background model plus d. The objective is strictly convex, so it has one minimum.

    Attributes
    ----------
    likelihood : Likelihood
        Gives L and its gradient.
    sigma2 : float or float64[F]
        The variance of the Gaussian prior, for all weights or for each.
    alpha : float
        The cost of absolute values.
    background : float64[F]
        The weights at which d = 0.

    References
    ----------
    Chen & Rosenfeld (2000), "A survey of smoothing techniques for ME models", for the Gaussian prior.
    Chen (2009), "Performance prediction for exponential language models", for both penalties.
    """

    likelihood: Likelihood
    sigma2: float | Floats
    alpha: float
    background: Floats

    @classmethod
    def of(
        cls,
        likelihood: Likelihood,
        sigma2: float | Floats,
        alpha: float = 0.0,
        background: Floats | None = None,
    ) -> Objective:
        """Return the objective with a background; by default the background weights are 0."""
        return cls(
            likelihood,
            sigma2,
            alpha,
            np.zeros(len(likelihood.observed)) if background is None else background,
        )

    @property
    def l1(self) -> float:
        """The slope of the penalty on absolute values."""
        return self.alpha / self.likelihood.n_events

    def smooth(self, change: Floats) -> tuple[float, Floats]:
        """Return the objective without the absolute values, and its gradient float64[F]."""
        n_events = self.likelihood.n_events
        value, gradient = self.likelihood(self.background + change)
        gradient -= self.likelihood.observed
        gradient[~self.likelihood.features] = 0.0
        gradient += change / self.sigma2
        gradient /= n_events
        return (value + float(change @ (change / self.sigma2)) / 2) / n_events, gradient

    def value(self, smooth: float, change: Floats) -> float:
        """Return the objective, given its smooth part."""
        return smooth + self.l1 * float(np.abs(change).sum()) if self.alpha else smooth

    def slope(self, change: Floats, gradient: Floats) -> Floats:
        """Return the subgradient of least length, float64[F]; without absolute values this is the gradient.

        References
        ----------
        Andrew & Gao (2007), "Scalable training of L1-regularized log-linear models", eq. 4.
        """
        if not self.alpha:
            return gradient
        shrunk = np.sign(gradient) * np.maximum(np.abs(gradient) - self.l1, 0.0)
        return np.where(change == 0, shrunk, gradient + self.l1 * np.sign(change))

    def gap(self, slope: Floats) -> float:
        """Return an upper bound of the distance to the minimum, in nats per event, from the subgradient.

        The Gaussian prior gives the objective a curvature of at least 1 / (sigma^2 D). So it cannot fall by more than
        sigma^2 D |slope|^2 / 2.
        """
        return self.likelihood.n_events * float(slope @ (self.sigma2 * slope)) / 2

    def scales(self) -> Floats:
        """Return factors of the weights, float64[F], with which the objective has about the same curvature in each."""
        return np.sqrt(self.likelihood.observed + 1 / self.sigma2)


@dataclass(frozen=True, eq=False)
class Solution:
    """The result of an optimizer.

    Attributes
    ----------
    lambdas : float64[F]
        The weight of every feature.
    value : float
        The objective, in nats per event.
    gap : float
        An upper bound of the distance to the minimum.
    iterations : int
        The number of steps.
    converged : bool
        Whether the objective is within the tolerance of its minimum.
    """

    lambdas: Floats
    value: float
    gap: float
    iterations: int
    converged: bool
