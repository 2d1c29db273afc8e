"""Domain words: the words that are significantly more frequent in a text than in a background."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.association import mutual_information
from ngramlm.core.validation import Number
from ngramlm.counts import NgramCounts
from ngramlm.errors import UsageError
from ngramlm.models.language_model import LanguageModel
from ngramlm.models.matching import ids_in
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS, RESERVED, UNK
from ngramlm.types import Floats

__all__ = [
    "LEAST_RATIO",
    "ScoredWords",
    "domain_words",
    "log_likelihood_ratios",
    "ratios_to_shares",
    "score_words",
    "sorted_words",
]

Int64s = NDArray[np.int64]

# The default threshold of G2. With one degree of freedom, chance alone exceeds it for one word in 10,000.
LEAST_RATIO = 15.1


@dataclass(frozen=True, eq=False)
class ScoredWords:
    """Words of a text with scores, the highest score first; words of equal score are in the order of their bytes.

    Parameters
    ----------
    words
        The words.
    scores
        float64[N]: the G2 of each word against the background.
    counts
        int64[N]: the number of occurrences of each word in the text.
    """

    words: tuple[str, ...]
    scores: Floats
    counts: Int64s

    def __post_init__(self) -> None:
        self.scores.setflags(write=False)
        self.counts.setflags(write=False)

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[tuple[str, float, int]]:
        """Yield (word, score, count) for each word."""
        return zip(self.words, self.scores.tolist(), self.counts.tolist(), strict=True)

    def select(self, mask: NDArray[np.bool_]) -> ScoredWords:
        """Return the marked words with their scores and counts; `mask` is bool[N]."""
        words = tuple(word for word, kept in zip(self.words, mask.tolist(), strict=True) if kept)
        return ScoredWords(words, self.scores[mask], self.counts[mask])


def domain_words(
    text: Text | NgramCounts, background: Text | NgramCounts | LanguageModel, *, least: float = LEAST_RATIO
) -> ScoredWords:
    """Find the words that are significantly more frequent in a text than in a background.

    The test is the log-likelihood ratio of Dunning (1993, "accurate methods for the statistics of surprise and
    coincidence"). G2 = 2 sum of observed ln(observed / expected) over the four cells of the table (this word, all other
    words) x (text, background). If the word is equally frequent in both, G2 has a chi-square distribution with one
    degree of freedom. This holds for rare words too.

    Parameters
    ----------
    text
        A text of the domain with all its words, or its counts.
    background
        A general text, its counts, or a model. For a text or counts, a word outside the vocabulary has the count 0. For
        a model, the unigrams are the relative frequencies of the words, and an OOV has the frequency of ``<unk>``.
        Do not use a Kneser-Ney model: its unigrams are not the frequencies of the words.
    least
        The smallest G2 of a word in the result. Chance exceeds 15.1 for one word in 10,000, and 3.8 for one in 20.

    Returns
    -------
    ScoredWords
        The words with their G2 and counts. ``<unk>`` counts as a word of the text, but is not in the result.

    Raises
    ------
    UsageError
        The text or the background has no words.

    Examples
    --------
    >>> text = Text.from_sentences(["the senate of the senate", "the senate votes"])
    >>> found = domain_words(text, Text.from_sentences(["the cat of the house"] * 3), least=3.8)
    >>> found.words, found.scores.round(2).tolist(), found.counts.tolist()
    (('senate',), [7.23], [3])
    """
    scored, is_more_frequent = score_words(text, background)
    return scored.select(is_more_frequent & (scored.scores >= Number(least=0)("least", least)))


def score_words(
    text: Text | NgramCounts, background: Text | NgramCounts | LanguageModel
) -> tuple[ScoredWords, NDArray[np.bool_]]:
    """Compute G2 of all words of a text against a background.

    The parameters and errors are those of `domain_words`.

    Returns
    -------
    tuple
        The words with their G2, and bool[N]: whether each word is more frequent in the text than in the background.
    """
    counts = _word_counts(text)
    if not counts.any():
        raise UsageError("found a text without words; expected a text of the domain")
    total, ids = int(counts.sum()), ids_in(text.vocabulary, background.vocabulary)
    if isinstance(background, Text | NgramCounts):
        others = _word_counts(background)
        if not others.any():
            raise UsageError("found a background without words; expected a text to compare with")
        there, total_there = np.where(ids == UNK, 0, others[ids]), int(others.sum())
        scores = log_likelihood_ratios(counts, total, there, total_there)
        is_more_frequent = counts.astype(float) * total_there > there.astype(float) * total
    else:
        shares = np.asarray(background.distribution(()), np.float64).copy()
        shares[[BOS, EOS]] = 0.0
        if not shares.any():
            raise UsageError("found a model without words; expected a model to compare with")
        shares = (shares / shares.sum())[ids]
        scores, is_more_frequent = ratios_to_shares(counts, total, shares), counts > total * shares
    rows = len(RESERVED) + np.flatnonzero(counts[len(RESERVED) :])
    return sorted_words(text.vocabulary.words(rows), scores[rows], counts[rows], is_more_frequent[rows])


def log_likelihood_ratios(counts: Int64s, total: int, others: Int64s, total_others: int) -> Floats:
    """Compute the log-likelihood ratio G2 of words in two texts.

    Parameters
    ----------
    counts, others
        int64[N]: the count of every word in the text and in the background.
    total, total_others
        The number of words of the text and of the background.

    Returns
    -------
    numpy.ndarray
        float64[N]: G2 of every word.

    Examples
    --------
    >>> log_likelihood_ratios(np.array([10, 5]), 100, np.array([10, 50]), 1000).round(3).tolist()
    [22.908, 0.0]
    """
    n = float(total + total_others)
    information = mutual_information(
        counts.astype(np.float64), np.array(float(total)), (counts + others).astype(np.float64), n
    )
    return 2 * n * np.maximum(information, 0.0)


def ratios_to_shares(counts: Int64s, total: int, shares: Floats) -> Floats:
    """Compute G2 of words whose relative frequencies in the background are known exactly.

    Parameters
    ----------
    counts
        int64[N]: the count of every word in the text.
    total
        The number of words of the text.
    shares
        float64[N]: the relative frequency of every word in the background.

    Returns
    -------
    numpy.ndarray
        float64[N]: G2 of every word.

    Examples
    --------
    >>> ratios_to_shares(np.array([10, 5]), 100, np.array([0.01, 0.05])).round(3).tolist()
    [28.896, 0.0]
    """
    ratios = _gain(counts, total * shares) + _gain(total - counts, total * (1 - shares))
    return 2 * np.maximum(ratios, 0.0)


def _gain(observed: NDArray[Any], expected: Floats) -> Floats:
    """Compute observed ln(observed / expected): 0 if nothing was observed, infinite if nothing was expected."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(observed > 0, observed * np.log(observed / expected), 0.0)


def _word_counts(source: Text | NgramCounts) -> Int64s:
    """Return the count of every word, int64[V]; ``<unk>`` is counted, ``<s>`` and ``</s>`` are 0."""
    if isinstance(source, NgramCounts):
        counts = source.counts[0].astype(np.int64)
    else:
        counts = np.bincount(source.ids, minlength=len(source.vocabulary)).astype(np.int64)
    counts[[BOS, EOS]] = 0
    return counts


def sorted_words(
    words: Sequence[str], scores: Floats, counts: Int64s, mask: NDArray[np.bool_]
) -> tuple[ScoredWords, NDArray[np.bool_]]:
    """Sort words by falling score, then by their bytes; return them with their mask in the same order."""
    values = scores.tolist()
    order = sorted(range(len(words)), key=lambda at: (-values[at], words[at]))
    rows = np.array(order, np.int64)
    return ScoredWords(tuple(words[at] for at in order), scores[rows], counts[rows]), mask[rows]
