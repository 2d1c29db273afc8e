"""What all smoothing methods share: the recursion over orders, with one count at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from support.oracles.counts import BOS, EOS, UNK, CountOracle, Ngram, Number, Table, by_history


class SmoothingOracle(ABC):
    """One smoothed model, evaluated by recursion from the definition.

    A method says how much probability each seen word keeps (`seen`) and how much a history leaves (`left`).
    Interpolated: p(w|h) = seen + left p(w|h'). Back-off: seen words keep `seen`, the others share the rest in
    proportion to p(w|h'); a word that keeps nothing is one of the others. Unigrams are interpolated with the uniform
    distribution in both forms. An unseen history answers as its own back-off history. ``closed`` leaves <unk> out of
    the counts and of the vocabulary. An n-gram that occurs as often as the cut-off of its order or less is counted,
    but what it would keep is given away too.
    """

    uses_continuation = False

    def __init__(
        self,
        counts: CountOracle,
        *,
        interpolate: bool = True,
        closed: bool = False,
        cutoffs: Sequence[int] = (),
        number: Callable[[Any], Number] = Fraction,
    ) -> None:
        counts = counts.without_unknown() if closed else counts
        self.order = counts.order
        self.interpolate = interpolate
        self.number = number
        self.events = [word for word in counts.events if not (closed and word == UNK)]
        self.known_words = {*self.events, BOS}
        flat = {k: counts.continuation(k) if self.uses_continuation else counts.raw[k] for k in counts.raw}
        self.tables: dict[int, Table] = {k: by_history(table) for k, table in flat.items()}
        self.count_of_counts = {k: Counter(table.values()) for k, table in flat.items()}
        cutoff = {k: cutoffs[min(k, len(cutoffs)) - 1] if cutoffs else 0 for k in counts.raw}
        self.cut = {ngram for k, table in counts.raw.items() for ngram, c in table.items() if c <= cutoff[k]}
        self._shares: dict[Ngram, tuple[Number, Number]] = {}
        self._known: dict[tuple[str, Ngram], Number] = {}
        self._given_away: dict[Ngram, Number] = {}
        self.prepare()

    def prepare(self) -> None:  # noqa: B027 (most methods need nothing here)
        """Parameters that a method computes once."""

    @abstractmethod
    def seen(self, k: int, history: Ngram, count: int) -> Number:
        """The probability that a word with this count keeps after this history."""

    @abstractmethod
    def left(self, k: int, history: Ngram) -> Number:
        """The probability that the seen words of this history give away."""

    def total(self, k: int, history: Ngram) -> Number:
        """c(h): the sum of the counts after a history."""
        return self.number(sum(self.tables[k][history].values()))

    def types(self, k: int, history: Ngram) -> int:
        """N1+(h.): how many distinct words follow a history."""
        return len(self.tables[k][history])

    def prob(self, word: str, history: Sequence[str]) -> Number:
        """p(word | history); words outside the vocabulary are <unk>."""
        known = self.known_words
        history = tuple(other if other in known else UNK for other in history)
        return self._prob(word if word in known else UNK, history[max(0, len(history) - self.order + 1) :])

    def distribution(self, history: Sequence[str]) -> dict[str, Number]:
        return {word: self.prob(word, history) for word in self.events}

    def sentence_prob(self, sentence: Sequence[str]) -> Number:
        """Product over the words of a sentence and its end."""
        tokens = (BOS, *sentence, EOS)
        product = self.number(1)
        for i in range(1, len(tokens)):
            product *= self.prob(tokens[i], tokens[:i])
        return product

    def uniform(self, word: str) -> Number:
        return self.number(1) / len(self.events) if word in self.events else self.number(0)

    def _keeps(self, word: str, history: Ngram) -> Number:
        """What a word keeps after a seen history; nothing for unseen words and for those that are cut off."""
        k = len(history) + 1
        count = self.tables[k][history].get(word, 0)
        return self.seen(k, history, count) if count and (*history, word) not in self.cut else self.number(0)

    def _gives_away(self, history: Ngram) -> Number:
        if history not in self._given_away:
            k = len(history) + 1
            cut = [count for word, count in self.tables[k][history].items() if (*history, word) in self.cut]
            self._given_away[history] = self.left(k, history) + sum(
                self.seen(k, history, count) for count in cut
            )
        return self._given_away[history]

    def _prob(self, word: str, history: Ngram) -> Number:
        if (word, history) not in self._known:
            self._known[word, history] = self._compute(word, history)
        return self._known[word, history]

    def _compute(self, word: str, history: Ngram) -> Number:
        if history not in self.tables[len(history) + 1]:
            return self._prob(word, history[1:]) if history else self.uniform(word)
        lower = self._prob(word, history[1:]) if history else self.uniform(word)
        if self.interpolate or not history:
            return self._keeps(word, history) + self._gives_away(history) * lower
        scale, weight = self._share(history)
        return self._keeps(word, history) * scale or weight * lower

    def _share(self, history: Ngram) -> tuple[Number, Number]:
        """Factor on the words that keep something (1 unless no other word can take the rest), back-off weight."""
        if history not in self._shares:
            shares = {word: self._keeps(word, history) for word in self.events}
            kept = sum(shares.values())
            free = [self._prob(word, history[1:]) for word, share in shares.items() if not share]
            one, nothing = self.number(1), self.number(0)
            self._shares[history] = (one, (1 - kept) / sum(free)) if any(free) else (1 / kept, nothing)
        return self._shares[history]
