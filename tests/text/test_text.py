"""Text as ids against a tokenizer in plain Python: odd characters, odd files, odd chunks, and what is refused."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import os
import random
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import strategies

import ngramlm as lm
from ngramlm.errors import FormatError, NgramlmError, TextError, UsageError
from ngramlm.text import lines as lines_module
from ngramlm.text._text import PADDING, tokenize
from ngramlm.text._vocabulary import WordTable
from ngramlm.text.reading import iter_text, map_text, read_text
from ngramlm.text.text import Text
from ngramlm.text.tokenizers import split_words
from ngramlm.text.vocabulary import new_table

RESERVED = ["<unk>", "<s>", "</s>"]
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: Words that come close to what ends a word, or to the eight bytes that are read at once.
AWKWARD = (
    *strategies.WORDS,
    *("x" * length for length in (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17)),
    *("é" * length for length in (3, 4, 5)),
    "aaaaaaaab",
    "aaaaaaaac",
    "\x7f",
    "\x80",
    "\xa0",
    "\u3000",
    "\u2028",
    "\u0085",
    "\u2029",
    "\ufeff",
    "\ufffd",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\U0010ffff",
    "!",
    "<S>",
    "<unk>",
    "</s>x",
    "<s",
)


# ------------------------------------------------------------------------------------------------------ the oracle


def split_oracle(data: bytes) -> tuple[list[list[str]], int]:
    """(sentences, characters): lines end with LF or CRLF, words stand between spaces and tabs, nothing else counts.

    The characters are those of each sentence with one space between its words, and a line end.
    """
    lines = data.removeprefix(BYTE_ORDER_MARK).split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    decoded = [line.removesuffix(b"\r").decode() for line in lines]
    sentences = [[word for word in re.split("[ \t]", line) if word] for line in decoded]
    return sentences, sum(len(" ".join(words)) + 1 for words in sentences)


def words_oracle(
    sentences: Sequence[Sequence[str]], min_count: int = 1, max_size: int | None = None
) -> list[str]:
    """The vocabulary: reserved words, then falling count, ties by bytes."""
    counts = Counter(word for sentence in sentences for word in sentence if word not in RESERVED)
    ranked = sorted(counts, key=lambda word: (-counts[word], word.encode()))
    return RESERVED + [word for word in ranked if counts[word] >= min_count][:max_size]


def ids_oracle(sentences: Sequence[Sequence[str]], words: list[str]) -> list[int]:
    number = {word: id for id, word in enumerate(words)}
    return [id for sentence in sentences for id in (1, *(number.get(word, 0) for word in sentence), 2)]


def is_the_oracle(text: Text, data: bytes, words: list[str] | None = None, *, blanks: bool = True) -> None:
    sentences, characters = split_oracle(data)
    words = words_oracle(sentences) if words is None else words
    ids = ids_oracle(sentences, words)

    assert words == text.vocabulary.words()
    assert ids == text.ids.tolist()
    n_blanks = sum(max(len(sentence) - 1, 0) for sentence in sentences)
    assert characters - (0 if blanks else n_blanks) == text.characters
    edges = [0, *itertools.accumulate(len(sentence) + 2 for sentence in sentences)]

    assert edges == text.sentences.tolist()
    assert (len(sentences), len(ids) - len(sentences)) == (text.n_sentences, text.n_tokens)
    assert len(ids) - 2 * len(sentences) == text.n_words
    assert ids.count(0) == text.n_oov
    assert [id for id in ids if id != 1] == text.predicted.tolist()


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time, as sockets do."""

    def __init__(self, data: bytes, sizes: Sequence[int]) -> None:
        self._data, self._sizes = io.BytesIO(data), itertools.cycle(sizes)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._data.read(min(len(buffer), next(self._sizes)))
        buffer[: len(data)] = data
        return len(data)


def read(data: bytes, chunk_bytes: int = 1 << 20, **options: Any) -> Text:
    with mock.patch.object(lines_module, "BLOCK_BYTES", chunk_bytes):
        return read_text(io.BytesIO(data), **{"threads": 1, **options})


@st.composite
def raw_texts(draw: st.DrawFn) -> bytes:
    """Bytes of a text: any mixture of separators and line ends, with or without BOM and final line end."""
    gaps = st.sampled_from([" ", "\t", "  ", " \t ", "          "])
    words = draw(st.lists(st.sampled_from(AWKWARD), min_size=1, max_size=5, unique=True))
    lines = []
    for _ in range(draw(st.integers(0, 6))):
        line = draw(st.sampled_from(["", " ", "\t"]))
        for word in draw(st.lists(st.sampled_from(words), max_size=6)):
            line += word + draw(gaps)
        lines.append(line if draw(st.booleans()) else line.rstrip(" \t"))
    data = "".join(line + draw(st.sampled_from(["\n", "\r\n"])) for line in lines)
    if draw(st.booleans()):
        data = data.rstrip("\r\n")
    return (BYTE_ORDER_MARK if draw(st.booleans()) else b"") + data.encode()


