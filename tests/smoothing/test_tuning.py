"""Held-out tuning: gradients and optima against models with given parameters, EM against dictionaries."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from support.contracts import text_of
from support.oracles.counts import CountOracle
from support.oracles.smoothing.jelinek_mercer import JelinekMercerOracle, events_of, expectation_maximisation

import ngramlm as lm
from ngramlm.errors import EstimationError, NgramlmWarning, UsageError
from ngramlm.smoothing import RecursiveSmoothing
from ngramlm.smoothing.additive import best_deltas
from ngramlm.smoothing.base import stored_model
from ngramlm.smoothing.counted_events import CountedEvents
from ngramlm.smoothing.jelinek_mercer import KEYS, bucket_edges, estimate_weights
from ngramlm.smoothing.katz import MAX_K, katz_coefficients
from ngramlm.smoothing.tuning import HeldoutFit, _BackOffSearch, _InterpolatedSearch, tune_values

pytestmark = pytest.mark.filterwarnings("ignore::ngramlm.errors.NgramlmWarning")

VERSE = [
    line.split()
    for line in """\
the dog saw under a hat
the mat sat by a cat
a mat sat on the hat
the cat saw
a mat sat on a cat
the fox sat on the mat
a cat sat on the rat
the mat ran on the mat
the log sat under a dog
the cat sat on the dog
the hat ran
the dog sat on the cat
the dog saw under the cat
the fox sat on the dog
a dog sat on the cat
the dog hid on the dog
the cat saw on the rat
the rat hid under the fox

a cat saw on a cat""".split("\n")
]
HELDOUT = [
    line.split()
    for line in """\
a dog saw the cat
the owl sat on a mat

