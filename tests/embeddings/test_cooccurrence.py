"""Co-occurrences: values by hand, an oracle of fractions, the same bits for any threads, pieces and limit."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.oracles.embeddings.glove import Pairs, cooccurrence_oracle
from support.strategies import Corpus, corpora, corpora_with_unknown

import ngramlm as lm
from ngramlm.core import mapped_workspace
from ngramlm.embeddings import _cooccurrence, cooccurrence
from ngramlm.embeddings.cooccurrence import Cooccurrences, cooccurrences
from ngramlm.embeddings.glove import Glove
from ngramlm.errors import StorageError, UsageError

LIMIT = 400 << 20
EXAMPLE = "i love you but you love him i am sad"


def pairs_of(found: Cooccurrences) -> dict[tuple[str, str], float]:
    words = found.vocabulary.words()[3:]
    rows, columns = found.rows.tolist(), found.columns.tolist()
    keys = [(words[i], words[j]) for i, j in zip(rows, columns, strict=True)]

    assert len(set(keys)) == len(keys)
    assert sorted(zip(rows, columns, strict=True)) == list(zip(rows, columns, strict=True))
    return dict(zip(keys, found.values.tolist(), strict=True))


def as_floats(pairs: Pairs) -> dict[tuple[str, str], float]:
    return {pair: float(value) for pair, value in pairs.items()}


def same(expected: Cooccurrences, actual: Cooccurrences) -> None:
    for name in ("rows", "columns", "values"):
        one, other = getattr(expected, name), getattr(actual, name)
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()


# ------------------------------------------------------------------------------------------------------- by hand


def test_the_example_with_raw_counts() -> None:
    """i love you but you love him i am sad, two words to each side: you (places 2, 4) sees itself from both."""
    found = cooccurrences(lm.Text.from_sentences([EXAMPLE]), window=2, weighting="flat")
    words = "i love you but him am sad".split()
    table = """0 2 1 0 1 1 1
               2 0 2 2 1 0 0
               1 2 2 2 1 0 0
               0 2 2 0 0 0 0
               1 1 1 0 0 1 0
               1 0 0 0 1 0 1
               1 0 0 0 0 1 0"""
    expected = [[int(value) for value in line.split()] for line in table.split("\n")]

    assert expected == [[found.row(row).get(column, 0) for column in words] for row in words]


def test_the_example_with_harmonic_weights() -> None:
    found = pairs_of(cooccurrences(lm.Text.from_sentences([EXAMPLE]), window=2))
    halves = {
        "i love": 3, "i you": 1, "i him": 2, "i am": 2, "i sad": 1, "love you": 4, "love but": 2, "love him": 2,
        "you you": 2, "you but": 4, "you him": 1, "him am": 1, "am sad": 2,
    }  # fmt: skip
    expected = {}
    for pair, value in halves.items():
        one, other = pair.split()
        expected[one, other] = expected[other, one] = value / 2

    assert expected == found


def test_windows_to_the_left_only() -> None:
    """In a b a, b has a to its left; the second a has b at distance 1 and a at distance 2."""
    found = cooccurrences(lm.Text.from_sentences(["a b a"]), symmetric=False)

    assert {("b", "a"): 1.0, ("a", "b"): 1.0, ("a", "a"): 0.5} == pairs_of(found)


def test_unknown_words_take_no_place_and_line_ends_stop_windows() -> None:
    vocabulary = lm.Vocabulary(["a", "b"])
    found = cooccurrences(lm.Text.from_sentences(["a x y b", "b", "", "x"], vocabulary), window=1)

    assert {("a", "b"): 1.0, ("b", "a"): 1.0} == pairs_of(found)


def test_texts_without_pairs() -> None:
    for sentences in ([], [""], ["a", "b"], ["", "", "a"]):
        found = cooccurrences(lm.Text.from_sentences(sentences))
        assert 0 == len(found) == len(found.rows) == len(found.columns)
    unknown = cooccurrences(lm.Text.from_sentences(["a b"], lm.Vocabulary()))
    assert (0, 0) == (len(unknown), unknown.n_words)


# ------------------------------------------------------------------------------------------------------ the oracle


@settings(max_examples=150)
@given(
    corpus=corpora(max_length=12),
    window=st.sampled_from([1, 2, 3, 15, 22]),
    symmetric=st.booleans(),
    weighting=st.sampled_from(["harmonic", "flat"]),
)
def test_any_text_is_exact(corpus: Corpus, window: int, symmetric: bool, weighting: str) -> None:
    """Equal, not near: the fractions are rounded once, in the end."""
    text = lm.Text.from_sentences(corpus)
    expected = cooccurrence_oracle(corpus, set(text.vocabulary.words()), window, symmetric, weighting)
    found = cooccurrences(text, window=window, symmetric=symmetric, weighting=weighting)

    assert as_floats(expected) == pairs_of(found)


@settings(max_examples=50)
@given(given_=corpora_with_unknown(), window=st.integers(1, 5))
def test_any_text_with_unknown_words(given_: tuple[Corpus, list[str]], window: int) -> None:
    corpus, known = given_
    found = cooccurrences(lm.Text.from_sentences(corpus, lm.Vocabulary(known)), window=window)

    assert as_floats(cooccurrence_oracle(corpus, known, window)) == pairs_of(found)


def test_vocabularies_of_many_words() -> None:
    """10,000 words, of which rows are made out of bitmaps of bitmaps; and rows with a column in each of their words."""
    random = np.random.default_rng(2)
    vocabulary = lm.Vocabulary([f"w{number}" for number in range(10_000)])
    lines = [random.integers(0, 10_000, 30).tolist() for _ in range(200)]
    lines += [[0, *range(64 * first, 64 * first + 64, 3), *range(0, 10_000, 64)] for first in range(3)]
    ids = np.array([id for line in lines for id in (1, *(number + 3 for number in line), 2)], np.int32)
    found = cooccurrences(lm.Text.from_ids(vocabulary, ids, 0), window=200, weighting="flat")
    matrix: dict[tuple[int, int], int] = {}
    for line in lines:
        for i, row in enumerate(line):
            for j, column in enumerate(line):
                if 0 < abs(i - j) <= 200:
                    matrix[row, column] = matrix.get((row, column), 0) + 1

    assert sorted(matrix.items()) == list(
        zip(zip(found.rows.tolist(), found.columns.tolist(), strict=True), found.values.tolist(), strict=True)
    )


def test_windows_for_which_distances_are_no_whole_units() -> None:
    """Each co-occurrence is off by no more than half of 2^-32; the matrix is symmetric all the same."""
    random = np.random.default_rng(5)
    corpus = [[f"w{n}" for n in random.integers(0, 9, 100)] for _ in range(5)]
    text = lm.Text.from_sentences(corpus)
    found = pairs_of(cooccurrences(text, window=60))
    expected = cooccurrence_oracle(corpus, set(text.vocabulary.words()), 60)
    times = cooccurrence_oracle(corpus, set(text.vocabulary.words()), 60, weighting="flat")

    assert expected.keys() == found.keys()
    for pair, value in expected.items():
        assert abs(Fraction(found[pair]) - value) <= times[pair] * Fraction(1, 1 << 33) + value * Fraction(
            1, 1 << 53
        )
        assert found[pair] == found[pair[::-1]]
    assert any(found[pair] != float(value) for pair, value in expected.items())


@pytest.mark.parametrize("window", [1, 15, 22, 23, 1000])
@pytest.mark.parametrize("n_places", [1, 10**6, 10**10, 10**15])
def test_sums_fit_whatever_the_text(window: int, n_places: int) -> None:
    weights, unit = cooccurrence._weights(window, "harmonic", n_places)
    largest = (
        sum(weights.tolist()) * n_places
    )  # at every distance a word is the same one, all its places through

    assert largest < 1 << 64
    assert min(weights) >= 1
    for distance, weight in enumerate(weights.tolist(), 1):
        assert abs(Fraction(weight, unit) - Fraction(1, distance)) <= Fraction(1, 2 * unit)
    assert (window > 22 or n_places > 10**9) or unit == math.lcm(*range(1, window + 1))


# --------------------------------------------------------------------------------------- threads, pieces, the limit


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    corpus=corpora(max_words=12, max_sentences=20, max_length=12),
    window=st.sampled_from([1, 4, 30]),
    symmetric=st.booleans(),
    most=st.sampled_from([1, 3, 20]),
    threads=st.sampled_from([1, 3]),
    limited=st.booleans(),
)
def test_the_result_depends_on_neither(
    monkeypatch: pytest.MonkeyPatch,
    corpus: Corpus,
    window: int,
    symmetric: bool,
    most: int,
    threads: int,
    limited: bool,
) -> None:
    """Pieces of one row; and files for all columns, however small, of which no page may stay in memory."""
    text = lm.Text.from_sentences(corpus)
    expected = cooccurrences(text, window=window, symmetric=symmetric, threads=1)
    with monkeypatch.context() as patch:
        patch.setattr(cooccurrence, "MAX_PAIRS", most)
        patch.setattr(mapped_workspace, "SMALL", 1)
        patch.setattr(mapped_workspace, "RESERVE", 1 << 50)
        actual = cooccurrences(
            text, window=window, symmetric=symmetric, threads=threads, memory=LIMIT if limited else None
        )

    same(expected, actual)


def test_what_does_not_fit_goes_to_files_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = lm.Text.from_sentences([EXAMPLE] * 5)
    monkeypatch.setattr(mapped_workspace, "SMALL", 1)
    found = cooccurrences(text, memory=LIMIT, temp_folder=tmp_path)
    same(cooccurrences(text), found)
    base = found.values
    while isinstance(base.base, np.ndarray):
        base = base.base

    assert not base.flags.owndata  # mapped
    assert [] == list(tmp_path.iterdir())  # files without a name
    with pytest.raises(StorageError, match="found no way to make a temporary file"):
        cooccurrences(text, memory=LIMIT, temp_folder=tmp_path / "none")


def test_long_texts_have_places_of_64_bits() -> None:
    text = lm.Text.from_sentences([EXAMPLE])
    counts = np.zeros(7, np.int64)
    stream = np.empty(len(text.ids) + 1, np.int32)
    stream = stream[: _cooccurrence.stream_of(text.ids, stream, counts)]
    starts = np.append(0, np.cumsum(counts))
    found = []
    for dtype in (np.int32, np.int64):
        places = np.empty(10, dtype)
        _cooccurrence.places_of(stream, starts, places)
        columns = np.empty((2, 49), np.int32), np.empty(49)
        weights = np.array([2, 1], np.uint64)
        n = _cooccurrence.count_rows(
            stream, starts, places, 0, 7, weights, 2.0, True, *columns[0], columns[1]
        )
        found.append((columns[0][:, :n].tolist(), columns[1][:n].tolist()))

    assert found[0] == found[1]
    assert 25 == len(found[0][1])  # twice the 12 pairs of different words, and you-you


# -------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": 0}, "window is 0; expected a whole number from 1"),
        ({"window": 2.5}, "window is 2.5"),
        ({"symmetric": 1}, "symmetric is 1; expected True or False"),
        ({"weighting": "linear"}, "weighting is 'linear'; expected one of: harmonic, flat"),
        ({"threads": 0}, "threads is 0"),
        ({"memory": 1}, "found a limit of 0 MB"),
    ],
)
def test_bad_arguments(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        cooccurrences(lm.Text.from_sentences([EXAMPLE]), **arguments)  # type: ignore[arg-type]


def test_columns_that_do_not_fit() -> None:
    rows = np.zeros(2, np.int32)
    with pytest.raises(UsageError, match=r"found columns of int32\[1\]; expected int32, one for each pair"):
        Cooccurrences(lm.Vocabulary(["a"]), rows, rows[:1], np.ones(2))
    with pytest.raises(UsageError, match=r"found rows of int64\[2\]; expected int32"):
        Cooccurrences(lm.Vocabulary(["a"]), rows.astype(np.int64), rows, np.ones(2))  # type: ignore[arg-type]


def test_columns_that_are_parts_of_others() -> None:
    found = cooccurrences(lm.Text.from_sentences([EXAMPLE]), window=2)
    half = Cooccurrences(found.vocabulary, found.rows[::2], found.columns[::2], found.values[::2])

    assert dict(list(pairs_of(found).items())[::2]) == pairs_of(half)
    assert 13 == Glove(dimension=2, epochs=1).start(half).n_pairs


def test_results_are_read_only() -> None:
    found = cooccurrences(lm.Text.from_sentences([EXAMPLE]))
    for column in (found.rows, found.columns, found.values):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1


def test_kernels_refuse_what_does_not_fit() -> None:
    ids = np.array([1, 3, 4, 2], np.int32)
    stream, counts = np.empty(5, np.int32), np.zeros(2, np.int64)
    for bad in ([3, 2], [1, 5, 2], [1, -1, 2]):
        with pytest.raises(ValueError, match="found ids that are not sentences"):
            _cooccurrence.stream_of(np.array(bad, np.int32), stream, counts * 0)
    with pytest.raises(ValueError, match="found a stream that is too short"):
        _cooccurrence.stream_of(ids, stream[:4], counts)
    assert 4 == _cooccurrence.stream_of(ids, stream, counts)
    stream, starts, places = stream[:4], np.array([0, 1, 2]), np.empty(2, np.int32)
    assert [-1, 0, 1, -1] == stream.tolist()
    for bad in ([0, 2, 2], [0, 0, 2], [0, 1, 3], [1, 1, 2]):
        with pytest.raises(ValueError, match="found starts that do not fit"):
            _cooccurrence.places_of(stream, np.array(bad), places)
    _cooccurrence.places_of(stream, starts, places)

    def count(
        end: int = 2,
        weight: int = 1,
        n: int = 4,
        where: tuple[int, int] = (1, 2),
        length: int = 4,
        first: int = 0,
        begins: tuple[int, ...] = (0, 1, 2),
        word: int = 1,
    ) -> int:
        starts = np.array(begins, np.int64)
        stream = np.array([-1, 0, word, -1], np.int32)
        rows = np.empty(n, np.int32)
        weights, at = np.array([weight], np.uint64), np.array(where, np.int32)
        return _cooccurrence.count_rows(
            stream[:length], starts, at, first, end, weights, 1.0, True, rows, rows.copy(), np.empty(n)
        )

    assert 2 == count()
    for bad in (
        {"end": 3},
        {"first": -1},
        {"weight": 0},
        {"n": 1},
        {"where": (1, 3)},
        {"where": (0, 1)},
        {"length": 3},
        {"end": 1, "begins": (0, 2, 1)},
        {"end": 1, "begins": (-1, 1, 2)},
        {"word": 2},
        {"word": 5 * 10**8},
    ):
        with pytest.raises(ValueError, match=r"."):
            count(**bad)  # type: ignore[arg-type]


def test_progress_ends_with_all_places() -> None:
    said: list[tuple[str, int, int | None]] = []
    cooccurrences(lm.Text.from_sentences([EXAMPLE]), progress=lambda *told: said.append(told))

    assert ("counting pairs", 10, 10) == said[-1]
