"""word2vec and fastText as the papers have them, in float64 and one number at a time; shares no code with the library.

Only what is drawn has to agree with the library to the bit: splitmix64, which of its bits are used, and in what order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Rows = np.ndarray[Any, np.dtype[np.float64]]
ALWAYS = 2**32 - 1


class SplitMix64:
    """Steele, Lea & Flood (2014), as published: state += golden gamma, then Stafford's mix 13."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def draw(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        z = self.state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return z ^ (z >> 31)


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0  # math.exp overflows


@dataclass
class Prediction:
    """What one input is to tell apart: (row of the outputs, label, times)."""

    outputs: list[tuple[int, float, float]]


def loss_of(hidden: Rows, outputs: Rows, prediction: Prediction) -> float:
    """-log of the probability of all labels, in nats (Mikolov et al. 2013, eq. 4; Morin & Bengio 2005 for paths)."""
    total = 0.0
    for row, label, times in prediction.outputs:
        wrong = float(hidden @ outputs[row]) * (-1 if label == 1 else 1)
        total += times * (math.log1p(math.exp(wrong)) if wrong < 30 else wrong)  # -log logistic(-wrong)
    return total


@dataclass
class Word2VecOracle:
    """Trains `inputs` and `outputs` (float64) in place.

    Args:
        keep, thresholds, aliases: as the library draws: whole numbers below 2^32, and words.
        paths: per word, (inner node, label) from the root; None draws noise.
        subwords: per word, the rows of inputs whose mean it is; None: the word's own row.
    """

    inputs: Rows
    outputs: Rows
    keep: Sequence[int]
    thresholds: Sequence[int]
    aliases: Sequence[int]
    paths: Sequence[Sequence[tuple[int, int]]] | None
    subwords: Sequence[Sequence[int]] | None
    window: int
    negatives: int
    skip_gram: bool
    shared: bool
    exact: bool
    summed: bool = False
    loss: float = 0.0

    def train(self, ids: Sequence[int], seed: int, rate: float, rate_step: float) -> int:
        random = SplitMix64(seed)
        n_kept = 0
        for first, piece in _pieces(ids):
            kept = []
            for id in piece:
                if id == 0:
                    continue
                word = id - 3
                if self.keep[word] == ALWAYS or random.draw() >> 32 < self.keep[word]:
                    kept.append(word)
            # all is drawn before it is trained: the library draws a window ahead, which is the same order
            for step in [self._draw(kept, at, random) for at in range(len(kept))]:
                self._train(step, rate - rate_step * first)
            n_kept += len(kept)
        return n_kept

    def _draw(self, kept: list[int], at: int, random: SplitMix64) -> tuple[list[int], list[Prediction]]:
        reach = 1 + ((random.draw() >> 32) * self.window >> 32)
        around = [kept[j] for j in range(max(0, at - reach), min(len(kept), at + reach + 1)) if j != at]
        if not around:
            return [], []
        if self.skip_gram and self.subwords is not None:
            return [kept[at]], [self._prediction(word, random) for word in around]
        if self.skip_gram and not self.shared and self.paths is None:
            return around, [self._prediction(kept[at], random) for _ in around]
        return around, [self._prediction(kept[at], random)]

    def _prediction(self, word: int, random: SplitMix64) -> Prediction:
        if self.paths is not None:
            return Prediction([(node, float(label), 1.0) for node, label in self.paths[word]])
        noise: dict[int, float] = {}
        for _ in range(self.negatives):
            bits = random.draw()
            drawn = (bits >> 32) * len(self.keep) >> 32
            if bits % 2**32 >= self.thresholds[drawn]:
                drawn = self.aliases[drawn]
            if drawn != word:
                noise[drawn] = noise.get(drawn, 0.0) + 1
        return Prediction([(word, 1.0, 1.0), *((row, 0.0, times) for row, times in noise.items())])

    def _rows(self, words: list[int]) -> list[int]:
        return words if self.subwords is None else [row for word in words for row in self.subwords[word]]

    def _train(self, step: tuple[list[int], list[Prediction]], rate: float) -> None:
        words, predictions = step
        if not words:
            return
        rows = self._rows(words)
        if self.skip_gram and self.subwords is None:
            if len(predictions) == 1:
                self._move(rows, predictions[0], rate)
            else:
                for row, prediction in zip(rows, predictions, strict=True):
                    self._move([row], prediction, rate)
            return
        hidden = self.inputs[rows].sum(axis=0) / (1 if self.summed else len(rows))
        error = np.zeros_like(hidden)
        for prediction in predictions:
            self.loss += loss_of(hidden, self.outputs, prediction)
            gains = self._gains(hidden, prediction, rate)
            for (row, _, _), gain in zip(prediction.outputs, gains, strict=True):
                error += gain * self.outputs[row]
                self.outputs[row] += gain * hidden
        for row in rows:
            self.inputs[row] += error / (len(rows) if self.exact else 1)

    def _gains(self, hidden: Rows, prediction: Prediction, rate: float) -> list[float]:
        return [
            rate * times * (label - logistic(float(hidden @ self.outputs[row])))
            for row, label, times in prediction.outputs
        ]

    def _move(self, rows: list[int], prediction: Prediction, rate: float) -> None:
        """Scores come first, for all rows; outputs of more than eight rows see all inputs as they were."""
        gains = []
        for row in rows:
            self.loss += loss_of(self.inputs[row], self.outputs, prediction)
            gains.append(self._gains(self.inputs[row], prediction, rate))
        before = self.outputs.copy()
        many = len(prediction.outputs) > 8
        seen = self.inputs.copy()
        for row, own in zip(rows, gains, strict=True):
            old = seen[row].copy() if many else self.inputs[row].copy()
            for (output, _, _), gain in zip(prediction.outputs, own, strict=True):
                self.inputs[row] += gain * before[output]
                self.outputs[output] += gain * old


def _pieces(ids: Sequence[int], longest: int = 1000) -> Iterator[tuple[int, list[int]]]:
    """(where it begins, ids) of sentences, which end at <s> and </s> and are cut after a thousand ids."""
    first, piece = 0, []
    for at, id in enumerate(ids):
        if id not in (1, 2):
            piece.append(id)
        if id in (1, 2) or at + 1 - first == longest or at + 1 == len(ids):
            yield first, piece
            first, piece = at + 1, []


def numeric_gradient(function: Any, at: Rows, step: float = 1e-6) -> Rows:
    """Central differences, one coordinate at a time."""
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        kept = at[index]
        at[index] = kept + step
        above = function()
        at[index] = kept - step
        gradient[index] = (above - function()) / (2 * step)
        at[index] = kept
    return gradient
