"""Words of vector files as other programs write them: cut inside a letter, or with blanks."""

from __future__ import annotations

import gzip
import io
import warnings
from pathlib import Path

import numpy as np
import pytest

from ngramlm.embeddings import load_vectors
from ngramlm.embeddings.word_repair import WordRepair, n_numbers
from ngramlm.errors import FormatError, FormatWarning, UsageError

ROWS = np.array([[1.5, -2.0], [0.25, 3.0], [4.0, 5.0]], np.float32)
# word2vec.c cuts a word at 99 bytes: here inside a letter of two, three and four bytes
LETTERS = ["é", "中", "𝒳"]
CUTS = [(letter, kept) for letter in LETTERS for kept in range(1, len(letter.encode()))]


def as_text(words: list[bytes], header: bool) -> bytes:
    lines = [
        word + b" " + " ".join(map(str, row)).encode() for word, row in zip(words, ROWS.tolist(), strict=True)
    ]
    return b"".join(line + b"\n" for line in ([b"3 2"] if header else []) + lines)


def as_binary(words: list[bytes]) -> bytes:
    return b"3 2\n" + b"".join(
        word + b" " + row.tobytes() + b"\n" for word, row in zip(words, ROWS, strict=True)
    )


def files_of(words: list[bytes]) -> dict[str, bytes]:
    return {
        "word2vec": as_text(words, True),
        "glove": as_text(words, False),
        "word2vec-binary": as_binary(words),
    }


@pytest.mark.parametrize("form", ["word2vec", "glove", "word2vec-binary"])
@pytest.mark.parametrize(("letter", "kept"), CUTS)
def test_a_word_cut_inside_a_letter_is_read_with_a_warning(
    form: str, letter: str, kept: int, tmp_path: Path
) -> None:
    word = b"x" * (99 - kept) + letter.encode()[:kept]
    data = files_of([b"a", word, letter.encode()])[form]
    for name, content in (("v.txt", data), ("v.txt.gz", gzip.compress(data))):
        path = tmp_path / name
        path.write_bytes(content)

        with pytest.warns(
            FormatWarning, match=r"v.txt.*: found words that are not UTF-8; 1 places .*U\+FFFD"
        ):
            found = load_vectors(path, form)
        assert ("a", "x" * (99 - kept) + "\ufffd", letter) == found.words
        assert np.array_equal(ROWS, found.matrix)
        with pytest.raises(FormatError, match=r"not UTF-8.*encoding_errors="):
            load_vectors(path, form, encoding_errors="strict")


@pytest.mark.parametrize("form", ["word2vec", "glove", "word2vec-binary"])
@pytest.mark.parametrize("bad", [b"\xff", b"x\x80", b"\xc3x", b"\xe4\xb8x\xb8", b"\xc3\xc3x"])
def test_other_bytes_are_refused_or_replaced(form: str, bad: bytes) -> None:
    data = files_of([b"a", bad, b"c"])[form]
    for errors in ("cut", "strict"):
        with pytest.raises(FormatError, match="--encoding-errors replace"):
            load_vectors(io.BytesIO(data), form, encoding_errors=errors)  # type: ignore[arg-type]

    with pytest.warns(FormatWarning, match="not UTF-8"):
        found = load_vectors(io.BytesIO(data), form, encoding_errors="replace")
    assert ("a", bad.decode(errors="replace"), "c") == found.words
    assert np.array_equal(ROWS, found.matrix)


def test_words_that_are_cut_to_the_same_are_repeated_words() -> None:
    data = as_binary([b"x\xe4\xb8", b"x\xe4", b"c"])

    with pytest.warns(FormatWarning) as caught:
        found = load_vectors(io.BytesIO(data))
    assert ["; 2 places", "1 rows of repeated"] == [
        part
        for part in ("; 2 places", "1 rows of repeated")
        if any(part in str(one.message) for one in caught)
    ]
    assert ("x\ufffd", "c") == found.words
    assert np.array_equal(ROWS[[0, 2]], found.matrix)


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("format", [None, "given"])
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("word", ["at name@example.com", ". . .", "to 5 dollars", "a\tb", "1 3/4"])
def test_the_last_fields_are_the_numbers_of_a_word_with_blanks(
    header: bool, format: str | None, place: int, word: str
) -> None:
    """GloVe's vectors of web pages have such words, and were refused."""
    words = [b"one", b"two", b"three"]
    words[place] = word.encode()
    if format is None and place == 0 and word == "to 5 dollars":
        return  # its second field is a number: nothing tells that this is no row of more numbers
    if place == 0 and not header and word in ("to 5 dollars",):
        return
    given = None if format is None else "word2vec" if header else "glove"

    with pytest.warns(FormatWarning, match=r"found 1 words with blanks; .*U\+00A0"):
        found = load_vectors(io.BytesIO(as_text(words, header) + b"\n"), given)
    words[place] = "\u00a0".join(word.split()).encode()
    assert tuple(one.decode() for one in words) == found.words
    assert np.array_equal(ROWS, found.matrix)


def test_many_words_with_blanks_over_several_blocks() -> None:
    n = 60_000
    words = [f"word {number} of text" if number % 3 else f"word{number}" for number in range(n)]
    data = "".join(f"{word} {number} 0.5 {'0' * 20}\n" for number, word in enumerate(words)).encode()

    with pytest.warns(FormatWarning, match="found 40000 words with blanks"):
        found = load_vectors(io.BytesIO(data), "glove")
    assert tuple(word.replace(" ", "\u00a0") for word in words) == found.words
    assert np.array_equal(np.arange(n), found.matrix[:, 0])


@pytest.mark.parametrize("line", [b"b c 1\n", b"b 1 c\n", b"b 1 2 3\n", b"b c 1 nan\n", b"b c 1 x\n", b"b\n"])
def test_lines_of_too_few_or_too_many_numbers_are_still_refused(line: bytes) -> None:
    with pytest.raises(FormatError, match=r"^<stream>:2: found"):
        load_vectors(io.BytesIO(b"a 1 2\n" + line), "glove")


def test_a_sound_file_gives_no_warning_under_any_rule() -> None:
    for form, data in files_of([b"a", "é".encode(), "\ufffd".encode()]).items():
        for errors in ("cut", "strict", "replace"):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = load_vectors(io.BytesIO(data), form, encoding_errors=errors)  # type: ignore[arg-type]
            assert ("a", "é", "\ufffd") == found.words


def test_what_is_refused() -> None:
    with pytest.raises(UsageError, match="expected one of: cut, strict, replace"):
        WordRepair("name", "both")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="encoding_errors"):
        load_vectors(io.BytesIO(b"a 1\n"), encoding_errors="both")  # type: ignore[arg-type]


def test_the_numbers_of_a_line() -> None:
    assert [1, 2, 2, 3, 1, 0] == [
        n_numbers(line) for line in (b"a 1", b"a 1 2", b"a b 1 2", b"a 1 b 2", b"a b", b"a")
    ]
