"""Lazy names: the stub of a package names what the package has, and nothing is imported before its first use."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from ngramlm.core.lazy import lazy_names

ROOT = Path(__file__).resolve().parents[2]
STUBS = sorted(ROOT.joinpath("ngramlm").rglob("__init__.pyi"))
PACKAGES = [".".join(path.parent.relative_to(ROOT).parts) for path in STUBS]


@pytest.mark.parametrize("stub", STUBS, ids=lambda path: path.parent.name)
def test_every_line_of_a_stub_is_a_name(stub: Path) -> None:
    """What the type checker sees is what the package has."""
    for line in filter(None, stub.read_text("utf-8").splitlines()):
        assert re.fullmatch(r"from ngramlm\.[\w.]+ import (\w+) as \1|__version__: str", line), line


@pytest.mark.parametrize("name", PACKAGES)
def test_names_exist_and_are_told(name: str) -> None:
    package = import_module(name)

    assert package.__all__ == sorted(set(package.__all__)) == dir(package)
    for public in package.__all__:
        assert getattr(package, public) is getattr(package, public)
    with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'unheard_of'"):
        package.unheard_of  # noqa: B018


@pytest.mark.parametrize("stub", STUBS, ids=lambda path: path.parent.name)
def test_no_name_is_hidden_by_a_module(stub: Path) -> None:
    """The import of a module sets an attribute of its package, which would come before a lazy name."""
    modules = {path.stem for path in stub.parent.iterdir()}
    names = import_module(".".join(stub.parent.relative_to(ROOT).parts)).__all__

    assert not modules & set(names)


def test_importing_the_front_imports_no_numpy() -> None:
    code = "import sys, ngramlm, ngramlm.evaluation, ngramlm.embeddings, ngramlm.report; print('numpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_a_stub_that_is_missing_or_says_something_else(tmp_path: Path) -> None:
    """Packagers that leave stubs out are told what is missing."""
    namespace = {"__name__": "some.package", "__file__": str(tmp_path / "__init__.py")}
    with pytest.raises(ImportError, match=r"found no .*__init__\.pyi; expected the stub .* some\.package"):
        lazy_names(namespace)
    for line in ("from ngramlm.counts import count as other", "from ngramlm.counts import count"):
        (tmp_path / "__init__.pyi").write_text(line + "\n")
        with pytest.raises(ImportError, match="expected from MODULE import NAME as NAME"):
            lazy_names(namespace)
