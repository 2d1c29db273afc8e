"""Neighbors from word classes: the definition, and a bound for time and memory."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngramlm.adaptive import Neighbors, class_neighbors
from ngramlm.errors import FormatError, UsageError
from ngramlm.text import lines

WORDS = st.sampled_from(["a", "b", "c", "d", "<unk>", "ice\u00a0cream"])
CLASSES = st.dictionaries(st.sampled_from(["x", "y", "z"]), st.lists(WORDS), min_size=1)


def neighbors_by_definition(
    classes: Mapping[str, list[str]], share: float, frequencies: Mapping[str, float]
) -> dict[str, dict[str, float]]:
    """For each word its neighbors, one pair after the other."""
    found: dict[str, dict[str, float]] = {}
    for words in classes.values():
        for word in set(words):
            own = found.setdefault(word, {})
            for other in set(words) - {word}:
                own[other] = own.get(other, 0.0) + (frequencies.get(other, 0.0) if frequencies else 1.0)
    for word, own in found.items():
        total = sum(value for value in own.values() if value > 0)
        shares = {other: share * value / total for other, value in own.items() if value > 0 and share}
        found[word] = {word: 1.0 - share if total else 1.0} | shares
    return found


@given(
    CLASSES, st.sampled_from([0.0, 0.25, 1.0]), st.dictionaries(WORDS, st.sampled_from([-1.0, 0.0, 0.5, 3.0]))
)
def test_every_word_of_a_class_is_a_neighbor_of_every_other(
    classes: dict[str, list[str]], share: float, frequencies: dict[str, float]
) -> None:
    expected = neighbors_by_definition(classes, share, frequencies)
    found = Neighbors.from_classes(classes, share, frequencies)

    for word in expected:
        if word != "<unk>":
            assert found.of(word) == pytest.approx(expected[word], rel=1e-12)


def test_the_memory_of_a_class_is_that_of_its_pairs() -> None:
    """Dictionaries of dictionaries took 100 bytes for each pair, and two million calls."""
    n = 1500
    tracemalloc.start()
    found = Neighbors.from_classes({"x": [f"w{number}" for number in range(n)]})
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert n * n + 3 == len(found.words)
    assert most < 50 * n * n


def test_a_class_that_is_too_large_is_refused_before_any_work(tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    path.write_text("".join(f"w{number} x\n" for number in range(100)))

    with mock.patch.object(class_neighbors, "MAX_PAIRS", 9_999):
        with pytest.raises(
            UsageError, match="found classes with 10000 pairs of words, the largest of 100 words"
        ):
            Neighbors.from_classes({"x": [f"w{number}" for number in range(100)]})
        with pytest.raises(
            FormatError, match=r"classes.txt: found classes with 10000 pairs.*divide large classes"
        ):
            Neighbors.read_classes(path)
    with mock.patch.object(class_neighbors, "MAX_PAIRS", 10_000):
        assert 10_003 == len(Neighbors.read_classes(path).words)


def test_a_class_file_is_split_at_spaces_and_tabs_only(tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    path.write_text("ice\u00a0cream\tfood\nbread food\n")

    assert {"ice\u00a0cream", "bread"} == set(Neighbors.read_classes(path).of("bread"))


def test_a_compressed_class_file_is_read_line_by_line(tmp_path: Path) -> None:
    """A word on ten million lines is one word; a line without end is refused at the limit of all lines."""
    path = tmp_path / "classes.txt.gz"
    path.write_bytes(gzip.compress(b"word class\n" * 300_000))
    tracemalloc.start()
    found = Neighbors.read_classes(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert {"word": 1.0} == found.of("word")
    assert np.array_equal([1.0] * 4, found.shares)
    # the blocks of the reader, and the lines of one block
    assert most < 16 << 20

    path.write_bytes(gzip.compress(bytes(1 << 24)))
    with (
        mock.patch.object(lines, "MAX_LINE_BYTES", 1 << 21),
        pytest.raises(FormatError, match="gz:1: found a line of"),
    ):
        Neighbors.read_classes(path)
