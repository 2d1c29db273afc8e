from collections.abc import Sequence

from ngramlm.types import Floats, Int32s, Ints

class RunningText:
    order: int
    n_rows: int
    n_histories: int
    n_words: int
    n_features: int
    def __init__(
        self,
        levels: Sequence[tuple[Ints, Int32s]],
        histories: Int32s,
        documents: Ints,
        list_starts: Ints,
        list_words: Int32s,
        list_features: Int32s,
        lasting_starts: Ints,
        lasting: Int32s,
        passing_starts: Ints,
        passing: Int32s,
        n_features: int,
    ) -> None: ...
    def walk(
        self,
        first: int,
        end: int,
        gains: Floats,
        alone: Floats,
        factors: Floats,
        words: Int32s,
        normalizers: Floats,
        boosts: Floats,
        reached: Floats,
        shares: Floats,
        expected: Floats,
    ) -> float: ...
    def observe(self, words: Int32s, observed: Floats) -> None: ...

def count_pairs(words: Int32s, documents: Ints, places: Int32s, together: Int32s, exposed: Ints) -> None: ...
