"""Word2VecTraining of word2vec and fastText vectors: settings, what is learnt, and going on where it was left off."""

from __future__ import annotations

import dataclasses
import json
import math
import random
import zipfile
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngramlm.core import parallel
from ngramlm.embeddings import Subwords, SubwordVectors, Word2Vec, Word2VecTraining, word2vec_training
from ngramlm.embeddings._parameters import aligned_rows
from ngramlm.embeddings._word2vec import Worker
from ngramlm.embeddings.frequent_words import frequent_words
from ngramlm.errors import EstimationError, FormatError, UsageError
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import Vocabulary

COMBINATIONS = [
    {"architecture": architecture, "loss": loss}
    for architecture in ("skip-gram", "cbow")
    for loss in ("negative-sampling", "hierarchical-softmax")
]
SUBWORDS = Subwords(min_n=2, max_n=3, buckets=500)
GROUPS = [["red", "green", "blue"], ["one", "two", "three"], ["north", "south", "west"]]


def sentences(n: int, seed: int = 1) -> list[list[str]]:
    """Each of words of one group, with words between them that say nothing."""
    rng = random.Random(seed)
    return [
        [word for _ in range(6) for word in (rng.choice(rng_group), rng.choice(["and", "or"]))]
        for rng_group in rng.choices(GROUPS, k=n)
    ]


@pytest.fixture(scope="module")
def text() -> Text:
    return Text.from_sentences(sentences(400))


def small(**changed: Any) -> Word2Vec:
    return Word2Vec(**{"dimension": 12, "epochs": 8, "subsample": 0.05, "learning_rate": 0.1} | changed)


@pytest.mark.parametrize(
    "changed",
    [
        *COMBINATIONS,
        {"shared_negatives": True},
        {"architecture": "cbow", "cbow_update": "exact"},
        {"architecture": "cbow", "cbow_update": "sum"},
        {"subsample_rule": "paper"},
        *({"subwords": SUBWORDS, "epochs": 20} | combination for combination in COMBINATIONS),
    ],
    ids=str,
)
def test_words_of_a_group_are_near_each_other(text: Text, changed: dict[str, Any]) -> None:
    vectors = small(**changed).fit(text, threads=1)
    for group in GROUPS:
        for word in group:
            near = [other for other, _ in vectors.most_similar(word, n=2)]
            assert {word, *near} == set(group)


def test_the_loss_is_that_of_chance_at_first_and_falls(text: Text) -> None:
    """With outputs of zero every score is 0: 6 log 2 for every pair with five words of noise.

    A window that reaches b = 1, 2, 3 from the middle has 2 b pairs.
    """
    one = small(epochs=1, window=1, track_loss=True, negatives=5, subsample=0, learning_rate=1e-9).start(text)
    one.run(threads=1)
    pairs = 2 * (text.n_words - text.n_sentences) / text.n_words
    noise = 1 - sum(p**1 * q for p, q in _noise_and_share(text))
    assert one.mean_loss == pytest.approx(pairs * math.log(2) * (1 + 5 * noise), rel=5e-3)

    losses = []
    run = small(track_loss=True, learning_rate=0.01).start(text)

    def remember(at: Word2VecTraining) -> bool:
        losses.append(at.mean_loss)
        return False

    run.run(threads=1, after_block=remember)
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.9 * losses[0]
    assert math.isnan(small().start(text).mean_loss)


def _noise_and_share(text: Text) -> list[tuple[float, float]]:
    """Per word, the probability that it is drawn as noise, and its share of the text."""
    counts = np.bincount(text.ids)[3:]
    noise = counts**0.75 / (counts**0.75).sum()
    return list(zip(noise.tolist(), (counts / counts.sum()).tolist(), strict=True))


def test_one_thread_gives_the_same_vectors_every_time(text: Text) -> None:
    settings = small(subwords=SUBWORDS)
    one, other = settings.fit(text, threads=1), settings.fit(text, threads=1)
    different = dataclasses.replace(settings, seed=2).fit(text, threads=1)

    assert isinstance(one, SubwordVectors)
    assert isinstance(other, SubwordVectors)
    np.testing.assert_array_equal(one.matrix, other.matrix)
    np.testing.assert_array_equal(one.ngrams, other.ngrams)
    assert not np.allclose(one.matrix, different.matrix, atol=1e-3)


