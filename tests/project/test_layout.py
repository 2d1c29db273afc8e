"""The layout in CONTRIBUTING.md: every package in the order of the floors, every module with its first line.

After a module has been added, moved or described anew, write the list of modules with

    python tests/project/test_layout.py
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- modules -->\n", "<!-- end of modules -->\n"
# Folders whose modules are listed, after the packages in the order of the overview.
LAST = ("corpora", "cli", "tests/support")


def overview(page: str) -> list[str]:
    """The places of the table under Layout, in their order, without suffix."""
    section = page.partition("\n## Layout\n")[2].partition("\n## ")[0]
    names = re.findall(r"^\| `([\w.]+)/?` \|", section, re.M)
    return [name.partition(".")[0] for name in names]


def floors() -> list[str]:
    """The order that test_floors.py checks."""
    tree = ast.parse(Path(__file__).with_name("test_floors.py").read_text("utf-8"))
    (found,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FLOORS"
    )
    return list(ast.literal_eval(found))


def first_line(path: Path) -> str:
    """The first line of the docstring of a module or kernel, for a cell of a table."""
    found = re.match(r'\s*r?"""(.*?)(?:"""|\n|$)', path.read_text("utf-8"))
    assert found, f"{path} does not begin with a docstring"
    return found[1].strip().replace("|", "\\|")


def modules(folder: Path) -> list[Path]:
    """The modules and kernels of one folder; a kernel before the module of its name."""
    found = [
        path for path in folder.iterdir() if path.suffix in (".py", ".pyx") and path.name != "__init__.py"
    ]
    return sorted(found, key=lambda path: (path.stem.lstrip("_"), path.stem))


def folders(page: str) -> list[Path]:
    """The folders of the list, in their order."""
    packages = [ROOT / "ngramlm" / name for name in overview(page)]
    found = [ROOT / "ngramlm", *(path for path in packages if path.is_dir() and path.name not in LAST)]
    for name in LAST:
        found += [ROOT / name, *sorted(path.parent for path in (ROOT / name).glob("*/**/__init__.py"))]
    return found


def listed(page: str) -> str:
    """The list as it should be."""
    parts = []
    for folder in folders(page):
        rows = "".join(f"| `{path.name}` | {first_line(path)} |\n" for path in modules(folder))
        about = first_line(folder / "__init__.py")
        parts.append(f"\n### `{folder.relative_to(ROOT).as_posix()}/`\n\n{about}\n")
        parts.append(f"\n| module | first line |\n|---|---|\n{rows}" if rows else "")
    return "".join(parts) + "\n"


def renewed(page: str) -> str:
    """The page with the list as it should be."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + listed(page) + END + rest.split(END)[1]


def test_the_overview_has_the_order_of_the_floors() -> None:
    assert floors() == overview(PAGE.read_text("utf-8"))


def test_every_package_is_in_the_overview() -> None:
    packages = {path.parent.name for path in (ROOT / "ngramlm").glob("*/__init__.py")} - {*LAST}

    assert not packages - set(overview(PAGE.read_text("utf-8")))
    for name in overview(PAGE.read_text("utf-8")):
        places = [ROOT / name, *(ROOT / "ngramlm").glob(f"{name}*")]
        assert any(path.exists() for path in places), name


def test_every_module_is_listed_with_its_first_line() -> None:
    page = PAGE.read_text("utf-8")
    actual = page.split(BEGIN)[1].split(END)[0].splitlines()
    expected = listed(page).splitlines()

    assert [line for line in expected if line not in actual] == [], "run python tests/project/test_layout.py"
    assert expected == actual, "run python tests/project/test_layout.py"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), encoding="utf-8")
