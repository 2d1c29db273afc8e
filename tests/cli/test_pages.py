"""The examples of the pages in docs/ give what stands there, on standard output and standard error together."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import subprocess
from pathlib import Path

import pytest
from support.command_line import environment, programs, run_in_process

from ngramlm.cli.main import COMMANDS

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "commands.md").read_text("utf-8")
PAGES = sorted(path.name for path in DOCS.glob("*.md") if "```console" in path.read_text("utf-8"))


def blocks(page: str, language: str) -> str:
    return "".join(re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text("utf-8"), re.M | re.S))


def transcript(page: str) -> list[tuple[str, str]]:
    """Commands behind ``$``, and the output that follows them."""
    text = blocks(page, "console")
    parts = [part.replace("\\\n", "").partition("\n") for part in re.split(r"^\$ ", text, flags=re.M)[1:]]
    return [(command, output) for command, _, output in parts]


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
@pytest.mark.parametrize("page", PAGES)
def test_the_examples_give_what_the_page_says(page: str, here: Path) -> None:
    env = environment(PATH=programs(here / "bin"), COLUMNS="80")
    for command, expected in transcript(page):
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
    examples = doctest.DocTestParser().get_doctest(blocks(page, "python"), {}, page, page, 0)
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(examples, out=report.append)

    assert result.failed == 0, "".join(report)


def test_every_command_has_a_section_with_an_example() -> None:
    for name in COMMANDS:
        section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)

        assert section, name
        assert re.search(rf"^\$ .*\bngramlm ({name}|ppl)\b", section[1], re.M), name


def test_every_option_that_the_page_names_exists() -> None:
    known = {"--debug"}
    for name in COMMANDS:
        command = importlib.import_module(f"ngramlm.cli.{name}").command
        for part in getattr(command, "commands", {"": command}):
            shown = run_in_process(name, *part.split(), "--help").stdout
            known |= set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", shown))

    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) <= known
