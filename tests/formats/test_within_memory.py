"""Converting within a limit of memory gives what converting without one gives, to the byte."""

from __future__ import annotations

import gc
import random
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from support.open_files import open_files

import ngramlm as lm
from ngramlm.core import mapped_workspace as workspaces
from ngramlm.core.mapped_workspace import MIN_MEMORY, Mapped
from ngramlm.errors import FormatError, FormatWarning, UsageError
from ngramlm.formats.arpa import read_arpa, write_arpa
from ngramlm.formats.binary import load_binary
from ngramlm.formats.binary_writer import save_binary


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapped:
    """Columns of any size in files, and their pages let go of as often as can be."""
    monkeypatch.setattr(workspaces, "SMALL", 1)
    monkeypatch.setattr(workspaces, "PIECE", 3)
    monkeypatch.setattr(workspaces, "resident_bytes", lambda: MIN_MEMORY)
    folder = tmp_path / "columns"
    folder.mkdir()
    return Mapped(MIN_MEMORY, folder)


@pytest.fixture(scope="module")
def model() -> lm.BackoffModel:
    draw = random.Random(1)
    sentences = [" ".join(draw.choices("abcdefgh", k=draw.randint(0, 9))) for _ in range(60)]
    counts = lm.count(lm.Text.from_sentences(sentences), order=4)
    return lm.WittenBell().fit(counts)


def shuffled(path: Path, target: Path, leave_out: int = 0) -> None:
    """The lines of every section in another order, and without some of order 2."""
    sections = path.read_text(encoding="utf-8").split("\n\n")
    for number, section in enumerate(sections):
        name, *lines = section.split("\n")
        if name.endswith("-grams:"):
            random.Random(number).shuffle(lines)
            if name == "\\2-grams:":
                lines = lines[leave_out:]
            sections[number] = "\n".join([name, *lines])
    text = "\n\n".join(sections)
    if leave_out:
        before = next(line for line in text.split("\n") if line.startswith("ngram 2="))
        text = text.replace(before, f"ngram 2={int(before[8:]) - leave_out}")
    target.write_text(text, encoding="utf-8")


def saved(model: lm.BackoffModel, path: Path) -> bytes:
    save_binary(model, path)
    return path.read_bytes()


@pytest.mark.parametrize("leave_out", [0, 5])
@pytest.mark.parametrize("threads", [1, 3])
def test_arpa_in_any_order(
    model: lm.BackoffModel, workspace: Mapped, tmp_path: Path, leave_out: int, threads: int
) -> None:
    write_arpa(model, tmp_path / "in.arpa")
    shuffled(tmp_path / "in.arpa", tmp_path / "mixed.arpa", leave_out)
    with pytest.warns(FormatWarning) if leave_out else nullcontext():
        expected = read_arpa(tmp_path / "mixed.arpa", threads=threads)
    with pytest.warns(FormatWarning) if leave_out else nullcontext():
        actual = read_arpa(tmp_path / "mixed.arpa", threads=threads, workspace=workspace)

    assert actual.trie.workspace is workspace
    actual.trie.check(len(model.vocabulary))
    assert saved(actual, tmp_path / "actual.ngram") == saved(expected, tmp_path / "expected.ngram")


def test_arpa_in_the_order_of_the_trie(model: lm.BackoffModel, workspace: Mapped, tmp_path: Path) -> None:
    write_arpa(model, tmp_path / "in.arpa")
    actual = read_arpa(tmp_path / "in.arpa", workspace=workspace)
    write_arpa(actual, tmp_path / "out.arpa")

    assert (tmp_path / "out.arpa").read_bytes() == (tmp_path / "in.arpa").read_bytes()


def test_binary_to_arpa(model: lm.BackoffModel, workspace: Mapped, tmp_path: Path) -> None:
    save_binary(model, tmp_path / "in.ngram")
    write_arpa(model, tmp_path / "in.arpa")
    actual = load_binary(tmp_path / "in.ngram", workspace=workspace)
    write_arpa(actual, tmp_path / "out.arpa")

    assert actual.trie.workspace is workspace
    assert (tmp_path / "out.arpa").read_bytes() == (tmp_path / "in.arpa").read_bytes()
    np.testing.assert_array_equal(actual.trie.level(4).words, model.trie.level(4).words)


def test_words_that_do_not_fit_are_refused_early(tmp_path: Path) -> None:
    """By the count of the header, before they are read; by their bytes, when they have been read."""
    many = tmp_path / "many.arpa"
    many.write_bytes(b"\\data\\\nngram 1=900000\n\n\\1-grams:\n" + b"-1 w\n" * 900_000 + b"\n\\end\\\n")
    with pytest.raises(
        UsageError, match=r"found 900,000 different words.*; expected at most \d{3},\d{3} within 128"
    ):
        read_arpa(many, workspace=Mapped(MIN_MEMORY, tmp_path))
    long = tmp_path / "long.arpa"
    words = b"".join(b"-1 %s%d\n" % (b"w" * 2000, number) for number in range(20_000))
    long.write_bytes(b"\\data\\\nngram 1=20000\n\n\\1-grams:\n" + words + b"\n\\end\\\n")
    with pytest.raises(
        UsageError, match=r"found 20,003 different words.*; expected at most \d{1,2},\d{3} within 128"
    ):
        read_arpa(long, workspace=Mapped(MIN_MEMORY, tmp_path))


def test_bad_lines_leave_nothing_behind(model: lm.BackoffModel, workspace: Mapped, tmp_path: Path) -> None:
    write_arpa(model, tmp_path / "in.arpa")
    text = (tmp_path / "in.arpa").read_text(encoding="utf-8")
    (tmp_path / "bad.arpa").write_text(
        text.replace("\n\n\\4-grams:\n", "\n\n\\4-grams:\nx\n"), encoding="utf-8"
    )
    with pytest.raises(FormatError):
        read_arpa(tmp_path / "bad.arpa", workspace=workspace)

    gc.collect()
    assert open_files(tmp_path / "columns") == []
