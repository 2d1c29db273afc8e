"""Lazy names of a package: each is imported at its first use, so that importing the package is fast.

The names stand once, in the stub ``__init__.pyi`` beside ``__init__.py``. Type checkers read the stub, and so does this
module. A line ``from ngramlm.counts import count as count`` makes ``count`` a name of the package.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["lazy_names"]

_LAZY = re.compile(r"^from (\S+) import (\w+) as \2$", re.MULTILINE)
_OWN = re.compile(r"^(\w+): ", re.MULTILINE)  # names that the package defines itself


def lazy_names(namespace: dict[str, Any]) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of the package with these globals."""
    stub = Path(namespace["__file__"]).with_suffix(".pyi").read_text("utf-8")
    homes = {name: module for module, name in _LAZY.findall(stub)}
    package = namespace["__name__"]
    names = sorted([*homes, *_OWN.findall(stub)])

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = namespace[name] = getattr(import_module(homes[name]), name)
        return value

    return get, lambda: list(names), names
