"""Selection of word pairs for features: distance-2 bigrams by count, triggers by average mutual information."""

from __future__ import annotations

import numpy as np

from ngramlm.core.association import mutual_information
from ngramlm.maxent._maxent_text import count_pairs
from ngramlm.maxent.features import document_events
from ngramlm.maxent.topic_features import Topics
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS, UNK
from ngramlm.types import Int32s

__all__ = ["cache_classes", "distance_2_bigrams", "topic_words", "trigger_pairs"]

# the 99th percentile of chi-square with one degree of freedom
SIGNIFICANT = 6.63
# frequencies of the words in one class of the cache differ by less than this factor
DECADE = 10


def distance_2_bigrams(text: Text, least: int) -> tuple[Int32s, Int32s]:
    """Select pairs of words with one word between them that occur `least` times or more, and significantly often.

    A pair is significant if 2 n times its mutual information (Dunning's G^2) is at least 6.63. Chance alone reaches
    this value for one pair in a hundred.

    Returns
    -------
    tuple[int32[P], int32[P]]
        The first and the last words of the pairs.
    """
    ids = text.ids
    inside = (ids[2:] != BOS) & (ids[1:-1] != BOS)
    return _significant_pairs(ids[:-2][inside], ids[2:][inside], least)


def topic_words(text: Text, topics: Topics, least: int) -> tuple[Int32s, Int32s]:
    """Select pairs of a topic and a word that occur together `least` times or more, and significantly often.

    Returns
    -------
    tuple[int32[P], int32[P]]
        The topics and the words of the pairs.
    """
    found = np.repeat(topics.of_sentences(text), np.diff(text.sentences) - 1)
    words = text.predicted
    known = found >= 0
    return _significant_pairs(found[known], words[known], least)


def _significant_pairs(causes: Int32s, words: Int32s, least: int) -> tuple[Int32s, Int32s]:
    """Return the distinct pairs of two columns that are frequent and significant enough."""
    size = int(max(words.max(initial=0), 0)) + 1
    keys, times = np.unique(causes.astype(np.int64) * size + words, return_counts=True)
    first, last, n = keys // size, keys % size, float(len(words))
    of_first = np.bincount(causes).astype(np.float64)[first]
    of_last = np.bincount(words).astype(np.float64)[last]
    ratios = 2 * n * mutual_information(times.astype(np.float64), of_first, of_last, n)
    kept = (times >= least) & (ratios >= SIGNIFICANT)
    return first[kept].astype(np.int32), last[kept].astype(np.int32)


def trigger_pairs(text: Text, most: int, skipped: int, candidates: int) -> tuple[Int32s, Int32s]:
    """Select for each word its triggers, the words with the highest mutual information earlier in the document.

    A pair A, B is a trigger pair if B is more probable after A in the document. A word may trigger itself.

    Parameters
    ----------
    text : Text
        The text with its documents.
    most : int
        The maximum number of triggers of each word.
    skipped : int
        The number of the most frequent words to skip, because function words trigger nothing.
    candidates : int
        The number of the next most frequent words that take part.

    Returns
    -------
    tuple[int32[P], int32[P]]
        The words A, and the words B that they trigger.
    """
    words, size = text.predicted, len(text.vocabulary)
    counts = np.bincount(words, minlength=size).astype(np.int64)
    counts[[UNK, BOS, EOS]] = 0
    order = np.argsort(-counts, kind="stable")[skipped:][:candidates]
    chosen = order[counts[order] > 1].astype(np.int32)
    places = np.full(size, -1, np.int32)
    places[chosen] = np.arange(len(chosen), dtype=np.int32)
    together = np.zeros((len(chosen), len(chosen)), np.int32)
    exposed = np.zeros(len(chosen), np.int64)
    count_pairs(words, document_events(text), places, together, exposed)
    n, first = float(len(words)), exposed.astype(np.float64)
    pairs: list[tuple[Int32s, Int32s]] = [(np.empty(0, np.int32), np.empty(0, np.int32))]
    for place, word in enumerate(chosen.tolist()):
        both, second = together[place].astype(np.float64), float(counts[word])
        information = mutual_information(both, first, np.array(second), n)
        information[both * n <= first * second] = 0.0
        best = np.argsort(-information, kind="stable")[:most]
        best = best[information[best] > 0]
        pairs.append((chosen[best], np.full(len(best), word, np.int32)))
    causes, favored = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return causes, favored


def cache_classes(text: Text) -> Int32s:
    """Divide words into classes by powers of ten of their counts, int32[V]; -1 for reserved and unseen words."""
    counts = np.bincount(text.predicted, minlength=len(text.vocabulary))
    counts[[UNK, BOS, EOS]] = 0
    classes = np.full(len(counts), -1, np.int32)
    for power in range(10):
        classes[counts >= DECADE**power] = power
    return classes
