from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.types import Int32s, Ints

def bucket_positions(ids: Int32s, vocabulary_size: int) -> tuple[Int32s, Ints]: ...
def count_range(
    ids: Int32s,
    positions: Int32s,
    buckets: Ints,
    first: int,
    end: int,
    order: int,
    levels: list[tuple[NDArray[Any], ...]],
) -> tuple[list[int], list[int]]: ...
def windows(ids: Int32s, order: int) -> Int32s: ...
def partition(rows: Int32s, column: int, part_of_word: Int32s, n_parts: int) -> tuple[Int32s, Ints]: ...
def tally(ids: Int32s, counts: Ints) -> None: ...
def add_continuations(suffixes: Int32s, out: NDArray[np.integer[Any]]) -> None: ...
def keep_opening(
    counts: NDArray[np.integer[Any]],
    starts: Ints,
    first_words: Int32s,
    out: NDArray[np.integer[Any]],
) -> None: ...
def count_words(ids: Int32s, vocabulary_size: int) -> Int32s: ...
