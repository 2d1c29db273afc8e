"""The commands of docs/commands.md give what stands there, on standard output and standard error together."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
from pathlib import Path

import pytest
from cli_support import environment, programs, run_in_process

from ngramlm.cli.main import COMMANDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "commands.md").read_text("utf-8")


def transcript() -> list[tuple[str, str]]:
    """Commands behind ``$``, and the output that follows them."""
    text = "".join(re.findall(r"^```console\n(.*?)^```$", PAGE, re.M | re.S))
    parts = [part.replace("\\\n", "").partition("\n") for part in re.split(r"^\$ ", text, flags=re.M)[1:]]
    return [(command, output) for command, _, output in parts]


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
def test_the_commands_give_what_the_page_says(here: Path) -> None:
    env = environment(PATH=programs(here / "bin"), COLUMNS="80")
    for command, expected in transcript():
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=here,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
        )

        assert done.returncode == 0, f"{command}\n{done.stdout}"
        assert doctest.OutputChecker().check_output(expected, done.stdout, doctest.ELLIPSIS), (
            f"$ {command}\nexpected:\n{expected}\nfound:\n{done.stdout}"
        )


def test_every_command_has_a_section_with_an_example() -> None:
    for name in COMMANDS:
        section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)

        assert section, name
        assert re.search(rf"^\$ .*\bngramlm ({name}|ppl)\b", section[1], re.M), name


def test_every_option_that_the_page_names_exists() -> None:
    known = {"--debug"}
    for name in COMMANDS:
        known |= set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", run_in_process(name, "--help").stdout))

    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) <= known
