"""Mixtures of every kind, and documents to score with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

import ngramlm as lm
from support.texts import TOY, counted

DOCUMENTS = [
    [["DAVID", "READ", "A", "BOOK"], ["A", "BOOK", "nobody"], [], ["DAVID", "READ", "DAVID"]],
    [["A", "A", "A"]],
    [["nobody", "nothing"], ["MARK", "READ", "A", "BOOK", "MARK"]],
]


def static() -> lm.BackoffModel:
    return lm.WittenBell().fit(counted(TOY, 2))


def other_words() -> lm.BackoffModel:
    """A model of other words."""
    return lm.WittenBell().fit(counted([["A", "CAT", "READ"], ["A", "BOOK", "SAT"]], 2))


def idf() -> lm.adaptive.WordWeights:
    vocabulary = static().vocabulary
    return lm.adaptive.WordWeights(vocabulary, np.linspace(0, 2, len(vocabulary)), 1.0)


def classes() -> lm.Neighbors:
    return lm.Neighbors.from_classes({"one": ["DAVID", "MARK", "BROWN"], "two": ["BOOK", "A", "CAT"]})


MIXTURES: dict[str, Callable[[], lm.Mixture]] = {
    "a cache": lambda: lm.Mixture([static(), lm.Cache()], [0.7, 0.3]),
    "caches of all kinds": lambda: lm.Mixture(
        [
            static(),
            lm.Cache(window=5, decay=0.1),
            lm.NgramCache(),
            lm.NgramCache(order=3, keep_unknown=True),
            lm.PairCache(idf(), 3),
            lm.Cache(neighbors=classes(), weights=idf(), keep_ends=True),
        ]
    ),
    "models of different words": lambda: lm.Mixture([static(), other_words()], [0.2, 0.8]),
    "weights by silence": lambda: lm.Mixture(
        [static(), lm.Cache(), lm.NgramCache()],
        weighting=lm.BucketWeights(
            weights=((0.5, 0.2, 0.3), (0.1, 0.9, 0), (0.2, 0.3, 0.5), (0.4, 0.1, 0.5), (0.9, 0.05, 0.05))
        ),
    ),
    "weights by position": lambda: lm.Mixture(
        [static(), lm.Cache()], weighting=lm.BucketWeights("position", ((0.9, 0.1), (0.8, 0.2), (0.5, 0.5)))
    ),
    "weights by the word before": lambda: lm.Mixture(
        [static(), other_words(), lm.Cache()],
        weighting=lm.BucketWeights(
            "word", ((0.9, 0.05, 0.05), (0.1, 0.8, 0.1), (0.3, 0.3, 0.4)), (1, static().vocabulary.id("BOOK"))
        ),
    ),
    "recent weights": lambda: lm.Mixture(
        [static(), other_words(), lm.Cache()],
        weighting=lm.RecentWeights((0.5, 0.3, 0.2), window=4, strength=2),
    ),
    "recent weights of the whole document": lambda: lm.Mixture(
        [static(), other_words()], weighting=lm.RecentWeights(window=None, strength=0.5)
    ),
    "posterior weights": lambda: lm.Mixture(
        [static(), other_words(), lm.Cache()], weighting=lm.BayesWeights((0.5, 0.3, 0.2), memory=0.9)
    ),
    "a mixture of sentences": lambda: lm.Mixture(
        [static(), other_words()], weighting=lm.BayesWeights((0.5, 0.5), scope="sentence")
    ),
    "a mixture of mixtures": lambda: lm.Mixture(
        [lm.Mixture([static(), lm.Cache()]), other_words(), lm.Cache(decay=0.1)], [0.5, 0.3, 0.2]
    ),
    "a weight of zero": lambda: lm.Mixture([static(), lm.Cache(), lm.NgramCache()], [0, 1, 1]),
}


def text_of(documents: list[list[list[str]]], vocabulary: lm.Vocabulary) -> lm.Text:
    flat = [sentence for document in documents for sentence in document]
    starts = np.cumsum([0, *(len(document) for document in documents)]).astype(np.int64)
    return replace(lm.Text.from_sentences(flat, vocabulary), documents=starts)
