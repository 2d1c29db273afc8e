from typing import TypeVar

from ngramlm.types import Float32s, Floats, Int32s, Ints, Uint8s

AnyFloats = TypeVar("AnyFloats", Float32s, Floats)

def link_rows(
    words: Int32s,
    suffixes: Int32s,
    starts: Ints,
    first_words: Int32s,
    lower_links: Int32s,
    buckets: Ints,
    next_parents: Int32s,
    next_first_words: Int32s,
    order: int,
    links: Int32s,
) -> None: ...
def link_all(words: Int32s, places: Ints, buckets: Ints, links: Int32s) -> None: ...
def history_weights(
    links: Int32s,
    words: Int32s,
    weights: Float32s,
    n_histories: int,
    noise: float,
    out: Float32s | None = None,
) -> tuple[Float32s, bool, bool]: ...
def mark_needed(
    marked: Uint8s, suffixes: Int32s, starts: Ints, lower_links: Int32s, lower_marked: Uint8s
) -> None: ...
def restrict_level(
    marked: Uint8s,
    words: Int32s,
    suffixes: Int32s,
    starts: Ints,
    parents: Int32s,
    first_words: Int32s,
    new_rows: Int32s,
    new_histories: Int32s,
    n_marked: int,
    top: bool,
) -> tuple[Int32s, Int32s, Ints, Int32s, Int32s, Int32s, Int32s] | None: ...
def restrict_links(links: Int32s, new_rows: Int32s, new_histories: Int32s, out: Int32s) -> bool: ...
def segment_sums(values: Floats, starts: Ints) -> Floats: ...
def spread(values: Floats, starts: Ints) -> Floats: ...
def take(values: AnyFloats, rows: Int32s, out: AnyFloats | None = None) -> AnyFloats: ...
def find_rows(words: Int32s, starts: Ints, histories: Int32s, wanted: Int32s) -> Int32s: ...
