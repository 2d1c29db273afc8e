"""Analogies: how many questions such as "man is to king as woman is to what?" word vectors answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ngramlm.core.files import Source, source_name
from ngramlm.core.validation import Number, choice
from ngramlm.embeddings.neighbors import METHODS, analogy_rows
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.embeddings.word_case import FOLDS, folded_rows
from ngramlm.embeddings.word_lists import numbered_lines
from ngramlm.errors import FormatError, UsageError
from ngramlm.text.tokenizers import split_blanks

__all__ = ["Analogies", "CategoryScore", "Question", "analogies", "read_questions"]

Question = tuple[str, str, str, str]

_RESTRICT = Number(least=1, whole=True, optional=True)


@dataclass(frozen=True)
class CategoryScore:
    """Questions of one category: how many there are, how many were asked, and how many had a right answer."""

    name: str
    correct: int
    asked: int
    questions: int

    @property
    def accuracy(self) -> float:
        """The share of right answers among the questions asked; NaN if no question was asked."""
        return self.correct / self.asked if self.asked else float("nan")


@dataclass(frozen=True)
class Analogies:
    """The results of analogy questions. A question is asked only if its four words are among the possible answers.

    Attributes
    ----------
    categories : tuple of CategoryScore
        The results of each category, in the order of the questions.
    method : str
        "add" (3CosAdd) or "multiply" (3CosMul).
    restrict : int
        Number of words that could be answers: the first words.
    case : str
        "exact" or "lower": how words were compared.
    """

    categories: tuple[CategoryScore, ...]
    method: str
    restrict: int
    case: str

    @property
    def total(self) -> CategoryScore:
        """The sums over all categories."""
        sums = (
            sum(getattr(one, part) for one in self.categories) for part in ("correct", "asked", "questions")
        )
        return CategoryScore("total", *sums)

    @property
    def coverage(self) -> float:
        """The share of the questions that were asked."""
        return self.total.asked / self.total.questions


def analogies(
    vectors: WordVectors,
    questions: Mapping[str, Sequence[Question]],
    method: str = "add",
    restrict: int | None = 30_000,
    case: str = "exact",
) -> Analogies:
    """Count how many analogies a : b = c : d the vectors answer with d, by category.

    Parameters
    ----------
    vectors : WordVectors
        The vectors to evaluate.
    questions : mapping from category to questions
        The questions, as `read_questions` returns them. Questions with other words are left out, and counted.
    method : {"add", "multiply"}
        As for `WordVectors.analogy`.
    restrict : int, optional
        Only the first `restrict` words can be in questions and answers, as in word2vec; None for all words.
    case : {"exact", "lower"}
        "lower" compares words in lower case; if several words become equal, only the first counts.

    Returns
    -------
    Analogies
        The numbers of right answers and of questions, by category.

    Raises
    ------
    UsageError
        If there are no questions, or an argument is out of range.

    Examples
    --------
    >>> words, matrix = ["man", "king", "woman", "queen", "tree"], [[1, 0], [1, 2], [-1, 0], [-1, 2], [0, -1]]
    >>> vectors = WordVectors(words, np.array(matrix, np.float32))
    >>> analogies(vectors, {"family": [("man", "king", "woman", "queen")]}).total
    CategoryScore(name='total', correct=1, asked=1, questions=1)
    """
    choice(*METHODS)("method", method)
    if not any(questions.values()):
        raise UsageError("found no questions; expected at least one")
    size = min(_RESTRICT("restrict", restrict) or len(vectors), len(vectors))
    known = folded_rows(vectors.words[:size], case)
    rows = np.fromiter(known.values(), np.int64)
    places = {word: place for place, word in enumerate(known)}
    unit = vectors.unit[rows]
    scores = []
    for name, asked in questions.items():
        folded = (tuple(map(FOLDS[case], question)) for question in asked)
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


def read_questions(source: Source) -> dict[str, tuple[Question, ...]]:
    """Read analogy questions in the format of word2vec's questions-words.txt.

    A line ``: name`` begins a category. Every other line has four words.

    Parameters
    ----------
    source : path or binary stream
        The file, decompressed by its suffix; ``-`` is standard input.

    Returns
    -------
    dict from category to questions
        The questions, each a tuple of four words.

    Raises
    ------
    FormatError
        With the line, if a line is no question.
    """
    found: dict[str, list[Question]] = {}
    name = source_name(source)
    category: list[Question] | None = None
    for number, line in numbered_lines(source):
        fields = split_blanks(line)
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
