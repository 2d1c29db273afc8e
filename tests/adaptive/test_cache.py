"""Memories of a document against definitions read off word by word; windows, decay, documents; bad arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.oracles.adaptive import cache as oracles

import ngramlm as lm
from ngramlm.adaptive import RunningDocument, WordWeights
from ngramlm.adaptive._cache import CachedNgrams, CachedPairs, CachedWords
from ngramlm.errors import FormatError, UsageError

WORDS = ["a", "b", "c", "d", "<unk>"]
GAINS = {"a": 0.0, "b": 1.0, "c": 0.5, "d": 2.5}

sentences = st.lists(st.lists(st.sampled_from(WORDS), max_size=6), max_size=5)
documents = st.lists(sentences.filter(bool), min_size=1, max_size=3)
windows = st.sampled_from([None, 1, 2, 3, 7, 100])
decays = st.sampled_from([0.0, 0.01, 0.5, 20.0])


def vocabulary() -> lm.Vocabulary:
    return lm.Vocabulary(WORDS[:-1])


def text_of(found: list[list[list[str]]]) -> lm.Text:
    flat = [sentence for document in found for sentence in document]
    starts = np.cumsum([0, *(len(document) for document in found)])
    return replace(lm.Text.from_sentences(flat, vocabulary()), documents=starts.astype(np.int64))


def weights() -> WordWeights:
    own = vocabulary()
    return WordWeights(own, np.array([GAINS.get(word, 0.0) for word in own.words()]), 0.0)


def gain_of(weighted: bool, unknown: bool, ends: bool) -> Callable[[str], float]:
    def gain(word: str) -> float:
        if word == "</s>":
            return float(ends)
        if word == "<unk>":
            return float(unknown and not weighted)
        return GAINS[word] if weighted else 1.0

    return gain


def check(
    memory: lm.Cache | lm.NgramCache | lm.PairCache,
    found: list[list[list[str]]],
    share: Callable[..., float | None],
) -> None:
    """Every token of a text, and every word at some places of each document."""
    actual = memory.probs(text_of(found))
    expected = []
    for document in found:
        for at, (token, said, _) in enumerate(oracles.predicted_tokens(document)):
            value = share(token, said, document, at)
            expected.append(math.nan if value is None else value)
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-12)
    own = vocabulary()
    document = found[-1]
    for place, (_, said, before) in enumerate(oracles.predicted_tokens(document)):
        n_whole = sum(1 for token in said if token == "</s>")
        running = RunningDocument.of(own, before, document[:n_whole])
        after = memory.after(running)
        if after is None:
            assert share("a", said, document, place) is None
            continue
        assert abs(after.sum() - 1) < 1e-9
        for word in [*WORDS, "</s>"]:
            assert share(word, said, document, place) == pytest.approx(
                float(after[own.id(word)]), rel=1e-9, abs=1e-12
            )


@given(
    found=documents,
    window=windows,
    decay=decays,
    weighted=st.booleans(),
    unknown=st.booleans(),
    ends=st.booleans(),
)
def test_caches(
    found: list[list[list[str]]], window: int | None, decay: float, weighted: bool, unknown: bool, ends: bool
) -> None:
    gain = gain_of(weighted, unknown, ends)
    memory = lm.Cache(
        window=window,
        decay=decay,
        weights=weights() if weighted else None,
        keep_unknown=unknown,
        keep_ends=ends,
    )
    check(
        memory, found, lambda word, said, document, at: oracles.cache_share(word, said, gain, window, decay)
    )


@given(
    found=documents,
    order=st.sampled_from([2, 3]),
    window=windows,
    decay=decays,
    backoff=st.booleans(),
    ends=st.booleans(),
)
def test_ngram_caches(
    found: list[list[list[str]]], order: int, window: int | None, decay: float, backoff: bool, ends: bool
) -> None:
    gain = gain_of(False, False, ends)
    memory = lm.NgramCache(order=order, window=window, decay=decay, backoff=backoff, keep_ends=ends)
    check(
        memory,
        found,
        lambda word, said, document, at: oracles.ngram_cache_share(
            word, document, at, order - 1, gain, window, decay, backoff
        ),
    )


@given(found=documents, distance=st.sampled_from([1, 2, 3, 10]))
def test_pair_caches(found: list[list[list[str]]], distance: int) -> None:
    gain = gain_of(True, False, False)
    check(
        lm.PairCache(weights(), distance),
        found,
        lambda word, said, document, at: oracles.pair_cache_share(word, said, gain, distance),
    )


@given(found=documents, window=windows, decay=decays, share=st.sampled_from([0.0, 0.3, 1.0]))
def test_class_caches(found: list[list[list[str]]], window: int | None, decay: float, share: float) -> None:
    neighbors = lm.Neighbors.from_classes({"one": ["a", "b", "elsewhere"], "two": ["b", "c", "d"]}, share)

    def spread(word: str) -> dict[str, float]:
        known = {other: value for other, value in neighbors.of(word).items() if other in WORDS and value > 0}
        return (
            {other: value / sum(known.values()) for other, value in known.items()} if known else {word: 1.0}
        )

    gain = gain_of(False, False, False)
    check(
        lm.Cache(window=window, decay=decay, neighbors=neighbors),
        found,
        lambda word, said, document, at: oracles.cache_share(word, said, gain, window, decay, spread),
    )


@pytest.mark.parametrize("decay", [0.0, 0.05, 3.0])
@pytest.mark.parametrize("window", [None, 50])
def test_long_documents_do_not_overflow(window: int | None, decay: float) -> None:
    """The scale begins anew where it gets large; sums stay sums."""
    random = np.random.default_rng(3)
    words = [WORDS[i] for i in random.integers(0, 4, 6000).tolist()]
    actual = lm.Cache(window=window, decay=decay).probs(text_of([[words]]))
    pairs = lm.NgramCache(window=window, decay=decay).probs(text_of([[words]]))
    for at in (1, 49, 50, 51, 1000, 5999):
        gain = gain_of(False, False, False)

        assert actual[at] == pytest.approx(
            oracles.cache_share(words[at], words[:at], gain, window, decay), rel=1e-9
        )
    gain = gain_of(False, False, True)
    expected = oracles.ngram_cache_share(words[5000], [words], 5000, 1, gain, window, decay)
    assert expected is None or pairs[5000] == pytest.approx(expected, rel=1e-9)


def test_weak_decay_is_no_decay() -> None:
    random = np.random.default_rng(4)
    text = text_of([[[WORDS[i] for i in random.integers(0, 5, 20).tolist()] for _ in range(50)]])
    np.testing.assert_allclose(lm.Cache(decay=1e-12).probs(text), lm.Cache().probs(text), rtol=1e-8)
    np.testing.assert_allclose(lm.Cache(window=10**6).probs(text), lm.Cache().probs(text), rtol=1e-12)


def test_many_documents_reuse_a_table() -> None:
    """Keys of a document that is over are forgotten, however often."""
    random = np.random.default_rng(5)
    found = [[[WORDS[i] for i in random.integers(0, 5, 5).tolist()]] * 2 for _ in range(300)]
    together = lm.NgramCache(order=3).probs(text_of(found))
    apart = np.concatenate([lm.NgramCache(order=3).probs(text_of([document])) for document in found])
    np.testing.assert_array_equal(together, apart)


def test_many_different_pairs() -> None:
    """Tables grow; nothing is lost."""
    n = 3000
    own = lm.Vocabulary([f"w{i}" for i in range(n)])
    line = [f"w{i}" for i in range(n)]
    probs = lm.NgramCache().probs(lm.Text.from_sentences([line, line], own))
    assert np.isnan(probs[: n + 1]).all()
    assert (probs[n + 1 :] == 1).all()
    pairs = lm.PairCache(WordWeights(own, np.ones(n + 3), 1.0), 1).probs(
        lm.Text.from_sentences([line, line], own)
    )
    assert (pairs[n + 2 : 2 * n + 1] == 1).all()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (lm.Cache, {"window": 0}),
        (lm.Cache, {"window": 1.5}),
        (lm.Cache, {"window": True}),
        (lm.Cache, {"decay": -0.1}),
        (lm.Cache, {"decay": math.nan}),
        (lm.NgramCache, {"order": 1}),
        (lm.NgramCache, {"order": 4}),
        (lm.NgramCache, {"decay": math.inf}),
        (lm.PairCache, {"weights": None, "distance": 0}),
        (lm.PairCache, {"weights": None, "distance": 1.0}),
    ],
)
def test_parameters_outside(kind: type, options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="expected"):
        kind(**options)


def test_arrays_that_do_not_fit() -> None:
    gains = np.ones(5)
    bad_ids = [np.array([1, 5], np.int32), np.array([-1], np.int32), np.array([3, 3, 3], np.int32)]
    for memory in (CachedWords(gains), CachedNgrams(gains, 1), CachedNgrams(gains, 2), CachedPairs(gains, 3)):
        for ids in bad_ids:
            with pytest.raises(ValueError, match="place"):
                memory.read(ids, np.empty(1))
    for spread in (
        (np.zeros(5, np.int64), np.zeros(0, np.int32), np.zeros(0)),
        (np.array([0, 1, 1, 1, 1, 2]), np.array([0, 5], np.int32), np.ones(2)),
        (np.array([0, 2, 1, 2, 2, 2]), np.array([0, 1], np.int32), np.ones(2)),
        (np.array([0, 1, 1, 1, 1, 1]), np.array([0], np.int32), np.ones(2)),
    ):
        with pytest.raises(ValueError):
            CachedWords(gains, 0, 0.0, spread)
    for window, decay in ((-1, 0.0), (0, -1.0), (0, math.nan), (0, 1000.0)):
        with pytest.raises(ValueError):
            CachedWords(gains, window, decay)
        with pytest.raises(ValueError):
            CachedNgrams(gains, 1, window, decay)
    for length in (0, 3):
        with pytest.raises(ValueError):
            CachedNgrams(gains, length)


def test_inverse_document_frequencies_by_hand() -> None:
    text = text_of([[["a", "b"], ["a"]], [["a", "c"]], [["a", "c", "c"]]])
    idf = lm.inverse_document_frequencies(text).over(text.vocabulary)
    expected = {"a": math.log(4 / 4), "b": math.log(4 / 2), "c": math.log(4 / 3), "d": math.log(4 / 1)}
    for word, value in expected.items():
        assert idf[text.vocabulary.id(word)] == pytest.approx(value)
    with pytest.raises(UsageError, match="two or more"):
        lm.inverse_document_frequencies(text_of([[["a"]]]))


def test_weights_over_another_vocabulary() -> None:
    own = weights()
    other = lm.Vocabulary(["d", "new", "b"])
    found = WordWeights(own.vocabulary, own.values, 7.0).over(other)
    assert [found[other.id(word)] for word in ("d", "new", "b")] == [2.5, 7.0, 1.0]
    filtered = own.filtered(1.0).over(own.vocabulary)
    assert [filtered[own.vocabulary.id(word)] for word in "abcd"] == [0, 1, 0, 2.5]


def test_neighbors_by_cosine() -> None:
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [-1, 0], [0, 0]])
    neighbors = lm.Neighbors.from_vectors(list("vwxyz"), vectors, share=0.4, most=2)
    assert neighbors.of("v") == pytest.approx({"v": 0.6, "w": 0.4})
    cosines = [1 / math.sqrt(1.01), 0.1 / math.sqrt(1.01)]
    assert neighbors.of("w") == pytest.approx(
        {"w": 0.6, "v": 0.4 * cosines[0] / sum(cosines), "x": 0.4 * cosines[1] / sum(cosines)}
    )
    assert neighbors.of("y") == {"y": 1.0}
    assert neighbors.of("z") == {"z": 1.0}
    assert neighbors.of("unknown") == {"unknown": 1.0}
    for bad in (np.ones((4, 2)), np.ones(5), np.full((5, 2), np.nan)):
        with pytest.raises(UsageError):
            lm.Neighbors.from_vectors(list("vwxyz"), bad)


def test_a_word_whose_neighbors_are_all_unknown_counts_for_itself() -> None:
    """Every occurrence of the word goes to a neighbor, and another vocabulary does not have that neighbor."""
    neighbors = lm.Neighbors.from_similarities({"here": {"nowhere": 1.0}}, 1.0)
    assert neighbors.of("here") == {"here": 0.0, "nowhere": 1.0}
    starts, words, shares = neighbors.over(lm.Vocabulary(["here", "other"]))
    assert starts.tolist() == [0, 1, 2, 3, 4, 5]
    assert words.tolist() == [0, 1, 2, 3, 4]
    assert shares.tolist() == [1.0] * 5


def columns_of(starts: list[int], words: list[int], shares: list[float]) -> lm.Neighbors:
    vocabulary = lm.Vocabulary([])
    return lm.Neighbors(vocabulary, np.array(starts), np.array(words, np.int32), np.array(shares))


def test_neighbors_whose_columns_do_not_fit() -> None:
    assert columns_of([0, 1, 2, 4], [0, 1, 2, 0], [1, 1, 0.25, 0.75]).of("</s>") == {
        "</s>": 0.25,
        "<unk>": 0.75,
    }
    for starts in ([0, 1, 2], [1, 2, 3, 4], [0, 1, 2, 3], [0, 2, 2, 4]):
        with pytest.raises(
            UsageError, match="found columns that do not fit together; expected neighbors of every"
        ):
            columns_of(starts, [0, 1, 2, 0], [1, 1, 0.25, 0.75])
    for word in (3, -1):
        with pytest.raises(
            UsageError, match="found a neighbor outside the vocabulary; expected ids of its words"
        ):
            columns_of([0, 1, 2, 4], [0, 1, 2, word], [1, 1, 0.25, 0.75])
    for share in (-0.25, math.nan, math.inf):
        with pytest.raises(
            UsageError, match="found a share that is negative or not a number; expected 0 or more"
        ):
            columns_of([0, 1, 2, 4], [0, 1, 2, 0], [1, 1, 1.25, share])
    with pytest.raises(UsageError, match="found shares of a word that do not sum to 1"):
        columns_of([0, 1, 2, 4], [0, 1, 2, 0], [1, 1, 0.25, 0.5])


def test_weights_of_another_number_than_the_words() -> None:
    with pytest.raises(UsageError, match=r"found weights of shape \(2,\); expected one for each of 3 words"):
        WordWeights(lm.Vocabulary([]), np.ones(2), 1.0)


def test_a_share_outside_0_to_1() -> None:
    for share in (-0.1, 1.5, math.nan):
        with pytest.raises(UsageError, match=f"share is {share}; expected 0 to 1"):
            lm.Neighbors.from_similarities({"a": {"b": 1.0}}, share)


def test_files_of_classes_that_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    for data, message in (
        (b"a 1\n\n\xff 2\n", ":3: found bytes that are not UTF-8; expected text"),
        (b"\n \t\n", ": found no words; expected a word and its class on each line"),
        (b"a 1\nb\n", ":2: found 1 fields; expected a word and its class"),
    ):
        path.write_bytes(data)
        with pytest.raises(FormatError) as caught:
            lm.Neighbors.read_classes(path)
        assert str(caught.value) == f"{path}{message}"
