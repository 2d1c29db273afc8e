"""Add words to a back-off model: the new words share the probability of ``<unk>``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.validation import Number
from ngramlm.counts import count
from ngramlm.errors import UsageError
from ngramlm.mixing.interpolation import text_over
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.columns import Columns
from ngramlm.models.matching import ids_in
from ngramlm.models.normalization import check_probabilities
from ngramlm.smoothing.witten_bell import WittenBell
from ngramlm.text.sentences import several_words
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import RESERVED, UNK, Vocabulary
from ngramlm.trie.levels import Level
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats

__all__ = ["extend_vocabulary", "new_words"]

Int64s = NDArray[np.int64]

# The largest number of n-grams that are added. They take some gigabytes.
MOST_ROWS = 1 << 27


def new_words(text: Text, vocabulary: Vocabulary, *, min_count: int = 1) -> list[str]:
    """Find the words of a text that are not in a vocabulary.

    Parameters
    ----------
    text
        A text that was read with a vocabulary of its own.
    vocabulary
        The known words.
    min_count
        The smallest count in the text of a word in the result.

    Returns
    -------
    list
        The words, the most frequent first. Words of equal count keep the order of the vocabulary of the text.

    Raises
    ------
    UsageError
        The text was read with `vocabulary`, so that its new words have become ``<unk>``.

    Examples
    --------
    >>> new_words(Text.from_sentences(["the senate", "a senate votes"]), Vocabulary(["the", "a"]))
    ['senate', 'votes']
    """
    min_count = Number(least=1, whole=True)("min_count", min_count)
    if text.n_oov and text.vocabulary == vocabulary:
        raise UsageError(
            f"found a text in which {text.n_oov} words are OOV already; expected a text that was read with a "
            "vocabulary of its own"
        )
    counts = np.bincount(text.ids, minlength=len(text.vocabulary))
    is_new = (ids_in(text.vocabulary, vocabulary) == UNK) & (counts >= min_count)
    is_new[: len(RESERVED)] = False
    ids = np.flatnonzero(is_new)
    return text.vocabulary.words(ids[np.argsort(-counts[ids], kind="stable")])


def extend_vocabulary(
    model: BackoffModel, words: Iterable[str], text: Text, *, share: float | None = None
) -> BackoffModel:
    """Add words to a back-off model; the new words share the probability of ``<unk>``.

    A new word w gets p(w|h) = (1 - e) p(<unk>|h) q(w), and ``<unk>`` keeps e p(<unk>|h). Here q(w) is the unigram
    probability of w in a Witten-Bell model of the text, divided by the sum of these over the new words. The other words
    keep their probabilities after every history.

    Parameters
    ----------
    model
        A back-off model of probabilities in which ``<unk>`` has a probability above 0.
    words
        The words to add; words that the model knows are skipped.
    text
        A text of the domain, read with a vocabulary of its own.
    share
        The share e that ``<unk>`` keeps, between 0 and 1. None estimates e = (n + T) / (N + T), the Witten-Bell
        estimate for the next token. N is the number of tokens of the text that are OOV for the model. n is the number
        of these that are not among the new words. T is the number of new words that occur in the text.

    Returns
    -------
    BackoffModel
        The extended model. For each stored n-gram h ``<unk>`` it also stores one n-gram per new word.

    Raises
    ------
    UsageError
        The vocabulary of the model is closed, the model would grow by more than 134 million n-grams, or the share must
        be estimated from a text without new words.

    Notes
    -----
    A history with a new word backs off to the words after it, even if the model stores histories with ``<unk>``. Huang,
    Fei et al. (1999) had the idea to add the words of a domain. The formula is that of this toolkit.

    Examples
    --------
    >>> import ngramlm as lm
    >>> model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b", "b a", "b c"]), order=2))
    >>> text = lm.Text.from_sentences(["d a", "d e", "b d"])
    >>> extended = extend_vocabulary(model, ["d", "e"], text)
    >>> extended.vocabulary.words()
    ['<unk>', '<s>', '</s>', 'b', 'a', 'c', 'd', 'e']
    >>> before, after = model.distribution(["b"]), extended.distribution(["b"])
    >>> bool(np.allclose(before[1:], after[1:6])), bool(np.isclose(before[0], after[[0, 6, 7]].sum()))
    (True, True)
    """
    check_probabilities(model)
    known = model.vocabulary
    added = [word for word in dict.fromkeys(several_words(words)) if word not in known]
    if not added:
        return model
    if not model.columns.log10_probs[0][UNK] > -np.inf:
        raise UsageError(
            f"found a model of a closed vocabulary and {len(added)} new words; expected a model in which <unk> has a "
            "probability that the new words can share"
        )
    vocabulary = Vocabulary([*known.words()[len(RESERVED) :], *added])
    if share is None:
        share = _unknown_share(text, known, added)
    share = Number(least=0, above=True, most=1, below=True)("share", share)
    log10_shares = np.log10((1 - share) * _unigrams(text, vocabulary, len(known)))
    trie, places = _with_words(model.trie, len(added))
    log10_probs = []
    for old, level, (moved, unknown, new) in zip(model.columns.log10_probs, trie.levels, places, strict=True):
        column = np.empty(level.n_rows, np.float32)
        column[moved] = old
        column[moved[unknown]] = old[unknown] + np.log10(share)
        column[new] = old[unknown].astype(np.float64)[:, None] + log10_shares
        log10_probs.append(column)
    metadata = {**model.metadata, "extended": f"words={len(added)},share={share:.6g}"}
    return BackoffModel(vocabulary, Columns(trie, log10_probs, model.columns.log10_backoffs), metadata)


def _unknown_share(text: Text, known: Vocabulary, added: list[str]) -> float:
    """Return the Witten-Bell estimate of the share of OOV tokens that are not among the new words."""
    counts = np.bincount(text.ids, minlength=len(text.vocabulary))
    is_unknown = ids_in(text.vocabulary, known) == UNK
    new = counts[text.vocabulary.ids(word for word in added if word in text.vocabulary)]
    n_tokens, n_types = int(counts[is_unknown].sum()), int(np.count_nonzero(new))
    if not n_types:
        raise UsageError(
            f"found a text without any of the {len(added)} new words; expected a text with some of them, or a value "
            "for share"
        )
    return (n_tokens - int(new.sum()) + n_types) / (n_tokens + n_types)


def _unigrams(text: Text, vocabulary: Vocabulary, first: int) -> Floats:
    """Return the unigram probabilities of the words from the id `first` on, divided by their sum."""
    if not text.n_sentences:
        raise UsageError("found a text without sentences; expected a text of the domain")
    probs = WittenBell().fit(count(text_over(text, vocabulary), order=1)).distribution()[first:]
    shares: Floats = probs / probs.sum()
    return shares


def _with_words(trie: NgramTrie, n: int) -> tuple[NgramTrie, list[tuple[Int64s, Int64s, Int64s]]]:
    """Return the trie with `n` more words, and with their n-grams after every history of an n-gram h ``<unk>``.

    The list has three columns for every order: int64[R], the new row of every old row; int64[U], the old rows that end
    with ``<unk>``; int64[U, n], the new rows of the n-grams with the new words. The new words have the highest ids. So
    their n-grams stand behind all other n-grams of the same history.
    """
    size = trie.level(1).n_rows
    ids = np.arange(n)
    levels = [Level.of_words(size + n)]
    places: list[tuple[Int64s, Int64s, Int64s]] = [(np.arange(size), np.array([UNK]), size + ids[None, :])]
    # <unk> has the lowest id, so that it can only be the first word after a history.
    unknown = [level.starts[:-1] for level in trie.levels]
    unknown = [starts[level.words[starts] == UNK] for starts, level in zip(unknown, trie.levels, strict=True)]
    if sum(map(len, unknown)) * n > MOST_ROWS:
        raise UsageError(
            f"found {n} new words for {sum(map(len, unknown))} n-grams that end with <unk>; expected at most "
            f"{MOST_ROWS} n-grams to add (give fewer words, or prune the model)"
        )
    for order in range(2, trie.order + 1):
        level, (moved_below, _, new_below) = trie.level(order), places[-1]
        grows = level.words[level.starts[:-1]] == UNK
        starts = level.starts + n * np.append(0, np.cumsum(grows))
        moved = np.arange(level.n_rows) + np.repeat(starts[:-1] - level.starts[:-1], np.diff(level.starts))
        new = starts[1:][grows][:, None] - n + ids
        words, suffixes = np.empty(int(starts[-1]), np.int32), np.empty(int(starts[-1]), np.int32)
        words[moved], suffixes[moved] = level.words, moved_below[level.suffixes]
        words[new] = size + ids
        suffix_rows = level.suffixes[unknown[order - 1]]
        suffixes[new] = new_below[np.searchsorted(unknown[order - 2], suffix_rows)]
        levels.append(Level(words, suffixes, starts, level.parents, level.first_words))
        places.append((moved, unknown[order - 1], new))
    return NgramTrie(levels), places
