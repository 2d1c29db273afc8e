"""Conversion of word vectors from and to gensim. Only this module imports gensim, at the first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ngramlm.embeddings.subword_vectors import SubwordVectors
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.errors import MissingExtraError

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

__all__ = ["from_gensim", "to_gensim"]


def to_gensim(vectors: WordVectors) -> KeyedVectors:
    """Convert vectors to gensim's KeyedVectors, with a copy of the matrix and without n-grams.

    Parameters
    ----------
    vectors : WordVectors
        The vectors.

    Returns
    -------
    gensim.models.KeyedVectors
        The same words and numbers.

    Raises
    ------
    MissingExtraError
        If gensim is not installed.
    """
    try:
        from gensim.models import KeyedVectors
    except ImportError:
        raise MissingExtraError("found no gensim; expected it installed (pip install gensim)") from None
    made = KeyedVectors(vectors.dimension, count=0, dtype=np.float32)
    made.add_vectors(list(vectors.words), np.array(vectors.matrix))
    return made


def from_gensim(keyed_vectors: KeyedVectors) -> WordVectors:
    """Convert gensim's KeyedVectors to vectors, as a copy in float32; FastTextKeyedVectors keep their n-grams.

    Parameters
    ----------
    keyed_vectors : gensim.models.KeyedVectors
        The vectors.

    Returns
    -------
    WordVectors
        SubwordVectors if there are n-grams.

    Raises
    ------
    UsageError
        If a word holds a space, or a value is not finite.
    """
    given: Any = keyed_vectors
    words, matrix = list(given.index_to_key), np.array(given.vectors, np.float32)
    ngrams = getattr(given, "vectors_ngrams", None)
    if ngrams is None or not given.bucket:
        return WordVectors(words, matrix)
    return SubwordVectors(words, matrix, np.array(ngrams, np.float32), given.min_n, given.max_n)