# ------------------------------------------------------------------------------------------------- what is a word


@given(data=raw_texts(), chunk_bytes=st.integers(4, 40), threads=st.integers(1, 3))
@example(data=b"", chunk_bytes=4, threads=1)
@example(data=BYTE_ORDER_MARK, chunk_bytes=5, threads=1)
@example(data=b"\n", chunk_bytes=4, threads=2)
@example(data=b"\r\n\r\n", chunk_bytes=4, threads=2)
@example(data=b"a\n\n\nb", chunk_bytes=4, threads=2)
@example(data=b"x" * 100, chunk_bytes=4, threads=2)
def test_reading_is_the_oracle(data: bytes, chunk_bytes: int, threads: int) -> None:
    is_the_oracle(read(data), data)
    is_the_oracle(read(data, chunk_bytes, threads=threads), data)


@given(
    data=raw_texts(),
    sizes=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    chunk_bytes=st.integers(4, 50),
)
def test_streams_that_give_little_at_a_time(data: bytes, sizes: list[int], chunk_bytes: int) -> None:
    with mock.patch.object(lines_module, "BLOCK_BYTES", chunk_bytes):
        is_the_oracle(read_text(Trickle(data, sizes), threads=2), data)


@given(data=raw_texts(), chunk_bytes=st.integers(4, 40), threads=st.integers(1, 3))
def test_with_a_vocabulary_unknown_words_are_0(data: bytes, chunk_bytes: int, threads: int) -> None:
    vocabulary = lm.Vocabulary(["x" * 8, "é" * 4, "cat", "aaaaaaaab", "\ufeff"])
    text = read(data, chunk_bytes, threads=threads, vocabulary=vocabulary)

    assert text.vocabulary is vocabulary
    is_the_oracle(text, data, vocabulary.words())


@given(data=raw_texts(), chunk_bytes=st.integers(4, 40))
def test_replace_is_the_same_for_valid_text(data: bytes, chunk_bytes: int) -> None:
    is_the_oracle(read(data, chunk_bytes, encoding_errors="replace"), data)


@given(data=raw_texts(), chunk_bytes=st.integers(4, 40), threads=st.integers(1, 3))
def test_a_python_twin_of_the_whitespace_tokenizer(data: bytes, chunk_bytes: int, threads: int) -> None:
    def twin(line: str) -> list[str]:
        return [word for word in re.split("[ \t]", line) if word]

    is_the_oracle(read(data, chunk_bytes, threads=threads, tokenizer=twin), data, blanks=False)


@given(data=raw_texts(), chunk_bytes=st.integers(4, 40), threads=st.integers(1, 3))
def test_pieces_together_are_the_text(data: bytes, chunk_bytes: int, threads: int) -> None:
    expected = read(data)
    pieces = list(iter_text(io.BytesIO(data), expected.vocabulary, chunk_bytes=chunk_bytes, threads=threads))

    assert expected.ids.tolist() == [id for piece in pieces for id in piece.ids.tolist()]
    assert expected.characters == sum(piece.characters for piece in pieces)
    assert all(piece.n_sentences and piece.vocabulary is expected.vocabulary for piece in pieces)
    lengths = list(
        map_text(len_ids, io.BytesIO(data), expected.vocabulary, chunk_bytes=chunk_bytes, threads=threads)
    )

    assert [len(piece.ids) for piece in pieces] == lengths


def len_ids(text: Text) -> int:
    return len(text.ids)


@pytest.mark.parametrize("chunk_bytes", range(1, 9))
def test_a_byte_order_mark_is_dropped_whatever_the_chunks(chunk_bytes: int) -> None:
    data = BYTE_ORDER_MARK + b"a b\n" + BYTE_ORDER_MARK + b"a\n"
    is_the_oracle(read(data, chunk_bytes), data)


@pytest.mark.parametrize("chunk_bytes", [0, -1])
def test_pieces_of_no_bytes_are_refused(chunk_bytes: int) -> None:
    with pytest.raises(UsageError):
        list(iter_text(io.BytesIO(b"a b\n"), lm.Vocabulary(["a"]), chunk_bytes=chunk_bytes))


def test_every_word_length_at_every_offset() -> None:
    """Words are read eight bytes at a time: lengths 1..40, at 9 offsets, before all that ends a word."""
    for offset, end in itertools.product(range(9), [" ", "\t", "\n", "\r\n", "", " \n"]):
        words = [chr(ord("a") + length % 26) * length for length in range(1, 41)]
        for word in words:
            data = (" " * offset + word + end).encode()
            text = read(data)

            assert [*RESERVED, word] == text.vocabulary.words()
            assert [1, 3, 2] == text.ids.tolist()
        data = (" " * offset + " ".join(words) + end).encode()
        is_the_oracle(read(data), data)


