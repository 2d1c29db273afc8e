"""ARPA files of other programs: dialects are read, gaps repaired, and everything else is refused with its line."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.arpa_text import GOLDEN, golden_model
from support.damage import limited
from support.sameness import assert_same
from support.small_models import random_model

from ngramlm.errors import FormatError, FormatWarning
from ngramlm.formats.arpa import read_arpa, write_arpa
from ngramlm.formats.count_files import read_counts
from ngramlm.formats.detection import kind_of
from ngramlm.models.backoff import BackoffModel

LINES = GOLDEN.split("\n")


def read(folder: Path, text: str | bytes) -> BackoffModel:
    path = folder / "model.arpa"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_arpa(path)


def refused(folder: Path, text: str | bytes) -> str:
    """The message, without the folder."""
    with pytest.raises(FormatError) as raised:
        read(folder, text)
    message = str(raised.value)
    prefix = f"{folder / 'model.arpa'}:"
    assert message.startswith(prefix)
    assert "; expected" in message
    return message.removeprefix(prefix).strip()


def without(*lines: str, **counts: int) -> str:
    """The golden file without some lines; the header is corrected."""
    kept = [line for line in LINES if line not in lines]
    assert len(kept) == len(LINES) - len(lines)
    text = "\n".join(kept)
    for order in (1, 2, 3):
        section = text.split(f"\\{order}-grams:\n")[1].split("\n\n")[0]
        text = re.sub(
            f"ngram {order}=.*", f"ngram {order}={counts.get(f'n{order}', section.count(chr(10)) + 1)}", text
        )
    return text


# Dialects

DIALECTS: dict[str, Callable[[str], str | bytes]] = {
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "comments before the header": lambda text: "some words\n\n\\not-data\\\nngram 1=7\n" + text,
    "comments that are not UTF-8": lambda text: b"made in M\xfcnchen\n" + text.encode(),
    "comments and a byte order mark": lambda text: b"\xef\xbb\xbf# by hand\n" + text.encode(),
    "blank lines": lambda text: text.replace("\n", "\n\n"),
    "blank lines of spaces": lambda text: text.replace("\n", "\n \t \n"),
    "no blank lines": lambda text: text.replace("\n\n", "\n"),
    "spaces for tabs": lambda text: text.replace("\t", " "),
    "several spaces": lambda text: text.replace("\t", "   ").replace(" ", "  "),
    "tabs for spaces": lambda text: text.replace("<s> a", "<s>\ta"),
    "spaces at line ends": lambda text: text.replace("\n", " \t\n").replace("ngram 1=5", "ngram   1 =  5"),
    "spaces at line beginnings": lambda text: text.replace("\n-", "\n -"),
    "upper-case unknown word": lambda text: text.replace("<unk>", "<UNK>"),
    "minus infinity": lambda text: text.replace("-99\t", "-inf\t"),
    "another zero": lambda text: text.replace("-99\t", "-99.999\t"),
    "a probability for <s>": lambda text: text.replace("-99\t<s>", "0\t<s>"),
    "no weights of zero": lambda text: text.replace("\t0\n", "\n"),
    "exponents": lambda text: text.replace("-0.015625", "-1.5625E-2"),
    "no last line end": lambda text: text.rstrip("\n"),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_dialect(tmp_path: Path, dialect: str) -> None:
    text = DIALECTS[dialect](GOLDEN)

    assert text != GOLDEN.encode()
    assert_same(golden_model(tmp_path), read(tmp_path, text))


@pytest.mark.parametrize(
    ("more", "line", "found"),
    [
        ("\\1-grams:\nrubbish", 0, r"'\1-grams:'"),
        ("rubbish", 0, "'rubbish'"),
        ("\n \n-1.0 q q q\nmore", 2, "'-1.0 q q q'"),
        ("\n" * 5000 + "far away", 5000, "'far away'"),
    ],
)
def test_text_after_the_end_is_noticed(tmp_path: Path, more: str, line: int, found: str) -> None:
    """The model is read, and the warning has the line of the first text."""
    number = GOLDEN.count("\n") + 1 + line
    with pytest.warns(FormatWarning, match=re.escape(f":{number}: found {found} after the model")):
        model = read(tmp_path, GOLDEN + more)

    assert_same(golden_model(tmp_path), model)


@pytest.mark.parametrize("between", ["", "\n\n", "-1.0 q q q\n", "some text\n\\2-grams:\n"])
def test_a_second_model_is_refused(tmp_path: Path, between: str) -> None:
    number = (GOLDEN + between).count("\n") + 1
    with pytest.raises(FormatError, match=f":{number}: found a second model; expected one model in a file"):
        read(tmp_path, GOLDEN + between + GOLDEN)


@pytest.mark.parametrize(
    ("name", "meaning"), [("iARPA", "the interpolated format"), ("qARPA", "the quantized format")]
)
@pytest.mark.parametrize("before", ["", "\n", "\ufeff", "a comment\r\n"])
def test_formats_that_look_like_arpa_are_named(tmp_path: Path, name: str, meaning: str, before: str) -> None:
    """Their numbers mean something else. A comment that only mentions them does not matter."""
    number = before.count("\n") + 1
    with pytest.raises(FormatError, match=f":{number}: found '.?{name}', {meaning} of IRSTLM"):
        read(tmp_path, f"{before}{name}\n\n{GOLDEN}")

    assert_same(golden_model(tmp_path), read(tmp_path, f"made from {name}\n{GOLDEN}"))


@pytest.mark.parametrize(
    ("compression", "suffix"), [("gzip", ".gz"), ("bzip2", ".bz2"), ("xz", ".xz"), ("zstandard", ".zst")]
)
def test_compressed_files_under_a_plain_name_are_named(tmp_path: Path, compression: str, suffix: str) -> None:
    packed = {
        "gzip": gzip.compress,
        "bzip2": bz2.compress,
        "xz": lzma.compress,
        "zstandard": lambda data: b"\x28\xb5\x2f\xfd" + data,
    }[compression](GOLDEN.encode())
    message = f":1: found data that look like {compression}; expected text, or a name that ends with {suffix}"
    for path, read_file in (
        (tmp_path / "m.arpa", BackoffModel.load_arpa),
        (tmp_path / "m.arpa", kind_of),
        (tmp_path / "m.counts", read_counts),
    ):
        path.write_bytes(packed)
        with pytest.raises(FormatError, match=re.escape(f"{path}{message}")):
            read_file(path)


def test_no_unknown_word(tmp_path: Path) -> None:
    model = read(tmp_path, without("-1.5\t<unk>\t0"))

    assert model.vocabulary.words() == ["<unk>", "<s>", "</s>", "a", "b"]
    assert model.log10_prob("<unk>") == -np.inf
    assert model.is_closed


def test_no_begin_of_sentence(tmp_path: Path) -> None:
    text = without("-99\t<s>\t-0.5", "-0.125\t<s> a\t-0.0625", "-0.03125\t<s> a b")

    with pytest.warns(FormatWarning, match="no unigram <s>"):
        model = read(tmp_path, text)

    assert model.log10_prob("a", ["<s>"]) == -0.625


@pytest.mark.parametrize("seed", range(5))
def test_unsorted(tmp_path: Path, seed: int) -> None:
    sections = GOLDEN.split("\n\n")
    for order in (1, 2, 3):
        title, *lines = sections[order].split("\n")
        random.Random(seed).shuffle(lines)
        sections[order] = "\n".join([title, *lines])
    expected, model = golden_model(tmp_path), read(tmp_path, "\n\n".join(sections))

    for history in ([], ["a"], ["b"], ["<s>"], ["<s>", "a"], ["b", "a"], ["a", "b"]):
        for word in ("a", "b", "</s>", "<unk>"):
            assert expected.log10_prob(word, history) == model.log10_prob(word, history)


def test_unicode_spaces_are_parts_of_words(tmp_path: Path) -> None:
    for character in ("\u3000", "\u00a0", "\u0085", "\u2028", "\ufeff"):
        model = read(tmp_path, re.sub(r"\bb\b", f"b{character}b", GOLDEN))

        assert model.log10_prob(f"b{character}b", ["<s>", "a"]) == -0.03125


def test_words_that_look_like_something_else(tmp_path: Path) -> None:
    for word in ("\\end\\", "\\2-grams:", "-0.5", "ngram", "<UNK>x", "\\", "0"):
        text = re.sub(r"(?<=[\t ])b(?=[\t \n])", word.replace("\\", "\\\\"), GOLDEN)

        assert read(tmp_path, text).log10_prob(word, ["<s>", "a"]) == -0.03125


def test_small_positive_probability_is_rounding(tmp_path: Path) -> None:
    with pytest.warns(FormatWarning, match="2 log10 probabilities above 0, up to 0.0001; used 0"):
        model = read(tmp_path, GOLDEN.replace("-0.03125", "0.00005").replace("-0.015625", "1e-7"))

    assert model.log10_prob("b", ["<s>", "a"]) == 0


def test_empty_highest_order(tmp_path: Path) -> None:
    text = without("-0.03125\t<s> a b", "-0.015625\tb a </s>", n3=0)

    with pytest.warns(FormatWarning, match="inserted"):  # the weights of <s> a and b a stay in use
        model = read(tmp_path, text)

    assert model.log10_prob("b", ["<s>", "a"]) == pytest.approx(-0.0625 + -0.5)
    assert model.log10_prob("a", ["b", "a"]) == pytest.approx(0.125 + -0.375 + -0.625)


# Gaps


def all_probabilities(model: BackoffModel) -> dict[tuple[str, ...], float]:
    words = [word for word in model.vocabulary.words() if word != "<s>"]
    histories: list[list[str]] = [[], ["<s>"]]
    inner = [word for word in words if word != "</s>"]
    histories += [[one] for one in inner] + [[one, other] for one in ["<s>", *inner] for other in inner]
    return {(*history, word): model.log10_prob(word, history) for history in histories for word in words}


def table_probability(table: dict[tuple[str, ...], tuple[float, float]], ngram: tuple[str, ...]) -> float:
    """The definition: the stored probability, else the weight of the history (0 without one) and one word less."""
    if ngram in table:
        return table[ngram][0]
    weight = table.get(ngram[:-1], (0.0, 0.0))[1]
    return weight + table_probability(table, ngram[1:])


def table_of(text: str) -> dict[tuple[str, ...], tuple[float, float]]:
    table = {}
    for line in text.split("\n"):
        fields = line.split("\t")
        if len(fields) > 1:
            table[tuple(fields[1].split(" "))] = (
                float(fields[0]),
                float(fields[2]) if len(fields) > 2 else 0.0,
            )
    return table


@pytest.mark.parametrize(
    ("lines", "inserted"),
    [
        (["-0.25\ta </s>\t0"], 1),  # the suffix of b a </s>
        (["-0.5\ta b\t0"], 1),  # the suffix of <s> a b
        (["-0.125\t<s> a\t-0.0625"], 1),  # the history of <s> a b
        (["-0.125\t<s> a\t-0.0625", "-0.3125\tb a\t0.125", "-0.25\ta </s>\t0"], 3),
        (["-0.03125\t<s> a b"], 1),  # <s> a keeps its weight
        (["-0.25\ta </s>\t0", "-0.5\ta b\t0", "-0.03125\t<s> a b", "-0.015625\tb a </s>"], 3),
    ],
)
def test_gaps_are_filled_without_changing_a_probability(
    tmp_path: Path, lines: list[str], inserted: int
) -> None:
    text = without(*lines, **({"n3": 0} if len(lines) == 4 else {}))
    with pytest.warns(FormatWarning, match=f"inserted {inserted} n-grams"):
        model = read(tmp_path, text)
    table = table_of(text)

    model.trie.check(len(model.vocabulary))
    for ngram, log10_prob in all_probabilities(model).items():
        assert log10_prob == pytest.approx(table_probability(table, ngram), abs=1e-6), ngram


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=5), min_size=1, max_size=6), st.data())
def test_any_gaps_are_filled(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[list[str]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("gaps")
    write_arpa(random_model(corpus, 4, 0), folder / "whole.arpa")
    sections = (folder / "whole.arpa").read_text().split("\n\n")
    order = len(sections) - 2
    for k in range(2, order + 1):
        title, *lines = sections[k].split("\n")
        keep = data.draw(st.lists(st.booleans(), min_size=len(lines), max_size=len(lines)))
        kept = [line for line, kept in zip(lines, keep, strict=True) if kept]
        sections[k] = "\n".join([title, *kept])
        sections[0] = re.sub(f"ngram {k}=.*", f"ngram {k}={len(kept)}", sections[0])
    text = "\n\n".join(sections).replace("-99", "-50")  # sums with infinity are not told apart here
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FormatWarning)
        model = read(folder, text)
    table = table_of(text)
    table["<s>",] = (-np.inf, table["<s>",][1])

    model.trie.check(len(model.vocabulary))
    for ngram, log10_prob in all_probabilities(model).items():
        expected = min(table_probability(table, ngram), 0)
        assert log10_prob == pytest.approx(expected, abs=1e-4), ngram


# Errors: what replaces a text of the golden file, the line that is named, words of the message

ERRORS: dict[str, tuple[str, str, int, str]] = {
    "no number": ("-0.625\ta", "zero\ta", 10, "found 'zero'; expected a decimal number"),
    "hexadecimal": ("-0.625\ta", "-0x1p3\ta", 10, "'-0x1p3'"),
    "underscore": ("-0.625\ta", "-1_0.5\ta", 10, "'-1_0.5'"),
    "comma": ("-0.625\ta", "-0,625\ta", 10, "'-0,625'"),
    "nan": ("-0.625\ta", "nan\ta", 10, "not a number"),
    "nan weight": ("a\t-0.375", "a\tnan", 10, "not a number"),
    "plus infinity": ("-0.625\ta", "inf\ta", 10, "plus infinity"),
    "plus infinity as weight": ("a\t-0.375", "a\t1e39", 10, "plus infinity"),
    "positive": ("-0.625\ta", "0.5\ta", 10, "found the log10 probability '0.5'; expected 0 or less"),
    "no word": ("-0.625\ta\t-0.375", "-0.625", 10, "too few fields; expected a log10 probability and a word"),
    "too many fields": ("a\t-0.375", "a\t-0.375\t1", 10, "found '1' after the last field"),
    "a word too many": ("-0.25\ta </s>", "-0.25\ta </s> a", 15, "found 'a'; expected a decimal number"),
    "a word too few": (
        "-0.5\ta b\t0",
        "-0.5\ta",
        16,
        "too few fields; expected a log10 probability and 2 words",
    ),
    "a weight on the highest order": ("<s> a b", "<s> a b\t0", 21, "found '0' after the last field"),
    "unknown word": ("a b\t0", "a c\t0", 16, "found the word 'c', which is not among the unigrams"),
    "<s> inside": ("a b\t0", "a <s>\t0", 16, "found <s> inside an n-gram"),
    "</s> inside": ("b a </s>", "</s> a </s>", 22, "found </s> inside an n-gram"),
    "unigram twice": ("-0.875\tb", "-0.875\ta", 11, "found 'a' again (first in line 10)"),
    "</s> twice": ("-0.875\tb", "-0.875\t</s>", 11, "found '</s>' again (first in line 9)"),
    "bigram twice": ("-0.3125\tb a", "-0.3125\ta b", 18, "found 'a b' again (first in line 16)"),
    "trigram twice": ("b a </s>", "<s> a b", 22, "found '<s> a b' again (first in line 21)"),
    "fewer than promised": ("ngram 2=5", "ngram 2=6", 20, "found 5 2-grams; expected 6, the count in line 3"),
    "more than promised": (
        "ngram 2=5",
        "ngram 2=4",
        20,
        "found more than 4 2-grams; expected 4, the count in line 3",
    ),
    "fewer in the last section": ("ngram 3=2", "ngram 3=3", 24, "found 2 3-grams; expected 3"),
    "NUL": ("-0.625\ta", "-0.625\ta\0", 10, "found the control character '\\x00'"),
    "control character": ("-0.625\ta", "-0.625\ta\x0bb", 10, "found the control character '\\x0b'"),
    "lone CR": ("-0.625\ta", "-0.625\ta\rb", 10, "found the control character '\\r'"),
    "control character in a bigram": ("a b\t0", "a b\x01\t0", 16, "found the control character '\\x01'"),
    "header too large": (
        "ngram 2=5",
        "ngram 2=999999999999",
        3,
        "found a header with 999999999999 2-grams",
    ),
    "huge order": ("ngram 3=2", "ngram 1000=2", 4, "found order 1000; expected at most 16"),
    "order left out": ("ngram 2=5\n", "", 3, "found the count of order 3; expected that of order 2"),
    "order twice": ("ngram 3=2", "ngram 2=2", 4, "found the count of order 2; expected that of order 3"),
    "no counts": (
        "ngram 1=5\nngram 2=5\nngram 3=2\n",
        "",
        3,
        "found '\\1-grams:'; expected ngram 1=COUNT",
    ),
    "a count that is none": ("ngram 2=5", "ngram 2=-5", 3, "found 'ngram 2=-5'; expected ngram 2=COUNT"),
    "a count of many digits": (
        "ngram 2=5",
        "ngram 2=" + "9" * 5000,
        3,
        "expected ngram 2=COUNT or \\1-grams:",
    ),
    "rubbish in the header": ("ngram 2=5", "ngrams", 3, "found 'ngrams'; expected ngram 2=COUNT"),
    "no \\data\\": ("\\data\\", "\\date\\", 0, "found no line \\data\\; expected an ARPA file"),
    "section missing": ("\\2-grams:\n", "", 13, "found 'a'; expected a decimal number"),
    "wrong section": ("\\2-grams:", "\\3-grams:", 13, "expected \\2-grams:"),
    "section too many": ("\\end\\", "\\4-grams:", 24, "expected \\end\\"),
    "early end": ("\\3-grams:", "\\end\\", 20, "expected \\3-grams:"),
    "no end": ("\n\\end\\\n", "", 22, "found the end of the file; expected \\end\\ (is it truncated?)"),
    "no </s>": ("-0.75\t</s>\t0\n", "", 0, "found no unigram </s>"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error(tmp_path: Path, name: str) -> None:
    old, new, line, message = ERRORS[name]
    assert GOLDEN.count(old) == 1
    text = GOLDEN.replace(old, new)
    if name == "no </s>":
        text = without("-0.75\t</s>\t0", "-0.25\ta </s>\t0", "-0.375\tb </s>\t0", "-0.015625\tb a </s>")

    found = refused(tmp_path, text)

    if line:
        number, found = found.split(": ", 1)
        assert int(number) == line
    assert message in found


def test_lines_are_counted_through_blank_lines_and_comments(tmp_path: Path) -> None:
    text = "comment\n" + GOLDEN.replace("-0.5\ta b\t0", "\n\n-0.5\ta b\t0").replace(
        "-0.3125\tb a", "-0.3125\ta b"
    )

    assert "found 'a b' again (first in line 19)" in refused(tmp_path, text)
    assert refused(tmp_path, text).startswith("21: ")


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    for bad in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf"):
        text = GOLDEN.encode().replace(b"-0.875\tb", b"-0.875\tb" + bad)

        assert refused(tmp_path, text).startswith("11: found bytes that are not UTF-8")
    text = GOLDEN.encode().replace(b"a b\t0", b"a \xff\t0")
    assert "found the word '\\xff'" in refused(tmp_path, text)


def test_empty_file(tmp_path: Path) -> None:
    assert refused(tmp_path, b"") == "found no line \\data\\; expected an ARPA file"
    assert refused(tmp_path, b"\xef\xbb\xbf") == "found no line \\data\\; expected an ARPA file"


def test_promises_of_compressed_files_ask_for_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "model.arpa.gz"
    path.write_bytes(gzip.compress(GOLDEN.replace("ngram 3=2", "ngram 3=999999999999999").encode()))

    with pytest.raises(FormatError, match=r"model.arpa.gz:24: found 2 3-grams; expected 999999999999999"):
        read_arpa(path)


def test_damaged_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "model.arpa.bz2"
    path.write_bytes(bz2.compress(GOLDEN.encode())[:-20])

    with pytest.raises(FormatError, match="damaged compressed data"):
        read_arpa(path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_arpa(tmp_path / "none.arpa")


# Anything at all: a model or a FormatError, no other exception and no crash


def survives(folder: Path, data: bytes, *, again: bool = True) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FormatWarning)
        try:
            model = read(folder, data)
        except FormatError:
            return False
        model.trie.check(len(model.vocabulary))
        model.score("a b c")
        if again:
            write_arpa(model, folder / "again.arpa")
            read_arpa(folder / "again.arpa")
    return True


def test_truncated_anywhere(tmp_path: Path) -> None:
    data = GOLDEN.encode()
    last = len(data) - 1  # without the last line end it is whole

    for size in range(len(data)):
        assert survives(tmp_path, data[:size]) == (size >= last), size


@given(st.data())
def test_mutated_anyhow(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("mutated")
    text = bytearray(GOLDEN.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        kind = data.draw(st.sampled_from(["byte", "delete", "insert", "line", "swap"]))
        if kind == "byte":
            text[at] = data.draw(st.sampled_from(b"\0\t\n\r -+.0159e<>/s\\ab:=\xff\xc3\xa9"))
        elif kind == "delete":
            del text[at : at + data.draw(st.integers(1, 8))]
        elif kind == "insert":
            text[at:at] = data.draw(
                st.sampled_from([b"\n", b" ", b"\t", b"-", b"9", b"e", b"\\", b"<s>", b"nan", b"inf"])
            )
        else:
            lines = bytes(text).split(b"\n")
            one, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
            lines[one], lines[other] = lines[other], (lines[one] if kind == "swap" else lines[other])
            text = bytearray(b"\n".join(lines))
        if not text:
            break
    survives(folder, bytes(text))


def test_every_byte_changed(tmp_path: Path) -> None:
    data = GOLDEN.encode()
    for at in range(len(data)):
        for byte in b"\n -9\\a\xff":
            survives(tmp_path, data[:at] + bytes([byte]) + data[at + 1 :], again=False)


@pytest.mark.parametrize("blank", ["\n", "\r\n", " \t\n"])
def test_many_blank_lines_in_a_header_take_no_time(tmp_path: Path, blank: str) -> None:
    """Each took as long as a line of Python; the numbers of the lines after them are right."""
    path = tmp_path / "m.arpa"
    head, rows = "\\data\\\nngram 1=3\n", "\\1-grams:\n-1\t<unk>\n-1\t<s>\n-0.1\t</s>\n\n\\end\\\n"
    path.write_text(head + blank * 300_000 + rows)
    with limited(2):
        assert read_arpa(path).n_ngrams == (3,)

    path.write_text(head + blank * 300_000 + "x\n")
    with limited(2), pytest.raises(FormatError, match=r"m\.arpa:300003: found 'x'"):
        read_arpa(path)
