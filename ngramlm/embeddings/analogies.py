"""Word vectors against human judgement: the similarity of pairs, and analogies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ngramlm.core.files import Source, open_source, source_name
from ngramlm.core.validation import Number, choice
from ngramlm.embeddings.subword_vectors import SubwordVectors
from ngramlm.embeddings.vectors import METHODS, WordVectors, analogy_rows
from ngramlm.errors import FormatError, UsageError

__all__ = [
    "Analogies",
    "CategoryScore",
    "Pair",
    "Question",
    "WordSimilarity",
    "analogies",
    "neighbour_words",
    "read_pairs",
    "read_questions",
    "word_similarity",
]

Pair = tuple[str, str, float]
Question = tuple[str, str, str, str]

CASES = ("exact", "lower")
LONGEST_FILE = 1 << 28  # bytes; lists of pairs have some thousand lines
SIMLEX = ("word1", "word2", "SimLex999")  # the columns that matter
_CASE = choice(*CASES)
_FOLDS: dict[str, Callable[[str], str]] = {"exact": str, "lower": str.lower}
_RESTRICT = Number(least=1, whole=True, optional=True)


@dataclass(frozen=True)
class WordSimilarity:
    """How the cosines of pairs of words follow what people say of them.

    Attributes:
        spearman: the rank correlation over the pairs that were used, -1 to 1; NaN where there are fewer than two, or
            all are alike.
        used: the pairs of which both words are known; the others are left out.
        pairs: all pairs.
        case: whether words were compared as they are, or in lower case.
    """

    spearman: float
    used: int
    pairs: int
    case: str

    @property
    def coverage(self) -> float:
        """The part of the pairs that was used."""
        return self.used / self.pairs


@dataclass(frozen=True)
class CategoryScore:
    """Questions of one category: how many there are, how many could be asked, how many were answered right."""

    name: str
    correct: int
    asked: int
    questions: int

    @property
    def accuracy(self) -> float:
        """The part of those asked that was answered right; NaN where none could be asked."""
        return self.correct / self.asked if self.asked else float("nan")


@dataclass(frozen=True)
class Analogies:
    """Answers to analogies; a question is asked if all its four words are among those that can be answers.

    Attributes:
        categories: the scores of each, in the order of the questions.
        method: ``add`` (3CosAdd) or ``multiply`` (3CosMul).
        restrict: how many words could be answers, the first ones.
        case: whether words were compared as they are, or in lower case.
    """

    categories: tuple[CategoryScore, ...]
    method: str
    restrict: int
    case: str

    @property
    def total(self) -> CategoryScore:
        """All categories together."""
        sums = (
            sum(getattr(one, part) for one in self.categories) for part in ("correct", "asked", "questions")
        )
        return CategoryScore("total", *sums)

    @property
    def coverage(self) -> float:
        """The part of the questions that could be asked."""
        return self.total.asked / self.total.questions


def word_similarity(vectors: WordVectors, pairs: Sequence[Pair], case: str = "exact") -> WordSimilarity:
    """Spearman's correlation of the cosines of pairs with their scores; pairs with an unknown word are left out.

    Args:
        vectors: those judged.
        pairs: (word, word, score), as `read_pairs` gives them.
        case: "lower" compares words in lower case; of words that then are the same, the first one is taken.

    `SubwordVectors` judge words that they do not know by their n-grams. Raises UsageError for no pairs, or scores that
    are not finite.

    >>> matrix = np.array([[1, 0], [2, 1], [0, 1]], np.float32)
    >>> pairs = [("cat", "dog", 9.0), ("dog", "tree", 3.0), ("cat", "tree", 1.0), ("cat", "zebra", 5.0)]
    >>> word_similarity(WordVectors(["cat", "dog", "tree"], matrix), pairs)
    WordSimilarity(spearman=1.0, used=3, pairs=4, case='exact')
    """
    from scipy.stats import spearmanr

    if not pairs:
        raise UsageError("found no pairs; expected at least one")
    if not np.isfinite([score for *_, score in pairs]).all():
        raise UsageError("found a score that is no number; expected finite scores")
    known = _folded(vectors.words, case)
    fold = _FOLDS[case]

    def judged(word: str) -> str | None:
        row = known.get(fold(word))
        if row is not None:
            return vectors.words[row]
        return word if isinstance(vectors, SubwordVectors) and vectors.has_ngrams(word) else None

    named = [(judged(one), judged(other), score) for one, other, score in pairs]
    used = [(one, other, score) for one, other, score in named if one is not None and other is not None]
    cosines = [vectors.similarity(one, other) for one, other, _ in used]
    scores = [score for *_, score in used]
    alike = len(set(cosines)) < 2 or len(set(scores)) < 2
    rho = float("nan") if alike else float(spearmanr(cosines, scores).statistic)
    return WordSimilarity(rho, len(used), len(pairs), case)


def analogies(
    vectors: WordVectors,
    questions: Mapping[str, Sequence[Question]],
    method: str = "add",
    restrict: int | None = 30_000,
    case: str = "exact",
) -> Analogies:
    """How many analogies a : b = c : d the vectors answer with d, by category.

    Args:
        vectors: those judged.
        questions: the questions of every category, as `read_questions` gives them.
        method: "add" or "multiply", as for `WordVectors.analogy`.
        restrict: only the first so many words can be answers or be asked about, as word2vec does; None is all.
        case: "lower" compares words in lower case; of words that then are the same, only the first one counts.

    Questions with another word are left out, and counted. Raises UsageError for no questions.

    >>> words, matrix = ["man", "king", "woman", "queen", "tree"], [[1, 0], [1, 2], [-1, 0], [-1, 2], [0, -1]]
    >>> vectors = WordVectors(words, np.array(matrix, np.float32))
    >>> analogies(vectors, {"family": [("man", "king", "woman", "queen")]}).total
    CategoryScore(name='total', correct=1, asked=1, questions=1)
    """
    choice(*METHODS)("method", method)
    if not any(questions.values()):
        raise UsageError("found no questions; expected at least one")
    size = min(_RESTRICT("restrict", restrict) or len(vectors), len(vectors))
    known = _folded(vectors.words[:size], case)
    rows = np.fromiter(known.values(), np.int64)
    places = {word: place for place, word in enumerate(known)}
    unit = vectors.unit[rows]
    scores = []
    for name, asked in questions.items():
        folded = (tuple(map(_FOLDS[case], question)) for question in asked)
        found = [
            [places[word] for word in question]
            for question in folded
            if all(map(places.__contains__, question))
        ]
        correct = 0
        table = np.array(found, np.int64).reshape(-1, 4)
        if len(table) and len(unit) > 3:
            answers, _ = analogy_rows(unit, table[:, :3], 1, method)
            correct = int(np.count_nonzero(answers[:, 0] == table[:, 3]))
        scores.append(CategoryScore(name, correct, len(table), len(asked)))
    return Analogies(tuple(scores), method, size, case)


def _folded(words: Iterable[str], case: str) -> dict[str, int]:
    """The row of every word as it is compared; the first one of those that are the same."""
    fold = _FOLDS[_CASE("case", case)]
    known: dict[str, int] = {}
    for row, word in enumerate(words):
        known.setdefault(fold(word), row)
    return known


# ------------------------------------------------------------------------------------------------------- files


def read_pairs(source: Source) -> tuple[Pair, ...]:
    """(word, word, score) of every line, with tabs, commas or spaces between them; lines of # are comments.

    The first line may name the columns: those of SimLex-999 are found by their names, and otherwise a line whose third
    field is no number is left out. Raises FormatError with the line.
    """
    pairs: list[Pair] = []
    columns = (0, 1, 2)
    name = source_name(source)
    first = True
    for number, line in _lines(source):
        if line.startswith("#"):
            continue
        fields, first_line, first = _fields(line), first, False
        if not pairs and set(SIMLEX) <= set(fields):
            columns = tuple(map(fields.index, SIMLEX))  # type: ignore[assignment]
            continue
        if len(fields) <= max(columns) or not all(fields[column] for column in columns):
            raise FormatError(f"found {len(fields)} fields; expected two words and a score", name, number)
        score = _score(fields[columns[2]])
        if score is None:
            if first_line:
                continue
            raise FormatError(
                f"found the score {fields[columns[2]]!r}; expected a finite number", name, number
            )
        pairs.append((fields[columns[0]], fields[columns[1]], score))
    if not pairs:
        raise FormatError("found no pairs; expected two words and a score a line", name)
    return tuple(pairs)


def read_questions(source: Source) -> dict[str, tuple[Question, ...]]:
    """The questions of every category, in the format of word2vec's questions-words.txt.

    A line ``: name`` begins a category, any other has four words. Raises FormatError with the line.
    """
    found: dict[str, list[Question]] = {}
    name = source_name(source)
    category: list[Question] | None = None
    for number, line in _lines(source):
        fields = line.split()
        if fields[0].startswith(":"):
            title = line[1:].strip()
            if not title:
                raise FormatError("found a category without a name; expected one after ':'", name, number)
            category = found.setdefault(title, [])
        elif category is None:
            raise FormatError(f"found {line[:80]!r}; expected ': category' first", name, number)
        elif len(fields) != 4:
            raise FormatError(
                f"found {len(fields)} words; expected four, a is to b as c is to d", name, number
            )
        else:
            category.append((fields[0], fields[1], fields[2], fields[3]))
    if not any(found.values()):
        raise FormatError("found no questions; expected four words a line", name)
    return {title: tuple(questions) for title, questions in found.items()}


def _lines(source: Source) -> Iterator[tuple[int, str]]:
    """Numbers and text of the lines that are not blank."""
    name = source_name(source)
    with open_source(source) as stream:
        data = bytearray()
        while block := stream.read(1 << 20):
            data += block
            if len(data) > LONGEST_FILE:
                raise FormatError(f"found more than {LONGEST_FILE} bytes; expected a list of words", name)
    for number, line in enumerate(bytes(data).removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            text = line.decode().strip(" \t\r")
        except UnicodeDecodeError:
            raise FormatError("found bytes that are not UTF-8; expected UTF-8", name, number) from None
        if text:
            yield number, text


def _fields(line: str) -> list[str]:
    """The fields of a line, by its tabs, its commas, or its spaces."""
    for separator in ("\t", ","):
        if separator in line:
            return [field.strip() for field in line.split(separator)]
    return line.split()


def _score(field: str) -> float | None:
    """The number that a field spells; None for another one, or one that is not finite."""
    try:
        score = float(field) if field.isascii() and "_" not in field else float("nan")
    except ValueError:
        return None
    return score if np.isfinite(score) else None


def neighbour_words(
    vectors: WordVectors, words: Sequence[str], n: int = 10
) -> dict[str, list[tuple[str, float]]]:
    """The n nearest words of each word, with their cosines; raises UnknownWordError.

    >>> vectors = WordVectors(["up", "down", "high"], np.array([[0, 1], [0, -1], [1, 2]], np.float32))
    >>> [word for word, _ in neighbour_words(vectors, ["up"], 2)["up"]]
    ['high', 'down']
    """
    rows, cosines = vectors.nearest(words, n)
    return {
        word: [(vectors.words[row], cosine) for row, cosine in zip(found, near, strict=True)]
        for word, found, near in zip(words, rows.tolist(), cosines.tolist(), strict=True)
    }