the cat ran under the hat
a fox hid on the log
the dog sat on the dog""".split("\n")
]
METHODS: dict[str, Callable[..., Any]] = {
    "absolute": lm.AbsoluteDiscounting,
    "kneser-ney": partial(lm.KneserNey, discounts=1),
    "modified-kneser-ney": lm.KneserNey,
    "linear": lm.LinearDiscounting,
    "dirichlet": partial(lm.Dirichlet, prior="counts"),
}
FORMS = [(name, form) for name in METHODS for form in (True, False) if (name, form) != ("dirichlet", False)]
every_form = pytest.mark.parametrize(("name", "interpolate"), FORMS)
Parameters = list[Any]


def counts_of(
    order: int = 3, cutoffs: Sequence[int] = (0,), words: list[str] | None = None
) -> lm.NgramCounts:
    vocabulary = lm.Vocabulary(words if words is not None else CountOracle(VERSE, 1).words)
    return lm.count(text_of(VERSE, vocabulary), order=order).cut_off(list(cutoffs))


def start_of(method: RecursiveSmoothing, counts: lm.NgramCounts) -> Parameters:
    return [order.parameters for order in method.estimate(counts, method.base_distribution(counts))]


def loss_of(
    method: RecursiveSmoothing, counts: lm.NgramCounts, parameters: Parameters, text: lm.Text
) -> float:
    """ln of the perplexity that a model with these parameters has; without what a closed vocabulary cannot predict."""
    estimates = method.estimate(counts, method.base_distribution(counts), parameters)
    # not the float32 of a stored model, which would drown a difference quotient
    log10_probs = [np.log10(np.maximum(one.probs, 1e-300)) for one in estimates]
    log10_backoffs = [np.log10(np.maximum(one.weights, 1e-300)) for one in estimates[1:]]
    total = 0.0
    for ids in sentences_of(text):
        for end in range(1, len(ids)):
            total += log10_of(
                counts, log10_probs, log10_backoffs, ids[max(0, end - counts.order + 1) : end + 1]
            )
    return -total * math.log(10) / text.n_tokens


def sentences_of(text: lm.Text) -> list[list[int]]:
    ids, bos = text.ids.tolist(), text.vocabulary.id("<s>")
    starts = [place for place, id in enumerate(ids) if id == bos]
    return [ids[first:end] for first, end in itertools.pairwise([*starts, len(ids)])]


def log10_of(counts: lm.NgramCounts, probs: Any, backoffs: Any, ngram: list[int]) -> float:
    """The definition of a back-off table."""
    order = len(ngram)
    row = ngram[0] if order == 1 else counts.trie.find(ngram)
    if row >= 0:
        return float(probs[order - 1][row])
    history = counts.trie.find_history(ngram[:-1])
    weight = float(backoffs[order - 2][history]) if history >= 0 else 0.0
    return weight + log10_of(counts, probs, backoffs, ngram[1:])


def test_the_loss_is_that_of_perplexity() -> None:
    counts = counts_of()
    method, text = lm.AbsoluteDiscounting(), text_of(HELDOUT, counts.vocabulary)
    expected = math.log(lm.perplexity(method.fit(counts), text).perplexity)

    assert expected == pytest.approx(loss_of(method, counts, start_of(method, counts), text), rel=1e-6)


# ------------------------------------------------------------------------------------------------------- gradients


@pytest.mark.parametrize("cutoffs", [(0,), (0, 1), (0, 0, 1)], ids=str)
@every_form
def test_gradients(name: str, interpolate: bool, cutoffs: tuple[int, ...]) -> None:
    """Both searches against central differences of the loss of whole models."""
    method = METHODS[name](interpolate=interpolate)
    counts = counts_of(cutoffs=cutoffs)
    text, start = text_of(HELDOUT, counts.vocabulary), start_of(method, counts)
    fit = HeldoutFit(method, counts, text)
    kinds = [_BackOffSearch, _InterpolatedSearch] if interpolate else [_BackOffSearch]
    searches = [kind(fit, start, 2) for kind in kinds]
    values = searches[0].values * 0.9 + 0.01
    step, expected = 1e-5, []
    for place in range(len(values)):
        losses = []
        for sign in (1, -1):
            moved = values.copy()
            moved[place] += sign * step
            losses.append(loss_of(method, counts, searches[0].parameters(moved), text))
        expected.append((losses[0] - losses[1]) / (2 * step))
    for search in searches:
        loss, gradient = search(values)

        assert loss == pytest.approx(loss_of(method, counts, search.parameters(values), text), rel=1e-12)
        np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("name", METHODS)
def test_both_searches_agree(name: str) -> None:
    """Merged rows of an interpolated method are the same function as all rows of the estimate."""
    method = METHODS[name](interpolate=True)
    counts = counts_of(4, (0, 0, 1))
    fit = HeldoutFit(method, counts, text_of(HELDOUT, counts.vocabulary))
    searches = [kind(fit, start_of(method, counts), 2) for kind in (_BackOffSearch, _InterpolatedSearch)]
    rng = np.random.default_rng(0)
    for _ in range(5):
        values = np.array([rng.uniform(least, min(most, least + 2)) for least, most in searches[0].bounds])
        one, other = (search(values) for search in searches)

        assert one[0] == pytest.approx(other[0], rel=1e-12)
        np.testing.assert_allclose(one[1], other[1], rtol=1e-4, atol=1e-6)


@every_form
def test_the_optimum_cannot_be_improved(name: str, interpolate: bool) -> None:
    method, counts = METHODS[name](interpolate=interpolate), counts_of()
    text, start = text_of(HELDOUT, counts.vocabulary), start_of(method, counts)
    found = tune_values(method, counts, start, text)
    best = loss_of(method, counts, found, text)

    assert best <= loss_of(method, counts, start, text)
    for order, value in enumerate(found, 1):
        own = method.tunable(order, value)
        for place, (at, least, most) in enumerate(own):
            for step in (-0.02, -1e-3, 1e-3, 0.02):
                changed = [other for other, _, _ in own]
                changed[place] = min(max(at + step, least), most)
                moved = [*found[: order - 1], method.with_values(order, value, changed), *found[order:]]

                assert loss_of(method, counts, moved, text) >= best - 1e-7, (order, place, step)


def test_tuned_models_have_what_was_found() -> None:
    """What `fit` stores is the model of the parameters that were found."""
    method, counts = lm.KneserNey(), counts_of()
    text = text_of(HELDOUT, counts.vocabulary)
    found = tune_values(method, counts, start_of(method, counts), text)
    model = method.fit(counts, text)

    assert ";".join(" ".join(f"{d:.6g}" for d in order) for order in found) == model.metadata["discounts"]
    estimates = method.estimate(counts, method.base_distribution(counts), found)
    expected = stored_model(
        counts, [one.log10_probs for one in estimates], [one.log10_backoffs for one in estimates[1:]], {}
    )
    np.testing.assert_array_equal(expected.log10_probs(text), model.log10_probs(text))


def test_given_values_are_not_tuned() -> None:
    counts = counts_of()
    text = text_of(HELDOUT, counts.vocabulary)
    for method in (
        lm.AbsoluteDiscounting(discount_value=0.3),
        lm.Dirichlet(concentrations=2, prior="counts"),
    ):
        expected, actual = method.fit(counts), method.fit(counts, text)

        np.testing.assert_array_equal(expected.log10_probs(text), actual.log10_probs(text))


@pytest.mark.parametrize(
    "method", [lm.KneserNey(), lm.JelinekMercer(), lm.Additive(), lm.Katz()], ids=lambda m: m.name
)
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_progress_and_threads(method: Any, closed: bool) -> None:
    """The result does not depend on the threads; progress says that something is going on."""
    method = type(method)(closed=closed)
    counts, heard = counts_of(), []
    text = text_of(HELDOUT, counts.vocabulary)
    one = method.fit(counts, text, threads=1, progress=lambda *done: heard.append(done))
    other = method.fit(counts, text, threads=4)

    np.testing.assert_array_equal(one.log10_probs(text), other.log10_probs(text))
    assert heard or isinstance(method, lm.Additive)


# -------------------------------------------------------------------------------------------------- Jelinek-Mercer


BUCKETS = {"order": "total", "total": "total", "average": "average"}


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("buckets", BUCKETS)
@pytest.mark.parametrize("steps", [1, 2, 7, 40])
def test_em_is_that_of_the_oracle(
    buckets: str, closed: bool, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights after the same number of steps, from 1/2 on; without the bounds that keep all words possible."""
    monkeypatch.setattr("ngramlm.smoothing.jelinek_mercer.MIN_WEIGHT", 0.0)
    monkeypatch.setattr("ngramlm.smoothing.jelinek_mercer.MAX_WEIGHT", 1.0)
    monkeypatch.setattr("ngramlm.smoothing.jelinek_mercer.MAX_STEPS", steps)
    monkeypatch.setattr("ngramlm.smoothing.jelinek_mercer.TOLERANCE", -1.0)
    method = lm.JelinekMercer(buckets=buckets, closed=closed)
    counts = method.usable_counts(counts_of())
    base = method.base_distribution(counts)
    heldout = CountedEvents.heldout(counts, text_of(HELDOUT, counts.vocabulary), base)
    found = estimate_weights(heldout, base, KEYS[buckets], 8)
    oracle = JelinekMercerOracle(
        CountOracle(VERSE, 3), weights=0.5, edges=[order.edges for order in found], by=BUCKETS[buckets],
        closed=closed, number=float,
    )  # fmt: skip
    expected = expectation_maximisation(events_of(oracle, HELDOUT), tolerance=-1.0, max_steps=steps).weights

    assert any(order.edges for order in found) == (buckets != "order")
    for k, order in enumerate(found, 1):
        for bucket, weight in enumerate(order.weights):
            assert expected[k, bucket] == pytest.approx(weight, abs=1e-9), (k, bucket)


