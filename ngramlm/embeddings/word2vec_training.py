"""Training word2vec vectors: one block of the text after the other. Training can stop and resume between blocks."""

from __future__ import annotations

import json
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from ngramlm.core.parallel import Progress, unordered_map, usable_threads
from ngramlm.embeddings._parameters import aligned_rows, padded_size
from ngramlm.embeddings._word2vec import Trainer, Worker
from ngramlm.embeddings.character_ngrams import mean_rows, vocabulary_ngrams
from ngramlm.embeddings.frequent_words import blocks_of, frequent_words
from ngramlm.embeddings.huffman import HuffmanPaths
from ngramlm.embeddings.noise import alias_table, keep_probabilities
from ngramlm.embeddings.subword_rows import SubwordRows
from ngramlm.embeddings.subword_vectors import SubwordVectors
from ngramlm.embeddings.training_files import TrainingState, read_state, write_state
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.errors import EstimationError
from ngramlm.text.text import Text
from ngramlm.types import Float32s, Floats, Int32s, Ints

if TYPE_CHECKING:
    from ngramlm.embeddings.word2vec import Word2Vec

__all__ = ["Word2VecTraining"]

# the number of ids that a thread trains on between two merges; twice as many for CBOW, which moves rows less
BLOCK = 20_000
# the share of the learning rate that is left at the end
MIN_RATE = 1e-4
# the size of the copies of a thread, which stay in its second-level cache
HOT_BYTES = 5 << 18
# If a row moves more than this between two merges, in learning rates, its moves are averaged over threads, not summed.
MAX_MOVED = 100.0
# the least number of blocks for each thread
MIN_BLOCKS = 20


