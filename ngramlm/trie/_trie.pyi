from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
UInt8s = NDArray[np.uint8]
Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
Floats = TypeVar("Floats", Float32s, Float64s)

def in_trie_order(ngrams: Int32s, first: int, end: int, vocabulary_size: int) -> bool: ...

class Scratch: ...

def sort_rows(
    ngrams: Int32s, rows: Int32s, out: Int32s, vocabulary_size: int, scratch: Scratch | None = None
) -> None: ...
def sort_wide_rows(ngrams: Int32s, rows: Int32s, out: Int32s, vocabulary_size: int) -> None: ...
def count_words(ngrams: Int32s, rows: Int32s, first: int, end: int, back: int, times: Int64s) -> None: ...
def group_rows(
    ngrams: Int32s,
    rows: Int32s,
    first: int,
    end: int,
    back: int,
    group_of_word: Int32s,
    places: Int64s,
    ends: Int64s,
    out: Int32s,
) -> None: ...
def build_rows(
    ngrams: Int32s,
    below: list[tuple[Int32s, Int32s]],
    lower_starts: Int64s,
    lower_words: Int32s,
    words: Int32s,
    suffixes: Int32s,
    starts: Int64s,
    parents: Int32s,
    first_words: Int32s,
) -> tuple[int, int, int]: ...
def link_rows(
    words: Int32s,
    suffixes: Int32s,
    starts: Int64s,
    first_words: Int32s,
    lower_links: Int32s,
    buckets: Int64s,
    next_parents: Int32s,
    next_first_words: Int32s,
    order: int,
    links: Int32s,
) -> None: ...
def link_all(words: Int32s, places: Int64s, buckets: Int64s, links: Int32s) -> None: ...
def history_weights(
    links: Int32s,
    words: Int32s,
    weights: Float32s,
    n_histories: int,
    noise: float,
    out: Float32s | None = None,
) -> tuple[Float32s, bool, bool]: ...
def mark_needed(
    marked: UInt8s, suffixes: Int32s, starts: Int64s, lower_links: Int32s, lower_marked: UInt8s
) -> None: ...
def restrict_level(
    marked: UInt8s,
    words: Int32s,
    suffixes: Int32s,
    starts: Int64s,
    parents: Int32s,
    first_words: Int32s,
    new_rows: Int32s,
    new_histories: Int32s,
    n_marked: int,
    top: bool,
) -> tuple[Int32s, Int32s, Int64s, Int32s, Int32s, Int32s, Int32s] | None: ...
def restrict_links(links: Int32s, new_rows: Int32s, new_histories: Int32s, out: Int32s) -> bool: ...
def segment_sums(values: Float64s, starts: Int64s) -> Float64s: ...
def spread(values: Float64s, starts: Int64s) -> Float64s: ...
def take(values: Floats, rows: Int32s, out: Floats | None = None) -> Floats: ...
def find_rows(words: Int32s, starts: Int64s, histories: Int32s, wanted: Int32s) -> Int32s: ...
