"""Vocabularies: the words of a model and their ids. ``<unk>`` is 0, ``<s>`` is 1, ``</s>`` is 2."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ngramlm.core.files import BYTE_ORDER_MARK, atomic_write
from ngramlm.errors import FormatError, UsageError
from ngramlm.text._vocabulary import WordTable
from ngramlm.text.lines import read_lines
from ngramlm.text.sentences import SEPARATORS, one_word, several_words, shown
from ngramlm.types import Int32s

__all__ = ["BOS", "BOS_WORD", "EOS", "EOS_WORD", "RESERVED", "UNK", "UNK_WORD", "Vocabulary"]

UNK, BOS, EOS = 0, 1, 2
UNK_WORD, BOS_WORD, EOS_WORD = "<unk>", "<s>", "</s>"
RESERVED = (UNK_WORD, BOS_WORD, EOS_WORD)
# The first byte after the separators.
FIRST_LETTER = 1 + max(map(ord, SEPARATORS))


class Vocabulary:
    """An immutable two-way map between words and ids. Words are compared by their bytes in UTF-8.

    Parameters
    ----------
    words : Iterable[str], optional
        The words after the three reserved words. Reserved words among them are skipped.

    Raises
    ------
    UsageError
        A word occurs twice, is empty, or contains a space or a control character.

    Examples
    --------
    >>> vocabulary = Vocabulary(["the", "cat"])
    >>> len(vocabulary), vocabulary.id("cat"), vocabulary.id("dog"), vocabulary.word(3)
    (5, 4, 0, 'the')
    """

    __slots__ = ("_hash", "_table", "_words")

    def __init__(self, words: Iterable[str] = ()) -> None:
        table = new_table()
        for word in several_words(words):
            if not word or not SEPARATORS.isdisjoint(word):
                raise UsageError(
                    f"found the word {shown(word)}; expected a word without spaces and control characters"
                )
            size = len(table)
            try:
                encoded = word.encode()
            except UnicodeEncodeError:
                raise UsageError(
                    f"found the word {shown(word)}; expected a word without lone surrogates"
                ) from None
            if word not in RESERVED and table.add(encoded) != size:
                raise UsageError(f"found the word {shown(word)} twice; expected every word once")
        self._adopt(table)

    @classmethod
    def from_table(cls, table: WordTable) -> Vocabulary:
        """Make a vocabulary from a compiled table.

        Raises
        ------
        FormatError
            The first three words of the table are not the reserved words.
        """
        if len(table) < len(RESERVED) or tuple(table.word(id) for id in range(3)) != tuple(
            word.encode() for word in RESERVED
        ):
            raise FormatError(
                f"found a word table without the reserved words; expected {', '.join(RESERVED)} as its first words"
            )
        self = cls.__new__(cls)
        self._adopt(table)
        return self

    def _adopt(self, table: WordTable) -> None:
        table.settle()
        self._table = table
        self._words: list[str] | None = None
        self._hash: int | None = None

    @property
    def table(self) -> WordTable:
        """The compiled table. Do not add words to it."""
        return self._table

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self._table.get(word.encode("utf-8", "surrogatepass")) >= 0

    def __iter__(self) -> Iterator[str]:
        return iter(self.words())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self._table is other._table or self._table.same_words(other._table)

    def __hash__(self) -> int:
        if self._hash is None:
            arena, offsets, _ = self._table.arrays()
            self._hash = hash((arena.tobytes(), offsets.tobytes()))
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        return Vocabulary, (self.words()[len(RESERVED) :],)

    def __repr__(self) -> str:
        return f"<Vocabulary of {len(self)} words>"

    def id(self, word: str) -> int:
        """Return the id of a word; 0 (``<unk>``) for an OOV.

        Raises
        ------
        UsageError
            The value is not a str.
        """
        try:
            encoded = word.encode("utf-8", "surrogatepass")
        except AttributeError:
            encoded = one_word(word).encode("utf-8", "surrogatepass")
        return max(self._table.get(encoded), UNK)

    def word(self, id: int) -> str:
        """Return the word with an id.

        Raises
        ------
        UsageError
            The id is not in the vocabulary.
        FormatError
            The vocabulary comes from a damaged file: the word is not UTF-8.
        """
        try:
            return self._table.word(id).decode()
        except IndexError as error:
            raise UsageError(str(error)) from None
        except UnicodeDecodeError:
            raise FormatError(f"found bytes that are not UTF-8 as word {id}; expected a word") from None

    def ids(self, words: Iterable[str]) -> Int32s:
        """Return the ids of several words, int32[N]."""
        return np.fromiter(map(self.id, several_words(words)), np.int32)

    def words(self, ids: Iterable[int] | None = None) -> list[str]:
        """Return the words with some ids. By default all words, in the order of their ids."""
        if ids is not None:
            return [self.word(int(id)) for id in ids]
        if self._words is None:
            self._words = [self.word(id) for id in range(len(self))]
        return list(self._words)

    def check(self) -> None:
        """Check the words of a vocabulary that comes from a file.

        Raises
        ------
        FormatError
            A word is empty, not UTF-8 or there twice, or contains a space or a control character.
        """
        for id in () if self._is_sound() else range(len(self)):
            word = self.word(id)
            if not word or not SEPARATORS.isdisjoint(word):
                raise FormatError(
                    f"found {word!r} as word {id}; expected a word without spaces and control characters"
                )
            if self.id(word) != id:
                raise FormatError(f"found {word!r} as word {id}, with another id; expected every word once")

    def _is_sound(self) -> bool:
        """Return whether `check` finds nothing. This is faster, because it decodes all words together."""
        arena, offsets = self._table.letters()
        try:
            str(arena.data, "utf-8")
        except UnicodeDecodeError:
            return False
        if (np.diff(offsets) < 1).any() or (arena < FIRST_LETTER).any():
            return False
        # no word begins inside a letter
        begins_whole = (arena[offsets[:-1]] & 0xC0) != 0x80
        return bool(begins_whole.all()) and self._table.finds_every_word()

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the words to a file, one per line, in the order of their ids.

        The three reserved words are left out. The file is compressed by suffix.
        """
        with atomic_write(path) as out:
            words = self.words()[len(RESERVED) :]
            # readers remove one byte order mark: a first word that begins like one needs another before it
            if words and words[0].startswith("\ufeff"):
                out.write(BYTE_ORDER_MARK)
            out.write("".join(f"{word}\n" for word in words).encode())

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Vocabulary:
        """Read words from a file with one word per line. Reserved words, repeated words and empty lines are skipped.

        Raises
        ------
        FormatError
            A line has several words, a control character, or bytes that are not UTF-8.
        """
        table = new_table()
        for number, line in read_lines(path):
            line = line.strip(b" \t")
            if not line:
                continue
            try:
                word = line.decode()
            except UnicodeDecodeError:
                raise FormatError("found bytes that are not UTF-8; expected one word", path, number) from None
            if not SEPARATORS.isdisjoint(word):
                raise FormatError(f"found {shown(word)}; expected one word on a line", path, number)
            if word not in RESERVED:
                table.add(line)
        return cls.from_table(table)


def new_table() -> WordTable:
    """Make a compiled table with the reserved words, to which words can be added."""
    table = WordTable()
    for word in RESERVED:
        table.add(word.encode())
    return table