class Word2VecTraining:
    """The parameters of word2vec vectors, and how far they have been trained.

    Random numbers depend on the seed and on the place in the text. So training with one thread gives the same vectors
    whether it was interrupted or not.

    Parameters
    ----------
    settings : Word2Vec
        The method and its settings.
    text : Text
        The text to train on. Words that occur less than `settings.min_count` times are left out.

    Raises
    ------
    EstimationError
        If fewer than two words are frequent enough.
    """

    def __init__(self, settings: Word2Vec, text: Text) -> None:
        self.settings = settings
        self.ids, self.words, self.counts = frequent_words(text, settings.min_count)
        if len(self.words) < 2:
            raise EstimationError(
                f"found {len(self.words)} words that occur {settings.min_count} times or more; expected two or more "
                "(a lower min_count helps)"
            )
        self.block_size = BLOCK * (2 if settings.architecture == "cbow" else 1)
        self.blocks = list(blocks_of(self.ids, self.block_size))
        # blocks trained, over all epochs
        self.done = 0
        # words trained on
        self.kept = 0
        self.loss = 0.0  # nats
        dimension, size = settings.dimension, padded_size(settings.dimension)
        none32, none64 = np.empty(0, np.int32), np.empty(0, np.int64)
        found = SubwordRows(none64, none32, none64, none32)
        if (subwords := settings.subwords) is not None:
            found = SubwordRows.from_words(
                self.words, self.counts, subwords.min_n, subwords.max_n, subwords.buckets
            )
        self.subword_starts, self.subword_rows = found.starts, found.rows
        self.buckets, self.bucket_rows = found.buckets, found.bucket_rows
        self.inputs = aligned_rows(len(self.words) + len(self.buckets), size)
        self.inputs[:, :dimension] = np.random.default_rng(settings.seed).random(
            (len(self.inputs), dimension), np.float32
        )
        self.inputs[:, :dimension] -= np.float32(0.5)
        self.inputs /= np.float32(dimension)
        thresholds, aliases = np.empty(0, np.uint32), none32
        paths = HuffmanPaths(none64, none32, np.empty(0, np.uint8))
        self.paths: HuffmanPaths | None = None
        if settings.loss == "hierarchical-softmax":
            self.paths = paths = HuffmanPaths.from_counts(self.counts)
            self.outputs = aligned_rows(len(self.words) - 1, size)
        else:
            # the table refuses infinite weights
            with np.errstate(over="ignore"):
                noise = np.power(self.counts.astype(np.float64), settings.noise_exponent)
            thresholds, aliases = alias_table(noise)
            self.outputs = aligned_rows(len(self.words), size)
        keep = np.minimum(
            np.round(keep_probabilities(self.counts, settings.subsample, settings.subsample_rule) * 2.0**32),
            2.0**32 - 1,
        )
        self._trainer = Trainer(
            self.inputs,
            self.outputs,
            keep.astype(np.uint32),
            thresholds,
            aliases,
            paths.starts,
            paths.nodes,
            paths.labels,
            self.subword_starts,
            self.subword_rows,
            window=settings.window,
            negatives=settings.negatives,
            skip_gram=settings.architecture == "skip-gram",
            shared=settings.shared_negatives,
            exact=settings.cbow_update == "exact",
            summed=settings.architecture == "cbow" and settings.cbow_update == "sum",
            with_loss=settings.track_loss,
            lanes=0,  # the widest that the processor has
        )

    @property
    def n_blocks(self) -> int:
        """Number of blocks in all epochs."""
        return self.settings.epochs * len(self.blocks)

    @property
    def mean_loss(self) -> float:
        """Mean loss in nats per trained word; NaN if the loss is not tracked."""
        return self.loss / self.kept if self.settings.track_loss and self.kept else float("nan")

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next block; 0 at the end."""
        return self._rate(self._ids_before(self.done)) if self.done < self.n_blocks else 0.0

    def _ids_before(self, block: int) -> int:
        epoch, number = divmod(block, len(self.blocks))
        return epoch * len(self.ids) + (self.blocks[number][0] if epoch < self.settings.epochs else 0)

    def _rate(self, ids_before: int) -> float:
        progress = ids_before / (self.settings.epochs * len(self.ids))
        return self.settings.first_rate * (1 - (1 - MIN_RATE) * progress)

    def run(
        self,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
        after_block: Callable[[Word2VecTraining], bool] | None = None,
    ) -> None:
        """Train to the end, or until `after_block` returns True.

        After an error or an interruption, the threads finish the blocks that they have begun, so that no block is
        trained twice when training continues. Save after `run` has returned: while several threads train, `done` is a
        number of blocks and not a place in the text.

        Parameters
        ----------
        threads : int, optional
            Number of threads. Default: all cores.
        progress : callable, optional
            Called with ("training", ids done, ids in all).
        after_block : callable, optional
            Called with this object by the calling thread: after every block with one thread, about twenty times a
            second with several threads. Training stops after it returns True.

        Raises
        ------
        EstimationError
            If training has diverged.
        """
        total = self.settings.epochs * len(self.ids)
        fall = self.settings.first_rate * (1 - MIN_RATE) / total
        first_block = self.done
        threads = max(1, min(usable_threads(threads), (self.n_blocks - first_block) // MIN_BLOCKS))
        hot, shares = self._hot_rows(threads)
        free: SimpleQueue[Worker] = SimpleQueue()
        for _ in range(threads):
            free.put(self._worker(hot))
        ending = threading.Lock()
        stopping = False

        def blocks() -> Iterator[int]:
            for block in range(first_block, self.n_blocks):
                if stopping:
                    break
                yield block

        def work(block: int) -> None:
            epoch, number = divmod(block, len(self.blocks))
            first, end = self.blocks[number]
            seed = np.random.SeedSequence([self.settings.seed, epoch, number]).generate_state(1, np.uint64)
            worker = free.get()
            kept, loss = worker.train(
                self.ids, first, end, int(seed[0]), self._rate(self._ids_before(block)), fall
            )
            with ending:
                if threads > 1:
                    worker.merge(*shares)
                self.kept += kept
                self.loss += loss
                self.done += 1
            free.put(worker)

        # the number of epochs after which the parameters were checked
        checked = first_block // len(self.blocks)
        for _ in unordered_map(work, blocks(), threads):
            if self.done // len(self.blocks) > checked:
                checked = self.done // len(self.blocks)
                self._check()
            if progress is not None:
                progress("training", self._ids_before(self.done), total)
            stopping = stopping or (after_block is not None and after_block(self))

    def _uses(self) -> tuple[Floats, Floats]:
        """Estimate how many windows use each row, per id of the text; return (inputs, outputs)."""
        settings = self.settings
        kept = self.counts * keep_probabilities(self.counts, settings.subsample, settings.subsample_rule)
        kept = kept / len(self.ids)
        inputs, outputs = kept, kept
        if settings.subwords is not None:
            inputs = _summed(self.subword_starts, self.subword_rows, kept, len(self.inputs))
        if self.paths is not None:
            outputs = _summed(self.paths.starts, self.paths.nodes, kept, len(self.outputs))
        else:
            noise = self.counts.astype(np.float64) ** settings.noise_exponent
            outputs = kept + settings.negatives * kept.sum() * noise / noise.sum()
        return inputs, outputs

    def _hot_rows(self, threads: int) -> tuple[tuple[int, int], list[Float32s]]:
        """Choose the rows of which each thread has a copy, and the shares of their moves to merge.

        Returns ((number of inputs, number of outputs), shares). The rows are those that are fetched most often. A share
        is the part of the moves of a copy that is added to the row. It is 1, or less for a row that moves far: such a
        row comes near its optimum within one block, and the sum of the moves of several threads would overshoot.
        """
        if threads == 1:
            return (0, 0), []
        uses = self._uses()
        # the mean number of words in a window
        words = self.settings.window + 1
        per_input = self.settings.architecture == "cbow" or self.settings.subwords is None
        fetched = [uses[0] * (words if per_input else 1), uses[1] * (words if self._trainer.pairs else 1)]
        most = HOT_BYTES // (4 * self.inputs.shape[1])
        often = np.argsort(-np.concatenate(fetched), kind="stable")[:most]
        n_inputs = int((often < len(self.inputs)).sum())
        hot = (n_inputs, len(often) - n_inputs)
        moved = words * self.settings.first_rate * threads * self.block_size
        shares = [
            np.clip(MAX_MOVED / np.maximum(moved * of_rows[:n_hot], 1), 1 / threads, 1).astype(np.float32)
            for of_rows, n_hot in zip(uses, hot, strict=True)
        ]
        return hot, shares

    def _worker(self, hot: tuple[int, int]) -> Worker:
        size = self.inputs.shape[1]
        return Worker(self._trainer, *hot, tuple(aligned_rows(n, size) for n in hot for _ in range(2)))

    def vectors(self) -> WordVectors:
        """Return the vectors as they are now: SubwordVectors if the settings have subwords, else WordVectors.

        Raises
        ------
        EstimationError
            If training has diverged, or has ended without a word to train on.
        """
        self._check()
        if self.done == self.n_blocks and not self.kept:
            raise EstimationError(
                "found no word to train on; expected some (a larger subsample keeps more words, 0 keeps all)"
            )
        dimension = self.settings.dimension
        metadata = {
            "trained by": "ngramlm",
            "settings": json.dumps(self.settings.described(), sort_keys=True),
        }
        subwords = self.settings.subwords
        if subwords is None:
            return WordVectors(self.words, np.ascontiguousarray(self.inputs[:, :dimension]), metadata)
        ngrams = np.zeros((subwords.buckets, dimension), np.float32)
        ngrams[self.buckets] = self.inputs[self.bucket_rows, :dimension]
        matrix = self.inputs[self.subword_rows[self.subword_starts[:-1]], :dimension]
        mean_rows(
            matrix, ngrams, *vocabulary_ngrams(self.words, subwords.min_n, subwords.max_n, subwords.buckets)
        )
        return SubwordVectors(self.words, matrix, ngrams, subwords.min_n, subwords.max_n, metadata)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state of training to a file, for `resume`. The file does not hold the text.

        Raises
        ------
        EstimationError
            If training has diverged.
        """
        self._check()
        write_state(self._state(), path)

    def resume(self, path: str | os.PathLike[str]) -> None:
        """Continue training that was saved with the same settings and text.

        Raises
        ------
        FormatError
            If the file is damaged or has another format.
        UsageError
            If the file belongs to other settings or another text.
        """
        state = read_state(path, self._state())
        self.inputs[:], self.outputs[:] = state.inputs, state.outputs
        self.done, self.kept, self.loss = state.done, state.kept, state.loss

    def _state(self) -> TrainingState:
        text = [
            len(self.ids),
            len(self.words),
            zlib.crc32(self.ids.data),
            zlib.crc32("\n".join(self.words).encode()),
        ]
        return TrainingState(
            self.settings.described(),
            text,
            self.block_size,
            self.n_blocks,
            self.done,
            self.kept,
            self.loss,
            self.inputs,
            self.outputs,
        )

    def _check(self) -> None:
        """Raise EstimationError if training has diverged."""
        if not (np.isfinite(self.inputs).all() and np.isfinite(self.outputs).all()):
            raise EstimationError(
                "found NaN or infinity in the vectors; expected finite numbers (a lower learning_rate helps)"
            )


def _summed(starts: Ints, rows: Int32s, of_words: Floats, n: int) -> Floats:
    """float64[n]: for each row, the sum of the values of the words that use it."""
    return np.bincount(rows, np.repeat(of_words, np.diff(starts)), minlength=n).astype(np.float64)
