import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

def mix_fixed(probs: Floats, weights: Floats, buckets: NDArray[np.int32], out: Floats) -> None: ...
def mix_recent(
    probs: Floats, starts: Int64s, prior: Floats, window: int, strength: float, out: Floats
) -> Floats: ...
def mix_bayes(probs: Floats, starts: Int64s, prior: Floats, memory: float, out: Floats) -> Floats: ...
