from typing import Any

import numpy as np
from numpy.typing import NDArray

def bucket_positions(
    ids: NDArray[np.int32], vocabulary_size: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]: ...
def count_range(
    ids: NDArray[np.int32],
    positions: NDArray[np.int32],
    buckets: NDArray[np.int64],
    first: int,
    end: int,
    order: int,
    levels: list[tuple[NDArray[Any], ...]],
) -> tuple[list[int], list[int]]: ...
def continuation_counts(suffixes: NDArray[np.int32], n_rows: int) -> NDArray[np.int32]: ...
def count_words(ids: NDArray[np.int32], vocabulary_size: int) -> NDArray[np.int32]: ...
