"""Golden values: a three-sentence corpus, every method, exact fractions.

The corpus is the usual textbook toy (Chen & Goodman use a variant of it). |V| = 13 with </s> and <unk>. There are
18 events of 12 types: READ and </s> three times, A and BOOK twice, the rest once.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from oracles import (
    BOS,
    EOS,
    UNK,
    AbsoluteDiscountingOracle,
    CountOracle,
    KneserNeyOracle,
    ModifiedKneserNeyOracle,
    SmoothingOracle,
    WittenBellOracle,
)

TOY = [
    "BROWN READ HOLY BIBLE".split(),
    "MARK READ A TEXT BOOK".split(),
    "HE READ A BOOK BY DAVID".split(),
]
BROWN = "BROWN READ A BOOK".split()
DAVID = "DAVID READ A BOOK".split()


@dataclass(frozen=True)
class Golden:
    """One row: sentence probabilities of the bigram and trigram model, and four probabilities of the bigram model."""

    method: str
    interpolate: bool
    bigram: tuple[float, float]  # P(BROWN READ A BOOK), P(DAVID READ A BOOK)
    perplexity: tuple[float, float]  # of the same, over 5 events
    trigram: tuple[float, float]
    book_a: Fraction  # p(BOOK | A)
    text_read: Fraction  # p(TEXT | READ): both seen, not together
    unk_a: Fraction  # p(<unk> | A)
    read_bos: Fraction  # p(READ | <s>)


def fraction(text: str) -> Fraction:
    return Fraction(text)


# Origin: exact rational arithmetic of an independent brute-force program, every distribution summing to exactly 1.
# By hand, Witten-Bell p(BOOK|A): p(BOOK) = (2 + 12/13) / (18 + 12) = 19/195; (1 + 2 * 19/195) / (2 + 2) = 233/780.
# Absolute discounting: bigram n1 = 16, n2 = 1, D = 16/18 = 8/9; unigram n1 = 8, n2 = 2, D = 8/12 = 2/3.
# Back-off p(BOOK|A) = (1 - 8/9) / 2 = 1/18. Kneser-Ney unigrams: continuation n1 = 9, n2 = 1, D = 9/11.
# Modified Kneser-Ney: order 2 has n3 = 0 and order 1 would have D2 = 2 - 54/11 < 0, so both take (1/2, 1, 3/2), as
# `lmplz -o 2 --discount_fallback` does; KenLM's `query` gives log10 P = -2.41072 and -4.13143 for the two sentences.
# The last trigram column (modified Kneser-Ney, back-off) is from the same brute-force program.
GOLDEN = [
    Golden("witten-bell", True, (4.646458454e-03, 8.666863476e-05), (2.928030, 6.492734),
           (2.149865428e-03, 5.793407667e-05),
           fraction("233/780"), fraction("1/39"), fraction("1/65"), fraction("17/260")),
    Golden("witten-bell", False, (2.083333333e-03, 7.462424498e-05), (3.437544, 6.689968),
           (8.680555556e-04, 4.974949665e-05),
           fraction("1/4"), fraction("10/327"), fraction("2/109"), fraction("17/210")),
    Golden("absolute-discounting", True, (2.857510616e-04, 9.051919259e-05), (5.114491, 6.436531),
           (3.754094992e-04, 9.71736275e-05),
           fraction("959/6318"), fraction("296/9477"), fraction("32/1053"), fraction("460/3159")),
    Golden("absolute-discounting", False, (4.704191058e-06, 1.107796945e-05), (11.627946, 9.797335),
           (2.618568795e-05, 2.639163309e-05),
           fraction("1/18"), fraction("592/15903"), fraction("64/1767"), fraction("920/5319")),
    Golden("kneser-ney", True, (3.010269747e-04, 9.946937262e-05), (5.061496, 6.316291),
           (3.76481822e-04, 1.04143549e-04),
           fraction("6863/43758"), fraction("2144/65637"), fraction("96/2431"), fraction("1120/7293")),
    Golden("kneser-ney", False, (4.704191058e-06, 1.245793762e-05), (11.627946, 9.569974),
           (2.618568795e-05, 2.967920433e-05),
           fraction("1/18"), fraction("2144/58401"), fraction("24/505"), fraction("1120/6087")),
    Golden("modified-kneser-ney", True, (3.884005117e-03, 7.388722479e-05), (3.034898, 6.703261),
           (1.801520818e-03, 4.939808779e-05),
           fraction("66/221"), fraction("15/442"), fraction("1/52"), fraction("14/221")),
    Golden("modified-kneser-ney", False, (1.736111111e-03, 6.439884597e-05), (3.565205, 6.890082),
           (6.944444444e-04, 4.293256398e-05),
           fraction("1/4"), fraction("15/382"), fraction("17/738"), fraction("7/88")),
]  # fmt: skip

FALLBACK = (Fraction(1, 2), Fraction(1), Fraction(3, 2))

ORACLES: dict[str, Callable[..., SmoothingOracle]] = {
    "witten-bell": WittenBellOracle,
    "absolute-discounting": AbsoluteDiscountingOracle,
    "kneser-ney": KneserNeyOracle,
    "modified-kneser-ney": lambda counts, **options: ModifiedKneserNeyOracle(
        counts, fallback=FALLBACK, **options
    ),
}


def oracle_of(golden: Golden, order: int) -> SmoothingOracle:
    return ORACLES[golden.method](CountOracle(TOY, order), interpolate=golden.interpolate)


def fitted(golden: Golden, order: int) -> Any:
    """The compiled model of a row."""
    import ngramlm as lm
    from ngramlm.smoothing import SMOOTHINGS

    options = {"fallback": (0.5, 1, 1.5)} if golden.method == "modified-kneser-ney" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lm.errors.EstimationWarning)
        counts = lm.count(lm.Text.from_sentences(TOY), order=order)
        return SMOOTHINGS[golden.method](interpolate=golden.interpolate, **options).fit(counts)


def name(golden: Golden) -> str:
    return f"{golden.method}-{'interpolated' if golden.interpolate else 'back-off'}"


every_row = pytest.mark.parametrize("golden", GOLDEN, ids=name)


def histories() -> Iterator[tuple[str, ...]]:
    """Seen, partly seen, unseen and unknown-containing histories of up to two words."""
    words = ["READ", "A", "BOOK", "DAVID", UNK, "nobody"]
    yield from [(), (BOS,), *((word,) for word in words)]
    yield from [(BOS, "BROWN"), ("READ", "A"), ("A", "READ"), (UNK, "READ"), ("READ", UNK), ("BY", "DAVID")]


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
    actual = tuple(float(oracle.sentence_prob(sentence)) ** (-1 / 5) for sentence in (BROWN, DAVID))

    assert golden.perplexity == pytest.approx(actual, rel=2e-7)


@every_row
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


def close(expected: float | Fraction, actual: float) -> bool:
    """Equal up to the rounding of float32 columns, as log10."""
    return abs(math.log10(expected) - actual) <= 5e-7 * max(1.0, abs(actual))


@every_row
def test_model_gives_the_fractions(golden: Golden) -> None:
    model = fitted(golden, 2)

    assert close(golden.book_a, model.log10_prob("BOOK", ["A"]))
    assert close(golden.text_read, model.log10_prob("TEXT", ["READ"]))
    assert close(golden.unk_a, model.log10_prob("nobody", ["A"]))
    assert close(golden.read_bos, model.log10_prob("READ", [BOS]))


@every_row
def test_model_gives_the_sentence_probabilities(golden: Golden) -> None:
    for order, expected in ((2, golden.bigram), (3, golden.trigram)):
        model = fitted(golden, order)

        assert close(expected[0], model.score(BROWN))
        assert close(expected[1], model.score(" ".join(DAVID)))


@every_row
def test_model_equals_the_oracle_everywhere(golden: Golden) -> None:
    model, oracle = fitted(golden, 3), oracle_of(golden, 3)
    for history in histories():
        for word in oracle.events:
            assert close(oracle.prob(word, history), model.log10_prob(word, history)), (word, history)


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
