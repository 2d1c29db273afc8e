import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Uint64s = NDArray[np.uint64]

def stream_of(ids: Int32s, stream: Int32s, counts: Int64s) -> int: ...
def places_of(stream: Int32s, starts: Int64s, places: Int32s | Int64s) -> None: ...
def count_rows(
    stream: Int32s,
    starts: Int64s,
    places: Int32s | Int64s,
    first: int,
    end: int,
    weights: Uint64s,
    unit: float,
    symmetric: bool,
    rows: Int32s,
    columns: Int32s,
    values: Float64s,
) -> int: ...
