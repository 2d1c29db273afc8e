"""GloVe: word vectors whose products are the logarithms of how often words stand near each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.core.validation import Check, Number, choice, flag, keep_checked
from ngramlm.embeddings._glove import Trainer, usable_simd
from ngramlm.embeddings.cooccurrence import WEIGHTINGS, WINDOW, Cooccurrences, cooccurrences
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.errors import EstimationError, UsageError
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import RESERVED, Vocabulary

__all__ = ["Glove", "GloveRun"]

Float32s = NDArray[np.float32]
Part = tuple[int, int, int]  # a stratum, and the first block and the end of those of one thread
Train = Callable[[Part], NDArray[np.float64]]

LIMIT = 100.0  # of the slopes, as in glove.c
MOST_BLOCKS = (
    64  # of words: tiles of which the parameters fit the cache, and as many at once as there may be threads
)
RECORDS_PER_TILE = 4096  # on average, at least: else threads would wait for each other longer than they work


@dataclass(frozen=True, kw_only=True)
class Glove:
    """Minimizes J = sum over X_ij > 0 of f(X_ij) (w_i.w~_j + b_i + b~_j - ln X_ij)^2, f(x) = min(1, (x/x_max)^alpha).

    Pennington, Socher & Manning (2014), "GloVe: Global Vectors for Word Representation", eq. 8 and 9; by AdaGrad, a
    record of the matrix at a time, as in their program. The vector of a word is w + w~. The result depends on the seed
    and on `simd`, and not on threads.

    Args:
        dimension: d, of the vectors.
        window, symmetric, weighting: what is counted (see `cooccurrences`).
        x_max, alpha: of f; pairs with x_max or more count in full.
        epochs: how many times each record is trained.
        learning_rate: eta, of AdaGrad.
        seed: of the first vectors, and of the order of the records.
        reshuffle: put the records in another order for every epoch; else all have that of the first, as in glove.c.
        simd: the vectors of the processor to use: "avx512", "avx2", "portable", or "auto", the widest that it has. The
            last bits of a result depend on it.

    Raises UsageError for what is out of its range.

    Example:
        >>> text = Text.from_sentences(["the cat sleeps", "the dog sleeps", "a dog barks"] * 10)
        >>> run = Glove(dimension=4, window=2, epochs=50, x_max=10).train(text)
        >>> run.vectors.shape, run.losses[-1] < 0.1 * run.losses[0]
        ((6, 4), True)
    """

    dimension: int = 100
    window: int = 15
    symmetric: bool = True
    weighting: str = "harmonic"
    x_max: float = 100.0
    alpha: float = 0.75
    epochs: int = 25
    learning_rate: float = 0.05
    seed: int = 1
    reshuffle: bool = False
    simd: str = "auto"

    _CHECKS: ClassVar[dict[str, Check]] = {
        "dimension": Number(least=1, most=1 << 16, whole=True),
        "window": WINDOW,
        "symmetric": flag,
        "weighting": choice(*WEIGHTINGS),
        "x_max": Number(least=0, above=True),
        "alpha": Number(least=0),
        "epochs": Number(least=1, whole=True),
        "learning_rate": Number(least=0, above=True),
        "seed": Number(least=0, most=(1 << 63) - 1, whole=True),
        "reshuffle": flag,
        "simd": choice("auto", "avx512", "avx2", "portable"),
    }

    def __post_init__(self) -> None:
        keep_checked(self, self._CHECKS)

    def fit(
        self, source: Text | Cooccurrences, *, threads: int | None = None, progress: Progress | None = None
    ) -> WordVectors:
        """The vectors of all words of a text, or of a matrix that was counted before; see `train`."""
        return self.train(source, threads=threads, progress=progress).word_vectors()

    def train(
        self, source: Text | Cooccurrences, *, threads: int | None = None, progress: Progress | None = None
    ) -> GloveRun:
        """All that comes of training on a text, or on a matrix that was counted before.

        Args:
            source: a text, whose vocabulary says which words get a vector; or co-occurrences, to which `window`,
                `symmetric` and `weighting` are nothing.
            threads: None is all cores; no more are used than there are blocks, 64 for large texts.
            progress: called with (stage, records trained, records to train).

        Raises:
            UsageError: for a matrix with what is no pair of words, or `simd` that the processor does not have.
            EstimationError: where no two words stand near each other, or values grow beyond all bounds.
        """
        threads = usable_threads(threads)
        found = self._counted(source, threads, progress)
        n_pairs, vocabulary = len(found), found.vocabulary
        if n_pairs == 0:
            raise EstimationError("found no two known words near each other; expected a text with such pairs")
        trainer = self._trainer(found)
        del found  # the trainer has its own
        losses = [self._epoch(trainer, epoch, threads, n_pairs, progress) for epoch in range(self.epochs)]
        words, contexts = trainer.parameters()
        return GloveRun(self, vocabulary, n_pairs, words, contexts, tuple(losses))

    def _counted(
        self, source: Text | Cooccurrences, threads: int, progress: Progress | None
    ) -> Cooccurrences:
        if isinstance(source, Cooccurrences):
            return source
        return cooccurrences(
            source,
            window=self.window,
            symmetric=self.symmetric,
            weighting=self.weighting,
            threads=threads,
            progress=progress,
        )

    def _trainer(self, found: Cooccurrences) -> Trainer:
        """Vectors and biases that are uniform between -1/2d and 1/2d, as in glove.c."""
        random = np.random.default_rng(self.seed)
        words, contexts = (
            (random.random((found.n_words, self.dimension + 1), np.float32) - np.float32(0.5))
            / np.float32(self.dimension)
            for _ in range(2)
        )
        usable = usable_simd()
        if self.simd not in ("auto", *usable):
            raise UsageError(
                f"simd is {self.simd!r}; expected one that this processor has: {', '.join(usable)}"
            )
        try:
            return Trainer(
                found.rows,
                found.columns,
                found.values,
                words,
                contexts,
                _n_blocks(len(found)),
                self.x_max,
                self.alpha,
                self.learning_rate,
                LIMIT,
                self.seed,
                usable[-1] if self.simd == "auto" else self.simd,
            )
        except ValueError as error:
            raise UsageError(f"found {error}; expected co-occurrences of the words of a vocabulary") from None

    def _epoch(
        self, trainer: Trainer, epoch: int, threads: int, n_pairs: int, progress: Progress | None
    ) -> float:
        """Train every tile once; returns J, each record's part as it was before its step.

        A stratum is as many tiles as there are blocks, of which no two share one: the diagonals of the square of
        tiles. Each stratum has records of all rows and columns, so that the order is as good as one by chance.
        """
        n = trainer.n_blocks
        shuffling = epoch if self.reshuffle or epoch == 0 else -1
        strata = np.random.default_rng((self.seed, epoch if self.reshuffle else 0)).permutation(n).tolist()
        edges = np.linspace(0, n, min(threads, n) + 1).astype(int).tolist()  # blocks of about the same size
        losses: list[float] = []
        done = epoch * n_pairs

        def train(part: Part) -> NDArray[np.float64]:
            return trainer.train(*part, shuffling)

        with ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as pool:
            for offset in strata:
                parts = [(offset, first, end) for first, end in pairwise(edges)]
                for found in _at_once(pool, train, parts):
                    losses += found.tolist()
                if progress is not None:
                    done += sum(trainer.size(block, (block + offset) % n) for block in range(n))
                    progress("training", done, self.epochs * n_pairs)
        loss = math.fsum(losses)
        if not math.isfinite(loss):
            raise EstimationError(
                f"found a loss of {loss} in epoch {epoch + 1}; expected a number (a lower learning_rate helps)"
            )
        return loss


def _at_once(pool: Executor | None, train: Train, parts: list[Part]) -> Iterator[NDArray[np.float64]]:
    """The losses of parts that share no words, in their order."""
    return map(train, parts) if pool is None else pool.map(train, parts)


def _n_blocks(n_pairs: int) -> int:
    """The blocks of rows, and of columns, for so many records: a matter of the matrix alone, not of the machine.

    >>> _n_blocks(10), _n_blocks(10**6), _n_blocks(10**9)
    (1, 15, 64)
    """
    return max(min(math.isqrt(n_pairs // RECORDS_PER_TILE), MOST_BLOCKS), 1)


@dataclass(frozen=True, eq=False)
class GloveRun:
    """What training found.

    Attributes:
        method: how it was trained.
        vocabulary: the words, with the reserved three, which have no vectors.
        n_pairs: the records of the matrix.
        words, contexts: float32[V, d + 1], w and b, w~ and b~.
        losses: J of every epoch, in float64, each record's part taken when it was trained; glove.c prints half of it,
            divided by the number of records.
    """

    method: Glove
    vocabulary: Vocabulary
    n_pairs: int
    words: Float32s
    contexts: Float32s
    losses: tuple[float, ...]

    def __post_init__(self) -> None:
        for array in (self.words, self.contexts):
            array.setflags(write=False)

    @property
    def vectors(self) -> Float32s:
        """float32[V, d]: w + w~; row i is the word of id i + 3."""
        return self.words[:, :-1] + self.contexts[:, :-1]

    def word_vectors(self) -> WordVectors:
        """The words with their vectors, and what they were made with as metadata."""
        words = self.vocabulary.words()[len(RESERVED) :]
        settings = {field.name: str(getattr(self.method, field.name)) for field in fields(self.method)}
        found = {"pairs": str(self.n_pairs), "losses": " ".join(map(repr, self.losses))}
        return WordVectors(words, self.vectors, {"method": "glove", **settings, **found})
