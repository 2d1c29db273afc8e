"""Training of word2vec vectors: blocks of a text one after the other, which can be left off and taken up again."""

from __future__ import annotations

import json
import os
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.files import atomic_write
from ngramlm.core.parallel import Progress, unordered_map, usable_threads
from ngramlm.embeddings._word2vec import Trainer, Worker
from ngramlm.embeddings.huffman import HuffmanPaths
from ngramlm.embeddings.noise import alias_table, keep_probabilities
from ngramlm.embeddings.parameters import aligned_rows, padded_size
from ngramlm.embeddings.subword_vectors import SubwordVectors, mean_rows, vocabulary_ngrams
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.errors import EstimationError, FormatError, UsageError
from ngramlm.formats.archive import (
    DATE,
    describe_columns,
    read_columns,
    read_member,
    refusing_damage,
    write_columns,
)
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS, RESERVED, UNK

if TYPE_CHECKING:
    from ngramlm.embeddings.word2vec import Word2Vec

__all__ = ["Training"]

BLOCK = 20_000  # ids that a thread trains on before what it moved is merged; twice as many for CBOW, which moves less
LEAST_RATE = 1e-4  # of the learning rate, at the end
HOT_BYTES = 5 << 18  # of the rows that each of several threads has a copy of, in its second cache
MOST_MOVED = (
    100.0  # learning rates that a row is moved by between two merges up to which threads are simply added up
)
BLOCKS_APART = 20  # blocks for each thread, at least
HEADER = "training.json"
VERSION = 1
MOST_HEADER = 1 << 20
MOST_NGRAMS = 1 << 16  # of one word
FIRST_WORD = len(RESERVED)


