"""Text counts: round trip, SRILM's ways, and the errors with their lines."""

from __future__ import annotations

import gzip
import io
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import Corpus, corpora

from ngramlm.counts import NgramCounts, count
from ngramlm.errors import FormatError, FormatWarning
from ngramlm.formats import row_writer
from ngramlm.formats.count_files import read_counts, write_counts
from ngramlm.text import lines
from ngramlm.text.text import Text


def read(text: str | bytes) -> NgramCounts:
    return read_counts(io.BytesIO(text if isinstance(text, bytes) else text.encode()))


def refused(text: str | bytes) -> str:
    with pytest.raises(FormatError) as raised:
        read(text)
    message = str(raised.value)
    assert message.startswith("<stream>:")
    assert "; expected" in message
    return message.removeprefix("<stream>:").strip()


def table(counts: NgramCounts) -> dict[tuple[str, ...], int]:
    """All n-grams with a count."""
    found = {}
    for order, column in enumerate(counts.counts, 1):
        for ids, value in zip(counts.trie.ngrams(order).tolist(), column.tolist(), strict=True):
            if value:
                found[tuple(counts.vocabulary.words(ids))] = value
    return found


def assert_same(expected: NgramCounts, actual: NgramCounts) -> None:
    assert expected.vocabulary == actual.vocabulary
    assert expected.trie.n_rows == actual.trie.n_rows
    for order in range(1, expected.order + 1):
        np.testing.assert_array_equal(expected.trie.ngrams(order), actual.trie.ngrams(order))
        np.testing.assert_array_equal(expected.counts[order - 1], actual.counts[order - 1])
    actual.trie.check(len(actual.vocabulary))


# a b; a: counts of every order by hand
WRITTEN = (
    "</s>\t2\na\t2\nb\t1\n<s> a\t2\na </s>\t1\na b\t1\nb </s>\t1\n<s> a </s>\t1\n<s> a b\t1\na b </s>\t1\n"
)


def test_written_order_by_order(tmp_path: Path) -> None:
    write_counts(count(Text.from_sentences(["a b", "a"]), order=3), tmp_path / "counts.txt")

    assert (tmp_path / "counts.txt").read_text() == WRITTEN


@given(corpora(), st.integers(1, 5))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, corpus: Corpus, order: int) -> None:
    path = tmp_path_factory.mktemp("counts") / "counts.txt"
    counts = count(Text.from_sentences(corpus), order=order)

    write_counts(counts, path)

    assert_same(counts, read_counts(path))


@given(corpora(), st.integers(2, 4), st.randoms())
def test_lines_in_any_order_and_cut_in_two(corpus: Corpus, order: int, random: object) -> None:
    """Shuffled lines, every count given as a sum: the same counts under other numbers."""
    counts = count(Text.from_sentences(corpus), order=order)
    lines = []
    for ngram, value in table(counts).items():
        words = " ".join(ngram)
        lines += [f"{words} {value - 1}", f"{words}\t1"] if value > 1 else [f"{words} \t {value} "]
    random.shuffle(lines)  # type: ignore[attr-defined]

    assert table(counts) == table(read("\n" + "\n\n".join(lines)))


@given(corpora(), st.integers(2, 4), st.data())
def test_whole_orders_that_are_absent_are_derived(corpus: Corpus, order: int, data: st.DataObject) -> None:
    """Everything follows from the orders above, but sentences that are too short to have an n-gram there."""
    corpus = [sentence for sentence in corpus if len(sentence) >= order - 1] or [["a"] * order]
    expected = table(count(Text.from_sentences(corpus), order=order))
    given_orders = {order, *data.draw(st.sets(st.integers(1, order)))}
    lines = [f"{' '.join(ngram)}\t{value}" for ngram, value in expected.items() if len(ngram) in given_orders]

    assert expected == table(read("\n" + "\n".join(lines)))  # a mark on the first line would be dropped


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_compressed_by_suffix(tmp_path: Path, suffix: str) -> None:
    counts = read(WRITTEN)

    write_counts(counts, tmp_path / f"counts{suffix}")

    assert_same(counts, read_counts(tmp_path / f"counts{suffix}"))


def test_standard_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    stdout = io.TextIOWrapper(written)
    monkeypatch.setattr(sys, "stdout", stdout)
    write_counts(read(WRITTEN), "-")
    monkeypatch.undo()

    stdout.detach()
    assert written.getvalue() == WRITTEN.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WRITTEN.encode())))
    assert_same(read(WRITTEN), read_counts("-"))


