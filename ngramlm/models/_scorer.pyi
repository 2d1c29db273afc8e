from typing import Any

import numpy as np
from numpy.typing import NDArray

class Scorer:
    order: int
    start: Any
    empty: Any
    def score(self, sentence: str, bos: bool = True, eos: bool = True, reserved: int = 0) -> float: ...
    def score_ids(
        self,
        ids: NDArray[np.int32],
        sentences: NDArray[np.int64],
        out: NDArray[np.float64],
        lengths: NDArray[np.uint8],
    ) -> None: ...
    def advance(self, state: Any, word: int) -> tuple[Any, float, int]: ...
    def rows(self, state: Any) -> tuple[NDArray[np.int32], NDArray[np.float32], float, Any]: ...
