from collections.abc import Sequence

from ngramlm.types import Floats, Int32s, Ints

Columns = tuple[Int32s, Ints, Int32s]

class Features:
    order: int
    def __init__(self, levels: Sequence[Columns], base: Floats, weights: Floats) -> None: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_histories(self) -> int: ...
    def open(self, lambdas: Floats, masses: Floats, normalizers: Floats) -> None: ...
    def rise(
        self, lambdas: Floats, masses: Floats, normalizers: Floats, firsts: Ints, ends: Ints
    ) -> float: ...
    def fall(
        self,
        masses: Floats,
        shares: Floats,
        expected: Floats,
        unigrams: Floats,
        firsts: Ints,
        ends: Ints,
    ) -> float: ...