@pytest.mark.parametrize("piece_bytes", [8, 20, 100])
def test_pieces_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int) -> None:
    monkeypatch.setattr(row_writer, "PAGE_BYTES", piece_bytes)
    monkeypatch.setattr(lines, "BLOCK_BYTES", piece_bytes)
    write_counts(read(WRITTEN), tmp_path / "counts.txt", threads=3)

    assert (tmp_path / "counts.txt").read_text() == WRITTEN
    assert refused(WRITTEN + "a b c\n").startswith("11: ")


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + WRITTEN,
        WRITTEN.replace("\n", "\r\n"),
        WRITTEN.replace("\n", "\n \n"),
        WRITTEN.replace("\t", " "),
        WRITTEN.rstrip("\n"),
        "<s>\t2\n" + WRITTEN,  # SRILM counts <s>, which is never predicted
    ],
    ids=["byte order mark", "CRLF", "blank lines", "spaces", "no last line end", "<s>"],
)
def test_dialects(text: str) -> None:
    assert_same(read(WRITTEN), read(text))


def test_words_are_anything_between_spaces() -> None:
    for word in ("全\u3000角", "10\u00a0000", "a\u2028b", "\\2-grams:", "7", "-99"):
        assert read(f"</s> 1\n{word} 1\n{word} </s> 1\n<s> {word} 1\n").get([word, "</s>"]) == 1


def test_unknown_word_is_the_unknown_word() -> None:
    assert read("</s> 1\n<unk> 4\n").counts[0].tolist() == [4, 0, 1]


def test_zeros_are_left_out() -> None:
    with pytest.warns(FormatWarning, match="left out 3 n-grams with count 0"):
        counts = read("zero 0\n" + WRITTEN + "zero\t0\na zero\t0\n")

    assert_same(read(WRITTEN), counts)


def test_largest_count() -> None:
    assert read(f"a {2**63 - 1}\n").get(["a"]) == 2**63 - 1
    assert read(f"a {2**63 - 2}\na 1\n").get(["a"]) == 2**63 - 1


def test_small_counts_are_small_columns() -> None:
    assert {column.dtype for column in read(WRITTEN).counts} == {np.dtype(np.int32)}
    assert read("a 2147483648\n").counts[0].dtype == np.int64


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a 1\nb\n", 2, "too few fields; expected words and a count"),
        ("a 1\nb c\n", 2, "found 'c'; expected a count, an integer from 0 on"),
        ("a 1.5\n", 1, "found '1.5'"),
        ("a -1\n", 1, "found '-1'"),
        ("a +1\n", 1, "found '+1'"),
        ("a 1_0\n", 1, "found '1_0'"),
        ("a 0x1\n", 1, "found '0x1'"),
        ("a １\n", 1, "found '１'"),
        (
            "a 1\n\nb 9223372036854775808\n",
            3,
            "found the count '9223372036854775808'; expected a count below 2^63",
        ),
        ("a 99999999999999999999999999\n", 1, "expected a count below 2^63"),
        ("a 9223372036854775807\nb 1\na 1\n", 3, "found counts of 'a' that add up to 9223372036854775808"),
        ("a 1\nb <s> 1\n", 2, "found <s> inside an n-gram"),
        ("a 1\n</s> b 1\n", 2, "found </s> inside an n-gram"),
        ("a 1\na\0 1\n", 2, "found the control character '\\x00'"),
        ("a 1\na\rb 1\n", 2, "found the control character '\\r'"),
        ("a 1\n" + "a " * 17 + "1\n", 2, "after the last field"),
        ("a 1\na b 1\n", 2, "found the 2-gram 'a b' but no count of 'b'"),
        ("a 1\nb 1\na b 1\na a b 1\n", 4, "found the 3-gram 'a a b' but no count of 'a a'"),
        ("a 1\nb 1\na a 1\na a b 1\n", 4, "found the 3-gram 'a a b' but no count of 'a b'"),
    ],
)
def test_error(text: str, line: int, message: str) -> None:
    number, found = refused(text).split(": ", 1)

    assert int(number) == line
    assert message in found


def test_bytes_that_are_not_utf8() -> None:
    assert refused(b"a 1\nb\xff 1\n") == "2: found bytes that are not UTF-8; expected UTF-8"


def test_nothing_to_read() -> None:
    assert refused("") == "found no counts; expected lines of words and a count"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FormatWarning)
        assert refused("a 0\n") == "found no count above 0; expected lines of words and a count"


def test_damaged_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "counts.gz"
    path.write_bytes(gzip.compress(WRITTEN.encode())[:-10])

    with pytest.raises(FormatError, match="damaged compressed data"):
        read_counts(path)


def survives(data: bytes) -> None:
    """Counts or a FormatError, no other exception and no crash."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FormatWarning)
        try:
            counts = read(data)
        except FormatError:
            return
    counts.trie.check(len(counts.vocabulary))


def test_truncated_anywhere() -> None:
    data = WRITTEN.encode()
    for size in range(len(data)):
        survives(data[:size])


def test_every_byte_changed() -> None:
    data = WRITTEN.encode()
    for at in range(len(data)):
        for byte in (0, 9, 10, 13, 32, 45, 46, 48, 57, 60, 97, 255):
            survives(data[:at] + bytes([byte]) + data[at + 1 :])
