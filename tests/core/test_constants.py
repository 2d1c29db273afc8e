"""The numbers that kernels and Python share are defined once in each, and agree."""

from __future__ import annotations

import re
from pathlib import Path

import ngramlm
from ngramlm.embeddings._vectors import PADDING as VECTOR_PADDING
from ngramlm.formats._arpa import PADDING as ARPA_PADDING
from ngramlm.text._text import CONSTANTS, PADDING
from ngramlm.text.vocabulary import BOS, EOS, RESERVED, UNK
from ngramlm.trie.levels import MAX_ORDER

PACKAGE = Path(ngramlm.__file__).parent
DEFINITIONS = PACKAGE / "core" / "_constants.pxd"


def test_kernels_and_python_agree() -> None:
    assert CONSTANTS == {
        "UNK": UNK,
        "BOS": BOS,
        "EOS": EOS,
        "FIRST_WORD": len(RESERVED),
        "MAX_ORDER": MAX_ORDER,
    }


def test_every_shared_constant_is_compared() -> None:
    assert set(re.findall(r"^    (\w+) =", DEFINITIONS.read_text(), re.MULTILINE)) == set(CONSTANTS)


def test_no_kernel_defines_a_shared_constant_of_its_own() -> None:
    """Under its name, or under a name that kernels had for it once."""
    names = re.compile(
        rf"^\s*(?:{'|'.join(CONSTANTS)}|LEVELS|MOST_WORDS|MOST_ORDERS?)\s*=\s*\d", re.MULTILINE
    )
    kernels = {path for suffix in ("pyx", "pxd", "h") for path in PACKAGE.rglob(f"*.{suffix}")}
    assert DEFINITIONS in kernels
    assert [path.name for path in sorted(kernels - {DEFINITIONS}) if names.search(path.read_text())] == []


def test_no_module_defines_a_shared_constant_of_its_own() -> None:
    names = re.compile(r"^(?:UNK|BOS|EOS|MAX_ORDER|UNK, BOS, EOS) = [\d(]", re.MULTILINE)
    owners = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if names.search(path.read_text())
    ]
    assert sorted(owners) == ["text/vocabulary.py", "trie/levels.py"]


def test_the_reader_of_lines_leaves_the_room_that_kernels_need() -> None:
    assert PADDING == ARPA_PADDING == VECTOR_PADDING
