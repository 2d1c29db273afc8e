import numpy as np
from numpy.typing import NDArray

LANES: tuple[int, ...]

def _usable_lanes() -> tuple[int, ...]: ...

class Trainer:
    @property
    def pairs(self) -> bool: ...
    def __init__(
        self,
        inputs: NDArray[np.float32],
        outputs: NDArray[np.float32],
        keep: NDArray[np.uint32],
        thresholds: NDArray[np.uint32],
        aliases: NDArray[np.int32],
        path_starts: NDArray[np.int64],
        path_rows: NDArray[np.int32],
        path_labels: NDArray[np.uint8],
        subword_starts: NDArray[np.int64],
        subword_rows: NDArray[np.int32],
        *,
        window: int,
        negatives: int,
        skip_gram: bool,
        shared: bool,
        exact: bool,
        with_loss: bool,
        lanes: int,
        summed: bool = False,
    ) -> None: ...

class Worker:
    def __init__(
        self,
        trainer: Trainer,
        hot_inputs: int,
        hot_outputs: int,
        copies: tuple[NDArray[np.float32], ...] | None = None,
    ) -> None: ...
    def train(
        self, ids: NDArray[np.int32], first: int, end: int, seed: int, rate: float, rate_step: float
    ) -> tuple[int, float]: ...
    def merge(self, input_shares: NDArray[np.float32], output_shares: NDArray[np.float32]) -> None: ...
