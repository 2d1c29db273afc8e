"""What an occurrence of a word is worth to a memory, and to which words it speaks."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import FormatError, UsageError
from ngramlm.models.matching import ids_in
from ngramlm.text.lines import read_lines
from ngramlm.text.text import Text
from ngramlm.text.tokenizers import split_blanks
from ngramlm.text.vocabulary import EOS, UNK, Vocabulary
from ngramlm.types import Floats

__all__ = ["Neighbours", "WordWeights", "inverse_document_frequencies"]

MOST = 1e6  # what a word may be worth


@dataclass(frozen=True, eq=False)
class WordWeights:
    """A weight for every word of a vocabulary, and one for all others.

    Parameters
    ----------
    vocabulary
        The words.
    values
        float64[V]: their weights, 0 or more.
    unknown
        The weight of all words outside the vocabulary.
    """

    vocabulary: Vocabulary
    values: Floats
    unknown: float

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.vocabulary),):
            raise UsageError(
                f"found {self.values.shape} weights; expected one for each of {len(self.vocabulary)} words"
            )
        every = np.append(self.values, self.unknown)
        if not ((every >= 0) & (every <= MOST)).all():
            raise UsageError(f"found a weight that is no number from 0 to {MOST:g}")
        self.values.setflags(write=False)

    def over(self, vocabulary: Vocabulary) -> Floats:
        """float64[V]: the weights of the words of another vocabulary."""
        ids = ids_in(vocabulary, self.vocabulary)
        return np.where(ids == UNK, self.unknown, self.values[ids])

    def filtered(self, least: float) -> WordWeights:
        """A copy in which weights below a limit are 0, so that those words are not cached."""
        kept = np.where(self.values >= least, self.values, 0.0)
        return WordWeights(self.vocabulary, kept, self.unknown if self.unknown >= least else 0.0)


def inverse_document_frequencies(text: Text) -> WordWeights:
    """Weight words by inverse document frequency: ln((D + 1) / (df(w) + 1)).

    Parameters
    ----------
    text
        A text of D documents, of which df(w) contain the word w.

    Returns
    -------
    WordWeights
        The weights; ``<unk>`` and ``</s>`` have 0, and words outside the text have ln(D + 1).

    Raises
    ------
    UsageError
        The text has fewer than two documents.

    Examples
    --------
    >>> text = Text.from_sentences(["a b", "a c"])
    >>> from dataclasses import replace
    >>> text = replace(text, documents=np.array([0, 1, 2]))
    >>> weights = inverse_document_frequencies(text)
    >>> [round(float(weights.over(text.vocabulary)[text.vocabulary.id(word)]), 4) for word in "abc"]
    [0.0, 0.4055, 0.4055]
    """
    if text.n_documents < 2:
        raise UsageError(
            f"found a text of {text.n_documents} documents; expected two or more (say where documents begin)"
        )
    _, words, _ = words_of_documents(text)
    df = np.bincount(words, minlength=len(text.vocabulary))
    weights = np.log((text.n_documents + 1) / (df + 1.0))
    weights[[UNK, EOS]] = 0.0
    return WordWeights(text.vocabulary, weights, float(np.log(text.n_documents + 1)))


def words_of_documents(text: Text) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(documents, words, counts) int64[N], one of each for every different word of every document."""
    size = len(text.vocabulary)
    documents = np.repeat(np.arange(text.n_documents), np.diff(text.sentences[text.documents]))
    keys, counts = np.unique(documents * size + text.ids, return_counts=True)
    return keys // size, keys % size, counts


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Similar words: each shares the weight of its occurrences with its neighbours.

    Parameters
    ----------
    vocabulary
        The words.
    starts
        int64[V + 1]: where the neighbours of every word begin in `words`.
    words
        int32[N]: the ids of the neighbours; a word is a neighbour of itself.
    shares
        float64[N]: the share of each neighbour. The shares of a word sum to 1.
    """

    vocabulary: Vocabulary
    starts: NDArray[np.int64]
    words: NDArray[np.int32]
    shares: Floats

    def __post_init__(self) -> None:
        starts, n = self.starts, len(self.words)
        if (
            [column.dtype.str for column in (starts, self.words, self.shares)] != ["<i8", "<i4", "<f8"]
            or len(starts) != len(self.vocabulary) + 1
            or len(self.shares) != n
            or starts[0] != 0
            or starts[-1] != n
            or (np.diff(starts) < 1).any()
        ):
            raise UsageError("found columns that do not fit together; expected neighbours of every word")
        if n and not (0 <= self.words.min() and self.words.max() < len(self.vocabulary)):
            raise UsageError("found a neighbour outside the vocabulary; expected ids of its words")
        if not (np.isfinite(self.shares).all() and (self.shares >= 0).all()):
            raise UsageError("found a share that is negative or no number; expected 0 or more")
        if not np.allclose(np.add.reduceat(self.shares, starts[:-1]), 1):
            raise UsageError(
                "found shares of a word that do not sum to 1; expected all that an occurrence counts"
            )
        for column in (starts, self.words, self.shares):
            column.setflags(write=False)

    @classmethod
    def from_classes(
        cls,
        classes: Mapping[str, Iterable[str]],
        share: float = 0.3,
        frequencies: Mapping[str, float] | None = None,
    ) -> Neighbours:
        """Every word keeps 1 - `share`; the rest goes to the other words of its classes, by their frequency if given.

        >>> neighbours = Neighbours.from_classes({"animals": ["cat", "dog", "cow"]}, share=0.5)
        >>> sorted(neighbours.of("cat").items())
        [('cat', 0.5), ('cow', 0.25), ('dog', 0.25)]
        """
        members = {name: list(dict.fromkeys(words)) for name, words in classes.items()}
        similar: dict[str, dict[str, float]] = {}
        for words in members.values():
            for word in words:
                own = similar.setdefault(word, {})
                for other in words:
                    if other != word:
                        own[other] = own.get(other, 0.0) + (
                            frequencies.get(other, 0.0) if frequencies else 1.0
                        )
        return cls.from_similarities(similar, share)

    @classmethod
    def read_classes(cls, path: str | os.PathLike[str], share: float = 0.3) -> Neighbours:
        """The classes of a file, a word and one of its classes a line, with a tab or spaces between them.

        That is how mkcls writes them; a word of several classes has several lines. Raises FormatError for other lines.
        """
        classes: dict[str, list[str]] = {}
        for number, line in read_lines(path):
            try:
                fields = split_blanks(line.decode())
            except UnicodeDecodeError:
                raise FormatError("found bytes that are not UTF-8; expected text", path, number) from None
            if fields and len(fields) != 2:
                raise FormatError(f"found {len(fields)} fields; expected a word and its class", path, number)
            if fields:
                classes.setdefault(fields[1], []).append(fields[0])
        if not classes:
            raise FormatError("found no word; expected a word and its class a line", path)
        return cls.from_classes(classes, share)

    @classmethod
    def from_vectors(
        cls, words: Sequence[str], vectors: NDArray[np.floating], share: float = 0.3, most: int = 10
    ) -> Neighbours:
        """The `most` nearest words by the cosine of their vectors, float[words, dimensions], where it is above 0."""
        matrix = np.asarray(vectors, np.float64)
        if matrix.ndim != 2 or len(matrix) != len(words):
            raise UsageError(
                f"found vectors of shape {matrix.shape}; expected one for each of {len(words)} words"
            )
        if not np.isfinite(matrix).all():
            raise UsageError("found a vector with a value that is no number")
        norms = np.linalg.norm(matrix, axis=1, keepdims=True)
        matrix = matrix / np.where(norms > 0, norms, 1.0)
        most = min(most, len(words) - 1)
        similar: dict[str, dict[str, float]] = {}
        for first in range(0, len(words), 1024):
            cosines = matrix[first : first + 1024] @ matrix.T
            cosines[np.arange(len(cosines)), np.arange(first, first + len(cosines))] = -np.inf
            nearest = (
                np.argpartition(-cosines, most - 1, axis=1)[:, :most] if most > 0 else np.empty((0, 0), int)
            )
            for row, columns in enumerate(nearest.tolist()):
                similar[words[first + row]] = {
                    words[column]: float(cosines[row, column])
                    for column in columns
                    if cosines[row, column] > 0
                }
        return cls.from_similarities(similar, share)

    @classmethod
    def from_similarities(cls, similar: Mapping[str, Mapping[str, float]], share: float) -> Neighbours:
        """Every word keeps 1 - `share`; the rest goes to its neighbours in proportion to their similarities."""
        if not 0 <= share <= 1:
            raise UsageError(f"share is {share}; expected 0 to 1")
        if not all(math.isfinite(value) for own in similar.values() for value in own.values()):
            raise UsageError("found a similarity or frequency that is no number")
        vocabulary = Vocabulary(
            dict.fromkeys([*similar, *(word for own in similar.values() for word in own)])
        )
        starts, words, shares = [0], [], []
        for id, word in enumerate(vocabulary.words()):
            own = {
                other: value for other, value in similar.get(word, {}).items() if value > 0 and other != word
            }
            total = sum(own.values())
            words.append(id)
            shares.append(1.0 - share if total else 1.0)
            if total and share:
                words.extend(vocabulary.id(other) for other in own)
                shares.extend(share * value / total for value in own.values())
            starts.append(len(words))
        return cls(
            vocabulary, np.array(starts, np.int64), np.array(words, np.int32), np.array(shares, np.float64)
        )

    def of(self, word: str) -> dict[str, float]:
        """The shares of one word."""
        id = self.vocabulary.id(word)
        if id == UNK:
            return {word: 1.0}
        at = slice(self.starts[id], self.starts[id + 1])
        return dict(zip(self.vocabulary.words(self.words[at]), self.shares[at].tolist(), strict=True))

    def over(self, vocabulary: Vocabulary) -> tuple[NDArray[np.int64], NDArray[np.int32], Floats]:
        """(starts, words, shares) in the ids of another vocabulary; what goes to words outside it is shared anew."""
        own = ids_in(vocabulary, self.vocabulary)  # of every word there
        there = ids_in(self.vocabulary, vocabulary)  # of every word here
        starts, words, shares = [0], [], []
        for id, here in enumerate(own.tolist()):
            if here == UNK:
                words.append(np.array([id], np.int32))
                shares.append(np.ones(1))
            else:
                at = slice(self.starts[here], self.starts[here + 1])
                kept = there[self.words[at]]
                known = (kept != UNK) & (self.shares[at] > 0)
                if not known.any():
                    words.append(np.array([id], np.int32))
                    shares.append(np.ones(1))
                else:
                    words.append(kept[known])
                    shares.append(self.shares[at][known] / self.shares[at][known].sum())
            starts.append(starts[-1] + len(words[-1]))
        return (
            np.array(starts, np.int64),
            np.concatenate(words).astype(np.int32),
            np.concatenate(shares),
        )
