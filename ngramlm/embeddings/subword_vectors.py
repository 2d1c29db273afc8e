"""SubwordVectors: word vectors with character n-grams, so that unseen words have vectors too.

Bojanowski et al. (2017). The vector of a word is the mean of its own row and the rows of its n-grams. An unseen
word has the rows of its n-grams only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Self

import numpy as np

from ngramlm.embeddings.character_ngrams import check_lengths, ngram_buckets
from ngramlm.embeddings.vector_checks import read_only
from ngramlm.embeddings.vector_data import NgramRows, VectorData
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.errors import UnknownWordError, UsageError
from ngramlm.types import Float32s

__all__ = ["SubwordVectors"]


class SubwordVectors(WordVectors):
    """Word vectors with character n-grams. Every word that has n-grams has a vector.

    Parameters
    ----------
    words, matrix, metadata
        As for `WordVectors`. A row is already the mean of a word and its n-grams.
    ngrams : float32[buckets, d]
        The rows of the n-grams; `ngram_buckets` says which row an n-gram has.
    min_n, max_n : int
        Lengths of the shortest and the longest n-grams, in characters.

    Raises
    ------
    UsageError
        As for `WordVectors`, or if the n-grams do not fit.

    Examples
    --------
    >>> matrix, ngrams = np.ones((1, 2), np.float32), np.array([[2, 4], [4, 2]], np.float32)
    >>> vectors = SubwordVectors(["cat"], matrix, ngrams, 3, 6)
    >>> "cats" in vectors, vectors["cats"].sum(), vectors.similarity("cats", "cats") > 0.999
    (False, np.float32(6.0), True)
    """

    def __init__(
        self,
        words: Sequence[str],
        matrix: Float32s,
        ngrams: Float32s,
        min_n: int,
        max_n: int,
        metadata: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(words, matrix, metadata)
        check_lengths(min_n, max_n)
        self._ngrams = read_only(ngrams, "the n-grams")
        if self._ngrams.shape[1] != self.dimension:
            raise UsageError(
                f"found n-grams of {self._ngrams.shape[1]} numbers; expected {self.dimension}, as in the words"
            )
        self._min_n, self._max_n = min_n, max_n

    @property
    def ngrams(self) -> Float32s:
        """float32[buckets, d]: the rows of the n-grams, read-only."""
        return self._ngrams

    @property
    def min_n(self) -> int:
        """Length of the shortest n-grams, in characters."""
        return self._min_n

    @property
    def max_n(self) -> int:
        """Length of the longest n-grams, in characters."""
        return self._max_n

    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "ngrams": self._ngrams, "min_n": self._min_n, "max_n": self._max_n}

    def has_ngrams(self, word: str) -> bool:
        """Whether a word, known or not, has n-grams, and so a vector."""
        return bool(word) and len(ngram_buckets(word, self._min_n, self._max_n, len(self._ngrams))) > 0

    def __getitem__(self, word: str) -> Float32s:
        """Return the vector of a word: float32[d], read-only. An unknown word has the mean of its n-grams.

        Raises
        ------
        UnknownWordError
            If the word is unknown and too short to have n-grams.
        """
        row = self.row(word)
        if row >= 0 or not isinstance(word, str):
            return super().__getitem__(word)
        found = ngram_buckets(word, self._min_n, self._max_n, len(self._ngrams)) if word else ()
        if not len(found):
            raise UnknownWordError(
                f"found the unknown word {word!r}, which has no n-grams of {self._min_n} to {self._max_n} characters;"
                " expected a longer word"
            )
        vector: Float32s = self._ngrams[found].mean(axis=0, dtype=np.float64).astype(np.float32)
        vector.setflags(write=False)
        return vector

    def data(self) -> VectorData:
        """Return the contents as plain data, as they are written to a file."""
        ngrams = NgramRows(self._ngrams, self._min_n, self._max_n)
        return VectorData(self.words, self.matrix, self.metadata, ngrams)

    @classmethod
    def from_data(cls, data: VectorData) -> Self:
        """Make vectors from the contents of a file; raise UsageError if the file holds no n-grams."""
        if data.ngrams is None:
            raise UsageError("found vectors of words and no n-grams; expected both")
        ngrams = data.ngrams
        return cls(data.words, data.matrix, ngrams.matrix, ngrams.min_n, ngrams.max_n, data.metadata)
