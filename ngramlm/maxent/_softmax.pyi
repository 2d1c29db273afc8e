import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]

def softmax(
    starts: Int64s,
    ranges: Int64s,
    outcomes: Int32s,
    lambdas: Float64s,
    base: Float64s,
    weights: Float64s,
    wanted: Int32s,
    probs: Float64s,
    expected: Float64s,
) -> float: ...
