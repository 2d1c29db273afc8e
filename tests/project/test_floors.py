"""The floors of the library: a room imports only from the rooms below it, and no import runs in a circle.

A room is a sub-package with its kernels, a single module or kernel beside them, or one of the folders cli and corpora.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# From the bottom to the top: a room imports from its own modules and from rooms that stand before it.
FLOORS = [
    "errors",
    "types",
    "core",
    "text",
    "_counts",
    "trie",
    "counts",
    "models",
    "formats",
    "smoothing",
    "mixing",
    "pruning",
    "adaptive",
    "maxent",
    "methods",
    "embeddings",
    "evaluation",
    "report",
    "loading",
    "corpora",
    "cli",
]
# The front of the library: these two import everything.
FRONT = {"ngramlm", "ngramlm.__main__"}
# Models save and load themselves: these rooms import upwards, inside functions and for annotations only.
LAZY_FORWARDS = {("models", "formats")}
# Rooms whose functions may import at any time, because the program must start fast.
FREE_INSIDE_FUNCTIONS = {"cli"}
# Slow to import: only inside the functions that use them.
LAZY_PACKAGES = {"scipy", "matplotlib"}


@dataclass(frozen=True)
class Import:
    """One import of a module of the library by another."""

    importer: str
    imported: str
    line: int
    inside_function: bool = False
    for_annotations: bool = False

    @property
    def arrow(self) -> str:
        return f"{self.importer} -> {self.imported}"

    @property
    def rooms(self) -> tuple[str, str]:
        return room_of(self.importer), room_of(self.imported)


def sources(*suffixes: str) -> dict[Path, str]:
    """The files of the library with the dotted names that they are installed under."""
    found = {}
    for folder in ("ngramlm", "cli", "corpora"):
        for path in sorted(ROOT.joinpath(folder).rglob("*")):
            if path.suffix in suffixes:
                parts = [*path.relative_to(ROOT).with_suffix("").parts]
                if parts[-1] == "__init__":
                    parts.pop()
                found[path] = ".".join(parts if folder == "ngramlm" else ["ngramlm", *parts])
    return found


PYTHON = sources(".py")
KERNELS = sources(".pyx", ".pxd")
MODULES = {*PYTHON.values(), *KERNELS.values()}


def room_of(module: str) -> str:
    return module.split(".")[1]


def module_of(name: str) -> str | None:
    """The module that a dotted name stands in."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


def imported_names(path: Path) -> Iterator[tuple[str, int, bool, bool]]:
    """Absolute names, with line, whether inside a function, and whether for annotations only."""

    def visit(node: ast.AST, inside: bool, annotations: bool) -> Iterator[tuple[str, int, bool, bool]]:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno, inside, annotations) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import; expected an absolute one"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno, inside, annotations
                # `from package import module` runs the package too
                if f"{node.module}.{alias.name}" in MODULES and node.module != "ngramlm":
                    yield f"{node.module}.", node.lineno, inside, annotations
        inside |= isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            annotations = True
        for child in ast.iter_child_nodes(node):
            yield from visit(child, inside, annotations)

    yield from visit(ast.parse(path.read_text("utf-8")), False, False)


def imports_of(path: Path) -> Iterator[Import]:
    """Imports of modules of the library, those by `cimport` included."""
    if path in PYTHON:
        own = PYTHON[path]
        for name, line, inside, annotations in imported_names(path):
            module = module_of(name)
            if module not in (None, own, "ngramlm"):
                yield Import(own, module, line, inside, annotations)
    else:
        own = KERNELS[path]
        for line, text in enumerate(path.read_text("utf-8").splitlines(), 1):
            found = re.match(
                r"\s*(?:from\s+(ngramlm[\w.]*)\s+c?import\s+(\w*)|c?import\s+(ngramlm[\w.]*))", text
            )
            if found:
                module = module_of(found[3] or f"{found[1]}.{found[2]}")
                if module not in (None, own):
                    yield Import(own, module, line)


IMPORTS = [found for path in (PYTHON | KERNELS) for found in imports_of(path)]
KEPT = [found for found in IMPORTS if found.importer not in FRONT]


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Some circle of a graph; empty when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_every_room_has_a_floor() -> None:
    assert not {room_of(module) for module in MODULES - FRONT} - {*FLOORS}, "add the room to FLOORS"


def test_rooms_import_only_from_rooms_below() -> None:
    wrong = []
    for found in KEPT:
        own, other = found.rooms
        upwards = (own, other) in LAZY_FORWARDS and (found.inside_function or found.for_annotations)
        if own != other and FLOORS.index(other) > FLOORS.index(own) and not upwards:
            wrong.append(f"{found.arrow} (line {found.line})")

    assert not wrong


def test_imports_inside_functions_are_the_stated_ones() -> None:
    """Imports of the library, that is; slow packages of others are imported where they are used."""
    wrong = [
        f"{found.arrow} (line {found.line})"
        for found in KEPT
        if found.inside_function
        and found.rooms not in LAZY_FORWARDS
        and found.rooms[0] not in FREE_INSIDE_FUNCTIONS
    ]

    assert not wrong


def test_no_file_imports_itself_by_way_of_others() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for found in KEPT:
        if not (found.inside_function or found.for_annotations):
            graph[found.importer].add(found.imported)

    assert not circle(graph)


def test_no_two_modules_have_the_same_basename() -> None:
    """A command may be called like the module that it calls."""
    names: dict[str, list[str]] = defaultdict(list)
    for path, module in (PYTHON | KERNELS).items():
        declares = path.suffix == ".pxd" and path.with_suffix(".pyx") in KERNELS
        if not (path.stem.startswith("__") or declares or room_of(module) == "cli"):
            names[path.stem].append(module)

    assert not {name: found for name, found in names.items() if len(found) > 1}


def test_the_front_is_imported_by_nobody() -> None:
    """A module names the module that it needs; importing the front would load everything."""
    wrong = [
        f"{module} (line {line})"
        for path, module in PYTHON.items()
        if module not in FRONT
        for name, line, _, annotations in imported_names(path)
        if name.startswith("ngramlm") and module_of(name) == "ngramlm"
        if not annotations and name != "ngramlm.__version__"
    ]

    assert not wrong


def test_slow_packages_are_imported_only_where_used() -> None:
    wrong = [
        f"{module} (line {line})"
        for path, module in PYTHON.items()
        for name, line, inside, annotations in imported_names(path)
        if name.split(".")[0] in LAZY_PACKAGES and not (inside or annotations)
    ]

    assert not wrong


def test_kernels_import_only_kernels_of_ours() -> None:
    """Compiled code takes and returns arrays; it must not know the classes above it."""
    kernels = {*KERNELS.values()}

    assert not [
        found.arrow for found in IMPORTS if found.importer in kernels and found.imported not in kernels
    ]


def test_kernels_do_not_compile_against_numpy() -> None:
    """Memoryviews instead, so that one build serves every numpy."""
    pattern = re.compile(r"^\s*(cimport numpy|from numpy cimport)", re.M)

    assert not [module for path, module in KERNELS.items() if pattern.search(path.read_text("utf-8"))]


def test_nobody_prints_but_the_command_line() -> None:
    for path, module in PYTHON.items():
        if module.startswith("ngramlm.cli") or path.name == "__main__.py":
            continue
        calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        printing = [
            call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"
        ]
        assert not printing, f"{path}: print in line {printing}"
