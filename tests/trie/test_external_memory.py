"""Counting within a limit of memory gives what counting without one gives, to the byte."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.sameness import same_counts
from support.strategies import Corpus, corpora

import ngramlm as lm
from ngramlm import _counts
from ngramlm.core.mapped_workspace import MIN_MEMORY
from ngramlm.errors import CountError, StorageError, TextError, UsageError
from ngramlm.trie import external_memory as external_counting
from ngramlm.trie.trie import NgramTrie

LIMIT = 200 << 20


def source(corpus: Corpus) -> io.BytesIO:
    return io.BytesIO("".join(" ".join(sentence) + "\n" for sentence in corpus).encode())


@pytest.fixture
def regions_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes regions hold so many positions at most, whatever the limit."""

    def set_(largest: int) -> None:
        monkeypatch.setattr(external_counting, "BUFFERS", 1 << 50)
        monkeypatch.setattr(external_counting, "MIN_REGION", largest)
        monkeypatch.setattr(external_counting, "PIECE_ROWS", max(largest, 2))

    return set_


def assert_same(expected: lm.NgramCounts, actual: lm.NgramCounts) -> None:
    """Equal columns, and links that are those of a trie that was not told to be of a text."""
    same_counts(expected, actual)
    checked = NgramTrie(expected.trie.levels)
    for order in range(1, expected.order):
        np.testing.assert_array_equal(
            checked.history_of_row(order), actual.trie.history_of_row(order), f"links of order {order}"
        )
    checked.check(len(actual.vocabulary))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    corpus=corpora(),
    order=st.integers(1, 5),
    largest=st.sampled_from([1, 2, 5, 20, 1 << 14]),
    threads=st.sampled_from([1, 3]),
)
def test_any_text_any_region(
    regions_of: Callable[[int], None], corpus: Corpus, order: int, largest: int, threads: int
) -> None:
    """Regions of one position are the hardest: every word is counted by the words before it."""
    regions_of(largest)
    expected = lm.count(source(corpus), order)

    assert_same(expected, lm.count(source(corpus), order, memory=LIMIT, threads=threads))


VERSE = [
    f"{a} {b} of the {c} and the {a}\n"
    for a in "the of x y".split()
    for b in "of the p".split()
    for c in "uvw"
]


@pytest.mark.parametrize("largest", [3, 40, 1000])
@pytest.mark.parametrize("options", [
    {"min_count": 20}, {"max_size": 3}, {"tokenizer": "characters"}, {"reserved": "keep"}, {"vocabulary": ["the", "u"]},
], ids=str)  # fmt: skip
def test_the_options_of_reading(
    regions_of: Callable[[int], None], tmp_path: Path, options: dict[str, Any], largest: int
) -> None:
    regions_of(largest)
    for number in range(2):
        (tmp_path / f"{number}.txt").write_text("".join(VERSE[number::2]) + "<s>\n" * ("reserved" in options))
    if "vocabulary" in options:
        options = {"vocabulary": lm.Vocabulary(options["vocabulary"])}
    paths = sorted(tmp_path.iterdir())

    assert_same(lm.count(paths, 4, **options), lm.count(paths, 4, memory=LIMIT, **options))


METHODS = [
    lm.KneserNey(discounts=3),
    lm.KneserNey(interpolate=False),
    lm.WittenBell(),
    lm.WittenBell(closed=True),
    lm.Katz(),
    lm.JelinekMercer(),
]


@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
@pytest.mark.parametrize("cutoffs", [(), (0, 0, 1)], ids=str)
@pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method.name}-{method.closed}")
def test_models_are_the_same_to_the_byte(
    regions_of: Callable[[int], None], tmp_path: Path, method: lm.Smoothing, cutoffs: tuple[int, ...]
) -> None:
    regions_of(25)
    text = "".join(VERSE).encode()
    for name, limit in (("whole", {}), ("limited", {"memory": LIMIT, "temp_folder": tmp_path})):
        model = method.fit(lm.count(io.BytesIO(text), 4, **limit).cut_off(cutoffs))
        model.save(tmp_path / f"{name}.ngram")
        model.save_arpa(tmp_path / f"{name}.arpa")

    for suffix in ("ngram", "arpa"):
        assert (tmp_path / f"whole.{suffix}").read_bytes() == (tmp_path / f"limited.{suffix}").read_bytes()
    assert len(list(tmp_path.iterdir())) == 4


