"""The commands of docs/commands.md and other pages give what stands there, standard error included."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
from pathlib import Path

import pytest
from cli_support import environment, programs, run_in_process

from ngramlm.cli.main import COMMANDS

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "commands.md").read_text("utf-8")
PAGES = {
    path.name: page for path in sorted(DOCS.glob("*.md")) if "```console" in (page := path.read_text("utf-8"))
}


def transcript(page: str) -> list[tuple[str, str]]:
    """Commands behind ``$``, and the output that follows them."""
    text = "".join(re.findall(r"^```console\n(.*?)^```$", page, re.M | re.S))
    parts = [part.replace("\\\n", "").partition("\n") for part in re.split(r"^\$ ", text, flags=re.M)[1:]]
    return [(command, output) for command, _, output in parts]


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
@pytest.mark.parametrize("name", PAGES)
def test_the_commands_give_what_the_page_says(here: Path, name: str) -> None:
    env = environment(PATH=programs(here / "bin"), COLUMNS="80")
    for command, expected in transcript(PAGES[name]):
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


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
def test_the_python_of_the_comparison_gives_what_the_page_says(here: Path) -> None:
    page = PAGES["comparison.md"]
    for line, _ in transcript(page)[:2]:  # make the texts
        subprocess.run(["sh", "-c", line], cwd=here, check=True, timeout=60)
    code = "".join(re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S))
    examples = doctest.DocTestParser().get_doctest(code, {}, "comparison", "comparison.md", 0)
    report: list[str] = []

    assert doctest.DocTestRunner().run(examples, out=report.append).failed == 0, "".join(report)
    assert (here / "report.html").stat().st_size > 10_000


def test_every_command_has_a_section_with_an_example() -> None:
    for name in COMMANDS:
        section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)

        assert section, name
        assert re.search(rf"^\$ .*\bngramlm ({name}|ppl)\b", section[1], re.M), name


@pytest.mark.parametrize("name", PAGES)
def test_every_option_that_the_page_names_exists(name: str) -> None:
    known = {"--debug"}
    for command in COMMANDS:
        known |= set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", run_in_process(command, "--help").stdout))

    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGES[name])) <= known
