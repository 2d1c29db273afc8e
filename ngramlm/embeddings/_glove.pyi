from ngramlm.types import Float32s, Floats, Int32s

SIMD: dict[str, int]

def usable_simd() -> list[str]: ...

class Trainer:
    n_blocks: int
    n_words: int
    dimension: int
    def __init__(
        self,
        rows: Int32s,
        columns: Int32s,
        values: Floats,
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
    def train(self, offset: int, first: int, end: int, shuffling: int) -> Floats: ...
    def order(self, row_block: int, column_block: int) -> tuple[Int32s, Int32s]: ...
