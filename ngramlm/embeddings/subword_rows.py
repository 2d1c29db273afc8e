"""Which rows of the parameters a word trains: its own row and the rows of its character n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ngramlm.embeddings.character_ngrams import vocabulary_ngrams
from ngramlm.errors import EstimationError
from ngramlm.types import Int32s, Ints

__all__ = ["SubwordRows"]

MAX_NGRAMS = 1 << 16  # of one word


@dataclass(frozen=True, eq=False)
class SubwordRows:
    """Rows of words and of the buckets in use, the most frequent row first.

    `rows[starts[i]:starts[i + 1]]` are the rows of word i, its own row first. Bucket `buckets[j]` of the table has row
    `bucket_rows[j]`.
    """

    starts: Ints
    rows: Int32s
    buckets: Ints
    bucket_rows: Int32s

    @classmethod
    def from_words(
        cls, words: Sequence[str], counts: Ints, min_n: int, max_n: int, buckets: int
    ) -> SubwordRows:
        """Assign the rows by falling use; `counts` int64[V] are those of the words.

        Raises EstimationError for a word with too many n-grams.
        """
        starts, found = vocabulary_ngrams(words, min_n, max_n, buckets)
        longest = int(np.diff(starts).argmax())
        if starts[longest + 1] - starts[longest] >= MAX_NGRAMS:
            raise EstimationError(
                f"found a word of {len(words[longest])} characters, {words[longest][:20]!r}...; "
                f"expected words with fewer than {MAX_NGRAMS} n-grams"
            )
        used, numbers = np.unique(found, return_inverse=True)
        n = len(words)
        word_starts = starts + np.arange(n + 1)
        # provisional rows: words first, then buckets
        rows = np.insert(numbers + n, starts[:-1], np.arange(n))
        times = np.bincount(rows, np.repeat(counts, np.diff(word_starts)))
        by_use = np.argsort(-times, kind="stable")
        places = np.empty(len(by_use), np.int32)
        places[by_use] = np.arange(len(by_use))
        return cls(word_starts, places[rows], used, places[n:])
