"""Mutants: change one sign, constant, bound, logarithm or check of the source, and see whether a test fails.

``python -m torture.mutants --help`` tells how to run it. First, ``--record`` runs all tests once, and writes down which
test runs which line. Then each mutant runs the tests of its line alone.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, NamedTuple

import click

__all__ = ["Mutant", "kernel_mutants", "mutated", "python_mutants"]

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build" / "mutants"
EXPLAINED = Path(__file__).with_name("survivors.txt")
PACKAGES = ("smoothing", "formats", "evaluation")
#: The time that the tests of a mutant may take, in seconds: so many times what they take otherwise, and a little more.
PATIENCE, LEAST_SECONDS, MOST_SECONDS = 5, 30.0, 900.0

NOT_COMPILED = 99

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==", ast.Is: "is not",
    ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "//"), ast.Pow: ("**", "*"), ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<"),
    ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"),
}  # fmt: skip
FUNCTIONS = {
    "log10": "log", "log": "log10", "log2": "log", "log1p": "log", "exp": "exp2", "min": "max", "max": "min",
    "minimum": "maximum", "maximum": "minimum", "floor": "ceil", "ceil": "floor", "any": "all", "all": "any",
    "less": "less_equal", "argmin": "argmax", "argmax": "argmin", "cumsum": "cumprod",
}  # fmt: skip
# Source of kernels is changed by its text: signs between spaces, comparisons, numbers, checks.
KERNEL_CHANGES: tuple[tuple[str, str], ...] = (
    (r" \+ ", " - "), (r" - ", " + "), (r" \* ", " / "), (r" / ", " * "), (r" < ", " <= "), (r" <= ", " < "),
    (r" > ", " >= "), (r" >= ", " > "), (r" == ", " != "), (r" != ", " == "), (r" << ", " >> "), (r" >> ", " << "),
    (r" and ", " or "), (r" or ", " and "), (r"\bif not ", "if "), (r"(?<![\w.:])1(?![\w.])", "2"),
    (r"(?<![\w.])0(?![\w.])", "1"), (r" \+= ", " -= "), (r" -= ", " += "), (r"\braise .*", "pass"),
    (r"\blog10\(", "log("), (r"\blog\(", "log10("),
)  # fmt: skip


class Mutant(NamedTuple):
    """One change of one file.

    Attributes
    ----------
    path : str
        The file, from the root of the project.
    line : int
        The line, from 1.
    start, end : int
        The part of the file's text that is replaced, in characters.
    new : str
        The new text.
    """

    path: str
    line: int
    start: int
    end: int
    new: str

    def key(self, source: str) -> str:
        """A name that survives changes elsewhere in the file: the path, the line's text before and after."""
        before = source.splitlines()[self.line - 1].strip()
        after = mutated(source, self).splitlines()[self.line - 1].strip()
        return f"{self.path}: {before} -> {after}"


def mutated(source: str, mutant: Mutant) -> str:
    """Make the change in the text of a file.

    Examples
    --------
    >>> mutated("a + b", Mutant("x.py", 1, 2, 3, "-"))
    'a - b'
    """
    return source[: mutant.start] + mutant.new + source[mutant.end :]


# --------------------------------------------------------------------------------------------------------------- making


