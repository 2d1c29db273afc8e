"""Models of n-grams and of the document so far: every sentence changes the probabilities of the next sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import UsageError
from ngramlm.maxent._maxent import Features
from ngramlm.maxent.features import TextFeatures
from ngramlm.maxent.ngram_likelihood import event_masses, event_normalizers
from ngramlm.maxent.text_likelihood import NOTHING, located, row_gains
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.column_model import ColumnModel, log10_of
from ngramlm.models.column_rules import ColumnRule
from ngramlm.text.sentences import several_sentences, words_of
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, Vocabulary
from ngramlm.trie.events import Events
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats, Sentence

if TYPE_CHECKING:
    from ngramlm.formats.archive import Archive

__all__ = ["MaxEntModel"]

# The largest absolute weight. The exponentials of several weights are multiplied, and must not overflow.
MAX_LAMBDA = 300


class MaxEntModel(ColumnModel):
    """p(w|h) = base(w) e^(s + t) / Z, where s sums the weights of n-grams, and t those of activated features.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words.
    trie : NgramTrie
        The n-grams.
    base : float64[V]
        0 for words that are never predicted, else 1.
    features : TextFeatures
        The features of the running text.
    lambdas : float64[R + F]
        The weights of the n-grams, order 1 first, and of the other features.
    metadata : Mapping[str, str], optional
        How the model was made.

    Raises
    ------
    UsageError
        If the columns do not fit together.
    """

    KIND: ClassVar[str] = "maxent"
    independent_sentences = False

    def __init__(
        self,
        vocabulary: Vocabulary,
        trie: NgramTrie,
        base: Floats,
        features: TextFeatures,
        lambdas: Floats,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(vocabulary, trie, metadata)
        if base.shape != (len(vocabulary),) or len(features.skips) != len(vocabulary):
            raise UsageError(
                f"found columns that do not fit the vocabulary; expected columns of {len(vocabulary)} words"
            )
        n_rows = sum(trie.n_rows)
        if lambdas.shape != (n_rows + features.n_features,) or not (np.abs(lambdas) <= MAX_LAMBDA).all():
            n_weights = n_rows + features.n_features
            raise UsageError(
                f"found weights of shape {lambdas.shape}; expected {n_weights}, from -{MAX_LAMBDA} to {MAX_LAMBDA}"
            )
        if not ((base == 0) | (base == 1)).all() or base[BOS] or not base.any():
            raise UsageError(
                "found a base with other values than 0 and 1; expected 0 for <s>, and 1 for at least one word"
            )
        for column in (base, lambdas):
            column.setflags(write=False)
        self.base, self.features, self.lambdas = base, features, lambdas
        self._first_rows = np.append(0, np.cumsum(trie.n_rows)[:-1])
        self._masses, self._normalizers = _risen(trie, base, lambdas[:n_rows])
        check_risen([self._masses], [self._normalizers])
        self._gains = row_gains(trie, self._masses)
        with np.errstate(over="ignore"):
            self._factors = np.exp(lambdas[n_rows:])

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns that a file holds of the model, by name."""
        return {"base": self.base, "lambdas": self.lambdas} | self.features.columns()

    @classmethod
    def schema(cls, archive: Archive) -> dict[str, ColumnRule]:
        """Return the rule of every column of a file. `TextFeatures` checks how its columns fit together."""
        return {
            "base": ColumnRule("<f8", len(archive.vocabulary), 0, 1),
            "lambdas": ColumnRule("<f8", None, -MAX_LAMBDA, MAX_LAMBDA),
        } | TextFeatures.schema(len(archive.vocabulary))

    @classmethod
    def from_archive(cls, archive: Archive) -> MaxEntModel:
        """Return the model of a file whose columns keep the rules; raises ValueError if they do not fit together."""
        columns = archive.columns
        features = TextFeatures.from_columns(columns)
        return cls(
            archive.vocabulary, archive.trie, columns["base"], features, columns["lambdas"], archive.metadata
        )

    def log10_probs(self, text: Text) -> Floats:
        """Return the log10 probability of each predicted token, given the document before it, float64[n_tokens]."""
        text = text.over(self._vocabulary)
        running, events = located(self.trie, self.features, text)
        normalizers, boosts = np.empty(len(events)), np.empty(len(events))
        running.walk(
            0,
            text.n_documents,
            self._gains,
            self._normalizers,
            self._factors,
            events.words,
            normalizers,
            boosts,
            NOTHING,
            NOTHING,
            NOTHING,
        )
        masses = event_masses(self.trie, self._masses, events)
        with np.errstate(over="ignore", invalid="ignore"):
            return log10_of(masses * boosts / normalizers)

    def distribution(self, history: Sentence = (), before: Iterable[Sentence] = ()) -> Floats:
        """Return the probability of each word after a history, in the order of the ids, float64[V].

        Parameters
        ----------
        history : str or Iterable[str], optional
            The words before, in the same sentence. Begin with ``<s>`` for the start of a sentence.
        before : Iterable[str or Iterable[str]], optional
            The earlier sentences of the same document.
        """
        words = words_of(history)
        probs = self._distribution(self._path(self._history_ids(words))) * self._boosts(words, before)
        return np.asarray(probs / probs.sum())

    def distribution_in_document(self, history: Sentence, before: Iterable[Sentence]) -> Floats:
        """Return ``distribution(history, before)``, float64[V]."""
        return self.distribution(history, before)

    def to_backoff(self) -> BackoffModel:
        """Return a back-off model of the n-grams alone, without active features of the text."""
        return super().to_backoff()

    def triggers(self) -> list[tuple[str, str, float]]:
        """List the triggers as (cause, word, weight), the greatest weights first.

        A word that occurred earlier in the document multiplies the score of the other word by e^weight.
        """
        words = self._vocabulary.words()
        lambdas = self.lambdas[len(self.lambdas) - self.features.n_features :]
        found: list[tuple[str, str, float]] = []
        for cause in np.flatnonzero(self.features.triggers >= 0).tolist():
            one = int(self.features.triggers[cause])
            for entry in range(int(self.features.starts[one]), int(self.features.starts[one + 1])):
                weight = float(lambdas[self.features.numbers[entry]])
                found.append((words[cause], words[self.features.words[entry]], weight))
        return sorted(found, key=lambda pair: (-pair[2], pair[:2]))

    def _boosts(self, words: list[str], before: Iterable[Sentence]) -> Floats:
        """Return the factors that the active features give to all words after a history, float64[V]."""
        inside = words[1:] if words[:1] == ["<s>"] else words
        text = Text.from_sentences([*several_sentences(before), inside], self._vocabulary)
        active = self.features.activations(text)
        # The last event is </s>, at the position of the next word.
        event = text.n_tokens - 1
        passing = active.passing[active.passing_starts[event] : active.passing_starts[event + 1]]
        # The last but one word is unknown.
        if words[:1] != ["<s>"] and len(words) == 1:
            passing = passing[passing != self.features.skips[BOS]]
        lists = [active.lasting[: active.lasting_starts[event + 1]], passing]
        boosts = np.ones(len(self._vocabulary))
        for one in np.concatenate(lists).tolist():
            entries = slice(int(self.features.starts[one]), int(self.features.starts[one + 1]))
            boosts[self.features.words[entries]] *= self._factors[self.features.numbers[entries]]
        return boosts

    def _path(self, ids: Sequence[int]) -> list[int]:
        path = [0]
        for length in range(1, min(len(ids), self.order - 1) + 1):
            found = self.trie.find_history(ids[len(ids) - length :])
            if found < 0:
                break
            path.append(found)
        return path

    def _probs(self, events: Events) -> Floats:
        """Return the probability of each event under the n-grams alone."""
        normalizers = event_normalizers(self.trie, self._normalizers, events)
        return np.asarray(event_masses(self.trie, self._masses, events) / normalizers)

    def _distribution(self, path: Sequence[int]) -> Floats:
        """Return the distribution after a history under the n-grams alone."""
        masses = self._masses[: len(self._vocabulary)].copy()
        for order, history in enumerate(path[1:], 2):
            level = self.trie.level(order)
            rows = slice(int(level.starts[history]), int(level.starts[history + 1]))
            first = int(self._first_rows[order - 1])
            masses[level.words[rows]] = self._masses[first + rows.start : first + rows.stop]
        return np.asarray(masses / masses.sum())


def check_risen(masses: Sequence[Floats], normalizers: Sequence[Floats]) -> None:
    """Check the masses of features and their sums.

    Raises
    ------
    UsageError
        A weight is so large that its exponential is not a number.
    """
    if not all(np.isfinite(column).all() for column in (*masses, *normalizers)) or not all(
        (column > 0).all() for column in normalizers
    ):
        raise UsageError(
            "found weights whose exponentials are too large or too small; expected smaller weights"
        )


def _risen(trie: NgramTrie, base: Floats, lambdas: Floats) -> tuple[Floats, Floats]:
    """Compute base(w) e^s of every row, and Z of every history."""
    n_histories = sum(level.n_histories for level in trie.levels)
    columns = Features(
        [(level.suffixes, level.starts, level.parents) for level in trie.levels], base, np.zeros(n_histories)
    )
    masses, normalizers = np.empty(columns.n_rows), np.empty(n_histories)
    columns.open(lambdas, masses, normalizers)
    ends = np.array([level.n_histories for level in trie.levels[1:]], np.int64)
    columns.rise(lambdas, masses, normalizers, np.zeros_like(ends), ends)
    return masses, normalizers
