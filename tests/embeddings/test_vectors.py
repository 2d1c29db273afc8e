"""Word vectors and what is asked of them: against gensim, and oracles that compare every row with every other."""

from __future__ import annotations

import itertools
import math
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ngramlm.embeddings import (
    SubwordVectors,
    WordVectors,
    character_ngrams,
    neighbors,
    ngram_buckets,
    read_pairs,
    vocabulary_ngrams,
    word_similarity,
)
from ngramlm.embeddings._vectors import format_rows, subword_buckets
from ngramlm.errors import FormatError, UnknownWordError, UsageError

Floats = np.ndarray[Any, np.dtype[np.float32]]


def random_vectors(size: int, dimension: int, seed: int = 0) -> WordVectors:
    draw = np.random.default_rng(seed)
    return WordVectors(
        [f"w{i}" for i in range(size)], draw.standard_normal((size, dimension)).astype(np.float32)
    )


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    lengths = math.sqrt(math.fsum(x * x for x in one)) * math.sqrt(math.fsum(y * y for y in other))
    return math.fsum(x * y for x, y in zip(one, other, strict=True)) / lengths if lengths else 0.0


# ---------------------------------------------------------------------------------------------------- the object


def test_words_and_rows() -> None:
    vectors = WordVectors(["a", "é", "中"], np.arange(6, dtype=np.float32).reshape(3, 2), {"made": "by hand"})

    assert (3, 2) == (len(vectors), vectors.dimension)
    assert ("a", "é", "中") == vectors.words == tuple(vectors)
    assert [2.0, 3.0] == vectors["é"].tolist()
    assert (1, -1) == (vectors.row("é"), vectors.row("e"))
    assert "中" in vectors
    assert "zhong" not in vectors
    assert {"made": "by hand"} == dict(vectors.metadata)


def test_nothing_can_be_written_to_and_nothing_is_copied() -> None:
    matrix = np.ones((2, 2), np.float32)
    vectors = WordVectors(["a", "b"], matrix)

    for array in (vectors.matrix, vectors["a"], vectors.unit):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(TypeError):
        vectors.metadata["a"] = "b"  # type: ignore[index]
    assert np.shares_memory(matrix, vectors.matrix)
    assert matrix.flags.writeable


@pytest.mark.parametrize(
    ("words", "matrix", "message"),
    [
        (["a", "a"], np.ones((2, 2), np.float32), "'a' twice"),
        (["a", "b"], np.ones((1, 2), np.float32), "1 rows for 2 words"),
        (["a"], np.ones((1, 2), np.float64), "float64 of shape"),
        (["a"], np.ones(1, np.float32), "float32 of shape"),
        (["a"], np.ones((1, 0), np.float32), "expected a matrix of float32 that is not empty"),
        (["a"], [[1.0]], "list"),
        ([], np.ones((0, 2), np.float32), "no words"),
        (["a", "b"], np.array([[1], [np.nan]], np.float32), "NaN or infinity in row 1 of "),
        (["a", "b"], np.array([[1, 1], [1, -np.inf]], np.float32), "NaN or infinity in row 1 of "),
        (["a", "b"], np.array([[1, np.inf], [1, 1]], np.float32), "NaN or infinity in row 0 of "),
        (["a", ""], np.ones((2, 1), np.float32), "''"),
        (["", "a"], np.ones((2, 1), np.float32), "''"),
        ([""], np.ones((1, 1), np.float32), "''"),
        (["a b"], np.ones((1, 1), np.float32), "'a b'"),
        (["a", "b\nc"], np.ones((2, 1), np.float32), r"'b\\nc'"),
        (["a", "b\x00"], np.ones((2, 1), np.float32), r"'b\\x00'"),
        (["a", "\ud800"], np.ones((2, 1), np.float32), "surrogate"),
        (["a", 1], np.ones((2, 1), np.float32), "the word 1"),
        ("ab", np.ones((2, 1), np.float32), "the text 'ab'"),
    ],
)
def test_what_cannot_be_vectors(words: Any, matrix: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        WordVectors(words, matrix)


def test_values_are_checked_beyond_the_first_block() -> None:
    matrix = np.ones((11, 3), np.float32)
    matrix[10, 2] = np.nan
    with (
        mock.patch("ngramlm.embeddings.vector_checks.BLOCK_FLOATS", 6),
        pytest.raises(UsageError, match="NaN or infinity in row 10 "),
    ):
        WordVectors([str(i) for i in range(11)], matrix)


def test_an_unknown_word_is_a_key_error_that_tells_what_was_meant() -> None:
    vectors = WordVectors(["London", "paris", "berlin"], np.ones((3, 2), np.float32))

    with pytest.raises(
        UnknownWordError, match=r"^found the word 'london', .* did you mean 'London'\?$"
    ) as caught:
        vectors["london"]
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, UsageError)
    with pytest.raises(UnknownWordError, match="'berlin'"):
        vectors.similarity("paris", "brelin")
    with pytest.raises(UnknownWordError, match=r"3 words$"):
        vectors.analogy("paris", "berlin", "xyzzyx")


