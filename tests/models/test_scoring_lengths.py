"""Sentences of every length: all ways to score them agree, and agree with the n-grams one by one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from itertools import chain

import numpy as np
import pytest
from support.small_models import table_model
from support.texts import counted

import ngramlm as lm
from ngramlm.errors import UsageError
from ngramlm.smoothing.kneser_ney import modified_discounts
from ngramlm.smoothing.orders import OrderCounts
from ngramlm.trie.trie import Level

Sentence = tuple[str, ...]
# around the words of a run (6), of all runs that are scored together (64), and of those looked up at once (256)
LENGTHS = [0, 1, 2, 5, 6, 7, 8, 9, 10, 63, 64, 65, 255, 256, 257, 258, 511, 512, 513, 514, 1000]
ORDERS = [1, 2, 3, 4, 5, 6, 16]
WORDS = [f"w{number}" for number in range(20)]


def random_sentence(length: int, seed: int) -> Sentence:
    """Words of which some are frequent, so that some histories have many rows and others few."""
    rng = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(len(WORDS))]
    return tuple(rng.choices(WORDS, weights, k=length))


def with_unknown_words(sentence: Sentence) -> Sentence:
    return tuple(f"new{place}" if place % 29 == 17 else word for place, word in enumerate(sentence))


def sentence_of(length: int) -> Sentence:
    """The same words whatever the length: what was learnt from the longest answers for all, but for some places."""
    sentence = list(random_sentence(max(LENGTHS), 1)[:length])
    for place in range(40, length, 41):
        sentence[place] = WORDS[place % 3]
    return tuple(sentence)


class Table:
    """The n-grams of a model by their words, and what they say of a word after others."""

    def __init__(self, model: lm.BackoffModel) -> None:
        words = model.vocabulary.words()
        self.order = model.order
        self.probs: dict[Sentence, float] = {}
        self.weights: dict[Sentence, float] = {}
        for k in range(1, model.order + 1):
            rows = model.trie.ngrams(k).tolist()
            for row, value in zip(rows, model.columns.log10_probs[k - 1].tolist(), strict=True):
                self.probs[tuple(words[id] for id in row)] = value
            if k > 1:
                histories = model.trie.history_words(k).tolist()
                for row, value in zip(histories, model.columns.log10_backoffs[k - 2].tolist(), strict=True):
                    self.weights[tuple(words[id] for id in row)] = value

    def scores(self, sentence: Sentence, bos: bool, eos: bool) -> list[tuple[float, int, bool]]:
        """For every token: log10 probability, length of the n-gram that answered, whether it is unknown."""
        known = tuple(word if (word,) in self.probs else "<unk>" for word in sentence)
        tokens = (*["<s>"] * bos, *known, *["</s>"] * eos)
        found = []
        for end in range(1 + bos, len(tokens) + 1):
            ngram, weight = tokens[max(0, end - self.order) : end], 0.0
            while ngram not in self.probs:
                weight += self.weights.get(ngram[:-1], 0.0)
                ngram = ngram[1:]
            found.append((weight + self.probs[ngram], len(ngram), ngram[-1] == "<unk>"))
        return found


@cache
def model_of(order: int) -> tuple[lm.BackoffModel, Table]:
    """Random numbers over the n-grams of the longest sentence and of many short ones."""
    sentences = [random_sentence(max(LENGTHS), 1), *(random_sentence(seed % 12, seed) for seed in range(60))]
    model, _ = table_model(
        counted([with_unknown_words(sentence) for sentence in sentences], order, WORDS), order
    )

    assert order == model.order
    return model, Table(model)


def text_of(model: lm.BackoffModel, sentences: Sequence[Sentence]) -> lm.Text:
    return lm.Text.from_sentences(sentences, vocabulary=model.vocabulary)


def test_long_ngrams_answer() -> None:
    """The sentences are such that the words far back matter: of order 16, many are known with 15 words before."""
    lengths = [length for _, length, _ in model_of(16)[1].scores(sentence_of(1000), bos=True, eos=True)]

    assert 16 == max(lengths)
    assert sum(length == 16 for length in lengths) > 250
    assert {1, 2, 3, 9} < set(lengths)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("eos", [False, True])
@pytest.mark.parametrize("bos", [False, True])
def test_every_way_to_score_a_sentence_agrees(order: int, bos: bool, eos: bool) -> None:
    model, table = model_of(order)
    for length in LENGTHS:
        for sentence in (sentence_of(length), with_unknown_words(sentence_of(length))):
            expected = table.scores(sentence, bos, eos)
            full = list(model.full_scores(sentence, bos=bos, eos=eos))

            assert length + eos == len(expected)
            assert [answer[1:] for answer in expected] == [answer[1:] for answer in full], length
            np.testing.assert_allclose(
                [value for value, *_ in full], [value for value, *_ in expected], 1e-12
            )
            total = sum(value for value, *_ in expected)

            assert total == pytest.approx(model.score(sentence, bos=bos, eos=eos), rel=1e-9, abs=1e-9), length
            assert total == pytest.approx(model.score("\t ".join(sentence), bos, eos), rel=1e-9, abs=1e-9)
            if bos and eos:
                values = model.log10_probs(text_of(model, [sentence]))

                np.testing.assert_allclose(values, [value for value, *_ in expected], 1e-12)
                assert total == pytest.approx(values.sum(), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("order", [2, 3, 16])
def test_a_word_at_the_end_is_scored_after_all_words_before(order: int) -> None:
    """The history of the 257th word begins in the words that were looked up before it."""
    model, table = model_of(order)
    for length in range(250, 290):
        sentence = random_sentence(max(LENGTHS), 1)[1 : length + 1]
        expected = sum(value for value, *_ in table.scores(sentence, bos=False, eos=False))

        assert expected == pytest.approx(model.score(sentence, bos=False, eos=False), rel=1e-9)


@pytest.mark.parametrize("order", [1, 3, 16])
@pytest.mark.parametrize("n", [1, 23, 24, 25, 4095, 4096, 4097, 9000])
def test_many_sentences_at_once(order: int, n: int) -> None:
    """Each token has the score that it has alone, whatever is scored beside it."""
    model, table = model_of(order)
    pool = [sentence_of(length) for length in (0, 0, 1, 2, 5, 9, 65, 257)]
    pool += [with_unknown_words(random_sentence(seed % 14, seed)) for seed in range(200)]
    expected = [table.scores(sentence, bos=True, eos=True) for sentence in pool]
    chosen = random.Random(n).choices(range(len(pool)), [0.02 if len(s) > 20 else 1 for s in pool], k=n)
    text = text_of(model, [pool[number] for number in chosen])
    answers = list(chain.from_iterable(expected[number] for number in chosen))

    np.testing.assert_allclose(model.log10_probs(text), [value for value, *_ in answers], 1e-12)
    assert [length for _, length, _ in answers] == model.matched_orders(text).tolist()


def test_sentences_that_end_together_and_one_by_one() -> None:
    """One long sentence among short ones, at every place of those in flight."""
    model, table = model_of(5)
    for place in range(0, 60, 7):
        sentences = [sentence_of(3)] * 60
        sentences[place] = sentence_of(500)
        expected = [value for s in sentences for value, *_ in table.scores(s, bos=True, eos=True)]

        np.testing.assert_allclose(model.log10_probs(text_of(model, sentences)), expected, 1e-12)


# ------------------------------------------------------------------------------------------- back-off weights


def model_with(weight: float, place: int, order: int = 2) -> lm.BackoffModel:
    """``a b`` with one back-off weight replaced."""
    model, _ = table_model(counted([["a", "b"]], 3), 1)
    weights = [column.copy() for column in model.columns.log10_backoffs]
    weights[order - 2][place] = weight
    return lm.BackoffModel(model.vocabulary, lm.Columns(model.trie, model.columns.log10_probs, weights))


@pytest.mark.parametrize("weight", [np.nan, -np.nan, np.inf])
@pytest.mark.parametrize(("order", "places"), [(2, 3), (3, 2)])
def test_backoff_weights_that_no_model_has_are_refused(weight: float, order: int, places: int) -> None:
    for place in range(places):
        with pytest.raises(UsageError, match=f"order {order}: found an infinite back-off weight or NaN"):
            model_with(weight, place, order)


@pytest.mark.parametrize("weight", [1e-6, 0.5, 3.0, 38.0, 3e38, 0.0, -3e38, -np.inf])
def test_other_backoff_weights_are_used(weight: float) -> None:
    """A weight may be above 1 (log10 above 0); nothing was seen after a but b, so that a answers by its weight."""
    for place in range(3):
        model = model_with(weight, place)
        word = model.vocabulary.word(model.trie.level(2).first_words[place])
        nothing = {"<s>": "b", "a": "a", "b": "b"}[word]
        expected = np.float32(weight) + model.log10_prob(nothing)

        assert expected == pytest.approx(model.log10_prob(nothing, [word]), rel=1e-6)


# -------------------------------------------------------------------------------------------- one discount


def order_of(counts: list[int]) -> OrderCounts:
    """Bigrams with these counts, of which nothing but the counts is asked."""
    return OrderCounts(2, Level.of_words(len(counts)), np.array(counts), None, np.zeros(0), len(counts))


@pytest.mark.parametrize("counts", [[1, 1, 3, 4], [2, 2, 3], [5], [1]])
def test_the_fallback_of_a_single_discount_holds_for_all_counts(counts: list[int]) -> None:
    """n1 or n2 is zero, so that D = n1 / (n1 + 2 n2) is not known; three discounts would be 0.3, 1.1, 1.7."""
    method = lm.KneserNey(discounts=1, fallback=(0.3, 1.1, 1.7))

    assert (0.3,) == method.parameters(order_of(counts))


def test_the_fallback_of_three_discounts_is_one_for_each_count() -> None:
    method = lm.KneserNey(discounts=3, fallback=(0.3, 1.1, 1.7))

    assert modified_discounts([0, 2, 0, 1, 1], 3, strict=False) is None
    assert (0.3, 1.1, 1.7) == method.parameters(order_of([1, 1, 3, 4]))


def test_a_single_discount_that_is_known_needs_no_fallback() -> None:
    """n1 = 2, n2 = 1: D = 2 / (2 + 2) = 0.5."""
    method = lm.KneserNey(discounts=1, fallback=(0.3, 1.1, 1.7))

    assert (0.5,) == method.parameters(order_of([1, 1, 2, 3]))


def test_a_model_with_the_fallback_of_a_single_discount() -> None:
    """Bigrams: a follows <s> 3 times, b follows a once and </s> 5 times, ...: n2 = 0, and D = 0.4 is taken off all.

    p(</s>|a) = (5 - 0.4) / 6 and p(b|a) = (1 - 0.4) / 6 where lower orders are for unseen words only.
    """
    sentences = [*[["a"]] * 5, ["a", "b"]]
    counts = counted(sentences, 2)
    model = lm.KneserNey(discounts=1, fallback=(0.4, 1.2, 1.9), interpolate=False).fit(counts)

    assert 0 == counts.count_of_counts(2)[2]
    assert 4.6 / 6 == pytest.approx(10 ** model.log10_prob("</s>", ["a"]), rel=1e-6)
    assert 0.6 / 6 == pytest.approx(10 ** model.log10_prob("b", ["a"]), rel=1e-6)
    assert 5.6 / 6 == pytest.approx(10 ** model.log10_prob("a", ["<s>"]), rel=1e-6)