def test_bad_text_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(TextError, match=r"<stream>:3: found the reserved word"):
        lm.count(io.BytesIO(b"a b\nb\n<s> c\n"), 3, memory=LIMIT, temp_folder=tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CountError, match="<stream>: found no sentences"):
        lm.count(io.BytesIO(b""), 3, memory=LIMIT)
    with pytest.raises(UsageError, match="a text that is already in memory"):
        lm.count(lm.Text.from_sentences(["a"]), 3, memory=LIMIT)
    with pytest.raises(UsageError, match="expected at least 128 MB"):
        lm.count(io.BytesIO(b"a\n"), 3, memory=1 << 20)
    with pytest.raises(StorageError, match="nowhere"):
        lm.count(io.BytesIO(b"a\n"), 3, memory=LIMIT, temp_folder=tmp_path / "nowhere")


def different_words(n_words: int, repeated: int = 1) -> io.BytesIO:
    """A text of different words, in lines of twenty, several times over in an order that is not sorted."""
    lines = [
        b" ".join(b"w%dx" % (number * 7919 % n_words) for number in range(first, min(first + 20, n_words)))
        for first in range(0, n_words, 20)
    ]
    return io.BytesIO((b"\n".join(lines) + b"\n") * repeated)


TOO_MANY = (
    r"found [23]\d\d,\d{3} different words, which need 1\d\d MB.*; expected at most 2\d\d,\d{3} within 128"
)


def test_words_that_do_not_fit_are_refused_early() -> None:
    """While the text is read, or before it is read if the words are known; with the number of words that fit."""
    text = different_words(400_000)
    with pytest.raises(UsageError, match=TOO_MANY):
        lm.count(text, 2, memory=MIN_MEMORY)

    assert text.tell() < 0.9 * len(text.getvalue())
    known = lm.Vocabulary(f"w{number}x" for number in range(300_000))
    with pytest.raises(UsageError, match="found 300,003 different words"):
        lm.count(io.BytesIO(b"a\n"), 2, memory=MIN_MEMORY, vocabulary=known)
    for options in ({"min_count": 2}, {"max_size": 1000}):
        counts = lm.count(different_words(300_000), 2, memory=MIN_MEMORY, **options)  # type: ignore[arg-type]

        assert len(counts.vocabulary) in (3, 1003)
    # all of these words occur twice, so all of them are kept
    with pytest.raises(UsageError, match="found 300,003 different words"):
        lm.count(different_words(300_000, 2), 2, memory=MIN_MEMORY, min_count=2)


PEAK = """
import sys
import ngramlm as lm
counts = lm.count(sys.argv[1], 5, memory=128 << 20, threads=2)
lm.WittenBell().fit(counts).save(sys.argv[2])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(peak.split()[1], len(counts.vocabulary))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_the_most_words_that_fit_keep_the_limit(tmp_path: Path) -> None:
    """The process may have a tenth more for moments. A text of these words took 271 MB within 128."""
    text = tmp_path / "text.txt"
    text.write_bytes(different_words(195_000, 3).getvalue())
    arguments = [sys.executable, "-c", PEAK, str(text), str(tmp_path / "model.ngram")]
    found = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.split()

    assert int(found[1]) == 195_003
    assert int(found[0]) << 10 < 1.1 * MIN_MEMORY


def test_windows_hold_what_stands_before_a_position() -> None:
    ids = np.array([1, 3, 4, 3, 2, 1, 2], np.int32)  # <s> a b a </s> <s> </s>

    assert _counts.windows(ids, 3).tolist() == [[0, 1, 3], [1, 3, 4], [3, 4, 3], [4, 3, 2], [0, 1, 2]]
    for bad in ([3, 2], [1, 3], [1, 2, 3, 2]):
        with pytest.raises(ValueError, match="not sentences"):
            _counts.windows(np.array(bad, np.int32), 3)


def test_partition_keeps_the_order_of_equal_parts() -> None:
    rows = np.array([[5, 0], [6, 2], [7, 1], [8, 2]], np.int32)
    found, edges = _counts.partition(rows, 1, np.array([1, 0, 0], np.int32), 2)

    assert (found.tolist(), edges.tolist()) == ([[6, 2], [7, 1], [8, 2], [5, 0]], [0, 3, 4])
    for part_of_word in ([1, 0], [2, 0, 0], [-1, 0, 0]):
        with pytest.raises(ValueError, match="outside the parts"):
            _counts.partition(rows, 1, np.array(part_of_word, np.int32), 2)
    with pytest.raises(ValueError, match="a column outside"):
        _counts.partition(rows, 2, np.zeros(3, np.int32), 1)


def test_tally_refuses_ids_outside() -> None:
    counts = np.zeros(2, np.int64)
    _counts.tally(np.array([[0, 1], [0, 1]], np.int32)[:, 0], counts)
    assert counts.tolist() == [2, 0]
    for bad in (-1, 2):
        with pytest.raises(ValueError, match="outside the counts"):
            _counts.tally(np.array([bad], np.int32), counts)
