"""The examples of every --help work as written."""

from __future__ import annotations

import importlib
import os
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from support.command_line import environment, programs, run_in_process

from ngramlm.cli.main import COMMANDS

EXAMPLES = [
    line for name in COMMANDS for line in importlib.import_module(f"ngramlm.cli.{name}").command.example
]


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_works_as_written(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, line: str
) -> None:
    words = shlex.split(line)
    if "|" in words:
        path = programs(tmp_path_factory.mktemp("bin"))
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=folder,
            env=environment(PATH=path),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        code, stdout, stderr = done.returncode, done.stdout, done.stderr
    else:  # words and quotes alone, which shlex splits as the shell does
        assert words[0] == "ngramlm"
        assert not set(line.replace("'<s>'", "")) & set("$`*?;&(){}[]~#<>")
        result = run_in_process(*words[1:])
        code, stdout, stderr = result.exit_code, result.stdout, result.stderr

    assert code == 0, stderr
    assert "error" not in stderr
    written = [word for before, word in pairwise(words) if before == "-o"]
    assert stdout or written or " convert " in line
    for name in written:
        assert name == "-" or (folder / name).stat().st_size > 0


def test_there_is_an_example_for_every_command() -> None:
    for name in COMMANDS:
        assert any(f"ngramlm {name} " in line for line in EXAMPLES), name
