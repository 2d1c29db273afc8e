"""Counts of parts added up, up to the largest that fits; exact sums of scores; files of huge counts."""

from __future__ import annotations

import io
import math
import random
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies

import ngramlm as lm
from ngramlm.counts import merge_counts
from ngramlm.errors import CountError, FormatError, UsageError
from ngramlm.evaluation.exact_sum import ExactSum
from ngramlm.evaluation.perplexity import PerplexitySum
from ngramlm.formats.count_files import read_counts, write_counts

Ngrams = Counter[tuple[str, ...]]
LARGEST = 2**63 - 1


def ngrams_of(sentences: Sequence[Sequence[str]], order: int) -> Ngrams:
    """All n-grams by their words; <s> is never predicted."""
    found: Ngrams = Counter()
    for sentence in sentences:
        tokens = ("<s>", *sentence, "</s>")
        for end in range(2, len(tokens) + 1):
            found.update(tokens[end - k : end] for k in range(1, min(order, end) + 1))
    return found


def table(counts: lm.NgramCounts) -> Ngrams:
    """All n-grams that occur, whatever their ids."""
    return Counter(dict(item for k in range(1, counts.order + 1) for item in counts.items(k)))


def text_counts(sentences: Sequence[Sequence[str]], order: int, words: Sequence[str] = ()) -> lm.NgramCounts:
    vocabulary = lm.Vocabulary(words) if words else None
    return lm.count(lm.Text.from_sentences(sentences, vocabulary=vocabulary), order=order)


def huge(values: dict[str, int]) -> lm.NgramCounts:
    """Unigram counts."""
    return lm.NgramCounts.from_ngrams({(word,): value for word, value in values.items()})


def some_sentences(words: Sequence[str], n: int, longest: int, seed: int) -> list[list[str]]:
    rng = random.Random(seed)
    return [rng.choices(words, k=rng.randrange(longest + 1)) for _ in range(n)]


# ------------------------------------------------------------------------------------------------------ merging


@pytest.mark.parametrize("order", [1, 2, 3, 5, 16])
@pytest.mark.parametrize("longest", [1, 2, 4, 20])
def test_merged_counts_are_those_of_everything(order: int, longest: int) -> None:
    """Parts with words of their own and in common, which have other ids in each."""
    vocabularies = ["a b c d".split(), "d c e".split(), ["f"], "g f e d c b a".split()]
    parts = [
        [*some_sentences(words, 3 + 9 * (seed % 3), longest, seed), [words[0]] * longest]
        for seed, words in enumerate(vocabularies)
    ]
    expected = ngrams_of([sentence for part in parts for sentence in part], order)
    counts = [text_counts(part, order) for part in parts]
    for several in (counts, counts[::-1], [counts[2], *counts[:2], counts[3]]):
        merged = merge_counts(several)

        assert expected == table(merged)
        merged.trie.check(len(merged.vocabulary))
        assert not any(merged.cutoffs)


def test_words_stand_in_the_order_of_the_parts() -> None:
    one, other = text_counts([["b", "b", "a"]], 2), text_counts([["c", "c", "a"]], 2)

    assert ["<unk>", "<s>", "</s>", "b", "a", "c"] == merge_counts([one, other]).vocabulary.words()
    assert ["<unk>", "<s>", "</s>", "c", "a", "b"] == merge_counts([other, one]).vocabulary.words()


def test_words_that_never_occur_stay() -> None:
    merged = merge_counts([text_counts([["a"]], 2, ["never", "a"]), text_counts([["b"]], 2, ["b", "nor"])])

    assert ["<unk>", "<s>", "</s>", "never", "a", "b", "nor"] == merged.vocabulary.words()
    assert ngrams_of([["a"], ["b"]], 2) == table(merged)


