"""Optimizers for maximum-entropy training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ngramlm.errors import EstimationWarning, warn
from ngramlm.maxent.objective import Objective, Solution
from ngramlm.maxent.owl_qn import Watch, owl_qn
from ngramlm.maxent.scaling import gis, iis
from ngramlm.types import Floats

__all__ = ["SMOOTH_ONLY", "SOLVERS", "Report", "solve"]

Report = Callable[[int, float], None]
"""Called at the start and after every step with (iteration, objective in nats per event)."""


def lbfgs(objective: Objective, start: Floats, watch: Watch) -> None:
    """Minimize with the L-BFGS of scipy, an independent implementation that is several times slower than `owl_qn`."""
    from scipy.optimize import OptimizeResult, minimize

    scales = objective.scales()
    value, gradient = objective.smooth(start)
    if watch(start, value, objective.gap(gradient)):
        return

    def evaluate(scaled: Floats) -> tuple[float, Floats]:
        value, gradient = objective.smooth(scaled / scales)
        return value, gradient / scales

    def after_step(intermediate_result: OptimizeResult) -> None:
        change = intermediate_result.x / scales
        value, gradient = objective.smooth(change)
        if watch(change, value, objective.gap(gradient)):
            raise StopIteration

    unlimited = {"ftol": 0.0, "gtol": 0.0, "maxiter": 1 << 30, "maxfun": 1 << 30}
    minimize(evaluate, start * scales, jac=True, method="L-BFGS-B", callback=after_step, options=unlimited)


SOLVERS: dict[str, Callable[[Objective, Floats, Watch], None]] = {
    "owl-qn": owl_qn,
    "lbfgs": lbfgs,
    "gis": gis,
    "iis": iis,
}
# optimizers that need an alpha of 0
SMOOTH_ONLY = ("lbfgs", "gis", "iis")


def solve(
    objective: Objective,
    solver: str,
    tolerance: float,
    max_iterations: int,
    report: Report | None = None,
    start: Floats | None = None,
    window: int | None = None,
) -> Solution:
    """Minimize an objective.

    Parameters
    ----------
    objective : Objective
        The objective.
    solver : str
        The name of an optimizer in `SOLVERS`.
    tolerance : float
        How far the result may be above the minimum, in nats per event.
    max_iterations : int
        The maximum number of steps.
    report : callable, optional
        Called at the start and after every step with (iteration, objective).
    start : float64[F], optional
        The weights to start from; by default those of the background.
    window : int, optional
        The search also ends if this many steps together lower the objective by at most `tolerance`. This is for
        objectives whose gap is much larger than the real distance to the minimum.

    Returns
    -------
    Solution
        The result of the search. If it is not within the tolerance, an EstimationWarning is issued.
    """
    last: list[Solution] = []
    values: list[float] = []

    def watch(change: Floats, value: float, gap: float) -> bool:
        iterations = len(values)
        values.append(value)
        level = window is not None and iterations >= window and values[-1 - window] - value <= tolerance
        converged = gap <= tolerance or level
        last[:] = [Solution(objective.background + change, value, gap, iterations, converged)]
        if report is not None:
            report(iterations, value)
        return converged or iterations >= max_iterations

    begin = np.zeros(len(objective.background)) if start is None else start - objective.background
    SOLVERS[solver](objective, begin, watch)
    found = last[-1]
    if not found.converged:
        warn(
            f"{solver} stopped after {found.iterations} steps, at an objective of {found.value:.6g} nats per event "
            f"that may be up to {found.gap:.2g} above its minimum; expected {tolerance:g} (allow more steps)",
            EstimationWarning,
        )
    return found
