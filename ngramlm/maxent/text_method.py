"""Maximum-entropy models of running text: n-grams, distance-2 bigrams, triggers and a cache in one exponent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.core.validation import Check, Number, flag, keep_checked
from ngramlm.counts import count
from ngramlm.errors import EstimationError, UsageError
from ngramlm.maxent.features import TextFeatures
from ngramlm.maxent.method import MaxEnt
from ngramlm.maxent.objective import Objective
from ngramlm.maxent.selection import cache_classes, distance_2_bigrams, topic_words, trigger_pairs
from ngramlm.maxent.solvers import solve
from ngramlm.maxent.text_likelihood import TextLikelihood
from ngramlm.maxent.text_model import MaxEntModel
from ngramlm.maxent.topic_features import Topics
from ngramlm.text.text import Text
from ngramlm.types import Int32s

__all__ = ["TextMaxEnt"]

WINDOW = 10  # steps; features that all words share make the gap hundreds of times too large
MIN_TOPIC_COUNT = 5  # times that a word must have come with a topic


@dataclass(frozen=True, kw_only=True)
class TextMaxEnt:
    """p(w|h) = e^(s + t) / Z: s sums the l of the n-grams, t of whatever else the document has put into force.

    Rosenfeld (1996), "A maximum entropy approach to adaptive statistical language modelling". Where a mixture asks how
    far to trust each of several models, here every feature is told what the others explain already. A document is what
    the text says it is; without any, the whole text is one.

    Args:
        order: the length of the longest n-grams.
        closed: give ``<unk>`` no probability; the text must then be without.
        sigma2, alpha: the priors of every l, as in `MaxEnt`.
        pair_sigma2: sigma^2 of the features of pairs: distance-2 bigrams, triggers and topics.
        distance_2: how often two words must stand with one between them to have a feature; 0 for no such features.
        triggers: how many triggers each word has at most, itself among them.
        function_words: how many of the most frequent words trigger nothing and are triggered by nothing.
        candidates: how many of the next most frequent words take part in triggers.
        topics: how many topics the documents are divided into; words that are commoner or rarer in one have a feature.
        cache: how often a word has to be seen before, for each feature that words share that are about as frequent.
        seed: decides which documents the topics begin with.
        tolerance: by how many nats per event ten steps must lower the objective for more to follow.
        max_iterations: after how many steps to stop in any case, with a warning.

    Raises UsageError for values out of range.

    Example:
        >>> model = TextMaxEnt(order=2, function_words=0).fit(Text.from_sentences(["a b a b", "c d", "a b", "d c"]))
        >>> round(float(model.distribution(["<s>", "a"], before=["a b"]).sum()), 6)
        1.0
    """

    order: int = 3
    closed: bool = False
    sigma2: float = 3.0
    alpha: float = 0.0
    pair_sigma2: float = 0.1
    distance_2: int = 2
    triggers: int = 6
    function_words: int = 100
    candidates: int = 4000
    topics: int = 0
    cache: tuple[int, ...] = (1, 2, 4)
    seed: int = 0
    tolerance: float = 1e-3
    max_iterations: int = 1000

    def __post_init__(self) -> None:
        any_number = Number(least=0, whole=True)
        checks: dict[str, Check] = {
            "order": Number(least=1, most=16, whole=True),
            "closed": flag,
            "sigma2": Number(least=0, above=True),
            "alpha": Number(least=0),
            "pair_sigma2": Number(least=0, above=True),
            "distance_2": any_number,
            "triggers": any_number,
            "function_words": any_number,
            "topics": Number(least=0, most=1000, whole=True),
            "seed": any_number,
            "candidates": Number(least=1, most=20_000, whole=True),
            "tolerance": Number(least=0, above=True),
            "max_iterations": Number(least=1, whole=True),
        }
        if self.cache not in ((), []):
            checks["cache"] = Number(least=1, whole=True, several=True)
        keep_checked(self, checks)
        thresholds = self.cache if isinstance(self.cache, tuple | list) else (self.cache,)
        object.__setattr__(self, "cache", tuple(sorted(set(thresholds))))

    def fit(
        self,
        text: Text,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> MaxEntModel:
        """Train on a text with its documents; `heldout` is not looked at.

        The result does not depend on the number of threads. Raises EstimationError for an empty text, UsageError for
        OOVs where the vocabulary is to be closed. Warns with an EstimationWarning where `max_iterations` are too few.
        """
        if not isinstance(text, Text):
            raise UsageError(f"found {type(text).__name__}; expected a Text, as ngramlm.read_text makes it")
        if text.n_sentences == 0:
            raise EstimationError("found no sentences; expected at least one")
        if self.closed and text.n_oov:
            raise UsageError(f"found {text.n_oov} OOVs; expected none for a closed vocabulary")
        threads = usable_threads(threads)
        ngrams = MaxEnt(
            closed=self.closed,
            sigma2=self.sigma2,
            alpha=self.alpha,
            tolerance=self.tolerance,
            max_iterations=self.max_iterations,
        )
        counts = count(text, self.order, threads=threads)
        of_ngrams = ngrams.likelihood(counts, threads)
        likelihood = TextLikelihood(of_ngrams, self.features(text), text, threads)
        start = np.zeros(len(likelihood.observed))
        start[: likelihood.n_rows] = ngrams.solution(of_ngrams, progress).lambdas

        def report(iteration: int, _: float) -> None:
            if progress is not None:
                progress("training with features of the text", iteration, None)

        sigma2 = np.full(len(start), self.sigma2, np.float64)
        sigma2[likelihood.n_rows :][likelihood.text_features.of_pairs] = self.pair_sigma2
        objective = Objective.of(likelihood, sigma2, self.alpha)
        solution = solve(objective, "owl-qn", self.tolerance, self.max_iterations, report, start, WINDOW)
        metadata = self._metadata()
        if not solution.converged:
            metadata["converged"] = "no"
        base = (ngrams.base_distribution(counts) > 0).astype(np.float64)
        return MaxEntModel(
            counts.vocabulary, counts.trie, base, likelihood.text_features, solution.lambdas, metadata
        )

    def features(self, text: Text) -> TextFeatures:
        """What a text suggests as features."""
        none: tuple[Int32s, Int32s] = (np.empty(0, np.int32), np.empty(0, np.int32))
        skips = distance_2_bigrams(text, self.distance_2) if self.distance_2 else none
        triggers = none
        if self.triggers:
            triggers = trigger_pairs(text, self.triggers, self.function_words, self.candidates)
        topics, subjects = Topics.none(len(text.vocabulary)), none
        if self.topics:
            topics = Topics.fit(text, self.topics, self.function_words, self.seed)
            subjects = topic_words(text, topics, MIN_TOPIC_COUNT)
        return TextFeatures.of(
            len(text.vocabulary), skips, triggers, self.cache, cache_classes(text), subjects, topics
        )

    def _metadata(self) -> dict[str, str]:
        options: dict[str, Any] = {
            "smoothing": "text-maxent",
            "sigma2": f"{self.sigma2:g}",
            "alpha": f"{self.alpha:g}",
            "pair_sigma2": f"{self.pair_sigma2:g}",
            "distance_2": self.distance_2,
            "triggers": self.triggers,
            "topics": self.topics,
            "cache": ",".join(map(str, self.cache)) or "no",
            "closed": "yes" if self.closed else "no",
        }
        return {name: str(value) for name, value in options.items()}
