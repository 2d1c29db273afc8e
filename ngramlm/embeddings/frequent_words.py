"""The text as word2vec reads it: ids of its frequent words, in blocks of whole sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS, RESERVED, UNK
from ngramlm.types import Int32s, Ints

__all__ = ["blocks_of", "frequent_words"]

FIRST_WORD = len(RESERVED)


def frequent_words(text: Text, min_count: int) -> tuple[Int32s, list[str], Ints]:
    """Select the words of a text that occur `min_count` times or more.

    Returns (ids int32[T], words, counts int64[V]). Rarer words are unknown in the ids. Words are sorted by falling
    count, then by their ids in the text; word i has the new id i + 3.
    """
    size = len(text.vocabulary)
    times = np.bincount(text.ids, minlength=size).astype(np.int64)
    times[:FIRST_WORD] = 0
    order = np.argsort(-times, kind="stable")
    order = order[times[order] >= max(min_count, 1)]
    words = text.vocabulary.words(order)
    if np.array_equal(order, np.arange(FIRST_WORD, size)):
        return text.ids, words, times[order]
    new_ids = np.full(size, UNK, np.int32)
    new_ids[[BOS, EOS]] = BOS, EOS
    new_ids[order] = np.arange(FIRST_WORD, FIRST_WORD + len(order))
    return new_ids[text.ids], words, times[order]


def blocks_of(ids: Int32s, size: int) -> Iterator[tuple[int, int]]:
    """Cut a text into ranges of about `size` ids, each of whole sentences unless a sentence is longer than a block."""
    first = 0
    while first < len(ids):
        end = first + size
        begins = np.flatnonzero(ids[end : end + size] == BOS)
        if len(begins):
            end += int(begins[0])
        elif end + size >= len(ids):
            # the rest is one sentence
            end = len(ids)
        yield first, end
        first = end
