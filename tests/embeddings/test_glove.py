"""GloVe: every step against float64 and finite differences, on all vectors of this processor; threads; bad input."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.oracles.embeddings.glove import GloveOracle, loss_of

import ngramlm as lm
from ngramlm.embeddings import glove_training
from ngramlm.embeddings._glove import SIMD, Trainer, usable_simd
from ngramlm.embeddings._parameters import aligned_rows
from ngramlm.embeddings.cooccurrence import Cooccurrences, cooccurrences
from ngramlm.embeddings.glove import Glove
from ngramlm.embeddings.glove_training import GloveTraining
from ngramlm.errors import EstimationError, UsageError

Array = np.ndarray[Any, Any]
VARIANTS = usable_simd()


def some_text(n_sentences: int = 300, n_words: int = 40, seed: int = 1) -> lm.Text:
    """Words of a circle: near each other in a sentence are those that are near on it; frequencies fall."""
    random = np.random.default_rng(seed)
    sentences = []
    for _ in range(n_sentences):
        at = int(random.integers(n_words) * random.random())
        steps = random.integers(-2, 3, int(random.integers(2, 15)))
        sentences.append([f"w{place}" for place in (at + np.cumsum(steps)) % n_words])
    return lm.Text.from_sentences(sentences)


def trainer_of(
    found: Cooccurrences, dimension: int, simd: str, n_blocks: int = 1, scale: float = 1.0, **settings: Any
) -> Trainer:
    random = np.random.default_rng(7)
    words, contexts = (random.normal(0, scale, (2, found.n_words, dimension + 1))).astype(np.float32)
    given_ = {"x_max": 10.0, "alpha": 0.75, "learning_rate": 0.05, "limit": 100.0, "seed": 3, **settings}
    return Trainer(found.rows, found.columns, found.values, words, contexts, n_blocks, *given_.values(), simd)


def train_fully(method: Glove, source: lm.Text | Cooccurrences, **options: Any) -> GloveTraining:
    """The training at its end."""
    training = method.start(source, **options)
    training.run(**options)
    return training


def train_tile(trainer: Trainer, row_block: int, column_block: int, shuffling: int = -1) -> float:
    """Train one tile; its loss."""
    offset = (column_block - row_block) % trainer.n_blocks
    (loss,) = trainer.train(offset, row_block, row_block + 1, shuffling).tolist()
    return float(loss)


def pair_matrix(row: int, column: int, value: float, n_words: int = 3) -> Cooccurrences:
    return Cooccurrences(
        lm.Vocabulary([f"w{i}" for i in range(n_words)]),
        np.array([row], np.int32),
        np.array([column], np.int32),
        np.array([value], np.float64),
    )


# ------------------------------------------------------------------------------------------------ a step by itself


def test_the_processor_has_what_every_processor_has() -> None:
    assert VARIANTS == list(SIMD)[: len(VARIANTS)]
    assert VARIANTS[0] == "portable"


@pytest.mark.parametrize("simd", VARIANTS)
def test_a_step_by_hand(simd: str) -> None:
    """d = 1, w = 2, b = 1, w~ = 3, b~ = -1, X = 1, x_max = 16, alpha = 1/2: f = 1/4.

    difference = 6 + 1 - 1 - 0 = 6, J = 36/4 = 9, f times difference = 1.5. With eta = 1/2 the steps of w and w~ are
    1.5 * 3 / 2 = 2.25 and 1.5 * 2 / 2 = 1.5, those of the biases 1.5; the squares begin with 1, so that
    w = -0.25, w~ = 1.5, b = -0.5, b~ = -2.5, with squares 1 + 5.0625, 1 + 2.25, 1 + 2.25, 1 + 2.25.
    A second time: difference = -0.375 - 0.5 - 2.5 = -3.375, J = 2.84765625, f times difference = -0.84375;
    w = -0.25 + 0.84375 * 1.5 / 2 / sqrt(6.0625), w~ = 1.5 - 0.84375 * 0.25 / 2 / sqrt(3.25),
    b = -0.5 + 0.84375 / sqrt(3.25), b~ = -2.5 + 0.84375 / sqrt(3.25).
    """
    words, contexts = np.array([[2, 1]], np.float32), np.array([[3, -1]], np.float32)
    zeros = np.zeros(1, np.int32)
    trainer = Trainer(zeros, zeros, np.ones(1), words, contexts, 1, 16.0, 0.5, 0.5, 100.0, 1, simd)

    assert 9.0 == train_tile(trainer, 0, 0, -1)
    w, c = trainer.parameters()
    np.testing.assert_allclose([[-0.25, -0.5], [1.5, -2.5]], [w[0], c[0]], rtol=1e-6)
    assert 2.84765625 == pytest.approx(train_tile(trainer, 0, 0, -1), rel=1e-6)
    w, c = trainer.parameters()
    of_word = [-0.25 + 0.84375 * 0.75 / math.sqrt(6.0625), -0.5 + 0.84375 / math.sqrt(3.25)]
    of_context = [1.5 - 0.84375 * 0.125 / math.sqrt(3.25), -2.5 + 0.84375 / math.sqrt(3.25)]
    np.testing.assert_allclose([of_word, of_context], [w[0], c[0]], atol=1e-6)


@pytest.mark.parametrize("simd", VARIANTS)
@pytest.mark.parametrize("dimension", [1, 13, 14, 15, 16, 17, 30, 31, 32, 100])
def test_the_first_step_is_half_the_slope_of_the_loss(simd: str, dimension: int) -> None:
    """Finite differences of J; and nothing else changes: dimensions around those at which a row gets longer."""
    rate, x_max, h = 0.05, 10.0, 1e-5
    for value in (0.2, 9.5, 10.0, 300.0):
        trainer = trainer_of(pair_matrix(2, 0, value), dimension, simd, scale=0.3)
        before = [array.astype(np.float64) for array in trainer.parameters()]
        w, c = before[0][2], before[1][0]
        slopes = np.zeros((2, dimension + 1))
        for side, lane in np.ndindex(2, dimension + 1):
            losses = []
            for sign in (1, -1):
                moved = [w.copy(), c.copy()]
                moved[side][lane] += sign * h
                losses.append(loss_of(value, moved[0], moved[1], x_max, 0.75))
            slopes[side, lane] = (losses[0] - losses[1]) / (2 * h)

        assert loss_of(value, w, c, x_max, 0.75) == pytest.approx(train_tile(trainer, 0, 0, 0), rel=1e-4)
        after = [array.astype(np.float64) for array in trainer.parameters()]
        rates = np.append(np.full(dimension, rate), 1.0)  # biases have none
        scale = np.abs(slopes).max()
        np.testing.assert_allclose(slopes[0] / 2, (w - after[0][2]) / rates, rtol=1e-3, atol=1e-4 * scale)
        np.testing.assert_allclose(slopes[1] / 2, (c - after[1][0]) / rates, rtol=1e-3, atol=1e-4 * scale)
        np.testing.assert_array_equal(before[0][:2], after[0][:2])
        np.testing.assert_array_equal(before[1][1:], after[1][1:])


@pytest.mark.parametrize("simd", VARIANTS)
def test_slopes_are_limited_and_those_of_biases_are_not(simd: str) -> None:
    """w = (20, 30), w~ = (20, -5), no biases, X = 1 = x_max: f times difference = 250.

    The slopes of w are 5000 and -1250, those of w~ 5000 and 7500: all are beyond 100, and eta = 0.05 makes them 5.
    """
    words, contexts = np.array([[20, 30, 0]], np.float32), np.array([[20, -5, 0]], np.float32)
    zeros = np.zeros(1, np.int32)
    trainer = Trainer(zeros, zeros, np.ones(1), words, contexts, 1, 1.0, 0.75, 0.05, 100.0, 1, simd)

    assert 62500.0 == train_tile(trainer, 0, 0, 0)
    w, c = trainer.parameters()
    np.testing.assert_allclose([[15, 35, -250]], w, rtol=1e-6)
    np.testing.assert_allclose([[15, -10, -250]], c, rtol=1e-6)


@pytest.mark.parametrize("simd", VARIANTS)
def test_small_steps_add_up(simd: str) -> None:
    """Squares of 4e-8, which would vanish one by one beside a 1 in float32, three million times: G = 1.12.

    f = (1 / 1e300)^0.01 = 0.001 and ln X = 0.2, -0.2, 0.2, ..: f times difference is 2e-4 to and fro. At the end a
    record of the same word and another context, whose bias is 0: b moves by 2e-4 / sqrt(1.12).
    """
    n, times = 10_000, 300
    rows, columns = np.zeros(n + 1, np.int32), np.append(np.zeros(n, np.int32), np.int32(1))
    values = np.exp(np.append(np.tile([0.2, -0.2], n // 2), 0.2))
    zeros = np.zeros((2, 2), np.float32)
    trainer = Trainer(rows, columns, values, zeros, zeros, 2, 1e300, 0.01, 1e-3, 100.0, 1, simd)
    for _ in range(times):
        train_tile(trainer, 0, 0, -1)
    before = trainer.parameters()[0][0, 1]
    train_tile(trainer, 0, 1, -1)
    step = trainer.parameters()[0][0, 1] - before

    assert 2e-4 / math.sqrt(1.12) == pytest.approx(float(step), rel=0.005)


# ----------------------------------------------------------------------------------------------- records in a row


@pytest.mark.parametrize("simd", VARIANTS)
@pytest.mark.parametrize(("dimension", "n_blocks"), [(7, 1), (15, 3), (16, 5), (50, 7)])
def test_record_by_record_as_the_oracle(simd: str, dimension: int, n_blocks: int) -> None:
    """The order is asked for, the rest is the oracle's; after one epoch and after three, with all tiles."""
    found = cooccurrences(some_text(), window=4)
    value_of = {
        (row, column): value
        for row, column, value in zip(
            found.rows.tolist(), found.columns.tolist(), found.values.tolist(), strict=True
        )
    }
    trainer = trainer_of(found, dimension, simd, n_blocks, scale=0.1)
    oracle = GloveOracle(*trainer.parameters(), x_max=10.0, alpha=0.75, eta=0.05)
    for epoch in range(3):
        expected = actual = 0.0
        trained = []
        for tile in np.ndindex(n_blocks, n_blocks):
            actual += train_tile(trainer, *tile, epoch)
            rows, columns = trainer.order(*tile)
            assert trainer.size(*tile) == len(rows)
            assert set(rows % n_blocks) <= {tile[0]}
            assert set(columns % n_blocks) <= {tile[1]}
            for pair in zip(rows.tolist(), columns.tolist(), strict=True):
                expected += oracle.step(*pair, value_of[pair])
                trained.append(pair)

        assert sorted(value_of) == sorted(trained)  # every record once
        assert expected == pytest.approx(actual, rel=1e-5)
        words, contexts = trainer.parameters()
        np.testing.assert_allclose(oracle.words, words, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(oracle.contexts, contexts, rtol=1e-4, atol=1e-5)


def test_all_vectors_of_the_processor_agree() -> None:
    found = cooccurrences(some_text(), window=5)
    runs = [train_fully(Glove(dimension=20, epochs=4, simd=simd), found) for simd in VARIANTS]
    for run in runs[1:]:
        np.testing.assert_allclose(runs[0].losses, run.losses, rtol=1e-5)
        np.testing.assert_allclose(runs[0].word_parameters, run.word_parameters, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(runs[0].context_parameters, run.context_parameters, rtol=1e-5, atol=1e-5)
    automatic = train_fully(Glove(dimension=20, epochs=4), found)
    assert runs[-1].word_parameters.tobytes() == automatic.word_parameters.tobytes()


# --------------------------------------------------------------------------------------------------------- the order


def orders_of(trainer: Trainer, shufflings: list[int]) -> list[list[tuple[int, int]]]:
    found = []
    for shuffling in shufflings:
        train_tile(trainer, 0, 0, shuffling)
        found.append(list(zip(*(column.tolist() for column in trainer.order(0, 0)), strict=True)))
    return found


def test_records_are_put_in_another_order_for_every_epoch_and_seed() -> None:
    found = cooccurrences(some_text(), window=3)
    trainer = trainer_of(found, 2, "portable")
    in_order = list(zip(found.rows.tolist(), found.columns.tolist(), strict=True))
    none, first, kept, second = orders_of(trainer, [-1, 0, -1, 1])
    (again,) = orders_of(trainer_of(found, 2, "portable"), [0])
    (other,) = orders_of(trainer_of(found, 2, "portable", seed=4), [0])

    assert in_order == none == sorted(first)
    assert first == kept == again
    assert 4 == len({tuple(order) for order in (none, first, second, other)})


def test_every_order_is_as_likely() -> None:
    """24 orders of 4 records, 24,000 seeds: 1000 of each, with a standard deviation of 31."""
    n = 4
    rows, columns = np.arange(n, dtype=np.int32), np.zeros(n, np.int32)
    vocabulary = lm.Vocabulary([f"w{i}" for i in range(n)])
    found = Cooccurrences(vocabulary, rows, columns, np.ones(n))
    counts: dict[tuple[int, ...], int] = {}
    for seed in range(24_000):
        trainer = trainer_of(found, 1, "portable", seed=seed)
        train_tile(trainer, 0, 0, 0)
        order = tuple(trainer.order(0, 0)[0].tolist())
        counts[order] = counts.get(order, 0) + 1

    assert 24 == len(counts)
    assert max(abs(count - 1000) for count in counts.values()) < 5 * 31


# ------------------------------------------------------------------------------------------------- whole trainings


def test_the_loss_falls_and_neighbors_are_near() -> None:
    run = train_fully(Glove(dimension=10, window=3, epochs=60, x_max=20), some_text(2000))
    matrix = run.vectors().matrix
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    row = {word: number for number, word in enumerate(run.vocabulary.words()[3:])}
    near, far = (
        np.mean([unit[row[f"w{i}"]] @ unit[row[f"w{(i + step) % 40}"]] for i in range(40)])
        for step in (1, 20)
    )

    assert all(after < before for before, after in pairwise(run.losses))
    assert run.losses[-1] < run.losses[0] / 20
    assert near > 0.5 > 0.2 > far


def test_the_loss_of_an_epoch_is_that_of_the_model_where_it_hardly_moves() -> None:
    """J by its definition, with the parameters as they begin: a rate of 1e-12 moves vectors by nothing, and biases
    are kept still by an x_max so large that f is next to nothing."""
    found = cooccurrences(some_text(), window=3)
    method = Glove(dimension=5, x_max=1e15, alpha=1.0, learning_rate=1e-12, epochs=2)
    run = train_fully(method, found)
    products = np.einsum(
        "nd,nd->n",
        run.word_parameters[found.rows, :-1],
        run.context_parameters[found.columns, :-1],
        dtype=np.float64,
    )
    products += (
        run.word_parameters[found.rows, -1].astype(np.float64) + run.context_parameters[found.columns, -1]
    )
    loss = float((found.values / 1e15 * (products - np.log(found.values)) ** 2).sum())

    np.testing.assert_allclose([loss, loss], run.losses, rtol=1e-5)


@pytest.mark.parametrize("reshuffle", [True, False])
def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch, reshuffle: bool) -> None:
    """Not within 2 %, but to the last bit; with tiles that threads do train at once."""
    monkeypatch.setattr(glove_training, "RECORDS_PER_TILE", 8)
    found = cooccurrences(some_text(1000, 100), window=5)
    method = Glove(dimension=30, epochs=5, reshuffle=reshuffle)
    one = train_fully(method, found, threads=1)
    for threads in (2, 3, 100):
        other = train_fully(method, found, threads=threads)
        assert one.losses == other.losses
        assert one.word_parameters.tobytes() == other.word_parameters.tobytes()
        assert one.context_parameters.tobytes() == other.context_parameters.tobytes()
    assert glove_training._n_blocks(len(found)) > 4


class Watched:
    """A trainer that notes which tiles are trained, by each call."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.calls: list[list[tuple[int, int]]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.trainer, name)

    def train(self, offset: int, first: int, end: int, shuffling: int) -> Array:
        n = self.trainer.n_blocks
        self.calls.append([(block, (block + offset) % n) for block in range(first, end)])
        return self.trainer.train(offset, first, end, shuffling)


@pytest.mark.parametrize("threads", [1, 3, 1000])
def test_tiles_that_are_trained_at_once_share_no_words(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    monkeypatch.setattr(glove_training, "RECORDS_PER_TILE", 8)
    found = cooccurrences(some_text(), window=3, threads=1)
    training = Glove(dimension=2).start(found)
    watched = Watched(training._trainer)
    training._trainer = watched  # type: ignore[assignment]
    strata: list[list[tuple[int, int]]] = []

    def one_by_one(_: Any, function: Any, parts: Any) -> list[Array]:
        watched.calls.clear()
        results = list(map(function, parts))
        assert min(threads, n) == len(watched.calls)
        strata.append([tile for call in watched.calls for tile in call])
        return results

    n = watched.n_blocks
    monkeypatch.setattr(glove_training, "_at_once", one_by_one)
    training._epoch(0, threads, None)

    assert n > 3
    assert n == len(strata)
    for tiles in strata:
        assert n == len(tiles) == len({row for row, _ in tiles}) == len({column for _, column in tiles})
    assert n * n == len({tile for tiles in strata for tile in tiles})


def test_tiles_are_as_good_as_one_order_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    found = cooccurrences(some_text(1000, 100), window=5)
    method = Glove(dimension=10, epochs=20, x_max=10)
    losses = []
    for n_blocks in (1, 10):
        monkeypatch.setattr(glove_training, "_n_blocks", lambda _, n=n_blocks: n)
        losses.append(
            np.mean([train_fully(replace(method, seed=seed), found).losses[-1] for seed in (1, 2, 3)])
        )

    assert losses[0] == pytest.approx(losses[1], rel=0.02)


def test_seeds_change_all_and_the_same_gives_the_same() -> None:
    text = some_text()
    one, again = (train_fully(Glove(dimension=8, epochs=2, seed=5), text) for _ in range(2))
    other = train_fully(Glove(dimension=8, epochs=2, seed=6), text)

    assert one.vectors().matrix.tobytes() == again.vectors().matrix.tobytes()
    assert not np.any(one.vectors().matrix == other.vectors().matrix)
    shuffled, kept = (
        train_fully(Glove(dimension=8, epochs=2, seed=5, reshuffle=flag), text) for flag in (True, False)
    )
    assert shuffled.losses[0] == kept.losses[0]
    assert shuffled.losses[1] != kept.losses[1]


def test_a_text_is_counted_as_the_method_says() -> None:
    text = some_text()
    method = Glove(dimension=3, epochs=1, window=2, symmetric=False, weighting="flat")
    expected = train_fully(method, cooccurrences(text, window=2, symmetric=False, weighting="flat"))

    assert expected.word_parameters.tobytes() == train_fully(method, text).word_parameters.tobytes()
    assert expected.n_pairs != train_fully(replace(method, symmetric=True), text).n_pairs


def test_words_without_pairs_stay_as_they_begin() -> None:
    """Uniform between -1/2d and 1/2d."""
    vocabulary = lm.Vocabulary([f"w{i}" for i in range(2002)])
    text = lm.Text.from_sentences([["w0", "w1"]] * 3, vocabulary)
    run = train_fully(Glove(dimension=4, epochs=1), text)
    for array in (run.word_parameters, run.context_parameters):
        rest = array[2:]
        assert np.abs(rest).max() <= 1 / 8
        assert np.abs(rest).max() > 0.124  # 10,000 draws: not so with a probability of 0.99^10000
        assert abs(rest.mean()) < 5 * (1 / 4 / math.sqrt(12)) / math.sqrt(rest.size)
    assert not np.any(run.word_parameters == run.context_parameters)


# ------------------------------------------------------------------------------------------------------- the result


def test_vectors_are_the_sums_of_both_without_biases() -> None:
    run = train_fully(Glove(dimension=3, epochs=1), some_text())
    found = run.vectors()
    vectors, metadata = found.matrix, found.metadata

    np.testing.assert_array_equal(run.word_parameters[:, :3] + run.context_parameters[:, :3], vectors)
    assert (40, 4) == run.word_parameters.shape == run.context_parameters.shape
    assert np.float32 == vectors.dtype
    assert list(found.words) == run.vocabulary.words()[3:]
    assert ("glove", "3", "15", "1") == tuple(
        metadata[name] for name in ("method", "dimension", "window", "seed")
    )
    assert [repr(loss) for loss in run.losses] == metadata["losses"].split()
    assert str(run.n_pairs) == metadata["pairs"]
    with pytest.raises(ValueError, match="read-only"):
        run.word_parameters[0, 0] = 1


def test_fit_gives_the_vectors_of_the_run() -> None:
    method, text = Glove(dimension=3, epochs=1), some_text()
    found, expected = method.fit(text, threads=1), train_fully(method, text).vectors()

    assert found.words == expected.words
    np.testing.assert_array_equal(found.matrix, expected.matrix)
    assert found.metadata == expected.metadata


def test_progress() -> None:
    said: list[tuple[str, int, int | None]] = []
    run = train_fully(Glove(dimension=3, epochs=2), some_text(), progress=lambda *told: said.append(told))

    assert said[0][0] == "counting pairs"
    trained = [told for told in said if told[0] == "training"]
    assert [run.n_pairs, 2 * run.n_pairs] == [done for _, done, _ in trained]
    assert {2 * run.n_pairs} == {total for _, _, total in trained}


# --------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dimension", 0), ("dimension", 2.0), ("window", 0), ("symmetric", "yes"), ("weighting", "none"),
        ("x_max", 0), ("x_max", math.nan), ("alpha", -0.1), ("alpha", math.inf), ("epochs", 0), ("learning_rate", 0),
        ("learning_rate", math.inf), ("seed", -1), ("seed", 1 << 63), ("reshuffle", 1), ("simd", "sse"),
    ],
)  # fmt: skip
def test_bad_settings(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"{name} is .*; expected "):
        Glove(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("sentences", [[], [""], ["a", "b"]])
def test_texts_without_pairs(sentences: list[str]) -> None:
    with pytest.raises(EstimationError, match="found no two known words near each other"):
        train_fully(Glove(), lm.Text.from_sentences(sentences))


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [(-1, 0, 1), (3, 0, 1), (0, -1, 1), (0, 3, 1), (0, 0, 0), (0, 0, -1), (0, 0, math.nan), (0, 0, math.inf)],
)
def test_matrices_with_what_is_no_pair(row: int, column: int, value: float) -> None:
    with pytest.raises(UsageError, match="found a pair outside the matrix"):
        train_fully(Glove(dimension=2), pair_matrix(row, column, value))


def test_values_that_grow_beyond_all_bounds() -> None:
    with pytest.raises(
        EstimationError, match=r"found a loss of (inf|nan) in epoch \d+; expected a finite number"
    ):
        train_fully(Glove(dimension=4, learning_rate=1e30, epochs=9), some_text())


def test_processors_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glove_training, "usable_simd", lambda: ["portable"])
    with pytest.raises(
        UsageError, match="found simd 'avx2'; expected instructions of this processor: portable"
    ):
        train_fully(Glove(simd="avx2"), some_text())


def test_the_trainer_refuses_what_does_not_fit() -> None:
    zeros, ones = np.zeros(1, np.int32), np.ones(1)
    vectors = np.zeros((2, 3), np.float32)
    fine = [zeros, zeros, ones, vectors, vectors, 1, 1.0, 1.0, 0.1, 100.0, 1, "portable"]
    trainer = Trainer(*fine)  # type: ignore[arg-type]
    for place, bad in (
        (1, np.zeros(2, np.int32)),
        (2, np.ones(2)),
        (3, vectors[:1]),
        (4, vectors[:, :2].copy()),
        (5, 0),
        (5, 1 << 13),
        (6, 0.0),
        (11, "none"),
    ):
        with pytest.raises(ValueError, match=r"."):
            Trainer(*[*fine[:place], bad, *fine[place + 1 :]])  # type: ignore[arg-type]
    for tile in ((0, 1), (-1, 0), (1, 0)):
        for ask in (trainer.size, trainer.order):
            with pytest.raises(ValueError, match="found a tile out of range"):
                ask(*tile)
    for part in ((1, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 2), (0, 1, 0)):
        with pytest.raises(ValueError, match="found a tile out of range"):
            trainer.train(*part, 0)


@settings(max_examples=30)
@given(n_words=st.integers(1, 30), n_blocks=st.integers(1, 40), dimension=st.integers(1, 40))
def test_parameters_come_out_as_they_went_in(n_words: int, n_blocks: int, dimension: int) -> None:
    random = np.random.default_rng(n_words)
    words, contexts = random.random((2, n_words, dimension + 1)).astype(np.float32)
    nothing = np.zeros(0, np.int32)
    trainer = Trainer(
        nothing, nothing, np.zeros(0), words, contexts, n_blocks, 1.0, 1.0, 1.0, 1.0, 1, "portable"
    )

    assert words.tobytes() == trainer.parameters()[0].tobytes()
    assert contexts.tobytes() == trainer.parameters()[1].tobytes()
    assert 0.0 == train_tile(trainer, n_blocks - 1, 0, 0)


def test_rows_begin_where_cache_lines_do() -> None:
    for n in (1, 16, 1000):
        assert (n, 16) == aligned_rows(n, 16).shape
        assert 0 == aligned_rows(n, 16).ctypes.data % 64


def test_runs_are_told_apart_from_others() -> None:
    run = train_fully(Glove(dimension=2, epochs=1), some_text())
    assert isinstance(run, GloveTraining)
    assert run.settings == Glove(dimension=2, epochs=1)
