from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

SLOT_BYTES: int

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
UInt32s = NDArray[np.uint32]
UInt8s = NDArray[np.uint8]
Float32s = NDArray[np.float32]

def place_states(starts: Int64s, first: int, states: UInt32s) -> int: ...
def next_states(
    links: Int32s,
    suffixes: Int32s,
    linked_states: UInt32s,
    lower_next: UInt32s,
    first: int,
    end: int,
    out: UInt32s,
) -> None: ...
def fill_slots(
    buffer: UInt8s,
    base: int,
    first: int,
    end: int,
    starts: Int64s,
    words: Int32s,
    log10_probs: Float32s,
    nexts: UInt32s,
    states: UInt32s,
    parents: Int32s,
    parent_states: UInt32s,
    log10_backoffs: Float32s,
    root: bool,
) -> None: ...
def recover_histories(
    lower_nexts: UInt32s,
    lower_starts: Int64s,
    lower_first_words: Int32s,
    lower_words: Int32s,
    lower_buckets: Int32s,
    states: UInt32s,
    parent_states: UInt32s,
    lower_states: UInt32s,
    starts: Int64s,
    words: Int32s,
    empty: Callable[[int, Any], NDArray[Any]] = ...,
) -> tuple[Int32s, Int32s, Int32s, Int32s, Int32s]: ...
