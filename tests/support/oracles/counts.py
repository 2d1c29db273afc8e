"""Slow, obvious implementations of what the compiled core computes; the tests compare the two.

Nothing here knows rows, columns or word ids: an n-gram is a tuple of words, oldest first, and every table is a
dictionary. Only the standard library is used. With ``number=Fraction`` (the default) probabilities are exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
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


# ---------------------------------------------------------------------------------------------------------- trie


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


# ------------------------------------------------------------------------------------------------ back-off tables


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


# ----------------------------------------------------------------------------------------------------- smoothing


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
        flat = {k: counts.continuation(k) if self.uses_continuation else counts.raw[k] for k in counts.raw}
        self.tables: dict[int, Table] = {k: by_history(table) for k, table in flat.items()}
        self.count_of_counts = {k: Counter(table.values()) for k, table in flat.items()}
        cutoff = {k: cutoffs[min(k, len(cutoffs)) - 1] if cutoffs else 0 for k in counts.raw}
        self.cut = {ngram for k, table in counts.raw.items() for ngram, c in table.items() if c <= cutoff[k]}
        self._shares: dict[Ngram, tuple[Number, Number]] = {}
        self._known: dict[tuple[str, Ngram], Number] = {}
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
        known = {*self.events, BOS}
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
        k = len(history) + 1
        cut = [count for word, count in self.tables[k][history].items() if (*history, word) in self.cut]
        return self.left(k, history) + sum(self.seen(k, history, count) for count in cut)

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
            kept = sum(self._keeps(word, history) for word in self.events)
            others = [word for word in self.events if not self._keeps(word, history)]
            free = [self._prob(word, history[1:]) for word in others]
            one, nothing = self.number(1), self.number(0)
            self._shares[history] = (one, (1 - kept) / sum(free)) if any(free) else (1 / kept, nothing)
        return self._shares[history]


class WittenBellOracle(SmoothingOracle):
    """c(hw) / (c(h) + N1+(h.)); the rest is N1+(h.) / (c(h) + N1+(h.)). Witten & Bell (1991), method C."""

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return count / (self.total(k, history) + self.types(k, history))

    def left(self, k: int, history: Ngram) -> Number:
        return self.types(k, history) / (self.total(k, history) + self.types(k, history))


class DiscountOracle(SmoothingOracle):
    """(c(hw) - D(c)) / c(h); the rest is what the discounts took.

    `discounts[k]` holds D(1), D(2), .. of order k; the last of them holds for all larger counts too.
    """

    discounts: dict[int, tuple[Number, ...]]

    def discount(self, k: int, count: int) -> Number:
        return self.discounts[k][min(count, len(self.discounts[k])) - 1]

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return max(count - self.discount(k, count), self.number(0)) / self.total(k, history)

    def left(self, k: int, history: Ngram) -> Number:
        counts = self.tables[k][history].values()
        return sum(min(self.discount(k, count), self.number(count)) for count in counts) / self.total(
            k, history
        )


def single_discount(n: Mapping[int, int], number: Callable[[Any], Number]) -> Number | None:
    """D = n1 / (n1 + 2 n2); None when one of the two is zero. Ney, Essen & Kneser (1994)."""
    if not (n.get(1, 0) and n.get(2, 0)):
        return None
    return number(n[1]) / (n[1] + 2 * n[2])


def three_discounts(
    n: Mapping[int, int], number: Callable[[Any], Number], strict: bool = True
) -> tuple[Number, ...] | None:
    """D1, D2, D3+: Dj = j - (j + 1) Y n[j+1] / n[j] with Y = n1 / (n1 + 2 n2). Chen & Goodman (1998), eq. 26.

    None when one of n1 .. n3 is zero or a discount is not within 0 .. j; if `strict` also when n4 or a discount is 0.
    """
    if not all(n.get(j, 0) for j in ((1, 2, 3, 4) if strict else (1, 2, 3))):
        return None
    y = Fraction(n[1], n[1] + 2 * n[2])
    discounts = [j - (j + 1) * y * n.get(j + 1, 0) / n[j] for j in (1, 2, 3)]
    if strict and 0 in discounts:
        return None
    return tuple(map(number, discounts)) if all(0 <= discounts[j - 1] <= j for j in (1, 2, 3)) else None


class AbsoluteDiscountingOracle(DiscountOracle):
    """One discount per order: given, or n1 / (n1 + 2 n2), or 1/2 where that cannot be computed."""

    def __init__(self, counts: CountOracle, *, discount: Number | None = None, **options: Any) -> None:
        self.given = discount
        super().__init__(counts, **options)

    def prepare(self) -> None:
        half = self.number(1) / 2
        self.discounts = {}
        for k, n in self.count_of_counts.items():
            estimate = self.given if self.given is not None else single_discount(n, self.number)
            self.discounts[k] = (half if estimate is None else estimate,)


class KneserNeyOracle(AbsoluteDiscountingOracle):
    """Absolute discounting of continuation counts. Kneser & Ney (1995)."""

    uses_continuation = True


class ModifiedKneserNeyOracle(DiscountOracle):
    """Three discounts per order on continuation counts. Chen & Goodman (1998).

    Orders whose discounts cannot be estimated take `fallback` (n4 = 0 is then no obstacle, as in lmplz); when that is
    None they try D = n1 / (n1 + 2 n2) for all counts and take (1/2, 1, 3/2) last of all.
    """

    uses_continuation = True

    def __init__(
        self, counts: CountOracle, *, fallback: tuple[Number, ...] | None = None, **options: Any
    ) -> None:
        self.fallback = fallback
        super().__init__(counts, **options)

    def prepare(self) -> None:
        self.discounts = {k: self.estimate(n) for k, n in self.count_of_counts.items()}

    def estimate(self, n: Mapping[int, int]) -> tuple[Number, ...]:
        three = three_discounts(n, self.number, strict=self.fallback is None)
        if three is not None:
            return three
        if self.fallback is not None:
            return tuple(self.number(value) for value in self.fallback)
        single = single_discount(n, self.number)
        return (single,) if single is not None else tuple(self.number(j) / 2 for j in (1, 2, 3))
