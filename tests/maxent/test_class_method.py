"""Word classes and the models that tell the class first."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import strategies
from support.texts import PROBE, VERSE

import ngramlm as lm
from ngramlm.errors import CountError, EstimationError, EstimationWarning, FormatError, UsageError
from ngramlm.formats import archive
from ngramlm.maxent._classes import exchange
from ngramlm.maxent._softmax import softmax
from ngramlm.maxent.class_likelihood import ClassLikelihood, WordLikelihood
from ngramlm.maxent.class_tables import ClassTables
from ngramlm.maxent.classes import class_information, word_classes
from ngramlm.maxent.observed import Observed
from ngramlm.text.vocabulary import BOS

METHOD = lm.ClassMaxEnt(n_classes=4, sigma2=2, alpha=0, tolerance=1e-10)


def counted(sentences: Any, order: int) -> lm.NgramCounts:
    return lm.count(lm.Text.from_sentences(sentences), order=order)


def likelihoods(
    counts: lm.NgramCounts, n_classes: int, threads: int = 1
) -> tuple[ClassLikelihood, WordLikelihood]:
    classes = METHOD._classes(counts, None) if counts.order == 1 else word_classes(counts, n_classes)
    _, classes = np.unique(classes, return_inverse=True)
    tables, observed = ClassTables.of(counts.trie, classes.astype(np.int32)), Observed.of(counts)
    base = np.ones(tables.n_classes)
    base[BOS] = 0.0
    return ClassLikelihood(tables, observed, base, threads), WordLikelihood(tables, observed)


@given(corpus=strategies.corpora(), order=st.integers(1, 4), seed=st.integers(0, 99))
@settings(max_examples=25)
def test_gradients_are_those_of_finite_differences(corpus: strategies.Corpus, order: int, seed: int) -> None:
    for likelihood in likelihoods(counted(corpus, order), 1 + seed % 3):
        random = np.random.default_rng(seed)
        lambdas = random.normal(size=len(likelihood.observed)) * likelihood.features
        gradient = likelihood(lambdas)[1] - likelihood.observed
        for place in random.permutation(np.flatnonzero(likelihood.features))[:12].tolist():
            step = np.zeros(len(lambdas))
            step[place] = 1e-5

            assert (likelihood(lambdas + step)[0] - likelihood(lambdas - step)[0]) / 2e-5 == pytest.approx(
                gradient[place], abs=1e-6
            )


def test_the_likelihoods_are_those_of_the_model() -> None:
    """Together they are what the model gives its training text."""
    counts = counted(VERSE, 3)
    model = METHOD.fit(counts)
    observed, tables = Observed.of(counts), model.tables
    first = ClassLikelihood(tables, observed, model.base)(model.class_lambdas)[0]
    second = WordLikelihood(tables, observed)(model.word_lambdas)[0]
    text = lm.Text.from_sentences(VERSE, counts.vocabulary)

    assert first + second == pytest.approx(-model.log10_probs(text).sum() * np.log(10), rel=1e-12)


def test_the_same_bits_from_any_number_of_threads() -> None:
    one, other = (METHOD.fit(counted(VERSE, 3), threads=threads) for threads in (1, 3))

    np.testing.assert_array_equal(one.class_lambdas, other.class_lambdas)
    np.testing.assert_array_equal(one.word_lambdas, other.word_lambdas)


def test_a_word_that_was_not_seen_there_has_what_its_class_has() -> None:
    sentences = ["a cat sat", "the cat ran", "a dog ran", "the dog sat", "the owl ran"]
    classes = {"a": 0, "the": 0, "cat": 1, "dog": 1, "owl": 1, "sat": 2, "ran": 2}
    counts = counted(sentences, 2)
    with_classes, without = lm.ClassMaxEnt(classes=classes).fit(counts), lm.MaxEnt().fit(counts)

    assert with_classes.log10_prob("owl", ["a"]) > without.log10_prob("owl", ["a"])


def test_given_classes_and_those_that_are_left_out() -> None:
    counts = counted(["a b c d"], 2)
    model = replace(METHOD, classes={"b": 7, "d": 7, "a": 2, "zzz": 1}).fit(counts)
    found = dict(zip(counts.vocabulary.words(), model.classes.tolist(), strict=True))

    assert {"<unk>": 0, "<s>": 1, "</s>": 2} == {word: found[word] for word in ("<unk>", "<s>", "</s>")}
    assert found["b"] == found["d"] != found["a"] != found["c"]
    assert {3, 4, 5} == {found[word] for word in "abc"}
    assert "3" == model.metadata["classes"]


# ---------------------------------------------------------------------------------------------------- the classes


def information(counts: lm.NgramCounts, classes: dict[str, Any]) -> float:
    """The mutual information of neighboring classes, from a dictionary of bigrams."""
    pairs: Counter[tuple[Any, Any]] = Counter()
    for (first, second), times in counts.items(2):
        pairs[classes[first], classes[second]] += times
    n, lefts, rights = sum(pairs.values()), Counter[Any](), Counter[Any]()
    for (g, h), times in pairs.items():
        lefts[g] += times
        rights[h] += times
    return sum(t / n * float(np.log(t * n / (lefts[g] * rights[h]))) for (g, h), t in pairs.items())


@given(corpus=strategies.corpora(), n_classes=st.integers(1, 4))
@settings(max_examples=60)
def test_every_round_makes_classes_more_informative(corpus: strategies.Corpus, n_classes: int) -> None:
    """And at the end no word is better off in another class."""
    counts = counted(corpus, 2)
    if counts.order < 2:
        return
    words = counts.vocabulary.words()
    values = []
    for rounds in range(4):
        classes = word_classes(counts, n_classes, rounds=rounds)
        values.append(information(counts, dict(zip(words, classes.tolist(), strict=True))))

        assert values[-1] == pytest.approx(class_information(counts, classes), abs=1e-12)
    assert all(after >= before - 1e-9 for before, after in pairwise(values))
    classes = word_classes(counts, n_classes, rounds=50)
    best = class_information(counts, classes)
    for word in range(3, len(words)):
        for other in range(3, 3 + n_classes):
            moved = classes.copy()
            moved[word] = other

            assert class_information(counts, moved) <= best + 1e-6


def test_classes_of_words_that_stand_in_the_same_places() -> None:
    """Any noun after any determiner, any verb after any noun: three classes tell all there is to tell."""
    nouns, verbs = ["cat", "dog", "owl"], ["ran", "sat", "hid"]
    sentences = [[d, n, v] for d in ("a", "the") for n in nouns for v in verbs]
    counts = counted(sentences, 2)
    classes = dict(zip(counts.vocabulary.words(), word_classes(counts, 3).tolist(), strict=True))

    assert 3 == len({classes[word] for word in (*nouns, *verbs, "a", "the")})
    assert 1 == len({classes[n] for n in nouns}) == len({classes[v] for v in verbs})


def test_classes_need_bigrams() -> None:
    with pytest.raises(EstimationError, match="found counts of order 1; expected order 2 or more"):
        word_classes(counted(VERSE, 1), 3)


# ------------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_classes": 0}, "n_classes is 0; expected a whole number from 1 to 10000"),
        ({"classes": ["a"]}, r"classes is \['a'\]; expected a dict from words to class numbers"),
        ({"classes": {"a": -1}}, "the class of 'a' is -1; expected a whole number"),
        ({"classes": {"a": "b"}}, "the class of 'a' is 'b'; expected a whole number"),
        ({"sigma2": 0}, "sigma2 is 0; expected a number above 0"),
    ],
)
def test_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        lm.ClassMaxEnt(**options)


def test_cut_offs_are_refused() -> None:
    with pytest.raises(UsageError, match="class-maxent has no rule for n-grams that are left out"):
        METHOD.fit(counted(VERSE, 2).cut_off([0, 1]))


def test_warns_where_the_steps_are_too_few() -> None:
    with pytest.warns(EstimationWarning, match="owl-qn stopped after 1 steps"):
        model = replace(METHOD, max_iterations=1).fit(counted(VERSE, 2))

    assert "no" == model.metadata["converged"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("classes", lambda column: column[:-1]),
        ("classes", lambda column: column[::-1].copy()),
        ("classes", lambda column: column + np.int32(column == column.max())),
        ("classes", lambda column: column.astype(np.int64)),
        ("base", lambda column: column * 2),
        ("base", lambda column: column[:-1]),
        ("class_lambdas", lambda column: column[:-1]),
        ("word_lambdas", lambda column: column + np.nan),
        ("word_lambdas", lambda column: column.astype(np.float32)),
    ],
)
def test_damaged_files(name: str, change: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = replace(METHOD, tolerance=1e-2).fit(counted(VERSE, 2))
    columns = model.columns()
    columns[name] = change(columns[name])
    monkeypatch.setattr(model, "columns", lambda: columns)
    # the writer would refuse some of these columns as well
    monkeypatch.setattr(archive, "check_columns", lambda *_: None)
    model.save(tmp_path / "model.ngram")
    with pytest.raises(FormatError, match=rf"in column '{name}'; expected|do not fit together"):
        lm.load(tmp_path / "model.ngram")


def softmax_columns() -> list[Any]:
    return [
        np.array([0, 1, 3]),
        np.array([[0, 2], [0, 2], [2, 4]]),
        np.array([0, 1, 0, 1], np.int32),
        np.zeros(4),
        np.ones(2),
        np.ones(2),
        np.array([0, 1], np.int32),
        np.empty(2),
        np.zeros(4),
    ]


def test_softmax_by_hand() -> None:
    """Scores of the second context: 0 + log 2 and 0 + log 6; p = 1/4 and 3/4."""
    columns = softmax_columns()
    columns[3] = np.log([1.0, 2.0, 2.0, 3.0])
    total = softmax(*columns)

    assert total == pytest.approx(np.log(3) + np.log(8))
    np.testing.assert_allclose(columns[7], [1 / 3, 3 / 4])
    np.testing.assert_allclose(columns[8], [1 / 3 + 1 / 4, 2 / 3 + 3 / 4, 1 / 4, 3 / 4])


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (0, lambda column: column[:-1]),
        (0, lambda column: column[::-1].copy()),
        (0, lambda column: np.array([0, 4, 3])),
        (1, lambda column: column - 1),
        (1, lambda column: column + 1),
        (1, lambda column: np.ascontiguousarray(column[:, ::-1])),
        (2, lambda column: column - 1),
        (2, lambda column: column + 1),
        (3, lambda column: column[:-1]),
        (4, lambda column: column[:-1]),
        (5, lambda column: column[:-1]),
        (6, lambda column: column + 1),
        (6, lambda column: column[:-1]),
        (7, lambda column: column[:-1]),
        (8, lambda column: column[:-1]),
    ],
)
def test_softmax_refuses_columns_that_do_not_fit(place: int, change: Any) -> None:
    columns = softmax_columns()
    columns[place] = change(columns[place])
    with pytest.raises(ValueError, match=r"ranges|outside|for each|out of range"):
        softmax(*columns)


@pytest.mark.parametrize(
    ("place", "change"),
    [
        *((place, lambda column: column[:-1]) for place in range(6)),
        *((place, lambda column: column - 4) for place in (0, 1, 3, 4)),
        (1, lambda column: column + 100),
        (0, lambda column: column[::-1].copy()),
        (6, lambda column: column + 100),
        (6, lambda column: column * 0),
        *((place, lambda column: column * 0) for place in (2, 5)),
        (7, lambda _: 4),
        (8, lambda _: 100),
        (9, lambda _: 100),
    ],
)
def test_exchange_refuses_columns_that_do_not_fit(place: int, change: Any) -> None:
    one = [np.array([0, 0, 1, 1, 2, 2]), np.array([3, 2], np.int32), np.ones(2)]
    columns = [*one, *(column.copy() for column in one), np.array([0, 1, 2, 3, 4], np.int32), 5, 3, 3]
    exchange(*columns)
    columns[place] = change(columns[place])
    with pytest.raises(ValueError, match=r"do not fit|out of range"):
        exchange(*columns)


def test_models_of_unknown_text() -> None:
    model = METHOD.fit(counted(VERSE, 3))
    text = lm.Text.from_sentences(PROBE, model.vocabulary)

    assert np.isfinite(model.log10_probs(text)).all()
    with pytest.raises(CountError):
        METHOD.fit(lm.NgramCounts.from_ngrams({("a",): 2**62, ("b",): 2**62, ("</s>",): 1}))


def test_progress_of_classes_and_of_both_solutions() -> None:
    told: list[tuple[str, int, int | None]] = []
    replace(METHOD, tolerance=1e-2).fit(counted(VERSE, 2), progress=lambda *event: told.append(event))
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    classing = [event for event in told if event[0] == "classing words"]

    assert len(stages) == 3
    assert stages[0] == "classing words"
    assert [done for _, done, _ in classing] == list(range(1, len(classing) + 1))
    for stage in stages[1:]:
        steps = [(done, total) for name, done, total in told if name == stage]
        assert steps == [(number, None) for number in range(len(steps))]
        assert len(steps) > 1


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_backoff_model_keeps_the_stored_ngrams(order: int) -> None:
    model = replace(METHOD, tolerance=1e-3).fit(counted(VERSE, order))
    table = model.to_backoff()
    assert table.n_ngrams == model.n_ngrams
    words = model.vocabulary.words()
    for k in range(1, order + 1):
        for ngram in model.trie.ngrams(k).tolist():
            *history, last = (words[id] for id in ngram)
            if last == "<s>":
                continue
            expected = model.distribution(history)[ngram[-1]]
            assert 10 ** table.log10_prob(last, history) == pytest.approx(expected, rel=1e-5), (history, last)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("base", lambda base: 0 * base, "found no class that can be predicted; expected at least one"),
        (
            "classes",
            lambda classes: classes.astype(np.int64),
            r"found classes int64\[\d+\]; expected int32\[\d+\]",
        ),
        ("classes", lambda classes: classes[:-1], r"found classes int32\[\d+\]; expected int32\[\d+\]"),
    ],
)
def test_columns_that_are_no_model(name: str, value: Any, message: str) -> None:
    model = replace(METHOD, tolerance=1e-1).fit(counted(VERSE, 2))
    columns = {
        "classes": model.classes,
        "base": model.base,
        "class_lambdas": model.class_lambdas,
        "word_lambdas": model.word_lambdas,
    }
    columns[name] = value(columns[name])
    with pytest.raises(UsageError, match=message):
        type(model)(model.vocabulary, model.trie, **columns)
