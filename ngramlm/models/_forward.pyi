import numpy as np
from numpy.typing import NDArray

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
UInt8s = NDArray[np.uint8]
UInt16s = NDArray[np.uint16]
Float32s = NDArray[np.float32]

def forward_rows(
    lower_forward: Int32s,
    links: Int32s,
    starts: Int64s,
    parents: Int32s,
    suffixes: Int32s,
    words: Int32s,
    lower_places: Int32s,
    lower_slots: Int32s,
    word_places: Int32s,
    places: Int32s,
    slots: Int32s,
) -> tuple[Int32s, Int32s, UInt8s]: ...
def encode(values: Float32s, edges: NDArray[np.float64], codes: UInt16s) -> None: ...
def plan_rows(
    lower_sizes: Int32s,
    lower_bits: UInt8s,
    sizes: Int32s,
    bits: UInt8s,
    fixed: int,
    child_fixed: int,
    piece_rows: int,
) -> tuple[int, int, Int64s]: ...
def pack_rows(
    out: UInt8s,
    first: int,
    end: int,
    y: int,
    i: int,
    at: int,
    child: int,
    forward: Int32s,
    lower_sizes: Int32s,
    lower_bits: UInt8s,
    sizes: Int32s,
    bits: UInt8s,
    suffixes: Int32s,
    lower_places: Int32s,
    links: Int32s,
    prob_codes: UInt16s,
    backoff_codes: UInt16s,
    probs: Float32s,
    backoffs: Float32s,
    prob_bits: int,
    backoff_bits: int,
    pointer_bits: int,
    child_fixed: int,
) -> int: ...
