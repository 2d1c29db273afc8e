from ngramlm.types import Floats, Int32s, Ints

def exchange(
    next_starts: Ints,
    next_words: Int32s,
    next_counts: Floats,
    last_starts: Ints,
    last_words: Int32s,
    last_counts: Floats,
    classes: Int32s,
    n_classes: int,
    first_word: int,
    first_class: int,
) -> int: ...
