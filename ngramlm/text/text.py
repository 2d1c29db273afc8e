"""Text as ids: tokenizers, readers of plain and compressed files, sentences and documents."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from queue import SimpleQueue
from typing import IO, Any, Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.files import Source, open_source, plain_size, source_name
from ngramlm.core.parallel import Progress, ordered_map, usable_threads
from ngramlm.errors import TextError, UsageError
from ngramlm.text._text import PADDING, remap, tokenize
from ngramlm.text._vocabulary import merge_tables
from ngramlm.text.vocabulary import BOS, RESERVED, SEPARATORS, UNK, Vocabulary, new_table
from ngramlm.types import Bools, Int32s, Ints, Sentence

__all__ = [
    "CHUNK_BYTES",
    "TOKENIZERS",
    "Ids",
    "Progress",
    "Reader",
    "Text",
    "Tokenizer",
    "iter_text",
    "listed",
    "map_text",
    "read_text",
    "require_sentences",
    "words_of",
]

Tokenizer = Callable[[str], list[str]]
Reserved = Literal["error", "drop", "keep"]
Encoding = Literal["strict", "replace"]
Result = TypeVar("Result")

CHUNK_BYTES = 1 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WORD = re.compile(r"\w+(?:['’\-]\w+)*|[^\w\s]")
_NO_WORD = re.compile("[\x00-\x08\x0a-\x1f\ud800-\udfff]")
_RESERVED_POLICY = {"error": 0, "drop": 1, "keep": 2}
_PROBLEMS = {
    1: "found the control character {byte!r} in a word; expected words between spaces or tabs",
    2: "found bytes that are not UTF-8; expected UTF-8 (encoding errors can also be replaced)",
    3: "found the reserved word {word!r}; expected none in text (reserved words can also be dropped or kept)",
}


def split_characters(line: str) -> list[str]:
    """Every character but space and tab is a token."""
    return [character for character in line if character not in " \t"]


def split_words(line: str) -> list[str]:
    """Words (with inner apostrophes and hyphens) and single punctuation marks.

    >>> split_words("Don't stop, please.")
    ["Don't", 'stop', ',', 'please', '.']
    """
    return _WORD.findall(line)


TOKENIZERS: dict[str, Tokenizer | None] = {
    "whitespace": None,  # in compiled code
    "characters": split_characters,
    "words": split_words,
}


@dataclass(frozen=True, eq=False)
class Text:
    """Sentences of ids; every sentence stands as ``<s> w1 .. wl </s>``.

    Attributes:
        vocabulary: the words.
        ids: int32[T], all sentences one after the other.
        sentences: int64[S + 1], where each begins in `ids`, and T.
        documents: int64[D + 1], at which sentence each document begins, and S.
        characters: code points of the raw lines, each line end counted as one.

    Example:
        >>> text = Text.from_sentences(["a cat", "a dog"])
        >>> text.n_sentences, text.n_tokens, text.ids.tolist()
        (2, 6, [1, 3, 4, 2, 1, 3, 5, 2])
    """

    vocabulary: Vocabulary
    ids: Int32s
    sentences: Ints
    documents: Ints
    characters: int

    def __post_init__(self) -> None:
        for column in (self.ids, self.sentences, self.documents):
            column.setflags(write=False)

    @classmethod
    def from_ids(
        cls,
        vocabulary: Vocabulary,
        ids: Int32s,
        characters: int,
        documents: Sequence[int] | None = None,
    ) -> Text:
        """A text from ids in which every sentence already stands between ``<s>`` and ``</s>``."""
        sentences = np.append(np.flatnonzero(ids == BOS), len(ids)).astype(np.int64)
        n_sentences = len(sentences) - 1
        starts = [0] if documents is None else sorted({0, *documents})
        if starts[-1] > n_sentences or starts[0] < 0:
            raise UsageError(f"found a document that begins at sentence {starts[-1]} of {n_sentences}")
        if starts[-1] == n_sentences and n_sentences:
            starts.pop()
        edges = np.array([*starts, n_sentences] if n_sentences else [0], np.int64)
        return cls(vocabulary, ids, sentences, edges, characters)

    @classmethod
    def from_sentences(
        cls,
        sentences: Iterable[Sentence],
        vocabulary: Vocabulary | None = None,
        *,
        reserved: Reserved = "error",
    ) -> Text:
        """A text from sentences in memory; a str is split at spaces and tabs, a line end after it is not part of it.

        Without a vocabulary one is made, ordered by falling count, ties by bytes. Raises TextError for control
        characters, and for reserved words unless `reserved` (see `read_text`) says otherwise.
        """
        lines = []
        for number, sentence in enumerate(sentences, 1):
            try:
                if isinstance(sentence, str):
                    lines.append(without_line_end(sentence))
                else:
                    lines.append(" ".join(words_of(sentence)))
            except UsageError as error:
                raise TextError(error.args[0], "<sentences>", number) from None
        joined = "\n".join([*lines, ""])
        if joined.count("\n") != len(lines) or "\r" in joined:
            number = next(number for number, line in enumerate(lines, 1) if not {"\n", "\r"}.isdisjoint(line))
            raise TextError("found a line end inside a sentence", "<sentences>", number)
        data = joined.encode("utf-8", "surrogatepass")
        reader = Reader(vocabulary, 1, reserved=reserved)
        return reader.text([reader.tokenize(_Chunk("<sentences>", 1, bytearray(data), len(data)))])

    @property
    def n_sentences(self) -> int:
        return len(self.sentences) - 1

    @property
    def n_documents(self) -> int:
        return len(self.documents) - 1

    @property
    def n_tokens(self) -> int:
        """Predicted tokens: words and one ``</s>`` for each sentence."""
        return len(self.ids) - self.n_sentences

    @property
    def n_words(self) -> int:
        return len(self.ids) - 2 * self.n_sentences

    @cached_property
    def n_oov(self) -> int:
        """Words outside the vocabulary."""
        return int(np.count_nonzero(self.ids == UNK))

    @cached_property
    def is_predicted(self) -> Bools:
        """bool[T]: everything but ``<s>``."""
        return np.not_equal(self.ids, BOS)

    @property
    def predicted(self) -> Int32s:
        """int32[n_tokens]: the ids that are predicted."""
        return self.ids[self.is_predicted]

    def over(self, vocabulary: Vocabulary) -> Text:
        """The text in the ids of another vocabulary; raises UsageError when it has lost words to its own."""
        if self.vocabulary is vocabulary or self.vocabulary == vocabulary:
            return self
        if self.n_oov:
            raise UsageError(
                f"found a text over a vocabulary of {len(self.vocabulary)} that has lost {self.n_oov} words, and a"
                f" model over one of {len(vocabulary)}; read the text with vocabulary=model.vocabulary"
            )
        return replace(self, vocabulary=vocabulary, ids=vocabulary.ids(self.vocabulary.words())[self.ids])

    def sentence_sums(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum a value per predicted token over each sentence, [n_tokens] -> [n_sentences]."""
        if self.n_sentences == 0:
            return values[:0]
        return np.add.reduceat(values, self.sentences[:-1] - np.arange(self.n_sentences))

    def sentence(self, number: int) -> list[str]:
        """The words of one sentence, without ``<s>`` and ``</s>``."""
        start, end = self.sentences[number : number + 2]
        return self.vocabulary.words(self.ids[start + 1 : end - 1])


