"""Counts and continuation counts of n-grams in dictionaries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

UNK, BOS, EOS = "<unk>", "<s>", "</s>"
RESERVED = (UNK, BOS, EOS)

Ngram = tuple[str, ...]
Table = Mapping[Ngram, Mapping[str, int]]
Number = Any  # Fraction or float; all arithmetic below works with either

# ---------------------------------------------------------------------------------------------------- vocabulary


def words_by_count(sentences: Iterable[Sequence[str]]) -> list[str]:
    """The words of a text without the reserved ones, by falling count, ties by their UTF-8 bytes."""
    totals = Counter(word for sentence in sentences for word in sentence if word not in RESERVED)
    return sorted(totals, key=lambda word: (-totals[word], word.encode()))


# -------------------------------------------------------------------------------------------------------- counts


class CountOracle:
    """Counts of all n-grams up to ``order``; a word outside ``vocabulary`` (when given) is counted as <unk>."""

    def __init__(
        self, sentences: Iterable[Sequence[str]], order: int, vocabulary: Iterable[str] | None = None
    ) -> None:
        sentences = [list(sentence) for sentence in sentences]
        self.order = order
        self.words = words_by_count(sentences) if vocabulary is None else list(vocabulary)
        known = {*self.words, *RESERVED}
        self.sentences = [[word if word in known else UNK for word in sentence] for sentence in sentences]
        self.complete = self  # the counts before any were left out
        self.raw: dict[int, Counter[Ngram]] = {k: Counter() for k in range(1, order + 1)}
        for sentence in self.sentences:
            tokens = (BOS, *sentence, EOS)
            for last in range(1, len(tokens)):
                for k in range(1, min(order, last + 1) + 1):
                    self.raw[k][tokens[last - k + 1 : last + 1]] += 1

    @property
    def highest(self) -> int:
        """The highest order that has any n-gram; the unigrams are always there."""
        return max([1, *(k for k, table in self.raw.items() if table)])

    @property
    def events(self) -> list[str]:
        """Every word that can be predicted: the vocabulary, </s> and <unk>, but not <s>."""
        return [UNK, EOS, *self.words]

    def without_unknown(self) -> CountOracle:
        """The same counts without the n-grams that hold <unk> anywhere."""
        kept = CountOracle([], self.order, self.words)
        kept.sentences = self.sentences
        kept.complete = self
        kept.raw = {
            k: Counter({g: c for g, c in table.items() if UNK not in g}) for k, table in self.raw.items()
        }
        return kept

    def truncate(self, order: int) -> CountOracle:
        """The same counts up to a smaller order."""
        return CountOracle(self.sentences, order, self.words)

    def continuation(self, k: int) -> Counter[Ngram]:
        """Distinct words before each k-gram, <unk> among them even where n-grams with <unk> have been left out.

        Raw counts at the highest order and for the k-grams that begin with <s>, before which nothing can stand.
        """
        if k == self.order:
            return Counter(self.raw[k])
        before = Counter(ngram[1:] for ngram in self.complete.raw[k + 1])
        return Counter({g: count if g[0] == BOS else before[g] for g, count in self.raw[k].items()})

    def count_of_counts(self, k: int, continuation: bool = False) -> Counter[int]:
        """How many k-grams have each count: n_r."""
        return Counter((self.continuation(k) if continuation else self.raw[k]).values())


def by_history(ngrams: Mapping[Ngram, int]) -> dict[Ngram, dict[str, int]]:
    """Counts of one order, arranged as history -> word -> count."""
    table: dict[Ngram, dict[str, int]] = defaultdict(dict)
    for ngram, count in ngrams.items():
        table[ngram[:-1]][ngram[-1]] = count
    return dict(table)