def test_unknown_words_of_all_parts_are_the_same_word() -> None:
    merged = merge_counts([text_counts([["a", "x"]], 2, ["a"]), text_counts([["b", "y"]], 2, ["b"])])

    assert ngrams_of([["a", "<unk>"], ["b", "<unk>"]], 2) == table(merged)


def test_one_part_is_itself() -> None:
    counts = text_counts(some_sentences("a b c".split(), 20, 5, 1), 3)

    assert table(counts) == table(merge_counts([counts]))


def test_parts_that_are_shorter_than_the_order() -> None:
    """All were counted at order 4, in which the longest n-grams of the first are of 2, of the second of 3 words."""
    parts: list[list[list[str]]] = [[[], []], [["a"], []], [["a", "b", "a", "c"]]]
    expected = ngrams_of([sentence for part in parts for sentence in part], 4)
    counts = [text_counts(part, 4) for part in parts]

    assert [2, 3, 4] == [part.order for part in counts]
    for several in permutations(counts):
        assert expected == table(merge_counts(several))


@pytest.mark.parametrize("orders", [(1, 2), (2, 3), (3, 1, 3), (5, 4)])
def test_different_orders_are_refused(orders: tuple[int, ...]) -> None:
    """Longer n-grams of some parts have been left out."""
    counts = [text_counts([["a", "b", "c", "a"], []], order) for order in orders]
    for several in permutations(counts):
        with pytest.raises(UsageError, match="different orders"):
            merge_counts(several)


def test_counts_with_cut_offs_are_refused() -> None:
    """What was cut off in one part might not be in the sum."""
    counts = text_counts([["a", "b"], ["a"]], 3)
    cut = counts.cut_off([0, 0, 1])
    for several in ([cut], [cut, counts], [counts, cut], [counts, cut, counts]):
        with pytest.raises(UsageError, match="cut-offs"):
            merge_counts(several)

    assert 2 == merge_counts([counts, counts.cut_off([0, 0, 0])]).get("a b")


# ------------------------------------------------------------------------------------------------- large sums


@pytest.mark.parametrize(
    "values",
    [
        (LARGEST,),
        (LARGEST - 1, 1),
        (2**62, 2**62 - 1),
        (2**62 - 1, 2**61, 2**61),
        (LARGEST - 1023, 1023),
        (LARGEST - 512, 511, 1),
        (LARGEST - 1535, 512, 1023),
        (LARGEST - 2047, 512, 512, 512, 511),
        (2**31 - 1, 1),
        (2**53, 1),
        (2**53 + 1, 2),
    ],
)
def test_sums_up_to_the_largest_are_exact(values: tuple[int, ...]) -> None:
    for several in set(permutations(values)):
        merged = merge_counts([huge({"a": value, "</s>": 1}) for value in several])

        assert sum(values) == merged.get("a")
        assert len(values) == merged.get("</s>")


@pytest.mark.parametrize(
    "values",
    [
        (LARGEST, 1),
        (LARGEST, LARGEST),
        (LARGEST, LARGEST, 2),  # 2^64, which would be 0 in 64 bits
        (LARGEST, LARGEST, LARGEST),
        (2**62, 2**62),
        (2**62, 2**61, 2**61),
        (LARGEST - 1023, 1024),
        (LARGEST - 511, 256, 256),
        (LARGEST - 1535, 512, 1024),
        (LARGEST - 2047, 512, 512, 512, 512),
        (2**62 + 1, 2**62 - 1),
        (1, 2**63 - 1536, 512, 512, 511),
    ],
)
def test_sums_above_the_largest_are_refused(values: tuple[int, ...]) -> None:
    """From 2^63 on, in any order of the parts; a sum of float64 would lose some of these units."""
    for several in set(permutations(values)):
        with pytest.raises(CountError, match="add up to"):
            merge_counts([huge({"a": value, "b": 1, "</s>": 1}) for value in several])


