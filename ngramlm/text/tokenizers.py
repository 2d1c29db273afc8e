"""Tokenizers: functions from a line to its tokens. Only this module splits strings at spaces and tabs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ngramlm.errors import UsageError
from ngramlm.text.word_breaks import word_segments

__all__ = ["TOKENIZERS", "Tokenizer", "split_blanks", "split_characters", "split_words", "tokenizer_named"]

Tokenizer = Callable[[str], Iterable[str]]


def split_blanks(line: str) -> list[str]:
    r"""Split a line at spaces and tabs only.

    Examples
    --------
    >>> split_blanks("the  cat\tsat")
    ['the', 'cat', 'sat']
    """
    return [word for word in line.replace("\t", " ").split(" ") if word]


def split_characters(line: str) -> list[str]:
    """Split a line into its characters, without spaces and tabs.

    Examples
    --------
    >>> split_characters("to be")
    ['t', 'o', 'b', 'e']
    """
    return [character for character in line if character not in " \t"]


def split_words(line: str) -> list[str]:
    """Split a line at Unicode's default word boundaries (UAX #29), and leave white space out.

    Letters stay together with their accents, vowel signs and joiners, numbers with the marks inside them. Hyphens part
    words. Chinese characters and Hiragana become single tokens, as do the letters of Thai, Lao, Khmer and Burmese with
    their marks: the rules know no dictionary.

    Examples
    --------
    >>> split_words("Don't pay 3.50, please.")
    ["Don't", 'pay', '3.50', ',', 'please', '.']
    """
    return [word for segment in word_segments(line) if (word := segment.strip())]


TOKENIZERS: dict[str, Tokenizer] = {
    "whitespace": split_blanks,
    "words": split_words,
    "characters": split_characters,
}
"""All tokenizers by name; the first is the default. The readers of texts use compiled code for ``whitespace``."""


def tokenizer_named(tokenizer: str | Tokenizer) -> Tokenizer:
    """Return the tokenizer with a name. A function is returned unchanged.

    Raises
    ------
    UsageError
        The name is unknown.
    """
    if callable(tokenizer):
        return tokenizer
    if tokenizer not in TOKENIZERS:
        raise UsageError(
            f"found the tokenizer {tokenizer!r}; expected one of: {', '.join(TOKENIZERS)} (or a function)"
        )
    return TOKENIZERS[tokenizer]
