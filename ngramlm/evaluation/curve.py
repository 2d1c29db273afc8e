"""Learning curves: the perplexity of each method by the size of the training text.

The seed gives the sentences a random order. A training set is the first n sentences of that order, so that larger sets
hold the smaller sets. All sets use the vocabulary of the whole text, so that all points have the same OOVs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from ngramlm.core.parallel import Progress
from ngramlm.counts import count
from ngramlm.errors import EstimationError, UsageError
from ngramlm.evaluation.candidate_fitting import fit_candidate, messages_of
from ngramlm.evaluation.candidate_methods import Candidate
from ngramlm.evaluation.compared_texts import ComparedTexts
from ngramlm.evaluation.perplexity import perplexity
from ngramlm.evaluation.results import LearningPoint
from ngramlm.evaluation.row import Row
from ngramlm.text.text import Text

__all__ = ["FRACTIONS", "curve_sizes", "last_point", "learning_curve", "nested_subsets"]

FRACTIONS = (Fraction(1, 16), Fraction(1, 8), Fraction(1, 4), Fraction(1, 2))
"""The default sizes; the whole text is always the last point."""


def curve_sizes(sizes: Sequence[float | Fraction], sentences: int) -> list[int]:
    """Convert sizes to numbers of sentences, in ascending order, each once, without the whole text.

    A size up to 1 is a fraction of the text, a larger size is a number of sentences. Raises UsageError for a size that
    is 0, negative, or larger than the text.

    >>> curve_sizes([0.5, Fraction(1, 4), 1, 30], 100)
    [25, 30, 50]
    """
    found = set()
    for size in sizes:
        number = round(size * sentences) if size <= 1 else size
        if not size > 0 or number > sentences or number != int(number):
            raise UsageError(
                f"found the size {size} of a training set; expected a fraction up to 1, or a whole number of "
                f"sentences up to {sentences}"
            )
        found.add(max(1, int(number)))
    return sorted(found - {sentences})


def nested_subsets(text: Text, sizes: Sequence[int], seed: int) -> Iterator[Text]:
    """Yield the text with `size` sentences for each size; every set holds the smaller sets."""
    rank = np.random.default_rng([seed, 2]).permutation(text.n_sentences)
    lengths = np.diff(text.sentences)
    for size in sizes:
        ids = text.ids[np.repeat(rank < size, lengths)]
        yield Text.from_ids(text.vocabulary, ids, round(text.characters * len(ids) / len(text.ids)))


def learning_curve(
    text: Text,
    sizes: Sequence[int],
    runners: Sequence[Candidate],
    texts: ComparedTexts,
    heldout: Text | None,
    seed: int,
    threads: int | None,
    progress: Progress | None,
) -> list[LearningPoint]:
    """Compute the points on parts of the training text, one part after the other."""
    points: list[LearningPoint] = []
    total = len(sizes) * len(runners)
    for subset in nested_subsets(text, sizes, seed):
        counts = count(subset, max(runner.order for runner in runners), threads=threads)
        for runner in runners:
            if progress is not None:
                progress(f"learning curve: {subset.n_sentences} sentences", len(points), total)
            try:
                model, _, caught = fit_candidate(runner, counts, heldout, threads)
            except (EstimationError, UsageError):
                continue
            for name in texts.sources:
                figures = perplexity(model, texts.text(name, model.vocabulary))
                points.append(
                    LearningPoint(
                        runner.name,
                        runner.method,
                        runner.order,
                        name,
                        subset.n_sentences,
                        subset.n_tokens,
                        figures.perplexity,
                        figures.bits_per_word,
                        messages_of(caught),
                    )
                )
    return points


def last_point(row: Row, text: Text) -> LearningPoint:
    """Return the point of the whole training text, from its row of the table."""
    assert row.figures is not None
    assert row.method is not None
    return LearningPoint(
        row.model,
        row.method,
        row.order or 0,
        row.text,
        text.n_sentences,
        text.n_tokens,
        row.figures.perplexity,
        row.figures.bits_per_word,
        row.warnings,
    )