def test_sums_above_the_largest_are_refused_in_every_order() -> None:
    ngrams = ngrams_of([["a", "b"]], 3)
    for ngram in ngrams:
        large = lm.NgramCounts.from_ngrams({**ngrams, ngram: LARGEST})
        with pytest.raises(CountError, match=f"add up to {2**63}; expected less than 2\\^63"):
            merge_counts([large, lm.NgramCounts.from_ngrams(ngrams)])


# --------------------------------------------------------------------------------------------------- cut-offs


@pytest.mark.parametrize(
    "cutoffs",
    [[0, 1.5], [0, 1.0], [0.0], [0, "1"], ["0"], "01", [0, None], [0, math.nan], [0, math.inf], [[0]]],
)
def test_cut_offs_are_whole_numbers(cutoffs: Any) -> None:
    with pytest.raises(UsageError, match="cut-offs are"):
        text_counts([["a", "b"]], 3).cut_off(cutoffs)


@pytest.mark.parametrize("cutoffs", [[0, 1, 2], (0, 1, 2), [np.int8(0), np.int64(1), 2]])
def test_whole_numbers_of_any_kind_are_cut_offs(cutoffs: Any) -> None:
    assert (0, 1, 2) == text_counts([["a", "b"]], 3).cut_off(cutoffs).cutoffs


# -------------------------------------------------------------------------------------------------- exact sums

LARGE_VALUES = [
    -2047.999,
    -2048.0,
    -2048.5,
    -2049.1,
    -1e5 / 3,
    -1e9 / 7,
    -(2.0**31),
    -1e10 / 3,
    -1e15 / 7,
    -1e30,
]


def exactly(values: Sequence[float]) -> float:
    """The sum of the numbers as they are, rounded once."""
    return float(sum(map(Fraction, values), Fraction(0)))


@pytest.mark.parametrize("large", LARGE_VALUES)
def test_sums_with_large_values_are_exact(large: float) -> None:
    """Beyond 2^31 a value in units of 2^-32 does not fit 64 bits."""
    values = [-0.75, large, -1.5, large, -(2.0**-30), -large, -3.25, 0.0]
    for several in (values, values[::-1], [large], [large] * 40, [-large, large, -1.0]):
        total = ExactSum()
        total.add(np.array(several))

        assert exactly(several) == total.value


def test_sums_of_all_magnitudes_do_not_depend_on_pieces() -> None:
    values = LARGE_VALUES + [-1 / 8, -1 / 1024, -17.5, -1.0] * 5
    expected = exactly(values)
    random.Random(1).shuffle(values)
    for cut in range(len(values)):
        both, part = ExactSum(), ExactSum()
        both.add(np.array(values[cut:]))
        both.add(np.array(values[:cut]))
        part.add(np.array(values[:cut]))

        assert expected == both.value
        assert exactly(values[cut:]) == (both - part).value


def test_a_block_of_values_just_below_the_large_ones() -> None:
    """As many as are added at once, and one more."""
    values = np.full(ExactSum.BLOCK + 1, -2047.999)
    total = ExactSum()
    total.add(values)

    assert float(Fraction(-2047.999) * len(values)) == total.value


@pytest.mark.parametrize("large", LARGE_VALUES)
def test_log10_probabilities_of_any_size_are_added(large: float) -> None:
    """Of the five tokens, x is unknown: what is left without it is -1 - 2 - 0.5 and the large one."""
    text = lm.Text.from_sentences(["a x b", "b"], lm.Vocabulary(["a", "b"]))
    total = PerplexitySum()
    total.add(text, np.array([-1.0, -7.0, large, -2.0, -0.25, -0.25]))
    result = total.result("")

    assert exactly([-1, -7, large, -2, -0.5]) == result.log10_prob
    assert exactly([-1, large, -2, -0.5]) == result.log10_prob_excluding_oov
    assert (6, 1) == (result.tokens, result.oovs)


# ------------------------------------------------------------------------------------------------- count files


