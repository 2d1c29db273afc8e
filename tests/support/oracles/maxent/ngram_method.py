"""Maximum entropy by the definition: every history, outcome and feature; Newton's method on the whole Hessian."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from support.oracles.counts import BOS, EOS, UNK, CountOracle, Ngram, Number
from support.oracles.smoothing.base import SmoothingOracle

Floats = NDArray[np.float64]
Active = Callable[[Ngram, Any], Sequence[Hashable]]


class ExponentialOracle:
    """p(o|h) = exp(sum of the l of the features of o after h) / the same summed over all outcomes.

    The l minimize L + sum l^2 / (2 sigma^2), L in nats; those of features that were never active in an event are 0.

    Args:
        events: how often each outcome came after each history.
        outcomes: what may come after a history.
        active: the names of the features of an outcome after a history.
        sigma2: the variance of the prior.
    """

    def __init__(
        self,
        events: Mapping[tuple[Ngram, Any], int],
        outcomes: Callable[[Ngram], Sequence[Any]],
        active: Active,
        sigma2: float,
    ) -> None:
        self.text, self.outcomes, self.named, self.sigma2 = events, outcomes, active, sigma2
        names = dict.fromkeys(name for history, outcome in events for name in active(history, outcome))
        self.features = {name: number for number, name in enumerate(names)}
        self._matrices: dict[Ngram, Floats] = {}
        self._shares: dict[Ngram, tuple[dict[Any, float], float]] = {}  # after training
        self.lambdas = np.zeros(len(self.features))
        found = self.objective(self.lambdas)
        for _ in range(200 if len(self.features) else 0):
            value, gradient, hessian = found
            step = np.linalg.solve(hessian, -gradient)
            size = 1.0
            while (found := self.objective(self.lambdas + size * step))[0] > value + 1e-12 * abs(value):
                size /= 2
            self.lambdas = self.lambdas + size * step
            if np.abs(step).max() < 1e-12:
                break

    def active(self, outcome: Any, history: Ngram) -> list[int]:
        """The features of an outcome after a history, by number."""
        return [self.features[name] for name in self.named(history, outcome) if name in self.features]

    def matrix(self, history: Ngram) -> Floats:
        """1 where a feature is active for an outcome after a history: a row for each outcome."""
        if history not in self._matrices:
            outcomes = self.outcomes(history)
            matrix = self._matrices[history] = np.zeros((len(outcomes), len(self.features)))
            for place, outcome in enumerate(outcomes):
                matrix[place, self.active(outcome, history)] = 1.0
        return self._matrices[history]

    def objective(self, lambdas: Floats) -> tuple[float, Floats, Floats]:
        """(L + the penalty in nats, gradient, Hessian)."""
        value = float(lambdas @ lambdas) / (2 * self.sigma2)
        gradient = lambdas / self.sigma2
        hessian = np.eye(len(lambdas)) / self.sigma2
        for history in {history for history, _ in self.text}:
            outcomes, matrix = self.outcomes(history), self.matrix(history)
            scores = matrix @ lambdas
            probs = np.exp(scores) / np.exp(scores).sum()
            mean = probs @ matrix
            used = np.flatnonzero(mean)
            some = matrix[:, used]
            bend = (some.T * probs) @ some - np.outer(mean[used], mean[used])
            for place, outcome in enumerate(outcomes):
                if times := self.text.get((history, outcome), 0):
                    value -= times * float(np.log(probs[place]))
                    gradient = gradient + times * (mean - matrix[place])
                    hessian[np.ix_(used, used)] += times * bend
        return value, gradient, hessian

    def prob(self, outcome: Any, history: Ngram) -> float:
        if history not in self._shares:
            scores = {
                o: float(np.exp(self.lambdas[self.active(o, history)].sum())) for o in self.outcomes(history)
            }
            self._shares[history] = scores, sum(scores.values())
        scores, total = self._shares[history]
        return scores[outcome] / total


class _OfText(SmoothingOracle):
    """What comes from a text: every token is an event, with as many words before it as the order lets it see."""

    def __init__(self, counts: CountOracle, *, sigma2: float, **options: Any) -> None:
        self.sigma2 = sigma2
        self.sentences = counts.sentences
        super().__init__(counts, number=float, **options)

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        raise NotImplementedError("no share of a history is kept")

    def left(self, k: int, history: Ngram) -> Number:
        raise NotImplementedError("and none given away")

    def token_events(self) -> Counter[tuple[Ngram, str]]:
        text: Counter[tuple[Ngram, str]] = Counter()
        for sentence in self.sentences:
            tokens = (BOS, *sentence, EOS)
            for i in range(1, len(tokens)):
                if tokens[i] in self.events:
                    text[tokens[max(0, i - self.order + 1) : i], tokens[i]] += 1
        return text

    def is_counted(self, ngram: Ngram) -> bool:
        return (
            bool(self.tables.get(len(ngram), {}).get(ngram[:-1], {}).get(ngram[-1])) and ngram not in self.cut
        )


def endings(history: Ngram) -> list[Ngram]:
    """The last words of a history: none, the last, the last two, .."""
    return [history[i:] for i in range(len(history), -1, -1)]


class MaxEntOracle(_OfText):
    """p(w|h) with the n-grams g w for features, over the g that h ends with, that were counted and not cut off."""

    def prepare(self) -> None:
        self.text = self.token_events()
        self.model = ExponentialOracle(self.text, lambda _: self.events, self.named, self.sigma2)
        self.features, self.objective, self.active = (
            self.model.features,
            self.model.objective,
            self.model.active,
        )

    def named(self, history: Ngram, word: str) -> list[Ngram]:
        return [(*end, word) for end in endings(history) if self.is_counted((*end, word))]

    def _compute(self, word: str, history: Ngram) -> Number:
        return self.model.prob(word, history) if word in self.events else 0.0


class ClassMaxEntOracle(_OfText):
    """p(c|h) p(w|h,c) with n-grams of words before a class, of classes before a class, and of words.

    Words that `classes` leaves out are one class; <unk> and </s> are each one of its own.
    """

    def __init__(self, counts: CountOracle, *, classes: Mapping[str, int], **options: Any) -> None:
        self.groups = classes
        super().__init__(counts, **options)

    def class_of(self, word: str) -> Hashable:
        return word if word in (UNK, BOS, EOS) else self.groups.get(word, "rest")

    def prepare(self) -> None:
        text = self.token_events()
        classes = list(dict.fromkeys(self.class_of(word) for word in self.events))
        known = {ngram for table in self.tables.values() for h in table for ngram in [h]}
        self.histories = known
        of_classes: Counter[tuple[Ngram, Any]] = Counter()
        for (history, word), times in text.items():
            of_classes[self.known(history), self.class_of(word)] += times
        self.first = ExponentialOracle(of_classes, lambda _: classes, self.named_class, self.sigma2)
        within: Counter[tuple[Ngram, Any]] = Counter()
        for (history, word), times in text.items():
            within[(*history, self.class_of(word)), word] += times  # type: ignore[index]
        self.second = ExponentialOracle(within, self.words_of, self.named_word, self.sigma2)

    def known(self, history: Ngram) -> Ngram:
        """As much of a history as is a history of some n-gram: over a closed vocabulary <unk> ends it."""
        while history and history not in self.histories:
            history = history[1:]
        return history

    def named_class(self, history: Ngram, outcome: Hashable) -> list[Hashable]:
        named: list[Hashable] = []
        for end in endings(history):
            named.append(("classes", *map(self.class_of, end), outcome))
            if end:
                named.append(("words", *end, outcome))
        return named

    def words_of(self, history: Ngram) -> list[str]:
        return [word for word in self.events if self.class_of(word) == history[-1]]

    def named_word(self, history: Ngram, word: str) -> list[Ngram]:
        return [(*end, word) for end in endings(history[:-1]) if self.is_counted((*end, word))]

    def _compute(self, word: str, history: Ngram) -> Number:
        if word not in self.events:
            return 0.0
        group = self.class_of(word)
        return self.first.prob(group, history) * self.second.prob(word, (*history, group))  # type: ignore[arg-type]
