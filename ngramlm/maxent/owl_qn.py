"""Orthant-wise limited-memory quasi-Newton: L-BFGS for objectives with absolute values, and plain L-BFGS without them.

Within one orthant the absolute values are linear. A step follows the curvature of the smooth part, and stops where a
weight would change its sign.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from ngramlm.maxent.objective import Objective
from ngramlm.types import Floats

__all__ = ["Watch", "owl_qn"]

Watch = Callable[[Floats, float, float], bool]
"""Called at the start and after every step with (changes d, objective, gap); True ends the search."""

# The number of pairs (step, change of the gradient) that approximate the curvature.
MEMORY = 8
# A step must reach this share of the decrease that the slope predicts.
SUFFICIENT = 1e-4
MAX_HALVINGS = 40
ROUNDING = 16 * float(np.finfo(np.float64).eps)


def owl_qn(objective: Objective, start: Floats, watch: Watch) -> None:
    """Minimize an objective from some changes d, until `watch` ends the search or no step lowers the objective.

    References
    ----------
    Andrew & Gao (2007), "Scalable training of L1-regularized log-linear models".
    """
    scales = objective.scales()
    change = start
    smooth, gradient = objective.smooth(change)
    value = objective.value(smooth, change)
    pairs: deque[tuple[Floats, Floats, float]] = deque(maxlen=MEMORY)
    while True:
        slope = objective.slope(change, gradient)
        if watch(change, value, objective.gap(slope)):
            return
        direction = _newton(slope / scales, pairs, objective.likelihood.n_events) / scales
        if objective.alpha:
            direction[direction * slope >= 0] = 0.0
        # The first step is small, because overlapping features share the change that each would need alone.
        step = 1.0 if pairs else 0.25
        orthant = np.where(change != 0, np.sign(change), -np.sign(slope)) if objective.alpha else None
        for _ in range(MAX_HALVINGS):
            new = change + step * direction
            if orthant is not None:
                new[new * orthant < 0] = 0.0
            new_smooth, new_gradient = objective.smooth(new)
            new_value = objective.value(new_smooth, new)
            promised = SUFFICIENT * float(slope @ (new - change))
            if new_value <= value + promised + ROUNDING * abs(value):
                break
            step /= 2
        else:
            return
        moved, bent = (new - change) * scales, (new_gradient - gradient) / scales
        if (curvature := float(moved @ bent)) > 0:
            pairs.append((moved, bent, curvature))
        elif not moved.any():
            return
        change, value, gradient = new, new_value, new_gradient


def _newton(slope: Floats, pairs: deque[tuple[Floats, Floats, float]], first: float) -> Floats:
    """Return minus the slope times the approximate inverse curvature (Nocedal 1980, two-loop recursion)."""
    direction = -slope
    factors = []
    for moved, bent, curvature in reversed(pairs):
        factor = float(moved @ direction) / curvature
        direction -= factor * bent
        factors.append(factor)
    if pairs:
        _, bent, curvature = pairs[-1]
        direction *= curvature / float(bent @ bent)
    else:
        direction *= first
    for (moved, bent, curvature), factor in zip(pairs, reversed(factors), strict=True):
        direction += (factor - float(bent @ direction) / curvature) * moved
    return direction
