"""What is shipped, how it is called, and what importing it costs."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ngramlm

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))
KERNELS = sorted(ROOT.joinpath("ngramlm").rglob("*.pyx"))


def run(*arguments: str, cwd: Path) -> str:
    """What a Python of our own prints, away from the source tree."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, timeout=120).stdout


def test_one_version() -> None:
    version = PROJECT["project"]["version"]

    assert version == ngramlm.__version__
    assert version == importlib.metadata.version("ngramlm")
    assert re.search(
        rf"^## \[?{re.escape(version)}\b", ROOT.joinpath("CHANGELOG.md").read_text("utf-8"), re.M
    )


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda path: path.name)
def test_every_kernel_has_a_stub_and_is_built(kernel: Path) -> None:
    name = ".".join(kernel.relative_to(ROOT).with_suffix("").parts)

    assert kernel.with_suffix(".pyi").is_file(), f"{kernel.name} has no .pyi"
    assert importlib.util.find_spec(name) is not None, f"{name} is not built"


def test_a_misspelt_kernel_is_an_error(tmp_path: Path) -> None:
    """Flags for a kernel that does not exist, because it was renamed for example."""
    pytest.importorskip("Cython")
    pytest.importorskip("setuptools")
    setup = ROOT.joinpath("setup.py").read_text("utf-8")
    name = '"ngramlm.embeddings._word2vec"'
    assert name in setup
    (tmp_path / "setup.py").write_text(
        setup.replace(name, '"ngramlm.embeddings._word2wec"'), encoding="utf-8"
    )
    command = [sys.executable, "setup.py", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 1
    assert "kernels that do not exist: ngramlm.embeddings._word2wec" in done.stderr


def test_every_stub_belongs_to_a_kernel() -> None:
    stubs = {path.with_suffix("") for path in ROOT.joinpath("ngramlm").rglob("_[!_]*.pyi")}

    assert {path.with_suffix("") for path in KERNELS} == stubs


def test_every_package_is_listed() -> None:
    """A folder that is not in ``packages`` would be missing in the wheel."""
    renamed = PROJECT["tool"]["setuptools"]["package-dir"]
    folders = {folder: name for name, folder in renamed.items()}
    found = set()
    for top in ("ngramlm", "cli", "corpora"):
        for init in ROOT.joinpath(top).rglob("__init__.py"):
            name = init.parent.relative_to(ROOT).as_posix()
            found.add(folders.get(name, name.replace("/", ".")))

    assert found == set(PROJECT["tool"]["setuptools"]["packages"])


def test_the_source_distribution_carries_what_the_build_needs() -> None:
    manifest = ROOT.joinpath("MANIFEST.in").read_text("utf-8")

    for pattern in ("*.pyx", "*.pxd", "*.pyi", "*.h", "py.typed", "cli *.py", "corpora *.py", "tests *.py"):
        assert pattern in manifest
    assert re.search(r"^global-exclude .*\*\.c\b", manifest, re.M)


def test_the_wheel_carries_what_is_read_at_run_time() -> None:
    """Stubs name the public names of packages; the report needs its style and its script."""
    data = PROJECT["tool"]["setuptools"]["package-data"]

    assert "*.pyi" in data["*"]
    assert "py.typed" in data["ngramlm"]
    assert {"*.css", "*.js"} <= set(data["ngramlm.report"])


def test_the_package_is_typed() -> None:
    assert Path(ngramlm.__file__).with_name("py.typed").is_file()


def test_help_answers_at_once(tmp_path: Path) -> None:
    """It loads no command, nor numpy and scipy."""
    code = (
        "import sys; from click.testing import CliRunner; from ngramlm.cli.main import ngramlm;"
        "result = CliRunner().invoke(ngramlm, ['--help']);"
        "print(result.exit_code, sorted({'numpy', 'scipy', 'ngramlm.cli.train'} & set(sys.modules)))"
    )

    assert "0 []" == run("-c", code, cwd=tmp_path).strip()


def test_the_library_does_not_load_scipy(tmp_path: Path) -> None:
    assert "False" == run("-c", "import ngramlm, sys; print('scipy' in sys.modules)", cwd=tmp_path).strip()


def test_module_and_command_are_the_same(tmp_path: Path) -> None:
    assert PROJECT["project"]["version"] in run("-m", "ngramlm", "--version", cwd=tmp_path)
    command = importlib.metadata.entry_points(group="console_scripts", name="ngramlm")
    assert {entry.value for entry in command} == {"ngramlm.cli.main:main"}


def test_public_names_exist() -> None:
    for name in ngramlm.__all__:
        assert getattr(ngramlm, name) is not None


@pytest.mark.skipif(not ROOT.joinpath(".git").exists() or os.name != "posix", reason="needs the git checkout")
def test_generated_files_are_not_tracked() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    generated = {path.relative_to(ROOT).with_suffix(".c").as_posix() for path in KERNELS}

    assert not [name for name in tracked if name.endswith((".so", ".pyc")) or name in generated]


def test_the_hooks_use_the_same_tools_as_make_lint() -> None:
    hooks = ROOT.joinpath(".pre-commit-config.yaml").read_text("utf-8")
    pinned = PROJECT["project"]["optional-dependencies"]["lint"]

    # mypy runs by way of `make types`, which installs what pyproject.toml pins
    assert {*pinned} == {*re.findall(r'"(\w+==[\d.]+)"', hooks)} | {tool for tool in pinned if "mypy" in tool}
    assert "entry: make types" in hooks


def test_make_help_lists_every_target() -> None:
    makefile = ROOT.joinpath("Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: ((?:[^\\\n]|\\\n)*)", makefile, re.M)
    assert phony is not None
    listed = re.findall(r"^## make ([\w-]+)", makefile, re.M)

    assert sorted(phony[1].replace("\\\n", " ").split()) == sorted(listed)
