"""Oracles and library against the golden table, fraction by fraction."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from support.golden_values import BROWN, DAVID, GOLDEN, INFINITE, Golden, histories
from support.oracles.counts import BOS, EOS, UNK, CountOracle
from support.oracles.smoothing.absolute import AbsoluteDiscountingOracle
from support.oracles.smoothing.base import SmoothingOracle
from support.oracles.smoothing.church_gale import ChurchGaleOracle
from support.oracles.smoothing.dirichlet import DirichletOracle
from support.oracles.smoothing.good_turing import GoodTuringOracle, SimpleGoodTuringOracle
from support.oracles.smoothing.jelinek_mercer import JelinekMercerOracle
from support.oracles.smoothing.katz import KatzOracle
from support.oracles.smoothing.kneser_ney import (
    GeneralizedKneserNeyOracle,
    KneserNeyOracle,
    ModifiedKneserNeyOracle,
)
from support.oracles.smoothing.per_order import PerOrderOracle
from support.oracles.smoothing.ratios import (
    LinearDiscountingOracle,
    MaximumLikelihoodOracle,
    NaturalDiscountingOracle,
    StupidBackoffOracle,
)
from support.oracles.smoothing.weights import AdditiveOracle
from support.oracles.smoothing.witten_bell import WittenBellOracle
from support.texts import TOY

HALF = Fraction(1, 2)
FALLBACK = (HALF, Fraction(1), Fraction(3, 2))

ORACLES: dict[str, Callable[..., SmoothingOracle]] = {
    "witten-bell": WittenBellOracle,
    "absolute-discounting": AbsoluteDiscountingOracle,
    "kneser-ney": KneserNeyOracle,
    "modified-kneser-ney": partial(ModifiedKneserNeyOracle, fallback=FALLBACK),
    "maximum-likelihood": MaximumLikelihoodOracle,
    "additive-1": AdditiveOracle,
    "additive-1/2": partial(AdditiveOracle, delta=HALF),
    "good-turing": GoodTuringOracle,
    "simple-good-turing": SimpleGoodTuringOracle,
    "church-gale": ChurchGaleOracle,
    "katz": KatzOracle,
    "jelinek-mercer-1/2": partial(JelinekMercerOracle, weights=HALF),
    "linear-discounting": LinearDiscountingOracle,
    "natural-discounting": NaturalDiscountingOracle,
    "dirichlet-1": partial(DirichletOracle, concentrations=1),
    "stupid-backoff": StupidBackoffOracle,
    "kneser-ney-5": partial(GeneralizedKneserNeyOracle, discounts=5),
    "per-order": partial(
        PerOrderOracle,
        methods=(KatzOracle, KneserNeyOracle, partial(WittenBellOracle, interpolate=False)),
    ),
}

#: How the library's method of each row is made: from its module of methods, the order, and the form.
METHODS: dict[str, Callable[..., Any]] = {
    "witten-bell": lambda s, order, **form: s.make_smoothing("witten-bell", **form),
    "absolute-discounting": lambda s, order, **form: s.make_smoothing("absolute-discounting", **form),
    "kneser-ney": lambda s, order, **form: s.make_smoothing("kneser-ney", **form),
    "modified-kneser-ney": lambda s, order, **form: s.KneserNey(discounts=3, fallback=(0.5, 1, 1.5), **form),
    "maximum-likelihood": lambda s, order: s.MaximumLikelihood(),
    "additive-1": lambda s, order: s.Additive(delta=1.0),
    "additive-1/2": lambda s, order: s.Additive(delta=(0.5,) * order),
    "good-turing": lambda s, order: s.GoodTuring(simple=False),
    "simple-good-turing": lambda s, order: s.GoodTuring(simple=True),
    "church-gale": lambda s, order: s.ChurchGale(),
    "katz": lambda s, order, **form: s.Katz(**form),
    "jelinek-mercer-1/2": lambda s, order: s.JelinekMercer(weights=(0.5,) * order),
    "linear-discounting": lambda s, order, **form: s.LinearDiscounting(**form),
    "natural-discounting": lambda s, order: s.NaturalDiscounting(),
    "dirichlet-1": lambda s, order: s.Dirichlet(concentrations=(1.0,) * order, prior="counts"),
    "stupid-backoff": lambda s, order: s.StupidBackoff(alpha=0.4),
    "kneser-ney-5": lambda s, order, **form: s.KneserNey(discounts=5, **form),
    "per-order": lambda s, order: s.PerOrder(
        methods=(s.Katz(), s.KneserNey(discounts=1), s.WittenBell(interpolate=False))[
            :order
        ]  # Katz adds 1 to unigrams
    ),
}

every_row = pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)


def oracle_of(golden: Golden, order: int) -> SmoothingOracle:
    return ORACLES[golden.method](CountOracle(TOY, order), **golden.options)


def fitted(golden: Golden, order: int) -> Any:
    """The library's model of a row."""
    import ngramlm as lm

    method = METHODS[golden.method](lm, order, **golden.options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lm.errors.EstimationWarning)
        return method.fit(lm.count(lm.Text.from_sentences(TOY), order=order))


def log10(probability: Fraction | float) -> float:
    return math.log10(probability) if probability else -math.inf


def close(expected: float | Fraction, actual: float) -> bool:
    """Equal up to the rounding of float32 columns, as log10."""
    if not expected:
        return actual == -math.inf
    return abs(math.log10(expected) - actual) <= 5e-7 * max(1.0, abs(actual))