@pytest.mark.parametrize("length", [1 << 12, (1 << 16) + 3, 1 << 20])
def test_very_long_words(length: int) -> None:
    words = ["é" * length, "é" * length + "x", "y" * length]
    data = (" ".join(words) + " é").encode()
    is_the_oracle(read(data, 1 << 14), data)


def test_a_line_longer_than_a_chunk() -> None:
    line = " ".join(str(n % 1000) for n in range(20000))
    data = f"first\n{line}\nlast\n{line}".encode()
    for chunk_bytes in (4, 1000, 50000):
        is_the_oracle(read(data, max(chunk_bytes, 512), threads=2), data)


def test_many_words_from_several_threads() -> None:
    """More than a table holds at first, counted in tables of their own and merged: ties are broken by bytes."""
    random_ = random.Random(7)
    words = [f"{random_.randrange(30000):x}" for _ in range(60000)]
    data = "\n".join(" ".join(words[at : at + 9]) for at in range(0, len(words), 9)).encode()
    for threads in (1, 2, 3):
        is_the_oracle(read(data, 1 << 13, threads=threads), data)


# ----------------------------------------------------------------------------------------------- what is refused

INVALID = {
    "lone continuation": b"\x80",
    "last continuation": b"\xbf",
    "overlong two": b"\xc0\xaf",
    "overlong two, c1": b"\xc1\xbf",
    "overlong three": b"\xe0\x9f\xbf",
    "overlong four": b"\xf0\x8f\xbf\xbf",
    "first surrogate": b"\xed\xa0\x80",
    "last surrogate": b"\xed\xbf\xbf",
    "pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "above U+10FFFF": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "fe": b"\xfe",
    "ff": b"\xff",
    "two cut short": b"\xc3",
    "three cut to one": b"\xe4",
    "three cut to two": b"\xe4\xb8",
    "four cut to one": b"\xf0",
    "four cut to two": b"\xf0\x9d",
    "four cut to three": b"\xf0\x9d\x92",
    "two without continuation": b"\xc3x",
    "three without third": b"\xe4\xb8x",
    "latin-1": b"na\xefve",
}
AROUND = {
    "alone": (b"", b"\n"),
    "at the end of the file": (b"", b""),
    "before a space": (b"ab ", b" cd\n"),
    "after seven letters": (b"abcdefg", b"h\n"),
    "after eight letters": (b"abcdefgh", b"\n"),
    "after valid characters": ("naïve 中𝒳".encode(), b" x\r\n"),
    "before a line end of DOS": (b"x ", b"\r\n"),
}


