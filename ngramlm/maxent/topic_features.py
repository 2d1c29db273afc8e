"""Topics of documents: a mixture of unigram models, and the most probable topic of the sentences so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS, UNK
from ngramlm.types import Floats, Int32s

__all__ = ["Topics"]

ROUNDS = 30
# The weight of the whole text in the distribution of a topic, in words.
STRENGTH = 100.0


@dataclass(frozen=True, eq=False)
class Topics:
    """log p(w|t) / p(w) in nats, for every topic and word; 0 for words that say nothing about the topic.

    Attributes
    ----------
    log_ratios : float64[T, V]
        log p(w|t) / p(w).

    Examples
    --------
    >>> sentences = ["cat purrs cat", "cat purrs", "sea roars sea", "sea roars"]
    >>> text = Text.from_ids(*(lambda t: (t.vocabulary, t.ids, 0, range(4)))(Text.from_sentences(sentences)))
    >>> topics = Topics.fit(text, 2, skipped=0)
    >>> found = topics.of_sentences(Text.from_sentences(["cat", "cat", "sea sea sea", "sea"], text.vocabulary))
    >>> int(found[0]), bool(found[1] == found[2] != found[3])
    (-1, True)
    """

    log_ratios: Floats

    def __post_init__(self) -> None:
        self.log_ratios.setflags(write=False)

    def __len__(self) -> int:
        return len(self.log_ratios)

    @classmethod
    def none(cls, size: int) -> Topics:
        """Make an object without topics, for a vocabulary of this size."""
        return cls(np.empty((0, size)))

    @classmethod
    def fit(cls, text: Text, n_topics: int, skipped: int, seed: int = 0) -> Topics:
        """Give each document of a text one topic, so that the words of the text become most probable.

        The distribution of a topic is that of its documents, plus that of the whole text with the weight of `STRENGTH`
        words. The search starts from documents that differ from each other, and ends when no document changes its topic
        (classification EM).

        Parameters
        ----------
        text : Text
            The text with its documents.
        n_topics : int
            The number of topics.
        skipped : int
            The number of the most frequent words to ignore.
        seed : int, default 0
            Seed of the choice of the first document.
        """
        from scipy.sparse import csr_matrix

        size, n_documents = len(text.vocabulary), text.n_documents
        words = text.predicted
        lengths = np.diff(text.sentences[text.documents] - text.documents)
        documents = np.repeat(np.arange(n_documents), lengths)
        counts = np.bincount(words, minlength=size).astype(np.float64)
        counts[[UNK, BOS, EOS]] = 0
        counts[np.argsort(-counts, kind="stable")[:skipped]] = 0
        used = counts[words] > 0
        if not used.any() or n_topics < 1:
            return cls.none(size)
        table = csr_matrix(
            (np.ones(int(used.sum())), (documents[used], words[used])), shape=(n_documents, size)
        )
        background = counts / counts.sum()
        random = np.random.default_rng(seed)
        chosen = [int(random.integers(n_documents))]
        for _ in range(min(n_topics, n_documents) - 1):
            ratios = _log_ratios(np.asarray(table[chosen].todense()), background)
            scores = np.asarray(table @ ratios.T).max(axis=1) / np.maximum(table.sum(axis=1).A1, 1.0)
            scores[chosen] = np.inf
            chosen.append(int(scores.argmin()))
        sums = np.asarray(table[chosen].todense())
        topics = np.full(n_documents, -1)
        for _ in range(ROUNDS):
            found = np.asarray(table @ _log_ratios(sums, background).T).argmax(axis=1)
            if (found == topics).all():
                break
            topics = found
            member = csr_matrix(
                (np.ones(n_documents), (topics, np.arange(n_documents))), shape=(len(chosen), n_documents)
            )
            sums = np.asarray((member @ table).todense())
        return cls(_log_ratios(sums, background))

    def of_sentences(self, text: Text) -> Int32s:
        """Return the most probable topic of the earlier sentences of the document, int32[S], or -1."""
        found = np.full(text.n_sentences, -1, np.int32)
        if not len(self):
            return found
        for first, end in zip(text.documents[:-1].tolist(), text.documents[1:].tolist(), strict=True):
            ids = text.ids[text.sentences[first] : text.sentences[end]]
            scores = np.cumsum(self.log_ratios[:, ids], axis=1)
            # The sums over all words before each later sentence.
            starts = text.sentences[first + 1 : end] - text.sentences[first]
            before = scores[:, starts - 1]
            found[first + 1 : end] = np.where(before.any(axis=0), before.argmax(axis=0), -1)
        return found


def _log_ratios(sums: Floats, background: Floats) -> Floats:
    """Compute log p(w|t) / p(w), float64[T, V]; 0 for words that say nothing about the topic."""
    smoothed = sums + STRENGTH * background
    smoothed /= smoothed.sum(axis=1, keepdims=True)
    known = background > 0
    ratios = np.zeros_like(smoothed)
    ratios[:, known] = np.log(smoothed[:, known] / background[known])
    return ratios
