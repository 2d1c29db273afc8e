import numpy as np
from numpy.typing import NDArray

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Float64s = NDArray[np.float64]

def sort_ngrams(ngrams: Int32s, vocabulary_size: int) -> Int64s: ...
def build_level(
    ngrams: Int32s,
    permutation: Int64s,
    lower_ngrams: Int32s,
    lower_permutation: Int64s,
    lower_starts: Int64s,
    lower_words: Int32s,
) -> tuple[Int32s, Int32s, Int64s, Int32s, Int32s, int, int, int]: ...
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
def segment_sums(values: Float64s, starts: Int64s) -> Float64s: ...
def spread(values: Float64s, starts: Int64s) -> Float64s: ...
def take(values: Float64s, rows: Int32s) -> Float64s: ...
def find_rows(words: Int32s, starts: Int64s, histories: Int32s, wanted: Int32s) -> Int32s: ...
