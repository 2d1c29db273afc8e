"""English text of every Python installation: the language reference and the docstrings of the standard library."""

from __future__ import annotations

import ast
import importlib
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from ngramlm.corpora.english import sentences

__all__ = ["python_documents"]

# folders that some installations lack, that belong to other packages, or that hold no English
SKIPPED = {
    "__pycache__",
    "distutils",
    "encodings",
    "ensurepip",
    "idlelib",
    "lib-dynload",
    "lib2to3",
    "pydoc_data",
    "site-packages",
    "dist-packages",
    "test",
    "tests",
    "tkinter",
    "turtledemo",
}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def python_documents() -> list[list[str]]:
    """Return the sentences of each document, each sentence once. The result depends on the version of Python only.

    A document is a topic of the language reference, or the docstrings of a module.
    """
    seen: set[str] = set()
    result = []
    for texts in [*_topics(), *_modules()]:
        fresh = dict.fromkeys(
            sentence for text in texts for sentence in sentences(text) if sentence not in seen
        )
        seen.update(fresh)
        if fresh:
            result.append(list(fresh))
    return result


def _topics() -> Iterator[list[str]]:
    """Yield the text of each topic of the language reference."""
    topics = importlib.import_module("pydoc_data.topics").topics
    return ([topics[name]] for name in sorted(topics))


def _modules() -> Iterator[list[str]]:
    """Yield the docstrings of each module. They are read from its source file, without an import."""
    library = Path(sysconfig.get_path("stdlib"))
    names = sorted(path.relative_to(library).as_posix() for path in library.rglob("*.py"))
    for name in names:
        parts = name.split("/")
        if SKIPPED.isdisjoint(parts) and not parts[0].startswith(("config-", "_sysconfigdata")):
            tree = ast.parse(library.joinpath(name).read_bytes())
            nodes = (node for node in ast.walk(tree) if isinstance(node, DOCUMENTED))
            yield [text for node in nodes if (text := ast.get_docstring(node))]