def test_several_threads_train_as_well(text: Text, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word2vec_training, "BLOCK", 500)
    losses = {}
    for threads in (1, 3):
        run = small(track_loss=True).start(text)
        run.run(threads=threads)
        losses[threads] = run.mean_loss
        assert run.done == run.n_blocks

    assert losses[3] == pytest.approx(losses[1], rel=0.05)


def test_copies_are_merged_by_their_shares() -> None:
    """A half and all of what one worker moved comes to the shared rows; what others did meanwhile stays."""
    text = Text.from_sentences([["a", "b"]] * 30)
    run = Word2Vec(dimension=3, min_count=5, subsample=0, learning_rate=0.5).start(text)
    first = run.inputs.copy()
    copies = tuple(aligned_rows(2, 16) for _ in range(4))
    worker = Worker(run._trainer, 2, 2, copies)
    worker.train(run.ids, 0, len(run.ids), 1, 0.5, 0.0)
    np.testing.assert_array_equal(run.inputs, first)
    moved = copies[0] - first
    assert np.abs(moved).max() > 0.01
    run.inputs += 1
    worker.merge(np.array([0.5, 1], np.float32), np.array([1, 1], np.float32))

    np.testing.assert_allclose(run.inputs - 1 - first, moved * np.array([[0.5], [1]]), atol=1e-6)
    np.testing.assert_array_equal(copies[0], run.inputs)
    np.testing.assert_array_equal(copies[2], run.outputs)
    with pytest.raises(ValueError, match="found more shares than hot rows"):
        worker.merge(np.ones(3, np.float32), np.ones(2, np.float32))


@pytest.mark.parametrize("changed", [{}, {"loss": "hierarchical-softmax"}, {"subwords": SUBWORDS}], ids=str)
def test_rows_of_which_there_are_copies_are_the_most_used(text: Text, changed: dict[str, Any]) -> None:
    run = small(subsample=0, **changed).start(text)
    for uses in run._uses():
        assert (np.diff(uses) <= 1e-12).all()
        assert uses[0] > 1.5 * uses[-1]


@pytest.mark.parametrize(
    ("changed", "n_inputs", "n_outputs"),
    [
        ({}, 4, 4),
        ({"shared_negatives": True}, 4, 1),
        ({"architecture": "cbow"}, 4, 1),
        ({"subwords": SUBWORDS}, 1, 4),
        ({"subwords": SUBWORDS, "architecture": "cbow"}, 4, 1),
        ({"loss": "hierarchical-softmax"}, 4, 1),
        ({"loss": "hierarchical-softmax", "subwords": SUBWORDS}, 1, 4),
    ],
    ids=str,
)
def test_copies_are_of_the_rows_that_are_fetched_most_often(
    text: Text, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], n_inputs: int, n_outputs: int
) -> None:
    """In a window of three words, that is four on the average with both sides, for each of which noise may be drawn."""
    monkeypatch.setattr(word2vec_training, "HOT_BYTES", 64 * 9)  # nine rows of 16 numbers
    run = small(subsample=0, window=3, negatives=2, **changed).start(text)
    times = Counter(word for sentence in sentences(400) for word in sentence)
    all_noise = sum(count**0.75 for count in times.values())
    rows = Counter(dict.fromkeys(times, 0) if "subwords" not in changed else {})
    for word, count in times.items():
        ends = f"<{word}>"
        parts = (
            [ends[i : i + n] for n in (2, 3) for i in range(len(ends) - n + 1)]
            if "subwords" in changed
            else []
        )
        for part in {word, *parts}:
            rows[part] += count
    if "loss" in changed:
        nodes = Counter()
        for word, count in times.items():
            for node in path_to(word, times):
                nodes[node] += count
        used = list(nodes.values())
    else:
        used = [count + 2 * times.total() * count**0.75 / all_noise for count in times.values()]
    fetched = [(n_inputs * count, "inputs") for count in rows.values()]
    fetched += [(n_outputs * count, "outputs") for count in used]
    kinds = [kind for _, kind in sorted(fetched, key=lambda of: -of[0])[:9]]
    hot, shares = run._hot_rows(2)

    assert hot == (kinds.count("inputs"), kinds.count("outputs"))
    assert tuple(map(len, shares)) == hot


