"""ARPA files: what is written, that it reads back to the same bits, and the numbers in between."""

from __future__ import annotations

import io
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.arpa_text import GOLDEN, golden_model
from support.sameness import assert_same
from support.small_models import Float32s, random_model
from support.strategies import Corpus, corpora

from ngramlm.formats import row_writer
from ngramlm.formats._arpa import _parse_log10
from ngramlm.formats._row_formatter import _format_log10
from ngramlm.formats.arpa import read_arpa, write_arpa
from ngramlm.formats.row_writer import formatter
from ngramlm.text import lines

# Whole files


def test_golden_file_is_understood(tmp_path: Path) -> None:
    model = golden_model(tmp_path)

    assert model.vocabulary.words() == ["<unk>", "<s>", "</s>", "a", "b"]
    assert model.log10_prob("b", ["<s>", "a"]) == -0.03125
    assert model.log10_prob("</s>", ["<s>", "a"]) == -0.0625 + -0.25  # backs off once
    assert model.log10_prob("<unk>", ["b", "a"]) == 0.125 + -0.375 + -1.5  # and twice
    assert model.log10_prob("a", ["a", "a"]) == -0.375 + -0.625


def test_golden_file_is_written_as_it_was_read(tmp_path: Path) -> None:
    write_arpa(golden_model(tmp_path), tmp_path / "written.arpa")

    assert (tmp_path / "written.arpa").read_bytes() == GOLDEN.encode()


@given(corpora(), st.integers(1, 5), st.integers(0, 1000))
def test_round_trip_keeps_every_bit(
    tmp_path_factory: pytest.TempPathFactory, corpus: Corpus, order: int, seed: int
) -> None:
    path = tmp_path_factory.mktemp("arpa") / "model.arpa"
    model = random_model(corpus, order, seed)

    write_arpa(model, path)

    assert_same(model, read_arpa(path))


@given(corpora(max_words=10, max_sentences=12), st.integers(0, 1000))
def test_every_line_has_the_fields_of_its_order(
    tmp_path_factory: pytest.TempPathFactory, corpus: Corpus, seed: int
) -> None:
    path = tmp_path_factory.mktemp("arpa") / "model.arpa"
    model = random_model(corpus, 3, seed)
    write_arpa(model, path)

    head, *sections = path.read_bytes().decode().split("\n\n")

    assert head.split("\n")[0] == "\\data\\"
    assert [f"ngram {k}={n}" for k, n in enumerate(model.trie.n_rows, 1)] == head.split("\n")[1:]
    assert sections.pop() == "\\end\\\n"
    for order, section in enumerate(sections, 1):
        title, *lines = section.split("\n")
        assert title == f"\\{order}-grams:"
        assert len(lines) == model.trie.n_rows[order - 1]
        for line in lines:
            fields = line.split("\t")
            assert len(fields) == (3 if order < model.order else 2)
            assert len(fields[1].split(" ")) == order
            assert float(fields[0]) <= 0
            assert all(np.isfinite(float(field)) for field in (fields[0], *fields[2:]))
    assert "\n-99\t<s>\t" in path.read_text("utf-8") or model.order == 1


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_compressed_by_suffix(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model.arpa{suffix}"
    model = golden_model(tmp_path)

    write_arpa(model, path)

    assert not path.read_bytes().startswith(b"\\data")
    assert_same(model, read_arpa(path))


def test_standard_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = golden_model(tmp_path)
    written = io.BytesIO()
    stdout = io.TextIOWrapper(written)
    monkeypatch.setattr(sys, "stdout", stdout)
    write_arpa(model, "-")
    monkeypatch.undo()

    stdout.detach()
    assert written.getvalue() == GOLDEN.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOLDEN.encode())))
    assert_same(model, read_arpa("-"))


def test_a_stream_is_read_and_left_open() -> None:
    stream = io.BytesIO(GOLDEN.encode())

    assert read_arpa(stream).order == 3
    assert not stream.closed


@pytest.mark.parametrize("piece_bytes", [16, 33, 64, 200])
@pytest.mark.parametrize("threads", [1, 3])
def test_pieces_and_threads_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int, threads: int
) -> None:
    corpus = [f"w{i * i % 17} w{i % 5} {'x' * (i % 40)} w{i % 7}".split() for i in range(200)]
    model = random_model(corpus, 4, 1)
    write_arpa(model, tmp_path / "whole.arpa")
    monkeypatch.setattr(row_writer, "PAGE_BYTES", piece_bytes)
    monkeypatch.setattr(lines, "BLOCK_BYTES", piece_bytes)
    monkeypatch.setattr(row_writer, "ROWS_AT_ONCE", 7)
    write_arpa(model, tmp_path / "pieces.arpa", threads=threads)

    assert (tmp_path / "whole.arpa").read_bytes() == (tmp_path / "pieces.arpa").read_bytes()
    assert_same(model, read_arpa(tmp_path / "pieces.arpa", threads=threads))


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    model = golden_model(tmp_path)
    calls: list[tuple[str, int, int | None]] = []

    write_arpa(model, tmp_path / "model.arpa", progress=lambda *call: calls.append(call))
    read_arpa(tmp_path / "model.arpa", progress=lambda *call: calls.append(call))

    assert calls == [
        ("writing", 5, 12),
        ("writing", 10, 12),
        ("writing", 12, 12),
        ("reading", len(GOLDEN), len(GOLDEN)),
    ]


