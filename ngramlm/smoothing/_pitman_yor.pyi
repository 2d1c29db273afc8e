import numpy as np
from numpy.typing import NDArray

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Float64s = NDArray[np.float64]

class Seating:
    order: int
    customers: Int32s
    tables: Int32s
    history_customers: Int32s
    history_tables: Int32s
    def __init__(
        self,
        suffixes: Int32s,
        starts: Int64s,
        parents: Int32s,
        history_starts: Int64s,
        events: Int32s,
        base: float,
        seed: NDArray[np.uint64],
    ) -> None: ...
    def set_parameters(self, discounts: Float64s, strengths: Float64s) -> None: ...
    def resample(self, order: int) -> None: ...
    def table_sizes(self, order: int) -> Int32s: ...
    def _seats_of(self, row: int) -> Int32s: ...
