import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]

def exchange(
    next_starts: Int64s,
    next_words: Int32s,
    next_counts: Float64s,
    last_starts: Int64s,
    last_words: Int32s,
    last_counts: Float64s,
    classes: Int32s,
    n_classes: int,
    first_word: int,
    first_class: int,
) -> int: ...