def test_vectors_are_pickled_whole() -> None:
    vectors = SubwordVectors(
        ["a"], np.ones((1, 2), np.float32), np.ones((3, 2), np.float32), 2, 3, metadata={"k": "v"}
    )
    again = pickle.loads(pickle.dumps(vectors))

    assert isinstance(again, SubwordVectors)
    assert (("a",), {"k": "v"}, 2, 3) == (again.words, dict(again.metadata), again.min_n, again.max_n)
    assert not again.matrix.flags.writeable


# ------------------------------------------------------------------------------------------------------- cosines


def test_unit_rows_have_length_one_and_zero_stays_zero() -> None:
    """3-4-5; rows whose squares are beyond float32 too."""
    matrix = np.array([[3, 4], [0, 0], [3e30, -4e30], [3e-30, 4e-30]], np.float32)
    unit = WordVectors(list("abcd"), matrix).unit

    assert np.array([[0.6, 0.8], [0, 0], [0.6, -0.8], [0.6, 0.8]]) == pytest.approx(unit, abs=1e-7)


def test_similarity_by_hand() -> None:
    """cos((1, 2), (2, 1)) = 4 / 5; with zero it is 0."""
    vectors = WordVectors(["a", "b", "zero"], np.array([[1, 2], [2, 1], [0, 0]], np.float32))

    assert 0.8 == pytest.approx(vectors.similarity("a", "b"), abs=1e-12)
    assert 0.0 == vectors.similarity("a", "zero")
    assert 1.0 == pytest.approx(vectors.similarity("a", "a"))


small = st.integers(2, 12).flatmap(
    lambda rows: st.integers(1, 4).flatmap(
        lambda columns: arrays.arrays(np.float32, (rows, columns), elements=st.integers(-3, 3).map(float))
    )
)


@given(matrix=small, n=st.integers(1, 15), block=st.sampled_from([1, 100, 1 << 26]))
def test_nearest_are_those_of_an_oracle(matrix: Floats, n: int, block: int) -> None:
    """Cosines of small integers, so that there are many ties; those of equal directions are equal to the bit."""
    vectors = WordVectors([str(i) for i in range(len(matrix))], matrix)
    with mock.patch.object(neighbors, "BLOCK_BYTES", block):
        rows, cosines = vectors.nearest(np.arange(len(matrix)), n)

    assert (len(matrix), min(n, len(matrix) - 1)) == rows.shape == cosines.shape
    assert np.int32 == rows.dtype
    unit = vectors.unit.tolist()
    for query, (found, near) in enumerate(zip(rows.tolist(), cosines.tolist(), strict=True)):
        assert query not in found
        assert len(set(found)) == len(found)
        exact = [cosine(matrix[query].tolist(), other.tolist()) for other in matrix]
        best = sorted((value for row, value in enumerate(exact) if row != query), reverse=True)[:n]
        assert best == pytest.approx(near, abs=1e-6)
        for row, after in itertools.pairwise(found):
            assert row < after or unit[row] != unit[after]


def test_nearest_do_not_depend_on_blocks_or_on_what_is_asked_besides() -> None:
    vectors = random_vectors(500, 33)
    whole = vectors.nearest(np.arange(500), 7)
    with mock.patch.object(neighbors, "BLOCK_BYTES", 4 * 500 * 3):
        blocks = vectors.nearest(np.arange(500), 7)
    single = [vectors.nearest([f"w{i}"], 7) for i in range(500)]

    assert whole[0].tobytes() == blocks[0].tobytes() == np.concatenate([one[0] for one in single]).tobytes()
    assert whole[1].tobytes() == blocks[1].tobytes() == np.concatenate([one[1] for one in single]).tobytes()


def test_nearest_of_vectors_may_be_the_words_themselves() -> None:
    vectors = random_vectors(20, 3)
    rows, cosines = vectors.nearest(3 * vectors.matrix[[4, 7]], 1)

    assert [[4], [7]] == rows.tolist()
    assert np.ones((2, 1)) == pytest.approx(cosines)


