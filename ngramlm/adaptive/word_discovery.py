"""Word discovery in text without spaces: find sequences of tokens that are likely to be one word."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.adaptive.keywords import ScoredWords, log_likelihood_ratios, ratios_to_shares, sorted_words
from ngramlm.core.validation import Number
from ngramlm.counts import NgramCounts, count, is_complete
from ngramlm.errors import UsageError
from ngramlm.models.backoff import BackoffModel
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS, RESERVED, UNK, Vocabulary
from ngramlm.trie._trie import segment_sums
from ngramlm.trie.events import Events, look_up
from ngramlm.trie.levels import MAX_ORDER
from ngramlm.types import Bools, Floats

__all__ = ["WordCandidates", "join_words", "score_candidates", "word_candidates"]

# The tolerance of comparisons with thresholds, in bits.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class WordCandidates:
    """Sequences of tokens that are likely to be one word, sorted by falling count x information, then by the tokens.

    Parameters
    ----------
    ngrams
        The tokens of each candidate.
    counts
        int64[N]: the number of occurrences of each candidate.
    information
        float64[N], in bits: the pointwise mutual information of the two parts, at the split where it is smallest.
    entropies
        float64[N], in bits: the smaller of two entropies, that of the token before and that of the token after.
    """

    ngrams: tuple[tuple[str, ...], ...]
    counts: NDArray[np.int64]
    information: Floats
    entropies: Floats

    def __post_init__(self) -> None:
        for column in (self.counts, self.information, self.entropies):
            column.setflags(write=False)

    def __len__(self) -> int:
        return len(self.ngrams)

    @property
    def words(self) -> list[str]:
        """The tokens of each candidate, joined to one word."""
        return ["".join(ngram) for ngram in self.ngrams]


def word_candidates(
    text: Text,
    *,
    longest: int = 4,
    least_count: int = 3,
    least_information: float = 5.0,
    least_entropy: float = 1.0,
    threads: int | None = None,
) -> WordCandidates:
    """Find adjacent tokens that are likely to be one word, in a text without spaces (tokenizer ``characters``).

    An n-gram is a candidate if it reaches all three thresholds below. Tokens with characters other than letters, marks
    and numbers are not part of candidates. An n-gram that occurs only inside longer candidates is left out.

    Parameters
    ----------
    text
        The text.
    longest
        The largest number of tokens of a candidate, 2 or more.
    least_count
        The smallest count of a candidate.
    least_information
        The smallest pointwise mutual information of a candidate, in bits: log2 of c(xy) N / (c(x) c(y)), with N tokens
        in the text. It must be reached by every split of the n-gram into x and y (Church & Hanks 1990).
    least_entropy
        The smallest entropy of the token before, and of the token after, in bits. Inside a word, the next token is easy
        to predict (Harris 1955, "from phoneme to morpheme"). The end of a sentence counts as a token.
    threads
        Number of threads; by default as many as there are processors.

    Returns
    -------
    WordCandidates
        The candidates.

    Raises
    ------
    UsageError
        The text is empty.

    Examples
    --------
    >>> lines = ["曹操來", "見曹操", "曹操大笑", "人來", "見大人", "笑"]
    >>> text = Text.from_sentences([" ".join(line) for line in lines])
    >>> found = word_candidates(text, least_information=2, least_entropy=0.5)
    >>> found.words, found.counts.tolist(), found.information.round(2).tolist(), found.entropies.round(2).tolist()
    (['曹操'], [3], [2.42], [0.92])
    """
    longest = Number(least=2, most=MAX_ORDER - 1, whole=True)("longest", longest)
    least_count = Number(least=1, whole=True)("least_count", least_count)
    least_information = Number()("least_information", least_information)
    least_entropy = Number(least=0)("least_entropy", least_entropy)
    if not text.n_sentences:
        raise UsageError("found a text without sentences; expected at least one sentence")
    counts = count(text, order=longest + 1, threads=threads)
    is_part = np.array([_is_word(word) for word in text.vocabulary.words()])
    is_part[[UNK, BOS, EOS]] = False
    # The n-grams that consist of these tokens alone.
    usable = is_part
    columns, masks = {}, {}
    for order in range(2, min(longest, counts.order - 1) + 1):
        usable = usable[_history_rows(counts, order)] & is_part[counts.trie.level(order).words]
        information, entropies = _information(counts, order, text.n_words), _entropies(counts, order)
        frequent = counts.counts[order - 1] >= least_count
        bound = (information >= least_information - ROUNDING) & (entropies >= least_entropy - ROUNDING)
        masks[order] = usable & frequent & bound
        columns[order] = (counts.counts[order - 1], information, entropies)
    found = []
    for order, mask in _standing_alone(counts, text, masks).items():
        ngrams = counts.trie.ngrams(order)[mask]
        parts = (column[mask].tolist() for column in columns[order])
        found += [
            (tuple(text.vocabulary.words(ngram)), *row) for ngram, *row in zip(ngrams, *parts, strict=True)
        ]
    found.sort(key=lambda row: (-row[1] * row[2], row[0]))
    return WordCandidates(
        tuple(row[0] for row in found),
        np.array([row[1] for row in found], np.int64),
        np.array([row[2] for row in found], np.float64),
        np.array([row[3] for row in found], np.float64),
    )


def _is_word(token: str) -> bool:
    return all(unicodedata.category(character)[0] in "LMN" for character in token)


def _history_rows(counts: NgramCounts, order: int) -> NDArray[np.int32]:
    """Return the row, one order below, of every n-gram without its last word, int32[R]."""
    return counts.trie.history_rows(order)[counts.trie.histories(order)]


def _information(counts: NgramCounts, order: int, n_tokens: int) -> Floats:
    """Return the smallest pointwise mutual information over all splits of each n-gram, in bits, float64[R]."""
    trie = counts.trie
    # left[i] and right[i] are the rows of the first and of the last order - i tokens of each n-gram.
    left = [np.arange(trie.level(order).n_rows, dtype=np.int32)]
    right = [left[0]]
    for length in range(order, 1, -1):
        left.append(_history_rows(counts, length)[left[-1]])
        right.append(trie.level(length).suffixes[right[-1]])
    least = np.full(len(left[0]), np.inf)
    for i in range(1, order):
        first = counts.counts[order - i - 1][left[i]].astype(np.float64)
        last = counts.counts[i - 1][right[order - i]].astype(np.float64)
        # <s> has the count 0.
        with np.errstate(divide="ignore"):
            np.minimum(least, counts.counts[order - 1] / (first * last), out=least)
    return np.asarray(np.log2(least * n_tokens), np.float64)


def _entropies(counts: NgramCounts, order: int) -> Floats:
    """Return the smaller of the entropies of the word before and of the word after, in bits, float64[R]."""
    level, values = counts.trie.level(order + 1), counts.counts[order].astype(np.float64)
    terms, n_rows = values * np.log2(values), counts.trie.level(order).n_rows
    after = _entropy(segment_sums(terms, level.starts), segment_sums(values, level.starts))
    before = _entropy(*(np.bincount(level.suffixes, column, n_rows) for column in (terms, values)))
    return np.minimum(look_up(after, counts.trie.history_of_row(order), 0.0), before)


def _entropy(terms: NDArray[Any], totals: NDArray[Any]) -> Floats:
    """Compute log2 N - (sum of c log2 c) / N from the sums of c log2 c and the totals N."""
    some = np.maximum(totals, 1.0)
    return np.asarray(np.maximum(np.log2(some) - terms / some, 0.0), np.float64)


def _standing_alone(counts: NgramCounts, text: Text, masks: Mapping[int, Bools]) -> dict[int, Bools]:
    """Return masks of the marked n-grams that occur somewhere in a text outside all longer marked n-grams."""
    rows = Events.locate(counts.trie, text).rows
    ends = {order: look_up(mask, rows[order - 1], False) for order, mask in masks.items()}
    found = {}
    for order, mask in masks.items():
        alone = ends[order].copy()
        for longer in range(order + 1, max(masks) + 1):
            # The longer n-gram may end up to longer - order tokens later.
            for later in range(longer - order + 1):
                alone[: len(alone) - later] &= ~ends[longer][later:]
        found[order] = np.zeros_like(mask)
        found[order][rows[order - 1][alone]] = True
    return found


def score_candidates(
    candidates: WordCandidates, text: Text, background: Text | NgramCounts | BackoffModel
) -> tuple[ScoredWords, Bools]:
    """Compute G2 of candidates, and bool[N]: whether each is more frequent in the text than in the background.

    G2 compares the counts of the sequences of tokens, as `score_words` does for words. For a model, the expected
    frequency is the probability of the sequence after an empty history.

    Raises
    ------
    UsageError
        The order of the background counts is lower than the length of a candidate.
    """
    longest = max(map(len, candidates.ngrams), default=1)
    if isinstance(background, BackoffModel):
        log10_probs = [background.score(ngram, bos=False, eos=False) for ngram in candidates.ngrams]
        shares = 10.0 ** np.array(log10_probs, np.float64)
        scores = ratios_to_shares(candidates.counts, text.n_words, shares)
        is_more_frequent = candidates.counts > text.n_words * shares
    else:
        counts = count(background, order=longest) if isinstance(background, Text) else background
        if counts.order < longest and not is_complete(counts):
            raise UsageError(
                f"found counts of order {counts.order}; expected {longest} or more, the length of the longest candidate"
            )
        there = np.array([counts.get(ngram) for ngram in candidates.ngrams], np.int64)
        total = int(counts.counts[0].sum() - counts.counts[0][EOS])
        scores = log_likelihood_ratios(candidates.counts, text.n_words, there, total)
        is_more_frequent = candidates.counts * float(total) > there * float(text.n_words)
    return sorted_words(candidates.words, scores, candidates.counts, is_more_frequent)


def join_words(text: Text, candidates: WordCandidates) -> Text:
    """Replace every candidate in a text by one word, from left to right, the longest candidate first.

    Parameters
    ----------
    text
        The text.
    candidates
        The sequences of tokens that become words.

    Returns
    -------
    Text
        The text with the same documents and the same number of characters. Its vocabulary begins with the words of the
        given text.

    Examples
    --------
    >>> text = Text.from_sentences(["曹 操 來", "見 曹 操", "曹"])
    >>> one = WordCandidates((("曹", "操"),), np.array([2]), np.array([1.0]), np.array([1.0]))
    >>> [" ".join(joined.sentence(number)) for joined in [join_words(text, one)] for number in range(3)]
    ['曹操 來', '見 曹操', '曹']
    """
    tokens = text.vocabulary
    vocabulary = Vocabulary(dict.fromkeys([*tokens.words()[len(RESERVED) :], *candidates.words]))
    words: dict[tuple[int, ...], int] = {}
    # The lengths of the candidates that begin with each token.
    lengths: dict[int, set[int]] = {}
    for ngram, word in zip(candidates.ngrams, candidates.words, strict=True):
        ids = tuple(tokens.ids(ngram).tolist())
        if UNK not in ids:
            words[ids] = vocabulary.id(word)
            lengths.setdefault(ids[0], set()).add(len(ids))
    longest_first = {first: sorted(found, reverse=True) for first, found in lengths.items()}
    given, joined, at = text.ids.tolist(), [], 0
    while at < len(given):
        id, step = given[at], 1
        for length in longest_first.get(id, ()):
            ngram_ids = tuple(given[at : at + length])
            if ngram_ids in words:
                id, step = words[ngram_ids], length
                break
        joined.append(id)
        at += step
    documents = text.documents[:-1].tolist()
    return Text.from_ids(vocabulary, np.array(joined, np.int32), text.characters, documents)
