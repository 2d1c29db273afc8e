from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]

class RunningText:
    order: int
    n_rows: int
    n_histories: int
    n_words: int
    n_features: int
    def __init__(
        self,
        levels: Sequence[tuple[Int64s, Int32s]],
        histories: Int32s,
        documents: Int64s,
        list_starts: Int64s,
        list_words: Int32s,
        list_features: Int32s,
        lasting_starts: Int64s,
        lasting: Int32s,
        passing_starts: Int64s,
        passing: Int32s,
        n_features: int,
    ) -> None: ...
    def walk(
        self,
        first: int,
        end: int,
        gains: Float64s,
        alone: Float64s,
        factors: Float64s,
        words: Int32s,
        normalizers: Float64s,
        boosts: Float64s,
        reached: Float64s,
        shares: Float64s,
        expected: Float64s,
    ) -> float: ...
    def observe(self, words: Int32s, observed: Float64s) -> None: ...

def count_pairs(
    words: Int32s, documents: Int64s, places: Int32s, together: Int32s, exposed: Int64s
) -> None: ...
