"""Judging word vectors: rank correlation and analogies against oracles, and the files of pairs and questions."""

from __future__ import annotations

import io
import math
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngramlm.embeddings import (
    CategoryScore,
    WordVectors,
    analogies,
    neighbor_words,
    principal_components,
    read_pairs,
    read_questions,
    to_gensim,
    word_similarity,
)
from ngramlm.errors import FormatError, UnknownWordError, UsageError


def random_vectors(size: int, dimension: int, seed: int = 0) -> WordVectors:
    draw = np.random.default_rng(seed)
    return WordVectors(
        [f"w{i}" for i in range(size)], draw.standard_normal((size, dimension)).astype(np.float32)
    )


# --------------------------------------------------------------------------------------------------- similarity


def ranks(values: list[float]) -> list[float]:
    """Places from 1; equal values share the mean of theirs."""
    return [
        sum(other < x for other in values) + (sum(other == x for other in values) + 1) / 2 for x in values
    ]


def correlation(one: list[float], other: list[float]) -> float:
    left, right = np.array(one) - np.mean(one), np.array(other) - np.mean(other)
    return float((left @ right) / math.sqrt((left @ left) * (right @ right)))


@given(
    scores=st.lists(st.integers(0, 5).map(float), min_size=5, max_size=5).filter(lambda s: len(set(s)) > 1)
)
def test_spearman_is_the_correlation_of_ranks(scores: list[float]) -> None:
    vectors = random_vectors(10, 3)
    pairs = [(f"w{i}", f"w{i + 5}", score) for i, score in enumerate(scores)]
    cosines = [vectors.similarity(one, other) for one, other, _ in pairs]

    assert correlation(ranks(cosines), ranks(scores)) == pytest.approx(
        word_similarity(vectors, pairs).spearman
    )


def test_similarity_by_hand() -> None:
    """Cosines .89 > .45 > 0, scores 9, 1, 2: ranks 3 2 1 and 3 1 2, so 1 - 6 (0 + 1 + 1) / (3 * 8) = 0.5."""
    vectors = WordVectors(
        ["cat", "Dog", "tree", "dog"], np.array([[1, 0], [2, 1], [0, 1], [0, 1]], np.float32)
    )
    pairs = [("cat", "Dog", 9.0), ("Dog", "tree", 1.0), ("cat", "tree", 2.0), ("cat", "zebra", 5.0)]
    found = word_similarity(vectors, pairs)

    assert (0.5, 3, 4, 0.75) == (pytest.approx(found.spearman), found.used, found.pairs, found.coverage)
    # in lower case "DOG" is the first of Dog and dog
    lower = word_similarity(
        vectors, [(one.upper(), other.upper(), score) for one, other, score in pairs], "lower"
    )
    assert (0.5, 3) == (pytest.approx(lower.spearman), lower.used)
    assert 0 == word_similarity(vectors, [("CAT", "TREE", 1.0)]).used


def test_correlations_that_there_are_not() -> None:
    vectors = random_vectors(4, 2)

    assert math.isnan(word_similarity(vectors, [("w0", "w1", 1.0)]).spearman)
    assert math.isnan(word_similarity(vectors, [("w0", "w1", 1.0), ("w2", "w3", 1.0)]).spearman)
    assert math.isnan(word_similarity(vectors, [("x", "y", 1.0)]).spearman)
    for pairs in ([], [("w0", "w1", math.nan)]):
        with pytest.raises(UsageError):
            word_similarity(vectors, pairs)
    with pytest.raises(UsageError, match="exact, lower"):
        word_similarity(vectors, [("w0", "w1", 1.0)], "upper")