def test_leave_one_out_is_that_of_the_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ngramlm.smoothing.jelinek_mercer.MAX_STEPS", 10)
    monkeypatch.setattr("ngramlm.smoothing.jelinek_mercer.TOLERANCE", -1.0)
    words = ["the", "cat", "sat", "on", "dog"]  # others are <unk>
    method, counts = lm.JelinekMercer(), counts_of(words=words)
    base = method.base_distribution(counts)
    found = estimate_weights(CountedEvents.leave_one_out(counts, base), base, KEYS["order"], 400)
    oracle = JelinekMercerOracle(CountOracle(VERSE, 3, words), weights=0.5, number=float)
    events = events_of(oracle, VERSE, leave_one_out=True)
    expected = expectation_maximisation(events, tolerance=-1.0, max_steps=10).weights
    for k, order in enumerate(found, 1):
        assert expected[k, 0] == pytest.approx(order.weights[0], abs=1e-9)


@pytest.mark.parametrize("buckets", BUCKETS)
def test_em_never_lowers_the_likelihood(buckets: str) -> None:
    counts = counts_of()
    method = lm.JelinekMercer(buckets=buckets)
    base, trace = method.base_distribution(counts), []
    events = CountedEvents.heldout(counts, text_of(HELDOUT, counts.vocabulary), base)
    estimate_weights(events, base, KEYS[buckets], 8, watch=trace.append)

    assert len(trace) > 5
    assert all(after >= before - 1e-12 for before, after in itertools.pairwise(trace))


