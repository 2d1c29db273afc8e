from ngramlm.types import Int32s, Ints

def in_trie_order(ngrams: Int32s, first: int, end: int, vocabulary_size: int) -> bool: ...

class Scratch: ...

def sort_rows(
    ngrams: Int32s, rows: Int32s, out: Int32s, vocabulary_size: int, scratch: Scratch | None = None
) -> None: ...
def sort_wide_rows(ngrams: Int32s, rows: Int32s, out: Int32s, vocabulary_size: int) -> None: ...
def count_words(ngrams: Int32s, rows: Int32s, first: int, end: int, back: int, times: Ints) -> None: ...
def group_rows(
    ngrams: Int32s,
    rows: Int32s,
    first: int,
    end: int,
    back: int,
    group_of_word: Int32s,
    places: Ints,
    ends: Ints,
    out: Int32s,
) -> None: ...
def build_rows(
    ngrams: Int32s,
    below: list[tuple[Int32s, Int32s]],
    lower_starts: Ints,
    lower_words: Int32s,
    words: Int32s,
    suffixes: Int32s,
    starts: Ints,
    parents: Int32s,
    first_words: Int32s,
) -> tuple[int, int, int]: ...