class Training:
    """Rows of parameters, and how far they have been trained.

    Everything that is drawn depends on the seed and on the place in the text, so that training by one thread ends with
    the same vectors whether it was interrupted or not.

    Args:
        settings: what is trained.
        text: what it is trained on; words that are too rare are left out.

    Raises EstimationError for a text with fewer than two words that are frequent enough.
    """

    def __init__(self, settings: Word2Vec, text: Text) -> None:
        self.settings = settings
        self.ids, self.words, self.counts = frequent_words(text, settings.min_count)
        if len(self.words) < 2:
            raise EstimationError(
                f"found {len(self.words)} words that occur {settings.min_count} times or more; expected two or more "
                "(min_count can be lower)"
            )
        self.block_size = BLOCK * (2 if settings.architecture == "cbow" else 1)
        self.blocks = list(_blocks(self.ids, self.block_size))
        self.done = 0  # blocks, over all epochs
        self.kept = 0  # words that were trained on
        self.loss = 0.0  # in nats
        dimension, size = settings.dimension, padded_size(settings.dimension)
        none32, none64 = np.empty(0, np.int32), np.empty(0, np.int64)
        self.subword_starts, self.subword_rows = none64, none32
        self.buckets, self.bucket_rows = none64, none32
        if settings.subwords is not None:
            self._find_subwords()
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
            self.paths = paths = HuffmanPaths.of_counts(self.counts)
            self.outputs = aligned_rows(len(self.words) - 1, size)
        else:
            with np.errstate(over="ignore"):  # which the table refuses
                noise = np.power(self.counts.astype(np.float64), settings.noise_exponent)
            thresholds, aliases = alias_table(noise)
            self.outputs = aligned_rows(len(self.words), size)
        keep = np.minimum(
            np.round(keep_probabilities(self.counts, settings.subsample) * 2.0**32), 2.0**32 - 1
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
            with_loss=settings.track_loss,
            lanes=0,  # the widest that the processor has
        )

    def _find_subwords(self) -> None:
        """Rows for words and the buckets that they need, by falling use; a word is the mean of its own and of these."""
        subwords = self.settings.subwords
        assert subwords is not None
        starts, found = vocabulary_ngrams(self.words, subwords.min_n, subwords.max_n, subwords.buckets)
        longest = int(np.diff(starts).argmax())
        if starts[longest + 1] - starts[longest] >= MOST_NGRAMS:
            raise EstimationError(
                f"found a word of {len(self.words[longest])} characters, {self.words[longest][:20]!r}...; "
                f"expected words of less than {MOST_NGRAMS} n-grams"
            )
        self.buckets, numbers = np.unique(found, return_inverse=True)
        n = len(self.words)
        self.subword_starts = starts + np.arange(n + 1)
        rows = np.insert(numbers + n, starts[:-1], np.arange(n))  # words, then buckets
        times = np.bincount(rows, np.repeat(self.counts, np.diff(self.subword_starts)))
        by_use = np.argsort(-times, kind="stable")
        places = np.empty(len(by_use), np.int32)
        places[by_use] = np.arange(len(by_use))
        self.subword_rows = places[rows]
        self.bucket_rows = places[n:]

    @property
    def n_blocks(self) -> int:
        """Blocks in all epochs."""
        return self.settings.epochs * len(self.blocks)

    @property
    def mean_loss(self) -> float:
        """Nats for each word that was trained on; NaN where the loss is not tracked."""
        return self.loss / self.kept if self.settings.track_loss and self.kept else float("nan")

    @property
    def learning_rate(self) -> float:
        """At the place that training has reached."""
        return self._rate(self._ids_before(self.done)) if self.done < self.n_blocks else 0.0

    def _ids_before(self, block: int) -> int:
        epoch, number = divmod(block, len(self.blocks))
        return epoch * len(self.ids) + (self.blocks[number][0] if epoch < self.settings.epochs else 0)

    def _rate(self, ids_before: int) -> float:
        progress = ids_before / (self.settings.epochs * len(self.ids))
        return self.settings.first_rate * (1 - (1 - LEAST_RATE) * progress)

    def run(
        self,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
        after_block: Callable[[Training], bool] | None = None,
    ) -> None:
        """Train up to the end, or until `after_block` says True.

        The calling thread calls that after every block, or, where several threads train, about twenty times a second:
        `done` may have grown by any number then, or not at all. Blocks that were begun are finished, also where an
        error or an interruption ends this, so that none is trained twice when training goes on. Save after that:
        while several threads train, `done` is a number of blocks and not a place.
        """
        total = self.settings.epochs * len(self.ids)
        fall = self.settings.first_rate * (1 - LEAST_RATE) / total
        first_block = self.done
        threads = max(1, min(usable_threads(threads), (self.n_blocks - first_block) // BLOCKS_APART))
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

        checked = first_block // len(self.blocks)  # epochs
        for _ in unordered_map(work, blocks(), threads):
            if self.done // len(self.blocks) > checked:
                checked = self.done // len(self.blocks)
                self._check()
            if progress is not None:
                progress("training", self._ids_before(self.done), total)
            stopping = stopping or (after_block is not None and after_block(self))

    def _uses(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Expected windows that use each row, per id of the text: inputs and outputs."""
        settings = self.settings
        kept = self.counts * keep_probabilities(self.counts, settings.subsample) / len(self.ids)
        inputs, outputs = kept, kept
        if settings.subwords is not None:
            inputs = _summed(self.subword_starts, self.subword_rows, kept, len(self.inputs))
        if self.paths is not None:
            outputs = _summed(self.paths.starts, self.paths.nodes, kept, len(self.outputs))
        else:
            noise = self.counts.astype(np.float64) ** settings.noise_exponent
            outputs = kept + settings.negatives * kept.sum() * noise / noise.sum()
        return inputs, outputs

    def _hot_rows(self, threads: int) -> tuple[tuple[int, int], list[NDArray[np.float32]]]:
        """How many rows, of inputs and of outputs, each of several threads has copies of, and shares of their moves.

        The rows are those fetched most often. A share is what of the moves of a copy is taken over: all, or where it
        is much the mean. A row that is moved often enough comes near to where it is drawn to; the sum of what several
        threads moved it would lead beyond.
        """
        if threads == 1:
            return (0, 0), []
        uses = self._uses()
        words = self.settings.window + 1  # of a window, about
        per_input = self.settings.architecture == "cbow" or self.settings.subwords is None
        fetched = [uses[0] * (words if per_input else 1), uses[1] * (words if self._trainer.pairs else 1)]
        most = HOT_BYTES // (4 * self.inputs.shape[1])
        often = np.argsort(-np.concatenate(fetched), kind="stable")[:most]
        n_inputs = int((often < len(self.inputs)).sum())
        hot = (n_inputs, len(often) - n_inputs)
        moved = words * self.settings.first_rate * threads * self.block_size
        shares = [
            np.clip(MOST_MOVED / np.maximum(moved * of_rows[:n_hot], 1), 1 / threads, 1).astype(np.float32)
            for of_rows, n_hot in zip(uses, hot, strict=True)
        ]
        return hot, shares

    def _worker(self, hot: tuple[int, int]) -> Worker:
        size = self.inputs.shape[1]
        return Worker(self._trainer, *hot, tuple(aligned_rows(n, size) for n in hot for _ in range(2)))

    def vectors(self) -> WordVectors:
        """The vectors as they are now; `SubwordVectors` with subwords.

        Raises EstimationError where training has left the numbers, or was at its end without a word to train on.
        """
        self._check()
        if self.done == self.n_blocks and not self.kept:
            raise EstimationError(
                "found no word to train on; expected some (a larger subsample keeps more, 0 all)"
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
        """Write all that `resume` needs, at once; the text itself is not part of it.

        Raises EstimationError where training has left the numbers.
        """
        self._check()
        columns = {"inputs": self.inputs.ravel(), "outputs": self.outputs.ravel()}
        header = {
            "version": VERSION,
            "settings": self.settings.described(),
            "text": self._text_mark(),
            "block_size": self.block_size,
            "done": self.done,
            "kept": self.kept,
            "loss": self.loss,
            "columns": describe_columns(columns),
        }
        with atomic_write(path) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo(HEADER, DATE), json.dumps(header))
            write_columns(archive, columns)

    def resume(self, path: str | os.PathLike[str]) -> None:
        """Go on where a saved training of the same settings and text was left off.

        Raises FormatError for a file that is none or damaged, UsageError for one of other settings or another text.
        """
        other = None
        with refusing_damage(path), zipfile.ZipFile(path) as archive:
            header = json.loads(read_member(archive, HEADER, MOST_HEADER))
            if header["version"] != VERSION:
                raise FormatError(f"found version {header['version']} of training; expected {VERSION}")
            own = json.loads(json.dumps(self.settings.described()))
            if header["settings"] != own:
                names = [name for name in own if header["settings"].get(name, own) != own[name]]
                other = f"another {' and '.join(names) or 'version of the settings'}"
            elif header["text"] != self._text_mark():
                other = "another text"
            elif header["block_size"] != self.block_size:
                other = f"blocks of {header['block_size']} words"
            else:
                columns = self._read_columns(archive, header, os.path.getsize(path))
        if other is not None:
            raise UsageError(
                f"{os.fspath(path)}: found training with {other}; expected to go on with the same settings and text"
            )
        self.inputs[:] = columns["inputs"].reshape(self.inputs.shape)
        self.outputs[:] = columns["outputs"].reshape(self.outputs.shape)
        self.done, self.kept, self.loss = header["done"], header["kept"], header["loss"]

    def _check(self) -> None:
        """Raise EstimationError where training has left the numbers."""
        if not (np.isfinite(self.inputs).all() and np.isfinite(self.outputs).all()):
            raise EstimationError(
                "found vectors that grew beyond all numbers; expected them to stay small (a lower learning_rate helps)"
            )

    def _read_columns(
        self, archive: zipfile.ZipFile, header: dict[str, Any], size: int
    ) -> dict[str, NDArray[Any]]:
        """The parameters; raises FormatError for what does not fit this training."""
        if header["columns"] != describe_columns(
            {"inputs": self.inputs.ravel(), "outputs": self.outputs.ravel()}
        ):
            raise FormatError("found columns of another size; expected those of the settings")
        done, kept, loss = header["done"], header["kept"], header["loss"]
        if not (
            type(done) is int and type(kept) is int and type(loss) is float and 0 <= done <= self.n_blocks
        ):
            raise FormatError("found a place that is not in the text; expected where training was left off")
        columns = read_columns(archive, header["columns"], size, [HEADER])
        if not all(np.isfinite(column).all() for column in columns.values()):
            raise FormatError("found numbers that are none; expected parameters")
        return columns

    def _text_mark(self) -> list[int]:
        """What tells a text from others."""
        return [
            len(self.ids),
            len(self.words),
            zlib.crc32(self.ids.data),
            zlib.crc32("\n".join(self.words).encode()),
        ]


def _summed(
    starts: NDArray[np.int64], rows: NDArray[np.int32], of_words: NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    """The values of all words that have each of n rows, float64[n]."""
    return np.bincount(rows, np.repeat(of_words, np.diff(starts)), minlength=n).astype(np.float64)


def frequent_words(text: Text, min_count: int) -> tuple[NDArray[np.int32], list[str], NDArray[np.int64]]:
    """(ids int32[T] in which rarer words are unknown, the words left, their counts int64[V]), words by falling count.

    Of equal counts the word of the smaller id comes first; word i has the id i + 3.
    """
    size = len(text.vocabulary)
    times = np.bincount(text.ids, minlength=size).astype(np.int64)
    times[:FIRST_WORD] = 0
    order = np.argsort(-times, kind="stable")
    order = order[times[order] >= max(min_count, 1)]
    words = text.vocabulary.words(order)
    if np.array_equal(order, np.arange(FIRST_WORD, size)):
        return text.ids, words, times[order]
    new_ids = np.full(size, UNK, np.int32)
    new_ids[[BOS, EOS]] = BOS, EOS
    new_ids[order] = np.arange(FIRST_WORD, FIRST_WORD + len(order))
    return new_ids[text.ids], words, times[order]


def _blocks(ids: NDArray[np.int32], size: int) -> Iterator[tuple[int, int]]:
    """Ranges of ids, each of whole sentences where these are not longer than a block."""
    first = 0
    while first < len(ids):
        end = first + size
        begins = np.flatnonzero(ids[end : end + size] == BOS)
        if len(begins):
            end += int(begins[0])
        elif end + size >= len(ids):  # all that is left is one sentence
            end = len(ids)
        yield first, end
        first = end
