"""Maximum entropy with features of the running text, by the definition: every event, every word, every feature."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from support.oracles.counts import BOS, EOS

Feature = tuple[object, ...]
Sentences = Sequence[Sequence[str]]


class TextMaxEntOracle:
    """p(w) in proportion to exp of the sum of the l of all features that are active for w.

    The features are named: ("ngram", w1, .., wn), ("skip", word before the last, w), ("trigger", seen word, w) and
    ("cache", threshold, class of w), ("topic", t, w). Those that have no l are none. The topic is the first of those
    with the greatest sum of log p(w|t) / p(w) over the words of the sentences before, if there are such words.
    """

    def __init__(
        self,
        lambdas: Mapping[Feature, float],
        events: Sequence[str],
        order: int,
        classes: Mapping[str, int],
        topics: Sequence[Mapping[str, float]],
    ) -> None:
        self.topics = topics
        self.lambdas, self.events, self.order, self.classes = lambdas, events, order, classes
        self.thresholds = {feature[1] for feature in lambdas if feature[0] == "cache"}

    def active(self, word: str, history: Sequence[str], before: Sentences) -> list[Feature]:
        """The features of a word after a history, which begins with <s>, and sentences of the same document."""
        seen = Counter(w for sentence in (*before, history) for w in sentence if w != BOS)
        tokens = (*history, word)
        named: list[Feature] = [("ngram", *tokens[-k:]) for k in range(1, min(self.order, len(tokens)) + 1)]
        if len(history) > 1:
            named.append(("skip", history[-2], word))
        named += [("trigger", other, word) for other in seen]
        named += [
            ("cache", threshold, self.classes.get(word))
            for threshold in self.thresholds
            if isinstance(threshold, int) and seen[word] >= threshold
        ]
        named.append(("topic", self.topic(before), word))
        return [feature for feature in named if feature in self.lambdas]

    def topic(self, before: Sentences) -> int | None:
        words = [word for sentence in before for word in sentence]
        scores = [sum(ratios.get(word, 0.0) for word in words) for ratios in self.topics]
        return scores.index(max(scores)) if any(scores) else None

    def distribution(self, history: Sequence[str], before: Sentences = ()) -> dict[str, float]:
        scores = {
            word: math.exp(sum(self.lambdas[feature] for feature in self.active(word, history, before)))
            for word in self.events
        }
        total = sum(scores.values())
        return {word: score / total for word, score in scores.items()}

    def text_events(self, documents: Sequence[Sentences]) -> Iterator[tuple[str, tuple[str, ...], Sentences]]:
        """Every predicted token, with what stands before it in its sentence and in its document."""
        for document in documents:
            for place, sentence in enumerate(document):
                tokens = (BOS, *sentence, EOS)
                for i in range(1, len(tokens)):
                    yield tokens[i], tokens[:i], document[:place]

    def likelihood(
        self, documents: Sequence[Sentences]
    ) -> tuple[float, Counter[Feature], dict[Feature, float]]:
        """(minus the log likelihood in nats, how often each feature was active, and was expected to be)."""
        total, observed = 0.0, Counter[Feature]()
        expected = dict.fromkeys(self.lambdas, 0.0)
        for word, history, before in self.text_events(documents):
            probs = self.distribution(history, before)
            total -= math.log(probs[word])
            observed.update(self.active(word, history, before))
            for other, prob in probs.items():
                for feature in self.active(other, history, before):
                    expected[feature] += prob
        return total, observed, expected