def test_words_of_every_length(tmp_path: Path) -> None:
    """The formatter copies short words whole and longer ones from the arena."""
    words = ["é" * n for n in range(1, 40)] + ["y" * n for n in (14, 15, 16, 17, 100_000)]
    model = random_model([words, words[::-1]], 3, 2)

    write_arpa(model, tmp_path / "model.arpa")

    assert_same(model, read_arpa(tmp_path / "model.arpa"))


def test_more_rows_than_a_stream_is_trusted_with(tmp_path: Path) -> None:
    """The size of a compressed file is not known: rows are asked for as they come, not as the header promises."""
    words = [f"w{number}" for number in range(70_000)]
    model = random_model([words], 2, 4)

    write_arpa(model, tmp_path / "model.arpa.gz")

    assert_same(model, read_arpa(tmp_path / "model.arpa.gz"))


def test_both_spellings_of_the_unknown_word_stay_two_words(tmp_path: Path) -> None:
    model = random_model([["<UNK>", "a", "<unk>"], ["a", "<UNK>"]], 2, 3)
    write_arpa(model, tmp_path / "model.arpa")
    loaded = read_arpa(tmp_path / "model.arpa")

    assert sorted(model.vocabulary.words()) == sorted(loaded.vocabulary.words())
    for word in ("<UNK>", "<unk>", "a"):
        assert model.log10_prob("a", [word]) == loaded.log10_prob("a", [word])
        assert model.log10_prob(word, ["a"]) == loaded.log10_prob(word, ["a"])


# The formatter


@given(corpora(), st.integers(2, 4), st.data())
def test_any_range_of_rows_is_formatted_alone(corpus: Corpus, order: int, data: st.DataObject) -> None:
    model = random_model(corpus, order, 0)
    rows = formatter(model.vocabulary, model.trie)
    order = data.draw(st.integers(1, model.order))
    n_rows = model.trie.n_rows[order - 1]
    first = data.draw(st.integers(0, n_rows))
    last = data.draw(st.integers(first, n_rows))
    buffer = np.empty(1 << 18, np.uint8)
    probs = model.columns.log10_probs[order - 1]

    done, used = rows.format(order, 0, n_rows, buffer, probs)
    whole = buffer[:used].tobytes().split(b"\n")
    assert done == n_rows
    done, used = rows.format(order, first, last, buffer, probs)

    assert done == last
    assert whole[first:last] == buffer[:used].tobytes().split(b"\n")[:-1]


def test_formatter_refuses_what_does_not_fit(tmp_path: Path) -> None:
    model = golden_model(tmp_path)
    rows = formatter(model.vocabulary, model.trie)
    buffer, probs = np.empty(1000, np.uint8), model.columns.log10_probs[1]

    with pytest.raises(IndexError):
        rows.format(2, 0, 6, buffer, probs)
    with pytest.raises(ValueError, match="room for one line"):
        rows.format(2, 0, 5, buffer[:10], probs)
    with pytest.raises(ValueError, match="every row"):
        rows.format(2, 0, 5, buffer, probs[:4])
    with pytest.raises(ValueError, match="for every row"):
        rows.format(2, 0, 5, buffer, probs, model.columns.log10_backoffs[1], model.trie.history_of_row(2)[:3])


# Numbers


def spelled(values: Float32s) -> list[bytes]:
    return _format_log10(values).split(b"\n")[:-1]


def float32s(bits: list[int]) -> Float32s:
    return np.array(bits, np.uint32).view(np.float32)


def nearest_float32(text: str) -> np.float32:
    """The float32 nearest to a decimal, ties to even, in exact arithmetic."""
    exact = Fraction(text)
    guess = np.float32(float(exact))
    around = (np.nextafter(guess, np.float32(-np.inf)), guess, np.nextafter(guess, np.float32(np.inf)))
    return min(
        around, key=lambda value: (abs(Fraction(float(value)) - exact), int(value.view(np.uint32)) & 1)
    )


