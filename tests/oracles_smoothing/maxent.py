"""Maximum entropy by the definition: every history, every word, every feature; Newton's method on the whole Hessian."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from oracles import BOS, EOS, CountOracle, Ngram, Number, SmoothingOracle

Floats = NDArray[np.float64]


class MaxEntOracle(SmoothingOracle):
    """p(w|h) = exp(sum of l(g w)) / (the same summed over all words), over the n-grams g w that h w ends with.

    A feature is an n-gram that was counted and not cut off. Every token of the text is an event, with as many of the
    words before it as the order lets it see. The l minimize L + sum l^2 / (2 sigma^2), L in nats.
    """

    def __init__(self, counts: CountOracle, *, sigma2: float, **options: Any) -> None:
        self.sigma2 = sigma2
        self.sentences = counts.sentences
        super().__init__(counts, number=float, **options)

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        raise NotImplementedError("no share of a history is kept")

    def left(self, k: int, history: Ngram) -> Number:
        raise NotImplementedError("and none given away")

    def prepare(self) -> None:
        ngrams = [
            (*history, word)
            for k in sorted(self.tables)
            for history, words in self.tables[k].items()
            for word, count in words.items()
            if count and (*history, word) not in self.cut
        ]
        self.features = {ngram: number for number, ngram in enumerate(ngrams)}
        self.text: Counter[tuple[Ngram, str]] = Counter()
        for sentence in self.sentences:
            tokens = (BOS, *sentence, EOS)
            for i in range(1, len(tokens)):
                if tokens[i] in self.events:
                    self.text[self.visible(tokens[:i]), tokens[i]] += 1
        self.lambdas = np.zeros(len(self.features))
        for _ in range(200):
            value, gradient, hessian = self.objective(self.lambdas)
            step = np.linalg.solve(hessian, -gradient)
            size = 1.0
            while self.objective(self.lambdas + size * step)[0] > value + 1e-12 * abs(value):
                size /= 2
            self.lambdas = self.lambdas + size * step
            if np.abs(step).max() < 1e-12:
                break

    def visible(self, history: Ngram) -> Ngram:
        return history[max(0, len(history) - self.order + 1) :]

    def active(self, word: str, history: Ngram) -> list[int]:
        """The features of a word after a history."""
        tokens = (*history, word)
        return [
            self.features[tokens[i:]] for i in range(len(tokens) - 1, -1, -1) if tokens[i:] in self.features
        ]

    def matrix(self, history: Ngram) -> Floats:
        """float64[events, features]: 1 where a feature is active for a word after the history."""
        matrix = np.zeros((len(self.events), len(self.features)))
        for place, word in enumerate(self.events):
            matrix[place, self.active(word, history)] = 1.0
        return matrix

    def objective(self, lambdas: Floats) -> tuple[float, Floats, Floats]:
        """(L + the penalty in nats, gradient, Hessian)."""
        value = float(lambdas @ lambdas) / (2 * self.sigma2)
        gradient = lambdas / self.sigma2
        hessian = np.eye(len(lambdas)) / self.sigma2
        for history in {history for history, _ in self.text}:
            matrix = self.matrix(history)
            scores = matrix @ lambdas
            probs = np.exp(scores) / np.exp(scores).sum()
            mean = probs @ matrix
            for place, word in enumerate(self.events):
                if times := self.text[history, word]:
                    value -= times * float(np.log(probs[place]))
                    gradient = gradient + times * (mean - matrix[place])
                    used = np.flatnonzero(mean)
                    some = matrix[:, used]
                    hessian[np.ix_(used, used)] += times * (
                        (some.T * probs) @ some - np.outer(mean[used], mean[used])
                    )
        return value, gradient, hessian

    def _compute(self, word: str, history: Ngram) -> Number:
        if word not in self.events:
            return 0.0
        scores = {other: self.lambdas[self.active(other, history)].sum() for other in self.events}
        return float(np.exp(scores[word]) / sum(np.exp(score) for score in scores.values()))
