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
