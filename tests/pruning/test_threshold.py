"""Pruning by relative entropy and weighted difference against brute force, golden values and degenerate models."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.oracles.counts import BOS, CountOracle
from support.oracles.models.normalization import TableOracle, table_of, worst_sum
from support.oracles.smoothing.witten_bell import WittenBellOracle
from support.shared_data import shared_folder
from support.small_models import SMOOTHINGS, trained

import ngramlm as lm
from ngramlm.errors import EstimationWarning, UsageError
from ngramlm.models.normalization import NormalizedColumns
from ngramlm.pruning import prune, pruning_costs
from ngramlm.pruning.costs import history_probs, row_costs
from ngramlm.pruning.threshold import needed_costs, prune_columns, threshold_for
from ngramlm.trie.trie import NgramTrie

pytestmark = pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")

TOY = ["BROWN READ HOLY BIBLE", "MARK READ A TEXT BOOK", "HE READ A BOOK BY DAVID"]
# D in nats and exp(D) - 1 of the bigram Witten-Bell model of the toy corpus, from an independent program that agrees
# with brute force to 3e-17.
GOLDEN = {
    "READ A": (0.0654072086, 0.0675936692),
    "A BOOK": (0.0228390123, 0.0231018195),
    "BOOK </s>": (0.0184104343, 0.0185809512),
    "HOLY BIBLE": (0.0513845593, 0.0527276517),
}


def exact_toy() -> tuple[lm.BackoffModel, NormalizedColumns]:
    """The model in float32, and its exact probabilities in float64."""
    sentences = [line.split() for line in TOY]
    model = trained(sentences, 2)
    oracle = WittenBellOracle(CountOracle(sentences, 2))
    words = model.vocabulary.words()
    probs = [
        np.array(
            [
                float(oracle.prob(words[ids[-1]], tuple(words[id] for id in ids[:-1])))
                * (words[ids[-1]] != BOS)
                for ids in model.trie.ngrams(order).tolist()
            ]
        )
        for order in (1, 2)
    ]
    return model, NormalizedColumns.from_probs(model.trie, probs)


def test_golden_relative_entropies() -> None:
    model, columns = exact_toy()
    costs = row_costs(columns, "entropy", history_probs(model, columns, None))[1]
    for ngram, (nats, cost) in GOLDEN.items():
        row = model.trie.find(model.vocabulary.ids(ngram.split()))

        assert nats == pytest.approx(math.log1p(costs[row]), abs=6e-11)
        assert cost == pytest.approx(costs[row], abs=6e-11)


def test_golden_relative_entropies_of_a_stored_model() -> None:
    costs = pruning_costs(exact_toy()[0])[1]
    for ngram, (_, cost) in GOLDEN.items():
        row = exact_toy()[0].trie.find(exact_toy()[0].vocabulary.ids(ngram.split()))

        assert cost == pytest.approx(costs[row], rel=1e-6)  # float32


def compare_with_brute_force(model: lm.BackoffModel, other: lm.BackoffModel | None) -> None:
    columns = NormalizedColumns.of(model.columns)
    table = table_of(model.vocabulary, columns.trie, columns.probs)
    other_table: TableOracle | None = None
    if other is not None:
        of = NormalizedColumns.of(other.columns)
        other_table = table_of(other.vocabulary, of.trie, of.probs)
    costs = row_costs(columns, "entropy", history_probs(model, columns, other))
    words = model.vocabulary.words()
    for order in range(2, model.order + 1):
        for ids, cost in zip(columns.trie.ngrams(order).tolist(), costs[order - 1].tolist(), strict=True):
            ngram = tuple(words[id] for id in ids)
            expected = table.relative_entropy(ngram, other_table)

            assert abs(max(expected, 0) - math.log1p(cost)) < 1e-12, ngram


@given(
    strategies.corpora(max_words=4, max_sentences=5, max_length=5),
    st.sampled_from([2, 3]),
    st.sampled_from(sorted(SMOOTHINGS)),
)
def test_entropy_equals_brute_force(sentences: strategies.Corpus, order: int, smoothing: str) -> None:
    compare_with_brute_force(trained(sentences, order, smoothing), None)


@given(strategies.corpora(max_words=4, max_sentences=5, max_length=5), st.sampled_from([2, 3, 4]))
def test_entropy_with_a_history_model_equals_brute_force(sentences: strategies.Corpus, order: int) -> None:
    other = trained([*sentences[::2], ["another", "word"]], 2)
    other_words = set(other.vocabulary.words())
    model = trained([s for s in sentences if set(s) <= other_words] or [["word"]], order)
    compare_with_brute_force(model, other)


@given(strategies.corpora(max_words=4), st.sampled_from([2, 3]))
def test_weighted_difference_is_the_formula(sentences: strategies.Corpus, order: int) -> None:
    model = trained(sentences, order)
    columns = NormalizedColumns.of(model.columns)
    table = table_of(model.vocabulary, columns.trie, columns.probs)
    costs = pruning_costs(model, "weighted-difference")
    words, order = model.vocabulary.words(), model.order
    for ids, cost in zip(columns.trie.ngrams(order).tolist(), costs[order - 1].tolist(), strict=True):
        ngram = tuple(words[id] for id in ids)
        history, word = ngram[:-1], ngram[-1]
        p, instead = table.prob(word, history), table.without(ngram)
        after = instead.prob(word, history) if len(table.rows[history]) > 1 else table.prob(word, history[1:])
        expected = table.chain(history) * p * (math.log(p) - math.log(after))

        assert expected == pytest.approx(cost, abs=1e-9)


@given(
    strategies.corpora(),
    st.sampled_from([1, 2, 3, 4]),
    st.sampled_from(sorted(SMOOTHINGS)),
    st.sampled_from(["entropy", "weighted-difference"]),
    st.sampled_from([0.0, 1e-4, 1e-3, 1e-2, 0.1, math.inf]),
)
def test_pruned_models_are_whole(
    sentences: strategies.Corpus, order: int, smoothing: str, criterion: str, threshold: float
) -> None:
    model = trained(sentences, order, smoothing)
    columns = NormalizedColumns.of(model.columns)
    costs = needed_costs(columns.trie, row_costs(columns, criterion, history_probs(model, columns, None)))
    pruned = prune_columns(columns, costs, threshold)
    small = prune(model, threshold, criterion=criterion)

    assert worst_sum(pruned) < 1e-9
    assert pruned.trie.n_rows == small.n_ngrams
    small.trie.check(len(small.vocabulary))
    assert small.vocabulary == model.vocabulary
    table = table_of(small.vocabulary, pruned.trie, pruned.probs)
    for history in [(), (BOS,), *list(table.rows)[:20]]:
        expected = list(table.distribution(history).values())
        actual = np.delete(small.distribution(history), small.vocabulary.id(BOS))
        np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=1e-9)
    kept = {tuple(ngram) for k in range(1, small.order + 1) for ngram in small.trie.ngrams(k).tolist()}
    before = {tuple(ngram) for k in range(1, model.order + 1) for ngram in model.trie.ngrams(k).tolist()}
    assert kept <= before


@given(strategies.corpora(), st.sampled_from([2, 3]), st.sampled_from([1e-3, 1e-2, 3e-2]))
def test_exactly_the_cheap_ngrams_that_none_needs_go(
    sentences: strategies.Corpus, order: int, threshold: float
) -> None:
    model = trained(sentences, order)
    costs = pruning_costs(model)
    keep = [column >= threshold for column in costs]
    expected = model.trie.restrict(model.trie.closure(keep))

    assert expected.n_rows == prune(model, threshold).n_ngrams


@given(strategies.corpora(), st.sampled_from([1, 2, 3]), st.sampled_from(sorted(SMOOTHINGS)))
def test_a_threshold_of_zero_changes_nothing(
    sentences: strategies.Corpus, order: int, smoothing: str
) -> None:
    model = trained(sentences, order, smoothing)
    same = prune(model, 0.0)

    assert model.n_ngrams == same.n_ngrams
    text = lm.Text.from_sentences([*sentences, ["never-seen"]], model.vocabulary)
    np.testing.assert_allclose(same.log10_probs(text), model.log10_probs(text), atol=1e-5)


@given(strategies.corpora(), st.sampled_from([2, 3]))
def test_an_infinite_threshold_leaves_the_unigrams(sentences: strategies.Corpus, order: int) -> None:
    model = trained(sentences, order)

    assert (len(model.vocabulary),) == prune(model, math.inf).n_ngrams


@given(strategies.corpora(), st.sampled_from([1, 2, 3]), st.data())
def test_keep_keeps_as_many_as_it_may(sentences: strategies.Corpus, order: int, data: st.DataObject) -> None:
    model = trained(sentences, order)
    n_words, n = len(model.vocabulary), sum(model.n_ngrams)
    wanted = data.draw(st.integers(n_words, n + 2))
    small = prune(model, keep=wanted)
    columns = NormalizedColumns.of(model.columns)
    costs = needed_costs(model.trie, row_costs(columns, "entropy", history_probs(model, columns, None)))
    values = np.sort(np.concatenate([*costs[1:], np.empty(0)]))[::-1]
    ties = [k for k in range(len(values) + 1) if k in (0, len(values)) or values[k - 1] > values[k]]
    expected = n_words + max(k for k in ties if n_words + k <= wanted)

    assert expected == sum(small.n_ngrams) <= wanted


def test_ngrams_that_others_need_stay_although_they_are_cheap() -> None:
    trie, _ = NgramTrie.from_ngrams([np.array([[3, 4], [4, 3]]), np.array([[3, 4, 3]])], 5)
    costs = needed_costs(trie, [np.full(5, np.inf), np.array([0.0, 0.1]), np.array([0.5])])

    assert [0.5, 0.5] == costs[1].tolist()
    assert threshold_for(costs, 7) > 0.5  # no two of the three go together
    assert 0.0 == threshold_for(costs, 8)


def test_kneser_ney_without_a_history_model_is_warned_of() -> None:
    model = trained([line.split() for line in TOY], 3, "modified-kneser-ney")
    with pytest.warns(EstimationWarning, match="history model"):
        prune(model, 1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        prune(model, 1e-3, history_model=trained([line.split() for line in TOY], 3))


def test_what_cannot_be_pruned() -> None:
    model = trained([["a", "b"]], 2)
    with pytest.raises(UsageError, match="expected one of them"):
        prune(model)
    with pytest.raises(UsageError, match="expected one of them"):
        prune(model, 1e-3, keep=7)
    with pytest.raises(UsageError, match="threshold is nan"):
        prune(model, math.nan)
    with pytest.raises(UsageError, match="every word"):
        prune(model, keep=2)
    with pytest.raises(UsageError, match="weighted-difference"):
        prune(model, 1e-3, criterion="count")
    with pytest.raises(UsageError, match="BackoffModel"):
        prune("model", 1e-3)  # type: ignore[arg-type]
    scores = lm.StupidBackoff().fit(lm.count(lm.Text.from_sentences(["a b"]), order=2))
    with pytest.raises(UsageError, match="do not sum"):
        prune(scores, 1e-3)


def test_the_signature_says_what_was_done() -> None:
    small = prune(prune(trained([line.split() for line in TOY], 2), 0.01), keep=20)

    assert small.metadata["pruned"].startswith("entropy 0.01,entropy ")
    assert "|pruned:entropy" in small.signature


def test_progress_is_reported() -> None:
    seen: list[tuple[str, int, int | None]] = []
    prune(trained([["a", "b"]], 2), 0.01, progress=lambda *args: seen.append(args))

    assert ("pruning", 2, 2) == seen[-1]


def test_round_trips(tmp_path: Path) -> None:
    model = prune(trained([line.split() for line in TOY], 3), 0.01)
    text = lm.Text.from_sentences([*TOY, "A ZEBRA READ"], model.vocabulary)
    model.save(tmp_path / "model.ngram")
    model.save_arpa(tmp_path / "model.arpa")

    np.testing.assert_array_equal(
        model.log10_probs(text), lm.load(tmp_path / "model.ngram").log10_probs(text)
    )
    again = lm.load(tmp_path / "model.arpa")
    for line in [*TOY, "A ZEBRA READ"]:
        assert model.score(line) == pytest.approx(again.score(line), abs=1e-5)
    assert again.n_ngrams == model.n_ngrams


@pytest.mark.parametrize("domain", ["politics"])
def test_real_models_keep_summing_to_one_and_predicting(domain: str) -> None:
    folder = shared_folder()
    if folder is None:
        pytest.skip("texts not found; set NGRAMLM_SHARED to their folder")
    counts = lm.count(folder / "data" / "en" / f"{domain}.train.txt", order=4)
    model = lm.WittenBell().fit(counts)
    columns = NormalizedColumns.of(model.columns)
    costs = needed_costs(model.trie, row_costs(columns, "entropy", history_probs(model, columns, None)))
    test = lm.read_text(folder / "data" / "en" / f"{domain}.test.txt", vocabulary=model.vocabulary)
    full = lm.perplexity(model, test).perplexity
    for threshold in (1e-8, 1e-6, 1e-5):
        pruned = prune_columns(columns, costs, threshold)
        worst = worst_sum(pruned)
        small = prune(model, threshold)
        found = lm.perplexity(small, test).perplexity

        print(f"{threshold:g}: {sum(small.n_ngrams)} n-grams, {found:.2f}, worst |1 - sum| {worst:.2g}")  # noqa: T201
        assert worst < 1e-9
        small.trie.check(len(small.vocabulary))
        if threshold == 1e-8:
            assert abs(found / full - 1) < 0.02


def test_too_few_ngrams_to_keep_those_that_must_stay() -> None:
    """Two of the three n-grams cost infinitely much, as they hold words without a unigram probability."""
    costs = [np.zeros(4), np.array([np.inf, 1.0, np.inf])]
    assert threshold_for(costs, 6) == np.inf
    with pytest.raises(UsageError) as caught:
        threshold_for(costs, 5)
    assert str(caught.value) == (
        "keep is 5; expected at least 6, because words without a unigram probability would be lost"
    )
