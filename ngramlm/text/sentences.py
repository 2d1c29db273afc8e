"""Words and sentences that callers give: everything that takes some passes them through this module.

A sentence is one str, or any iterable of words: a list, a tuple, a generator, an array, a column of a table. A word is
a str, also of a subclass, or a pyarrow value that holds a str. Everything else is refused by its type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from ngramlm.errors import TextError, UsageError
from ngramlm.text.tokenizers import split_blanks

if TYPE_CHECKING:
    from ngramlm.types import Sentence

__all__ = [
    "RESERVED_IN_TEXT",
    "RESERVED_POLICIES",
    "SEPARATORS",
    "Reserved",
    "allowed_words",
    "check_reserved",
    "one_word",
    "refusal_of",
    "several_sentences",
    "several_words",
    "shown",
    "text_or_items",
    "without_line_end",
    "words_of",
]

Reserved = Literal["error", "drop", "keep"]

SEPARATORS = frozenset(map(chr, range(0x21)))
"""The characters that no word contains: ASCII control characters and the space."""

RESERVED_POLICIES = {"error": 0, "drop": 1, "keep": 2}
"""What happens to ``<s>`` and ``</s>`` in a sentence, with the numbers that the kernels have for it."""

RESERVED_IN_TEXT = (
    "found the reserved word {word!r}; "
    "expected no reserved word (--reserved drop or keep, in Python reserved=)"
)

# The longest text in a message.
MAX_SHOWN = 80

_NO_WORD = re.compile("[\x00-\x08\x0a-\x1f\ud800-\udfff]")


def one_word(word: Any) -> str:
    """Return a word as a plain str.

    Parameters
    ----------
    word : str
        The word. A subclass of str, or a pyarrow value that holds a str, is converted.

    Raises
    ------
    UsageError
        The value is not a str, but for example bytes, None, NaN or an id.

    Examples
    --------
    >>> one_word(b"the")
    Traceback (most recent call last):
    ngramlm.errors.UsageError: found the word b'the' (bytes); expected a str (decode bytes first)
    """
    if type(word) is str:
        return word
    if isinstance(word, str):
        return str.__str__(word)
    if hasattr(word, "as_py") and isinstance(found := word.as_py(), str):
        return found
    raise UsageError(f"found the word {_shown(word)}; expected a str{_remedy(word)}")


def words_of(sentence: Sentence) -> list[str]:
    """Return the words of a sentence, a history or an n-gram.

    Parameters
    ----------
    sentence : str or Iterable[str]
        The words. A str is split at spaces and tabs; a line end after it is removed. An iterator is read to its end.

    Returns
    -------
    list[str]
        The words.

    Raises
    ------
    TextError
        A str contains another control character.
    UsageError
        The value is neither a str nor an iterable of str, or a word is empty, or contains a space or a control
        character.

    Examples
    --------
    >>> words_of("the  cat"), words_of(iter(["the", "cat"]))
    (['the', 'cat'], ['the', 'cat'])
    """
    if type(sentence) is not list and type(sentence) is not tuple:
        sentence = text_or_items(sentence, "a sentence as one str or as its words", ordered=True)
        if isinstance(sentence, str):
            sentence = without_line_end(sentence)
            if _NO_WORD.search(sentence):
                raise TextError(refusal_of(sentence))
            return split_blanks(sentence)
    words = list(sentence)
    for place, word in enumerate(words):
        if type(word) is not str:
            words[place] = word = one_word(word)
        if not word or not SEPARATORS.isdisjoint(word):
            raise UsageError(
                f"found the word {shown(word)}; expected words without spaces (or a sentence as one str)"
            )
    return words


def several_words(words: Iterable[str]) -> list[str]:
    """Return words as a list of plain str; a bare str is refused.

    Examples
    --------
    >>> several_words("the")
    Traceback (most recent call last):
    ngramlm.errors.UsageError: found the text 'the'; expected a list of words
    """
    found = text_or_items(words, "a list of words")
    if isinstance(found, str):
        raise UsageError(f"found the text {shown(found)}; expected a list of words")
    return [word if type(word) is str else one_word(word) for word in found]


def several_sentences(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """Return an iterator over sentences; a bare str is refused, because its letters are no sentences.

    Examples
    --------
    >>> several_sentences("the mill")
    Traceback (most recent call last):
    ngramlm.errors.UsageError: found one str; expected several sentences
    """
    found = text_or_items(sentences, "several sentences", ordered=True)
    if isinstance(found, str):
        raise UsageError("found one str; expected several sentences")
    return iter(found)


def allowed_words(words: list[str], reserved: Reserved) -> list[str]:
    """Return the words of a sentence under the rule for ``<s>`` and ``</s>`` that the readers of texts have.

    Parameters
    ----------
    words : list[str]
        The words.
    reserved : {"error", "drop", "keep"}
        Whether to raise an error for reserved words, drop them, or replace them by ``<unk>``.

    Raises
    ------
    TextError
        A word is reserved, and `reserved` is ``"error"``.
    UsageError
        `reserved` has another value.

    Examples
    --------
    >>> allowed_words(["<s>", "a"], "drop"), allowed_words(["<s>", "a"], "keep")
    (['a'], ['<unk>', 'a'])
    """
    check_reserved(reserved)
    found = [word for word in words if word in ("<s>", "</s>")]
    if not found:
        return words
    if reserved == "error":
        raise TextError(RESERVED_IN_TEXT.format(word=found[0]))
    if reserved == "drop":
        return [word for word in words if word not in found]
    return ["<unk>" if word in found else word for word in words]


def check_reserved(reserved: str) -> int:
    """Return the number that the kernels have for a rule; raises UsageError for an unknown rule."""
    if reserved not in RESERVED_POLICIES:
        raise UsageError(f"reserved is {reserved!r}; expected 'error', 'drop' or 'keep'")
    return RESERVED_POLICIES[reserved]


def without_line_end(line: str) -> str:
    """Remove LF or CRLF from the end of a line."""
    return line.removesuffix("\n").removesuffix("\r")


def refusal_of(sentence: str) -> str:
    """Return the error message for a str that is not a sentence."""
    found = _NO_WORD.search(without_line_end(sentence))
    return (
        f"found {shown(found[0] if found else sentence)} in a sentence; expected words between spaces or tabs"
    )


def text_or_items(given: Any, expected: str, *, ordered: bool = False) -> Any:
    """Return a plain str, or a value to iterate over; raises UsageError for everything else.

    The message says what was expected. With `ordered` a set is refused, because it has no order. A table is refused,
    because it would give the names of its columns.
    """
    if isinstance(given, str):
        return one_word(given)
    if hasattr(given, "as_py"):
        given = given.as_py()
        if isinstance(given, str):
            return given
    if isinstance(given, bytes | bytearray | memoryview):
        raise UsageError(f"found {_shown(given)}; expected {expected}{_remedy(given)}")
    unordered = ordered and isinstance(given, set | frozenset)
    try:
        if unordered or hasattr(given, "columns"):
            raise TypeError
        iter(given)
    except TypeError:
        raise UsageError(f"found {_shown(given)}; expected {expected}{_remedy(given)}") from None
    return given


def shown(text: str) -> str:
    """Return a text in quotes for a message, without its end if it is long."""
    return f"{text[:MAX_SHOWN]!r}{'...' * (len(text) > MAX_SHOWN)}"


def _shown(value: Any) -> str:
    """Return a value and its type for a message, on one line."""
    text = " ".join(repr(value).split())
    return f"{text[:MAX_SHOWN]}{'...' * (len(text) > MAX_SHOWN)} ({type(value).__name__})"


def _remedy(value: Any) -> str:
    """Return the hint for a value of a type that is often given by mistake."""
    if isinstance(value, bytes | bytearray | memoryview):
        return " (decode bytes first)"
    if hasattr(value, "__index__"):
        return " (vocabulary.word gives the word of an id, Text.from_ids takes ids)"
    return ""
