"""Maximum-entropy models of running text: n-grams, distance-2 bigrams, triggers, cache and topics in one exponent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.core.validation import Check, Number, flag, keep_checked
from ngramlm.counts import count
from ngramlm.errors import EstimationError, UsageError
from ngramlm.maxent.features import TextFeatures
from ngramlm.maxent.ngram_method import MaxEnt
from ngramlm.maxent.objective import Objective
from ngramlm.maxent.selection import cache_classes, distance_2_bigrams, topic_words, trigger_pairs
from ngramlm.maxent.solvers import solve
from ngramlm.maxent.text_likelihood import TextLikelihood
from ngramlm.maxent.text_model import MaxEntModel
from ngramlm.maxent.topic_features import Topics
from ngramlm.text.text import Text
from ngramlm.types import Int32s

__all__ = ["TextMaxEnt"]

# Training ends when this many steps together lower the objective by at most the tolerance. The gap cannot end it:
# features that all words share make the gap hundreds of times too large.
WINDOW = 10
# The smallest count of a word with a topic.
MIN_TOPIC_COUNT = 5


@dataclass(frozen=True, kw_only=True)
class TextMaxEnt:
    """Maximum-entropy model of running text: p(w|h) = e^(s + t) / Z.

    s sums the weights of the n-grams. t sums the weights of the features that the document has activated. A mixture has
    a weight for each model; this model has a weight for each feature, trained together with all others. The text says
    where documents begin. A text without documents is one document.

    Parameters
    ----------
    order : int, default 3
        The length of the longest n-grams.
    closed : bool, default False
        Whether the vocabulary is closed. The text must then be without OOVs.
    sigma2 : float, default 3
        sigma^2, the variance of the Gaussian prior of every weight.
    alpha : float, default 0
        The cost of the absolute value of every weight.
    pair_sigma2 : float, default 0.1
        sigma^2 of the features of pairs: distance-2 bigrams, triggers and topics.
    distance_2 : int, default 2
        The smallest count of two words with one word between them that have a feature; 0 for no features of this kind.
    triggers : int, default 6
        The maximum number of triggers of each word, itself included.
    function_words : int, default 100
        The number of the most frequent words that trigger nothing and are not triggered.
    candidates : int, default 4000
        The number of the next most frequent words that take part in triggers.
    topics : int, default 0
        The number of topics that the documents are divided into. Words that are more or less frequent in a topic have a
        feature.
    cache : tuple[int, ...], default (1, 2, 4)
        The number of earlier occurrences of a word that activates each cache feature. Words of similar frequency share
        these features.
    seed : int, default 0
        Seed of the choice of documents with which the topics start.
    tolerance : float, default 1e-3
        Training ends when ten steps together lower the objective by at most this, in nats per event.
    max_iterations : int, default 1000
        The maximum number of steps. Training that stops there issues an EstimationWarning.

    Raises
    ------
    UsageError
        If a value is out of range.

    References
    ----------
    Rosenfeld (1996), "A maximum entropy approach to adaptive statistical language modelling".

    Examples
    --------
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
        """Train on a text with its documents.

        Parameters
        ----------
        text : Text
            The training text.
        heldout : Text, optional
            Not used.
        threads : int, optional
            Number of threads; by default all processors. The model does not depend on this number.
        progress : callable, optional
            Called after every step.

        Returns
        -------
        MaxEntModel
            The model. Training that stops after `max_iterations` issues an EstimationWarning.

        Raises
        ------
        EstimationError
            If the text is empty.
        UsageError
            If the vocabulary is closed and the text has OOVs.
        """
        if not isinstance(text, Text):
            raise UsageError(f"found {type(text).__name__}; expected a Text (from ngramlm.read_text)")
        if text.n_sentences == 0:
            raise EstimationError("found no sentences; expected at least one")
        if self.closed and text.n_oov:
            raise UsageError(f"found {text.n_oov} OOVs; expected a text without OOVs for a closed vocabulary")
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
        """Select the features from a training text."""
        no_pairs: tuple[Int32s, Int32s] = (np.empty(0, np.int32), np.empty(0, np.int32))
        skips = distance_2_bigrams(text, self.distance_2) if self.distance_2 else no_pairs
        triggers = no_pairs
        if self.triggers:
            triggers = trigger_pairs(text, self.triggers, self.function_words, self.candidates)
        topics, subjects = Topics.none(len(text.vocabulary)), no_pairs
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
