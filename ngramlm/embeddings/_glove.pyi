import numpy as np
from numpy.typing import NDArray

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
Int32s = NDArray[np.int32]

SIMD: dict[str, int]

def usable_simd() -> list[str]: ...
def aligned(n: int) -> Float32s: ...

class Trainer:
    n_blocks: int
    n_words: int
    dimension: int
    def __init__(
        self,
        rows: Int32s,
        columns: Int32s,
        values: Float64s,
        words: Float32s,
        contexts: Float32s,
        n_blocks: int,
        x_max: float,
        alpha: float,
        learning_rate: float,
        limit: float,
        seed: int,
        simd: str,
    ) -> None: ...
    def parameters(self) -> tuple[Float32s, Float32s]: ...
    def size(self, row_block: int, column_block: int) -> int: ...
    def train(self, offset: int, first: int, end: int, shuffling: int) -> Float64s: ...
    def order(self, row_block: int, column_block: int) -> tuple[Int32s, Int32s]: ...
