"""Noise as alias tables, subsampling, and Huffman trees."""

from __future__ import annotations

import heapq
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngramlm.embeddings.huffman import HuffmanPaths
from ngramlm.embeddings.noise import alias_table, keep_probabilities
from ngramlm.errors import UsageError

COUNTS = st.lists(st.integers(1, 1000), min_size=2, max_size=60)


@given(
    weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=200).filter(lambda weights: sum(weights) > 1e-3)
)
def test_an_alias_table_has_the_probabilities_of_its_weights(weights: list[float]) -> None:
    """Added up over all places: threshold / 2^32 for the word itself, the rest for its alias."""
    n = len(weights)
    thresholds, aliases = alias_table(np.array(weights))
    probs = np.zeros(n)
    for word in range(n):
        own = (int(thresholds[word]) + (thresholds[word] == 2**32 - 1)) / 2**32
        probs[word] += own / n
        probs[aliases[word]] += (1 - own) / n

    np.testing.assert_allclose(probs, np.array(weights) / sum(weights), atol=2**-31)
    assert all(probs[word] <= 2**-31 for word in range(n) if weights[word] == 0)


@pytest.mark.parametrize("weights", [[], [0.0, 0.0], [1.0, -1.0], [np.nan], [np.inf, 1.0]])
def test_weights_that_are_none_are_refused(weights: list[float]) -> None:
    with pytest.raises(UsageError, match="weights of noise words"):
        alias_table(np.array(weights))


def test_subsampling_of_word2vec() -> None:
    """t = 0.01, f = 0.64 and 0.36: sqrt(1/64) + 1/64 = 9/64, sqrt(1/36) + 1/36 = 7/36.

    All of a word is kept where sqrt(x) + x >= 1 for x = t / f, which is f <= 2.618 t.
    """
    np.testing.assert_allclose(keep_probabilities(np.array([64, 36]), 0.01), [9 / 64, 7 / 36])
    np.testing.assert_allclose(
        keep_probabilities(np.array([2618, 1000 - 618, 97000]), 0.01)[:2], [1, 1], atol=1e-4
    )
    assert keep_probabilities(np.array([2619, 97381]), 0.01)[0] < 1
    assert keep_probabilities(np.array([64, 36]), 0).tolist() == [1, 1]


def test_the_rule_of_the_paper_leaves_out_one_minus_the_root() -> None:
    """1 - sqrt(0.01 / 0.64) and 1 - sqrt(0.01 / 0.36); nothing at the threshold and below."""
    np.testing.assert_allclose(keep_probabilities(np.array([64, 36]), 0.01, "paper"), [1 / 8, 1 / 6])
    np.testing.assert_allclose(keep_probabilities(np.array([10, 1, 989]), 0.01, "paper")[:2], [1, 1])


@given(counts=COUNTS)
def test_huffman_codes_are_as_short_as_can_be(counts: list[int]) -> None:
    """The mean length is that of a tree made with a heap; codes are distinct and none begins another."""
    paths = HuffmanPaths.from_counts(np.array(counts))
    lengths = np.diff(paths.starts)
    codes = [tuple(paths.labels[a:b].tolist()) for a, b in itertools.pairwise(paths.starts)]
    heap, cost = sorted(counts), 0
    while len(heap) > 1:
        both = heapq.heappop(heap) + heapq.heappop(heap)
        cost += both
        heapq.heappush(heap, both)

    assert int(lengths @ np.array(counts)) == cost
    assert sum(2.0**-length for length in lengths) == 1  # Kraft
    ordered = sorted(codes)
    assert all(after[: len(before)] != before for before, after in itertools.pairwise(ordered))


@given(counts=COUNTS)
def test_huffman_paths_are_those_of_one_tree(counts: list[int]) -> None:
    """From the root, inner node 0, each way at a node leads to one node or word: always the same one."""
    n = len(counts)
    paths = HuffmanPaths.from_counts(np.array(counts))
    child: dict[tuple[int, int], tuple[str, int]] = {}
    for word, (first, end) in enumerate(itertools.pairwise(paths.starts)):
        nodes, labels = paths.nodes[first:end].tolist(), paths.labels[first:end].tolist()
        assert nodes[0] == 0
        reached = [*(("node", node) for node in nodes[1:]), ("word", word)]
        for way, to in zip(zip(nodes, labels, strict=True), reached, strict=True):
            assert child.setdefault(way, to) == to

    assert set(paths.nodes.tolist()) == set(range(n - 1))
    assert len(child) == 2 * (n - 1)


def test_a_tree_of_word2vec() -> None:
    """Counts 4 3 2 1 1: 1 and 1 make a node of 2, which comes before the word of 2: a node of 4.

    3 and 4 (the inner node before the word) make one of 7; then 4 and 7. The smaller child has the label 1, and the
    root is node 0.
    """
    paths = HuffmanPaths.from_counts(np.array([4, 3, 2, 1, 1]))
    of = [
        list(zip(paths.nodes[a:b].tolist(), paths.labels[a:b].tolist(), strict=True))
        for a, b in itertools.pairwise(paths.starts)
    ]

    assert of[0] == [(0, 1)]
    assert of[1] == [(0, 0), (1, 1)]
    assert of[2] == [(0, 0), (1, 0), (2, 0)]
    assert of[3][:3] == of[4][:3] == [(0, 0), (1, 0), (2, 1)]
    assert [of[3][3], of[4][3]] == [(3, 0), (3, 1)]  # of equal words the later one is taken first


def test_large_counts_do_not_overflow() -> None:
    """2^61 twice -> 2^62; that one comes before the words of 2^62, and with one of them makes 2^63."""
    counts = np.array([2**62, 2**62, 2**61, 2**61])

    assert np.diff(HuffmanPaths.from_counts(counts).starts).tolist() == [1, 2, 3, 3]


@pytest.mark.parametrize("n", [0, 1])
def test_no_tree_over_fewer_than_two_words(n: int) -> None:
    paths = HuffmanPaths.from_counts(np.ones(n, np.int64))

    assert paths.starts.tolist() == [0] * (n + 1)
    assert len(paths.nodes) == 0
