"""WordVectors: words, a matrix with one row for each word, and the questions that such vectors answer."""

from __future__ import annotations

import difflib
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.files import Source, source_name
from ngramlm.core.validation import Number
from ngramlm.embeddings.neighbors import analogy_rows, nearest_rows, unit_rows
from ngramlm.embeddings.row_gatherer import refusing
from ngramlm.embeddings.vector_checks import check_words, read_only
from ngramlm.embeddings.vector_data import VectorData
from ngramlm.embeddings.vector_formats import read_vectors, write_vectors
from ngramlm.embeddings.word_repair import Encodings
from ngramlm.errors import UnknownWordError, UsageError
from ngramlm.text.sentences import one_word, several_words, text_or_items
from ngramlm.types import Float32s, Floats, Int32s, Ints

__all__ = ["WordVectors"]

# the number of words that are searched for a similar spelling
MAX_SEARCHED = 20_000
_HOW_MANY = Number(least=1, whole=True)


class WordVectors:
    """A vector for every word. The object is immutable.

    Parameters
    ----------
    words : sequence of str
        V words, each once. A word is not empty, and has no space or control character.
    matrix : float32[V, d]
        One row for each word; V and d are at least 1. The matrix is not copied, and may be mapped from a file.
    metadata : mapping from str to str
        Notes on the vectors, such as how they were trained.

    Raises
    ------
    UsageError
        If words and matrix do not fit together, or a value is not finite.

    Examples
    --------
    >>> vectors = WordVectors(["up", "down", "high"], np.array([[0, 1], [0, -1], [1, 2]], np.float32))
    >>> len(vectors), vectors.dimension, "up" in vectors, vectors["high"].tolist()
    (3, 2, True, [1.0, 2.0])
    >>> round(vectors.similarity("up", "down"), 4), vectors.most_similar("up", n=1)[0][0]
    (-1.0, 'high')
    """

    def __init__(
        self,
        words: Sequence[str],
        matrix: Float32s,
        metadata: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._words = tuple(several_words(words))
        check_words(self._words)
        self._rows = dict(zip(self._words, itertools.count(), strict=False))
        if len(self._rows) < len(self._words):
            again = next(word for row, word in enumerate(self._words) if self._rows[word] != row)
            raise UsageError(f"found the word {again!r} twice; expected every word once")
        self._matrix = read_only(matrix, "the matrix")
        if len(self._matrix) != len(self._words):
            raise UsageError(
                f"found {len(self._matrix)} rows for {len(self._words)} words; expected one for each"
            )
        for key, value in metadata.items():
            if not isinstance(key, str) or not isinstance(value, str):
                raise UsageError(f"found {key!r}: {value!r} in the metadata; expected strings")
        self._metadata = MappingProxyType(dict(metadata))

    @property
    def words(self) -> tuple[str, ...]:
        """The words, in the order of the rows."""
        return self._words

    @property
    def matrix(self) -> Float32s:
        """float32[V, d]: the vectors, read-only."""
        return self._matrix

    @property
    def metadata(self) -> Mapping[str, str]:
        """Notes on the vectors, such as how they were trained."""
        return self._metadata

    @property
    def dimension(self) -> int:
        """d, the length of a vector."""
        return int(self._matrix.shape[1])

    @cached_property
    def unit(self) -> Float32s:
        """float32[V, d]: the rows divided by their lengths, computed at first use. Rows of zeros stay zero."""
        unit = unit_rows(self._matrix)
        unit.setflags(write=False)
        return unit

    def __len__(self) -> int:
        return len(self._words)

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and one_word(word) in self._rows

    def __getitem__(self, word: str) -> Float32s:
        """Return the vector of a word: float32[d], read-only.

        Raises
        ------
        UnknownWordError
            If the word has no vector. The error is a UsageError and a KeyError.
        """
        row: Float32s = self._matrix[self._known(word)]
        return row

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} words, dimension {self.dimension}>"

    def __getstate__(self) -> dict[str, object]:
        return {"words": self._words, "matrix": self._matrix, "metadata": dict(self._metadata)}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def row(self, word: str) -> int:
        """Return the row of a word, or -1 for an unknown word."""
        return self._rows.get(one_word(word), -1)

    def rows(self, words: Iterable[str]) -> Ints:
        """Return the rows of words as int64[n]; raise UnknownWordError for an unknown word."""
        return np.fromiter(map(self._known, several_words(words)), np.int64)

    def _known(self, word: str) -> int:
        row = self._rows.get(one_word(word))
        if row is None:
            raise UnknownWordError(
                f"found the word {word!r}, which is not among the {len(self)} words"
                + (f"; did you mean {' or '.join(map(repr, near))}?" if (near := self._near(word)) else "")
            )
        return row

    def _near(self, word: object) -> list[str]:
        """Return known words of a similar spelling."""
        if not isinstance(word, str):
            return []
        cased = dict.fromkeys(
            form for form in (word.lower(), word.capitalize(), word.upper()) if form in self
        )
        return list(cased) or difflib.get_close_matches(word, self._words[:MAX_SEARCHED], 3, 0.75)

    # ------------------------------------------------------------------------------------------------ questions

    def similarity(self, one: str, other: str) -> float:
        """Return the cosine of the vectors of two words, or 0 if one of them is zero.

        Raises
        ------
        UnknownWordError
            If a word has no vector.
        """
        left, right = self[one].astype(np.float64), self[other].astype(np.float64)
        lengths = float(np.sqrt(np.square(left).sum() * np.square(right).sum()))
        return float((left * right).sum()) / lengths if lengths > 0 else 0.0

    def most_similar(
        self,
        positive: str | NDArray[np.floating] | Sequence[str | NDArray[np.floating]],
        negative: str | NDArray[np.floating] | Sequence[str | NDArray[np.floating]] = (),
        n: int = 10,
        restrict: int | None = None,
    ) -> list[tuple[str, float]]:
        """Find the words whose vectors have the greatest cosine with a sum of vectors.

        The sum adds the vectors of `positive` and subtracts the vectors of `negative`. A word stands for its vector
        of length 1, and is not an answer itself. This is 3CosAdd of Mikolov, Yih & Zweig (2013) for any number of
        words, with the conventions of gensim.

        Parameters
        ----------
        positive, negative : str, float[d], or a sequence of them
            Words or vectors. Vectors are used as they are.
        n : int
            Number of answers; there are fewer if there are fewer words.
        restrict : int, optional
            Only the first `restrict` words can be answers. Default: all words.

        Returns
        -------
        list of (word, cosine)
            The answers, the greatest cosine first.

        Raises
        ------
        UnknownWordError
            If a word has no vector.
        UsageError
            If a vector has another length, or there is no word and no vector.
        """
        size = self._restricted(restrict)
        mean = np.zeros(self.dimension)
        asked: dict[int, None] = {}
        wanted_parts, unwanted_parts = _several(positive), _several(negative)
        for sign, given in ((1.0, wanted_parts), (-1.0, unwanted_parts)):
            for part in given:
                mean += sign * (self._unit_of(part) if isinstance(part, str) else self._checked(part))
                if isinstance(part, str):
                    asked[self.row(part)] = None
        if not (wanted_parts or unwanted_parts):
            raise UsageError("found no words to look for; expected at least one word or vector")
        left_out = np.array([[row for row in asked if 0 <= row < size]], np.int64).reshape(1, -1)
        wanted = min(_HOW_MANY("n", n), size - left_out.shape[1])
        rows, cosines = nearest_rows(self.unit[:size], mean[np.newaxis], wanted, left_out)
        return self._pairs(rows[0], cosines[0])

    def analogy(self, a: str, b: str, c: str, n: int = 1, method: str = "add") -> list[tuple[str, float]]:
        """Answer the question: a is to b as c is to what? The three words are not answers.

        Levy & Goldberg (2014), eq. 3 and 4.

        Parameters
        ----------
        a, b, c : str
            The words of the question.
        n : int
            Number of answers.
        method : {"add", "multiply"}
            "add" takes the greatest cosine with b - a + c (3CosAdd). "multiply" takes the greatest
            cos(b) cos(c) / cos(a), with cosines moved to 0..1 (3CosMul).

        Returns
        -------
        list of (word, score)
            The best answers, the best first.

        Raises
        ------
        UnknownWordError
            If a word has no vector.
        UsageError
            If `n` or `method` is out of range.

        Examples
        --------
        >>> words, matrix = ["man", "king", "woman", "queen", "tree"], [[1, 0], [1, 2], [-1, 0], [-1, 2], [0, -1]]
        >>> WordVectors(words, np.array(matrix, np.float32)).analogy("man", "king", "woman")[0][0]
        'queen'
        """
        asked = self.rows([a, b, c])
        wanted = min(_HOW_MANY("n", n), len(self) - len(np.unique(asked)))
        rows, scores = analogy_rows(self.unit, asked[np.newaxis], wanted, method)
        return self._pairs(rows[0], scores[0])

    def nearest(
        self, queries: Sequence[str] | NDArray[np.integer] | NDArray[np.floating], n: int = 10
    ) -> tuple[Int32s, Float32s]:
        """Find the rows with the greatest cosine for each of many queries.

        Equal cosines come in the order of the rows. The search takes 64 MB of memory beside the vectors.

        Parameters
        ----------
        queries : words, int[Q] or float[Q, d]
            Words or rows, which are not answers to themselves, or vectors.
        n : int
            Number of answers to a query; there are fewer if there are fewer words.

        Returns
        -------
        rows : int32[Q, n]
            The rows of the answers, the greatest cosine first.
        cosines : float32[Q, n]
            Their cosines.

        Raises
        ------
        UnknownWordError
            If a word has no vector.
        UsageError
            If the queries have another type or shape.

        Examples
        --------
        >>> vectors = WordVectors(["a", "b", "c"], np.array([[1, 0], [1, 1], [0, 1]], np.float32))
        >>> rows, cosines = vectors.nearest(["a", "c"], n=2)
        >>> rows.tolist(), cosines.round(3).tolist()
        ([[1, 2], [1, 0]], [[0.707..., 0.0], [0.707..., 0.0]])
        """
        n = _HOW_MANY("n", n)
        if not isinstance(queries, np.ndarray):
            words = several_words(queries)
            given = np.array([self._unit_of(word) for word in words]).reshape(-1, self.dimension)
            own = np.fromiter(map(self.row, words), np.int64)[:, np.newaxis]
            return nearest_rows(self.unit, given, min(n, len(self) - bool((own >= 0).any())), own)
        given = queries
        if given.ndim == 2 and given.shape[1] == self.dimension:
            if not np.isfinite(given).all():
                raise UsageError("found NaN or infinity in a query; expected finite vectors")
            nobody = np.empty((len(given), 0), np.int64)
            return nearest_rows(self.unit, given.astype(np.float64), min(n, len(self)), nobody)
        if given.ndim != 1 or given.dtype.kind not in "iu":
            raise UsageError(
                f"found {given.dtype} of shape {given.shape}; "
                f"expected words, rows or vectors float[Q, {self.dimension}]"
            )
        if given.size and not (0 <= given.min() and given.max() < len(self)):
            raise UsageError(f"found a row outside of 0 to {len(self) - 1}; expected rows of words")
        rows = given.astype(np.int64)
        return nearest_rows(self.unit, self.unit[rows], min(n, len(self) - 1), rows[:, np.newaxis])

    def _restricted(self, restrict: int | None) -> int:
        return len(self) if restrict is None else min(_HOW_MANY("restrict", restrict), len(self))

    def _unit_of(self, word: str) -> Float32s:
        """Return float32[d]: the vector of a word, divided by its length."""
        row = self.row(word)
        unit: Float32s = self.unit[row] if row >= 0 else unit_rows(self[word][np.newaxis])[0]
        return unit

    def _checked(self, vector: NDArray[np.floating]) -> Floats:
        checked = np.asarray(vector, np.float64)
        if checked.shape != (self.dimension,) or not np.isfinite(checked).all():
            raise UsageError(
                f"found a vector of shape {checked.shape}; expected {self.dimension} finite numbers, or a word"
            )
        return checked

    def _pairs(self, rows: Int32s, scores: Float32s) -> list[tuple[str, float]]:
        return [(self._words[row], score) for row, score in zip(rows.tolist(), scores.tolist(), strict=True)]

    # ---------------------------------------------------------------------------------------------------- files

    def data(self) -> VectorData:
        """Return the contents as plain data, as they are written to a file."""
        return VectorData(self._words, self._matrix, self._metadata)

    @classmethod
    def from_data(cls, data: VectorData) -> Self:
        """Make vectors from the contents of a file. N-grams are left out."""
        return cls(data.words, data.matrix, data.metadata)

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Write the vectors to a file; see `save_vectors`."""
        write_vectors(self.data(), path, format)

    @classmethod
    def load(
        cls,
        path: Source,
        format: str | None = None,
        *,
        limit: int | None = None,
        encoding_errors: Encodings = "cut",
    ) -> Self:
        """Read vectors of this class from a file of any format.

        `WordVectors.load` leaves out the n-grams of a file; `load_vectors` keeps them.

        Parameters
        ----------
        path, format, limit, encoding_errors
            As for `load_vectors`.

        Raises
        ------
        FormatError
            If the file is damaged, or does not hold what the class needs.
        """
        data = read_vectors(path, format, limit=limit, encoding_errors=encoding_errors)
        with refusing(source_name(path)):
            return cls.from_data(data)


def _several(
    given: str | NDArray[np.floating] | Sequence[str | NDArray[np.floating]],
) -> list[str | NDArray[np.floating]]:
    """Return one word or vector, or several, as a list."""
    if isinstance(given, np.ndarray) and given.ndim == 1 and given.dtype.kind == "f":
        return [given]
    found = text_or_items(given, "a word, a vector, or a list of them")
    return [found] if isinstance(found, str) else list(found)
