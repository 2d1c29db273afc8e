"""Similarity of words: the rank correlation of cosines with human judgments, and the nearest words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ngramlm.core.files import Source, source_name
from ngramlm.embeddings.subword_vectors import SubwordVectors
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.embeddings.word_case import FOLDS, folded_rows
from ngramlm.embeddings.word_lists import numbered_lines
from ngramlm.errors import FormatError, UsageError
from ngramlm.text.tokenizers import split_blanks

__all__ = ["Pair", "WordSimilarity", "neighbor_words", "read_pairs", "word_similarity"]

Pair = tuple[str, str, float]

# the columns that are read from SimLex-999
SIMLEX = ("word1", "word2", "SimLex999")


@dataclass(frozen=True)
class WordSimilarity:
    """The rank correlation of cosines of word pairs with human judgments.

    Attributes
    ----------
    spearman : float
        The rank correlation over the used pairs, -1 to 1; NaN if fewer than two pairs differ.
    used : int
        Number of pairs whose words both have a vector. The other pairs are left out.
    pairs : int
        Number of all pairs.
    case : str
        "exact" or "lower": how words were compared.
    """

    spearman: float
    used: int
    pairs: int
    case: str

    @property
    def coverage(self) -> float:
        """The share of the pairs that was used."""
        return self.used / self.pairs


def word_similarity(vectors: WordVectors, pairs: Sequence[Pair], case: str = "exact") -> WordSimilarity:
    """Compute Spearman's correlation of the cosines of pairs with their scores.

    Pairs with an unknown word are left out. `SubwordVectors` have vectors of unknown words too, by their n-grams.

    Parameters
    ----------
    vectors : WordVectors
        The vectors to evaluate.
    pairs : sequence of (word, word, score)
        The pairs, as `read_pairs` returns them.
    case : {"exact", "lower"}
        "lower" compares words in lower case; if several words become equal, the first is used.

    Returns
    -------
    WordSimilarity
        The correlation, and how many pairs were used.

    Raises
    ------
    UsageError
        If there are no pairs, or a score is not finite.

    Examples
    --------
    >>> matrix = np.array([[1, 0], [2, 1], [0, 1]], np.float32)
    >>> pairs = [("cat", "dog", 9.0), ("dog", "tree", 3.0), ("cat", "tree", 1.0), ("cat", "zebra", 5.0)]
    >>> word_similarity(WordVectors(["cat", "dog", "tree"], matrix), pairs)
    WordSimilarity(spearman=1.0, used=3, pairs=4, case='exact')
    """
    from scipy.stats import spearmanr

    if not pairs:
        raise UsageError("found no pairs; expected at least one")
    if not np.isfinite([score for *_, score in pairs]).all():
        raise UsageError("found a score that is NaN or infinite; expected finite scores")
    known = folded_rows(vectors.words, case)
    fold = FOLDS[case]

    def judged(word: str) -> str | None:
        row = known.get(fold(word))
        if row is not None:
            return vectors.words[row]
        return word if isinstance(vectors, SubwordVectors) and vectors.has_ngrams(word) else None

    named = [(judged(one), judged(other), score) for one, other, score in pairs]
    used = [(one, other, score) for one, other, score in named if one is not None and other is not None]
    cosines = [vectors.similarity(one, other) for one, other, _ in used]
    scores = [score for *_, score in used]
    alike = len(set(cosines)) < 2 or len(set(scores)) < 2
    rho = float("nan") if alike else float(spearmanr(cosines, scores).statistic)
    return WordSimilarity(rho, len(used), len(pairs), case)


def neighbor_words(
    vectors: WordVectors, words: Sequence[str], n: int = 10
) -> dict[str, list[tuple[str, float]]]:
    """Find the n nearest words of each word.

    Parameters
    ----------
    vectors : WordVectors
        The vectors.
    words : sequence of str
        The words.
    n : int
        Number of neighbors of a word; there are fewer if there are fewer words.

    Returns
    -------
    dict from word to list of (word, cosine)
        The neighbors of each word, the nearest first.

    Raises
    ------
    UnknownWordError
        If a word has no vector.

    Examples
    --------
    >>> vectors = WordVectors(["up", "down", "high"], np.array([[0, 1], [0, -1], [1, 2]], np.float32))
    >>> [word for word, _ in neighbor_words(vectors, ["up"], 2)["up"]]
    ['high', 'down']
    """
    rows, cosines = vectors.nearest(words, n)
    return {
        word: [(vectors.words[row], cosine) for row, cosine in zip(found, near, strict=True)]
        for word, found, near in zip(words, rows.tolist(), cosines.tolist(), strict=True)
    }


def read_pairs(source: Source) -> tuple[Pair, ...]:
    """Read pairs of words with scores: one pair a line, separated by tabs, commas or spaces. # begins a comment line.

    The first line may name the columns. SimLex-999 is read by the names of its columns.

    Parameters
    ----------
    source : path or binary stream
        The file, decompressed by its suffix; ``-`` is standard input.

    Returns
    -------
    tuple of (word, word, score)
        The pairs, in the order of the file.

    Raises
    ------
    FormatError
        With the line, if a line is no pair.
    """
    pairs: list[Pair] = []
    columns = (0, 1, 2)
    name = source_name(source)
    first = True
    for number, line in numbered_lines(source):
        if line.startswith("#"):
            continue
        fields, first_line, first = _fields(line), first, False
        if not pairs and set(SIMLEX) <= set(fields):
            columns = tuple(map(fields.index, SIMLEX))  # type: ignore[assignment]
            continue
        if len(fields) <= max(columns) or not all(fields[column] for column in columns):
            raise FormatError(f"found {len(fields)} fields; expected two words and a score", name, number)
        score = _score(fields[columns[2]])
        if score is None:
            if first_line:
                continue
            raise FormatError(
                f"found the score {fields[columns[2]]!r}; expected a finite number", name, number
            )
        pairs.append((fields[columns[0]], fields[columns[1]], score))
    if not pairs:
        raise FormatError("found no pairs; expected two words and a score a line", name)
    return tuple(pairs)


def _fields(line: str) -> list[str]:
    """Split a line at tabs; without tabs at commas; without commas at spaces."""
    for separator in ("\t", ","):
        if separator in line:
            return [field.strip() for field in line.split(separator)]
    return split_blanks(line)


def _score(field: str) -> float | None:
    """Read the number in a field; None if it is no finite number."""
    try:
        score = float(field) if field.isascii() and "_" not in field else float("nan")
    except ValueError:
        return None
    return score if np.isfinite(score) else None
