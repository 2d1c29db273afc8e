"""Word weights of a cache: the weight of an occurrence of each word, and the similar words that share it."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ngramlm.adaptive.class_neighbors import class_rows
from ngramlm.errors import FormatError, UsageError
from ngramlm.models.matching import ids_in
from ngramlm.text.lines import read_lines
from ngramlm.text.text import Text
from ngramlm.text.tokenizers import split_blanks
from ngramlm.text.vocabulary import EOS, UNK, Vocabulary
from ngramlm.types import Floats

__all__ = ["Neighbors", "WordWeights", "inverse_document_frequencies"]

# The largest weight of a word.
MOST = 1e6


@dataclass(frozen=True, eq=False)
class WordWeights:
    """A weight for every word of a vocabulary, and one weight for all other words.

    Parameters
    ----------
    vocabulary
        The words.
    values
        float64[V]: the weights of the words, from 0 to 1e6.
    unknown
        The weight of all words outside the vocabulary, from 0 to 1e6.

    Raises
    ------
    UsageError
        The number of weights is not that of the words, or a weight is out of its range.
    """

    vocabulary: Vocabulary
    values: Floats
    unknown: float

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.vocabulary),):
            raise UsageError(
                f"found weights of shape {self.values.shape}; expected one for each of {len(self.vocabulary)} words"
            )
        every = np.append(self.values, self.unknown)
        if not ((every >= 0) & (every <= MOST)).all():
            raise UsageError(f"found a weight outside this range; expected numbers from 0 to {MOST:g}")
        self.values.setflags(write=False)

    def over(self, vocabulary: Vocabulary) -> Floats:
        """Return the weights of the words of another vocabulary, float64[V]."""
        ids = ids_in(vocabulary, self.vocabulary)
        return np.where(ids == UNK, self.unknown, self.values[ids])

    def filtered(self, least: float) -> WordWeights:
        """Return a copy in which weights below `least` are 0, so that these words are not cached."""
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
        The weights. ``<unk>`` and ``</s>`` have the weight 0; words outside the vocabulary have ln(D + 1).

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
    """Return (documents, words, counts), int64[N] each, for every distinct word of every document."""
    size = len(text.vocabulary)
    documents = np.repeat(np.arange(text.n_documents), np.diff(text.sentences[text.documents]))
    keys, counts = np.unique(documents * size + text.ids, return_counts=True)
    return keys // size, keys % size, counts


@dataclass(frozen=True, eq=False)
class Neighbors:
    """Similar words: each word shares the weight of its occurrences with its neighbors.

    Parameters
    ----------
    vocabulary
        The words.
    starts
        int64[V + 1]: where the neighbors of every word begin in `words`.
    words
        int32[N]: the ids of the neighbors. A word is a neighbor of itself.
    shares
        float64[N]: the share of each neighbor. The shares of a word sum to 1.

    Raises
    ------
    UsageError
        The columns do not fit together, or the shares of a word do not sum to 1.
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
            raise UsageError("found columns that do not fit together; expected neighbors of every word")
        if n and not (0 <= self.words.min() and self.words.max() < len(self.vocabulary)):
            raise UsageError("found a neighbor outside the vocabulary; expected ids of its words")
        if not (np.isfinite(self.shares).all() and (self.shares >= 0).all()):
            raise UsageError("found a share that is negative or not a number; expected 0 or more")
        if not np.allclose(np.add.reduceat(self.shares, starts[:-1]), 1):
            raise UsageError("found shares of a word that do not sum to 1; expected a sum of 1 for each word")
        for column in (starts, self.words, self.shares):
            column.setflags(write=False)

    @classmethod
    def from_classes(
        cls,
        classes: Mapping[str, Iterable[str]],
        share: float = 0.3,
        frequencies: Mapping[str, float] | None = None,
    ) -> Neighbors:
        """Make the words of a class neighbors of each other.

        Parameters
        ----------
        classes
            The words of each class. A word may be in several classes.
        share
            The share of an occurrence that goes to the other words of the classes. The word itself keeps 1 - `share`.
        frequencies
            The weights by which the other words divide that share. None divides it equally.

        Raises
        ------
        UsageError
            `share` is outside 0 to 1, a frequency is not a number, or the classes have more than `MAX_PAIRS` pairs of
            words.

        Examples
        --------
        >>> neighbors = Neighbors.from_classes({"animals": ["cat", "dog", "cow"]}, share=0.5)
        >>> sorted(neighbors.of("cat").items())
        [('cat', 0.5), ('cow', 0.25), ('dog', 0.25)]
        """
        _check_shares(share, [frequencies or {}])
        return cls(*class_rows(classes, share, frequencies or {}))

    @classmethod
    def read_classes(cls, path: str | os.PathLike[str], share: float = 0.3) -> Neighbors:
        """Read word classes from a file, and make the words of a class neighbors of each other.

        Parameters
        ----------
        path
            A file with a word and one of its classes on each line, separated by a tab or spaces, as mkcls writes them.
            A word of several classes has several lines.
        share
            The share of an occurrence that goes to the other words of the classes.

        Raises
        ------
        FormatError
            A line has another form, or the file has no words.
        """
        classes: dict[str, dict[str, None]] = {}
        for number, line in read_lines(path):
            try:
                fields = split_blanks(line.decode())
            except UnicodeDecodeError:
                raise FormatError("found bytes that are not UTF-8; expected text", path, number) from None
            if fields and len(fields) != 2:
                raise FormatError(f"found {len(fields)} fields; expected a word and its class", path, number)
            if fields:
                classes.setdefault(fields[1], {})[fields[0]] = None
        if not classes:
            raise FormatError("found no words; expected a word and its class on each line", path)
        try:
            return cls.from_classes(classes, share)
        except UsageError as error:
            raise FormatError(str(error), path) from None

    @classmethod
    def from_vectors(
        cls, words: Sequence[str], vectors: NDArray[np.floating], share: float = 0.3, most: int = 10
    ) -> Neighbors:
        """Make the nearest words by cosine neighbors of each word.

        Parameters
        ----------
        words
            The words.
        vectors
            float[words, dimensions]: the vector of each word.
        share
            The share of an occurrence that goes to the neighbors, in proportion to their cosines.
        most
            The largest number of neighbors of a word. Words with a cosine of 0 or less are not neighbors.

        Raises
        ------
        UsageError
            The number of vectors is not that of the words, or a value is not finite.
        """
        matrix = np.asarray(vectors, np.float64)
        if matrix.ndim != 2 or len(matrix) != len(words):
            raise UsageError(
                f"found vectors of shape {matrix.shape}; expected one for each of {len(words)} words"
            )
        if not np.isfinite(matrix).all():
            raise UsageError("found a vector with NaN or an infinite value; expected finite numbers")
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
    def from_similarities(cls, similar: Mapping[str, Mapping[str, float]], share: float) -> Neighbors:
        """Make neighbors from similarities: every word keeps 1 - `share`, its neighbors divide the rest.

        Parameters
        ----------
        similar
            For each word its similar words with their similarities. Similarities of 0 or less are ignored.
        share
            The share of an occurrence that goes to the neighbors, in proportion to their similarities.

        Raises
        ------
        UsageError
            `share` is outside 0 to 1, or a similarity is not finite.
        """
        _check_shares(share, similar.values())
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
        """Return the neighbors of one word, itself included, with their shares."""
        id = self.vocabulary.id(word)
        if id == UNK:
            return {word: 1.0}
        at = slice(self.starts[id], self.starts[id + 1])
        return dict(zip(self.vocabulary.words(self.words[at]), self.shares[at].tolist(), strict=True))

    def over(self, vocabulary: Vocabulary) -> tuple[NDArray[np.int64], NDArray[np.int32], Floats]:
        """Return (starts, words, shares) in the ids of another vocabulary.

        Neighbors outside that vocabulary are left out; the shares of the others are divided by their sum.
        """
        # The own id of every word of the other vocabulary, and the other id of every own word.
        own = ids_in(vocabulary, self.vocabulary)
        there = ids_in(self.vocabulary, vocabulary)
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


def _check_shares(share: float, similarities: Iterable[Mapping[str, float]]) -> None:
    """Raise UsageError unless `share` is from 0 to 1 and all similarities or frequencies are finite."""
    if not 0 <= share <= 1:
        raise UsageError(f"share is {share}; expected 0 to 1")
    if not all(math.isfinite(value) for own in similarities for value in own.values()):
        raise UsageError("found a similarity or frequency that is NaN or infinite; expected finite numbers")
