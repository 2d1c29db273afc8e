"""Mixtures: sums to one at every place of a running document, no look ahead, weights that do what they say."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Literal
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from support import strategies
from support.mixtures import DOCUMENTS, MIXTURES, other_words, static, text_of
from support.oracles.adaptive.cache import predicted_tokens
from support.texts import TOY, counted

import ngramlm as lm
from ngramlm.adaptive import Weighting
from ngramlm.adaptive import mixture as mixture_module
from ngramlm.adaptive._mixing import mix_bayes, mix_fixed, mix_recent
from ngramlm.errors import EstimationError, TextError, UsageError
from ngramlm.mixing.interpolation import estimate_weights

Floats = NDArray[np.float64]
NAN = math.nan


@pytest.mark.parametrize("name", MIXTURES)
def test_sums_to_one_and_agrees_with_the_text_at_every_place(name: str) -> None:
    """What `distribution` gives the next word, in a document that breaks off anywhere, is what the text is given."""
    mixture = MIXTURES[name]()
    actual = mixture.log10_probs(text_of(DOCUMENTS, mixture.vocabulary)).tolist()
    for document in DOCUMENTS:
        for token, said, history in predicted_tokens(document):
            before = document[: said.count("</s>")]
            distribution = mixture.distribution(history, before)
            id = mixture.vocabulary.id(token)

            assert distribution.shape == (len(mixture.vocabulary),)
            assert abs(distribution.sum() - 1) < 2e-6
            assert (distribution >= 0).all()
            assert distribution[mixture.vocabulary.id("<s>")] == 0
            assert 10 ** actual.pop(0) == pytest.approx(float(distribution[id]), rel=1e-6), (token, history)
    assert not actual


@pytest.mark.parametrize("name", MIXTURES)
def test_later_words_change_nothing_before_them(name: str) -> None:
    mixture = MIXTURES[name]()
    whole = mixture.log10_probs(text_of(DOCUMENTS, mixture.vocabulary))
    for cut in range(1, 4):
        document = [*DOCUMENTS[0][:cut], ["MARK", "MARK"]]
        same = sum(len(sentence) + 1 for sentence in document[:-1])
        actual = mixture.log10_probs(text_of([document], mixture.vocabulary))
        np.testing.assert_array_equal(whole[:same], actual[:same])


@pytest.mark.parametrize("name", MIXTURES)
def test_documents_are_independent(name: str) -> None:
    mixture = MIXTURES[name]()
    together = mixture.log10_probs(text_of(DOCUMENTS, mixture.vocabulary))
    apart = [mixture.log10_probs(text_of([document], mixture.vocabulary)) for document in DOCUMENTS]
    np.testing.assert_array_equal(together, np.concatenate(apart))
    joined = mixture.log10_probs(text_of([list(chain(*DOCUMENTS))], mixture.vocabulary))
    assert (
        mixture.independent_sentences == np.array_equal(together, joined) or name == "a mixture of sentences"
    )


@pytest.mark.parametrize("name", MIXTURES)
def test_the_same_from_several_threads(name: str) -> None:
    mixture = MIXTURES[name]()
    text = text_of(DOCUMENTS * 20, mixture.vocabulary)
    expected = mixture.log10_probs(text)
    with ThreadPoolExecutor(4) as pool:
        for actual in pool.map(mixture.log10_probs, [text] * 8):
            np.testing.assert_array_equal(expected, actual)


@pytest.mark.parametrize("name", MIXTURES)
def test_shortest_texts(name: str) -> None:
    mixture = MIXTURES[name]()
    assert mixture.log10_probs(text_of([], mixture.vocabulary)).shape == (0,)
    for document in ([[]], [["nobody"]], [["nobody", "nothing"], ["never"]], [["<unk>"]]):
        actual = mixture.log10_probs(text_of([document], mixture.vocabulary))
        assert np.isfinite(actual).all()


def test_words_are_drawn_from_the_distribution_in_the_document() -> None:
    """A cache that has all the weight draws only words of the document, those of the unfinished sentence too."""
    mixture = lm.Mixture([static(), lm.Cache()], [0.0, 1.0])
    for seed in range(5):
        assert set(mixture.generate(seed=seed, max_length=20, before=["MARK READ", "MARK"])) == {
            "MARK",
            "READ",
        }
        assert mixture.generate(["<s>", "BOOK"], seed=seed, max_length=3) == ["BOOK"] * 3
    with pytest.raises(UsageError, match="inside a history"):
        mixture.generate(["A", "</s>"])


def test_fixed_weights_by_hand() -> None:
    mixture = lm.Mixture([static(), lm.Cache()], [3, 1])
    text = text_of([[["A", "A"]]], mixture.vocabulary)
    alone = 10 ** static().log10_probs(text)
    expected = [alone[0], 0.75 * alone[1] + 0.25, 0.75 * alone[2]]
    np.testing.assert_allclose(10 ** mixture.log10_probs(text), expected, rtol=1e-12)


def tables(n: int = 3, tokens: int = 60, seed: int = 0, silent: float = 0.3) -> Floats:
    random = np.random.default_rng(seed)
    table: Floats = random.dirichlet(np.ones(n + 1), tokens).T[:n].copy()
    table[1:][random.random((n - 1, tokens)) < silent] = NAN
    return table


def mixed_by_hand(column: Floats, weights: Floats) -> tuple[float, Floats]:
    """(probability of a token, shares of the components)"""
    known = ~np.isnan(column)
    parts = np.where(known, weights * np.where(known, column, 0), 0)
    shares = np.where(known, parts / parts.sum() * weights[known].sum(), weights)
    return parts.sum() / weights[known].sum(), shares


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("window", [0, 1, 3, 25])
def test_recent_weights_by_hand(window: int, seed: int) -> None:
    table, prior = tables(seed=seed), np.array([0.5, 0.2, 0.3])
    starts = np.array([0, 20, 20, 60])
    out = np.empty(60)
    last = mix_recent(table, starts, prior, window, 2.5, out)
    for begin, end in pairwise(starts.tolist()):
        shares: list[Floats] = []
        weights = prior
        for i in range(begin, end):
            expected, share = mixed_by_hand(table[:, i], weights)
            assert out[i] == pytest.approx(expected, rel=1e-12)
            shares = [*shares, share][-window:] if window else [*shares, share]
            weights = (2.5 * prior + sum(shares)) / (2.5 + len(shares))
    np.testing.assert_allclose(last, weights, rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("memory", [0.0, 0.5, 0.95, 1.0])
def test_posterior_weights_by_hand(memory: float, seed: int) -> None:
    table, prior = tables(seed=seed), np.array([0.5, 0.2, 0.3])
    starts = np.array([0, 20, 20, 60])
    out = np.empty(60)
    last = mix_bayes(table, starts, prior, memory, out)
    for begin, end in pairwise(starts.tolist()):
        weights = prior
        for i in range(begin, end):
            expected, share = mixed_by_hand(table[:, i], weights)
            assert out[i] == pytest.approx(expected, rel=1e-12)
            weights = share**memory * prior ** (1 - memory)
            weights = weights / weights.sum()
    np.testing.assert_allclose(last, weights, rtol=1e-9)


def test_the_formula_of_posterior_weights_that_forget() -> None:
    """(0.8 0.1)^0.5 0.8^0.5 to (0.2 0.4)^0.5 0.2^0.5 is 2 to 1."""
    weighting = lm.BayesWeights((0.8, 0.2), memory=0.5)
    found = weighting.after(
        np.array([[0.1], [0.4]]), text_of([[["A"]]], static().vocabulary), np.zeros(2, bool)
    )
    np.testing.assert_allclose(found, [2 / 3, 1 / 3])


def test_a_mixture_of_sentences_adds_up_whole_sentences() -> None:
    """Iyer & Ostendorf (1999): P(s) = sum of weight_k P_k(s)."""
    one, other = (
        static(),
        lm.WittenBell().fit(counted([["A", "BOOK"], ["A", "A"], ["DAVID", "BOOK"], *TOY], 3)),
    )
    mixture = lm.Mixture([one, other], weighting=lm.BayesWeights((0.3, 0.7), scope="sentence"))
    for sentence in DOCUMENTS[0]:
        text = text_of([[["A"], sentence]], mixture.vocabulary)
        expected = 0.3 * 10 ** one.score(sentence) + 0.7 * 10 ** other.score(sentence)
        actual = mixture.log10_probs(text)[2:].sum()
        assert 10**actual == pytest.approx(expected, rel=1e-5)


def test_silent_components_cannot_be_mixed_away() -> None:
    """Where only components of weight 0 speak, they have the weight; where none does, it is NaN and not a crash."""
    table = np.array([[0.5, NAN], [NAN, NAN], [0.25, NAN]])
    out = np.empty(2)
    mix_fixed(table, np.array([[0.0, 1.0, 0.0]]), np.zeros(2, np.int32), out)
    assert out[0] == 0.375
    assert math.isnan(out[1])


def test_buckets_by_position() -> None:
    weighting = lm.BucketWeights("position", ((1, 0), (0, 1), (0.5, 0.5)))
    table = np.tile([[0.2], [0.6]], 7)
    text = text_of([[["a", "b", "c", "d"]], [["a"]]], lm.Vocabulary(list("abcd")))
    np.testing.assert_allclose(weighting.mix(table, text), [0.2, 0.6, 0.6, 0.4, 0.4, 0.2, 0.6])


def test_buckets_by_word() -> None:
    words = lm.Vocabulary(list("abcd"))
    weighting = lm.BucketWeights(
        "word", ((1, 0), (0, 1), (0.5, 0.5)), tuple(words.ids(["<s>", "b"]).tolist())
    )
    table = np.tile([[0.2], [0.6]], 7)
    text = text_of([[["a", "b", "c", "b"]], [["a"]]], words)
    np.testing.assert_allclose(weighting.mix(table, text), [0.6, 0.2, 0.4, 0.2, 0.4, 0.6, 0.2])


# ---------------------------------------------------------------------------------------------------------- fitting


@given(seed=st.integers(0, 10**6), n=st.integers(1, 5), silent=st.sampled_from([0.0, 0.3, 0.9]))
def test_the_likelihood_never_falls(seed: int, n: int, silent: float) -> None:
    table = tables(n, 40, seed, silent)
    with np.errstate(divide="ignore"):
        found = estimate_weights(np.log10(table), silent=True, tolerance=0, max_iterations=200)
    assert (np.diff(found.log10_probs) > -1e-9).all()
    assert found.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("seed", range(3))
def test_weights_with_silence_are_the_best(seed: int) -> None:
    """No other weights give the tokens more, by trying many."""
    table = tables(3, 200, seed)
    found = estimate_weights(np.log10(table), silent=True, tolerance=1e-12, max_iterations=5000)

    def total(weights: Floats) -> float:
        out = np.empty(table.shape[1])
        mix_fixed(table, weights[None], np.zeros(table.shape[1], np.int32), out)
        return float(np.log10(out).sum())

    assert total(found.weights) == pytest.approx(found.log10_probs[-1], rel=1e-9)
    random = np.random.default_rng(seed)
    for weights in random.dirichlet(np.ones(3), 3000):
        assert total(weights) <= found.log10_probs[-1] + 1e-6


WEIGHTINGS: list[Weighting] = [
    lm.FixedWeights(),
    lm.BucketWeights("growth"),
    lm.BucketWeights("silence"),
    lm.BucketWeights("position"),
    lm.BucketWeights("word"),
    lm.RecentWeights(window=20),
    lm.BayesWeights(memory=0.95),
    lm.BayesWeights(scope="sentence"),
]


@pytest.mark.parametrize("weighting", WEIGHTINGS, ids=lambda weighting: weighting.describe())
def test_fitting_makes_a_text_more_probable(weighting: Weighting) -> None:
    mixture = lm.Mixture([static(), other_words(), lm.Cache()], weighting=weighting)
    text = text_of(DOCUMENTS * 30, mixture.vocabulary)
    fitted = mixture.fit(text)

    assert fitted.log10_probs(text).sum() > mixture.log10_probs(text).sum()
    assert fitted.weighting.describe() == weighting.describe()
    assert mixture.weighting is weighting


def documents_that_repeat_late(n: int) -> lm.Text:
    """Documents whose first 30 words are new, and whose next 90 words are among them."""
    random = np.random.default_rng(0)
    words = [f"w{number}" for number in range(400)]
    documents = []
    for _ in range(n):
        own = random.choice(words, 30, replace=False).tolist()
        flat = [*own, *random.choice(own, 90).tolist()]
        documents.append([flat[first : first + 6] for first in range(0, 120, 6)])
    return text_of(documents, lm.Vocabulary(words))


@pytest.mark.parametrize("weighting", [None, lm.BucketWeights("position")], ids=["default", "position"])
def test_the_weight_of_a_cache_grows_with_what_it_has_seen(weighting: Weighting | None) -> None:
    """A cache of one word has little weight, also where few held-out tokens are so early in a document."""
    text = documents_that_repeat_late(8)
    model = lm.WittenBell().fit(lm.count(text, order=1))
    grown = lm.Mixture([model, lm.Cache()], weighting=weighting).fit(text)
    fixed = lm.Mixture([model, lm.Cache()], weighting=lm.FixedWeights()).fit(text)
    word = text.sentence(0)[0]

    def cached(mixture: lm.Mixture, before: list[list[str]], history: list[str]) -> float:
        id = model.vocabulary.id(word)
        return float(mixture.distribution(["<s>", *history], before)[id])

    assert cached(fixed, [], [word]) > 0.5
    assert cached(grown, [], [word]) < 0.02
    before = [text.sentence(number) for number in range(10)]
    assert cached(grown, before, []) > cached(fixed, before, [])
    # The held-out text has 8 tokens after 0 tokens, 16 after 1 or 2, 32 after 3 to 6, and 64 after 7 to 14.
    weights, everywhere = (mixture.weighting.weights for mixture in (grown, fixed))  # type: ignore[attr-defined]
    assert weights[0] == weights[3]
    assert weights[3][1] < 0.01 < weights[6][1]
    # The cache abstains at the first token: a set of 8 tokens. No token has a model that abstains.
    assert weights[10:] == (() if weighting else (everywhere,) * 21)


def test_weights_by_silence_beat_fixed_ones_on_their_own_text() -> None:
    mixture = lm.Mixture([static(), lm.Cache(), lm.NgramCache()], weighting=lm.FixedWeights())
    text = text_of(DOCUMENTS * 60, mixture.vocabulary)
    fixed = mixture.fit(text).log10_probs(text).sum()
    by_silence = lm.Mixture(mixture.components, weighting=lm.BucketWeights("silence")).fit(text)
    assert by_silence.log10_probs(text).sum() > fixed


def test_only_frequent_words_have_weights_of_their_own() -> None:
    mixture = lm.Mixture([static(), other_words()], weighting=lm.BucketWeights("word"))
    text = text_of(DOCUMENTS * 30, mixture.vocabulary)
    fitted = mixture.fit(text).weighting
    before = [token for n in range(text.n_sentences) for token in ["<s>", *text.sentence(n)]]
    frequent = {word for word in before if before.count(word) >= lm.BucketWeights.LEAST}

    assert isinstance(fitted, lm.BucketWeights)
    assert set(mixture.vocabulary.words(list(fitted.words))) == frequent
    assert 1 < len(frequent) < len(set(before))
    own = fitted.weights
    assert own is not None
    assert len(own) == len(frequent) + 1
    chosen = [token == mixture.vocabulary.words(list(fitted.words))[1] for token in before]
    expected = lm.Mixture(mixture.components).weighting.fit(mixture.component_probs(text)[:, chosen], text)
    assert expected.weights == own[2]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lm.Mixture([]), "at least one"),
        (lambda: lm.Mixture([lm.Cache()]), "at least one"),
        (lambda: lm.Mixture([static()], [1, 2]), "one for each"),
        (lambda: lm.Mixture([static()], [1], weighting=lm.FixedWeights()), "one of them"),
        (lambda: lm.Mixture([static(), lm.Cache()], [0, 0]), "not all of them 0"),
        (lambda: lm.Mixture([static(), lm.Cache()], [1, -1]), "expected"),
        (lambda: lm.Mixture([static(), lm.Cache()], [1, math.nan]), "expected"),
        (lambda: lm.BayesWeights(memory=1.5), "memory"),
        (lambda: lm.BayesWeights(scope="word"), "scope"),
        (lambda: lm.RecentWeights(window=0), "window"),
        (lambda: lm.RecentWeights(strength=0), "strength"),
        (lambda: lm.BucketWeights("colour"), "by"),
        (lambda: lm.BucketWeights("word", words=(4, 3)), "rising"),
        (lambda: lm.BucketWeights("silence", words=(3,)), "by='word'"),
        (lambda: lm.Mixture([static()], weighting=lm.RecentWeights((0.5, 0.5))).distribution(), "one for each"),
    ],
)  # fmt: skip
def test_what_does_not_fit(make: Callable[[], object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


def test_kernels_refuse_arrays_that_do_not_fit() -> None:
    table, prior, out = tables(2, 5), np.array([0.5, 0.5]), np.empty(5)
    for starts in ([0], [0, 4], [1, 5], [0, 4, 3, 5], []):
        for kernel in (mix_recent, mix_bayes):
            extra = (2, 1.0) if kernel is mix_recent else (1.0,)
            with pytest.raises(ValueError):
                kernel(table, np.array(starts, np.int64), prior, *extra, out)  # type: ignore[operator]
    for buckets in (np.ones(5, np.int32), np.full(5, -1, np.int32), np.zeros(4, np.int32)):
        with pytest.raises(ValueError):
            mix_fixed(table, prior[None], buckets, out)
    with pytest.raises(ValueError):
        mix_fixed(np.ones((65, 5)), np.ones((1, 65)), np.zeros(5, np.int32), out)


@given(corpus=strategies.corpora())
def test_any_corpus(corpus: strategies.Corpus) -> None:
    mixture = lm.Mixture(
        [lm.WittenBell().fit(counted(corpus, 2)), lm.Cache(decay=0.1), lm.NgramCache(order=3)]
    )
    text = text_of([corpus], mixture.vocabulary)
    fitted = mixture.fit(text)
    assert fitted.log10_probs(text).sum() >= mixture.log10_probs(text).sum() - 1e-9


# ---------------------------------------------------------------------------------------- zeros, faded memories


@pytest.mark.parametrize("scope", ["document", "sentence"])
def test_a_component_comes_back_after_a_token_that_it_gives_nothing(
    scope: Literal["document", "sentence"],
) -> None:
    table = np.array([[0.5, 0.0, *[0.5] * 40], [0.01, 0.3, *[0.01] * 40]])
    text = text_of([[["a"] * 41]], lm.Vocabulary(["a"]))
    weighting = lm.BayesWeights(memory=0.9, scope=scope)
    found = weighting.mix(table, text)

    assert found[2] < 0.02
    assert found[-1] > 0.45
    assert (found > 0).all()
    forgetting_nothing = lm.BayesWeights(scope=scope).mix(table, text)
    assert forgetting_nothing[-1] == pytest.approx(0.01)


@pytest.mark.parametrize("decay", [0.5, 1.0, 5.0, 100.0])
@pytest.mark.parametrize("memory", [lm.Cache, lm.NgramCache])
def test_what_has_faded_altogether_is_silent(memory: Callable[..., Any], decay: float) -> None:
    """Of a word said long ago not even double precision knows anything: the rest of the mixture has its place."""
    mixture = lm.Mixture([static(), memory(decay=decay)], [0.5, 0.5])
    before = [["DAVID", "READ"], *[["nobody", "nobody"]] * 900]
    for history in (["<s>"], ["<s>", "DAVID"], ["<s>", "A"]):
        distribution = mixture.distribution(history, before)
        text = text_of([[*before, history[1:]]], mixture.vocabulary)
        given = 10 ** mixture.log10_probs(text)[-1]

        assert distribution.sum() == pytest.approx(1, abs=2e-6)
        assert given == pytest.approx(distribution[mixture.vocabulary.id("</s>")], rel=1e-6)


def test_the_longest_history_answers() -> None:
    """After "b a" only "c" was said, after "a" alone "d" too: trigrams say what bigrams do not."""
    text = lm.Text.from_sentences(["b a c", "e a d", "b a c"])
    found = lm.NgramCache(order=3).probs(text)
    assert found[10] == 1.0
    assert lm.NgramCache().probs(text)[10] == 0.5


def test_defaults_that_the_documentation_names() -> None:
    assert lm.RecentWeights() == lm.RecentWeights(window=300, strength=5.0)
    text = lm.read_text(io.BytesIO(b"a b\n\nc\n"), documents=[0, 1])
    assert lm.inverse_document_frequencies(text).unknown == pytest.approx(math.log(3))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lm.Mixture([static()] * 65), "at most 64"),
        (lambda: lm.Mixture(["model", static()]), "expected a language model"),
        (lambda: lm.Mixture([static()] * 11, weighting=lm.BucketWeights()).distribution(), "at most 10"),
        (lambda: lm.Cache(window=1 << 62), "window"),
        (lambda: lm.Cache(weights=5), "WordWeights"),
        (lambda: lm.Cache(neighbors="x"), "Neighbors"),
        (lambda: lm.Cache(keep_ends=2), "keep_ends"),
        (lambda: lm.NgramCache(order=2.5), "order"),
        (lambda: lm.NgramCache(backoff=None), "backoff"),
        (lambda: lm.PairCache(None), "WordWeights"),
        (lambda: lm.BucketWeights("word", words=("a",)), "words"),
        (lambda: lm.BucketWeights("word", words=(10**12,)), "words"),
        (lambda: lm.adaptive.WordWeights(lm.Vocabulary([]), np.full(3, 1e300), 0.0), "weight"),
        (lambda: lm.Neighbors.from_similarities({"a": {"b": math.nan}}, 0.5), "NaN or infinite"),
        (lambda: lm.adaptive.cluster_documents(text_of(DOCUMENTS, static().vocabulary), 2, seed=-1), "seed"),
    ],
)
def test_more_that_does_not_fit(make: Callable[[], object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


@pytest.mark.parametrize("part", [1, 5, 20, 1000])
@pytest.mark.parametrize("name", MIXTURES)
def test_texts_that_are_read_in_parts(name: str, part: int) -> None:
    """Documents are independent of each other: it does not matter how many are in hand at once."""
    mixture = MIXTURES[name]()
    text = text_of(DOCUMENTS * 5, mixture.vocabulary)
    expected = mixture.log10_probs(text)
    with mock.patch.object(mixture_module, "PART", part):
        np.testing.assert_array_equal(expected, mixture.log10_probs(text))


def test_a_component_of_ones_own_decides_about_threads() -> None:
    class Own:
        thread_safe = False

        def describe(self) -> str:
            return "own"

        def probs(self, text: lm.Text) -> np.ndarray:
            return np.full(text.n_tokens, 0.5)

        def after(self, running: object) -> None:
            return None

    model = static()

    assert lm.Mixture([model, lm.Cache()]).thread_safe
    assert not lm.Mixture([model, Own()]).thread_safe


def test_a_fit_to_whole_sentences_by_hand() -> None:
    """The prior of `BayesWeights` maximizes the product over sentences of the sum of prior times whole sentence."""
    text = lm.Text.from_sentences([["a"], ["b"]])
    table = np.array([[0.5, 0.8, 0.5, 0.2], [0.9, 1 / 9, 0.6, 0.5]])
    # The sentences have the probabilities 0.4 and 0.1 in one model, 0.1 and 0.3 in the other. The product
    # (0.1 + 0.3 w) (0.3 - 0.2 w) has the derivative 0.07 - 0.12 w, so that w = 7/12.
    # All four tokens one by one would give a weight of about 0.5.
    fitted = lm.BayesWeights(scope="sentence").fit(table, text)
    assert fitted.prior == pytest.approx([7 / 12, 5 / 12], abs=0.005)
    # In one document, 0.4 * 0.1 > 0.1 * 0.3: the first model has all the weight.
    whole = lm.BayesWeights().fit(table, text)
    assert whole.prior == pytest.approx([1, 0], abs=1e-3)


def test_a_fit_to_no_tokens_is_refused() -> None:
    with pytest.raises(EstimationError, match="found no tokens in the held-out text; expected at least one"):
        lm.BayesWeights(memory=0.5).fit(np.zeros((2, 0)), lm.Text.from_sentences([]))


def test_weights_by_bucket_of_another_number_of_components() -> None:
    weighting = lm.BucketWeights("position", ((0.2, 0.3, 0.5),))
    with pytest.raises(UsageError, match="found weights for 3 components; expected 2"):
        lm.Mixture([static(), lm.Cache()], weighting=weighting)


def test_a_fit_to_a_file_is_the_fit_to_its_text(tmp_path: Path) -> None:
    mixture = lm.Mixture([static(), other_words()])
    (tmp_path / "heldout.txt").write_text("A BOOK SAT\nDAVID READ\n")
    fitted = mixture.fit(tmp_path / "heldout.txt")
    text = text_of([[["A", "BOOK", "SAT"], ["DAVID", "READ"]]], mixture.vocabulary)
    assert mixture.fit(text).weighting == fitted.weighting
    (tmp_path / "empty.txt").write_bytes(b"")
    with pytest.raises(TextError, match=r"empty\.txt: found no sentences"):
        mixture.fit(tmp_path / "empty.txt")


def test_how_a_mixture_is_shown() -> None:
    mixture = lm.Mixture([static(), lm.Cache()], [3, 1])
    assert repr(mixture) == "<Mixture of 2 components, weights fixed>"
    assert dict(mixture.metadata) == {"mixture": "fixed"}
