"""The recipes of CONTRIBUTING.md: their diffs apply to the project as it is, and what they add works.

Each test copies the project to a temporary folder, applies the diffs of one recipe there, and runs the result in a
process of its own.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT.joinpath("CONTRIBUTING.md").read_text("utf-8")
FOLDERS = ("ngramlm", "cli", "corpora", "tests", "docs")
FILES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "pyproject.toml", "setup.py")
PROJECT = (
    "tests/project/test_layout.py",
    "tests/project/test_floors.py::test_rooms_import_only_from_rooms_below",
    "tests/project/test_floors.py::test_no_file_imports_itself_by_way_of_others",
    "tests/project/test_floors.py::test_no_two_modules_have_the_same_basename",
)

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is missing, which applies the diffs")


@dataclass(frozen=True)
class Recipe:
    """The files in the table of a recipe, and its diffs by file."""

    files: list[str]
    diffs: dict[str, str]

    @classmethod
    def of(cls, title: str) -> Recipe:
        section = re.search(rf"^### {title}\n(.*?)(?=^##)", PAGE, re.M | re.S)
        assert section is not None, title
        blocks = re.findall(r"^```diff\n(.*?)^```$", section[1], re.M | re.S)
        prose = re.sub(r"^```diff\n.*?^```$", "", section[1], flags=re.M | re.S)
        table = prose.partition("| file | what changes |\n|---|---|\n")[2].partition("\n\n")[0]
        named = [re.findall(r"^\+\+\+ b/(.*)$", block, re.M) for block in blocks]
        assert all(len(names) == 1 for names in named), f"{title}: expected one file in each diff"
        return cls(
            re.findall(r"^\| `([^`]+)` \|", table, re.M),
            {names[0]: block for names, block in zip(named, blocks, strict=True)},
        )

    @property
    def new(self) -> list[str]:
        """The files that the recipe adds."""
        return [name for name, block in self.diffs.items() if block.startswith("--- /dev/null\n")]

    @property
    def tests(self) -> list[str]:
        """The new tests."""
        return [name for name in self.new if "/test_" in name]


TITLES = ("A smoothing method", "A kernel", "A file format", "A command", "A column of the report")


def tree_with(title: str, folder: Path) -> Path:
    """A copy of the project, kernels included, with the diffs of a recipe. It imports as the installed packages do."""

    def link_kernels(source: str, target: str) -> None:
        if source.endswith(".so"):
            os.symlink(source, target)
        else:
            shutil.copyfile(source, target)

    skipped = shutil.ignore_patterns("__pycache__", "_*.c", "_*.html", "*.svg", "*.png")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=skipped, copy_function=link_kernels)
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / name)
    for name in ("cli", "corpora"):
        (folder / "ngramlm" / name).symlink_to(folder / name)
    patch = "".join(Recipe.of(title).diffs.values())
    applied = subprocess.run(
        ["git", "apply", "--unidiff-zero", "-"],
        cwd=folder,
        input=patch,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == applied.returncode, applied.stderr
    return folder


def run(*arguments: str, tree: Path, **changes: str) -> str:
    """Standard output of a Python that imports the tree; its failure is that of the test."""
    alien = ("PYTEST_", "NGRAMLM_", "PYTHON", "LD_PRELOAD")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(alien)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={**kept, "PYTHONPATH": str(tree), **changes},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert 0 == done.returncode, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def run_tests(title: str, *more: str, tree: Path) -> None:
    """The new tests of a recipe, the tests of the project that every change must pass, and others."""
    run("tests/project/test_layout.py", tree=tree)
    tests = (*Recipe.of(title).tests, *PROJECT, *more)
    run("-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, tree=tree)


@pytest.mark.parametrize("title", TITLES)
def test_the_table_lists_the_files_of_the_diffs(title: str) -> None:
    recipe = Recipe.of(title)

    assert recipe.files
    assert recipe.files == list(recipe.diffs)


def test_every_recipe_is_carried_out_here() -> None:
    section = PAGE.partition("\n## Recipes\n")[2].partition("\n## ")[0]

    assert list(TITLES) == re.findall(r"^### (.*)$", section, re.M)


@pytest.mark.parametrize("title", TITLES)
def test_the_context_of_every_change_occurs_once(title: str) -> None:
    """The line numbers of the page may be old, so the lines of context must say where a change belongs."""
    recipe = Recipe.of(title)
    for name in set(recipe.files) - set(recipe.new):
        before = "\n" + ROOT.joinpath(name).read_text("utf-8")
        for change in re.split(r"^@@ .*\n", recipe.diffs[name], flags=re.M)[1:]:
            old = "".join(f"{line[1:]}\n" for line in change.splitlines() if not line.startswith("+"))
            assert old, f"{name}: a change without context"
            assert 1 == before.count("\n" + old), f"{name}: {old}"


@pytest.mark.parametrize("title", TITLES)
def test_every_new_module_has_a_test_of_its_name(title: str) -> None:
    recipe = Recipe.of(title)
    for name in recipe.new:
        path = Path(name.removeprefix("ngramlm/"))
        if path.parts[0] != "tests" and path.suffix in (".py", ".pyx"):
            assert f"tests/{path.parent}/test_{path.stem.lstrip('_')}.py" in recipe.tests


CONTRACT = """
import sys, tempfile
from pathlib import Path

