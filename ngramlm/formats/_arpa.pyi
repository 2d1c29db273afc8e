import numpy as np
from numpy.typing import NDArray

from ngramlm.text._vocabulary import WordTable

MAX_ORDER: int
PADDING: int

Bytes = NDArray[np.uint8]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Float32s = NDArray[np.float32]

class NgramFormatter:
    longest_word: int
    def __init__(self, table: WordTable, levels: list[tuple[Int32s, Int64s, Int32s, Int32s]]) -> None: ...
    def line_bytes(self, order: int) -> int: ...
    def format(
        self,
        order: int,
        first: int,
        last: int,
        out: Bytes,
        log10_probs: Float32s | None = None,
        log10_backoffs: Float32s | None = None,
        next_histories: Int32s | None = None,
        counts: Int64s | None = None,
    ) -> tuple[int, int]: ...

def next_section(data: Bytes, start: int, stop: int) -> tuple[int, int]: ...
def row_lines(data: Bytes, start: int, stop: int) -> Int64s: ...
def parse_ngrams(
    data: Bytes,
    start: int,
    stop: int,
    top: bool,
    table: WordTable,
    grow: bool,
    upper_unknown: bool,
    ngrams: Int32s,
    log10_probs: Float32s,
    log10_backoffs: Float32s,
) -> tuple[int, int, int, int, int, int, int, int]: ...
def parse_counts(
    data: Bytes, start: int, stop: int, table: WordTable, ids: Int32s, orders: Int32s, counts: Int64s
) -> tuple[int, int, int, int, int, int]: ...
def format_log10(values: Float32s) -> bytes: ...
def parse_log10(text: bytes) -> float: ...
