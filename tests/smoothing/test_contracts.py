"""Every smoothing method against every duty of a language model, on fixed and on generated corpora."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import strategies
from support.cases import ABSENT, MODELS, TUNED, ModelCase, TunedCase, subject, tuned_subject
from support.contracts import CHECKS, ROUND_TRIPS, Subject, check_equals_oracle_on_distributions, tokens_of
from support.oracles.counts import CountOracle
from support.oracles.smoothing.kneser_ney import ModifiedKneserNeyOracle, three_discounts
from support.sameness import columns_are_identical
from support.texts import HELDOUT, PROBE, VERSE

import ngramlm as lm
from ngramlm.errors import CountError, EstimationError, EstimationWarning, UsageError
from ngramlm.methods import SMOOTHINGS
from ngramlm.smoothing.kneser_ney import modified_discounts

every_model = pytest.mark.parametrize("case", MODELS, ids=lambda case: case.name)
every_tuned_model = pytest.mark.parametrize("case", TUNED, ids=lambda case: case.name)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@every_model
def test_contract(case: ModelCase, order: int, tmp_path: Path) -> None:
    """All checks on one model; the traceback names the check that failed."""
    if order > case.highest_order:
        with pytest.raises(UsageError, match=f"order {order}"):
            case.fit(lm.count(lm.Text.from_sentences(VERSE), order=order))
        return
    one = subject(case, VERSE, PROBE, order)
    for check in case.checks:
        check(one)
    for round_trip in ROUND_TRIPS:
        round_trip(one, tmp_path)


@every_model
def test_contract_with_a_given_vocabulary(case: ModelCase) -> None:
    """Words outside the vocabulary are counted as <unk>; a word of the vocabulary may never occur."""
    one = subject(case, VERSE, PROBE, 3, words=["the", "cat", "sat", "unicorn"])
    for check in case.checks:
        check(one)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@every_tuned_model
def test_contract_of_tuned_models(case: TunedCase, order: int, tmp_path: Path) -> None:
    """A model tuned on held-out text is that of the oracle with the parameters that were found."""
    one = tuned_subject(case, VERSE, HELDOUT, PROBE, order)
    for check in CHECKS:
        check(one)
    for round_trip in ROUND_TRIPS:
        round_trip(one, tmp_path)

    nothing_to_tune = case.name.startswith("katz") and order == 1  # it has a k from order 2 on
    assert one.model.metadata.get("tuned") == (None if nothing_to_tune else "yes")  # type: ignore[attr-defined]


@every_tuned_model
def test_contract_of_tuned_models_with_a_given_vocabulary(case: TunedCase) -> None:
    one = tuned_subject(case, VERSE, HELDOUT, PROBE, 3, words=["the", "cat", "sat", "unicorn"])
    for check in CHECKS:
        check(one)


def test_every_method_has_a_case() -> None:
    """A method that is listed is also tested; `ABSENT` says which have tests of another kind."""
    named = {name: method().name for name, method in SMOOTHINGS.items()}
    covered = {case.method().name for case in (*MODELS, *TUNED)}

    assert set(named) - set(ABSENT) == {
        name for name, own in named.items() if own in covered and name not in ABSENT
    }


@pytest.mark.parametrize("cutoffs", [[0, 0, 1], [0, 1, 2], [0, 3]], ids=str)
@pytest.mark.parametrize(
    "case", [case for case in MODELS if case.has_lower_orders], ids=lambda case: case.name
)
def test_cut_offs_give_their_mass_to_the_lower_order(case: ModelCase, cutoffs: list[int]) -> None:
    """KenLM's rule: what is cut off is counted when discounts are estimated, and its mass goes to gamma(h)."""
    counts = lm.count(lm.Text.from_sentences(VERSE), order=3).cut_off(cutoffs)
    oracle = case.oracle(CountOracle(VERSE, 3), cutoffs=cutoffs)
    model = case.fit(counts)
    for check in case.checks:
        check(Subject(model, oracle, PROBE))
    smaller = [
        np.count_nonzero(c > cut) for c, cut in zip(counts.counts, [*cutoffs, cutoffs[-1]], strict=False)
    ]

    assert (
        smaller[1:]
        == [rows for rows in [*model.trie.n_rows[1:], 0] if rows or smaller[-1] == 0][: len(smaller) - 1]
    )


@every_model
@given(texts=strategies.train_and_test(), order=st.integers(1, 4))
@settings(max_examples=8)
def test_contract_on_any_corpus(
    case: ModelCase, texts: tuple[strategies.Corpus, strategies.Corpus], order: int
) -> None:
    train, test = texts
    one = subject(case, train, test, min(order, case.highest_order))
    for check in case.checks[:5]:
        check(one)


