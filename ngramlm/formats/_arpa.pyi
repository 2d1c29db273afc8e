from ngramlm.text._vocabulary import WordTable
from ngramlm.types import Float32s, Int32s, Ints, Uint8s

PADDING: int

class NgramFormatter:
    longest_word: int
    def __init__(self, table: WordTable, levels: list[tuple[Int32s, Ints, Int32s, Int32s]]) -> None: ...
    def line_bytes(self, order: int) -> int: ...
    def format(
        self,
        order: int,
        first: int,
        last: int,
        out: Uint8s,
        log10_probs: Float32s | None = None,
        log10_backoffs: Float32s | None = None,
        next_histories: Int32s | None = None,
        counts: Ints | None = None,
    ) -> tuple[int, int]: ...

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
def _format_log10(values: Float32s) -> bytes: ...
def _parse_log10(text: bytes) -> float: ...