@given(st.lists(st.integers(0x80000000, 0xC2C5FFFF), min_size=1))  # -0.0 to just above -99
@example([0x80000000, 0x80000001, 0x807FFFFF, 0x80800000])  # the subnormals' ends
@example([0xBF800000 + (exponent << 23) for exponent in range(-100, 7)])  # powers of two
@example([0xBF7FFFFF + (exponent << 23) for exponent in range(-100, 7)])
def test_float32_reads_back_to_the_same_bits(bits: list[int]) -> None:
    values = float32s(bits)
    texts = spelled(values)

    assert [np.float32(float(text)) for text in texts] == values.tolist()
    assert [_parse_log10(text) for text in texts] == values.tolist()
    for text, value in zip(texts, values, strict=True):
        assert (b"e" in text) == (0 < -value < 2**-29)
        assert len(text) <= 24


def test_float32_is_written_with_few_digits() -> None:
    values = np.array(
        [-0.5, -1.0, -0.30103, -12.25, -0.1, -98.99999, -0.0001, -2.5e-10, 0.125, -0.0], np.float32
    )

    assert spelled(values) == b"-0.5 -1 -0.30103 -12.25 -0.1 -98.99999 -0.0001 -2.5e-10 0.125 0".split()


@given(st.lists(st.integers(0xB0000000, 0xC2C5FFFF), min_size=1))
def test_at_most_one_digit_more_than_the_shortest(bits: list[int]) -> None:
    values = float32s(bits)

    for text, value in zip(spelled(values), values, strict=True):
        assert len(text) <= len(np.format_float_positional(value, unique=True, trim="-")) + 1


def test_zero_probability_is_minus_99() -> None:
    values = np.array([-np.inf, -99, -100, -3e38, np.nextafter(np.float32(-99), np.float32(0))], np.float32)

    assert spelled(values) == [b"-99"] * 4 + [b"-98.99999"]


@given(st.integers(0, 10**9 - 1), st.integers(-31, 5))
def test_nine_digits_are_rounded_correctly(digits: int, exponent: int) -> None:
    text = f"-{digits}e{exponent}"

    assert _parse_log10(text.encode()) == nearest_float32(text)


@given(st.integers(0x30000000, 0x42C60000), st.integers(9, 15), st.integers(-1, 1))
def test_decimals_around_the_middle_of_two_float32_are_rounded_correctly(
    bits: int, digits: int, off: int
) -> None:
    low, high = float32s([bits, bits + 1]).tolist()
    middle = (Fraction(low) + Fraction(high)) / 2
    places = digits - len(str(int(middle))) if middle >= 1 else digits
    text = f"-{max(int(middle * 10**places) + off, 0)}e-{places}"

    assert _parse_log10(text.encode()) == nearest_float32(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-1.5", -1.5),
        ("0", 0.0),
        ("-0", 0.0),
        ("+0.5", 0.5),
        ("-.5", -0.5),
        ("-5.", -5.0),
        ("-1.2E-3", -0.0012),
        ("1e-05", 1e-05),
        ("-99", -99.0),
        ("-inf", -np.inf),
        ("-INFINITY", -np.inf),
        ("-0" + "0" * 40 + ".5", -0.5),
        ("-1" + "0" * 40 + "e-40", -1.0),
        ("-0." + "0" * 40 + "1e41", -1.0),
        ("-0." + "3" * 400, -1 / 3),
        ("-1.2345678901234567", -1.2345678901234567),
        ("-1e99999999999999999999", -np.inf),
        ("-1e-99999999999999999999", 0.0),
    ],
)
def test_spellings_of_numbers(text: str, value: float) -> None:
    assert _parse_log10(text.encode()) == np.float32(value)


@pytest.mark.parametrize(
    "text",
    "nan -nan inf +inf 0x10 1_0 - + . -. 1e 1e+ e5 --1 +-1 1.2.3 1,5 1e5.5 infx -infinit 1f １ -1e".split(),
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="expected a decimal number"):
        _parse_log10(text.encode())


@pytest.mark.parametrize("text", ["", " 1", "1 ", "1\n"])
def test_nothing_may_stand_around_a_number(text: str) -> None:
    with pytest.raises(ValueError, match="expected a decimal number"):
        _parse_log10(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "-4115237788937520e-20",
        "-7010839646682143e-18",
        "-5543155097961426e-14",
        "-1836855337023735e-16",
        "-5102093517780304e-16",
        "-3877227572957054e-19",
        "-8838458359241486e-16",
    ],
)
def test_decimals_are_not_rounded_twice(text: str) -> None:
    """The nearest double is the middle of two float32, and the decimal itself is beside the middle."""
    exact, double = Fraction(text), float(text)
    low, high = sorted(
        {np.float32(double), *(np.nextafter(np.float32(double), np.float32(s)) for s in (-99, 0))}
    )[:2]
    if Fraction(double) > Fraction(float(high)):
        low, high = high, np.nextafter(high, np.float32(0))
    assert 2 * Fraction(double) == Fraction(float(low)) + Fraction(float(high)) != 2 * exact
    # so that a conversion by way of a double is wrong
    assert np.float32(double) != nearest_float32(text)

    assert _parse_log10(text.encode()) == nearest_float32(text)
