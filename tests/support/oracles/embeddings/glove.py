"""Co-occurrences and GloVe, slow and obvious, sharing no code with the library."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

Pairs = dict[tuple[str, str], Fraction]
Floats = np.ndarray[Any, np.dtype[np.float64]]


def cooccurrence_oracle(
    sentences: Sequence[Sequence[str]],
    known: Collection[str],
    window: int,
    symmetric: bool = True,
    weighting: str = "harmonic",
) -> Pairs:
    """X of every pair that occurs: all pairs of places of a sentence are looked at."""
    found: Pairs = {}
    for sentence in sentences:
        words = [word for word in sentence if word in known]
        for i, word in enumerate(words):
            for j, other in enumerate(words):
                distance = i - j  # above 0 where the other stands to the left
                if distance == 0 or abs(distance) > window or (distance < 0 and not symmetric):
                    continue
                weight = Fraction(1, abs(distance)) if weighting == "harmonic" else Fraction(1)
                found[word, other] = found.get((word, other), Fraction()) + weight
    return found


def loss_of(value: float, w: Floats, c: Floats, x_max: float, alpha: float) -> float:
    """f(X) (w.c + b + b~ - ln X)^2; the last value of each row is its bias."""
    f = min(1.0, (value / x_max) ** alpha)
    return float(f * (w[:-1] @ c[:-1] + w[-1] + c[-1] - np.log(value)) ** 2)


class GloveOracle:
    """The parameters of a model and what glove.c does with a record, in float64.

    It takes half the slope of the loss, limits it, and multiplies it by eta *before* it is squared and added up; the
    biases have neither limit nor eta.
    """

    def __init__(
        self, words: Any, contexts: Any, x_max: float, alpha: float, eta: float, limit: float = 100.0
    ) -> None:
        self.words = np.array(words, np.float64)
        self.contexts = np.array(contexts, np.float64)
        self.word_squares = np.ones_like(self.words)
        self.context_squares = np.ones_like(self.contexts)
        self.x_max, self.alpha, self.eta, self.limit = x_max, alpha, eta, limit

    def step(self, row: int, column: int, value: float) -> float:
        """Train a record; returns its loss before."""
        w, c = self.words[row], self.contexts[column]
        loss = loss_of(value, w, c, self.x_max, self.alpha)
        f = 1.0 if value >= self.x_max else (value / self.x_max) ** self.alpha
        fdiff = f * (w[:-1] @ c[:-1] + w[-1] + c[-1] - np.log(value))
        w_step = np.append(self.eta * np.clip(fdiff * c[:-1], -self.limit, self.limit), fdiff)
        c_step = np.append(self.eta * np.clip(fdiff * w[:-1], -self.limit, self.limit), fdiff)
        w -= w_step / np.sqrt(self.word_squares[row])
        c -= c_step / np.sqrt(self.context_squares[column])
        self.word_squares[row] += w_step**2
        self.context_squares[column] += c_step**2
        return loss
