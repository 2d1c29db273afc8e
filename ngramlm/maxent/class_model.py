"""Class models: they predict the class of the next word, and then the word within the class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import UsageError
from ngramlm.maxent._softmax import softmax
from ngramlm.maxent.class_likelihood import NOTHING, WordColumns
from ngramlm.maxent.class_tables import ClassTables
from ngramlm.maxent.ngram_likelihood import by_order
from ngramlm.maxent.text_model import MAX_LAMBDA, check_risen
from ngramlm.models.column_model import ColumnModel, log10_of
from ngramlm.models.column_rules import ColumnRule
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, Vocabulary
from ngramlm.trie.events import Events
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats, Int32s, Sentence

if TYPE_CHECKING:
    from ngramlm.formats.archive import Archive

__all__ = ["ClassMaxEntModel"]


class ClassMaxEntModel(ColumnModel):
    """p(w|h) = p(c|h) p(w|h,c), where c is the class of w; both factors are exponential models with n-gram features.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words.
    trie : NgramTrie
        The n-grams.
    classes : int32[V]
        The class of each word. 0, 1 and 2 are the classes of ``<unk>``, ``<s>`` and ``</s>``, and of no other word.
    base : float64[C]
        0 for classes that are never predicted, else 1.
    class_lambdas, word_lambdas : float64
        The weights of the features, numbered as `ClassTables` and `Segments` number them.
    metadata : Mapping[str, str], optional
        How the model was made.

    Raises
    ------
    UsageError
        If the columns do not fit together.
    """

    KIND: ClassVar[str] = "class-maxent"

    def __init__(
        self,
        vocabulary: Vocabulary,
        trie: NgramTrie,
        classes: Int32s,
        base: Floats,
        class_lambdas: Floats,
        word_lambdas: Floats,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(vocabulary, trie, metadata)
        check_classes(classes, len(vocabulary))
        if base.shape != (int(classes.max()) + 1,) or not ((base == 0) | (base == 1)).all() or base[BOS]:
            raise UsageError(
                "found a base that does not fit the classes; expected 0 or 1 for each class, and 0 for <s>"
            )
        if not base.any():
            raise UsageError("found no class that can be predicted; expected at least one")
        self.tables = ClassTables.of(trie, classes)
        sizes = len(self.tables.outcomes), sum(trie.n_rows)
        for lambdas, size in zip((class_lambdas, word_lambdas), sizes, strict=True):
            if lambdas.shape != (size,) or not (np.abs(lambdas) <= MAX_LAMBDA).all():
                raise UsageError(
                    f"found weights of shape {lambdas.shape}; expected {size}, from -{MAX_LAMBDA} to {MAX_LAMBDA}"
                )
        for column in (classes, base, class_lambdas, word_lambdas):
            column.setflags(write=False)
        self.classes, self.base = classes, base
        self.class_lambdas, self.word_lambdas = class_lambdas, word_lambdas
        n_segments = [len(one) for one in self.tables.segments]
        masses, normalizers = WordColumns(self.tables, np.zeros(sum(n_segments))).risen(word_lambdas)
        check_risen([masses], [normalizers])
        self._masses, self._normalizers = by_order(masses, trie.n_rows), by_order(normalizers, n_segments)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns that a file holds of the model, by name."""
        return {
            "classes": self.classes,
            "base": self.base,
            "class_lambdas": self.class_lambdas,
            "word_lambdas": self.word_lambdas,
        }

    @classmethod
    def schema(cls, archive: Archive) -> dict[str, ColumnRule]:
        """Return the rule of every column of a file."""
        size = len(archive.vocabulary)
        return {
            "classes": ColumnRule("<i4", size, 0, size - 1),
            "base": ColumnRule("<f8", None, 0, 1),
            "class_lambdas": ColumnRule("<f8", None, -MAX_LAMBDA, MAX_LAMBDA),
            "word_lambdas": ColumnRule("<f8", sum(archive.trie.n_rows), -MAX_LAMBDA, MAX_LAMBDA),
        }

    @classmethod
    def from_archive(cls, archive: Archive) -> ClassMaxEntModel:
        """Return the model of a file whose columns keep the rules; raises ValueError if they do not fit together."""
        columns = archive.columns
        return cls(
            archive.vocabulary,
            archive.trie,
            columns["classes"],
            columns["base"],
            columns["class_lambdas"],
            columns["word_lambdas"],
            archive.metadata,
        )

    def log10_probs(self, text: Text) -> Floats:
        """Return the log10 probability of each predicted token, float64[n_tokens].

        Raises
        ------
        UsageError
            If the text cannot be read with the vocabulary of the model.
        """
        text = text.over(self._vocabulary)
        events = Events.locate(self.trie, text)
        of_classes = Events.locate(self.tables.class_trie, replace(text, ids=self.classes[text.ids]))
        histories = np.full((self.order, len(events)), -1, np.int32)
        histories[: of_classes.order] = of_classes.histories
        return log10_of(self._class_probs(events, histories) * self._word_probs(events))

    def distribution(self, history: Sentence = ()) -> Floats:
        """Return the probability of each word after a history, in the order of the ids, float64[V]."""
        ids = self._history_ids(history)
        words, classes = np.full((2, self.order, 1), -1, np.int32)
        words[0], classes[0] = 0, 0
        for length in range(1, min(len(ids), self.order - 1) + 1):
            end = ids[len(ids) - length :]
            words[length] = self.trie.find_history(end) if words[length - 1, 0] >= 0 else -1
            classes[length] = self.tables.class_trie.find_history(self.classes[end].tolist())
        ranges = self.tables.ranges(words, classes)[1]
        scores = np.zeros(len(self.base))
        for first, end_ in ranges.tolist():
            scores[self.tables.outcomes[first:end_]] += self.class_lambdas[first:end_]
        of_classes = self.base * np.exp(scores)
        of_classes /= of_classes.sum()
        masses = np.empty(len(self.classes))
        for order, level in enumerate(self.trie.levels):
            at = int(words[order, 0])
            if at < 0:
                break
            rows = slice(int(level.starts[at]), int(level.starts[at + 1]))
            masses[level.words[rows]] = self._masses[order][self.tables.segments[order].places[rows]]
        within = np.bincount(self.classes, masses, len(self.base))
        return np.asarray(of_classes[self.classes] * masses / within[self.classes])

    def _class_probs(self, events: Events, histories: Int32s) -> Floats:
        """Return p(c|h) of the class of each event, float64[N]."""
        starts, ranges = self.tables.ranges(events.histories, histories)
        probs = np.empty(len(events))
        wanted = np.ascontiguousarray(self.classes[events.words])
        lambdas, ones = self.class_lambdas, np.ones(len(events))
        softmax(starts, ranges, self.tables.outcomes, lambdas, self.base, ones, wanted, probs, NOTHING)
        return probs

    def _word_probs(self, events: Events) -> Floats:
        """Return p(w|h,c) of the word of each event, float64[N]."""
        masses, normalizers = np.empty(len(events)), np.empty(len(events))
        classes = self.classes[events.words]
        for k, one in enumerate(self.tables.segments):
            rows = np.flatnonzero(events.rows[k] >= 0)
            masses[rows] = self._masses[k][one.places[events.rows[k][rows]]]
            segments = one.find(events.histories[k], classes)
            known = np.flatnonzero(segments >= 0)
            normalizers[known] = self._normalizers[k][segments[known]]
        return masses / normalizers

    def _probs(self, events: Events) -> Floats:
        """Return the probability of each event whose history of classes is as long as its history of words."""
        histories = np.stack(
            [
                np.where(own >= 0, known[own], -1).astype(np.int32)
                for own, known in zip(events.histories, self.tables.class_histories, strict=True)
            ]
        )
        return self._class_probs(events, histories) * self._word_probs(events)

    def _distribution(self, path: Sequence[int]) -> Floats:
        history = self.trie.history_words(len(path))[path[-1]].tolist()
        return self.distribution(self._vocabulary.words(history))


def check_classes(classes: Int32s, size: int) -> None:
    """Raise UsageError unless each word has a class, all numbers occur, and reserved words have classes 0 to 2."""
    if classes.shape != (size,) or classes.dtype != np.int32:
        raise UsageError(f"found classes {classes.dtype}{list(classes.shape)}; expected int32[{size}]")
    if classes[:3].tolist() != [0, 1, 2] or (size > 3 and classes[3:].min() < 3):
        raise UsageError("found words in the classes of <unk>, <s> and </s>; expected classes from 3 on")
    if len(np.unique(classes)) != int(classes.max()) + 1:
        raise UsageError("found classes without words; expected numbers without a gap")
