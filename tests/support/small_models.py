"""Small back-off models: of random numbers, of every width of history, and of some smoothing methods."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import ngramlm as lm
from ngramlm.counts import count
from ngramlm.errors import EstimationWarning
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.columns import Columns
from ngramlm.models.normalization import NormalizedColumns
from ngramlm.text.text import Text
from support import strategies
from support.oracles.counts import BOS
from support.oracles.models.backoff import BackoffOracle
from support.oracles.models.normalization import TableOracle, table_of
from support.strategies import Corpus
from support.texts import TOY, counted

CATS = [
    line.split() for line in ("the cat sat", "the cat sat on the mat", "naïve 中文 𝒳", "", "the the the the")
]
#: How many rows the histories of `wide_model` have.
WIDTHS = (1, 2, 5, 6, 7, 8, 9, 20, 100, 3000)


def wide_model() -> lm.BackoffModel:
    """Histories of 1 .. 3000 rows, so that every layout is met; two histories have the same rows in part."""
    sentences = [[f"h{n}", f"w{i}"] for n in WIDTHS for i in range(n)]
    sentences += [["x", f"h{n}", f"w{n // 2}"] for n in WIDTHS]
    return table_model(counted(sentences, 3), 5)[0]


def small_model(order: int = 3) -> lm.BackoffModel:
    """A model of random numbers over few words."""
    sentences = [*TOY, *([["A"] * n + [f"w{n}"] for n in range(9)])]
    return table_model(counted(sentences, order), 1)[0]


def fitted(order: int, method: Any = lm.WittenBell, cutoffs: Any = None, **options: Any) -> lm.BackoffModel:
    """A model of a few sentences."""
    sentences = [*TOY, *CATS]
    counts = counted(sentences, order)
    if cutoffs is not None:
        counts = counts.cut_off(cutoffs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        return method(**options).fit(counts)


MODELS: dict[str, Callable[[], lm.BackoffModel]] = {
    **{f"order {order}": (lambda order=order: fitted(order)) for order in range(1, 6)},
    "closed": lambda: fitted(3, closed=True),
    "back-off form": lambda: fitted(3, interpolate=False),
    "cut-offs": lambda: fitted(4, cutoffs=[0, 1, 1, 1]),
    "cut-offs of everything": lambda: fitted(3, cutoffs=[0, 100, 100]),
    "kneser-ney": lambda: fitted(3, lm.KneserNey, discounts=1),
    "random numbers": lambda: small_model(5),
    "wide histories": wide_model,
    "one word": lambda: table_model(counted([["a"]], 2), 0)[0],
    "no words": lambda: table_model(counted([[]], 2), 0)[0],
}


Float32s = NDArray[np.float32]


def random_model(corpus: Corpus, order: int, seed: int) -> BackoffModel:
    """The n-grams of a corpus with random numbers of all sizes, zeros among them."""
    counts = count(Text.from_sentences(corpus), order=order)
    random = np.random.default_rng(seed)

    def column(size: int) -> Float32s:
        values = -(10.0 ** random.uniform(-12, 1.9, size)).astype(np.float32)
        values[random.random(size) < 0.1] = -np.inf
        values[random.random(size) < 0.1] = 0
        return values

    probs = [column(size) for size in counts.trie.n_rows]
    probs[0][1] = -np.inf
    backoffs = [column(level.n_histories) for level in counts.trie.levels[1:]]
    return BackoffModel(counts.vocabulary, Columns(counts.trie, probs, backoffs))


def table_model(counts: lm.NgramCounts, seed: int) -> tuple[lm.BackoffModel, BackoffOracle]:
    """A model of random numbers (it need not be normalized), and the oracle over the same numbers."""
    random = np.random.default_rng(seed)
    trie, vocabulary = counts.trie, counts.vocabulary
    probs = [random.uniform(-6, 0, trie.n_rows[k - 1]).astype(np.float32) for k in range(1, trie.order + 1)]
    probs[0][vocabulary.id(BOS)] = -np.inf
    backoffs = [
        random.uniform(-2, 0.5, trie.level(k).n_histories).astype(np.float32)
        for k in range(2, trie.order + 1)
    ]
    log10_probs, log10_backoffs = {}, {}
    for k in range(1, trie.order + 1):
        rows = trie.ngrams(k)
        for row, value in zip(rows, probs[k - 1].tolist(), strict=True):
            log10_probs[tuple(vocabulary.words(row))] = value
        if k > 1:
            for first, value in zip(
                trie.level(k).starts[:-1].tolist(), backoffs[k - 2].tolist(), strict=True
            ):
                log10_backoffs[tuple(vocabulary.words(rows[first][:-1]))] = value
    model = lm.BackoffModel(vocabulary, lm.Columns(trie, probs, backoffs), {"smoothing": "none"})
    return model, BackoffOracle(log10_probs, log10_backoffs)


SMOOTHINGS: dict[str, Any] = {
    "witten-bell": lm.WittenBell(),
    "witten-bell-backoff": lm.WittenBell(interpolate=False),
    "absolute-closed": lm.AbsoluteDiscounting(closed=True),
    "modified-kneser-ney": lm.KneserNey(),
}


def trained(sentences: strategies.Corpus, order: int, smoothing: str = "witten-bell") -> lm.BackoffModel:
    """The model of a method of SMOOTHINGS."""
    if smoothing == "absolute-closed" and not any(sentences):
        sentences = [["a"]]
    counts = lm.count(lm.Text.from_sentences(sentences), order=order)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        model = SMOOTHINGS[smoothing].fit(counts)
    assert isinstance(model, lm.BackoffModel)
    return model


def component(model: lm.BackoffModel) -> TableOracle:
    """The model as a table of probabilities by n-gram."""
    columns = NormalizedColumns.of(model.columns)
    return table_of(model.vocabulary, columns.trie, columns.probs)


def witten_bell_unigrams(text: lm.Text) -> np.ndarray:
    """(c(w) + T / V) / (N + T), V without <s>."""
    counts = np.bincount(text.predicted, minlength=len(text.vocabulary)).astype(float)
    types = np.count_nonzero(counts)
    found = (counts + types / (len(counts) - 1)) / (counts.sum() + types)
    found[1] = 0
    return found
