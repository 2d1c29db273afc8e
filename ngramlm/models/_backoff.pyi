from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.models._scorer import Scorer
from ngramlm.text._vocabulary import WordTable

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
UInt32s = NDArray[np.uint32]
UInt8s = NDArray[np.uint8]
Float32s = NDArray[np.float32]

class Automaton(Scorer):
    start: int
    empty: int
    def __init__(
        self,
        slots: UInt8s,
        table: WordTable,
        order_states: Sequence[int],
        refuse: Callable[[str], Exception] = ...,
    ) -> None: ...
    def advance(self, state: int, word: int) -> tuple[int, float, int]: ...
    def rows(self, state: int) -> tuple[Int32s, Float32s, float, int]: ...
    def unpack(
        self, order: int, n_histories: int, n_rows: int, empty: Callable[[int, Any], NDArray[Any]] = ...
    ) -> tuple[Int64s, Int32s, Float32s, UInt32s, UInt32s, Float32s, UInt32s]: ...
