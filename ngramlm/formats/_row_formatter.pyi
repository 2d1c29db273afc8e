from ngramlm.text._vocabulary import WordTable
from ngramlm.types import Float32s, Int32s, Ints, Uint8s

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

def _format_log10(values: Float32s) -> bytes: ...
