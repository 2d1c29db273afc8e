from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]
Int64s = NDArray[np.int64]
Columns = tuple[NDArray[np.int32], Int64s, NDArray[np.int32]]

class Features:
    order: int
    def __init__(self, levels: Sequence[Columns], base: Float64s, weights: Float64s) -> None: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_histories(self) -> int: ...
    def open(self, lambdas: Float64s, masses: Float64s, normalizers: Float64s) -> None: ...
    def rise(
        self, lambdas: Float64s, masses: Float64s, normalizers: Float64s, firsts: Int64s, ends: Int64s
    ) -> float: ...
    def fall(
        self,
        masses: Float64s,
        shares: Float64s,
        expected: Float64s,
        unigrams: Float64s,
        firsts: Int64s,
        ends: Int64s,
    ) -> float: ...
