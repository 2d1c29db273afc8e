"""WordVectors: words and the rows of a matrix, and what can be asked of them."""

from __future__ import annotations

import difflib
import itertools
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.validation import Number, choice, several_words
from ngramlm.embeddings.neighbors import (
    cosine_analogies,
    nearest_rows,
    product_analogies,
    unit_rows,
)
from ngramlm.errors import UnknownWordError, UsageError

if TYPE_CHECKING:
    from ngramlm.core.files import Source

__all__ = ["METHODS", "WordVectors", "analogy_rows"]

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Vectors = TypeVar("Vectors", bound="WordVectors")

METHODS = ("add", "multiply")
BLOCK_FLOATS = 1 << 22  # that are looked at together
LOOKED_AT = 20_000  # words among which one that is nearly the same is looked for
_NO_WORD = re.compile("[\x00-\x09\x0b-\x20]")
_HOW_MANY = Number(least=1, whole=True)


class WordVectors:
    """A vector for every word; nothing of it can be changed.

    Args:
        words: the words, each once; no empty word, space or control character.
        matrix: float32[V, d], a row for each, V and d above 0; it may be mapped from a file, and is not copied.
        metadata: what is to be said of them, such as how they were made.

    Raises UsageError for words or a matrix that do not fit, or values that are not finite.

    >>> vectors = WordVectors(["up", "down", "high"], np.array([[0, 1], [0, -1], [1, 2]], np.float32))
    >>> len(vectors), vectors.dimension, "up" in vectors, vectors["high"].tolist()
    (3, 2, True, [1.0, 2.0])
    >>> round(vectors.similarity("up", "down"), 4), vectors.most_similar("up", n=1)[0][0]
    (-1.0, 'high')
    """

    def __init__(
        self,
        words: Sequence[str],
        matrix: Floats,
        metadata: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._words = tuple(several_words(words))
        _check_words(self._words)
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
                raise UsageError(f"found {key!r}: {value!r} in the metadata; expected text")
        self._metadata = MappingProxyType(dict(metadata))

    @property
    def words(self) -> tuple[str, ...]:
        """The words, in the order of the rows."""
        return self._words

    @property
    def matrix(self) -> Floats:
        """float32[V, d], read-only."""
        return self._matrix

    @property
    def metadata(self) -> Mapping[str, str]:
        """What was said of the vectors when they were made."""
        return self._metadata

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self._matrix.shape[1])

    @cached_property
    def unit(self) -> Floats:
        """float32[V, d]: the rows divided by their lengths; rows of zeros stay zero. Made when first asked for."""
        unit = unit_rows(self._matrix)
        unit.setflags(write=False)
        return unit

    def __len__(self) -> int:
        return len(self._words)

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __contains__(self, word: object) -> bool:
        return word in self._rows

    def __getitem__(self, word: str) -> Floats:
        """float32[d], read-only; raises UnknownWordError, which is a UsageError and a KeyError."""
        row: Floats = self._matrix[self._known(word)]
        return row

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} words, dimension {self.dimension}>"

    def __getstate__(self) -> dict[str, object]:
        return {"words": self._words, "matrix": self._matrix, "metadata": dict(self._metadata)}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def row(self, word: str) -> int:
        """The number of a word's row, -1 for a word that is not known."""
        return self._rows.get(word, -1)

    def rows(self, words: Iterable[str]) -> Rows:
        """int64[n]: the rows of words; raises UnknownWordError."""
        return np.fromiter(map(self._known, several_words(words)), np.int64)

    def _known(self, word: str) -> int:
        row = self._rows.get(word)
        if row is None:
            raise UnknownWordError(
                f"found the word {word!r}, which is not among the {len(self)} words"
                + (f"; did you mean {' or '.join(map(repr, near))}?" if (near := self._near(word)) else "")
            )
        return row

    def _near(self, word: object) -> list[str]:
        """Words that may have been meant."""
        if not isinstance(word, str):
            return []
        cased = dict.fromkeys(
            form for form in (word.lower(), word.capitalize(), word.upper()) if form in self
        )
        return list(cased) or difflib.get_close_matches(word, self._words[:LOOKED_AT], 3, 0.75)

    # ------------------------------------------------------------------------------------------------ questions

    def similarity(self, one: str, other: str) -> float:
        """The cosine of the vectors of two words, 0 where one of them is zero; raises UnknownWordError."""
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
        """The n words with the greatest cosine with the mean of some vectors, those of `negative` taken as -v.

        Words stand for their vectors of length 1 and are no answers themselves; vectors are taken as they are. This is
        3CosAdd of Mikolov, Yih & Zweig (2013) for any number of words, in the conventions of gensim.

        Args:
            positive, negative: one or several words or vectors float[d].
            n: how many; fewer where there are no more.
            restrict: only the first so many words can be answers.

        Raises UnknownWordError, UsageError for vectors of another length or nothing to look for.
        """
        size = self._restricted(restrict)
        mean = np.zeros(self.dimension)
        asked: dict[int, None] = {}
        for sign, given in ((1.0, _several(positive)), (-1.0, _several(negative))):
            for part in given:
                mean += sign * (self._unit_of(part) if isinstance(part, str) else self._checked(part))
                if isinstance(part, str):
                    asked[self.row(part)] = None
        if not (_several(positive) or _several(negative)):
            raise UsageError("found no words to look for; expected at least one")
        left_out = np.array([[row for row in asked if 0 <= row < size]], np.int64).reshape(1, -1)
        wanted = min(_HOW_MANY("n", n), size - left_out.shape[1])
        rows, cosines = nearest_rows(self.unit[:size], mean[np.newaxis], wanted, left_out)
        return self._pairs(rows[0], cosines[0])

    def analogy(self, a: str, b: str, c: str, n: int = 1, method: str = "add") -> list[tuple[str, float]]:
        """The n best answers to: a is to b as c is to what? The three words are no answers.

        `method` "add" takes the greatest cosine with b - a + c (3CosAdd), "multiply" the greatest
        cos(b) cos(c) / cos(a) with cosines moved to 0..1 (3CosMul), Levy & Goldberg (2014), eq. 3 and 4.

        >>> words, matrix = ["man", "king", "woman", "queen", "tree"], [[1, 0], [1, 2], [-1, 0], [-1, 2], [0, -1]]
        >>> WordVectors(words, np.array(matrix, np.float32)).analogy("man", "king", "woman")[0][0]
        'queen'

        Raises UnknownWordError, UsageError.
        """
        asked = self.rows([a, b, c])
        wanted = min(_HOW_MANY("n", n), len(self) - len(np.unique(asked)))
        rows, scores = analogy_rows(self.unit, asked[np.newaxis], wanted, method)
        return self._pairs(rows[0], scores[0])

    def nearest(
        self, queries: Sequence[str] | NDArray[np.integer] | NDArray[np.floating], n: int = 10
    ) -> tuple[NDArray[np.int32], Floats]:
        """The n rows with the greatest cosine for each of many queries, as (int32[Q, n], float32[Q, n]).

        Args:
            queries: words or int[Q] rows, which are no answers to themselves, or vectors float[Q, d].
            n: how many; fewer where there are no more.

        Equal cosines come in the order of the rows. Takes 64 MB beside the vectors. Raises UnknownWordError,
        UsageError.

        >>> vectors = WordVectors(["a", "b", "c"], np.array([[1, 0], [1, 1], [0, 1]], np.float32))
        >>> rows, cosines = vectors.nearest(["a", "c"], n=2)
        >>> rows.tolist(), cosines.round(3).tolist()
        ([[1, 2], [1, 0]], [[0.707..., 0.0], [0.707..., 0.0]])
        """
        n = _HOW_MANY("n", n)
        if not isinstance(queries, np.ndarray):
            words = list(several_words(queries))
            given = np.array([self._unit_of(word) for word in words]).reshape(-1, self.dimension)
            own = np.fromiter(map(self.row, words), np.int64)[:, np.newaxis]
            return nearest_rows(self.unit, given, min(n, len(self) - bool((own >= 0).any())), own)
        given = queries
        if given.ndim == 2 and given.shape[1] == self.dimension:
            if not np.isfinite(given).all():
                raise UsageError("found a query with a value that is no number; expected finite vectors")
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

    def _unit_of(self, word: str) -> Floats:
        """float32[d]: the vector of a word, divided by its length."""
        row = self.row(word)
        unit: Floats = self.unit[row] if row >= 0 else unit_rows(self[word][np.newaxis])[0]
        return unit

    def _checked(self, vector: NDArray[np.floating]) -> NDArray[np.float64]:
        checked = np.asarray(vector, np.float64)
        if checked.shape != (self.dimension,) or not np.isfinite(checked).all():
            raise UsageError(
                f"found a vector of shape {checked.shape}; expected {self.dimension} finite numbers, or a word"
            )
        return checked

    def _pairs(self, rows: NDArray[np.int32], scores: Floats) -> list[tuple[str, float]]:
        return [(self._words[row], score) for row, score in zip(rows.tolist(), scores.tolist(), strict=True)]

    # ---------------------------------------------------------------------------------------------------- files

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Write the vectors in the format that the name asks for; see `save_vectors`."""
        from ngramlm.embeddings.vector_formats import save_vectors

        save_vectors(self, path, format)

    @classmethod
    def load(
        cls: type[Vectors], path: Source, format: str | None = None, *, limit: int | None = None
    ) -> Vectors:
        """Read vectors of any format; see `load_vectors`. Raises FormatError for those that are not of this class."""
        from ngramlm.core.files import source_name
        from ngramlm.embeddings.vector_formats import load_vectors
        from ngramlm.errors import FormatError

        loaded = load_vectors(path, format, limit=limit)
        if not isinstance(loaded, cls):
            raise FormatError(
                "found vectors of words alone; expected those of n-grams too", source_name(path)
            )
        return loaded


def analogy_rows(
    unit: Floats, questions: Rows, n: int, method: str, answers: Floats | None = None
) -> tuple[NDArray[np.int32], Floats]:
    """The n best answers to questions int64[Q, 3] of rows a, b, c; `answers` is as in `cosine_analogies`."""
    solve = cosine_analogies if choice(*METHODS)("method", method) == "add" else product_analogies
    a, b, c = questions.T
    return solve(unit, a, b, c, n, answers)


def read_only(matrix: Floats, what: str) -> Floats:
    """A view of float32[n, d] that cannot be written to; UsageError for other arrays, and what is not finite."""
    if (
        not isinstance(matrix, np.ndarray)
        or matrix.ndim != 2
        or matrix.dtype != np.float32
        or not matrix.size
    ):
        found = (
            f"{matrix.dtype} of shape {matrix.shape}"
            if isinstance(matrix, np.ndarray)
            else type(matrix).__name__
        )
        raise UsageError(f"{what} is {found}; expected float32 with rows and columns")
    step = max(1, BLOCK_FLOATS // matrix.shape[1])
    for first in range(0, len(matrix), step):
        block = matrix[first : first + step]
        if not (np.isfinite(block.min()) and np.isfinite(block.max())):  # NaN is the least and the greatest
            row = first + int(np.argmin(np.isfinite(block).all(axis=1)))
            raise UsageError(f"row {row} of {what} holds NaN or infinity; expected finite numbers")
    view = matrix.view(np.ndarray)
    view.setflags(write=False)
    return view


def _check_words(words: tuple[str, ...]) -> None:
    """Raise UsageError unless all are words; all at once, as there may be millions."""
    if not words:
        raise UsageError("found no words; expected at least one")
    try:
        text = "\n".join(words)
        text.encode()
    except (TypeError, UnicodeEncodeError):
        found = next(word for word in words if not isinstance(word, str) or not _is_text(word))
        raise UsageError(f"found the word {found!r}; expected text without lone surrogates") from None
    if _NO_WORD.search(text) or text.count("\n") != len(words) - 1 or "" in words:
        found = next(word for word in words if not word or _NO_WORD.search(word) or "\n" in word)
        raise UsageError(f"found the word {found!r}; expected no empty word, space or control character")


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _several(
    given: str | NDArray[np.floating] | Sequence[str | NDArray[np.floating]],
) -> list[str | NDArray[np.floating]]:
    """One word or vector, or several, as a list."""
    if isinstance(given, str) or (isinstance(given, np.ndarray) and given.ndim == 1):
        return [given]
    return list(given)
