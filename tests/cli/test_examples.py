"""The examples of every --help work as written."""

from __future__ import annotations

import importlib
import os
import subprocess
from pathlib import Path

import pytest
from support.command_line import environment, programs

from ngramlm.cli.main import COMMANDS

EXAMPLES = [
    line for name in COMMANDS for line in importlib.import_module(f"ngramlm.cli.{name}").command.example
]


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_works_as_written(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, line: str
) -> None:
    path = programs(tmp_path_factory.mktemp("bin"))
    result = subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env=environment(PATH=path),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )

    assert result.returncode == 0, result.stderr
    assert "error" not in result.stderr
    written = [word for before, word in zip(line.split(), line.split()[1:], strict=False) if before == "-o"]
    assert result.stdout or written or " convert " in line
    for name in written:
        assert name == "-" or (folder / name).stat().st_size > 0


def test_there_is_an_example_for_every_command() -> None:
    for name in COMMANDS:
        assert any(f"ngramlm {name} " in line for line in EXAMPLES), name