@pytest.mark.parametrize("kind", INVALID)
def test_invalid_utf8_is_an_error_with_its_line(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    for before, after in AROUND.values():
        for n_lines, chunk_bytes, threads in ((0, 1 << 20, 1), (9, 16, 1), (9, 16, 2)):
            path.write_bytes(
                b"fine line\n" * n_lines + before + INVALID[kind] + after + b"a\n" * 3 * bool(after)
            )
            with (
                mock.patch.object(lines_module, "BLOCK_BYTES", chunk_bytes),
                pytest.raises(TextError) as caught,
            ):
                read_text(path, threads=threads)

            assert (os.fspath(path), n_lines + 1) == (caught.value.path, caught.value.line)
            assert str(caught.value).startswith(f"{path}:{n_lines + 1}: ")
            assert "UTF-8" in str(caught.value)


@pytest.mark.parametrize("kind", INVALID)
def test_replaced_is_what_python_replaces(kind: str) -> None:
    for before, after in AROUND.values():
        data = b"fine line\n" + before + INVALID[kind] + after + b"a \n"
        clean = data.decode("utf-8", "replace").encode()
        for chunk_bytes in (8, 1 << 20):
            is_the_oracle(read(data, chunk_bytes, encoding_errors="replace"), clean)


@given(
    pieces=st.lists(st.sampled_from([*INVALID.values(), b" ", b"\n", b"a", "é".encode(), "𝒳".encode()])),
    chunk_bytes=st.integers(4, 20),
)
def test_replaced_is_what_python_replaces_in_any_mixture(pieces: list[bytes], chunk_bytes: int) -> None:
    data = b"".join(pieces)
    clean = data.decode("utf-8", "replace").encode()
    is_the_oracle(read(data, chunk_bytes, encoding_errors="replace", threads=2), clean)


def test_utf8_is_what_python_says_it_is() -> None:
    """All sequences of up to four bytes that lie at the edges of what the standard allows."""
    leads = bytes.fromhex("41 7f 80 bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 f7 f8 ff")
    tails = bytes.fromhex("41 7f 80 8f 90 9f a0 bf c0 f0 ff")
    table, ids = WordTable(), np.empty(64, np.int32)
    for word in RESERVED:
        table.add(word.encode())
    sequences = [
        bytes([lead, *rest])
        for n in range(4)
        for rest in itertools.product(tails, repeat=n)
        for lead in leads
    ]
    for sequence in sequences:
        try:
            characters = len(sequence.decode()) + 1
            problem = 0
        except UnicodeDecodeError:
            problem = 2
        data = sequence + b"\n" + bytes(PADDING)
        _, _, found, error, _, _ = tokenize(bytearray(data), len(sequence) + 1, table, False, 0, ids)

        assert problem == error, sequence
        assert problem or characters == found, sequence


@pytest.mark.parametrize("byte", sorted({*range(0x20)} - {0x09, 0x0A}))
def test_control_characters_are_errors_with_their_line(byte: int) -> None:
    for before, after in [(b"", b""), (b"word", b""), (b"", b"word"), (b"longerword", b"x"), (b"a ", b" b")]:
        data = b"fine line\n\n" + before + bytes([byte]) + after + b" end\n"
        for encoding_errors in ("strict", "replace"):
            with pytest.raises(TextError) as caught:
                read(data, encoding_errors=encoding_errors)

            assert 3 == caught.value.line
            assert f"found the control character {chr(byte)!r} in a word" in str(caught.value)


@pytest.mark.parametrize("encoding_errors", ["strict", "replace"])
@pytest.mark.parametrize("data", [b"a\r\r\n", b"a\rb\n", b"\ra\n", b"a\r \n", b"\r\r\n"])
def test_a_carriage_return_that_ends_no_line_is_an_error(data: bytes, encoding_errors: Any) -> None:
    with pytest.raises(TextError, match="control character"):
        read(data, encoding_errors=encoding_errors)


@pytest.mark.parametrize("encoding_errors", ["strict", "replace"])
@pytest.mark.parametrize("data", [b"a\r", b"\r", b"a \r", b"a\nb\r"])
def test_a_carriage_return_at_the_end_of_the_file_ends_the_line(data: bytes, encoding_errors: Any) -> None:
    is_the_oracle(read(data, encoding_errors=encoding_errors), data)


@pytest.mark.parametrize("word", ["<s>", "</s>"])
@pytest.mark.parametrize("after", ["\n", " x\n", "\tx\n", "\r\n", ""])
def test_reserved_words_are_an_error_that_names_them(word: str, after: str) -> None:
    for data in (f"fine\n{word}{after}", f"fine\na {word}{after}"):
        for options in ({}, {"vocabulary": lm.Vocabulary(["a"])}, {"tokenizer": "characters"}):
            if "tokenizer" in options:
                read(data.encode(), **options)  # no token is a reserved word
                continue
            with pytest.raises(TextError) as caught:
                read(data.encode(), **options)

            assert 2 == caught.value.line
            assert f"found the reserved word {word!r};" in str(caught.value)


@pytest.mark.parametrize("vocabulary", [None, lm.Vocabulary(["a", "b"])])
def test_reserved_words_dropped_or_kept(vocabulary: lm.Vocabulary | None) -> None:
    data = b"<s> a <s> a b </s>\n</s>\n"
    dropped = read(data, vocabulary=vocabulary, reserved="drop")
    kept = read(data, vocabulary=vocabulary, reserved="keep")

    assert [*RESERVED, "a", "b"] == dropped.vocabulary.words() == kept.vocabulary.words()
    assert [1, 3, 3, 4, 2, 1, 2] == dropped.ids.tolist()
    assert [1, 0, 3, 0, 3, 4, 0, 2, 1, 0, 2] == kept.ids.tolist()
    assert (0, 4) == (dropped.n_oov, kept.n_oov)


@pytest.mark.parametrize("reserved", ["error", "drop", "keep"])
def test_unk_in_text_is_the_unknown_word(reserved: Any) -> None:
    text = read(b"a <unk> <unk> b\n<unk>\n", reserved=reserved)

    assert [*RESERVED, "a", "b"] == text.vocabulary.words()
    assert [1, 3, 0, 0, 4, 2, 1, 0, 2] == text.ids.tolist()
    assert 3 == text.n_oov


BAD_OPTIONS: dict[str, dict[str, Any]] = {
    "reserved": {"reserved": "ignore"},
    "encoding_errors": {"encoding_errors": "ignore"},
    "tokenizer": {"tokenizer": "moses"},
    "min_count": {"min_count": 0},
    "max_size": {"max_size": -1},
    "threads": {"threads": 0},
    "documents beyond the end": {"documents": [3]},
    "documents before the start": {"documents": [-1]},
}


@pytest.mark.parametrize("kind", BAD_OPTIONS)
def test_bad_options(kind: str) -> None:
    with pytest.raises(UsageError):
        read(b"a\nb\n", **BAD_OPTIONS[kind])


# -------------------------------------------------------------------------------------------------- vocabulary


@given(data=raw_texts(), min_count=st.integers(1, 3), max_size=st.none() | st.integers(0, 4))
def test_min_count_and_max_size(data: bytes, min_count: int, max_size: int | None) -> None:
    words = words_oracle(split_oracle(data)[0], min_count, max_size)
    is_the_oracle(read(data, 16, threads=2, min_count=min_count, max_size=max_size), data, words)


def test_ties_are_broken_by_bytes() -> None:
    """Bytes, not code points of UTF-16, nor any locale: a prefix first, U+FFFF before U+10000."""
    words = ["b", "ab", "a", "B", "é", "z", "aaaaaaaab", "aaaaaaaa", "\uffff", "\U00010000"]
    expected = ["B", "a", "aaaaaaaa", "aaaaaaaab", "ab", "b", "z", "é", "\uffff", "\U00010000"]

    assert expected == read(" ".join(words).encode()).vocabulary.words()[3:]
    assert expected == read(" ".join(reversed(words)).encode()).vocabulary.words()[3:]


# --------------------------------------------------------------------------------------------------- documents


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        (None, [0, 4]),
        ([], [0, 4]),
        ([0], [0, 4]),
        ([0, 2], [0, 2, 4]),
        ([0, 4], [0, 4]),
        ([2], [0, 2, 4]),
        ([3, 1, 1], [0, 1, 3, 4]),
        ([1, 2, 3], [0, 1, 2, 3, 4]),
    ],
)
def test_documents(documents: list[int] | None, expected: list[int]) -> None:
    text = read(b"a\nb\n\nc\n", documents=documents)

    assert expected == text.documents.tolist()
    assert len(expected) - 1 == text.n_documents


