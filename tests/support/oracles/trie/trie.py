"""The trie: sorting and linking n-grams with dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class TrieOracle:
    """The columns of an n-gram trie from a plain set of n-grams of word ids.

    Rows of one order are sorted by history read backwards, then word. Order 1 has a row for every word id.
    """

    def __init__(self, ngrams: Mapping[int, Iterable[tuple[int, ...]]], vocabulary_size: int) -> None:
        self.order = max(ngrams)
        self.rows: dict[int, list[tuple[int, ...]]] = {1: [(word,) for word in range(vocabulary_size)]}
        self.histories: dict[int, list[tuple[int, ...]]] = {}
        for k in range(2, self.order + 1):
            self.rows[k] = sorted(ngrams[k], key=lambda ngram: (ngram[-2::-1], ngram[-1]))
        for k in range(1, self.order + 1):
            self.histories[k] = sorted({row[:-1] for row in self.rows[k]}, key=lambda history: history[::-1])

    def words(self, k: int) -> list[int]:
        return [row[-1] for row in self.rows[k]]

    def suffixes(self, k: int) -> list[int]:
        return [0 if k == 1 else self.rows[k - 1].index(row[1:]) for row in self.rows[k]]

    def starts(self, k: int) -> list[int]:
        firsts = [row[:-1] for row in self.rows[k]]
        return [firsts.index(history) for history in self.histories[k]] + [len(firsts)]

    def parents(self, k: int) -> list[int]:
        return [0 if k == 1 else self.histories[k - 1].index(history[1:]) for history in self.histories[k]]

    def first_words(self, k: int) -> list[int]:
        return [-1 if k == 1 else history[0] for history in self.histories[k]]

    def histories_of_rows(self, k: int) -> list[int]:
        """For each row the index of its history."""
        return [self.histories[k].index(row[:-1]) for row in self.rows[k]]

    def history_of_row(self, k: int) -> list[int]:
        """For each row its own number as a history of order k + 1, -1 when nothing follows it."""
        above = self.histories[k + 1]
        return [above.index(row) if row in above else -1 for row in self.rows[k]]

    def history_rows(self, k: int) -> list[int]:
        """For each history of order k its own row in the order below."""
        return [self.rows[k - 1].index(history) for history in self.histories[k]]
