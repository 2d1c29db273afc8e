"""A short form of failing calls and kills: some calls of some commands."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from torture.faults import COMMANDS, WAYS, build_library, prepare, try_command

pytestmark = [
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="the library that fails calls is for Linux"
    ),
    pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults")
    build_library(folder)
    (folder / "inputs").mkdir()
    prepare(folder / "inputs")
    return folder


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["train-ngram", "report", "embed-train"])
def test_outputs_are_all_old_or_all_new(name: str, way: str, place: Path) -> None:
    report = try_command(name, place / "failing_calls.so", place / "inputs", place, (way,), step=9)

    assert report.n_calls > 9
    assert report.wrong == []


def test_a_command_that_writes_in_place_is_found(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine sees half a file, if a program leaves one."""
    monkeypatch.setitem(COMMANDS, "careless", COMMANDS["count"])
    program = (
        "import sys; out = open('out.counts', 'w'); [out.write('x' * 9999) or out.flush() for _ in range(3)]"
    )
    monkeypatch.setattr("torture.faults.program", lambda command: [sys.executable, "-c", program])

    report = try_command("careless", place / "failing_calls.so", place / "inputs", place, ("kill-in-write",))

    assert any("neither all old nor all new" in line for line in report.wrong)
