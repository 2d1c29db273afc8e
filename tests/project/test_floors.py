"""The layers of the library: a module imports only from lower floors, or from its own package."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A package stands on one floor with all its modules; within it everything may be imported.
FLOORS = {
    "errors": 0,
    "lazy": 0,
    "association": 1,
    "checks": 1,
    "oovs": 1,
    "files": 1,
    "workspace": 1,
    "parallel": 1,
    "quantization": 1,
    "vocabulary": 1,
    "text": 1,
    "documents": 2,
    "levels": 2,
    "trie": 2,
    "counting": 3,
    "external_counting": 3,
    "counts": 3,
    "events": 3,
    "model": 3,
    "ngram_model": 3,
    "automaton": 3,
    "compact": 3,
    "closing": 3,
    "line_pieces": 3,
    "archive": 4,
    "backoff": 4,
    "column_model": 4,
    "normalization": 4,
    "matching": 4,
    "arpa_reader": 4,
    "arpa": 5,
    "binary": 5,
    "count_files": 5,
    "interpolation": 5,
    "log_linear": 5,
    "pruning": 5,
    "smoothing": 5,
    "adaptive": 5,
    "maxent": 5,
    "embeddings": 5,
    "formats": 6,
    "evaluation": 6,
    "compat": 6,
    "corpora": 7,
    "cli": 7,
}
# On one floor, the left imports the right and never the other way round.
SAME_FLOOR = {
    ("vocabulary", "files"),
    ("vocabulary", "checks"),
    ("text", "files"),
    ("text", "parallel"),
    ("text", "vocabulary"),
    ("trie", "levels"),
    ("external_counting", "counting"),
    ("counts", "counting"),
    ("counts", "external_counting"),
    ("compact", "automaton"),
    ("ngram_model", "model"),
    ("normalization", "backoff"),
    ("matching", "normalization"),
    ("column_model", "backoff"),
    ("column_model", "normalization"),
    ("log_linear", "interpolation"),
    ("adaptive", "interpolation"),
    ("adaptive", "smoothing"),
    ("pruning", "smoothing"),
    ("maxent", "smoothing"),
    ("maxent", "interpolation"),
    ("cli", "corpora"),
}
# A model saves and loads itself, although the formats stand above it, and the methods by name are all that there are:
# imported inside those functions only.
UPWARDS = {
    ("backoff", "arpa"),
    ("backoff", "binary"),
    ("column_model", "archive"),
    ("archive", "column_model"),
    ("smoothing", "maxent"),
}
LAZY_PACKAGES = {"scipy", "matplotlib"}  # slow to import: only inside the functions that use them
SOURCES = sorted(
    path for folder in ("ngramlm", "cli", "corpora") for path in ROOT.joinpath(folder).rglob("*.py")
)
KERNELS = sorted(ROOT.joinpath("ngramlm").rglob("*.py[xd]"))
ENTRY_POINTS = {"ngramlm/__init__.py", "ngramlm/__main__.py"}  # the front: they may import everything


def name_of(path: Path) -> str:
    """The module or package below ``ngramlm`` that a file belongs to."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "ngramlm" else parts[0]


def imports(tree: ast.AST, importable_from: Path) -> set[str]:
    """Absolute names of all modules imported anywhere in the tree."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, (
                f"{importable_from}:{node.lineno}: relative import; expected an absolute one"
            )
            assert node.module is not None
            if node.module == "ngramlm":
                names.update(f"ngramlm.{alias.name}" for alias in node.names)
            else:
                names.add(node.module)
    return names


def top_level(tree: ast.Module) -> ast.Module:
    """What runs when the module is imported; not what stands inside functions."""
    return ast.Module([node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], [])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_from_lower_floors(path: Path) -> None:
    if path.relative_to(ROOT).as_posix() in ENTRY_POINTS:
        return
    own = name_of(path)
    assert own in FLOORS, f"{path.name} has no floor; add it to FLOORS"
    tree = ast.parse(path.read_text("utf-8"))
    at_the_top = imports(top_level(tree), path)
    for module in imports(tree, path):
        parts = module.split(".")
        if parts[0] != "ngramlm" or module == "ngramlm.__version__":
            continue
        assert len(parts) > 1, f"{path}: imports the front of the library; expected the module that it needs"
        other = parts[1]
        if other == own or other.startswith("_"):
            continue
        assert other in FLOORS, f"{module} has no floor"
        upwards = (own, other) in UPWARDS and module not in at_the_top
        allowed = FLOORS[other] < FLOORS[own] or (own, other) in SAME_FLOOR or upwards
        assert allowed, f"{own} must not import {other}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_slow_packages_are_imported_only_where_used(path: Path) -> None:
    top = top_level(ast.parse(path.read_text("utf-8")))

    assert not LAZY_PACKAGES & {module.split(".")[0] for module in imports(top, path)}


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.name)
def test_kernels_import_only_kernels_of_ours(path: Path) -> None:
    """Compiled code takes and returns arrays; it must not know the classes above it."""
    own = re.findall(
        r"^\s*(?:from|c?import)\s+((?:ngramlm\b|\.)[\w.]*)(?:\s+c?import\s+(\w+))?",
        path.read_text("utf-8"),
        re.M,
    )
    for module, name in own:
        last = name if module in ("ngramlm", ".") else module.split(".")[-1]
        assert last.startswith("_"), f"{path.name} imports {module} {name}"


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.name)
def test_kernels_do_not_compile_against_numpy(path: Path) -> None:
    """Memoryviews instead, so that one build serves every numpy."""
    assert not re.search(r"^\s*(cimport numpy|from numpy cimport)", path.read_text("utf-8"), re.M)


def test_nobody_prints_but_the_command_line() -> None:
    for path in SOURCES:
        if name_of(path) == "cli" or path.name == "__main__.py":
            continue
        calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        printing = [
            call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"
        ]
        assert not printing, f"{path}: print in line {printing}"
