"""Sets of n-grams that hold every history and suffix they need, and orders to give their rows in."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from support import strategies
from support.oracles.counts import CountOracle

# How files are sorted: by ngramlm, by KenLM (suffix order), by others (prefix order), or not at all
ORDERS: dict[str, Callable[[Ngram], Any]] = {
    "trie": lambda ngram: (ngram[-2::-1], ngram[-1]),
    "suffix": lambda ngram: ngram[::-1],
    "prefix": lambda ngram: ngram,
    "none": lambda ngram: random.Random(hash(ngram)).random(),
    "backwards": lambda ngram: tuple(-word for word in ngram),
}


Ngram = tuple[int, ...]


@st.composite
def closed_sets(draw: st.DrawFn) -> tuple[dict[int, list[Ngram]], int]:
    """Some n-grams of a text with everything that they need, in any order; and the vocabulary size."""
    corpus, order = draw(strategies.corpora()), draw(st.integers(2, 5))
    oracle = CountOracle(corpus, order)
    ids = {word: number for number, word in enumerate(["<unk>", "<s>", "</s>", *oracle.words])}
    kept: dict[int, set[Ngram]] = {order + 1: set()}
    for k in range(order, 1, -1):
        found = sorted(tuple(ids[word] for word in ngram) for ngram in oracle.raw[k])
        chosen = draw(st.lists(st.sampled_from(found), unique=True)) if found else []
        needed = {part for ngram in kept[k + 1] for part in (ngram[1:], ngram[:-1])}
        kept[k] = {*chosen, *needed}
    return {k: draw(st.permutations(sorted(kept[k]))) for k in range(2, order + 1)}, len(ids)
