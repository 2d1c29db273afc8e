"""A back-off model as two dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from support.oracles.counts import UNK, Ngram


class BackoffOracle:
    """The definition of an ARPA table: p(w|h) if hw is stored, else the back-off weight of h times p(w|h')."""

    def __init__(self, log10_probs: Mapping[Ngram, float], log10_backoffs: Mapping[Ngram, float]) -> None:
        self.log10_probs = log10_probs
        self.log10_backoffs = log10_backoffs
        self.order = max(len(ngram) for ngram in log10_probs)

    def score(self, word: str, history: Sequence[str]) -> tuple[float, int]:
        """log10 p(word | history) and the length of the n-gram that answered."""
        if (word,) not in self.log10_probs:
            word = UNK
        history = tuple(history)[max(0, len(history) - self.order + 1) :]
        ngram = (*history, word)
        if ngram in self.log10_probs:
            return self.log10_probs[ngram], len(ngram)
        rest, length = self.score(word, history[1:])
        return self.log10_backoffs.get(history, 0.0) + rest, length