@dataclass
class _Chunk:
    """Whole lines of one source."""

    name: str
    line: int  # number of its first line
    data: bytearray
    length: int


@dataclass
class Ids:
    """The ids of a chunk; `table` numbers the reader's table they refer to."""

    table: int
    ids: Int32s
    characters: int
    bytes: int


class Reader:
    """Turns chunks into ids, from several threads: each call borrows one table of the pool.

    The options are those of `read_text`.
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
            raise UsageError("min_count must be at least 1 and max_size at least 0")
        if reserved not in _RESERVED_POLICY:
            raise UsageError(f"reserved is {reserved!r}; expected 'error', 'drop' or 'keep'")
        if encoding_errors not in ("strict", "replace"):
            raise UsageError(f"encoding_errors is {encoding_errors!r}; expected 'strict' or 'replace'")
        self.known = vocabulary
        self.split = _tokenizer(tokenizer)
        self.threads = threads
        self.min_count = min_count
        self.max_size = max_size
        self.reserved = _RESERVED_POLICY[reserved]
        self.encoding_errors = encoding_errors
        self.tables = [new_table() if vocabulary is None else vocabulary.table for _ in range(threads)]
        self.pool: SimpleQueue[tuple[int, Int32s]] = SimpleQueue()
        for number in range(threads):
            self.pool.put((number, np.empty(0, np.int32)))

    def parts(self, sources: Source | Iterable[Source], progress: Progress | None) -> Iterator[Ids]:
        """The ids of sources, a chunk at a time; those of different tables wait for `numbering`."""
        given = listed(sources)
        total, done = _total_bytes(given), 0
        for part in ordered_map(self.tokenize, _chunks(given, CHUNK_BYTES), self.threads):
            yield part
            done += part.bytes
            if progress is not None:
                progress("reading", done, total)

    def tokenize(self, chunk: _Chunk) -> Ids:
        n_bytes, raw_characters = chunk.length, None
        if self.split is not None or self.encoding_errors == "replace":
            chunk, raw_characters = self._prepare(chunk)
        if len(chunk.data) < chunk.length + PADDING:
            chunk.data.extend(bytes(chunk.length + PADDING - len(chunk.data)))
        number, scratch = self.pool.get()
        try:
            if len(scratch) < 2 * chunk.length + 2:
                scratch = np.empty(2 * chunk.length + 2, np.int32)
            n_ids, _, characters, problem, line, offset = tokenize(
                chunk.data, chunk.length, self.tables[number], self.known is None, self.reserved, scratch
            )
            ids = scratch[:n_ids].copy()
        finally:
            self.pool.put((number, scratch))
        if problem:
            word = re.split(rb"[\x00-\x20]", bytes(chunk.data[offset : offset + 64]))[0].decode(
                "utf-8", "replace"
            )
            byte = chr(chunk.data[offset])
            raise TextError(_PROBLEMS[problem].format(word=word, byte=byte), chunk.name, chunk.line + line)
        return Ids(number, ids, characters if raw_characters is None else raw_characters, n_bytes)

    def _prepare(self, chunk: _Chunk) -> tuple[_Chunk, int | None]:
        """Decode, replace what is not UTF-8, split by a tokenizer written in Python."""
        raw = bytes(memoryview(chunk.data)[: chunk.length])
        try:
            text = raw.decode("utf-8", self.encoding_errors)
        except UnicodeDecodeError as error:
            line = chunk.line + raw.count(b"\n", 0, error.start)
            raise TextError(_PROBLEMS[2], chunk.name, line) from None
        characters = None
        if self.split is not None:
            lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []
            characters = sum(map(len, lines)) + len(lines)
            tokens = map(self.split, lines)
            text = "".join(f"{' '.join(_tokens(found, chunk, at))}\n" for at, found in enumerate(tokens))
        data = text.encode("utf-8", "surrogatepass")
        return _Chunk(chunk.name, chunk.line, bytearray(data), len(data)), characters

    def numbering(self) -> tuple[Vocabulary, list[Int32s] | None]:
        """(The vocabulary of all that was read, the new ids of each table); None where the ids are final."""
        if self.known is not None:
            return self.known, None
        reserved = [word.encode() for word in RESERVED]
        most = -1 if self.max_size is None else self.max_size
        table, maps, _ = merge_tables(self.tables, reserved, self.min_count, most)
        return Vocabulary.from_table(table), maps

    def text(self, parts: list[Ids], documents: Sequence[int] | None = None) -> Text:
        """One text of all parts, with one vocabulary."""
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
        return Text.from_ids(vocabulary, ids, characters, documents)


def read_text(
    sources: Source | Iterable[Source],
    *,
    vocabulary: Vocabulary | None = None,
    tokenizer: str | Tokenizer = "whitespace",
    min_count: int = 1,
    max_size: int | None = None,
    threads: int | None = None,
    reserved: Reserved = "error",
    encoding_errors: Encoding = "strict",
    documents: Sequence[int] | Literal["files"] | None = None,
    progress: Progress | None = None,
) -> Text:
    """Read one sentence per line from one or several sources.

    Words are what stands between ASCII spaces and tabs; lines end with LF or CRLF; an empty line is an empty
    sentence; ``<unk>`` in the text is the unknown word.

    Args:
        sources: paths (compressed by suffix, ``-`` for stdin) or binary streams.
        vocabulary: the words to know; None makes one of the text, by falling count, ties by bytes.
        tokenizer: ``whitespace``, ``characters``, ``words``, or a function from a line to its tokens.
        min_count: leave out words that occur less often (only where the vocabulary is made).
        max_size: keep at most so many words besides the reserved three.
        threads: None is all cores; the result does not depend on it.
        reserved: what ``<s>`` and ``</s>`` in text are: an error, dropped, or kept as the unknown word.
        encoding_errors: what bytes that are not UTF-8 are: an error, or replaced by U+FFFD.
        documents: numbers (from 0) of the sentences at which documents begin; "files" makes each source one.
        progress: called with (stage, bytes done, bytes in all or None).

    Raises:
        TextError: with ``file:line``, for bad encoding, control characters, reserved words.
    """
    reader = Reader(
        vocabulary, usable_threads(threads), tokenizer, min_count, max_size, reserved, encoding_errors
    )
    if documents != "files":
        return reader.text(list(reader.parts(sources, progress)), documents)
    parts: list[Ids] = []
    starts, n_sentences = [], 0
    for source in listed(sources):
        own = list(reader.parts(source, progress))
        n_own = sum(int(np.count_nonzero(part.ids == BOS)) for part in own)
        starts += [n_sentences] * (n_own > 0)
        n_sentences += n_own
        parts += own
    return reader.text(parts, starts)


def map_text(
    function: Callable[[Text], Result],
    sources: Source | Iterable[Source],
    vocabulary: Vocabulary,
    *,
    tokenizer: str | Tokenizer = "whitespace",
    threads: int | None = 1,
    reserved: Reserved = "error",
    encoding_errors: Encoding = "strict",
    chunk_bytes: int = CHUNK_BYTES,
) -> Iterator[Result]:
    """What `function` makes of each piece of a text of any size, in order; pieces are whole sentences.

    Reading, tokenizing and `function` run in `threads` threads; the options are those of `read_text`.
    """
    threads = usable_threads(threads)
    reader = Reader(vocabulary, threads, tokenizer, reserved=reserved, encoding_errors=encoding_errors)

    def work(chunk: _Chunk) -> Result:
        part = reader.tokenize(chunk)
        return function(Text.from_ids(vocabulary, part.ids, part.characters))

    yield from ordered_map(work, _chunks(listed(sources), chunk_bytes), threads)


def iter_text(sources: Source | Iterable[Source], vocabulary: Vocabulary, **options: Any) -> Iterator[Text]:
    """The same as `read_text` in pieces of whole sentences, so that text of any size can be streamed.

    The options are those of `map_text`.
    """
    return map_text(lambda piece: piece, sources, vocabulary, **options)


def require_sentences(text: Text, source: Source) -> Text:
    """The text; raises TextError with the name of its source when it is empty."""
    if not text.n_sentences:
        raise TextError("found no sentences; expected at least one line of text", source_name(source))
    return text


def words_of(sentence: Sentence) -> list[str]:
    """The words of a sentence: a str is split at spaces and tabs, a list must hold words (UsageError).

    A line end after a str is not part of it; any other control character raises TextError.

    >>> words_of("the  cat"), words_of(["the", "cat"])
    (['the', 'cat'], ['the', 'cat'])
    """
    if isinstance(sentence, str):
        sentence = without_line_end(sentence)
        if _NO_WORD.search(sentence):
            raise TextError(refusal_of(sentence))
        return [word for word in sentence.replace("\t", " ").split(" ") if word]
    for word in sentence:
        if not word or not SEPARATORS.isdisjoint(word):
            raise UsageError(
                f"found the word {word!r}; expected words without spaces (or a sentence as one str)"
            )
    return list(sentence)


def without_line_end(line: str) -> str:
    """A line as it was read, without LF or CR LF."""
    return line.removesuffix("\n").removesuffix("\r")


def refusal_of(sentence: str) -> str:
    """What is wrong with a str that is no sentence."""
    found = _NO_WORD.search(without_line_end(sentence))
    return f"found {(found[0] if found else sentence)!r} in a sentence; expected words between spaces or tabs"


def _tokens(found: list[str], chunk: _Chunk, line: int) -> list[str]:
    """What a tokenizer made of a line, checked."""
    try:
        return words_of(found)
    except UsageError as error:
        raise TextError(f"{error.args[0]} from the tokenizer", chunk.name, chunk.line + line) from None


def listed(sources: Source | Iterable[Source]) -> list[Source]:
    """One source or several, as a list."""
    if isinstance(sources, (str, os.PathLike)) or hasattr(sources, "read"):
        return [cast("Source", sources)]
    return list(sources)


def _tokenizer(tokenizer: str | Tokenizer) -> Tokenizer | None:
    if callable(tokenizer):
        return tokenizer
    if tokenizer not in TOKENIZERS:
        raise UsageError(f"no tokenizer {tokenizer!r}; expected one of {', '.join(TOKENIZERS)} or a function")
    return TOKENIZERS[tokenizer]


def _total_bytes(sources: list[Source]) -> int | None:
    """Bytes in all files; None unless all are plain."""
    sizes = [plain_size(source) for source in sources]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _chunks(sources: list[Source], chunk_bytes: int) -> Iterator[_Chunk]:
    """Pieces of whole lines; a line longer than a piece makes the piece grow; what a pipe has is not waited for."""
    if chunk_bytes < 1:
        raise UsageError(f"chunk_bytes is {chunk_bytes}; expected at least 1")
    for source in sources:
        name, line, rest, first = source_name(source), 1, b"", True
        with open_source(source) as stream:
            read: Callable[[memoryview], int] = getattr(stream, "readinto1", None) or stream.readinto  # type: ignore
            is_pipe = _is_pipe(stream)
            while True:
                wanted = max(chunk_bytes, len(_BYTE_ORDER_MARK) + 1) if first else chunk_bytes
                data = bytearray(len(rest) + wanted + PADDING)
                data[: len(rest)] = rest
                filled, end = len(rest), len(data) - PADDING
                with memoryview(data) as view:
                    while filled < end and (got := read(view[filled:end])):
                        filled += got
                        if is_pipe and not (first and _BYTE_ORDER_MARK.startswith(view[:filled].tobytes())):
                            break
                if first and data.startswith(_BYTE_ORDER_MARK):
                    del data[: len(_BYTE_ORDER_MARK)]
                    filled -= len(_BYTE_ORDER_MARK)
                first = False
                if filled == len(rest):
                    if rest:
                        yield _Chunk(name, line, data, len(rest))
                    break
                cut = data.rfind(b"\n", 0, filled) + 1
                rest = bytes(memoryview(data)[cut:filled])
                if cut:
                    lines = data.count(b"\n", 0, cut)
                    yield _Chunk(name, line, data, cut)
                    line += lines


def _is_pipe(stream: IO[bytes]) -> bool:
    """Whether more bytes may come later, as from a pipe or a terminal."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, AttributeError):
        return False
    return not stat.S_ISREG(mode)
