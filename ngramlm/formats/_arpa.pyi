from ngramlm.text._vocabulary import WordTable
from ngramlm.types import Float32s, Int32s, Ints, Uint8s

PADDING: int

def next_section(data: Uint8s, start: int, stop: int) -> tuple[int, int]: ...
def row_lines(data: Uint8s, start: int, stop: int) -> Ints: ...
def parse_ngrams(
    data: Uint8s,
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
    data: Uint8s, start: int, stop: int, table: WordTable, ids: Int32s, orders: Int32s, counts: Ints
) -> tuple[int, int, int, int, int, int]: ...
def _parse_log10(text: bytes) -> float: ...
