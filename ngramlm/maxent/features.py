"""Features of the running text: lists of words whose probability changes, and the events that activate the lists.

A feature is a word together with a cause in the text before it. There are four kinds of causes: the word before the
last (distance-2 bigrams), a word earlier in the document (triggers), a number of earlier occurrences of the word itself
(unigram cache), and the topic of the earlier sentences. The features of one cause form a list. For each event the text
decides which lists are active.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.maxent.topic_features import Topics
from ngramlm.models.column_rules import FINITE, ColumnRule
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS
from ngramlm.types import Bools, Floats, Int32s, Ints

__all__ = ["Activations", "TextFeatures", "document_events"]

# types of the columns in files
TYPES = {
    "starts": "<i8",
    "words": "<i4",
    "numbers": "<i4",
    "n_features": "<i8",
    "skips": "<i4",
    "triggers": "<i4",
    "thresholds": "<i8",
    "caches": "<i4",
    "subjects": "<i4",
    "topic_ratios": "<f8",
}


@dataclass(frozen=True, eq=False)
class Activations:
    """The lists that become active at the events of a text.

    Attributes
    ----------
    lasting_starts, lasting : int64[N + 1], int32[A]
        The lists that become active at each event and stay active to the end of the document.
    passing_starts, passing : int64[N + 1], int32[A]
        The lists that are active at one event only.
    """

    lasting_starts: Ints
    lasting: Int32s
    passing_starts: Ints
    passing: Int32s


@dataclass(frozen=True, eq=False)
class TextFeatures:
    """Lists of features, and the causes that activate them.

    Attributes
    ----------
    starts : int64[L + 1]
        The first entry of every list, and E.
    words, numbers : int32[E]
        The word of every entry, and the number of its feature.
    n_features : int
        The number of features.
    skips : int32[V]
        The list that each word activates as the last but one word of the history, or -1.
    triggers : int32[V]
        The list that each word activates after it was seen in the document, or -1.
    thresholds : int64[T]
        The number of occurrences after which each cache feature of a word is active.
    caches : int32[T * V]
        The list of each word for the first threshold, then for the next, or -1.
    subjects : int32[K]
        The list of each topic, or -1.
    topic_ratios : float64[K * V]
        log p(w|t) / p(w) of the first topic, then of the next.
    """

    starts: Ints
    words: Int32s
    numbers: Int32s
    n_features: int
    skips: Int32s
    triggers: Int32s
    thresholds: Ints
    caches: Int32s
    subjects: Int32s
    topic_ratios: Floats

    def __post_init__(self) -> None:
        size, n_lists = len(self.skips), len(self.starts) - 1
        if len(self.triggers) != size or len(self.caches) != size * len(self.thresholds):
            raise ValueError("lists of different vocabularies")
        if len(self.topic_ratios) != size * len(self.subjects) or not np.isfinite(self.topic_ratios).all():
            raise ValueError("lists of different vocabularies")
        if len(self.words) != len(self.numbers):
            raise ValueError("words and features of different lengths")
        if (
            n_lists < 0
            or self.starts[0] != 0
            or self.starts[-1] != len(self.words)
            or (np.diff(self.starts) < 0).any()
        ):
            raise ValueError("lists that do not cover the features")
        for column, end in ((self.words, size), (self.numbers, self.n_features)):
            if len(column) and not 0 <= column.min() <= column.max() < end:
                raise ValueError("a word or feature out of range")
        inner = np.ones(max(len(self.words) - 1, 0), bool)
        inner[self.starts[(self.starts > 0) & (self.starts < len(self.words))] - 1] = False
        if (np.diff(self.words)[inner] <= 0).any():
            raise ValueError("a list whose words are not in rising order")
        for lists in (self.skips, self.triggers, self.caches, self.subjects):
            if len(lists) and not -1 <= lists.min() <= lists.max() < n_lists:
                raise ValueError("a list out of range")

    @classmethod
    def of(
        cls,
        size: int,
        skips: tuple[Int32s, Int32s],
        triggers: tuple[Int32s, Int32s],
        thresholds: tuple[int, ...],
        classes: Int32s,
        subjects: tuple[Int32s, Int32s],
        topics: Topics,
    ) -> TextFeatures:
        """Make the features of pairs (cause, word), of a cache, and of topics.

        Parameters
        ----------
        size : int
            The size of the vocabulary.
        skips : tuple[int32[P], int32[P]]
            The last but one words, and the words that they favor.
        triggers : tuple[int32[P], int32[P]]
            The words seen in the document, and the words that they trigger.
        thresholds : tuple[int, ...]
            The number of occurrences after which each feature of the cache is active.
        classes : int32[V]
            The class of each word. The words of a class share the features of the cache. Words with -1 have no cache
            features.
        subjects : tuple[int32[P], int32[P]]
            The topics, and the words that they favor.
        topics : Topics
            The topics, which recognize the topic of a text.
        """
        columns, sizes, words, n_lists = [], [], [], 0
        for n_causes, (causes, favored) in ((size, skips), (size, triggers), (len(topics), subjects)):
            order = np.lexsort((favored, causes))
            found, lengths = np.unique(causes, return_counts=True)
            column = np.full(n_causes, -1, np.int32)
            column[found] = n_lists + np.arange(len(found), dtype=np.int32)
            columns.append(column)
            sizes.append(lengths)
            words.append(favored[order].astype(np.int32))
            n_lists += len(found)
        n_pairs = sum(map(len, words))
        numbers = [np.arange(n_pairs, dtype=np.int32)]
        cached = np.flatnonzero(classes >= 0).astype(np.int32)
        n_classes = int(classes.max(initial=-1)) + 1
        caches = np.full((len(thresholds), size), -1, np.int32)
        for place in range(len(thresholds)):
            caches[place, cached] = n_lists + np.arange(len(cached), dtype=np.int32)
            sizes.append(np.ones(len(cached), np.int64))
            words.append(cached)
            numbers.append((n_pairs + place * n_classes + classes[cached]).astype(np.int32))
            n_lists += len(cached)
        return cls(
            np.append(0, np.cumsum(np.concatenate(sizes))).astype(np.int64),
            np.concatenate(words),
            np.concatenate(numbers),
            n_pairs + len(thresholds) * n_classes,
            columns[0],
            columns[1],
            np.array(thresholds, np.int64),
            caches.ravel(),
            columns[2],
            topics.log_ratios.ravel(),
        )

    @property
    def of_pairs(self) -> Bools:
        """Whether a feature belongs to one cause and one word, bool[F]. Many words share a feature of the cache."""
        mask = np.ones(self.n_features, bool)
        cached = self.caches[self.caches >= 0]
        mask[self.numbers[self.starts[cached]]] = False
        return mask

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns that a file holds of the features, by name."""
        named = vars(self) | {"n_features": np.array([self.n_features], np.int64)}
        return {f"text.{name}": column for name, column in named.items()}

    @classmethod
    def schema(cls, size: int) -> dict[str, ColumnRule]:
        """Return the rule of every column of a file, for a vocabulary of this size."""
        rules = {
            name: ColumnRule(dtype, None, -1 if dtype == "<i4" else -FINITE) for name, dtype in TYPES.items()
        }
        rules |= {name: ColumnRule("<i4", size, -1) for name in ("skips", "triggers")}
        rules |= {"thresholds": ColumnRule("<i8", None, 1), "n_features": ColumnRule("<i8", 1, 0)}
        return {f"text.{name}": rule for name, rule in rules.items()}

    @classmethod
    def from_columns(cls, columns: Mapping[str, NDArray[Any]]) -> TextFeatures:
        """Return the features of a file whose columns keep the rules; raises ValueError if they do not fit together."""
        named: dict[str, Any] = {name: columns[f"text.{name}"] for name in TYPES}
        return cls(**named | {"n_features": int(named["n_features"][0])})

    def activations(self, text: Text) -> Activations:
        """Return the events of a text at which each list becomes active."""
        edges = document_events(text)
        words, n_events, size = text.predicted, text.n_tokens, len(self.skips)
        documents = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
        # words that have a successor in the same sentence
        places = np.flatnonzero(words != EOS)
        keys = documents[places] * size + words[places]
        order = np.argsort(keys, kind="stable")
        firsts = np.flatnonzero(np.append(True, np.diff(keys[order]) != 0)) if len(order) else order
        # The number of occurrences of the word so far, this one included.
        times = np.empty(len(order), np.int64)
        times[order] = np.arange(len(order)) - np.repeat(firsts, np.diff(np.append(firsts, len(order)))) + 1
        events, lists = [], []
        for threshold, column in (
            (1, self.triggers),
            *zip(self.thresholds, self._cache_columns(), strict=True),
        ):
            reached = places[times == threshold]
            found = column[words[reached]]
            events.append(reached[found >= 0] + 1)
            lists.append(found[found >= 0])
        lasting = _by_event(np.concatenate(events), np.concatenate(lists), n_events)
        # The last but one word at every position.
        before = np.append(np.full(2, -1, np.int32), text.ids)[: len(text.ids)]
        found = np.where(before >= 0, self.skips[before], -1)
        # After <s> the last but one word belongs to another sentence.
        found[1:][text.ids[:-1] == BOS] = -1
        found = found[text.is_predicted]
        with_list = np.flatnonzero(found >= 0)
        of_topics = np.repeat(self._topic_lists(text), np.diff(text.sentences) - 1)
        with_topic = np.flatnonzero(of_topics >= 0)
        passing = _by_event(
            np.concatenate([with_list, with_topic]),
            np.concatenate([found[with_list], of_topics[with_topic]]),
            n_events,
        )
        return Activations(*lasting, *passing)

    def _topic_lists(self, text: Text) -> Int32s:
        """Return the list of the topic of each sentence, int32[S], or -1."""
        topics = Topics(self.topic_ratios.reshape(len(self.subjects), len(self.skips))).of_sentences(text)
        return np.append(self.subjects, np.int32(-1))[topics]

    def _cache_columns(self) -> Int32s:
        return self.caches.reshape(len(self.thresholds), len(self.skips))


def document_events(text: Text) -> Ints:
    """Return the first event of each document, and the number of events, int64[D + 1]."""
    # Every sentence has one <s>, which is not an event.
    sentences = text.sentences[text.documents]
    return np.asarray(sentences - text.documents, np.int64)


def _by_event(events: Ints, lists: Int32s, n_events: int) -> tuple[Ints, Int32s]:
    """Return the first list of each event, int64[N + 1], and the lists; the lists of an event keep their order."""
    order = np.argsort(events, kind="stable")
    starts = np.searchsorted(events[order], np.arange(n_events + 1)).astype(np.int64)
    return starts, np.ascontiguousarray(lists[order], np.int32)
