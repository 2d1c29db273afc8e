import numpy as np
from numpy.typing import NDArray

from ngramlm.types import Floats, Int32s, Ints

class Seating:
    order: int
    customers: Int32s
    tables: Int32s
    history_customers: Int32s
    history_tables: Int32s
    def __init__(
        self,
        suffixes: Int32s,
        starts: Ints,
        parents: Int32s,
        history_starts: Ints,
        events: Int32s,
        base: float,
        seed: NDArray[np.uint64],
    ) -> None: ...
    def set_parameters(self, discounts: Floats, strengths: Floats) -> None: ...
    def resample(self, order: int) -> None: ...
    def table_sizes(self, order: int) -> Int32s: ...
    def _seats_of(self, row: int) -> Int32s: ...
