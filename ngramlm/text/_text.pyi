import numpy as np
from numpy.typing import NDArray

from ngramlm.text._vocabulary import WordTable

PADDING: int

def tokenize(
    data: bytearray | NDArray[np.uint8],
    length: int,
    table: WordTable,
    grow: bool,
    reserved: int,
    ids: NDArray[np.int32],
) -> tuple[int, int, int, int, int, int]: ...
def remap(ids: NDArray[np.int32], new_ids: NDArray[np.int32], out: NDArray[np.int32]) -> None: ...
