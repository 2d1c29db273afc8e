import numpy as np
from numpy.typing import NDArray

from ngramlm.types import Floats, Int32s, Ints

Uint64s = NDArray[np.uint64]

def stream_of(ids: Int32s, stream: Int32s, counts: Ints) -> int: ...
def places_of(stream: Int32s, starts: Ints, places: Int32s | Ints) -> None: ...
def count_rows(
    stream: Int32s,
    starts: Ints,
    places: Int32s | Ints,
    first: int,
    end: int,
    weights: Uint64s,
    unit: float,
    symmetric: bool,
    rows: Int32s,
    columns: Int32s,
    values: Floats,
) -> int: ...