def path_to(word: str, times: Counter[str]) -> list[int]:
    """Numbers of the inner nodes above a word, where the two rarest are joined until there is one."""
    trees = [(count, number, {each}) for number, (each, count) in enumerate(times.items())]
    path = []
    while len(trees) > 1:
        trees.sort(key=lambda tree: tree[:2])
        (one, _, words), (other, _, more), *trees = trees
        number = len(times) + 1000 - len(trees)
        path += [number] if word in words | more else []
        trees.append((one + other, number, words | more))
    return path


def test_first_vectors_are_uniform_and_small() -> None:
    text = Text.from_sentences([[f"w{i}" for i in range(2000)]])
    run = Word2Vec(min_count=1, dimension=10).start(text)
    first = run.inputs[:, :10]

    assert np.abs(first).max() <= 0.05
    assert np.abs(first).max() > 0.0499
    assert abs(first.mean()) < 5 * 0.1 / math.sqrt(12 * first.size)
    assert not run.outputs.any()
    np.testing.assert_array_equal(run.vectors().matrix, first)


# Subwords


def test_a_vector_is_the_mean_of_a_word_and_its_ngrams(text: Text) -> None:
    run = small(subwords=SUBWORDS).start(text)
    run.run(threads=1)
    vectors = run.vectors()
    assert isinstance(vectors, SubwordVectors)
    word = run.words.index("red")
    buckets = [fnv("<r"), fnv("<re"), fnv("re"), fnv("red"), fnv("ed"), fnv("ed>"), fnv("d>")]
    rows = [
        run.inputs[run.subword_rows[run.subword_starts[word]], :12],
        *(vectors.ngrams[bucket % 500] for bucket in buckets),
    ]

    np.testing.assert_allclose(vectors["red"], np.mean(rows, axis=0), rtol=1e-4, atol=1e-6)
    unseen = [vectors.ngrams[fnv(ngram) % 500] for ngram in ("<r", "<re", "re", "reb", "eb", "eb>", "b>")]
    np.testing.assert_allclose(vectors["reb"], np.mean(unseen, axis=0), rtol=1e-4, atol=1e-6)


def fnv(ngram: str) -> int:
    """FNV-1a of ASCII text, 32 bits (Fowler, Noll & Vo)."""
    value = 2166136261
    for byte in ngram.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


# The text


def test_rare_words_take_no_place() -> None:
    """Left out before windows are formed: a text without them trains the same."""
    with_rare = Text.from_sentences([["a", f"rare{i}", "b", "c"] for i in range(50)])
    without = Text.from_sentences([["a", "b", "c"] for _ in range(50)])
    settings = Word2Vec(dimension=5, subsample=0, min_count=2, epochs=1)
    one, other = settings.fit(with_rare, threads=1), settings.fit(without, threads=1)

    assert one.words == other.words == ("a", "b", "c")
    # the learning rate falls by place in the text, of which there are more
    np.testing.assert_allclose(one.matrix, other.matrix, atol=1e-3)


@given(
    counts=st.lists(st.integers(0, 6), min_size=1, max_size=8),
    least=st.integers(1, 4),
    order=st.randoms(use_true_random=False),
)
def test_frequent_words_by_falling_count(counts: list[int], least: int, order: random.Random) -> None:
    vocabulary = Vocabulary([f"w{i}" for i in range(len(counts))])
    tokens = [f"w{i}" for i, times in enumerate(counts) for _ in range(times)] + ["unknown"]
    order.shuffle(tokens)
    text = Text.from_sentences([tokens, []], vocabulary)
    ids, words, times = frequent_words(text, least)
    expected = sorted(
        (word for word in range(len(counts)) if counts[word] >= least), key=lambda word: -counts[word]
    )

    assert words == [f"w{word}" for word in expected]
    assert times.tolist() == [counts[word] for word in expected]
    kept = [f"w{expected[id - 3]}" if id >= 3 else None for id in ids.tolist()]
    assert kept == [None, *(token if token in words else None for token in tokens), None, None, None]
    assert ids.tolist()[-3:] == [2, 1, 2]


@pytest.mark.parametrize("lines", [[], [[]], [["a"] * 10], [["a", "b"]]])
def test_a_text_without_two_frequent_words_is_refused(lines: list[list[str]]) -> None:
    with pytest.raises(EstimationError, match=r"found [01] words that occur 5 times or more"):
        Word2Vec().fit(Text.from_sentences(lines))