@every_tuned_model
@given(texts=strategies.train_and_test(), order=st.integers(1, 4))
@settings(max_examples=4)
def test_contract_of_tuned_models_on_any_corpus(
    case: TunedCase, texts: tuple[strategies.Corpus, strategies.Corpus], order: int
) -> None:
    train, heldout = texts
    try:
        one = tuned_subject(case, train, heldout, heldout, order)
    except EstimationError:  # nothing is left of the training or the held-out text
        assume(False)
    for check in CHECKS[:5]:
        check(one)


def test_verse_supports_three_discounts_at_every_order() -> None:
    """Otherwise the tests above would see nothing but fall-backs."""
    counts = CountOracle(VERSE, 3)
    for k in (1, 2, 3):
        assert three_discounts(counts.count_of_counts(k, continuation=True), Fraction) is not None, k


def test_fallback_warnings_name_their_orders() -> None:
    counts = lm.count(lm.Text.from_sentences([["a", "b"], ["a", "c"]]), order=2)
    with pytest.warns(EstimationWarning) as caught:
        lm.KneserNey(discounts=3).fit(counts)
    actual = [str(warning.message).split(":")[0] for warning in caught]

    assert ["order 1", "order 2"] == actual


def test_no_warning_where_discounts_can_be_estimated() -> None:
    """Warnings are errors in this suite: none may come here, nor where the caller gives a fallback."""
    lm.KneserNey(discounts=3).fit(lm.count(lm.Text.from_sentences(VERSE), order=3))
    lm.KneserNey(discounts=3, fallback=(0.5, 1, 1.5)).fit(lm.count(lm.Text.from_sentences([["a"]]), order=2))


@pytest.mark.parametrize(("fallback", "expected"), [(None, 1), ((0.5, 1, 1.5), 3)])
def test_fallbacks_are_taken_order_by_order(
    fallback: tuple[float, float, float] | None, expected: int
) -> None:
    """Order 3 of this corpus has no n3; the other orders of VERSE keep their own discounts."""
    corpus = [line.split() for line in ("a b c", "a b c", "b c a", "c a b a", "b b", "a a b", "c c")]
    case = ModelCase(
        "",
        partial(lm.KneserNey, discounts=3, fallback=fallback),
        partial(ModifiedKneserNeyOracle, fallback=fallback),
    )
    one = subject(case, corpus, PROBE, 3)
    check_equals_oracle_on_distributions(one)
    assert isinstance(one.oracle, ModifiedKneserNeyOracle)
    actual = len(one.oracle.discounts[3])

    assert expected == actual


def test_fallback_leaves_out_the_discounts_that_lmplz_can_estimate() -> None:
    """lmplz divides by n1, n2 and n3 only: with n4 = 0 its D3+ is 3, with or without --discount_fallback.

    Unigrams of this corpus: continuation counts n1 = 4, n2 = 3, n3 = 2, n4 = 0; so Y = 4/10, D1 = 1 - 2 Y 3/4 = 0.4,
    D2 = 2 - 3 Y 2/3 = 1.2, D3+ = 3.
    """
    corpus = [line.split() for line in ("a", "b", "c", "d", "x e y e x y g", "f x g y f")]
    n = CountOracle(corpus, 2).count_of_counts(1, continuation=True)

    assert [n.get(r, 0) for r in (1, 2, 3, 4)] == [4, 3, 2, 0]
    model = lm.KneserNey(discounts=3, fallback=(0.5, 1, 1.5)).fit(
        lm.count(lm.Text.from_sentences(corpus), order=2)
    )
    expected = "0.4 1.2 3"
    actual = model.metadata["discounts"].split(";")[0]

    assert expected == actual


@pytest.mark.parametrize("order", [1, 2, 3])
@every_model
def test_nothing_but_one_empty_sentence(case: ModelCase, order: int) -> None:
    """The smallest text: only </s> was ever seen, and order 3 has nothing."""
    one = subject(case, [[]], [[], ["owl"], ["owl", "owl"]], order)
    for check in case.checks:
        check(one)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("heldout", [[[]], [["owl", "a"]], [["a"]]], ids=["empty", "other", "same"])
@every_tuned_model
def test_tuning_on_the_smallest_texts(case: TunedCase, heldout: list[list[str]], order: int) -> None:
    """Held-out text that visits no history of the highest orders, which may have no n-grams at all."""
    for train in ([[]], [["a"]]):
        one = tuned_subject(case, train, heldout, [[], ["owl"], ["a", "a"]], order)
        for check in CHECKS[:5]:
            check(one)


