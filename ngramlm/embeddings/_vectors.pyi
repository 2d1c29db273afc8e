from typing import Any

import numpy as np
from numpy.typing import NDArray

FIELD_BYTES: int
PADDING: int

def parse_rows(
    data: NDArray[np.uint8],
    start: int,
    stop: int,
    matrix: NDArray[np.float32],
    row: int,
    words: NDArray[np.uint8],
) -> tuple[int, int, int, int, int, int, int]: ...
def copy_rows(
    data: NDArray[np.uint8],
    start: int,
    stop: int,
    matrix: NDArray[np.float32],
    row: int,
    words: NDArray[np.uint8],
) -> tuple[int, int, int, int, int, int]: ...
def format_rows(
    words: NDArray[np.uint8],
    ends: NDArray[np.int64],
    matrix: NDArray[np.float32],
    first: int,
    last: int,
    as_text: bool,
    out: NDArray[np.uint8],
) -> int: ...
def subword_buckets(
    text: Any,
    ends: NDArray[np.int64],
    min_n: int,
    max_n: int,
    buckets: int,
    starts: NDArray[np.int64],
    found: NDArray[np.int64],
) -> int: ...