sys.path.insert(0, "tests")
from support.cases import MODELS, TUNED, subject, tuned_subject
from support.contracts import CHECKS, ROUND_TRIPS
import ngramlm.methods as methods

TRAIN = [line.split() for line in ("the cat sat", "the dog sat on the cat", "a cat saw the dog", "", "the cat")]
TEST = [line.split() for line in ("a cat sat on the owl", "", "the dog")]
HELDOUT = [["the", "cat", "sat", "on", "a", "dog"], ["a", "dog"]]
cases = [case for case in MODELS if case.name.startswith("fixed-share")]
tuned = [case for case in TUNED if case.name.startswith("fixed-share")]
assert 4 == len(cases) == len(tuned)  # two forms, over an open and a closed vocabulary
for one in (
    *(subject(case, TRAIN, TEST, 3) for case in cases),
    *(tuned_subject(case, TRAIN, HELDOUT, TEST, 3) for case in tuned),
):
    for check in CHECKS:
        check(one)
    for round_trip in ROUND_TRIPS:
        round_trip(one, Path(tempfile.mkdtemp(dir=".")))
made = methods.make_smoothing("fixed-share", interpolate=False)
assert made == methods.SMOOTHINGS["fixed-share"](interpolate=False)
assert "fixed-share/witten-bell" == methods.make_smoothing("fixed-share/witten-bell").name
import ngramlm
assert ngramlm.FixedShare is type(made)
"""


def texts_in(folder: Path) -> None:
    """Small texts for the command line."""
    (folder / "train.txt").write_text(
        "the cat sat\nthe dog sat on the cat\na cat saw the dog\n\nthe cat\n", "utf-8"
    )
    (folder / "test.txt").write_text("a cat sat on the owl\n\nthe dog\n", "utf-8")
    (folder / "heldout.txt").write_text("the cat sat on a dog\na dog\n", "utf-8")


def test_a_smoothing_method(tmp_path: Path) -> None:
    title, tree = TITLES[0], tree_with(TITLES[0], tmp_path)
    run("-c", CONTRACT, tree=tree)
    run_tests(
        title,
        "tests/cli/test_names.py",
        "tests/project/test_documentation.py::test_every_smoothing_method_has_its_line_and_parameters_in_the_table",
        "tests/smoothing/test_contracts.py::test_every_method_has_a_case",
        tree=tree,
    )
    texts_in(tree)
    command = ("-m", "ngramlm")
    run(
        *command,
        "train",
        "train.txt",
        "--order",
        "2",
        "--smoothing",
        "fixed-share",
        "-o",
        "m.arpa",
        tree=tree,
    )
    methods = ("--smoothing", "fixed-share,witten-bell", "--order", "1,2", "--quiet")
    compared = run(*command, "compare", "train.txt", "--test", "test.txt", *methods, tree=tree)

    assert (tree / "m.arpa").read_text("utf-8").lstrip().startswith("\\data\\")
    assert "fixed-share 2" in compared
    assert "fixed-share" in run(*command, "train", "--help", tree=tree)


def test_a_kernel(tmp_path: Path) -> None:
    """Compiled without the other kernels, which would take minutes; setup.py finds it by itself."""
    for package in ("Cython", "setuptools"):
        pytest.importorskip(package)
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        pytest.skip(f"the C compiler {compiler} is missing")
    title = TITLES[1]
    tree, build = tree_with(title, tmp_path / "tree"), tmp_path / "build"
    (kernel,) = (Path(name) for name in Recipe.of(title).new if name.endswith(".pyx"))
    setup = (tree / "setup.py").read_text("utf-8")
    assert '"-O3"' in setup
    # stand-ins for the kernels that setup.py names, and the folder of what Cython writes once
    named = [
        Path(*name.split(".")).with_suffix(".pyx") for name in re.findall(r'"(ngramlm[\w.]+)": \[', setup)
    ]
    for path in (*named, kernel, Path("ngramlm/core/_")):
        (build / path).parent.mkdir(parents=True, exist_ok=True)
    for path in named:
        (build / path).touch()
    shutil.copyfile(tree / kernel, build / kernel)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(tree / name, build / name)
    (build / "setup.py").write_text(setup.replace('"-O3"', '"-O0"'), "utf-8")  # quick to compile
    run("setup.py", "-q", "build_ext", "--inplace", tree=build)
    (compiled,) = (build / kernel).parent.glob(f"{kernel.stem}.*.so")
    shutil.copyfile(compiled, (tree / kernel).with_name(compiled.name))

    packaging = "tests/project/test_packaging.py::test_every_kernel_has_a_stub_and_is_built"
    numpy = "tests/project/test_floors.py::test_kernels_do_not_compile_against_numpy"
    run_tests(title, f"{packaging}[{kernel.name}]", numpy, tree=tree)


def test_a_file_format(tmp_path: Path) -> None:
    title, tree = TITLES[2], tree_with(TITLES[2], tmp_path)
    every, chosen = "tests/embeddings/test_vector_files.py", "json or layout or floors or test_names"
    run_tests(title, "tests/cli/test_names.py", every, "-k", chosen, tree=tree)
    (tree / "v.txt").write_text("2 2\na 0.1 -2\nb 1e-9 0\n", "utf-8")
    convert = ("-m", "ngramlm", "embed", "convert")
    run(*convert, "v.txt", "v.jsonl", tree=tree)
    run(*convert, "v.jsonl", "back.txt", tree=tree)  # recognized by its contents

    assert '{"word": "b"' in (tree / "v.jsonl").read_text("utf-8")
    assert (tree / "v.txt").read_text("utf-8") == (tree / "back.txt").read_text("utf-8")
    helped = " ".join(run(*convert, "--help", tree=tree).split())
    assert 2 == helped.count("npy, json-lines")  # --from and --to


def test_a_command(tmp_path: Path) -> None:
    title, tree = TITLES[3], tree_with(TITLES[3], tmp_path)
    run_tests(
        title,
        "tests/cli/test_help.py::test_no_line_is_cut_at_eighty_columns[lengths]",
        "tests/cli/test_help.py::test_the_help_ends_with_examples[lengths]",
        "tests/cli/test_help.py::test_the_list_of_commands_says_what_their_help_says",
        "tests/project/test_documentation.py::test_every_command_is_documented",
        tree=tree,
    )
    texts_in(tree)

    assert "Count the sentences of each length." in run("-m", "ngramlm", "--help", tree=tree)
    assert "ngramlm lengths train.txt" in run("-m", "ngramlm", "lengths", "--help", tree=tree)
    table = [line.split() for line in run("-m", "ngramlm", "lengths", "train.txt", tree=tree).splitlines()]
    assert [["words", "sentences"], ["0", "1"], ["2", "1"], ["3", "1"], ["5", "1"], ["6", "1"]] == table


def test_a_column_of_the_report(tmp_path: Path) -> None:
    title, tree = TITLES[4], tree_with(TITLES[4], tmp_path)
    run_tests(title, "tests/evaluation/test_comparison.py", "-k", "tuned or layout or floors", tree=tree)
    texts_in(tree)
    reports = [
        argument for suffix in ("txt", "md", "csv", "json", "html") for argument in ("-o", f"r.{suffix}")
    ]
    methods = ("--smoothing", "linear-discounting,witten-bell", "--order", "1", "--resamples", "0", "--quiet")
    texts = ("train.txt", "--test", "test.txt", "--heldout", "heldout.txt")
    shown = run("-m", "ngramlm", "compare", *texts, *methods, *reports, tree=tree)

    found = {
        suffix: (tree / f"r.{suffix}").read_text("utf-8") for suffix in ("txt", "md", "csv", "json", "html")
    }
    assert shown == found["txt"]
    assert "tuned" in found["txt"].splitlines()[0].split()
    assert "yes" in found["txt"].splitlines()[1].split()
    assert "yes" not in found["txt"].splitlines()[2].split()
    assert "tuned" in found["md"].splitlines()[0].replace("|", " ").split()
    assert ["True", "False"] == [row["tuned"] for row in csv.DictReader(found["csv"].splitlines())]
    assert [True, False] == [row["tuned"] for row in json.loads(found["json"])["rows"]]
    assert re.search(r"<th[^>]*>(<[^>]*>)*tuned<", found["html"])
    assert re.search(r"<td[^>]*>yes<", found["html"])
