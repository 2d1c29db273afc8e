"""Maximum-entropy models of running text, against sums over every event, word and feature."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from support import strategies
from support.contracts import (
    Subject,
    check_batches_score_as_single_sentences,
    check_binary_round_trip,
    check_causality,
    check_documents_are_independent,
    check_empty_text,
    check_never_predicts_start,
    check_same_from_threads,
    check_sums_to_one,
)
from support.oracles.counts import CountOracle
from support.oracles.maxent.text_method import Feature, TextMaxEntOracle
from support.oracles.smoothing.witten_bell import WittenBellOracle
from support.texts import PROBE, VERSE

import ngramlm as lm
from ngramlm.core.association import mutual_information
from ngramlm.errors import EstimationError, EstimationWarning, FormatError, UsageError
from ngramlm.formats import archive
from ngramlm.maxent._maxent_text import RunningText, count_pairs
from ngramlm.maxent.features import TextFeatures, document_events
from ngramlm.maxent.selection import (
    cache_classes,
    distance_2_bigrams,
    topic_words,
    trigger_pairs,
)
from ngramlm.maxent.text_likelihood import TextLikelihood, located
from ngramlm.maxent.text_model import MaxEntModel
from ngramlm.maxent.topic_features import Topics

Documents = list[list[list[str]]]
METHOD = lm.TextMaxEnt(
    topics=2,
    order=3,
    sigma2=2,
    pair_sigma2=2,
    distance_2=1,
    function_words=1,
    triggers=3,
    cache=(1, 2),
    tolerance=1e-12,
)


def divided(corpus: Sequence[Sequence[str]], places: Sequence[int]) -> Documents:
    """The sentences as documents that begin at some places."""
    edges = [0, *sorted({place for place in places if 0 < place < len(corpus)}), len(corpus)]
    return [[list(s) for s in corpus[a:b]] for a, b in pairwise(edges)]


def text_of(documents: Documents, vocabulary: lm.Vocabulary | None = None) -> lm.Text:
    text = lm.Text.from_sentences([s for document in documents for s in document], vocabulary)
    edges = np.append(0, np.cumsum([len(document) for document in documents]))
    return replace(text, documents=edges)


def names_of(trie: Any, vocabulary: lm.Vocabulary, features: TextFeatures) -> list[Feature]:
    """The name of every place in the columns of l."""
    words = vocabulary.words()
    names: list[Feature] = [
        ("ngram", *vocabulary.words(ids)) for k in range(1, trie.order + 1) for ids in trie.ngrams(k).tolist()
    ]
    extra: list[Feature] = [()] * features.n_features
    thresholds = features.thresholds.tolist()
    for kind, column in (("skip", features.skips), ("trigger", features.triggers)):
        for word, one in enumerate(column.tolist()):
            for entry in range(features.starts[one], features.starts[one + 1]) if one >= 0 else ():
                extra[features.numbers[entry]] = (kind, words[word], words[features.words[entry]])
    for topic, one in enumerate(features.subjects.tolist()):
        for entry in range(features.starts[one], features.starts[one + 1]) if one >= 0 else ():
            extra[features.numbers[entry]] = ("topic", topic, words[features.words[entry]])
    for place, one in enumerate(features.caches.tolist()):
        if one >= 0:
            threshold, word = thresholds[place // len(words)], words[place % len(words)]
            entry = features.starts[one]

            assert words[features.words[entry]] == word
            extra[features.numbers[entry]] = ("cache", threshold, class_of(word, words, features, place))
    return names + extra


def class_of(word: str, words: Sequence[str], features: TextFeatures, place: int) -> int:
    """Words of one class share a feature: the class is named by its number."""
    first = min(
        int(features.numbers[features.starts[one]])
        for one in features.caches[place // len(words) * len(words) :][: len(words)].tolist()
        if one >= 0
    )
    return int(features.numbers[features.starts[features.caches[place]]]) - first


def classes_of(text: lm.Text) -> dict[str, int]:
    """By powers of ten of the count; numbers from the rarest words that there are."""
    counts = Counter(word for word in text.vocabulary.words(text.predicted) if word not in ("</s>", "<unk>"))
    powers = {word: len(str(count)) - 1 for word, count in counts.items()}
    return {word: power - min(powers.values()) for word, power in powers.items()}


def likelihood_of(text: lm.Text, method: lm.TextMaxEnt = METHOD, threads: int = 1) -> TextLikelihood:
    counts = lm.count(text, order=method.order)
    return TextLikelihood(lm.MaxEnt().likelihood(counts, threads), method.features(text), text, threads)


def oracle_of(likelihood: TextLikelihood, text: lm.Text, lambdas: NDArray[np.float64]) -> TextMaxEntOracle:
    trie = likelihood.ngrams.trie
    names = names_of(trie, text.vocabulary, likelihood.text_features)
    named = {
        name: value for name, value, known in zip(names, lambdas, likelihood.features, strict=True) if known
    }
    events = [word for word in text.vocabulary.words() if word != "<s>"]
    ratios = likelihood.text_features.topic_ratios.reshape(-1, len(text.vocabulary))
    topics = [dict(zip(text.vocabulary.words(), row, strict=True)) for row in ratios.tolist()]
    return TextMaxEntOracle(named, events, trie.order, classes_of(text), topics)


@given(
    corpus=strategies.corpora(),
    places=st.lists(st.integers(0, 8), max_size=2),
    order=st.integers(1, 3),
    seed=st.integers(0, 99),
)
@settings(max_examples=40)
def test_likelihood_and_expected_counts(
    corpus: strategies.Corpus, places: list[int], order: int, seed: int
) -> None:
    documents = divided(corpus, places)
    text = text_of(documents)
    method = replace(METHOD, order=order, function_words=seed % 2)
    with patch("ngramlm.maxent.text_method.MIN_TOPIC_COUNT", 1):
        likelihood = likelihood_of(text, method)
    lambdas = np.random.default_rng(seed).normal(size=len(likelihood.observed)) * likelihood.features
    value, expected = likelihood(lambdas)
    oracle = oracle_of(likelihood, text, lambdas)
    right, observed, counts = oracle.likelihood(documents)

    assert right == pytest.approx(value, abs=1e-8)
    names = names_of(likelihood.ngrams.trie, text.vocabulary, likelihood.text_features)
    for name, known, own_observed, own_expected in zip(
        names, likelihood.features, likelihood.observed, expected, strict=True
    ):
        if known:
            assert observed[name] == own_observed, name
            assert counts[name] == pytest.approx(own_expected, abs=1e-8), name


def test_gradient_is_that_of_finite_differences() -> None:
    likelihood = likelihood_of(text_of(divided(VERSE, [7, 15])))
    lambdas = np.random.default_rng(3).normal(size=len(likelihood.observed)) * likelihood.features / 2
    gradient = likelihood(lambdas)[1] - likelihood.observed
    for place in np.flatnonzero(likelihood.features).tolist():
        step = np.zeros(len(lambdas))
        step[place] = 1e-5

        assert (likelihood(lambdas + step)[0] - likelihood(lambdas - step)[0]) / 2e-5 == pytest.approx(
            gradient[place], abs=1e-6
        )


def test_constraints_hold_and_the_model_is_that_of_the_definition() -> None:
    documents = divided(VERSE, [7, 15])
    text = text_of(documents)
    model = METHOD.fit(text)
    likelihood = likelihood_of(text)
    expected = likelihood(model.lambdas)[1]

    np.testing.assert_allclose(
        (likelihood.observed - model.lambdas / 2)[likelihood.features],
        expected[likelihood.features],
        atol=1e-4,
    )
    assert not model.lambdas[~likelihood.features].any()
    oracle = oracle_of(likelihood, text, model.lambdas)
    scores = model.log10_probs(text).tolist()
    for score, (word, history, before) in zip(scores, oracle.text_events(documents), strict=True):
        right = oracle.distribution(history, before)
        ours = model.distribution(history, before)

        assert math.log10(right[word]) == pytest.approx(score, abs=1e-9)
        for other, prob in right.items():
            assert prob == pytest.approx(float(ours[model.vocabulary.id(other)]), rel=1e-9), (other, history)


def test_pairs_have_a_prior_of_their_own() -> None:
    """The constraints again, with E~ - l / sigma^2 for the sigma^2 of each feature."""
    text = text_of(divided(VERSE, [7, 15]))
    model = replace(METHOD, pair_sigma2=0.25).fit(text)
    likelihood = likelihood_of(text)
    names = names_of(model.trie, model.vocabulary, model.features)
    expected = likelihood(model.lambdas)[1]
    kinds = set()
    for place, name in enumerate(names):
        if likelihood.features[place]:
            kinds.add(name[0])
            sigma2 = 2.0 if name[0] in ("ngram", "cache") else 0.25

            assert likelihood.observed[place] - model.lambdas[place] / sigma2 == pytest.approx(
                expected[place], abs=1e-4
            )
    assert {"ngram", "cache", "skip", "trigger"} <= kinds


def test_words_that_were_not_seen_in_training() -> None:
    model = METHOD.fit(text_of(divided(VERSE, [7, 15])))
    text = text_of(divided(PROBE, [2]), model.vocabulary)
    scores = model.log10_probs(text).tolist()
    expected = []
    for document in divided(PROBE, [2]):
        for place, sentence in enumerate(document):
            for i, word in enumerate([*sentence, "</s>"]):
                expected.append(model.log10_prob(word, ["<s>", *sentence[:i]], document[:place]))

    assert expected == pytest.approx(scores, abs=1e-12)


CHECKS = [
    check_sums_to_one,
    check_never_predicts_start,
    check_batches_score_as_single_sentences,
    check_causality,
    check_documents_are_independent,
    check_same_from_threads,
    check_empty_text,
]


@pytest.mark.parametrize("order", [1, 2, 4])
def test_contract(order: int, tmp_path: Path) -> None:
    """The sentences of a text are one document here, which the checks for independent sentences leave out."""
    model = replace(METHOD, order=order, tolerance=1e-5).fit(text_of(divided(VERSE, [5, 9])))
    one = Subject(model, WittenBellOracle(CountOracle(VERSE, order)), PROBE)
    for check in CHECKS:
        check(one)
    check_binary_round_trip(one, tmp_path)

    assert not model.independent_sentences


def test_what_was_seen_comes_back() -> None:
    """Words that come again in their documents, and no others."""
    topics = [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]]
    corpus = [[topic[0], topic[1], topic[i % 2]] for topic in topics for i in range(6)]
    text = text_of(divided(corpus, [6, 12, 18]))
    model = lm.TextMaxEnt(order=2, function_words=0, distance_2=0, cache=()).fit(text)
    ngrams = lm.MaxEnt().fit(lm.count(text, order=2))

    assert lm.perplexity(model, text).perplexity < 0.9 * lm.perplexity(ngrams, text).perplexity
    assert model.log10_prob("b", ["<s>"], before=["a"]) > model.log10_prob("b", ["<s>"], before=["c"])


def test_sentences_are_drawn_with_the_whole_document() -> None:
    """Every word is drawn after all words before it, of the sentence and of the document."""
    text = text_of(divided(VERSE * 3, list(range(0, 66, 5))))
    model = replace(METHOD, order=2, tolerance=1e-4).fit(text)
    before = VERSE[:3]
    random, words = np.random.default_rng(5), ["<s>"]
    while len(words) < 9:
        probs = model.distribution(words, before)
        probs[model.vocabulary.id("<unk>")] = 0
        words.append(model.vocabulary.word(int(random.choice(len(probs), p=probs / probs.sum()))))
        if words[-1] == "</s>":
            break

    assert model.generate(seed=5, max_length=8, before=before) == [w for w in words[1:] if w != "</s>"]


def test_without_features_it_is_the_model_of_the_ngrams() -> None:
    text = text_of(divided(VERSE, [5]))
    bare = lm.TextMaxEnt(order=3, distance_2=0, triggers=0, topics=0, cache=(), tolerance=1e-10).fit(text)
    ngrams = lm.MaxEnt(tolerance=1e-10).fit(lm.count(text, order=3))
    probe = text_of(divided(PROBE, [2]), bare.vocabulary)

    assert 0 == bare.features.n_features
    np.testing.assert_allclose(ngrams.log10_probs(probe), bare.log10_probs(probe), atol=1e-6)
    np.testing.assert_allclose(bare.to_backoff().log10_probs(probe), bare.log10_probs(probe), atol=1e-6)


def test_the_same_bits_from_any_number_of_threads() -> None:
    text = text_of(divided(VERSE * 3, list(range(0, 66, 5))))
    one, other = (replace(METHOD, tolerance=1e-4).fit(text, threads=threads) for threads in (1, 3))

    np.testing.assert_array_equal(one.lambdas, other.lambdas)


def test_closed_vocabulary() -> None:
    text = text_of(divided(VERSE, [5]))
    model = replace(METHOD, closed=True).fit(text)

    assert 0 == model.distribution(["the"])[model.vocabulary.id("<unk>")]
    assert model.has_closed_vocabulary
    with pytest.raises(
        UsageError, match="found 5 OOVs; expected a text without OOVs for a closed vocabulary"
    ):
        replace(METHOD, closed=True).fit(text_of([PROBE], text.vocabulary))


# ----------------------------------------------------------------------------------------------------- selection


@given(corpus=strategies.corpora(), places=st.lists(st.integers(0, 8), max_size=2))
def test_pairs_are_counted_as_by_hand(corpus: strategies.Corpus, places: list[int]) -> None:
    documents = divided(corpus, places)
    text = text_of(documents)
    words = text.vocabulary.words()
    together: Counter[tuple[str, str]] = Counter()
    exposed: Counter[str] = Counter()
    skips: Counter[tuple[str, str]] = Counter()
    for document in documents:
        seen: set[str] = set()
        for sentence in document:
            tokens = ["<s>", *sentence, "</s>"]
            for i, word in enumerate(tokens[1:], 1):
                together.update((other, word) for other in seen)
                exposed.update(seen)
                if word != "</s>":
                    seen.add(word)
                if i > 1:
                    skips[tokens[i - 2], word] += 1
    places_of = np.arange(-3, len(words) - 3, dtype=np.int32).clip(-1)
    pairs = np.zeros((len(words) - 3,) * 2, np.int32)
    alone = np.zeros(len(words) - 3, np.int64)
    count_pairs(text.predicted, document_events(text), places_of, pairs, alone)

    assert [exposed[word] for word in words[3:]] == alone.tolist()
    assert [[together[a, b] for a in words[3:]] for b in words[3:]] == pairs.tolist()
    first, last, n = Counter[str](), Counter[str](), sum(skips.values())
    for (a, b), times in skips.items():
        first[a] += times
        last[b] += times

    def g2(a: str, b: str) -> float:
        """Twice the sum of observed log (observed / expected) over the table of yes and no."""
        both = skips[a, b]
        cells = [
            (both, first[a], last[b]),
            (first[a] - both, first[a], n - last[b]),
            (last[b] - both, n - first[a], last[b]),
            (n - first[a] - last[b] + both, n - first[a], n - last[b]),
        ]
        return 2 * sum(seen * math.log(seen * n / (one * other)) for seen, one, other in cells if seen)

    for least in (1, 2):
        found = set(
            zip(*(text.vocabulary.words(column) for column in distance_2_bigrams(text, least)), strict=True)
        )

        assert {pair for pair, times in skips.items() if times >= least and g2(*pair) >= 6.63} == found


def test_mutual_information_by_the_definition() -> None:
    """All of a small table of two yes-or-no questions."""
    random = np.random.default_rng(5)
    for _ in range(20):
        table = random.integers(0, 9, (2, 2)) + np.eye(2)
        n = table.sum()
        expected = sum(
            table[a, b] / n * math.log(table[a, b] * n / (table[a].sum() * table[:, b].sum()))
            for a in (0, 1)
            for b in (0, 1)
            if table[a, b]
        )
        actual = mutual_information(table[1, 1], table[1].sum(), table[:, 1].sum(), n)

        assert expected == pytest.approx(float(actual), abs=1e-12)


def test_triggers_are_those_that_tell_most() -> None:
    """Documents about one thing each: its words trigger each other and themselves; function words nothing."""
    documents = [
        [["the", "cat", "purrs", "the", "cat"], ["the", "cat", "purrs"]],
        [["the", "sea", "roars", "the", "sea"], ["the", "sea", "roars"]],
        [["the", "cat", "purrs", "the"], ["the", "cat", "purrs"]],
        [["the", "sea", "roars", "the"], ["the", "sea", "roars"]],
    ]
    text = text_of(documents)
    causes, favoured = trigger_pairs(text, most=2, skipped=1, candidates=10)
    pairs = set(zip(text.vocabulary.words(causes), text.vocabulary.words(favoured), strict=True))

    assert {("cat", "cat"), ("sea", "sea"), ("cat", "purrs"), ("sea", "roars")} <= pairs
    assert not any("the" in pair for pair in pairs)
    assert not {("cat", "sea"), ("sea", "cat")} & pairs


def test_topics_divide_documents_by_their_words() -> None:
    """Documents of two kinds that share no word: one topic for each kind, told from the first sentence on."""
    kinds = [["cat", "purrs", "cat", "."], ["sea", "roars", "sea", "."]]
    documents = [[kinds[i % 2], kinds[i % 2][1:]] for i in range(40)]
    text = text_of(documents)
    topics = Topics.fit(text, 2, skipped=1)
    found = topics.of_sentences(text).tolist()
    first, second = found[1], found[3]

    assert {0, 1} == {first, second}
    assert [-1, first, -1, second] * 20 == found
    causes, favoured = topic_words(text, topics, 1)
    pairs = set(zip(causes.tolist(), text.vocabulary.words(favoured), strict=True))

    assert {(first, "purrs"), (second, "roars")} <= pairs
    assert not {(first, "."), (second, ".")} & pairs
    assert topics.log_ratios.shape == Topics.fit(text, 2, skipped=1).log_ratios.shape
    np.testing.assert_array_equal(topics.log_ratios, Topics.fit(text, 2, skipped=1).log_ratios)


@pytest.mark.parametrize("n_topics", [1, 7])
def test_topics_of_hardly_any_text(n_topics: int) -> None:
    for documents in ([[[]]], [[["a"]], [[]]], [[["a"]], [["a"]], [["a"]]]):
        text = text_of(documents)
        topics = Topics.fit(text, n_topics, skipped=0)

        assert np.isfinite(topics.log_ratios).all()
        assert (topics.of_sentences(text) < max(len(topics), 1)).all()
    assert 0 == len(Topics.fit(text_of([[["a"]]]), 3, skipped=1))


def test_classes_of_the_cache() -> None:
    text = lm.Text.from_sentences([["a"] * 10, ["b"] * 9, ["c"] * 100])
    found = dict(zip(text.vocabulary.words(), cache_classes(text).tolist(), strict=True))

    assert {"a": 1, "b": 0, "c": 2, "<unk>": -1, "<s>": -1, "</s>": -1} == found


# ------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": 0}, "order is 0; expected a whole number from 1 to 16"),
        ({"sigma2": -1}, "sigma2 is -1; expected a number above 0"),
        ({"triggers": 1.5}, "triggers is 1.5; expected a whole number from 0 on"),
        ({"cache": (0,)}, r"cache is \(0,\); expected a whole number from 1 on, or several"),
        ({"candidates": 10**6}, "candidates is 1000000; expected a whole number from 1 to 20000"),
        ({"closed": 1}, "closed is 1; expected True or False"),
    ],
)
def test_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        lm.TextMaxEnt(**options)


def test_texts_that_are_none() -> None:
    with pytest.raises(UsageError, match="found str; expected a Text"):
        METHOD.fit("a b")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="found no sentences"):
        METHOD.fit(lm.Text.from_sentences([]))


def test_warns_where_the_steps_are_too_few() -> None:
    with pytest.warns(EstimationWarning, match="owl-qn stopped after 2 steps"):
        model = replace(METHOD, max_iterations=2).fit(text_of(divided(VERSE, [5])))

    assert "no" == model.metadata["converged"]


def parts() -> dict[str, Any]:
    """What `RunningText` is made of, for a small text."""
    text = text_of(divided(VERSE, [5]))
    features = METHOD.features(text)
    trie = lm.count(text, order=3).trie
    _, events = located(trie, features, text)
    active = features.activations(text)
    return {
        "levels": [(level.starts.copy(), level.words.copy()) for level in trie.levels],
        "histories": events.histories.copy(),
        "documents": document_events(text).copy(),
        "list_starts": features.starts.copy(),
        "list_words": features.words.copy(),
        "list_features": features.numbers.copy(),
        "lasting_starts": active.lasting_starts.copy(),
        "lasting": active.lasting.copy(),
        "passing_starts": active.passing_starts.copy(),
        "passing": active.passing.copy(),
        "n_features": features.n_features,
    }


@pytest.mark.parametrize("value", [-2, 10**6])
@pytest.mark.parametrize("name", [name for name in parts() if name not in ("levels", "n_features")])
def test_running_text_refuses_what_leads_outside(name: str, value: int) -> None:
    for place in (0, -1):
        columns = parts()
        columns[name].reshape(-1)[place] = value
        with pytest.raises(ValueError, match=r"out of range|outside|cover|lengths|rising"):
            RunningText(**columns)


def test_running_text_refuses_columns_that_do_not_fit() -> None:
    for name in ("lasting_starts", "passing_starts", "list_features", "documents"):
        columns = parts()
        columns[name] = columns[name][:-1]
        with pytest.raises(ValueError, match=r"lengths|cover"):
            RunningText(**columns)
    columns = parts()
    columns["levels"][1][1][0] = 10**6
    with pytest.raises(ValueError, match="outside the vocabulary"):
        RunningText(**columns)
    columns = parts()
    columns["levels"] = columns["levels"][:2]
    with pytest.raises(ValueError, match="histories of another"):
        RunningText(**columns)
    columns = parts()
    columns["list_words"][:2] = columns["list_words"][1::-1]
    columns["list_starts"][1:3] = 2, max(2, columns["list_starts"][2])
    with pytest.raises(ValueError, match="in rising order"):
        RunningText(**columns)


def test_walks_refuse_columns_that_do_not_fit() -> None:
    columns = parts()
    running = RunningText(**columns)
    n, none = columns["histories"].shape[1], np.empty(0)
    gains, alone, factors = (
        np.ones(size) for size in (running.n_rows, running.n_histories, running.n_features)
    )
    words, told = np.zeros(n, np.int32), np.empty(n)
    sums = [column.copy() for column in (gains, alone, factors)]
    good: list[Any] = [0, 2, gains, alone, factors, words, told, told.copy(), *sums]
    running.walk(*good)
    bad = [-1, 3, *(column[1:] for column in good[2:])]
    for place, value in enumerate(bad):
        with pytest.raises(ValueError, match=r"out of range|lengths|for each"):
            running.walk(*good[:place], value, *good[place + 1 :])
    with pytest.raises(ValueError, match="outside the vocabulary"):
        running.walk(*good[:5], words - 1, *good[6:])
    with pytest.raises(ValueError, match="for each feature"):
        running.walk(*good[:8], none, alone, factors)
    with pytest.raises(ValueError, match="lengths"):
        running.observe(words, factors[1:])
    with pytest.raises(ValueError, match="outside the vocabulary"):
        running.observe(words - 1, factors)


def test_pairs_refuse_columns_that_do_not_fit() -> None:
    words, documents = np.array([0, 1], np.int32), np.array([0, 2])
    places, pairs, alone = np.array([0, 1], np.int32), np.zeros((2, 2), np.int32), np.zeros(2, np.int64)
    for arguments in (
        (words, documents, places, pairs[:1], alone),
        (words, documents - 1, places, pairs, alone),
        (words + 1, documents, places, pairs, alone),
        (words, documents, places + 1, pairs, alone),
    ):
        with pytest.raises(ValueError, match=r"each pair|out of range|outside"):
            count_pairs(*arguments)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("lambdas", lambda column: column[:-1]),
        ("lambdas", lambda column: column + np.inf),
        ("base", lambda column: column + 1),
        ("text.skips", lambda column: column + 1000),
        ("text.triggers", lambda column: column[:-1]),
        ("text.words", lambda column: column[:-1]),
        ("text.words", lambda column: column + 1000),
        ("text.words", lambda column: column[::-1].copy()),
        ("text.numbers", lambda column: column - 1),
        ("text.starts", lambda column: column[:-1]),
        ("text.subjects", lambda column: column[:-1]),
        ("text.topic_ratios", lambda column: column + np.nan),
        ("text.thresholds", lambda column: column.astype(np.int32)),
        ("text.n_features", lambda column: np.append(column, column)),
    ],
)
def test_damaged_files(name: str, change: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = replace(METHOD, tolerance=1e-2).fit(text_of(divided(VERSE, [5])))
    columns = model.columns()
    columns[name] = change(columns[name])
    monkeypatch.setattr(model, "columns", lambda: columns)
    # the writer would refuse some of these columns as well
    monkeypatch.setattr(archive, "check_columns", lambda *_: None)
    model.save(tmp_path / "model.ngram")
    with pytest.raises(FormatError, match=rf"in column '{name}'; expected|do not fit together"):
        lm.load(tmp_path / "model.ngram")


def test_columns_of_other_words_are_no_model() -> None:
    model = METHOD.fit(text_of(divided(VERSE, [5, 9])))
    assert isinstance(model, MaxEntModel)
    with pytest.raises(UsageError) as caught:
        MaxEntModel(model.vocabulary, model.trie, model.base[:-1], model.features, model.lambdas)
    assert str(caught.value) == (
        f"found columns that do not fit the vocabulary; expected columns of {len(model.vocabulary)} words"
    )