def test_em_on_the_training_text_trusts_the_highest_order() -> None:
    """Relative frequencies fit the text they were counted in best: the weight goes to 1."""
    counts = counts_of()
    text = text_of(VERSE, counts.vocabulary)
    method = lm.JelinekMercer()
    found = method.fit_parameters(counts, method.base_distribution(counts), text, 1, None)

    assert found is not None
    assert found[-1].weights[0] > 0.99
    held_out = method.fit_parameters(counts, method.base_distribution(counts), None, 1, None)
    assert held_out is not None
    assert held_out[-1].weights[0] < 0.9


def test_linear_discounting_tuned_is_jelinek_mercer() -> None:
    """One share for each order is one weight for each order: two searches of one family find the same optimum."""
    counts = counts_of()
    text = text_of(HELDOUT, counts.vocabulary)
    base = lm.JelinekMercer().base_distribution(counts)
    weights = lm.JelinekMercer().fit_parameters(counts, base, text, 1, None)
    shares = lm.LinearDiscounting().fit_parameters(counts, base, text, 1, None)
    assert weights is not None
    assert shares is not None
    for weight, share in zip(weights, shares, strict=True):
        assert 1 - weight.weights[0] == pytest.approx(share, abs=2e-3)
    losses = [
        loss_of(method, counts, found, text)
        for method, found in ((lm.JelinekMercer(), weights), (lm.LinearDiscounting(), shares))
    ]

    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


