"""Every smoothing method of the library against its oracle, on fixed and on generated corpora."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
import strategies
from contracts import CHECKS, ModelCase, Subject, both_forms, check_sums_to_one, subject
from golden_values import PROSODY
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import CountOracle, KneserNeyOracle, SmoothingOracle, WittenBellOracle
from oracles_smoothing import (
    AdditiveOracle,
    ChurchGaleOracle,
    DirichletOracle,
    GeneralizedKneserNeyOracle,
    GoodTuringOracle,
    JelinekMercerOracle,
    KatzOracle,
    LinearDiscountingOracle,
    MaximumLikelihoodOracle,
    NaturalDiscountingOracle,
    PerOrderOracle,
    SimpleGoodTuringOracle,
    StupidBackoffOracle,
    good_turing,
)
from oracles_smoothing.dirichlet import log_evidence, most_evident
from oracles_smoothing.jelinek_mercer import events_of, expectation_maximisation, log_likelihood

import ngramlm as lm
from ngramlm import smoothing

THIRD = Fraction(1, 3)


def one_form(
    name: str, method: Callable[..., Any], oracle: Callable[..., SmoothingOracle]
) -> Iterator[ModelCase]:
    """Over an open and over a closed vocabulary."""
    for kind, closed in (("open", False), ("closed", True)):
        yield ModelCase(f"{name}-{kind}", partial(method, closed=closed), partial(oracle, closed=closed))


def per_order(closed: bool) -> Any:
    return smoothing.PerOrder(
        methods=(
            smoothing.Katz(closed=closed),
            smoothing.KneserNey(discounts=1, closed=closed),
            smoothing.WittenBell(interpolate=False, closed=closed),
        ),
        closed=closed,
    )


#: Methods whose model is a back-off table: what is cut off goes to the lower order.
TABLES: list[ModelCase] = [
    *one_form("maximum-likelihood", smoothing.MaximumLikelihood, MaximumLikelihoodOracle),
    *both_forms("katz", smoothing.Katz, KatzOracle),
    *both_forms(
        "katz-2-1",
        partial(smoothing.Katz, k=(2, 1), unigram_delta=0.5),
        partial(KatzOracle, k=(2, 1), unigram_delta=Fraction(1, 2)),
    ),
    *one_form(
        "jelinek-mercer",
        partial(smoothing.JelinekMercer, weights=(0.25, 0.5, 0.75, 0.125)),
        partial(JelinekMercerOracle, weights=tuple(Fraction(i, 8) for i in (2, 4, 6, 1))),
    ),
    *both_forms("linear-discounting", smoothing.LinearDiscounting, LinearDiscountingOracle),
    *one_form(
        "natural-discounting",
        partial(smoothing.NaturalDiscounting, interpolate=False),
        NaturalDiscountingOracle,
    ),
    *both_forms(
        "kneser-ney-2",
        partial(smoothing.KneserNey, discounts=2),
        partial(GeneralizedKneserNeyOracle, discounts=2),
    ),
    *both_forms(
        "kneser-ney-5",
        partial(smoothing.KneserNey, discounts=5),
        partial(GeneralizedKneserNeyOracle, discounts=5),
    ),
    *one_form(
        "dirichlet",
        partial(smoothing.Dirichlet, concentrations=(0.5, 2.0, 8.0, 1.0), prior="counts"),
        partial(DirichletOracle, concentrations=(Fraction(1, 2), 2, 8, 1)),
    ),
    *one_form(
        "per-order",
        per_order,
        partial(
            PerOrderOracle,
            methods=(KatzOracle, KneserNeyOracle, partial(WittenBellOracle, interpolate=False)),
        ),
    ),
]
#: Scores, not probabilities.
SCORES = [*one_form("stupid-backoff", smoothing.StupidBackoff, StupidBackoffOracle)]
#: Methods that look at one order at a time, and Church-Gale.
COLUMNS: list[ModelCase] = [
    *one_form("additive", partial(smoothing.Additive, delta=1.0), AdditiveOracle),
    *one_form(
        "additive-1/4", partial(smoothing.Additive, delta=0.25), partial(AdditiveOracle, delta=Fraction(1, 4))
    ),
    *one_form("good-turing", smoothing.GoodTuring, GoodTuringOracle),
    *one_form("good-turing-2", partial(smoothing.GoodTuring, k=2), partial(GoodTuringOracle, k=2)),
    *one_form("simple-good-turing", partial(smoothing.GoodTuring, simple=True), SimpleGoodTuringOracle),
]
CHURCH_GALE = [
    *one_form("church-gale", smoothing.ChurchGale, partial(ChurchGaleOracle, number=float)),
    *one_form(
        "church-gale-3",
        partial(smoothing.ChurchGale, min_seen=3),
        partial(ChurchGaleOracle, least=3, number=float),
    ),
]

VERSE = [
    line.split()
    for line in (
        "the cat sat on the mat", "the cat sat on a mat", "the dog sat on the cat", "a dog saw the cat",
        "the cat saw a dog", "a cat", "", "the cat sat", "a mat", "the owl saw the dog on a mat", "the fox sat",
        "the fox saw a cat on the mat", "a dog sat on the fox", "the dog saw the fox", "a cat sat on a log",
    )
]  # fmt: skip
PROBE = [
    line.split()
    for line in ("the cat sat on a log", "", "owl owl the", "the bird sat on the mat", "bird bird")
]


def checks(case: ModelCase) -> list[Callable[[Subject], None]]:
    return [check for check in CHECKS if case not in SCORES or check is not check_sums_to_one]


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("case", [*TABLES, *SCORES, *COLUMNS, *CHURCH_GALE], ids=lambda case: case.name)
def test_method_is_its_oracle(case: ModelCase, order: int) -> None:
    one = subject(case, VERSE, PROBE, order)
    for check in checks(case):
        check(one)


@pytest.mark.parametrize("case", [*TABLES, *SCORES, *COLUMNS, *CHURCH_GALE], ids=lambda case: case.name)
def test_method_is_its_oracle_with_a_given_vocabulary(case: ModelCase) -> None:
    """Words outside the vocabulary are counted as <unk>; a word of the vocabulary may never occur."""
    one = subject(case, VERSE, PROBE, 3, words=["the", "cat", "sat", "unicorn"])
    for check in checks(case):
        check(one)


@pytest.mark.parametrize("case", [*TABLES, *SCORES, *COLUMNS], ids=lambda case: case.name)
@given(texts=strategies.train_and_test(), order=st.integers(1, 4))
@settings(max_examples=8)
def test_method_is_its_oracle_on_any_corpus(
    case: ModelCase, texts: tuple[strategies.Corpus, strategies.Corpus], order: int
) -> None:
    train, test = texts
    one = subject(case, train, test, order)
    for check in checks(case)[:5]:
        check(one)


@pytest.mark.parametrize("case", CHURCH_GALE, ids=lambda case: case.name)
@given(texts=strategies.train_and_test(), order=st.integers(1, 3))
@settings(max_examples=8)
def test_church_gale_is_its_oracle_on_any_corpus(
    case: ModelCase, texts: tuple[strategies.Corpus, strategies.Corpus], order: int
) -> None:
    train, test = texts
    one = subject(case, train, test, order)
    for check in checks(case)[:5]:
        check(one)


@pytest.mark.parametrize("cutoffs", [[0, 0, 1], [0, 1, 2], [0, 3]], ids=str)
@pytest.mark.parametrize("case", [*TABLES, *SCORES], ids=lambda case: case.name)
def test_method_is_its_oracle_with_cut_offs(case: ModelCase, cutoffs: list[int]) -> None:
    """What is cut off is counted when parameters are estimated, and its mass goes to the lower order."""
    counts = lm.count(lm.Text.from_sentences(VERSE), order=3).cut_off(cutoffs)
    one = Subject(case.fit(counts), case.oracle(CountOracle(VERSE, 3), cutoffs=cutoffs), PROBE)
    for check in checks(case):
        check(one)


# ------------------------------------------------------------------------------------------ estimated parameters


def values_of(model: Any, name: str) -> list[float]:
    return [float(value) for value in model.metadata[name].split(";")]


@pytest.mark.parametrize("heldout", [None, PROBE], ids=["leaving one out", "held-out"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_jelinek_mercer_finds_the_weights_of_the_oracle(order: int, heldout: list[list[str]] | None) -> None:
    counts = lm.count(lm.Text.from_sentences(VERSE), order=order)
    text = None if heldout is None else lm.Text.from_sentences(heldout, vocabulary=counts.vocabulary)
    model = smoothing.JelinekMercer().fit(counts, text)
    oracle = JelinekMercerOracle(CountOracle(VERSE, order), weights=0)
    events = events_of(oracle, VERSE if heldout is None else heldout, leave_one_out=heldout is None)
    expected = expectation_maximisation(events, tolerance=1e-10).weights
    actual = dict(zip(sorted(expected), values_of(model, "weights"), strict=True))

    assert expected == pytest.approx(actual, abs=0.01)
    assert log_likelihood(events, actual) == pytest.approx(log_likelihood(events, expected), abs=1e-3)


def test_dirichlet_finds_the_concentrations_of_the_oracle() -> None:
    """The trigrams of this text say nothing that the bigrams do not: their evidence grows with alpha, to its bound."""
    model = smoothing.Dirichlet(prior="counts").fit(lm.count(lm.Text.from_sentences(VERSE), order=3))
    actual = values_of(model, "concentrations")
    for k in (1, 2, 3):
        oracle = DirichletOracle(CountOracle(VERSE, k), concentrations=[*actual[: k - 1], 1], number=float)
        expected = most_evident(oracle, k, max_steps=500)

        assert log_evidence(oracle, k, actual[k - 1]) >= log_evidence(oracle, k, expected) - 1e-6
        assert k == 3 or expected == pytest.approx(actual[k - 1], rel=1e-3)


def test_simple_good_turing_is_the_oracle_on_the_prosody_data() -> None:
    from ngramlm.smoothing.good_turing import simple_good_turing

    expected = good_turing.simple_good_turing(PROSODY)
    actual = simple_good_turing(np.array(list(PROSODY)), np.array(list(PROSODY.values())))

    assert actual.adjusted == pytest.approx(list(expected.adjusted.values()))
    assert (actual.unseen, actual.intercept, actual.slope) == pytest.approx(
        (expected.unseen_mass, expected.intercept, expected.slope)
    )
