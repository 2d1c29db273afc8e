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
def windows(ids: NDArray[np.int32], order: int) -> NDArray[np.int32]: ...
def partition(
    rows: NDArray[np.int32], column: int, part_of_word: NDArray[np.int32], n_parts: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]: ...
def tally(ids: NDArray[np.int32], counts: NDArray[np.int64]) -> None: ...
def add_continuations(suffixes: NDArray[np.int32], out: NDArray[np.integer[Any]]) -> None: ...
def keep_opening(
    counts: NDArray[np.integer[Any]],
    starts: NDArray[np.int64],
    first_words: NDArray[np.int32],
    out: NDArray[np.integer[Any]],
) -> None: ...
def count_words(ids: NDArray[np.int32], vocabulary_size: int) -> NDArray[np.int32]: ...
