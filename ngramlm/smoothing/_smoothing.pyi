import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]

def expected_uses(
    ratios: Float64s,
    places: NDArray[np.int32],
    weights: Float64s,
    base: Float64s,
    event_weights: Float64s,
) -> tuple[float, Float64s, Float64s]: ...
def subtract(
    counts: Float64s,
    starts: NDArray[np.int64],
    totals: Float64s,
    discounts: Float64s,
    repeats: Float64s,
) -> tuple[Float64s, Float64s]: ...
def interpolate(
    seen: Float64s,
    left: Float64s,
    starts: NDArray[np.int64],
    lower: Float64s,
    suffixes: NDArray[np.int32],
) -> Float64s: ...
def log10s(values: Float64s, out: NDArray[np.float32], most: float) -> None: ...
