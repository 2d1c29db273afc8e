from typing import Any

from ngramlm.types import Float32s, Ints, Uint8s

FIELD_BYTES: int
PADDING: int

def parse_rows(
    data: Uint8s,
    start: int,
    stop: int,
    matrix: Float32s,
    row: int,
    words: Uint8s,
) -> tuple[int, int, int, int, int, int, int]: ...
def copy_rows(
    data: Uint8s,
    start: int,
    stop: int,
    matrix: Float32s,
    row: int,
    words: Uint8s,
) -> tuple[int, int, int, int, int, int]: ...
def format_rows(
    words: Uint8s,
    ends: Ints,
    matrix: Float32s,
    first: int,
    last: int,
    as_text: bool,
    out: Uint8s,
) -> int: ...
def subword_buckets(
    text: Any,
    ends: Ints,
    min_n: int,
    max_n: int,
    buckets: int,
    starts: Ints,
    found: Ints,
) -> int: ...
