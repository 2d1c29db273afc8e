"""From lines to ids: tokenize blocks of text in several threads, look up words, and number new words."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Literal, cast

import numpy as np

from ngramlm.core.buffers import Buffers, byte_buffers
from ngramlm.core.files import Source, open_source, plain_size, source_name
from ngramlm.core.parallel import Progress, ordered_map
from ngramlm.errors import TextError, UsageError
from ngramlm.text._text import PADDING, remap, tokenize
from ngramlm.text._vocabulary import merge_tables
from ngramlm.text.lines import Block, read_blocks
from ngramlm.text.sentences import RESERVED_IN_TEXT, Reserved, check_reserved, words_of
from ngramlm.text.tokenizers import Tokenizer, tokenizer_named
from ngramlm.text.vocabulary import RESERVED, Vocabulary, new_table
from ngramlm.types import Int32s

__all__ = ["Encoder", "Encoding", "Ids", "listed"]

Encoding = Literal["strict", "replace"]

# The messages for the error codes of _text.pyx.
_PROBLEMS = {
    1: "found the control character {byte!r} in a word; expected words between spaces or tabs",
    2: "found bytes that are not UTF-8; expected UTF-8 (--encoding-errors replace, in Python encoding_errors=)",
    3: RESERVED_IN_TEXT,
}


@dataclass
class Ids:
    """The ids of a block.

    Attributes
    ----------
    table : int
        The number of the encoder's word table that the ids refer to.
    ids : numpy.ndarray
        int32[T].
    characters : int
        The number of characters that the ids spell; see `tokenize`.
    bytes : int
        The number of bytes of the source.
    """

    table: int
    ids: Int32s
    characters: int
    bytes: int


class Encoder:
    """An encoder turns blocks of lines into ids. Several threads may call it: each call uses its own word table.

    The parameters are those of `read_text`.

    Raises
    ------
    UsageError
        An option has an unsuitable value.
    """

    def __init__(
        self,
        vocabulary: Vocabulary | None,
        threads: int,
        tokenizer: str | Tokenizer = "whitespace",
        min_count: int = 1,
        max_size: int | None = None,
        reserved: Reserved = "error",
        encoding_errors: Encoding = "strict",
    ) -> None:
        if min_count < 1 or (max_size is not None and max_size < 0):
            raise UsageError(
                f"found min_count {min_count} and max_size {max_size}; expected at least 1 and at least 0"
            )
        if encoding_errors not in ("strict", "replace"):
            raise UsageError(f"encoding_errors is {encoding_errors!r}; expected 'strict' or 'replace'")
        self.known = vocabulary
        self.split = None if tokenizer == "whitespace" else tokenizer_named(tokenizer)
        # a line is its words with one blank between two; of other tokens it is not known what stands between them
        self.spells_blanks = self.split is None
        self.threads = threads
        self.min_count = min_count
        self.max_size = max_size
        self.reserved = check_reserved(reserved)
        self.encoding_errors = encoding_errors
        self.tables = [new_table() if vocabulary is None else vocabulary.table for _ in range(threads)]
        self._free_tables: SimpleQueue[int] = SimpleQueue()
        for number in range(threads):
            self._free_tables.put(number)
        self._blocks = byte_buffers()
        self._scratch = Buffers(lambda size: np.empty(size, np.int32), len)

    def blocks(self, sources: list[Source], block_bytes: int | None = None) -> Iterator[Block]:
        """Read blocks of lines of all sources. A pipe gives the lines that it has so far, without waiting for more."""
        for source in sources:
            with open_source(source) as stream:
                yield from read_blocks(stream, source_name(source), block_bytes, self._blocks, wait=False)

    def parts(self, sources: Source | Iterable[Source], progress: Progress | None) -> Iterator[Ids]:
        """Yield the ids of each block of the sources. The ids refer to the encoder's tables; see `numbering`."""
        given = listed(sources)
        total, done = _total_bytes(given), 0
        for part in ordered_map(self.encode, self.blocks(given), self.threads):
            yield part
            done += part.bytes
            if progress is not None:
                progress("reading", done, total)

    def encode_lines(self, lines: bytes, name: str) -> Ids:
        """Turn lines in memory into ids. Every line needs a line end."""
        return self.encode(_block(lines, name, 1, len(lines)))

    def encode(self, block: Block) -> Ids:
        """Turn a block into ids, and give its buffer back to the pool.

        Raises
        ------
        TextError
            A line breaks the rules for texts.
        """
        read = block
        if self.split is not None or self.encoding_errors == "replace":
            block = self._prepare(block)
        data, length = block.data[block.start :], block.stop - block.start
        number = self._free_tables.get()
        try:
            scratch = self._scratch.take(2 * length + 2)
            n_ids, _, characters, problem, line, offset = tokenize(
                data,
                length,
                self.tables[number],
                self.known is None,
                self.reserved,
                scratch,
                self.spells_blanks,
            )
            ids = scratch[:n_ids].copy()
            self._scratch.give_back(scratch)
        finally:
            self._free_tables.put(number)
        if problem:
            word = re.split(rb"[\x00-\x20]", data[offset : offset + 64].tobytes())[0].decode(
                "utf-8", "replace"
            )
            message = _PROBLEMS[problem].format(word=word, byte=chr(data[offset]))
            raise TextError(message, block.name, block.line + line)
        self._blocks.give_back(read.data)
        return Ids(number, ids, characters, read.n_bytes)

    def _prepare(self, block: Block) -> Block:
        """Decode a block, replace bytes that are not UTF-8, and split lines with a tokenizer written in Python."""
        raw = block.tobytes()
        try:
            text = raw.decode("utf-8", self.encoding_errors)
        except UnicodeDecodeError as error:
            line = block.line + raw.count(b"\n", 0, error.start)
            raise TextError(_PROBLEMS[2], block.name, line) from None
        if self.split is not None:
            lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []
            tokens = map(self.split, lines)
            text = "".join(f"{' '.join(_checked(found, block, at))}\n" for at, found in enumerate(tokens))
        return _block(text.encode("utf-8", "surrogatepass"), block.name, block.line, block.n_bytes)

    def size(self) -> tuple[int, int]:
        """Return the number of words of the tables, and of their bytes."""
        return sum(map(len, self.tables)), sum(table.n_bytes() for table in self.tables)

    def numbering(self) -> tuple[Vocabulary, list[Int32s] | None]:
        """Return the vocabulary of all blocks, and for each table the new id of every old id, int32.

        The second value is None if the vocabulary was given: the ids are then final.
        """
        if self.known is not None:
            return self.known, None
        reserved = [word.encode() for word in RESERVED]
        most = -1 if self.max_size is None else self.max_size
        table, maps, _ = merge_tables(self.tables, reserved, self.min_count, most)
        return Vocabulary.from_table(table), maps

    def joined(self, parts: list[Ids]) -> tuple[Vocabulary, Int32s, int]:
        """Join parts: return the vocabulary, the final ids int32[T], and the number of characters.

        The parts are emptied to save memory.
        """
        vocabulary, maps = self.numbering()
        ids = np.empty(sum(len(part.ids) for part in parts), np.int32)
        at, characters = 0, 0
        for part in parts:
            out = ids[at : at + len(part.ids)]
            if maps is None:
                out[:] = part.ids
            else:
                remap(part.ids, maps[part.table], out)
            at += len(part.ids)
            characters += part.characters
            part.ids = part.ids[:0]
        return vocabulary, ids, characters


def listed(sources: Source | Iterable[Source]) -> list[Source]:
    """Return a list of sources from one source or several."""
    if isinstance(sources, (str, os.PathLike)) or hasattr(sources, "read"):
        return [cast("Source", sources)]
    return list(sources)


def _block(lines: bytes, name: str, line: int, n_bytes: int) -> Block:
    """Make a block of lines in memory."""
    data = np.frombuffer(bytearray(lines) + bytes(PADDING), np.uint8)
    return Block(name, line, data, 0, len(lines), n_bytes)


def _checked(tokens: Iterable[str], block: Block, line: int) -> list[str]:
    """Check the tokens that a tokenizer returned for a line."""
    try:
        return words_of(tokens)
    except UsageError as error:
        raise TextError(f"{error.args[0]} from the tokenizer", block.name, block.line + line) from None


def _total_bytes(sources: list[Source]) -> int | None:
    """Return the number of bytes of all files; None if it is unknown for one of them."""
    sizes = [plain_size(source) for source in sources]
    return None if None in sizes else sum(size for size in sizes if size is not None)
