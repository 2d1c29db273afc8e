"""The character n-grams of words, and the rows of a table that they share.

Bojanowski et al. (2017). A word stands between < and >. Its n-grams of min_n to max_n characters share a table of
buckets. 32-bit FNV-1a chooses the bucket of an n-gram, as in fastText.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ngramlm.core.validation import Number
from ngramlm.embeddings._vectors import subword_buckets
from ngramlm.errors import UsageError
from ngramlm.text.sentences import several_words
from ngramlm.types import Float32s, Ints

__all__ = ["check_lengths", "mean_rows", "ngram_buckets", "vocabulary_ngrams"]

BEGIN, END = "<", ">"
MAX_BUCKETS = 2**31 - 1
MAX_LENGTH = 1 << 10  # characters of an n-gram
# the size of the n-gram rows in memory at once, in floats
BLOCK_FLOATS = 1 << 22
_LENGTH = Number(least=1, most=MAX_LENGTH, whole=True)
_BUCKETS = Number(least=1, most=MAX_BUCKETS, whole=True)


def ngram_buckets(word: str, min_n: int, max_n: int, buckets: int) -> Ints:
    """Find the buckets of the character n-grams of one word, in the order of fastText.

    The n-grams of ``<word>`` are sorted by where they begin, then by length. Characters are code points. ``<`` and
    ``>`` alone are not n-grams.

    Parameters
    ----------
    word : str
        The word, without ``<`` and ``>``.
    min_n, max_n : int
        Lengths of the shortest and the longest n-grams, in characters.
    buckets : int
        Number of rows of the table.

    Returns
    -------
    int64[n]
        The bucket of each n-gram.

    Raises
    ------
    UsageError
        If a length or the number of buckets is out of range.

    Examples
    --------
    >>> ngram_buckets("a", 2, 3, 1000).tolist() == [fnv % 1000 for fnv in (0x68F6DC6E, 0x8C9CD1F0, 0x1124A756)]
    True
    """
    return vocabulary_ngrams([word], min_n, max_n, buckets)[1]


def vocabulary_ngrams(words: Iterable[str], min_n: int, max_n: int, buckets: int) -> tuple[Ints, Ints]:
    """Find the buckets of the character n-grams of many words.

    Parameters
    ----------
    words : iterable of str
        V words.
    min_n, max_n, buckets : int
        As for `ngram_buckets`.

    Returns
    -------
    starts : int64[V + 1]
        Where the n-grams of each word begin.
    buckets : int64[N]
        The `ngram_buckets` of all words, one word after the other.

    Raises
    ------
    UsageError
        If a length or the number of buckets is out of range, or a word holds a lone surrogate.

    Examples
    --------
    >>> starts, found = vocabulary_ngrams(["a", "b"], 3, 3, 1000)
    >>> starts.tolist(), len(found)
    ([0, 1, 2], 2)
    """
    check_lengths(min_n, max_n)
    _BUCKETS("buckets", buckets)
    try:
        encoded = [f"{BEGIN}{word}{END}".encode() for word in several_words(words)]
    except UnicodeEncodeError:
        raise UsageError("found a word with a lone surrogate; expected text") from None
    text = np.frombuffer(b"".join(encoded), np.uint8)
    ends = np.cumsum(np.fromiter(map(len, encoded), np.int64), dtype=np.int64)
    starts = np.empty(len(encoded) + 1, np.int64)
    found = np.empty(
        subword_buckets(text, ends, min_n, max_n, buckets, starts, np.empty(0, np.int64)), np.int64
    )
    if len(found):
        subword_buckets(text, ends, min_n, max_n, buckets, starts, found)
    return starts, found


def mean_rows(own: Float32s, ngrams: Float32s, starts: Ints, buckets: Ints) -> None:
    """Replace each row float32[d] of `own` by the mean of itself and the rows of its n-grams; sums are float64."""
    widths = np.diff(starts)
    first = 0
    while first < len(own):
        room = starts[first] + max(1, BLOCK_FLOATS // own.shape[1])
        last = max(first + 1, int(np.searchsorted(starts, room, "right")) - 1)
        last = min(last, len(own))
        total = own[first:last].astype(np.float64)
        some = np.flatnonzero(widths[first:last])
        if len(some):
            parts = ngrams[buckets[starts[first] : starts[last]]]
            total[some] += np.add.reduceat(
                parts, starts[first + some] - starts[first], axis=0, dtype=np.float64
            )
        own[first:last] = total / (1 + widths[first:last, np.newaxis])
        first = last


def check_lengths(min_n: int, max_n: int) -> None:
    """Raise UsageError unless 1 <= min_n <= max_n, and both are possible lengths of n-grams."""
    if _LENGTH("min_n", min_n) > _LENGTH("max_n", max_n):
        raise UsageError(f"found min_n {min_n} and max_n {max_n}; expected min_n at most max_n")
