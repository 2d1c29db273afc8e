"""Where documents begin: every rule on the same text; lines that mark are no sentences; bad numbers."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ngramlm as lm
from ngramlm.errors import FormatError, TextError, TextWarning, UsageError
from ngramlm.text.documents import (
    Beside,
    BlankLines,
    DocumentRule,
    EachFile,
    LineNumbers,
    MarkerLine,
    document_rule,
    read_documents,
    select_documents,
)

DOCUMENTS = [["a b", "c"], ["a"], ["b b", "a c", "c c"]]


def written(folder: Path, rule: str) -> tuple[list[str], DocumentRule]:
    """Files of the documents, and the rule that finds them."""
    joined = ["\n".join(document) + "\n" for document in DOCUMENTS]
    if rule == "blank":
        contents, found = ["\n".join(joined)], BlankLines()
    elif rule == "many blanks":
        contents, found = ["\n\n" + " \t\n\r\n".join(joined) + "\n\n"], BlankLines()
    elif rule == "marker":
        contents, found = ["".join(f" <doc id> \n{document}" for document in joined)], MarkerLine("<doc id>")
    elif rule == "numbers":
        (folder / "d.docs").write_text("1\n3\n\n4\n")
        contents, found = ["".join(joined)], LineNumbers.read_file(folder / "d.docs")
    else:
        contents, found = joined, EachFile()
    paths = []
    for number, content in enumerate(contents):
        path = folder / f"{number}.txt"
        path.write_text(content)
        paths.append(str(path))
    return paths, found


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("rule", ["blank", "many blanks", "marker", "numbers", "files"])
def test_every_rule_finds_the_same(rule: str, own: bool, tmp_path: Path) -> None:
    paths, found = written(tmp_path, rule)
    plain = lm.Text.from_sentences([line for document in DOCUMENTS for line in document])
    options = {"vocabulary": plain.vocabulary} if own else {}
    text = read_documents(paths, found, **options)

    assert text.documents.tolist() == [0, 2, 3, 6]
    assert text.ids.tolist() == plain.ids.tolist()
    assert text.sentences.tolist() == plain.sentences.tolist()
    assert text.vocabulary == plain.vocabulary
    if rule != "many blanks":
        assert text.characters == plain.characters


def test_markers_that_no_vocabulary_has_and_line_numbers_of_messages() -> None:
    data = b"=\x0b=\na b\n=\x0b=\nc\n"
    text = read_documents(io.BytesIO(data), MarkerLine("=\x0b="))
    assert text.documents.tolist() == [0, 1, 2]
    with pytest.raises(TextError, match=r":3: .*control character"):
        read_documents(io.BytesIO(b"=\na b\n\x0b\n"), MarkerLine("="))
    empty_line = read_documents(io.BytesIO(b"=\n\na\n"), MarkerLine("="))
    assert (empty_line.n_sentences, empty_line.documents.tolist()) == (2, [0, 2])


@given(st.lists(st.sampled_from(["", "a", "a b"]), max_size=12))
def test_blank_lines_anywhere(lines: list[str]) -> None:
    text = read_documents(io.BytesIO("".join(f"{line}\n" for line in lines).encode()), BlankLines())
    sizes, size = [], 0
    for line in [*lines, ""]:
        if line:
            size += 1
        elif size:
            sizes.append(size)
            size = 0
    assert text.n_sentences == sum(map(bool, lines))
    assert [b - a for a, b in zip(text.documents, text.documents[1:], strict=False)] == sizes


@pytest.mark.parametrize("content", ["0\n", "2\n2\n", "3\n1\n", "a\n", "-1\n", "1.5\n", "9" * 30, "\xb2\n"])
def test_numbers_that_are_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "x.docs").write_text(content, encoding="utf-8")
    with pytest.raises(FormatError, match="expected line numbers"):
        document_rule(str(tmp_path / "x.docs"))


def test_numbers_behind_the_text() -> None:
    with pytest.raises(
        FormatError, match=r"^found line 9; expected at most 2, the number of lines of <stream>$"
    ):
        read_documents(io.BytesIO(b"a\nb\n"), LineNumbers((1, 9)))


@pytest.mark.parametrize("marker", ["", " ", "a\nb"])
def test_markers_that_are_none(marker: str) -> None:
    with pytest.raises(UsageError, match="marker"):
        MarkerLine(marker)


def test_rules_by_name(tmp_path: Path) -> None:
    (tmp_path / "x.docs").write_text("1\n5\n")
    assert document_rule("blank") == BlankLines()
    assert document_rule("file") == EachFile()
    assert document_rule("line:= =") == MarkerLine("= =")
    assert document_rule(str(tmp_path / "x.docs")) == LineNumbers((1, 5))
    with pytest.raises(FileNotFoundError):
        document_rule("nothing.docs")


def test_numbers_beside_each_text(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("a\nb\nc\n")
    with gzip.open(tmp_path / "two.txt.gz", "wb") as file:
        file.write(b"d\ne\n")
    (tmp_path / "one.docs").write_text("1\n3\n")
    (tmp_path / "two.docs").write_text("2\n")
    files: list[Any] = [str(tmp_path / "one.txt"), tmp_path / "two.txt.gz"]
    rule = document_rule(".docs")

    assert rule == Beside(".docs")
    assert read_documents(files, rule).documents.tolist() == [0, 2, 3, 4, 5]
    assert read_documents(files[::-1], rule).documents.tolist() == [0, 1, 2, 4, 5]
    (tmp_path / "two.docs").write_text("3\n")
    with pytest.raises(FormatError, match=r"at most 2, the number of lines of .*two\.txt\.gz"):
        read_documents(files, rule)
    with pytest.raises(FileNotFoundError, match=r"one\.nothing"):
        read_documents(files, document_rule(".nothing"))
    with pytest.raises(UsageError, match="a named file, with a file of line numbers beside"):
        read_documents(io.BytesIO(b"a\n"), rule)
    (tmp_path / "one.txt").write_text("")
    with pytest.raises(UsageError, match="expected lines in each file"):
        read_documents(files, rule)
    (tmp_path / "one.docs").write_text("")
    assert read_documents(files[0], rule).n_documents == 0


def test_no_files_and_empty_ones(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "full").write_text("a\n")
    files = [str(tmp_path / name) for name in ("empty", "full", "empty", "full")]
    assert read_documents(files, EachFile()).documents.tolist() == [0, 1, 2]
    for rule in (BlankLines(), MarkerLine("x"), EachFile(), LineNumbers(())):
        assert read_documents(str(tmp_path / "empty"), rule).n_documents == 0


def test_streams_are_read_once() -> None:
    """A stream cannot be read again, for its words first and then for the text."""
    text = read_documents([io.BytesIO(b"b a\n"), io.BytesIO(b"a\na\n")], EachFile())
    assert text.documents.tolist() == [0, 1, 3]
    assert text.vocabulary.words(text.predicted) == ["b", "a", "</s>", "a", "</s>", "a", "</s>"]


def test_characters_of_blank_lines_do_not_count() -> None:
    read = read_documents(io.BytesIO(b"ab c\n   \n\t\nde\n"), BlankLines())
    alone = lm.read_text(io.BytesIO(b"ab c\nde\n"))
    assert read.characters == alone.characters
    dropped = read_documents(io.BytesIO(b"a\n<s> </s>\nb\n"), BlankLines(), reserved="drop")
    assert dropped.documents.tolist() == [0, 3]
    with pytest.raises(UsageError, match="empty rule"):
        document_rule("")


@pytest.mark.parametrize("marks", [1, 2])
def test_a_second_byte_order_mark_belongs_to_the_text(marks: int) -> None:
    """Documents that are marked by a line keep what a text without them keeps."""
    data = b"\xef\xbb\xbf" * marks + b"a b\nc\n"
    plain = lm.read_text(io.BytesIO(data))
    marked = read_documents(io.BytesIO(data.replace(b"c", b"--\nc")), MarkerLine("--"))

    assert plain.sentence(0)[0] == "\ufeff" * (marks - 1) + "a"
    assert [marked.sentence(k) for k in range(2)] == [plain.sentence(k) for k in range(2)]
    assert marked.documents.tolist() == [0, 1, 2]


def test_documents_are_chosen_by_a_mark_each() -> None:
    text = read_documents(io.BytesIO(b"a\n\nb\n\nc c\n"), BlankLines())
    for n in (2, 4):
        with pytest.raises(UsageError) as caught:
            select_documents(text, np.ones(n, bool))
        assert str(caught.value) == f"found {n} marks for 3 documents; expected one for each"


def test_a_line_number_behind_the_text_is_named_with_its_place(tmp_path: Path) -> None:
    """Also the number after the last line, at which no document can begin."""
    (tmp_path / "text.txt").write_text("a\nb\n")
    for name, contents in {"some.docs": "1\n\n3\n", "text.docs": "2\n9\n"}.items():
        (tmp_path / name).write_text(contents)
    message = r"expected at most 2, the number of lines of .*text\.txt"

    with pytest.raises(FormatError, match=rf"some\.docs:3: found line 3; {message}"):
        read_documents(tmp_path / "text.txt", document_rule(str(tmp_path / "some.docs")))
    with pytest.raises(FormatError, match=rf"text\.docs:2: found line 9; {message}"):
        read_documents(tmp_path / "text.txt", document_rule(".docs"))


def test_a_marker_that_no_line_has_gives_a_warning() -> None:
    message = "^found no line '== X' that begins a document in <stream>, so the text is one document$"
    with pytest.warns(TextWarning, match=message):
        text = read_documents(io.BytesIO(b"a\n== Y\nb\n"), document_rule("line:== X"))
    assert text.n_documents == 1