def test_a_text_without_sentences_has_no_documents() -> None:
    text = read(b"")

    assert ([0], 0, 0, 0) == (text.documents.tolist(), text.n_documents, text.n_sentences, text.n_tokens)


def test_columns_are_read_only() -> None:
    text = read(b"a\nb\n")
    for column in (text.ids, text.sentences, text.documents):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 7


def test_sentence_gives_the_words_back() -> None:
    text = read("the cat\n\n中文 𝒳\n".encode())

    assert [["the", "cat"], [], ["中文", "𝒳"]] == [text.sentence(i) for i in range(3)]


# -------------------------------------------------------------------------------------------------- tokenizers


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("Don't stop, please.", ["Don't", "stop", ",", "please", "."]),
        ("rock 'n' roll", ["rock", "'", "n", "'", "roll"]),
        ("well-known", ["well", "-", "known"]),
        ("a--b", ["a", "-", "-", "b"]),
        ("l’été 3.14", ["l’été", "3.14"]),
        ("中文。", ["中", "文", "。"]),
        ("a\u00a0b\u3000c", ["a", "b", "c"]),
    ],
)
def test_words_tokenizer(line: str, expected: list[str]) -> None:
    assert expected == split_words(line)
    text = read(line.encode() + b"\n", tokenizer="words")

    assert expected == text.sentence(0)
    assert len("".join(expected)) + 1 == text.characters


def test_characters_tokenizer() -> None:
    text = read("a b\tc\n中𝒳\u3000\u00a0\n\n".encode(), 4, tokenizer="characters", threads=2)

    assert [["a", "b", "c"], ["中", "𝒳", "\u3000", "\u00a0"], []] == [text.sentence(i) for i in range(3)]
    assert 4 + 5 + 1 == text.characters


def test_a_tokenizer_gets_lines_without_their_ends() -> None:
    seen = []

    def spy(line: str) -> list[str]:
        seen.append(line)
        return ["token"]

    text = read(BYTE_ORDER_MARK + "a\r\n\nn\u2028o\u0085p\n  é ".encode(), tokenizer=spy)

    assert ["a", "", "n\u2028o\u0085p", "  é "] == seen
    assert [1, 3, 2] * 4 == text.ids.tolist()
    assert 4 * len("token.") == text.characters


@pytest.mark.parametrize(
    "token", ["\n", "x\ny", "x\n", "\nx", "x y", " x", "x\t", "x\r", "\rx", "a\x00", "\ud800"]
)
@pytest.mark.parametrize("threads", [1, 2])
def test_tokens_that_are_no_words_are_refused(token: str, threads: int) -> None:
    with pytest.raises(TextError):
        read(b"a\nb\nc\n", tokenizer=lambda _: [token], threads=threads)


