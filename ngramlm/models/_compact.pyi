from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ngramlm.models._scorer import Scorer
from ngramlm.text._vocabulary import WordTable

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Float32s = NDArray[np.float32]

class CompactAutomaton(Scorer):
    start: bytes
    empty: bytes
    def __init__(
        self,
        rows: NDArray[np.uint8],
        books: Float32s,
        table: WordTable,
        shapes: Sequence[Sequence[int]],
        multiplier: int,
        refuse: Callable[[str], Exception] = ...,
    ) -> None: ...
    def advance(self, state: bytes, word: int) -> tuple[bytes, float, int]: ...
    def rows(self, state: bytes) -> tuple[Int32s, Float32s, float, bytes]: ...
    def unpack(
        self,
        order_: int,
        lower_starts: Int64s,
        lower_suffixes: Int32s,
        grand_starts: Int64s,
        lower_words: Int32s,
    ) -> tuple[Int32s, Int32s, Int64s, Float32s, Float32s]: ...
