"""Tokenizers: functions from a line to its tokens. Only this module splits strings at spaces and tabs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ngramlm.errors import TextError, UsageError

if TYPE_CHECKING:
    from ngramlm.types import Sentence

__all__ = [
    "SEPARATORS",
    "TOKENIZERS",
    "Tokenizer",
    "refusal_of",
    "several_words",
    "split_blanks",
    "split_characters",
    "split_words",
    "tokenizer_named",
    "without_line_end",
    "words_of",
]

Tokenizer = Callable[[str], list[str]]

SEPARATORS = frozenset(map(chr, range(0x21)))
"""The characters that no word contains: ASCII control characters and the space."""

_WORD = r"\w+(?:['’\-]\w+)*|[^\w\s]"  # compiled at its first use: few texts need it
_NO_WORD = re.compile("[\x00-\x08\x0a-\x1f\ud800-\udfff]")


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
    """Split a line into words, with inner apostrophes and hyphens, and single punctuation marks.

    Examples
    --------
    >>> split_words("Don't stop, please.")
    ["Don't", 'stop', ',', 'please', '.']
    """
    return re.findall(_WORD, line)


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


def words_of(sentence: Sentence) -> list[str]:
    """Return the words of a sentence or an n-gram.

    Parameters
    ----------
    sentence : str or Sequence[str]
        The words. A str is split at spaces and tabs; a line end after it is removed.

    Returns
    -------
    list[str]
        The words.

    Raises
    ------
    TextError
        A str contains another control character.
    UsageError
        A word of a sequence is empty, or contains a space or a control character.

    Examples
    --------
    >>> words_of("the  cat"), words_of(["the", "cat"])
    (['the', 'cat'], ['the', 'cat'])
    """
    if isinstance(sentence, str):
        sentence = without_line_end(sentence)
        if _NO_WORD.search(sentence):
            raise TextError(refusal_of(sentence))
        return split_blanks(sentence)
    for word in sentence:
        if not word or not SEPARATORS.isdisjoint(word):
            raise UsageError(
                f"found the word {word!r}; expected words without spaces (or a sentence as one str)"
            )
    return list(sentence)


def several_words(words: Iterable[str]) -> Iterable[str]:
    """Check that the argument is a sequence of words; a bare str is rejected.

    Examples
    --------
    >>> several_words("the")
    Traceback (most recent call last):
    ngramlm.errors.UsageError: found the text 'the'; expected a list of words
    """
    if isinstance(words, str | bytes):
        raise UsageError(f"found the text {words!r}; expected a list of words")
    return words


def without_line_end(line: str) -> str:
    """Remove LF or CRLF from the end of a line."""
    return line.removesuffix("\n").removesuffix("\r")


def refusal_of(sentence: str) -> str:
    """Return the error message for a str that is not a sentence."""
    found = _NO_WORD.search(without_line_end(sentence))
    return f"found {(found[0] if found else sentence)!r} in a sentence; expected words between spaces or tabs"