def test_a_line_end_that_stands_for_another_is_refused() -> None:
    """A tokenizer cannot hide a line end by swallowing others: the number of lines stays the same."""
    with pytest.raises(TextError):
        read(b"a\nb\nc\n", tokenizer=lambda line: ["x\ny"] if line == "a" else [])


def test_an_error_of_a_tokenizer_is_passed_on_and_leaves_no_thread() -> None:
    def broken(line: str) -> list[str]:
        raise KeyError("mine")

    before = threading.active_count()
    for threads in (1, 3):
        with pytest.raises(KeyError, match="mine"):
            read(b"a\nb\n" * 100, 8, tokenizer=broken, threads=threads)

        assert before == threading.active_count()


# ----------------------------------------------------------------------------------------------- several sources


def test_several_sources_of_every_kind(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_bytes(BYTE_ORDER_MARK + b"a b")
    (tmp_path / "two.txt").write_bytes(b"")
    with gzip.open(tmp_path / "three.gz", "wb") as out:
        out.write(BYTE_ORDER_MARK + b"b c\r\n")
    sources = [
        tmp_path / "one.txt",
        os.fspath(tmp_path / "two.txt"),
        tmp_path / "three.gz",
        io.BytesIO(b"\n" + BYTE_ORDER_MARK + b"d"),
    ]
    text = read_text(sources, threads=2)

    assert [["a", "b"], ["b", "c"], [], ["\ufeffd"]] == [text.sentence(i) for i in range(4)]
    assert text.n_sentences == 4


def test_an_iterator_of_sources_and_none_at_all() -> None:
    assert 2 == read_text(io.BytesIO(b"a\n") for _ in range(2)).n_sentences
    assert 0 == read_text([]).n_sentences


def test_errors_name_the_source_and_its_own_line(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_bytes(b"a\n" * 7)
    bad.write_bytes(b"a\nb\n\xff\n")
    for threads in (1, 2):
        with pytest.raises(TextError) as caught:
            read_text([good, bad], threads=threads)

        assert str(caught.value).startswith(f"{bad}:3: ")
    with pytest.raises(TextError, match=r"^<stream>:1: "):
        read_text([io.BytesIO(b"\xff")])
    with open(bad, "rb") as stream, pytest.raises(TextError, match=re.escape(f"{bad}:3: ")):
        read_text(stream)


def test_a_stream_is_not_closed(tmp_path: Path) -> None:
    stream = io.BytesIO(b"a b\n")
    read_text(stream)

    assert not stream.closed


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"missing\.txt"):
        read_text(tmp_path / "missing.txt")
    with pytest.raises(IsADirectoryError, match=re.escape(os.fspath(tmp_path))):
        read_text(tmp_path)


def text_file(path: Path) -> Any:
    path.write_text("a b\n", encoding="utf-8")
    return open(path, encoding="utf-8")


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("kind", ["StringIO", "text file"])
def test_text_streams_are_refused(kind: str, listed: bool, tmp_path: Path) -> None:
    """Their lines must not be taken for the names of files."""
    with io.StringIO("a b\n") if kind == "StringIO" else text_file(tmp_path / "a.txt") as stream:
        with pytest.raises(UsageError, match="binary stream"):
            read_text([stream] if listed else stream)
        with pytest.raises(UsageError, match="binary stream"):
            list(iter_text([stream] if listed else stream, lm.Vocabulary(["a"])))


@pytest.mark.parametrize("source", [None, 7, b"a.txt", [b"a.txt"], [None]])
def test_what_is_no_source(source: Any) -> None:
    with pytest.raises((UsageError, TypeError)):
        read_text(source)


def test_stdin() -> None:
    with mock.patch.object(sys, "stdin", mock.Mock(buffer=io.BytesIO(b"a b\n"))):
        assert [1, 3, 4, 2] == read_text("-").ids.tolist()
    with (
        mock.patch.object(sys, "stdin", mock.Mock(buffer=io.BytesIO(b"a b\n\xff"))),
        pytest.raises(TextError, match=r"^<stdin>:2: "),
    ):
        read_text("-")


# ------------------------------------------------------------------------------------------------------- pipes


@pytest.mark.timeout(20)
def test_a_pipe_is_read_as_it_is_written() -> None:
    """Each whole line comes out before the next is written; a piece of a line waits for its end."""
    receive, send = os.pipe()
    vocabulary = lm.Vocabulary(["a", "b"])
    with open(receive, "rb", buffering=0) as stream:
        pieces = iter_text(stream, vocabulary, threads=1)
        os.write(send, BYTE_ORDER_MARK + b"a b\n")

        assert [1, 3, 4, 2] == next(pieces).ids.tolist()
        os.write(send, b"b\nb a")

        assert [1, 4, 2] == next(pieces).ids.tolist()
        os.write(send, b" b\n")

        assert [1, 4, 3, 4, 2] == next(pieces).ids.tolist()
        os.write(send, b"a")
        os.close(send)

        assert [1, 3, 2] == next(pieces).ids.tolist()
        assert [] == list(pieces)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("buffering", [0, -1])
def test_pieces_of_a_pipe_are_the_text(buffering: int) -> None:
    """Writes that cut characters, line ends and the byte order mark in two."""
    data = BYTE_ORDER_MARK + "中文 𝒳\r\nnaïve\r\n\r\nx".encode() * 20
    receive, send = os.pipe()

    def write() -> None:
        with open(send, "wb", buffering=0) as out:
            for at in range(0, len(data), 2):
                out.write(data[at : at + 2])
                if at < 20:
                    time.sleep(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    with open(receive, "rb", buffering=buffering) as stream:
        text = read_text(stream, threads=2)
    writer.join()
    is_the_oracle(text, data)


# ------------------------------------------------------------------------------------------------- compression

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
LINES = "".join(f"{n * n} naïve 中文 {n % 7}\n" for n in range(3000)).encode()


@pytest.mark.parametrize("suffix", COMPRESS)
def test_compressed_files_are_the_same_text(suffix: str, tmp_path: Path) -> None:
    compress = COMPRESS[suffix]
    half = LINES.index(b"\n", len(LINES) // 2) - 3
    for name, data in {
        f"a{suffix}": compress(LINES),
        f"A{suffix.upper()}": compress(LINES),
        f"two-streams{suffix}": compress(LINES[:half]) + compress(LINES[half:]),
    }.items():
        (tmp_path / name).write_bytes(data)
        for chunk_bytes in (1000, 1 << 20):
            with mock.patch.object(lines_module, "BLOCK_BYTES", chunk_bytes):
                is_the_oracle(read_text(tmp_path / name, threads=2), LINES)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("suffix", COMPRESS)
def test_damaged_compressed_files(suffix: str, threads: int, tmp_path: Path) -> None:
    """Cut short anywhere, or changed: FormatError with the name of the file, and no thread left behind."""
    path = tmp_path / f"bad{suffix}"
    whole = COMPRESS[suffix](LINES)
    before = threading.active_count()
    damaged = [whole[:size] for size in (1, 5, 12, len(whole) // 2, len(whole) - 1)]
    damaged += [whole[:at] + bytes(b ^ 0xFF for b in whole[at : at + 8]) + whole[at + 8 :] for at in (0, 200)]
    damaged += [b"plain text\n"]
    for data in damaged:  # what was changed inside, bz2 decodes before it looks at the checksum
        path.write_bytes(data)
        with mock.patch.object(lines_module, "BLOCK_BYTES", 1000), pytest.raises(FormatError) as caught:
            read_text(path, threads=threads)

        assert str(caught.value).startswith(f"{path}:")
        if data is not damaged[6]:
            assert str(caught.value).startswith(f"{path}: found damaged compressed data")
        assert before == threading.active_count()


# ------------------------------------------------------------------------------------------------------ threads


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_an_error_while_reading_leaves_no_thread_behind(threads: int) -> None:
    class Failing(Trickle):
        def readinto(self, buffer: Any) -> int:
            if self._data.tell() > 2000:
                raise OSError(5, "Input/output error")
            return super().readinto(buffer)

    before = threading.active_count()
    with mock.patch.object(lines_module, "BLOCK_BYTES", 100):
        with pytest.raises(OSError, match="Input/output error"):
            read_text(Failing(b"a b\n" * 1000, [64]), threads=threads)

        assert before == threading.active_count()
        with pytest.raises(TextError, match=r"<stream>:301: "):
            read_text(io.BytesIO(b"a b\n" * 300 + b"\xff\n" + b"a b\n" * 300), threads=threads)

        assert before == threading.active_count()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_first_error_is_reported_whatever_the_threads(threads: int) -> None:
    """Not a later one that another thread met earlier, nor that of a source that comes later."""
    data = b"a b\n" * 40 + b"\xff\n" + b"a <s>\n" * 40 + b"\x00\n" * 40
    for _ in range(5):
        with pytest.raises(TextError, match=r"^<stream>:41: .*UTF-8"):
            read(data, 16, threads=threads)
    with pytest.raises(TextError, match=r"^<stream>:1: .*UTF-8"):
        read_text([io.BytesIO(b"\xff\n"), "no such file"], threads=threads)


def test_a_consumer_that_stops_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    pieces = iter_text(io.BytesIO(b"a b\n" * 1000), lm.Vocabulary(["a"]), threads=3, chunk_bytes=16)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]

    assert before == threading.active_count()


def test_progress_adds_up(tmp_path: Path) -> None:
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_bytes(LINES)
    two.write_bytes(b"x\n")
    calls: list[tuple[str, int, int | None]] = []
    with mock.patch.object(lines_module, "BLOCK_BYTES", 4000):
        read_text([one, two], threads=2, progress=lambda *call: calls.append(call))
    done = [call[1] for call in calls]

    assert {("reading", len(LINES) + 2)} == {(stage, total) for stage, _, total in calls}
    assert sorted(done) == done
    assert len(LINES) + 2 == done[-1]
    calls.clear()
    read_text(io.BytesIO(b"a\n"), progress=lambda *call: calls.append(call))

    assert [("reading", 2, None)] == calls


# ---------------------------------------------------------------------------------------------- from_sentences


@given(corpus=strategies.corpora())
def test_from_sentences_is_the_oracle(corpus: strategies.Corpus) -> None:
    data = "".join(" ".join(sentence) + "\n" for sentence in corpus).encode()
    if data.startswith(BYTE_ORDER_MARK):
        data = BYTE_ORDER_MARK + data  # a sentence in memory has no byte order mark: it is part of the word
    is_the_oracle(Text.from_sentences(corpus), data)
    is_the_oracle(
        Text.from_sentences(" \t".join(sentence) for sentence in corpus), characters_of(corpus, data)
    )


def characters_of(corpus: strategies.Corpus, data: bytes) -> bytes:
    """The same text with space and tab between the words."""
    joined = "".join(" \t".join(sentence) + "\n" for sentence in corpus).encode()
    return BYTE_ORDER_MARK + joined if joined.startswith(BYTE_ORDER_MARK) else joined


def test_from_sentences_with_a_vocabulary() -> None:
    vocabulary = lm.Vocabulary(["b"])
    text = Text.from_sentences([["a", "b"], [], "b <unk>"], vocabulary=vocabulary)

    assert text.vocabulary is vocabulary
    assert [1, 0, 3, 2, 1, 2, 1, 3, 0, 2] == text.ids.tolist()


@pytest.mark.parametrize(
    "sentence",
    [
        ["<s>"],
        ["a", "</s>"],
        "a <s> b",
        ["a\nb"],
        "a\nb",
        "a\n\n",
        "a\r\r",
        ["a\x00"],
        "\x1f",
        ["\ud800"],
        ["x\udfff"],
    ],
)
def test_from_sentences_refuses_what_a_file_may_not_hold(sentence: Any) -> None:
    with pytest.raises(TextError, match=r"^<sentences>:2: "):
        Text.from_sentences(["fine", sentence, "fine"])


@pytest.mark.parametrize("word", ["new york", " x", "x\t", ""])
def test_from_sentences_refuses_lists_whose_words_are_none(word: str) -> None:
    """As `score` does: a word of a list is not split behind the caller's back."""
    with pytest.raises(NgramlmError):
        Text.from_sentences([["a", word, "b"]])


@pytest.mark.parametrize("chunk_bytes", [4, 1 << 20])
def test_a_tokenizer_in_python_tells_the_line_that_is_not_utf8(chunk_bytes: int) -> None:
    data = "é é\n\nb\n".encode() + b"c \xff d\n\xfe\n"
    with pytest.raises(TextError) as caught:
        list(iter_text(io.BytesIO(data), lm.Vocabulary(["b"]), tokenizer="words", chunk_bytes=chunk_bytes))
    assert str(caught.value).startswith("<stream>:4: found bytes that are not UTF-8; expected UTF-8")


def test_sums_of_no_sentences() -> None:
    found = lm.Text.from_sentences([]).sentence_sums(np.empty(0))

    assert (found.shape, found.dtype) == ((0,), np.float64)


@pytest.mark.parametrize(
    ("data", "ids", "characters"),
    [
        (b"a b\r", [1, 3, 4, 2], 4),
        (b"a b", [1, 3, 4, 2], 4),
        (b"a b \r", [1, 3, 4, 2], 4),
        (b"\r", [1, 2], 1),
    ],
)
def test_the_kernel_takes_a_last_line_without_its_end(data: bytes, ids: list[int], characters: int) -> None:
    """A carriage return at the end is half a line end, and no character; the missing line end is counted."""
    found = np.empty(2 * len(data) + 2, np.int32)
    n_ids, n_lines, counted, problem, _, _ = tokenize(
        np.frombuffer(data + bytes(PADDING), np.uint8).copy(), len(data), new_table(), True, 0, found
    )
    assert (found[:n_ids].tolist(), n_lines, counted, problem) == (ids, 1, characters, 0)
