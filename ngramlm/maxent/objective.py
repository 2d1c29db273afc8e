"""What training makes small: minus the log likelihood of each event, and the penalties that keep the features small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ngramlm.types import Bools, Floats

__all__ = ["Likelihood", "Objective", "Solution"]


class Likelihood(Protocol):
    """The likelihood of a text under exponential models with some features.

    Attributes:
        observed: float64[F], how often each feature was active in the text.
        features: bool[F], which places are features; at the others l stays 0.
        n_events: how many events there are.
    """

    observed: Floats
    features: Bools
    n_events: float

    def __call__(self, lambdas: Floats) -> tuple[float, Floats]:
        """(minus the log likelihood in nats, how often the model expects each feature to be active float64[F])."""
        ...


@dataclass(frozen=True, eq=False)
class Objective:
    """L/D + sum d^2 / (2 sigma^2 D) + alpha/D sum |d|, in nats for each of D events; L is minus the log likelihood.

    Chen & Rosenfeld (2000) give the Gaussian prior, Chen (2009) the form with both. The l are those of a background
    model plus d. The sum is strictly convex: it has one minimum.

    Attributes:
        likelihood: gives L and its gradient.
        sigma2: the variance of the Gaussian prior, one for all or float64[F].
        alpha: the weight of the absolute values.
        background: float64[F], the l at which d = 0.
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
        """(the objective without the absolute values, its gradient float64[F])."""
        n_events = self.likelihood.n_events
        value, gradient = self.likelihood(self.background + change)
        gradient -= self.likelihood.observed
        gradient[~self.likelihood.features] = 0.0
        gradient += change / self.sigma2
        gradient /= n_events
        return (value + float(change @ (change / self.sigma2)) / 2) / n_events, gradient

    def value(self, smooth: float, change: Floats) -> float:
        """The objective, given its smooth part."""
        return smooth + self.l1 * float(np.abs(change).sum()) if self.alpha else smooth

    def slope(self, change: Floats, gradient: Floats) -> Floats:
        """The subgradient of least length, float64[F]; it is the gradient where there are no absolute values.

        Andrew & Gao (2007), "Scalable training of L1-regularized log-linear models", eq. 4.
        """
        if not self.alpha:
            return gradient
        shrunk = np.sign(gradient) * np.maximum(np.abs(gradient) - self.l1, 0.0)
        return np.where(change == 0, shrunk, gradient + self.l1 * np.sign(change))

    def gap(self, slope: Floats) -> float:
        """How far the objective is above its minimum at most, in nats per event, where it has this subgradient.

        The Gaussian prior curves it by 1 / (sigma^2 D) at least, so that it cannot fall by more than
        sigma^2 D |slope|^2 / 2.
        """
        return self.likelihood.n_events * float(slope @ (self.sigma2 * slope)) / 2

    def scales(self) -> Floats:
        """float64[F], by which the places are to be stretched, so that the objective curves about equally in all."""
        return np.sqrt(self.likelihood.observed + 1 / self.sigma2)


@dataclass(frozen=True, eq=False)
class Solution:
    """Where a solver ended.

    Attributes:
        lambdas: float64[F], the l of every feature.
        value: the objective there, in nats per event.
        gap: how far it is above the minimum at most.
        iterations: how many steps were made.
        converged: whether the objective is as near to its minimum as was asked for.
    """

    lambdas: Floats
    value: float
    gap: float
    iterations: int
    converged: bool
