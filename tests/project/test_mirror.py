"""The tests mirror the library: the test of a module has its path, and tests share code only through tests/support.

After a module or test has been added, moved or renamed, write the list of exceptions anew with

    python tests/project/test_mirror.py

and state a reason for each module that no test imports, instead of "-".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
EXCEPTIONS = Path(__file__).with_name("without_namesake.txt")
HEADER = """\
# Modules without a test of their name, each with the tests that import from it, or else the reason: how tests reach it.
# The list must not grow: a new module brings its own test. Written by: python tests/project/test_mirror.py
"""
TEST_FILES = sorted(TESTS.rglob("test_*.py"))
# Tests that no single module owns, by what they test together
SEVERAL = {
    "cli/test_completion": "completion in the shell, of every command",
    "cli/test_examples": "the examples of every help text",
    "cli/test_help": "the help texts of every command",
    "cli/test_pages": "the commands of the README and the pages",
    "cli/test_process": "pipes, signals and full disks, of every command",
    "cli/test_wrong_usage": "wrong usage of every command",
    "core/test_constants": "the numbers that kernels and Python share",
    "core/test_threads": "every model from several threads",
    "embeddings/test_evaluation": "judging word vectors: similarity, analogies, and the files of both",
    "formats/test_within_memory": "conversions of ARPA and binary files within a limit of memory",
    "models/test_copies": "every model, copied and sent to other processes",
    "models/test_scoring_lengths": "every way to score a sentence, against each other",
    "models/test_total_kernels": "every kernel over the columns of a model, with columns that no model has",
    "report/test_browser": "the report page in a browser",
    "report/test_write_report": "the report in every format",
    "smoothing/test_contracts": "every method and every duty of a model",
    "smoothing/test_estimates": "the estimates of several methods",
    "smoothing/test_golden": "every method on a corpus worked out by hand",
    "smoothing/test_oracles": "the oracles of tests/support, exactly",
    "smoothing/test_oracles_good_turing": "the oracles of Good-Turing and Katz",
    "smoothing/test_oracles_special": "the oracles of the remaining methods",
    "smoothing/test_oracles_weights": "the oracles of methods with weights",
    "smoothing/test_sums_to_one": "the distributions of every method",
    "trie/test_merging": "sums of counts and of scores, up to the largest",
    "trie/test_trie_kernels": "the kernels of the counter and of the trie",
}


def modules() -> dict[str, str]:
    """Path below the package -> dotted name, of every module and kernel of the library."""
    found = {}
    for folder in ("ngramlm", "cli", "corpora"):
        for path in sorted(ROOT.joinpath(folder).rglob("*.py*")):
            if path.suffix in (".py", ".pyx") and not path.name.startswith("__"):
                parts = path.relative_to(ROOT).with_suffix("").parts
                inside = parts[1:] if parts[0] == "ngramlm" else parts
                found["/".join(inside)] = ".".join(("ngramlm", *inside))
    return found


def without_suffix(test: Path) -> str:
    return test.relative_to(TESTS).with_suffix("").as_posix()


def namesakes(test: str, paths: dict[str, str]) -> set[str]:
    """The module and kernel that a test is named for: `arpa` and `_arpa` for test_arpa.py and test_arpa_dialects.py.

    The longest name counts: test_mixture_files.py tests `mixture_files` and not `mixture`.
    """
    folder, _, name = test.rpartition("/")
    words = name.removeprefix("test_").split("_")
    for length in range(len(words), 0, -1):
        stem = "_".join(words[:length])
        found = {f"{folder}/{prefix}{stem}".removeprefix("/") for prefix in ("", "_")} & paths.keys()
        if found:
            return found
    return set()


@cache
def imported(path: Path) -> frozenset[str]:
    """Dotted names of the modules that a file imports, and of the names imported from them."""
    return frozenset(imports_in(path))


def imports_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def exceptions() -> str:
    """The list as it should be."""
    paths = modules()
    tests = {without_suffix(test): imported(test) for test in TEST_FILES}
    stated = reasons()
    tested = {path for test in tests if test not in SEVERAL for path in namesakes(test, paths)}
    lines = []
    for path, module in sorted(paths.items()):
        if path not in tested:
            users = [test for test, names in tests.items() if module in names]
            lines.append(f"{path}: {' '.join(users) or stated.get(path, '-')}\n")
    return HEADER + "".join(lines)


def reasons() -> dict[str, str]:
    """What the list of today says of each module."""
    lines = EXCEPTIONS.read_text("utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines if not line.startswith("#"))


def listed(text: str) -> set[str]:
    return {line.split(":")[0] for line in text.splitlines() if not line.startswith("#")}


def test_every_module_has_a_test_of_its_name() -> None:
    expected, actual = listed(EXCEPTIONS.read_text("utf-8")), listed(exceptions())

    assert not actual - expected, "modules without a test of their name; add tests/<package>/test_<module>.py"
    assert not expected - actual, f"write {EXCEPTIONS.name} anew: python tests/project/test_mirror.py"


def test_every_module_that_no_test_imports_has_a_reason() -> None:
    assert not [path for path, reason in reasons().items() if reason == "-"]


def test_every_test_is_named_for_a_module() -> None:
    paths = modules()
    tests = [without_suffix(test) for test in TEST_FILES if test.parent.name not in ("project", "torture")]

    assert not [test for test in tests if test not in SEVERAL and not namesakes(test, paths)]
    assert not SEVERAL.keys() - set(tests), "SEVERAL lists tests that do not exist"


def test_every_oracle_has_the_path_of_a_module() -> None:
    folder = TESTS / "support" / "oracles"
    oracles = {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("[!_]*.py")}
    # discounts that stand in several methods
    shared = {"smoothing/ratios", "smoothing/weights"}

    assert shared == oracles - modules().keys()


def test_no_test_imports_from_another() -> None:
    """What tests share is in tests/support."""
    wrong = [
        f"{without_suffix(path)} imports {name}"
        for path in TEST_FILES
        for name in imported(path)
        if name.split(".")[0].startswith("test_") or name.split(".")[0] in ("conftest", "tests")
    ]

    assert not wrong


if __name__ == "__main__":
    EXCEPTIONS.write_text(exceptions(), encoding="utf-8")