def test_blocks_are_whole_sentences_where_they_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word2vec_training, "BLOCK", 7)
    text = Text.from_sentences([["a", "b"]] * 6 + [["a"] * 40] + [["b"]] * 3)
    blocks = Word2Vec(min_count=1).start(text).blocks

    assert blocks[0][0] == 0
    assert blocks[-1][1] == len(text.ids)
    assert all(end == first for (_, end), (first, _) in pairwise(blocks))
    begins = [first for first, _ in blocks if text.ids[first] != 1]
    assert all(24 < first < 24 + 42 for first in begins)  # only inside of the long one
    assert max(end - first for first, end in blocks) <= 14


# Left off and taken up again


@pytest.mark.parametrize(
    "changed", [{}, {"subwords": SUBWORDS, "architecture": "cbow"}, COMBINATIONS[1]], ids=str
)
def test_going_on_gives_the_same_vectors(
    text: Text, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any]
) -> None:
    monkeypatch.setattr(word2vec_training, "BLOCK", 800)
    settings = small(track_loss=True, epochs=3, **changed)
    whole = settings.start(text)
    whole.run(threads=1)
    first = settings.start(text)
    first.run(threads=1, after_block=lambda at: at.done == 5)
    assert 0 < first.done < first.n_blocks
    first.save(tmp_path / "left.training")
    second = settings.start(text)
    second.resume(tmp_path / "left.training")
    assert second.learning_rate == first.learning_rate < settings.first_rate
    second.run(threads=1)

    assert (second.done, second.kept) == (whole.done, whole.kept)
    assert second.mean_loss == pytest.approx(whole.mean_loss, rel=1e-12)
    np.testing.assert_array_equal(second.inputs, whole.inputs)
    np.testing.assert_array_equal(second.outputs, whole.outputs)


class Recorded:
    """A worker that says which blocks it trained."""

    def __init__(self, worker: Any, trained: list[int]) -> None:
        self.worker, self.trained, self.merge = worker, trained, worker.merge

    def train(self, ids: Any, first: int, *others: Any) -> Any:
        self.trained.append(first)
        return self.worker.train(ids, first, *others)


