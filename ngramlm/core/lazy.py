"""Lazy names of a package: each is imported at its first use, so that importing the package is fast.

The names stand once, in the stub ``__init__.pyi`` beside ``__init__.py``. Type checkers read the stub, and so does this
module. A line ``from ngramlm.counts import count as count`` makes ``count`` a name of the package.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = (
    False  # type checkers know this name; importing it from typing would take longer than the rest
)
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["lazy_names"]


def lazy_names(namespace: dict[str, Any]) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of the package with these globals."""
    package = namespace["__name__"]
    homes: dict[str, str] = {}
    own = []  # names that the package defines itself, such as __version__
    with open(namespace["__file__"].removesuffix("c") + "i", encoding="utf-8") as stub:
        for line in stub:
            match line.split():
                case ["from", module, "import", name, "as", _]:
                    homes[name] = module
                case [name, _] if name.endswith(":"):
                    own.append(name.removesuffix(":"))
    names = sorted([*homes, *own])

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = namespace[name] = getattr(import_module(homes[name]), name)
        return value

    return get, lambda: list(names), names
