"""Lazy names of a package: each name is imported at its first use, which keeps the import of the package fast.

The stub ``__init__.pyi`` beside ``__init__.py`` lists the names. Both type checkers and this module read the stub. A
line ``from ngramlm.counts import count as count`` makes ``count`` a name of the package.
"""

from __future__ import annotations

from importlib import import_module

# Type checkers know this name. Importing it from typing would take longer than the rest of the module.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["lazy_names"]


def lazy_names(namespace: dict[str, Any]) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of a package.

    Parameters
    ----------
    namespace : dict[str, Any]
        The globals of the package's ``__init__.py``.

    Returns
    -------
    tuple
        The two functions and the list of names.
    """
    package = namespace["__name__"]
    homes: dict[str, str] = {}
    # names that the package defines itself, such as __version__
    own = []
    path = namespace["__file__"].removesuffix("c") + "i"
    try:
        with open(path, encoding="utf-8") as stub:
            lines = stub.readlines()
    except FileNotFoundError:
        raise ImportError(f"found no {path}; expected the stub with the names of {package}") from None
    for line in lines:
        match line.split():
            case ["from", module, "import", name, "as", again] if name == again:
                homes[name] = module
            case [name, _] if name.endswith(":"):
                own.append(name.removesuffix(":"))
            case [_, *_]:
                raise ImportError(f"found {line!r} in {path}; expected from MODULE import NAME as NAME")
    names = sorted([*homes, *own])

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = namespace[name] = getattr(import_module(homes[name]), name)
        return value

    return get, lambda: list(names), names