@pytest.mark.parametrize("threads", [2, 3])
def test_several_threads_leave_off_between_blocks(
    text: Text, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    """Every block before the place that was reached was trained once, and none after it."""
    monkeypatch.setattr(word2vec_training, "BLOCK", 200)
    monkeypatch.setattr(parallel, "WAKING", 0.001)
    run = small(epochs=200).start(text)
    trained: list[int] = []
    worker = run._worker
    monkeypatch.setattr(run, "_worker", lambda hot: Recorded(worker(hot), trained))
    run.run(threads=threads, after_block=lambda at: at.done >= 5)
    assert 5 <= run.done < run.n_blocks
    trained_first = [block for block, _ in run.blocks]
    assert sorted(trained) == sorted(trained_first[i % len(trained_first)] for i in range(run.done))

    kept = run.kept
    whole = small(epochs=200).start(text)
    whole.run(threads=1, after_block=lambda at: at.done == run.done)
    assert kept == whole.kept  # what is kept is drawn by block

    said = []

    def interrupted(stage: str, done: int, total: int | None) -> None:
        said.append(done)
        if len(said) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.run(threads=threads, progress=interrupted)
    assert len(trained) == run.done < run.n_blocks
    run.run(threads=threads, progress=lambda stage, done, total: said.append(done))
    assert len(trained) == run.done == run.n_blocks
    assert said == sorted(said)
    assert said[-1] == 200 * len(run.ids)


def test_going_on_with_something_else_is_refused(
    text: Text, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "left.training"
    small().start(text).save(path)
    with pytest.raises(UsageError, match="another seed"):
        small(seed=2).start(text).resume(path)
    for other in (sentences(400, seed=2), [*sentences(400), ["red"]]):
        with pytest.raises(UsageError, match="another text"):
            small().start(Text.from_sentences(other)).resume(path)
    monkeypatch.setattr(word2vec_training, "BLOCK", 19_999)
    with pytest.raises(UsageError, match="blocks of 20000 words"):
        small().start(text).resume(path)


def test_the_default_learning_rate_may_be_named(text: Text, tmp_path: Path) -> None:
    Word2Vec(dimension=4).start(text).save(tmp_path / "left.training")
    Word2Vec(dimension=4, learning_rate=0.025).start(text).resume(tmp_path / "left.training")


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("threads", [1, 2])
def test_training_that_leaves_the_numbers_is_refused(
    text: Text, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    monkeypatch.setattr(parallel, "WAKING", 0.001)
    run = small(learning_rate=1e30, epochs=500).start(text)
    with pytest.raises(EstimationError, match="a lower learning_rate helps"):
        run.run(threads=threads)
    assert run.done < run.n_blocks
    with pytest.raises(EstimationError, match="found NaN or infinity in the vectors"):
        run.save(tmp_path / "left.training")
    assert not list(tmp_path.iterdir())


def test_training_on_nothing_is_refused(text: Text) -> None:
    with pytest.raises(EstimationError, match="no word to train on"):
        small(subsample=1e-300).fit(text, threads=1)


def test_a_word_of_too_many_ngrams_is_refused() -> None:
    text = Text.from_sentences([["a", "b", "x" * 70_000]])
    with pytest.raises(EstimationError, match=r"found a word of 70000 characters, 'xxxxxxxxxxxxxxxxxxxx'"):
        Word2Vec(min_count=1, subwords=Subwords(min_n=3, max_n=3)).start(text)


def test_damaged_training_is_refused(text: Text, tmp_path: Path) -> None:
    path = tmp_path / "left.training"
    run = small().start(text)
    run.save(path)
    data = path.read_bytes()
    for damaged in (b"", data[:100], data[:-1], data[: len(data) // 2], b"x" * 50):
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match=r"left\.training"):
            run.resume(path)
    rng = np.random.default_rng(1)
    before = run.inputs.copy()
    for _ in range(200):
        changed = bytearray(data)
        changed[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        path.write_bytes(changed)
        try:
            run.resume(path)
        except (FormatError, UsageError):
            continue
        np.testing.assert_array_equal(run.inputs, before)  # a byte that says nothing, such as a date


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2},
        {"done": -1},
        {"done": 10**9},
        {"done": "x"},
        {"kept": 1.5},
        {"loss": None},
        {"columns": {}},
    ],
    ids=str,
)
def test_headers_that_lie_are_refused(text: Text, tmp_path: Path, changed: dict[str, Any]) -> None:
    path = tmp_path / "left.training"
    run = small().start(text)
    run.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["training.json"] = json.dumps(json.loads(members["training.json"]) | changed).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(FormatError, match="found"):
        run.resume(path)


def test_numbers_that_are_none_are_refused(
    text: Text, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = small().start(text)
    run.inputs[3, 2] = np.nan
    monkeypatch.setattr(Word2VecTraining, "_check", lambda self: None)
    run.save(tmp_path / "left.training")
    with pytest.raises(FormatError, match="found NaN or infinity among the parameters"):
        small().start(text).resume(tmp_path / "left.training")


# Settings


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"architecture": "glove"}, "one of: skip-gram, cbow"),
        ({"loss": "softmax"}, "negative-sampling"),
        ({"dimension": 0}, "dimension is 0"),
        ({"window": 1001}, "window is 1001"),
        ({"negatives": 0}, "negatives is 0"),
        ({"noise_exponent": math.nan}, "noise_exponent"),
        ({"subsample": -1}, "subsample"),
        ({"min_count": 0}, "min_count"),
        ({"min_count": 1 << 61}, "min_count"),
        ({"epochs": 0}, "epochs"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"cbow_update": "mean"}, "cbow_update"),
        ({"seed": -1}, "seed"),
        ({"subwords": (3, 6)}, "subwords"),
        ({"shared_negatives": True, "architecture": "cbow"}, "shared_negatives"),
        ({"shared_negatives": True, "loss": "hierarchical-softmax"}, "shared_negatives"),
        ({"shared_negatives": True, "subwords": Subwords()}, "shared_negatives"),
    ],
)
def test_wrong_settings_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Word2Vec(**changed)


@pytest.mark.parametrize(
    "changed", [{"min_n": 0}, {"min_n": 4, "max_n": 3}, {"buckets": 0}, {"buckets": 2**31}]
)
def test_wrong_subwords_are_refused(changed: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        Subwords(**changed)


def test_progress_tells_how_far_the_text_has_been_read(text: Text) -> None:
    said: list[tuple[str, int, int | None]] = []
    small(epochs=2).fit(text, threads=1, progress=lambda *told: said.append(told))
    total = 2 * len(text.ids)

    assert said[-1] == ("training", total, total)
    assert [done for _, done, _ in said] == sorted({done for _, done, _ in said})