@pytest.mark.parametrize("discount", [-0.1, 1.1, float("nan")])
def test_impossible_discounts_are_refused(discount: float) -> None:
    with pytest.raises(UsageError):
        lm.AbsoluteDiscounting(discount_value=discount)


@pytest.mark.parametrize("discounts", [0, 11, -1, 1.5])
def test_kneser_ney_has_one_to_ten_discounts(discounts: int) -> None:
    with pytest.raises(UsageError):
        lm.KneserNey(discounts=discounts)


@pytest.mark.parametrize("fallback", [(0.5,), (0.5, 1, 3.5), (-0.1, 1, 1.5), (float("nan"), 1, 1)])
def test_impossible_fallbacks_are_refused(fallback: tuple[float, ...]) -> None:
    with pytest.raises(UsageError):
        lm.KneserNey(discounts=3, fallback=fallback)  # type: ignore[arg-type]


@every_model
def test_counts_that_add_up_to_more_than_an_int64(case: ModelCase) -> None:
    """Their sums would be negative; just below, they are a model like any other."""
    ngrams: dict[Sequence[str], int] = {("a",): 9 * 10**18, ("b",): 9 * 10**18, ("</s>",): 1}
    with pytest.raises(CountError, match=r"order 1 add up to 2\^63 or more"):
        case.fit(lm.NgramCounts.from_ngrams(ngrams))
    bigrams = {("a", "b"): 9 * 10**18, ("b", "a"): 9 * 10**18}
    with pytest.raises(CountError, match=r"order 2 add up to 2\^63 or more"):
        case.fit(lm.NgramCounts.from_ngrams({("a",): 1, ("b",): 1, ("</s>",): 1, **bigrams}))


@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
def test_counts_that_add_up_to_less_than_an_int64() -> None:
    ngrams: dict[Sequence[str], int] = {("a",): 9 * 10**18, ("b",): 10**17, ("c",): 1, ("</s>",): 1}
    counts = lm.NgramCounts.from_ngrams(ngrams)
    for method in (lm.GoodTuring(), lm.LinearDiscounting(), lm.ChurchGale(), lm.WittenBell()):
        assert method.fit(counts).distribution().sum() == pytest.approx(1, abs=1e-6)


def test_methods_are_values() -> None:
    assert lm.WittenBell() == lm.WittenBell()
    assert lm.WittenBell() != lm.WittenBell(interpolate=False)
    with pytest.raises(AttributeError):
        lm.WittenBell().interpolate = False  # type: ignore[misc]


def test_fit_leaves_the_counts_alone() -> None:
    counts = lm.count(lm.Text.from_sentences(VERSE), order=3)
    before = [column.copy() for column in counts.counts]
    for case in MODELS:
        case.fit(counts)
    for expected, actual in zip(before, counts.counts, strict=True):
        np.testing.assert_array_equal(expected, actual)


def test_probe_has_unknown_words() -> None:
    """The probe text exercises OOVs, or half of the contract would say nothing."""
    known = {word for sentence in VERSE for word in sentence}

    assert any(word not in known for word, _ in tokens_of(PROBE) if word != "</s>")


def test_back_off_form_where_the_lower_order_is_used_up() -> None:
    """Undiscounted unigrams leave <unk> nothing, and every seen word followed <s>: so no word is left to take what the
    bigrams give away, and they must be rescaled, although 1 minus the sum of their unigrams is 1e-16 and not 0."""
    letters = (
        "b daaaab  ceac aea debcc ccccae  cecb cec e a ea cdaeace ecacace bcaae a e cccbe ebcbbae eeceaea "
    )
    letters += "caccea  aeebccb bbbeba dccecda  eeaaca"
    counts = lm.count(lm.Text.from_sentences([list(word) for word in letters.split(" ")]), order=2)
    model = lm.KneserNey(fallback=(0, 0, 0), interpolate=False).fit(counts)
    actual = model.distribution(["<s>"]).sum()

    assert actual == pytest.approx(1, abs=1e-6)


def test_discounts_of_zero_do_not_hang_on_rounding() -> None:
    """D2 = 2 - 3 Y n3 / n2 is exactly 0 for all of these (n1, n2, n3): all are taken or all are refused."""
    found = []
    for n1, n2, n3 in itertools.product(range(1, 40), repeat=3):
        if Fraction(2) == 3 * Fraction(n1, n1 + 2 * n2) * n3 / n2:
            found.append(modified_discounts([0, n1, n2, n3, 1], 3, strict=True) is None)

    assert len(found) > 20
    assert len(set(found)) == 1