def test_bucket_edges_are_a_wall_of_bricks() -> None:
    """From the lowest key up, a bucket is closed as soon as it is large enough; a small last one joins another."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        keys, weights = rng.integers(1, 12, 40).astype(float), rng.integers(1, 4, 40).astype(float)
        least = int(rng.integers(1, 60))
        buckets: list[list[float]] = [[]]
        for key in sorted(set(keys)):
            if sum(weights[keys == other].sum() for other in buckets[-1]) >= least:
                buckets.append([])
            buckets[-1].append(key)
        if len(buckets) > 1 and sum(weights[keys == other].sum() for other in buckets[-1]) < least:
            last = buckets.pop()
            buckets[-1] += last

        assert tuple(bucket[0] for bucket in buckets[1:]) == bucket_edges(keys, weights, least)


# --------------------------------------------------------------------------------------------------- add-delta, Katz


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("shared_by_orders", [False, True])
def test_deltas_are_those_of_a_grid(shared_by_orders: bool, closed: bool) -> None:
    """No delta of a fine grid predicts the held-out text better."""
    method = lm.Additive(shared=shared_by_orders, closed=closed)
    counts = method.usable_counts(counts_of(2))
    base = method.base_distribution(counts)
    text = text_of(HELDOUT, counts.vocabulary)
    n_events = int(np.count_nonzero(base))
    deltas = best_deltas(CountedEvents.heldout(counts, text, base), n_events, shared_by_orders)

    def loss(chosen: tuple[float, ...]) -> float:
        log10_probs = lm.Additive(delta=chosen, closed=closed).fit(counts_of(2)).log10_probs(text)
        return -float(log10_probs[np.isfinite(log10_probs)].mean())

    best = loss(deltas)
    for factor in (0.5, 0.9, 0.99, 1.01, 1.1, 2.0):
        changes = [(factor, factor)] if shared_by_orders else [(factor, 1.0), (1.0, factor)]
        for change in changes:
            assert loss((deltas[0] * change[0], deltas[1] * change[1])) >= best - 1e-9
    assert (deltas[0] == deltas[1]) == shared_by_orders
    for delta in np.geomspace(1e-6, 1e2, 60):
        assert loss((delta, delta)) >= best - 1e-12


@pytest.mark.parametrize("interpolate", [True, False])
def test_the_k_of_katz_is_the_best_of_all(interpolate: bool) -> None:
    """Brute force over every k of one order after the other."""
    counts = counts_of()
    method, text = lm.Katz(interpolate=interpolate), text_of(HELDOUT, counts.vocabulary)
    found = method.fit_parameters(counts, method.base_distribution(counts), text, 1, None)
    assert found is not None
    chosen: Parameters = [()]
    for order in (2, 3):
        n = counts.count_of_counts(order, upto=MAX_K + 1).tolist()
        short = counts.truncate(order)
        losses = {}
        for k in range(1, MAX_K + 1):
            own = katz_coefficients(n, k)
            losses.setdefault(own, loss_of(method, short, [*chosen, own], text))
        assert losses[found[order - 1]] == pytest.approx(min(losses.values()), rel=1e-12)
        chosen.append(found[order - 1])


def test_a_k_that_is_given_stays() -> None:
    """As every other parameter; so there is nothing left to tune."""
    counts = counts_of()
    text = text_of(HELDOUT, counts.vocabulary)
    probe = text_of(VERSE, counts.vocabulary)
    for method in (lm.Katz(k=2), lm.PerOrder(methods=(lm.WittenBell(), lm.Katz(k=2)))):
        np.testing.assert_array_equal(
            method.fit(counts).log10_probs(probe), method.fit(counts, text).log10_probs(probe)
        )


def test_without_heldout_data_k_is_five() -> None:
    words = np.random.default_rng(1).zipf(1.5, (200, 6)) % 40
    counts = lm.count(lm.Text.from_sentences([list(map(str, sentence)) for sentence in words]), order=2)

    assert lm.Katz().fit(counts).metadata == lm.Katz(k=5).fit(counts).metadata
    assert lm.Katz().fit(counts).metadata != lm.Katz(k=4).fit(counts).metadata


@pytest.mark.parametrize("interpolate", [True, False])
@pytest.mark.parametrize(
    "below", [lm.WittenBell(), lm.KneserNey(discounts=1)], ids=lambda method: method.name
)
def test_the_k_of_katz_is_chosen_over_any_method(below: RecursiveSmoothing, interpolate: bool) -> None:
    """Brute force over k, with the parameters of the other method where the counts put them; then those are tuned."""
    counts = counts_of(2)
    text = text_of(HELDOUT, counts.vocabulary)
    katz = lm.Katz(interpolate=interpolate)
    method = lm.PerOrder(methods=(below, katz))
    base = method.base_distribution(counts)
    n = counts.count_of_counts(2, upto=MAX_K + 1).tolist()
    start = method.estimate(counts, base)[0].parameters
    losses = {}
    for k in range(1, MAX_K + 1):
        own = katz_coefficients(n, k)
        losses.setdefault(own, loss_of(method, counts, [start, (katz, own)], text))
    best = min(losses, key=losses.__getitem__)
    found = method.fit_parameters(counts, base, text, 1, None)

    assert found is not None
    assert losses[found[1][1]] == pytest.approx(losses[best], rel=1e-12)
    assert loss_of(method, counts, found, text) <= losses[best] + 1e-12
    assert (found[0] != start) == (below.name == "kneser-ney")
    assert method.fit(counts, text).metadata["tuned"] == "yes"


@pytest.mark.parametrize(
    "method", [lm.Katz(), lm.PerOrder(methods=(lm.WittenBell(), lm.Katz()))], ids=lambda method: method.name
)
def test_katz_tuned_to_no_discounts_says_so(method: RecursiveSmoothing) -> None:
    """Nothing occurs once, so that no k gives discounts."""
    counts = counts_of()
    counts = lm.merge_counts([counts, counts])
    for heldout in (None, text_of(HELDOUT, counts.vocabulary)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            method.fit(counts, heldout)

        told = [str(w.message) for w in caught]
        assert [
            f"order {order}: found counts of counts from which no discounts follow" for order in (2, 3)
        ] == [text[: text.index(" (is this")] for text in told]


# --------------------------------------------------------------------------------------------------- strange texts


TUNABLE = [lm.KneserNey, lm.JelinekMercer, lm.Additive, lm.Katz, lm.LinearDiscounting]


@pytest.mark.parametrize("method", TUNABLE, ids=lambda method: method.__name__)
def test_heldout_text_without_any_token_is_refused(method: Callable[..., Any]) -> None:
    counts = counts_of()
    with pytest.raises(EstimationError, match="held-out"):
        method().fit(counts, text_of([], counts.vocabulary))


@pytest.mark.parametrize("method", TUNABLE, ids=lambda method: method.__name__)
def test_heldout_text_of_unknown_words(method: Callable[..., Any]) -> None:
    """An open vocabulary predicts <unk>; a closed one has </s> left, and nothing in an endless text of OOVs."""
    counts = counts_of()
    text = text_of([["owl", "owl"]], counts.vocabulary)
    for closed in (False, True):
        model = method(closed=closed).fit(counts, text)
        assert model.distribution(["the"]).sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("unknown", "told"), [(3, False), (4, True)])
def test_more_oovs_than_words_in_a_heldout_text_are_told(unknown: int, told: bool) -> None:
    counts = counts_of()
    text = text_of([["the", "cat", "saw", *("?" * unknown)]], counts.vocabulary)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lm.AbsoluteDiscounting().fit(counts, text)

    assert ["% of the words are OOVs" in str(w.message) for w in caught] == [True] * told


@pytest.mark.parametrize("method", TUNABLE, ids=lambda method: method.__name__)
def test_heldout_text_with_another_vocabulary(method: Callable[..., Any]) -> None:
    """Words are what counts: the same text over an equal vocabulary is accepted, one over another vocabulary is not
    silently mistaken."""
    counts = counts_of()
    equal = lm.Vocabulary(CountOracle(VERSE, 1).words)
    expected = method().fit(counts, text_of(HELDOUT, counts.vocabulary))
    actual = method().fit(counts, text_of(HELDOUT, equal))
    probe = text_of(VERSE[:4], counts.vocabulary)

    np.testing.assert_array_equal(expected.log10_probs(probe), actual.log10_probs(probe))
    other = lm.Text.from_sentences(HELDOUT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NgramlmWarning)
        try:
            mapped = method().fit(counts, other)
        except UsageError:
            return
    np.testing.assert_array_equal(expected.log10_probs(probe), mapped.log10_probs(probe))


@pytest.mark.filterwarnings("ignore::ngramlm.errors.NgramlmWarning")
@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (lm.WittenBell(), False),
        (lm.AbsoluteDiscounting(discount_value=0.5), False),
        (lm.JelinekMercer(weights=0.5), False),
        (lm.Dirichlet(concentrations=2), False),
        (lm.Additive(delta=0.5), False),
        (lm.PerOrder(methods=(lm.WittenBell(), lm.Katz(k=3))), False),
        (lm.PerOrder(methods=(lm.WittenBell(), lm.KneserNey(discounts=1))), True),
        (lm.Katz(), True),
        (lm.Katz(k=3), False),
        (lm.PerOrder(methods=(lm.WittenBell(), lm.Katz())), True),
        (lm.JelinekMercer(), True),
        (lm.Additive(), True),
    ],
    ids=str,
)
def test_only_what_was_tuned_says_so(method: Any, expected: bool) -> None:
    counts = lm.count(lm.Text.from_sentences(["a b a", "b a c", "a c a b", "c a b"]), order=2)
    heldout = lm.Text.from_sentences(["a b", "b c a"], counts.vocabulary)

    assert expected == (method.fit(counts, heldout).metadata.get("tuned") == "yes")


def test_forms_of_several_methods_are_told_apart() -> None:
    counts = lm.count(lm.Text.from_sentences(["a b a", "b a c"]), order=3)
    back_off = lm.WittenBell(interpolate=False)
    found = lm.PerOrder(methods=(lm.WittenBell(), back_off, lm.WittenBell())).fit(counts)

    assert found.metadata["interpolated"] == "no,yes"