def log10_prob(model: Any, word: str, history: Sequence[str]) -> float:
    """By the distribution, which every model has, and by the look-up that only back-off tables have, if it has."""
    vocabulary = model.vocabulary
    prob = float(model.distribution(history)[vocabulary.id(word if word in vocabulary else UNK)])
    if hasattr(model, "log10_prob"):
        assert close(prob, model.log10_prob(word, history)), (word, history)
    return log10(prob)


def log10_score(model: Any, sentence: list[str]) -> float:
    """By log10_probs, which every model has, and by `score`, from words and from a string, if it has."""
    import ngramlm as lm

    text = lm.Text.from_sentences([sentence], vocabulary=model.vocabulary)
    total = float(model.log10_probs(text).sum())
    if hasattr(model, "score"):
        assert total == pytest.approx(model.score(sentence), abs=1e-6)
        assert total == pytest.approx(model.score(" ".join(sentence)), abs=1e-6)
    return total


def test_toy_count_of_counts() -> None:
    counts = CountOracle(TOY, 2)

    assert {1: 16, 2: 1} == counts.count_of_counts(2)
    assert {1: 9, 2: 1, 3: 2} == counts.count_of_counts(1, continuation=True)
    assert 13 == len(counts.events)


@every_row
def test_oracle_gives_the_fractions(golden: Golden) -> None:
    oracle = oracle_of(golden, 2)
    actual = (
        oracle.prob("BOOK", ["A"]),
        oracle.prob("TEXT", ["READ"]),
        oracle.prob(UNK, ["A"]),
        oracle.prob("READ", [BOS]),
    )
    expected = (golden.book_a, golden.text_read, golden.unk_a, golden.read_bos)

    assert expected == actual


@every_row
def test_oracle_gives_the_sentence_probabilities(golden: Golden) -> None:
    for order, expected in ((2, golden.bigram), (3, golden.trigram)):
        oracle = oracle_of(golden, order)
        actual = (float(oracle.sentence_prob(BROWN)), float(oracle.sentence_prob(DAVID)))

        assert expected == pytest.approx(actual, rel=1e-8)


@every_row
def test_oracle_gives_the_perplexities(golden: Golden) -> None:
    oracle = oracle_of(golden, 2)
    probs = [float(oracle.sentence_prob(sentence)) for sentence in (BROWN, DAVID)]
    actual = tuple(p ** (-1 / 5) if p else INFINITE for p in probs)

    assert golden.perplexity == pytest.approx(actual, rel=2e-7)


@pytest.mark.parametrize("golden", [row for row in GOLDEN if row.normalized], ids=lambda golden: golden.name)
def test_oracle_sums_to_exactly_one(golden: Golden) -> None:
    oracle = oracle_of(golden, 3)
    for history in histories():
        assert sum(oracle.distribution(history).values()) == 1, history


def test_kneser_ney_keeps_the_marginals() -> None:
    """Kneser & Ney (1995): sum over h of c(h) p(w|h) is c(w), if unigrams are continuation counts undiscounted."""

    class Undiscounted(KneserNeyOracle):
        def prepare(self) -> None:
            super().prepare()
            self.discounts[1] = (Fraction(0),)

    counts = CountOracle(TOY, 2)
    oracle = Undiscounted(counts)
    for word in oracle.events:
        expected = counts.raw[1][word,]
        actual = sum(oracle.total(2, history) * oracle.prob(word, history) for history in oracle.tables[2])

        assert expected == actual


@every_row
def test_model_gives_the_fractions(golden: Golden) -> None:
    model = fitted(golden, 2)

    assert close(golden.book_a, log10_prob(model, "BOOK", ["A"]))
    assert close(golden.text_read, log10_prob(model, "TEXT", ["READ"]))
    assert close(golden.unk_a, log10_prob(model, "nobody", ["A"]))
    assert close(golden.read_bos, log10_prob(model, "READ", [BOS]))


@every_row
def test_model_gives_the_sentence_probabilities(golden: Golden) -> None:
    for order, expected in ((2, golden.bigram), (3, golden.trigram)):
        model = fitted(golden, order)

        assert close(expected[0], log10_score(model, BROWN))
        assert close(expected[1], log10_score(model, DAVID))


@every_row
def test_model_equals_the_oracle_everywhere(golden: Golden) -> None:
    model, oracle = fitted(golden, 3), oracle_of(golden, 3)
    for history in histories():
        for word in oracle.events:
            assert close(oracle.prob(word, history), log10_prob(model, word, history)), (word, history)


@every_row
def test_model_says_whether_its_numbers_are_probabilities(golden: Golden) -> None:
    assert golden.normalized == fitted(golden, 2).normalized


@pytest.mark.parametrize(("sentence", "expected"), [(BROWN, -2.41072), (DAVID, -4.13143)])
def test_modified_kneser_ney_equals_kenlm(sentence: list[str], expected: float) -> None:
    """KenLM: `lmplz -o 2 --discount_fallback`, then `query`."""
    golden = next(row for row in GOLDEN if row.method == "modified-kneser-ney" and row.interpolate)
    actual = fitted(golden, 2).score(sentence)

    assert expected == pytest.approx(actual, abs=1e-5)


def test_end_of_sentence_is_part_of_the_score() -> None:
    golden = GOLDEN[0]
    model = fitted(golden, 2)
    expected = model.score(BROWN, eos=False) + model.log10_prob(EOS, BROWN)
    actual = model.score(BROWN)

    assert expected == pytest.approx(actual, abs=1e-9)