@pytest.mark.parametrize(
    "queries", [np.array([20]), np.array([-1]), np.array([0.5]), np.ones((2, 4)), np.full((1, 3), np.nan)]
)
def test_what_nearest_does_not_take(queries: Any) -> None:
    with pytest.raises(UsageError):
        random_vectors(20, 3).nearest(queries)


def test_most_similar_restricted_to_the_first_words() -> None:
    """w2 is the nearest, but does not count; a word beyond the limit may still ask."""
    vectors = WordVectors(
        ["w0", "w1", "w2", "w3"], np.array([[1, 0], [0, 1], [-1, 1.1], [-1, 1]], np.float32)
    )

    assert ["w2", "w1", "w0"] == [word for word, _ in vectors.most_similar("w3")]
    assert ["w1", "w0"] == [word for word, _ in vectors.most_similar("w3", restrict=2)]
    assert ["w0"] == [word for word, _ in vectors.most_similar("w1", restrict=2)]


@pytest.mark.parametrize("arguments", [{"n": 0}, {"n": True}, {"restrict": 0}, {"negative": np.ones(2)}])
def test_what_most_similar_does_not_take(arguments: Any) -> None:
    with pytest.raises(UsageError):
        random_vectors(5, 3).most_similar("w1", **arguments)
    with pytest.raises(UsageError, match="no words"):
        random_vectors(5, 3).most_similar([])


def test_analogy_by_hand() -> None:
    """b - a + c = (1, 1)/sqrt 2 - (1, 0) + (0, 1) = (-0.29, 1.71): y (cos 0.96) before x (cos 0.81), as computed."""
    words = ["a", "b", "c", "x", "y"]
    vectors = WordVectors(words, np.array([[1, 0], [1, 1], [0, 1], [-1, 1], [-0.5, 1]], np.float32))
    target = (1 / math.sqrt(2) - 1, 1 / math.sqrt(2) + 1)
    expected = [("y", cosine(target, (-0.5, 1))), ("x", cosine(target, (-1, 1)))]
    found = vectors.analogy("a", "b", "c", n=5)

    assert ["y", "x"] == [word for word, _ in found]
    assert [value for _, value in expected] == pytest.approx([value for _, value in found], abs=1e-6)


@given(seed=st.integers(0, 1000), n=st.integers(1, 5))
def test_analogies_by_multiplication_are_those_of_an_oracle(seed: int, n: int) -> None:
    vectors = random_vectors(9, 2, seed)
    a, b, c = (vectors[word].tolist() for word in ("w0", "w1", "w2"))

    def score(row: Sequence[float]) -> float:
        from_a, to_b, to_c = ((1 + cosine(row, other)) / 2 for other in (a, b, c))
        return to_b * to_c / (from_a + 1e-6)

    expected = sorted(((score(vectors[w].tolist()), w) for w in vectors.words[3:]), reverse=True)[:n]
    found = vectors.analogy("w0", "w1", "w2", n=n, method="multiply")

    assert [word for _, word in expected] == [word for word, _ in found]
    # near -1 the denominator is as small as the rounding of the unit rows
    assert [value for value, _ in expected] == pytest.approx([value for _, value in found], rel=0.2)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(UsageError, match="expected one of: add, multiply"):
        random_vectors(5, 3).analogy("w0", "w1", "w2", method="divide")


