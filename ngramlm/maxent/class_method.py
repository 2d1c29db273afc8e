"""Model M: maximum entropy with n-grams of words and of classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.core.validation import Number, keep_checked
from ngramlm.counts import NgramCounts
from ngramlm.errors import UsageError
from ngramlm.maxent.class_likelihood import ClassLikelihood, WordLikelihood
from ngramlm.maxent.class_model import ClassMaxEntModel, check_classes
from ngramlm.maxent.class_tables import ClassTables
from ngramlm.maxent.classes import word_classes
from ngramlm.maxent.objective import Likelihood, Objective, Solution
from ngramlm.maxent.observed import Observed
from ngramlm.maxent.solvers import solve
from ngramlm.smoothing.base import Smoothing
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, UNK
from ngramlm.types import Int32s

__all__ = ["ClassMaxEnt"]

# Training ends when this many steps together lower the objective by less than the tolerance.
WINDOW = 10


@dataclass(frozen=True, kw_only=True)
class ClassMaxEnt(Smoothing):
    """Model M: p(w|h) = p(c|h) p(w|h,c), the probability of the class c of w, times that of w within the class.

    The class is predicted from n-grams of words and of classes. The classes of an unseen n-gram often form a seen
    n-gram of classes. A feature of a class replaces many features of its words. So the model is smaller and
    generalizes better.

    Parameters
    ----------
    n_classes : int, default 150
        The number of classes that the words are divided into.
    classes : Mapping[str, int], optional
        The class of each word, from 0 on. Words without a class share one more class. By default the exchange
        algorithm finds `n_classes` classes.
    sigma2 : float, default 6
        sigma^2, the variance of the Gaussian prior of every weight.
    alpha : float, default 0.5
        The cost of the absolute value of every weight. Above 0, many weights are exactly 0.
    tolerance : float, default 1e-3
        How far each of the two objectives may be above its minimum, in nats per event.
    max_iterations : int, default 1000
        The maximum number of steps. Training that stops there issues an EstimationWarning.
    closed : bool, default False
        Whether the vocabulary is closed.

    Raises
    ------
    UsageError
        If a value is out of range.

    References
    ----------
    Chen (2009), "Shrinking exponential language models", model M.
    Goodman (2001), "Classes for fast maximum entropy training", for the division into class and word.

    Examples
    --------
    >>> from ngramlm.counts import count
    >>> text = Text.from_sentences(["a cat sat", "the cat ran", "a dog ran", "the dog sat", "the owl ran"])
    >>> classes = {"a": 0, "the": 0, "cat": 1, "dog": 1, "owl": 1, "sat": 2, "ran": 2}
    >>> model = ClassMaxEnt(classes=classes).fit(count(text, order=3))
    >>> model.log10_prob("owl", ["a"]) > model.log10_prob("sat", ["a"])  # neither was seen
    True
    """

    name: ClassVar[str] = "class-maxent"
    slow: ClassVar[bool] = True
    cuts_off: ClassVar[bool] = False

    n_classes: int = 150
    classes: Mapping[str, int] | None = None
    sigma2: float = 6.0
    alpha: float = 0.5
    tolerance: float = 1e-3
    max_iterations: int = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        some = Number(least=1, whole=True)
        keep_checked(
            self,
            {
                "n_classes": Number(least=1, most=10_000, whole=True),
                "sigma2": Number(least=0, above=True),
                "alpha": Number(least=0),
                "tolerance": Number(least=0, above=True),
                "max_iterations": some,
            },
        )
        if self.classes is None:
            return
        given = self.classes
        if not isinstance(given, Mapping) or not given or not all(isinstance(word, str) for word in given):
            raise UsageError(f"classes is {self.classes!r}; expected a dict from words to class numbers")
        number = Number(least=0, most=1 << 24, whole=True)
        for word, value in self.classes.items():
            number(f"the class of {word!r}", value)

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> ClassMaxEntModel:
        """Find classes unless they are given, then train the model of classes and the model of words.

        The parameters are those of `Smoothing.fit`. Held-out text is not used. Training that stops after
        `max_iterations` issues an EstimationWarning.

        Raises
        ------
        EstimationError
            If nothing was counted, or an n-gram has a higher count than its suffix.
        """
        given = counts
        counts = self.usable_counts(counts, heldout)
        classes = self._classes(given, progress)
        tables, observed = ClassTables.of(counts.trie, classes), Observed.of(counts)
        base = np.ones(tables.n_classes)
        base[BOS] = 0.0
        if self.closed:
            base[UNK] = 0.0
        of_classes = self._solution(
            ClassLikelihood(tables, observed, base, usable_threads(threads)), "training classes", progress
        )
        of_words = self._solution(WordLikelihood(tables, observed), "training words", progress)
        metadata = {
            "smoothing": self.name,
            "classes": str(tables.n_classes - 3),
            "sigma2": f"{self.sigma2:g}",
            "alpha": f"{self.alpha:g}",
        } | self.metadata(counts, [], tuned=False)
        if not (of_classes.converged and of_words.converged):
            metadata |= {"converged": "no"}
        return ClassMaxEntModel(
            counts.vocabulary, counts.trie, classes, base, of_classes.lambdas, of_words.lambdas, metadata
        )

    def _solution(self, likelihood: Likelihood, stage: str, progress: Progress | None) -> Solution:
        def report(iteration: int, _: float) -> None:
            if progress is not None:
                progress(stage, iteration, None)

        objective = Objective.of(likelihood, self.sigma2, self.alpha)
        return solve(objective, "owl-qn", self.tolerance, self.max_iterations, report, window=WINDOW)

    def _classes(self, counts: NgramCounts, progress: Progress | None) -> Int32s:
        """Return the class of each word, int32[V]; all numbers occur, the first three for the reserved words."""
        size = len(counts.vocabulary)
        classes = np.arange(size, dtype=np.int32)
        if self.classes is not None:
            rest = max(self.classes.values(), default=-1) + 1
            words = counts.vocabulary.words()[3:]
            classes[3:] = [3 + self.classes.get(word, rest) for word in words]
        elif counts.order > 1:
            classes = word_classes(counts, self.n_classes, progress=progress)
        else:
            classes[3:] = 3
        numbered = np.unique(classes, return_inverse=True)[1].astype(np.int32)
        check_classes(numbered, size)
        return numbered