def same_counts(expected: lm.NgramCounts, actual: lm.NgramCounts) -> None:
    assert table(expected) == table(actual)
    for one, other in zip(expected.counts, actual.counts, strict=True):
        assert one.sum(dtype=object) == other.sum(dtype=object)
    actual.trie.check(len(actual.vocabulary))


@pytest.mark.parametrize(
    "largest", [2**31 - 1, 2**31, 2**32, 2**32 + 1, 2**53 + 1, 10**18, LARGEST - 1, LARGEST]
)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_huge_counts_survive_a_file(tmp_path: Path, largest: int, suffix: str) -> None:
    """Every digit of them, in every order; 64 bits are used where 32 are not enough."""
    ngrams = ngrams_of(some_sentences("a b c".split(), 20, 5, 3), 3)
    values = {ngram: largest - place for place, ngram in enumerate(ngrams)}
    path = tmp_path / f"huge.counts{suffix}"
    counts = lm.NgramCounts.from_ngrams(values)
    write_counts(counts, path)
    actual = read_counts(path)

    assert values == table(actual)
    same_counts(counts, actual)
    for column in actual.counts:
        assert (np.int32 if column.max() < 2**31 else np.int64) == column.dtype


def test_huge_counts_are_merged_from_files() -> None:
    one = read_counts(io.BytesIO(f"a {2**62}\nb 5\n</s> 1\n".encode()))
    other = read_counts(io.BytesIO(f"b {LARGEST - 5}\na {2**62 - 1}\n</s> 1\n".encode()))
    merged = merge_counts([one, other])

    assert Counter({("a",): LARGEST, ("b",): LARGEST, ("</s>",): 2}) == table(merged)
    with pytest.raises(CountError, match="expected less than 2\\^63"):
        merge_counts([merged, huge({"b": 1})])


@pytest.mark.parametrize(
    "values",
    [
        (LARGEST, 1),
        (2**62, 2**62),
        (LARGEST, LARGEST, 2),
        (LARGEST - 511, 256, 256),
        (1, 2**63 - 1536, 512, 512, 511),
    ],
)
def test_lines_of_one_ngram_that_add_up_to_too_much(values: tuple[int, ...]) -> None:
    lines = "".join(f"a {value}\n" for value in values)
    with pytest.raises(FormatError, match=f":{len(values) + 1}: .* 'a' that add up to {sum(values)}"):
        read_counts(io.BytesIO(f"</s> 1\n{lines}".encode()))


@pytest.mark.parametrize(
    "values", [(LARGEST,), (LARGEST - 1, 1), (2**62, 2**62 - 1), (LARGEST - 1535, 512, 1023)]
)
def test_lines_of_one_ngram_that_just_fit(values: tuple[int, ...]) -> None:
    lines = "".join(f"a {value}\n" for value in values)

    assert read_counts(io.BytesIO(f"</s> 1\n{lines}".encode())).get("a") == LARGEST


@given(st.lists(st.tuples(strategies.corpora(max_words=4), st.integers(1, 4)), min_size=1, max_size=3))
def test_counts_that_are_taken_several_times(parts: list[tuple[strategies.Corpus, int]]) -> None:
    """As many times as if the texts were there so often."""
    several = [text_counts(corpus, 3) for corpus, _ in parts]
    expected = [sentence for corpus, times in parts for sentence in corpus * times]

    assert ngrams_of(expected, 3) == table(merge_counts(several, [times for _, times in parts]))


def test_times_that_do_not_fit() -> None:
    counts = text_counts([["a"]], 2)
    for times in ([1, 2], [0], [1.5], [2_000_000]):
        with pytest.raises(UsageError, match="times"):
            merge_counts([counts], times)  # type: ignore[arg-type]
    with pytest.raises(CountError, match=r"2\^63 / 4"):
        merge_counts([huge({"a": LARGEST, "b": 1, "</s>": 1})], [4])
