"""The documentation is run: examples of docstrings, commands and code of the README, names of commands and files."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ngramlm
from ngramlm.cli.main import ALIASES, COMMANDS
from ngramlm.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted(ROOT.glob("docs/*.md")),
]
DOCTEST_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules() -> Iterator[str]:
    """Every module of the package; the entry points would run."""
    for package in (
        ngramlm,
        importlib.import_module("ngramlm.cli"),
        importlib.import_module("ngramlm.corpora"),
    ):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield found.name


def blocks(page: Path, language: str) -> str:
    """All fenced blocks of a language, one after the other."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S))


def without_diffs(page: Path) -> str:
    """A page without its diffs, which name what is not there yet; test_recipes.py carries them out."""
    return re.sub(r"^```diff\n.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S)


@pytest.mark.parametrize("name", sorted(set(modules())))
def test_examples_of_docstrings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name), optionflags=DOCTEST_OPTIONS)

    assert 0 == result.failed


@pytest.fixture(scope="module")
def readme_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the commands of the README have been run, and their output compared."""
    folder = tmp_path_factory.mktemp("readme")
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100"}
    for command, expected in transcript(blocks(ROOT / "README.md", "console")):
        done = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert 0 == done.returncode, f"{command}\n{done.stderr}"
        checker = doctest.OutputChecker()
        if not checker.check_output(expected, done.stdout, DOCTEST_OPTIONS):
            pytest.fail(f"$ {command}\nexpected:\n{expected}\nfound:\n{done.stdout}")
    return folder


def transcript(text: str) -> Iterator[tuple[str, str]]:
    """Commands behind ``$`` and the output that follows them."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, _, output = re.sub(r"\\\n", "", part).partition("\n")
        yield command, output.strip("\n") + "\n" if output.strip() else ""


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")
def test_commands_of_the_readme(readme_folder: Path) -> None:
    assert list(readme_folder.iterdir())


def test_code_of_the_readme(readme_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(readme_folder)
    examples = doctest.DocTestParser().get_doctest(
        blocks(ROOT / "README.md", "python"), {}, "README", "README.md", 0
    )
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=DOCTEST_OPTIONS).run(examples, out=report.append)

    assert result.attempted > 3
    assert 0 == result.failed, "".join(report)


@pytest.mark.parametrize(
    "page",
    [p for p in sorted(ROOT.glob("docs/*.md")) if blocks(p, "python") and not blocks(p, "console")],
    ids=lambda page: page.name,
)
def test_code_of_pages_without_commands(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = doctest.DocTestParser().get_doctest(blocks(page, "python"), {}, page.name, str(page), 0)
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=DOCTEST_OPTIONS).run(examples, out=report.append)

    assert 0 == result.failed, "".join(report)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_only_commands_that_exist_are_mentioned(page: Path) -> None:
    text = without_diffs(page)
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.S))
    commands = set(re.findall(r"(?:^\$ |`)ngramlm ([a-z][\w-]*)", code, re.M))
    targets = set(re.findall(r"\bmake ([a-z][\w-]*)", code))
    makefile = ROOT.joinpath("Makefile").read_text("utf-8")

    assert not commands - set(COMMANDS) - set(ALIASES)
    assert not targets - set(re.findall(r"^([\w-]+):", makefile, re.M))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", without_diffs(page)):
        assert page.parent.joinpath(target).exists(), f"{page.name} links to {target}"


def test_every_command_is_documented() -> None:
    text = ROOT.joinpath("README.md").read_text("utf-8")

    assert not [
        command for command in COMMANDS if f"`{command}`" not in text and f"ngramlm {command}" not in text
    ]


def test_every_smoothing_method_has_its_line_and_parameters_in_the_table() -> None:
    """With the parameters that ``--set`` takes, which `make_smoothing` lists when it is given a wrong one."""
    text = ROOT.joinpath("docs", "smoothing.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| \[`([\w-]+)`\]\(\S+\) \|(.*)$", text, re.M))

    assert set(ngramlm.SMOOTHINGS) == set(rows)
    for name, row in rows.items():
        with pytest.raises(UsageError) as refused:
            ngramlm.make_smoothing(name, no_such_parameter=1)
        known = set(str(refused.value).rpartition("expected one of: ")[2].split(", ")) - {"no option"}
        told = set(re.findall(r"`(\w+)`", row.split("|")[1]))

        assert told <= known, name


def test_nothing_is_left_to_do() -> None:
    for page in PAGES:
        assert "TODO" not in page.read_text("utf-8"), page.name