def test_spearman_is_that_of_gensim(shared: Path) -> None:
    """evaluate_word_pairs of gensim 4 with the pairs of SimLex-999 on random vectors of its words."""
    pytest.importorskip("gensim")
    path = shared / "data" / "similarity" / "EN-SIMLEX-999.txt"
    pairs = read_pairs(path)
    words = sorted({word for pair in pairs for word in pair[:2]})
    known = words[: len(words) * 3 // 4]
    matrix = np.random.default_rng(1).standard_normal((len(known), 20)).astype(np.float32)
    vectors = WordVectors(known, matrix)
    _, (rho, _), oov = to_gensim(vectors).evaluate_word_pairs(str(path), case_insensitive=False)
    found = word_similarity(vectors, pairs)

    assert 999 == len(pairs) == found.pairs
    assert rho == pytest.approx(found.spearman, abs=1e-9)
    assert oov == pytest.approx(100 * (1 - found.coverage))


# ------------------------------------------------------------------------------------------------------ analogies


def brute_force(vectors: WordVectors, words: list[str], question: tuple[str, ...], method: str) -> str:
    """The best of some words for one question, one word after the other."""

    def unit(word: str) -> np.ndarray:  # type: ignore[type-arg]
        row = vectors[word].astype(np.float64)
        return row / np.sqrt(row @ row)

    a, b, c = map(unit, question[:3])
    best, answer = -math.inf, ""
    for word in words:
        if word not in question[:3]:
            x = unit(word)
            score = x @ (b - a + c)
            if method == "multiply":
                score = (1 + x @ b) * (1 + x @ c) / ((1 + x @ a) / 2 + 1e-6)
            if score > best:
                best, answer = score, word
    return answer


@pytest.mark.parametrize("method", ["add", "multiply"])
@pytest.mark.parametrize("restrict", [None, 12, 30])
def test_analogies_are_those_of_an_oracle(method: str, restrict: int | None) -> None:
    """One of the categories has questions about words beyond the limit, and one about a word that nobody knows."""
    vectors = random_vectors(40, 4)
    draw = np.random.default_rng(5)
    questions = {
        name: [tuple(f"w{i}" for i in draw.choice(most, 4, replace=False)) for _ in range(60)]
        for name, most in (("few", 12), ("all", 41))
    }
    found = analogies(vectors, questions, method, restrict)  # type: ignore[arg-type]
    possible = list(vectors.words[:restrict])
    scores = []
    for name, asked in questions.items():
        fit = [question for question in asked if set(question) <= set(possible)]
        right = sum(brute_force(vectors, possible, question, method) == question[3] for question in fit)
        scores.append(CategoryScore(name, right, len(fit), 60))

    assert tuple(scores) == found.categories
    assert found.total.correct > 0
    assert (len(possible), method) == (found.restrict, found.method)
    assert found.coverage == sum(score.asked for score in scores) / 120


def test_analogies_in_lower_case_count_the_first_word_only() -> None:
    """king of KING and king is the first; the second one, which is the nearest, is no answer."""
    words = ["Man", "MAN", "KING", "woman", "queen", "king", "tree"]
    matrix = [[1, 0], [0, 1], [1, 2], [-1, 0], [-1, 2], [-1, 2.1], [0, -1]]
    vectors = WordVectors(words, np.array(matrix, np.float32))
    questions = {"family": [("man", "king", "woman", "queen")]}

    assert (0, 0) == (analogies(vectors, questions).total.asked, analogies(vectors, questions).total.correct)
    lower = analogies(vectors, questions, case="lower")
    assert (1, 1, 1.0) == (lower.total.asked, lower.total.correct, lower.total.accuracy)
    assert math.isnan(analogies(vectors, questions).total.accuracy)


def test_questions_that_cannot_be_asked() -> None:
    with pytest.raises(UsageError, match="no questions"):
        analogies(random_vectors(5, 2), {"nothing": []})
    with pytest.raises(UsageError, match="add, multiply"):
        analogies(random_vectors(5, 2), {"one": [("w0", "w1", "w2", "w3")]}, "subtract")
    three = analogies(random_vectors(3, 2), {"one": [("w0", "w1", "w2", "w2")]})
    assert (1, 0) == (three.total.asked, three.total.correct)


# ---------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    "text",
    [
        "cat dog 9\ncat tree 1.5\n",
        "\ufeff# comment\ncat\tdog\t9.0\t17\r\n\r\ncat\ttree\t1.5\t3\r\n",
        "cat,dog,9\ncat,tree,1.50",
        "Word 1,Word 2,Human (mean)\ncat,dog,9\ncat,tree,1.5\n",
        "word1\tword2\tPOS\tSimLex999\tSD\ncat\tdog\tN\t9\t1\ncat\ttree\tN\t1.5\t2\n",
    ],
)
def test_pairs(text: str) -> None:
    assert (("cat", "dog", 9.0), ("cat", "tree", 1.5)) == read_pairs(io.BytesIO(text.encode()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "no pairs"),
        (b"cat dog 1\ncat dog\n", ":2: found 2 fields"),
        (b"cat dog 1\ncat dog nan\n", ":2: found the score 'nan'"),
        (b"cat dog 1\ncat dog 1_0\n", ":2: found the score '1_0'"),
        (b"cat dog 1\n\tdog\t1\n", ":2: found 2 fields"),
        (b"cat dog 1\n\n\xff dog 1\n", ":3: found bytes"),
    ],
)
def test_bad_pairs(text: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_pairs(io.BytesIO(text))


def test_questions() -> None:
    text = ": capital\nAthens Greece Baghdad Iraq\n: gram1 x\na b c d\n\n: capital\r\ne f g h\r\n"

    assert {
        "capital": (("Athens", "Greece", "Baghdad", "Iraq"), ("e", "f", "g", "h")),
        "gram1 x": (("a", "b", "c", "d"),),
    } == read_questions(io.BytesIO(text.encode()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "no questions"),
        (b": a\n", "no questions"),
        (b"a b c d\n", ":1: found 'a b c d'; expected ': category'"),
        (b": a\na b c\n", ":2: found 3 words"),
        (b":\na b c d\n", ":1: found a category without a name"),
        (b": a\na b c \xff\n", ":2: found bytes"),
    ],
)
def test_bad_questions(text: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_questions(io.BytesIO(text))


# ------------------------------------------------------------------------------------------- neighbors, places


def test_neighbor_words_are_those_of_most_similar() -> None:
    vectors = random_vectors(30, 5)
    table = neighbor_words(vectors, ["w3", "w5"], 4)

    assert ["w3", "w5"] == list(table)
    for word, near in table.items():
        assert [other for other, _ in vectors.most_similar(word, n=4)] == [other for other, _ in near]


def test_principal_components_keep_what_two_can_of_the_distances() -> None:
    """Points of a plane, turned into five dimensions: all distances stay, and the first direction has most of them."""
    draw = np.random.default_rng(7)
    plane = draw.standard_normal((12, 2)) * [5, 1]
    turn, _ = np.linalg.qr(draw.standard_normal((5, 5)))
    vectors = WordVectors([f"w{i}" for i in range(12)], (plane @ turn[:2] + 3).astype(np.float32))
    places = principal_components(vectors, vectors.words)

    def distances(points: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return np.sqrt(((points[:, np.newaxis] - points) ** 2).sum(axis=2))

    assert distances(plane) == pytest.approx(distances(places), abs=1e-5)
    assert places.std(axis=0)[0] > places.std(axis=0)[1]
    assert [0, 0] == pytest.approx(places.mean(axis=0), abs=1e-9)
    assert 0 == pytest.approx(float(places[:, 0] @ places[:, 1]), abs=1e-8)


def test_signs_of_principal_components_are_fixed() -> None:
    """The direction (4, 3) / 5, and with all signs turned the same one."""
    vectors = WordVectors(["a", "b"], np.array([[0, 0], [8, 6]], np.float32))

    assert np.array([[-5, 0], [5, 0]]) == pytest.approx(principal_components(vectors, ["a", "b"]))
    assert np.array([[5, 0], [-5, 0]]) == pytest.approx(principal_components(vectors, ["b", "a"]))
    one = WordVectors(["a"], np.ones((1, 1), np.float32))
    assert [[0.0, 0.0]] == principal_components(one, ["a"]).tolist()
    with pytest.raises(UsageError):
        principal_components(vectors, [])
    with pytest.raises(UnknownWordError):
        principal_components(vectors, ["c"])


def test_a_file_that_is_too_large_for_a_list_of_words() -> None:
    text = b"cat dog 9\n"
    with mock.patch("ngramlm.embeddings.word_lists.MAX_FILE", 2 * len(text)):
        assert len(read_pairs(io.BytesIO(2 * text))) == 2
        with pytest.raises(FormatError) as caught:
            read_pairs(io.BytesIO(2 * text + b"\n"))
    assert str(caught.value) == "<stream>: found more than 20 bytes; expected a list of words"
