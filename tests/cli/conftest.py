"""Folders with texts and models for the tests of the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.command_line import Invoke, made_vectors, run_in_process, sentences


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts train.txt, heldout.txt, test.txt, other.txt, with other.arpa, and of train.txt what a test may need.

    And vectors.txt, with pairs.txt and questions.txt to judge them by.
    """
    folder = tmp_path_factory.mktemp("made")
    (folder / "train.txt").write_text(sentences(600, seed=1), encoding="utf-8")
    (folder / "other.txt").write_text(sentences(300, seed=2), encoding="utf-8")
    (folder / "heldout.txt").write_text(sentences(40, seed=4), encoding="utf-8")
    (folder / "test.txt").write_text(sentences(40, seed=3) + "a zebra sees the cat\n", encoding="utf-8")
    for output in ("model.arpa", "model.ngram"):
        result = run_in_process("train", folder / "train.txt", "--order", "3", "-o", folder / output)
        assert result.exit_code == 0, result.output
    other = ("--order", "2", "--smoothing", "witten-bell", "-o", folder / "other.arpa")
    result = run_in_process("train", folder / "other.txt", *other)
    assert result.exit_code == 0, result.output
    result = run_in_process("vocab", folder / "train.txt", "--max-vocab", "50", "-o", folder / "words.txt")
    assert result.exit_code == 0, result.output
    result = run_in_process("count", folder / "train.txt", "--order", "3", "-o", folder / "counts.gz")
    assert result.exit_code == 0, result.output
    made_vectors().save(folder / "vectors.txt")
    (folder / "pairs.txt").write_text("cat dog 8\ncat tree 1.5\ndog bird 5\ncat zebra 4\n", encoding="utf-8")
    (folder / "questions.txt").write_text(
        ": verbs\ncat sees dog likes\nCat sees dog follows\n", encoding="utf-8"
    )
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder to work in, which is the current one."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def invoke() -> Invoke:
    return run_in_process
