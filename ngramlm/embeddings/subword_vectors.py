"""SubwordVectors: words and the character n-grams that they consist of, so that no word is without a vector.

Bojanowski et al. (2017). A word stands between < and >; its n-grams of min_n to max_n characters share a table of
buckets, which 32-bit FNV-1a chooses, as in fastText. The vector of a word is the mean of its own row and those of its
n-grams; a word that was never seen has only the latter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.validation import Number, several_words
from ngramlm.embeddings._vectors import subword_buckets
from ngramlm.embeddings.vectors import WordVectors, read_only
from ngramlm.errors import UnknownWordError, UsageError

__all__ = ["SubwordVectors", "mean_rows", "ngram_buckets", "vocabulary_ngrams"]

Floats = NDArray[np.float32]
Int64s = NDArray[np.int64]
BEGIN, END = "<", ">"
MOST_BUCKETS = 2**31 - 1
LONGEST = 1 << 10  # characters of an n-gram
BLOCK_FLOATS = 1 << 22  # of n-gram rows that are added together
_LENGTH = Number(least=1, most=LONGEST, whole=True)
_BUCKETS = Number(least=1, most=MOST_BUCKETS, whole=True)


def ngram_buckets(word: str, min_n: int, max_n: int, buckets: int) -> Int64s:
    """int64[n]: the buckets of the character n-grams of one word, in the order of fastText.

    The n-grams of ``<word>``, by where they begin, then by length; characters are code points. ``<`` and ``>`` alone
    are none. Raises UsageError for lengths or buckets out of range.

    >>> ngram_buckets("a", 2, 3, 1000).tolist() == [fnv % 1000 for fnv in (0x68F6DC6E, 0x8C9CD1F0, 0x1124A756)]
    True
    """
    return vocabulary_ngrams([word], min_n, max_n, buckets)[1]


def vocabulary_ngrams(words: Iterable[str], min_n: int, max_n: int, buckets: int) -> tuple[Int64s, Int64s]:
    """(starts int64[V + 1], buckets int64[N]): `ngram_buckets` of all words one after the other, and where each begins.

    >>> starts, found = vocabulary_ngrams(["a", "b"], 3, 3, 1000)
    >>> starts.tolist(), len(found)
    ([0, 1, 2], 2)
    """
    _check_lengths(min_n, max_n)
    _BUCKETS("buckets", buckets)
    try:
        encoded = [f"{BEGIN}{word}{END}".encode() for word in several_words(words)]
    except UnicodeEncodeError:
        raise UsageError("found a word with a lone surrogate; expected text") from None
    text = np.frombuffer(b"".join(encoded), np.uint8)
    ends = np.cumsum(np.fromiter(map(len, encoded), np.int64), dtype=np.int64)
    starts = np.empty(len(encoded) + 1, np.int64)
    found = np.empty(
        subword_buckets(text, ends, min_n, max_n, buckets, starts, np.empty(0, np.int64)), np.int64
    )
    if len(found):
        subword_buckets(text, ends, min_n, max_n, buckets, starts, found)
    return starts, found


def mean_rows(own: Floats, ngrams: Floats, starts: Int64s, buckets: Int64s) -> None:
    """Make each row float32[d] of `own` the mean of itself and the rows of its n-grams, in place; sums are float64."""
    widths = np.diff(starts)
    first = 0
    while first < len(own):
        room = starts[first] + max(1, BLOCK_FLOATS // own.shape[1])
        last = max(first + 1, int(np.searchsorted(starts, room, "right")) - 1)
        last = min(last, len(own))
        total = own[first:last].astype(np.float64)
        some = np.flatnonzero(widths[first:last])
        if len(some):
            parts = ngrams[buckets[starts[first] : starts[last]]]
            total[some] += np.add.reduceat(
                parts, starts[first + some] - starts[first], axis=0, dtype=np.float64
            )
        own[first:last] = total / (1 + widths[first:last, np.newaxis])
        first = last


class SubwordVectors(WordVectors):
    """Word vectors that know character n-grams, and have a vector for any word that has one.

    Args:
        words, matrix, metadata: as for `WordVectors`; a row is already the mean of a word and its n-grams.
        ngrams: float32[buckets, d], the rows of the n-grams.
        min_n, max_n: the lengths of the n-grams, in characters.

    Raises UsageError as `WordVectors` does, and for n-grams that do not fit.

    >>> matrix, ngrams = np.ones((1, 2), np.float32), np.array([[2, 4], [4, 2]], np.float32)
    >>> vectors = SubwordVectors(["cat"], matrix, ngrams, 3, 6)
    >>> "cats" in vectors, vectors["cats"].sum(), vectors.similarity("cats", "cats") > 0.999
    (False, np.float32(6.0), True)
    """

    def __init__(
        self,
        words: Sequence[str],
        matrix: Floats,
        ngrams: Floats,
        min_n: int,
        max_n: int,
        metadata: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(words, matrix, metadata)
        _check_lengths(min_n, max_n)
        self._ngrams = read_only(ngrams, "the n-grams")
        if self._ngrams.shape[1] != self.dimension:
            raise UsageError(
                f"found n-grams of {self._ngrams.shape[1]} numbers; expected {self.dimension}, as the words have"
            )
        self._min_n, self._max_n = min_n, max_n

    @property
    def ngrams(self) -> Floats:
        """float32[buckets, d], read-only."""
        return self._ngrams

    @property
    def min_n(self) -> int:
        """Characters of the shortest n-grams."""
        return self._min_n

    @property
    def max_n(self) -> int:
        """Characters of the longest n-grams."""
        return self._max_n

    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "ngrams": self._ngrams, "min_n": self._min_n, "max_n": self._max_n}

    def has_ngrams(self, word: str) -> bool:
        """Whether a word, known or not, has a vector by its n-grams."""
        return bool(word) and len(ngram_buckets(word, self._min_n, self._max_n, len(self._ngrams))) > 0

    def __getitem__(self, word: str) -> Floats:
        """float32[d], read-only: of a word that is not known, the mean of its n-grams.

        Raises UnknownWordError where there are none, as the word is too short.
        """
        row = self.row(word)
        if row >= 0 or not isinstance(word, str):
            return super().__getitem__(word)
        found = ngram_buckets(word, self._min_n, self._max_n, len(self._ngrams)) if word else ()
        if not len(found):
            raise UnknownWordError(
                f"found the word {word!r}, which is not known and has no n-grams of {self._min_n} to {self._max_n}"
                " characters; expected a longer word"
            )
        vector: Floats = self._ngrams[found].mean(axis=0, dtype=np.float64).astype(np.float32)
        vector.setflags(write=False)
        return vector


def _check_lengths(min_n: int, max_n: int) -> None:
    if _LENGTH("min_n", min_n) > _LENGTH("max_n", max_n):
        raise UsageError(f"min_n is {min_n} and max_n {max_n}; expected min_n no larger")