@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`:DeprecationWarning")
def test_neighbors_and_analogies_are_those_of_gensim() -> None:
    """gensim 4: most_similar and most_similar_cosmul, words and vectors mixed."""
    keyed = pytest.importorskip("gensim").models.KeyedVectors
    vectors = random_vectors(300, 20)
    peer = keyed(20)
    peer.add_vectors(list(vectors.words), vectors.matrix)
    some = vectors["w9"] * 2

    def same(ours: list[tuple[str, float]], theirs: list[tuple[str, float]]) -> None:
        assert [word for word, _ in theirs] == [word for word, _ in ours]
        assert [value for _, value in theirs] == pytest.approx([value for _, value in ours], abs=1e-5)

    same(vectors.most_similar("w3"), peer.most_similar("w3"))
    same(vectors.most_similar(["w3", "w4"], "w5", n=20), peer.most_similar(["w3", "w4"], ["w5"], topn=20))
    same(vectors.most_similar(["w3", some], n=5), peer.most_similar(["w3", some], topn=5))
    same(vectors.most_similar("w3", restrict=50), peer.most_similar("w3", restrict_vocab=50))
    same(vectors.analogy("w1", "w2", "w3", n=9), peer.most_similar(["w2", "w3"], ["w1"], topn=9))
    same(
        vectors.analogy("w1", "w2", "w3", n=9, method="multiply"),
        peer.most_similar_cosmul(["w2", "w3"], ["w1"], topn=9),
    )


# ------------------------------------------------------------------------------------------------------ subwords


def fnv(text: str) -> int:
    """32-bit FNV-1a, its bytes sign-extended as fastText does."""
    found = 2166136261
    for byte in text.encode():
        found = ((found ^ (byte | 0xFFFFFF00 if byte > 127 else byte)) * 16777619) % 2**32
    return found


def oracle_buckets(word: str, min_n: int, max_n: int, buckets: int) -> list[int]:
    """Every n-gram of <word>, by its beginning, then by its length; < and > alone are none."""
    text = f"<{word}>"
    return [
        fnv(text[i : i + n]) % buckets
        for i in range(len(text))
        for n in range(min_n, max_n + 1)
        if i + n <= len(text) and not (n == 1 and i in (0, len(text) - 1))
    ]


def test_ngrams_by_hand() -> None:
    """Of <ab>: <a <ab ab ab> b> for 2 to 3; the hash of the empty text is the offset basis, that of "a" 0xe40c292c."""
    assert 0xE40C292C == fnv("a")
    expected = [fnv(ngram) % 1000 for ngram in ("<a", "<ab", "ab", "ab>", "b>")]

    assert expected == ngram_buckets("ab", 2, 3, 1000).tolist()
    assert [fnv("a") % 7, fnv("b") % 7] == ngram_buckets("ab", 1, 1, 7).tolist()
    assert [] == ngram_buckets("a", 4, 6, 7).tolist()


@given(
    words=st.lists(
        st.text(st.characters(min_codepoint=0x21, exclude_categories=["Cs"]), max_size=8), max_size=5
    ),
    min_n=st.integers(1, 4),
    more=st.integers(0, 3),
    buckets=st.sampled_from([1, 7, 2_000_000, 2**31 - 1]),
)
def test_ngrams_are_those_of_the_oracle(words: list[str], min_n: int, more: int, buckets: int) -> None:
    starts, found = vocabulary_ngrams(words, min_n, min_n + more, buckets)
    expected = [oracle_buckets(word, min_n, min_n + more, buckets) for word in words]

    assert [0, *np.cumsum([len(part) for part in expected], dtype=int)] == starts.tolist()
    assert [bucket for part in expected for bucket in part] == found.tolist()
    for word, part in zip(words, expected, strict=True):
        assert part == ngram_buckets(word, min_n, min_n + more, buckets).tolist()


@pytest.mark.parametrize("arguments", [(0, 3, 10), (4, 3, 10), (3, 6, 0), (3, 6, 2**31), (3, 2000, 10)])
def test_ngrams_that_cannot_be(arguments: tuple[int, int, int]) -> None:
    with pytest.raises(UsageError):
        ngram_buckets("word", *arguments)


@pytest.mark.parametrize("block", [1, 30, 1 << 22])
def test_rows_become_the_mean_of_themselves_and_their_ngrams(block: int) -> None:
    draw = np.random.default_rng(3)
    words = ["a", "", "abc", "x", "abcdefgh", "y"]
    own, ngrams = (
        draw.standard_normal((6, 4)).astype(np.float32),
        draw.standard_normal((9, 4)).astype(np.float32),
    )
    starts, found = vocabulary_ngrams(words, 4, 5, 9)  # none of a, x, y and the empty word
    expected = [
        np.mean([own[i], *(ngrams[b] for b in oracle_buckets(word, 4, 5, 9))], axis=0, dtype=np.float64)
        for i, word in enumerate(words)
    ]
    with mock.patch.object(character_ngrams, "BLOCK_FLOATS", block):
        character_ngrams.mean_rows(own, ngrams, starts, found)

    assert np.array(expected, np.float32) == pytest.approx(own, rel=1e-6)


def test_unseen_words_are_the_mean_of_their_ngrams() -> None:
    ngrams = np.arange(20, dtype=np.float32).reshape(10, 2)
    vectors = SubwordVectors(["seen"], np.ones((1, 2), np.float32), ngrams, 3, 4)
    rows = oracle_buckets("unseen", 3, 4, 10)

    assert [1.0, 1.0] == vectors["seen"].tolist()
    assert ngrams[rows].mean(axis=0).tolist() == pytest.approx(vectors["unseen"].tolist())
    assert "unseen" not in vectors
    assert [("seen", pytest.approx(vectors.similarity("unseen", "seen")))] == vectors.most_similar("unseen")
    assert [[0]] == vectors.nearest(["unseen"], 1)[0].tolist()
    with pytest.raises(UnknownWordError, match="no n-grams"):
        SubwordVectors(["seen"], np.ones((1, 2), np.float32), ngrams, 5, 6)["ab"]
    with pytest.raises(UnknownWordError):
        vectors[""]
    with pytest.raises(ValueError, match="read-only"):
        vectors["unseen"][0] = 1


def test_ngrams_have_to_fit_the_words() -> None:
    with pytest.raises(UsageError, match="n-grams of 3 numbers; expected 2"):
        SubwordVectors(["a"], np.ones((1, 2), np.float32), np.ones((4, 3), np.float32), 3, 6)
    with pytest.raises(UsageError, match=r"found float64 of .* for the n-grams"):
        SubwordVectors(["a"], np.ones((1, 2), np.float32), np.ones((4, 2)), 3, 6)  # type: ignore[arg-type]


def test_kernels_refuse_ends_that_do_not_rise() -> None:
    words, matrix = np.zeros(8, np.uint8), np.zeros((2, 1), np.float32)
    format_rows(words, np.array([2, 4], np.int64), matrix, 0, 2, True, np.empty(200, np.uint8))
    for ends in ([5, 4], [10**9, 4], [-1, 4], [2, 9]):
        array = np.array(ends, np.int64)
        with pytest.raises(ValueError, match="words of all rows"):
            format_rows(words, array, matrix, 0, 2, True, np.empty(200, np.uint8))
        with pytest.raises(ValueError, match=r"\w"):
            subword_buckets(words, array, 1, 2, 10, np.empty(3, np.int64), np.empty(0, np.int64))


def test_unseen_words_are_judged_by_their_ngrams() -> None:
    """All n-grams are (0, 1), as dog is: cosines 0 with cat and 1 with dog. A word of one letter has none."""
    matrix = np.array([[1, 0], [0, 1]], np.float32)
    pairs = [("cat", "unseen", 1.0), ("dog", "unseen", 3.0), ("cat", "dog", 1.0), ("cat", "x", 2.0)]
    vectors = SubwordVectors(["cat", "dog"], matrix, np.array([[0, 1]], np.float32), 4, 5)
    found = word_similarity(vectors, pairs)

    assert (found.used, found.pairs) == (3, 4)
    assert found.spearman == pytest.approx(1)
    assert word_similarity(WordVectors(["cat", "dog"], matrix), pairs).used == 1


def test_a_line_of_column_names_may_stand_behind_comments(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text("# said by people\nword1 word2 score\na b 3\n")
    assert read_pairs(path) == (("a", "b", 3.0),)
    path.write_text("a b 3\nword1 word2 score\n")
    with pytest.raises(FormatError, match="found the score 'score'"):
        read_pairs(path)


def test_words_near_a_vector_by_hand() -> None:
    """The vector is used as it is, and leaves no word out of the answers."""
    vectors = WordVectors(["east", "north", "west"], np.array([[2, 0], [0, 5], [-1, 0]], np.float32))
    assert vectors.most_similar(np.array([4.0, 3.0])) == [
        ("east", pytest.approx(0.8)),
        ("north", pytest.approx(0.6)),
        ("west", pytest.approx(-0.8)),
    ]
    # [0, 3] + the unit vector of "east" - [0, 2] = [1, 1]
    assert vectors.most_similar([np.array([0.0, 3.0]), "east"], np.array([0.0, 2.0])) == [
        ("north", pytest.approx(0.5**0.5)),
        ("west", pytest.approx(-(0.5**0.5))),
    ]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (5, "found the word 5 (int); expected a str"),
        (None, "found the word None (NoneType); expected a str"),
        (("east",), "found the word ('east',) (tuple); expected a str"),
    ],
)
def test_what_is_no_word_is_refused(word: Any, message: str) -> None:
    vectors = WordVectors(["east", "north"], np.eye(2, dtype=np.float32))
    with pytest.raises(UsageError) as caught:
        vectors[word]
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("metadata", [{"epochs": 5}, {5: "epochs"}])
def test_metadata_are_strings(metadata: Any) -> None:
    (key, value), *_ = metadata.items()
    with pytest.raises(UsageError) as caught:
        WordVectors(["a"], np.ones((1, 2), np.float32), metadata)
    assert str(caught.value) == f"found {key!r}: {value!r} in the metadata; expected strings"


def test_ngrams_of_half_a_character() -> None:
    with pytest.raises(UsageError, match="found a word with a lone surrogate; expected text"):
        vocabulary_ngrams(["a\ud800b"], 2, 3, 5)