@pytest.mark.parametrize("zero", [("b", "a"), ("b", "</s>")], ids=["one of a history", "all of a history"])
def test_counts_of_zero_are_as_good_as_absent(zero: tuple[str, ...]) -> None:
    """Counts from a dictionary may hold zeros: either they are refused, or they change no probability."""
    ngrams: dict[Sequence[str], int] = {("a",): 3, ("b",): 2, ("</s>",): 3}
    ngrams |= {("<s>", "a"): 2, ("<s>", "b"): 1, ("a", "b"): 1, ("a", "</s>"): 1}
    if zero == ("b", "a"):
        ngrams["b", "</s>"] = 2
    try:
        counts = lm.NgramCounts.from_ngrams({**ngrams, zero: 0})
    except CountError:
        return
    for case in MODELS:
        expected = case.fit(lm.NgramCounts.from_ngrams(ngrams))
        actual = case.fit(counts)
        for history in ([], ["<s>"], ["a"], ["b"]):
            np.testing.assert_allclose(
                expected.distribution(history), actual.distribution(history), rtol=1e-6, err_msg=case.name
            )


@pytest.mark.parametrize("interpolate", [True, False])
def test_a_history_without_continuation_counts_leaves_all_to_the_lower_order(interpolate: bool) -> None:
    """No text has such counts: "a b" occurs, and nothing occurs before it."""
    counts = lm.NgramCounts.from_ngrams(
        {("a",): 2, ("b",): 2, ("a", "b"): 2, ("b", "a"): 1, ("a", "b", "a"): 1}
    )
    assert counts.continuation_counts(2)[0] == 0
    method = lm.KneserNey(discounts=1, fallback=(0.5, 1.0, 1.5), interpolate=interpolate)
    model = method.fit(counts)

    # One word before "a" and one before "b", D = 1/2: each has (1 - 1/2) / 2 = 1/4, and <unk>, </s>, "a" and "b" share
    # the 1/2 that is left.
    unigrams = {"<unk>": 1 / 8, "</s>": 1 / 8, "a": 3 / 8, "b": 3 / 8}
    for word, expected in unigrams.items():
        assert 10 ** model.log10_prob(word, ["a"]) == pytest.approx(expected, rel=1e-6), word
        assert 10 ** model.log10_prob(word) == pytest.approx(expected, rel=1e-6), word


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: lm.PerOrder(methods=(lm.WittenBell(), lm.Additive())),
            "found add-delta, which does not build on a lower order; expected a method that does",
        ),
        (
            lambda: lm.PerOrder(methods=(lm.PerOrder(methods=(lm.WittenBell(),)),)),
            "found witten-bell, which does not build on a lower order; expected a method that does",
        ),
        (
            lambda: lm.PerOrder(methods=(lm.JelinekMercer(),)),
            (
                "found jelinek-mercer, which estimates the parameters of all orders together; "
                "expected another method, or given parameters"
            ),
        ),
        (
            lambda: lm.JelinekMercer(weights=(0.5,), buckets="total"),
            "found weights for buckets by 'total'; expected weights with buckets by 'order' only",
        ),
    ],
)
def test_methods_that_do_not_fit_each_other(make: Callable[[], object], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        make()
    assert str(caught.value) == message


def test_the_form_of_a_method_for_all_orders() -> None:
    one, two = lm.WittenBell(), lm.WittenBell(interpolate=False)

    assert lm.PerOrder(methods=(one,)).in_form(False).methods == (two,)
    assert lm.PerOrder(methods=(two,)).in_form(True).methods == (one,)
    # the unigrams keep the form of their own method
    assert lm.PerOrder(methods=(one, one)).in_form(False).methods == (one, two)


def test_concentrations_that_are_given_are_not_tuned() -> None:
    counts = lm.count(lm.Text.from_sentences(VERSE), order=2)
    method = lm.Dirichlet(concentrations=(3.0, 5.0))
    tuned = method.fit(counts, heldout=lm.Text.from_sentences(VERSE[:2], counts.vocabulary))

    assert tuned.metadata["concentrations"] == "3;5"
    columns_are_identical(method.fit(counts), tuned)


def test_concentrations_that_are_given_stay_where_other_orders_are_tuned() -> None:
    counts = lm.count(lm.Text.from_sentences(VERSE), order=2)
    heldout = lm.Text.from_sentences(HELDOUT, counts.vocabulary)
    methods = (lm.Dirichlet(concentrations=(3.0,)), lm.AbsoluteDiscounting())
    tuned, plain = (lm.PerOrder(methods=methods).fit(counts, text).metadata for text in (heldout, None))

    assert (tuned["tuned"], tuned["concentrations"], plain["concentrations"]) == ("yes", "3;", "3;")
    assert tuned["discounts"] != plain["discounts"]
