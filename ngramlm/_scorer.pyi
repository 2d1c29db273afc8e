import numpy as np
from numpy.typing import NDArray

class Scorer:
    order: int
    def score(self, sentence: str, bos: bool = True, eos: bool = True) -> float: ...
    def score_ids(
        self,
        ids: NDArray[np.int32],
        sentences: NDArray[np.int64],
        out: NDArray[np.float64],
        lengths: NDArray[np.uint8],
    ) -> None: ...