def python_mutants(path: str, source: str) -> list[Mutant]:
    """List all mutants of a Python file, in the order of their places.

    Examples
    --------
    >>> [mutant.new for mutant in python_mutants("x.py", "y = a < 2 * b")]
    ['<=', '3', '/']
    """
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    lines = source.splitlines(keepends=True)

    def at(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    found: list[Mutant] = []

    def replace(node: Any, start: int, end: int, new: str) -> None:
        found.append(Mutant(path, source.count("\n", 0, start) + 1, start, end, new))

    def between(left: Any, right: Any, old: str, new: str, node: Any) -> None:
        first, last = at(left.end_lineno, left.end_col_offset), at(right.lineno, right.col_offset)
        place = source.find(old, first, last)
        if place >= 0:
            replace(node, place, place + len(old), new)

    for node in _living(ast.parse(source)):
        if isinstance(node, ast.Compare):
            left = node.left
            for operator, right in zip(node.ops, node.comparators, strict=True):
                old = {"!=": "==", "==": "!="}.get(COMPARISONS[type(operator)]) or _symbol(operator)
                between(left, right, old, COMPARISONS[type(operator)], node)
                left = right
        elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            between(node.left, node.right, *OPERATORS[type(node.op)], node)
        elif isinstance(node, ast.AugAssign) and type(node.op) in OPERATORS:
            old, new = OPERATORS[type(node.op)]
            between(node.target, node.value, old + "=", new + "=", node)
        elif isinstance(node, ast.BoolOp):
            old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            between(node.values[0], node.values[1], f" {old} ", f" {new} ", node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            start = at(node.lineno, node.col_offset)
            replace(node, start, start + len("not" if isinstance(node.op, ast.Not) else "-"), "")
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            new = repr(node.value + 1 if isinstance(node.value, int) else node.value * 2 + (node.value == 0))
            replace(
                node,
                at(node.lineno, node.col_offset),
                at(node.end_lineno or 0, node.end_col_offset or 0),
                new,
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            start = at(node.lineno, node.col_offset)
            replace(node, start, start + len(str(node.value)), str(not node.value))
        elif isinstance(node, ast.Call):
            name = node.func
            end = at(name.end_lineno or 0, name.end_col_offset or 0)
            word = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
            if word in FUNCTIONS and not (
                isinstance(name, ast.Name) and FUNCTIONS[word] not in dir(builtins)
            ):
                replace(node, end - len(word), end, FUNCTIONS[word])
        elif isinstance(node, ast.Raise) and node.exc is not None:
            start, end = at(node.lineno, node.col_offset), at(node.end_lineno or 0, node.end_col_offset or 0)
            replace(node, start, end, "pass" + "\n" * source.count("\n", start, end))
    return sorted(set(found), key=lambda mutant: (mutant.start, mutant.end, mutant.new))


def _symbol(operator: ast.cmpop) -> str:
    return {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is",
            ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in"}[type(operator)]  # fmt: skip


def _living(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk over the parts of a file that run: no annotations, no texts of messages, no imports for types."""
    if isinstance(tree, ast.If) and isinstance(tree.test, ast.Name) and tree.test.id == "TYPE_CHECKING":
        return
    yield tree
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list") or isinstance(tree, ast.JoinedStr):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _living(child)


def kernel_mutants(path: str, source: str) -> list[Mutant]:
    """List all mutants of a kernel, in the order of their places. Docstrings, comments and declarations stay.

    Examples
    --------
    >>> [mutant.new for mutant in kernel_mutants("x.pyx", "    n = a + 1  # a - b")]
    [' - ', '2']
    """
    found = []
    at, text = 0, False
    for number, line in enumerate(source.splitlines(keepends=True), 1):
        begins_text = line.count('"""') % 2 == 1
        code = re.sub(r"#.*|\"[^\"]*\"|'[^']*'", lambda match: " " * len(match[0]), line)
        is_code = line.startswith(" ") and not text and not begins_text and '"""' not in line
        if is_code and not re.match(r"\s*(cdef (?!.*=)|cpdef |def |@|from |import |cimport )", line):
            for old, new in KERNEL_CHANGES:
                found += [
                    Mutant(path, number, at + match.start(), at + match.end(), new)
                    for match in re.finditer(old, code.rstrip("\n"))
                ]
        text ^= begins_text
        at += len(line)
    return sorted(found, key=lambda mutant: (mutant.start, mutant.new))


# -------------------------------------------------------------------------------------------------------------- running


def record() -> None:
    """Run all tests once, and write down the tests of every line and their durations."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    (WORK / "coverage.ini").write_text(
        f"[run]\nsource = ngramlm\ncore = ctrace\nparallel = true\npatch = subprocess\n"
        f"dynamic_context = test_function\ndata_file = {WORK}/data\n"
    )
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run(
        [
            *coverage, "run", f"--rcfile={WORK}/coverage.ini", "-m", "pytest", "-q", "-n", str(os.cpu_count()),
            "--dist", "loadscope", f"--junitxml={WORK}/times.xml", "--ignore=tests/project", "--ignore=tests/torture",
            "tests",
        ],
        cwd=ROOT, check=True,
    )  # fmt: skip
    subprocess.run([*coverage, "combine", "-q", f"--rcfile={WORK}/coverage.ini"], cwd=ROOT, check=True)
    subprocess.run(
        [
            *coverage, "json", "-q", "-i", f"--rcfile={WORK}/coverage.ini", "--show-contexts", "-o",
            f"{WORK}/contexts.json",
        ],
        cwd=ROOT, check=True,
    )  # fmt: skip
    times: dict[str, float] = defaultdict(float)
    for case in ElementTree.parse(WORK / "times.xml").iter("testcase"):
        times[f"{case.get('classname')}.{str(case.get('name')).partition('[')[0]}"] += float(
            case.get("time") or 0
        )
    lines: dict[str, dict[str, list[str]]] = {}
    for path, file in json.loads((WORK / "contexts.json").read_text())["files"].items():
        found = {line: [name for name in names if name] for line, names in file["contexts"].items()}
        lines[str(Path(path))] = {line: names for line, names in found.items() if names}
    (WORK / "record.json").write_text(
        json.dumps({"times": times, "lines": lines, "sources": sources_digest()})
    )


def sources_digest() -> str:
    """A digest of all sources, so that a record of other lines is noticed."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "ngramlm").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class Record(NamedTuple):
    """The tests of every line, and how long each takes."""

    times: Mapping[str, float]
    lines: Mapping[str, Mapping[str, Sequence[str]]]
    sources: str

    @classmethod
    def read(cls) -> Record:
        """Read what `record` wrote."""
        try:
            found = cls(**json.loads((WORK / "record.json").read_text()))
        except FileNotFoundError:
            raise click.UsageError("found no record of the tests; run --record first.") from None
        if found.sources != sources_digest():
            raise click.UsageError("found a record of other sources; run --record again.")
        return found

    def tests(self, mutant: Mutant) -> list[str]:
        """The tests that run the line of a mutant, the fastest first; those of the file for a line of its import."""
        lines = self.lines.get(mutant.path) or self.lines.get("ngramlm/" + mutant.path, {})
        names = set(lines.get(str(mutant.line), ())) or {name for found in lines.values() for name in found}
        return sorted(names, key=lambda name: (self.times.get(name, 1.0), name))

    def seconds(self, tests: Sequence[str]) -> float:
        """How long tests take without a mutant."""
        return sum(self.times.get(name, 1.0) for name in tests)


class Worker:
    """A copy of the package for one mutant at a time."""

    def __init__(self, number: int) -> None:
        self.folder = WORK / f"worker-{number}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        names = shutil.ignore_patterns("__pycache__", "*.c", "*.html")
        shutil.copytree(ROOT / "ngramlm", self.folder / "ngramlm", ignore=names)
        for name in ("cli", "corpora"):
            shutil.copytree(ROOT / name, self.folder / "ngramlm" / name, ignore=names, dirs_exist_ok=True)

    def start(self, mutant: Mutant, tests: Sequence[str], seconds: float) -> Any:
        """Run the tests of a mutant in a child process."""
        source = (ROOT / mutant.path).read_text()
        (self.folder / mutant.path).write_text(mutated(source, mutant))
        child = multiprocessing.get_context("fork").Process(
            target=self._run, args=(mutant, list(tests), seconds)
        )
        child.start()
        return child

    def restore(self, mutant: Mutant) -> None:
        """Undo the change."""
        shutil.copy(ROOT / mutant.path, self.folder / mutant.path)
        if mutant.path.endswith(".pyx"):
            for library in (ROOT / mutant.path).parent.glob(Path(mutant.path).stem + ".*.so"):
                shutil.copy(library, (self.folder / mutant.path).parent / library.name)

    def _run(self, mutant: Mutant, tests: list[str], seconds: float) -> None:
        os.setpgid(0, 0)
        out = os.open(self.folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.environ["PYTHONPATH"] = str(self.folder)
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
        sys.path.insert(0, str(self.folder))
        if mutant.path.endswith(".pyx") and not _compiles(self.folder, mutant.path):
            os._exit(NOT_COMPILED)
        signal.alarm(int(seconds))
        os.chdir(ROOT)
        import pytest

        arguments = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--tb=line"]
        os._exit(int(pytest.main([*arguments, *tests])))


def _compiles(folder: Path, path: str) -> bool:
    """Compile a kernel of a worker in place; whether it could be compiled."""
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    name = ".".join(Path(path).with_suffix("").parts)
    only = f"sources = {{name: path for name, path in sources.items() if name == {name!r}}}\n\nsetup("
    setup = (folder / "setup.py").read_text().replace("\nsetup(", "\n" + only, 1)
    (folder / "setup.py").write_text(setup.replace('"-O3"', '"-O1"'))
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace", "--force"]
    return subprocess.run(command, cwd=folder, check=False).returncode == 0


def run(mutants: Sequence[Mutant], jobs: int) -> Iterator[tuple[Mutant, str]]:
    """Run the tests of each mutant, and yield whether it was ``killed`` or ``survived``, or did not compile."""
    found = Record.read()
    _warm_up()
    free, running = [Worker(k) for k in range(jobs)], dict[int, tuple[Mutant, Worker, Any, float]]()
    waiting = list(reversed(mutants))
    while waiting or running:
        while waiting and free:
            mutant, worker = waiting.pop(), free.pop()
            kernel = mutant.path.endswith(".pyx")
            tests = _tests_of_kernel(mutant) if kernel else [_node(name) for name in found.tests(mutant)]
            seconds = MOST_SECONDS if kernel else found.seconds(found.tests(mutant)) * PATIENCE
            seconds = min(MOST_SECONDS, max(LEAST_SECONDS, seconds))
            if not tests:
                free.append(worker)
                yield mutant, "survived"
                continue
            child = worker.start(mutant, tests, seconds)
            running[child.sentinel] = (mutant, worker, child, time.monotonic() + seconds + 60)
        wait(list(running), timeout=5)
        for sentinel, (mutant, worker, child, stop) in list(running.items()):
            if child.is_alive() and time.monotonic() < stop:
                continue
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.join()
            del running[sentinel]
            worker.restore(mutant)
            free.append(worker)
            yield mutant, _verdict(child.exitcode)


def _verdict(code: int) -> str:
    """What the exit code of a child says. pytest's own failures are no failures of tests."""
    if code == 1 or code < 0:
        return "killed"
    return {0: "survived", NOT_COMPILED: "does not compile", 5: "survived"}.get(
        code, f"pytest failed ({code})"
    )


def _warm_up() -> None:
    """Import what every child needs, but not the package."""
    import hypothesis
    import numpy
    import pytest
    import scipy.optimize
    import scipy.sparse

    del hypothesis, numpy, pytest, scipy
    assert not any(name.split(".")[0] == "ngramlm" for name in sys.modules), (
        "the package must not be imported yet"
    )


def _node(name: str) -> str:
    """The argument of pytest for the name of a test: ``tests.smoothing.test_katz.test_x`` as a path and a name."""
    module, _, function = name.rpartition(".")
    while not (ROOT / (module.replace(".", "/") + ".py")).exists() and "." in module:
        module, _, outer = module.rpartition(".")
        function = f"{outer}::{function}"
    return f"{module.replace('.', '/')}.py::{function}"


def _tests_of_kernel(mutant: Mutant) -> list[str]:
    """The tests of a kernel: those of its package first, then the others that end soon."""
    package = Path(mutant.path).parent.name
    own = f"tests/{package}" if (ROOT / "tests" / package).is_dir() else "tests/test_counts.py"
    others = [
        f"tests/{name}"
        for name in ("models", "formats", "smoothing", "trie", "text", "embeddings", "adaptive")
    ]
    return [own, *(other for other in others if other != own)]


# ------------------------------------------------------------------------------------------------------------- choosing


def sample(packages: Sequence[str], kernels: bool, size: int, seed: int) -> list[Mutant]:
    """Draw mutants over all files of packages, each with the same chance."""
    found = []
    for package in packages:
        for path in sorted((ROOT / "ngramlm" / package).glob("*.pyx" if kernels else "*.py")):
            name = str(path.relative_to(ROOT))
            found += (kernel_mutants if kernels else python_mutants)(name, path.read_text())
    return random.Random(seed).sample(found, min(size, len(found)))


def explained() -> dict[str, str]:
    """The mutants that change nothing that a test could see, each with the reason."""
    found, reason = {}, ""
    for line in EXPLAINED.read_text().splitlines() if EXPLAINED.exists() else []:
        if line.startswith("# "):
            reason = line[2:]
        elif line.strip():
            found[line.strip()] = reason
    return found


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("packages", nargs=-1, metavar="[PACKAGE]...")
@click.option(
    "--record", "records", is_flag=True, help="Run all tests once, and note the tests of every line."
)
@click.option("--kernels", is_flag=True, help="Change kernels instead of Python. Each mutant is compiled.")
@click.option("--sample", "size", default=400, show_default=True, help="Number of mutants.")
@click.option("--seed", default=1, show_default=True, help="Seed of the sample.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Mutants at once.")
def main(packages: tuple[str, ...], records: bool, kernels: bool, size: int, seed: int, jobs: int) -> None:
    """Change the source in one place at a time, and list the changes that no test notices.

    PACKAGE is a folder of the package.  [default: smoothing formats evaluation]

    \b
    Example:
      python -m torture.mutants --record
      python -m torture.mutants smoothing --sample 100 --seed 2
    """
    if records:
        record()
        return
    chosen = sample(packages or PACKAGES, kernels, size, seed)
    reasons, counts, survivors = explained(), defaultdict[str, int](int), []
    for k, (mutant, verdict) in enumerate(run(chosen, jobs), 1):
        key = mutant.key((ROOT / mutant.path).read_text())
        if verdict == "survived":
            verdict = "explained" if key in reasons else verdict
            survivors.append((verdict, f"{mutant.path}:{mutant.line}", key))
        counts[verdict] += 1
        click.echo(f"{k:4}/{len(chosen)} {verdict:10} {key}")
    tried = counts["killed"] + counts["survived"]
    click.echo(f"\n{dict(counts)}: {counts['killed'] / max(1, tried):.1%} of {tried} killed")
    for verdict, place, key in survivors:
        click.echo(f"{verdict}: {place}: {key}")
    sys.exit(any(verdict == "survived" for verdict, *_ in survivors))


if __name__ == "__main__":
    main()
