"""The kernel of word2vec beside a float64 twin, for every architecture, loss and width of registers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from support.oracles.embeddings.word2vec import (
    ALWAYS,
    Prediction,
    SplitMix64,
    Word2VecOracle,
    loss_of,
    numeric_gradient,
)

from ngramlm.embeddings._parameters import aligned_rows, padded_size
from ngramlm.embeddings._word2vec import LANES, Trainer, Worker, _usable_lanes
from ngramlm.embeddings.huffman import HuffmanPaths
from ngramlm.embeddings.noise import alias_table, keep_probabilities

RNG = np.random.default_rng
WORDS = 13
COUNTS = np.array([40, 30, 20, 20, 15, 10, 9, 8, 6, 5, 4, 2, 1])
DIMENSION = 21

# skip-gram or not, shared noise, tree, subwords, exact CBOW
MODES = {
    "skip-gram": (True, False, False, False, False),
    "skip-gram, shared noise": (True, True, False, False, False),
    "skip-gram, tree": (True, False, True, False, False),
    "skip-gram, subwords": (True, False, False, True, False),
    "skip-gram, tree, subwords": (True, False, True, True, False),
    "cbow": (False, False, False, False, False),
    "cbow, exact": (False, False, False, False, True),
    "cbow, tree": (False, False, True, False, False),
    "cbow, tree, exact": (False, False, True, False, True),
    "cbow, subwords": (False, False, False, True, False),
    "cbow, tree, subwords, exact": (False, False, True, True, True),
    "cbow, sum": (False, False, False, False, False),
    "cbow, tree, subwords, sum": (False, False, True, True, False),
}


class Pair:
    """The kernel and its twin, on the same parameters."""

    def __init__(
        self,
        mode: str,
        lanes: int = 0,
        *,
        negatives: int = 5,
        window: int = 3,
        scale: float = 0.5,
        dimension: int = DIMENSION,
    ) -> None:
        skip_gram, shared, tree, subwords, exact = MODES[mode]
        rng = RNG(len(mode))
        n_inputs = WORDS + (9 if subwords else 0)
        self.dimension = dimension
        self.inputs = aligned_rows(n_inputs, padded_size(dimension))
        self.outputs = aligned_rows(WORDS - tree, padded_size(dimension))
        for rows in (self.inputs, self.outputs):
            rows[:, :dimension] = rng.normal(0, scale, (len(rows), dimension))
        self.before = self.inputs.copy(), self.outputs.copy()
        thresholds, aliases = alias_table(COUNTS**0.75)
        paths = HuffmanPaths.from_counts(COUNTS)
        keep = np.minimum(np.round(keep_probabilities(COUNTS, 0.05) * 2.0**32), 2.0**32 - 1).astype(np.uint32)
        rows_of = [[word, *(WORDS + rng.integers(0, 9, word % 4)).tolist()] for word in range(WORDS)]
        starts = np.concatenate([[0], np.cumsum(list(map(len, rows_of)))])
        none32, none64 = np.empty(0, np.int32), np.empty(0, np.int64)
        self.trainer = Trainer(
            self.inputs,
            self.outputs,
            keep,
            np.empty(0, np.uint32) if tree else thresholds,
            none32 if tree else aliases,
            paths.starts if tree else none64,
            paths.nodes if tree else none32,
            paths.labels if tree else np.empty(0, np.uint8),
            starts if subwords else none64,
            np.concatenate(rows_of).astype(np.int32) if subwords else none32,
            window=window,
            negatives=negatives,
            skip_gram=skip_gram,
            shared=shared,
            exact=exact,
            with_loss=True,
            lanes=lanes,
            summed=mode.endswith("sum"),
        )
        steps = [list(zip(paths.nodes[a:b].tolist(), paths.labels[a:b].tolist(), strict=True))
                 for a, b in zip(paths.starts[:-1], paths.starts[1:], strict=True)]  # fmt: skip
        self.oracle = Word2VecOracle(
            self.inputs[:, :dimension].astype(np.float64),
            self.outputs[:, :dimension].astype(np.float64),
            keep.tolist(),
            thresholds.tolist(),
            aliases.tolist(),
            steps if tree else None,
            rows_of if subwords else None,
            window,
            negatives,
            skip_gram,
            shared,
            exact,
            mode.endswith("sum"),
        )

    def check(
        self, ids: Sequence[int], seed: int, rate: float, rate_step: float, tolerance: float = 2e-5
    ) -> None:
        kept, loss = Worker(self.trainer, 0, 0).train(
            np.array(ids, np.int32), 0, len(ids), seed, rate, rate_step
        )

        assert kept == self.oracle.train(ids, seed, rate, rate_step)
        assert loss == pytest.approx(self.oracle.loss, rel=1e-5, abs=1e-9)
        np.testing.assert_allclose(self.inputs[:, : self.dimension], self.oracle.inputs, atol=tolerance)
        np.testing.assert_allclose(self.outputs[:, : self.dimension], self.oracle.outputs, atol=tolerance)
        assert not self.inputs[:, self.dimension :].any()
        assert not self.outputs[:, self.dimension :].any()


def text(n_sentences: int, seed: int = 0) -> list[int]:
    rng = RNG(seed)
    ids: list[int] = []
    for _ in range(n_sentences):
        words = rng.choice(WORDS, rng.integers(0, 12), p=COUNTS / COUNTS.sum()) + 3
        ids += [1, *np.where(rng.random(len(words)) < 0.1, 0, words).tolist(), 2]
    return ids


@pytest.mark.parametrize("lanes", _usable_lanes())
@pytest.mark.parametrize("mode", MODES)
def test_training_equals_the_twin(mode: str, lanes: int) -> None:
    Pair(mode, lanes).check(text(30), 7, 0.05, 1e-4)


@pytest.mark.parametrize("negatives", [1, 2, 3, 4, 6, 7, 8, 11, 20])
@pytest.mark.parametrize("mode", ["skip-gram", "skip-gram, shared noise", "cbow", "skip-gram, subwords"])
def test_any_number_of_negatives_equals_the_twin(mode: str, negatives: int) -> None:
    for lanes in _usable_lanes():
        Pair(mode, lanes, negatives=negatives).check(text(10), 3, 0.05, 0)


@pytest.mark.parametrize("dimension", [1, 16, 33, 100])
def test_any_dimension_equals_the_twin(dimension: int) -> None:
    for lanes in _usable_lanes():
        Pair("skip-gram, shared noise", lanes, dimension=dimension, scale=0.2).check(text(10), 3, 0.05, 0)


@given(
    ids=st.lists(st.integers(0, WORDS + 2), max_size=60),
    seed=st.integers(0, 2**64 - 1),
    window=st.integers(1, 9),
)
@pytest.mark.parametrize("mode", MODES)
def test_any_ids_equal_the_twin(mode: str, ids: list[int], seed: int, window: int) -> None:
    """Sentences without begin or end, empty ones, only unknown words, windows longer than sentences."""
    Pair(mode, window=window).check(ids, seed, 0.05, 1e-3)


def test_long_sentences_are_cut_after_a_thousand_ids() -> None:
    ids = [1, *(RNG(1).integers(3, WORDS + 3, 2500)).tolist(), 2]
    Pair("skip-gram", scale=0.1).check(ids, 5, 0.01, 1e-6, tolerance=1e-4)


def test_scores_far_from_zero() -> None:
    """Logistic values of 0 and 1 to the last bit, and no overflow: the steps are then 0 or the whole rate."""
    pair = Pair("skip-gram", scale=6.0)
    pair.check(text(4), 2, 0.01, 0, tolerance=2e-3)
    assert np.isfinite(pair.inputs).all()
    pair.inputs *= 1e4
    _, loss = Worker(pair.trainer, 0, 0).train(np.array(text(4), np.int32), 0, 20, 2, 0.01, 0)

    assert np.isfinite(pair.inputs).all()
    assert math.isfinite(loss)


@pytest.mark.parametrize("mode", MODES)
def test_steps_go_along_the_gradient(mode: str) -> None:
    """The step of the twin is -rate times the gradient of its loss; the kernel equals the twin.

    CBOW (and subwords) with the whole error for every row is the exception that its literature has: the gradient of the
    input rows is multiplied by their number.
    """
    skip_gram, _, _, subwords, exact = MODES[mode]
    pair = Pair(mode)
    oracle = pair.oracle
    rate = 1e-4
    words, predictions = oracle._draw([3, 5, 2, 7], 1, SplitMix64(4))
    if skip_gram and not subwords and len(predictions) > 1:
        words, predictions = words[:1], predictions[:1]
    rows = oracle._rows(words)
    inputs, outputs = oracle.inputs.copy(), oracle.outputs.copy()

    def loss() -> float:
        if skip_gram and not subwords:
            return sum(loss_of(inputs[row], outputs, predictions[0]) for row in rows)
        hidden = inputs[rows].sum(axis=0) / (1 if oracle.summed else len(rows))
        return sum(loss_of(hidden, outputs, prediction) for prediction in predictions)

    by_input, by_output = numeric_gradient(loss, inputs), numeric_gradient(loss, outputs)
    oracle._train((words, predictions), rate)
    times = len(rows) if not exact and not oracle.summed and not (skip_gram and not subwords) else 1

    np.testing.assert_allclose((oracle.inputs - inputs) / -rate, times * by_input, atol=1e-3)
    np.testing.assert_allclose((oracle.outputs - outputs) / -rate, by_output, atol=1e-3)
    assert np.abs(by_input).max() > 0.01


def test_the_loss_of_a_prediction() -> None:
    """u.v = ln 3 and -ln 3: -log(3/4) for the word, -log(1 - 1/4) for noise drawn twice: 3 log(4/3)."""
    hidden, outputs = np.array([1.0]), np.array([[math.log(3)], [-math.log(3)]])

    assert loss_of(hidden, outputs, Prediction([(0, 1, 1), (1, 0, 2)])) == pytest.approx(3 * math.log(4 / 3))


# What is drawn


def test_noise_follows_the_counts() -> None:
    """A text of one word against noise: how often each output moved says how often it was drawn (chi-square)."""
    times = np.zeros(WORDS)
    thresholds, aliases = alias_table(COUNTS**0.75)
    random = SplitMix64(11)
    for _ in range(40_000):
        bits = random.draw()
        word = (bits >> 32) * WORDS >> 32
        times[word if bits % 2**32 < thresholds[word] else aliases[word]] += 1
    expected = COUNTS**0.75 / (COUNTS**0.75).sum() * times.sum()

    assert stats.chisquare(times, expected).pvalue > 1e-3


def test_subsampling_keeps_as_many_as_it_should() -> None:
    """Sentences of one word each: what is kept is binomial; chi-square over all words."""
    ids = [id for word in range(WORDS) for _ in range(3000) for id in (1, word + 3, 2)]
    keep = keep_probabilities(COUNTS, 0.05)
    pair = Pair("skip-gram")
    worker, size = Worker(pair.trainer, 0, 0), 9000
    kept = np.array([
        worker.train(np.array(ids[size * word : size * (word + 1)], np.int32), 0, size, word + 1, 0.0, 0.0)[0]
        for word in range(WORDS)
    ])  # fmt: skip
    free = keep < 1

    assert (kept[~free] == 3000).all()
    assert free.any()
    chi_square = ((kept[free] - 3000 * keep[free]) ** 2 / (3000 * keep[free] * (1 - keep[free]))).sum()
    assert stats.chi2.sf(chi_square, free.sum()) > 1e-3


def test_windows_are_of_all_widths_alike() -> None:
    """The twin draws windows as the kernel does; reach 1, 2, 3 come equally often."""
    oracle, random = Pair("cbow").oracle, SplitMix64(9)
    reach = [len(oracle._draw([1] * 9, 4, random)[0]) // 2 for _ in range(6000)]

    assert stats.chisquare(np.bincount(reach, minlength=4)[1:]).pvalue > 1e-3


# What the kernel refuses


def arguments(**changed: Any) -> tuple[list[Any], dict[str, Any]]:
    thresholds, aliases = alias_table(np.ones(2))
    none32, none64 = np.empty(0, np.int32), np.empty(0, np.int64)
    given: dict[str, Any] = {
        "inputs": aligned_rows(2, 16), "outputs": aligned_rows(2, 16), "keep": np.full(2, ALWAYS, np.uint32),
        "thresholds": thresholds, "aliases": aliases, "path_starts": none64, "path_rows": none32,
        "path_labels": np.empty(0, np.uint8), "subword_starts": none64, "subword_rows": none32,
    }  # fmt: skip
    options: dict[str, Any] = {
        "window": 2, "negatives": 1, "skip_gram": True, "shared": False, "exact": False, "with_loss": False, "lanes": 0,
    }  # fmt: skip
    for name, value in changed.items():
        (given if name in given else options)[name] = value
    return list(given.values()), options


def ints(*values: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(values, np.int64)


def rows(*values: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.array(values, np.int32)


@pytest.mark.parametrize(
    "changed",
    [
        {"window": 0}, {"window": 1001}, {"negatives": -1}, {"negatives": 1001}, {"lanes": 5},
        {"inputs": aligned_rows(1, 16)}, {"outputs": aligned_rows(3, 16)}, {"outputs": aligned_rows(2, 32)},
        {"inputs": np.zeros((2, 20), np.float32)}, {"inputs": aligned_rows(4, 16).reshape(-1)[4:36].reshape(2, 16)},
        {"keep": np.empty(0, np.uint32)}, {"thresholds": np.empty(1, np.uint32)}, {"aliases": rows(0, 2)},
        {"aliases": rows(-1, 0)}, {"aliases": rows(0)},
        {"path_starts": ints(0, 1), "path_rows": rows(0), "path_labels": np.zeros(1, np.uint8)},
        {"path_starts": ints(0, 1, 2), "path_rows": rows(0, 2), "path_labels": np.zeros(2, np.uint8)},
        {"path_starts": ints(0, 1, 2), "path_rows": rows(0, -1), "path_labels": np.zeros(2, np.uint8)},
        {"path_starts": ints(0, 1, 2), "path_rows": rows(0, 0), "path_labels": np.zeros(1, np.uint8)},
        {"path_starts": ints(0, 3, 2), "path_rows": rows(0, 0), "path_labels": np.zeros(2, np.uint8)},
        {"path_starts": ints(1, 1, 2), "path_rows": rows(0, 0), "path_labels": np.zeros(2, np.uint8)},
        {"subword_starts": ints(0, 1, 1), "subword_rows": rows(0)},
        {"subword_starts": ints(0, 1, 2), "subword_rows": rows(0, 2)},
        {"subword_starts": ints(0, 1, 3), "subword_rows": rows(0, 1)},
    ],
)  # fmt: skip
def test_columns_that_do_not_fit_are_refused(changed: dict[str, Any]) -> None:
    given, options = arguments()
    Trainer(*given, **options)
    given, options = arguments(**changed)
    with pytest.raises(ValueError, match=r"\w"):
        Trainer(*given, **options)


def test_ids_and_places_outside_are_refused() -> None:
    given, options = arguments()
    trainer = Worker(Trainer(*given, **options), 0, 0)
    assert trainer.train(rows(1, 3, 4, 2), 0, 4, 1, 0.1, 0)[0] == 2
    for ids in (rows(1, 5, 2), rows(1, -1, 2), rows(-3)):
        with pytest.raises(ValueError, match="found an id that is no word"):
            trainer.train(ids, 0, len(ids), 1, 0.1, 0)
    for first, end in ((-1, 1), (2, 1), (0, 5)):
        with pytest.raises(ValueError, match="found a place outside the text"):
            trainer.train(rows(1, 3, 4, 2), first, end, 1, 0.1, 0)


def test_copies_that_do_not_fit_are_refused() -> None:
    given, options = arguments()
    trainer = Trainer(*given, **options)
    two, three, wide = aligned_rows(2, 16), aligned_rows(3, 16), aligned_rows(2, 32)
    Worker(trainer, 2, 2, (two, two.copy(), aligned_rows(2, 16), two.copy()))
    for hot in ((3, 0), (0, 3), (-1, 0)):
        with pytest.raises(ValueError, match="hot rows; expected 0 to"):
            Worker(trainer, *hot, (three, three, three, three))
    crooked = aligned_rows(4, 16).reshape(-1)[4:36].reshape(2, 16)
    for copies in (
        (three, two, two, two),
        (two, two, two, wide),
        (crooked, two, two, two),
        (two, two, crooked, two),
    ):
        with pytest.raises(ValueError, match=r"found copies of other sizes|multiples of 64"):
            Worker(trainer, 2, 2, copies)


def test_the_portable_steps_are_everywhere() -> None:
    assert 4 in _usable_lanes()
    assert set(_usable_lanes()) <= set(LANES)
