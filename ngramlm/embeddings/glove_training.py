"""Training GloVe vectors: epochs over the records of a matrix of co-occurrences, by several threads."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import fields
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.embeddings._glove import Trainer, usable_simd
from ngramlm.embeddings.cooccurrence import Cooccurrences
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.errors import EstimationError, UsageError
from ngramlm.text.vocabulary import RESERVED
from ngramlm.types import Float32s, Floats

if TYPE_CHECKING:
    from ngramlm.embeddings.glove import Glove

__all__ = ["GloveTraining"]

# (stratum, first block, end of the blocks) of one thread
Part = tuple[int, int, int]
Train = Callable[[Part], Floats]

# the limit of glove.c
MAX_SLOPE = 100.0
# the maximum number of blocks of words: with 64, the parameters of a tile fit the cache, and 64 threads can train
MAX_BLOCKS = 64
# the least mean number of records of a tile: with fewer, threads wait for each other longer than they work
RECORDS_PER_TILE = 4096


class GloveTraining:
    """The parameters of GloVe vectors, and how far they have been trained.

    Parameters
    ----------
    settings : Glove
        The method and its settings.
    counted : Cooccurrences
        The matrix to train on.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words, and the three reserved words, which have no vectors.
    n_pairs : int
        The number of records of the matrix.

    Raises
    ------
    UsageError
        If the matrix holds a value that is no co-occurrence, or the processor does not have `settings.simd`.
    EstimationError
        If the matrix is empty.
    """

    def __init__(self, settings: Glove, counted: Cooccurrences) -> None:
        self.settings, self.vocabulary, self.n_pairs = settings, counted.vocabulary, len(counted)
        if self.n_pairs == 0:
            raise EstimationError("found no two known words near each other; expected at least one pair")
        self._trainer = _trainer_of(settings, counted)
        self._losses: list[float] = []

    @property
    def losses(self) -> tuple[float, ...]:
        """J of every epoch so far. The part of each record is taken just before its step.

        glove.c prints half of J, divided by the number of records.
        """
        return tuple(self._losses)

    @property
    def word_parameters(self) -> Float32s:
        """float32[V, d + 1]: w and b of every word, read-only; row i is the word of id i + 3."""
        return _read_only(self._trainer.parameters()[0])

    @property
    def context_parameters(self) -> Float32s:
        """float32[V, d + 1]: w~ and b~ of every word, read-only."""
        return _read_only(self._trainer.parameters()[1])

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> None:
        """Train the epochs that are left. The result does not depend on threads.

        Parameters
        ----------
        threads : int, optional
            Number of threads; at most one for each block of words (64 blocks for large texts). Default: all cores.
        progress : callable, optional
            Called with ("training", records trained, records to train).

        Raises
        ------
        EstimationError
            If the loss diverges.
        """
        threads = usable_threads(threads)
        for epoch in range(len(self._losses), self.settings.epochs):
            self._losses.append(self._epoch(epoch, threads, progress))

    def vectors(self) -> WordVectors:
        """Return the vectors as they are now, w + w~, with the settings and the losses as metadata."""
        words, contexts = self._trainer.parameters()
        settings = {field.name: str(getattr(self.settings, field.name)) for field in fields(self.settings)}
        found = {"pairs": str(self.n_pairs), "losses": " ".join(map(repr, self._losses))}
        return WordVectors(
            self.vocabulary.words()[len(RESERVED) :],
            words[:, :-1] + contexts[:, :-1],
            {"method": "glove", **settings, **found},
        )

    def _epoch(self, epoch: int, threads: int, progress: Progress | None) -> float:
        """Train every tile once; return J. The part of each record is taken just before its step.

        A stratum is a diagonal of the square of tiles. It has one tile for each block of rows, and no two of its tiles
        have a common block. Each stratum has records of all rows and columns, so this order is as good as a random one.
        """
        trainer, n_pairs = self._trainer, self.n_pairs
        n = trainer.n_blocks
        shuffling = epoch if self.settings.reshuffle or epoch == 0 else -1
        strata = (
            np.random.default_rng((self.settings.seed, epoch if self.settings.reshuffle else 0))
            .permutation(n)
            .tolist()
        )
        # each thread has about the same number of blocks
        edges = np.linspace(0, n, min(threads, n) + 1).astype(int).tolist()
        losses: list[float] = []
        done = epoch * n_pairs

        def train(part: Part) -> Floats:
            return trainer.train(*part, shuffling)

        with ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as pool:
            for offset in strata:
                parts = [(offset, first, end) for first, end in pairwise(edges)]
                for found in _at_once(pool, train, parts):
                    losses += found.tolist()
                if progress is not None:
                    done += sum(trainer.size(block, (block + offset) % n) for block in range(n))
                    progress("training", done, self.settings.epochs * n_pairs)
        loss = math.fsum(losses)
        if not math.isfinite(loss):
            raise EstimationError(
                f"found a loss of {loss} in epoch {epoch + 1}; expected a finite number (a lower learning_rate helps)"
            )
        return loss


def _trainer_of(settings: Glove, found: Cooccurrences) -> Trainer:
    """Make a trainer. The initial vectors and biases are uniform between -1/2d and 1/2d, as in glove.c."""
    random = np.random.default_rng(settings.seed)
    words, contexts = (
        (random.random((found.n_words, settings.dimension + 1), np.float32) - np.float32(0.5))
        / np.float32(settings.dimension)
        for _ in range(2)
    )
    usable = usable_simd()
    if settings.simd not in ("auto", *usable):
        raise UsageError(
            f"found simd {settings.simd!r}; expected instructions of this processor: {', '.join(usable)}"
        )
    try:
        return Trainer(
            found.rows,
            found.columns,
            found.values,
            words,
            contexts,
            _n_blocks(len(found)),
            settings.x_max,
            settings.alpha,
            settings.learning_rate,
            MAX_SLOPE,
            settings.seed,
            usable[-1] if settings.simd == "auto" else settings.simd,
        )
    except ValueError as error:
        raise UsageError(str(error)) from None


def _read_only(array: Float32s) -> Float32s:
    array.setflags(write=False)
    return array


def _at_once(pool: Executor | None, train: Train, parts: list[Part]) -> Iterator[Floats]:
    """Train parts that share no words; return their losses, in the order of the parts."""
    return map(train, parts) if pool is None else pool.map(train, parts)


def _n_blocks(n_pairs: int) -> int:
    """Choose the number of blocks of rows, and of columns, for `n_pairs` records, on every machine the same.

    >>> _n_blocks(10), _n_blocks(10**6), _n_blocks(10**9)
    (1, 15, 64)
    """
    return max(min(math.isqrt(n_pairs // RECORDS_PER_TILE), MAX_BLOCKS), 1)
