"""Restrict the vocabulary of a model to a list of words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from ngramlm.errors import EstimationError, UsageError
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.normalization import NormalizedColumns, normalized_columns
from ngramlm.text.sentences import several_words
from ngramlm.text.vocabulary import RESERVED, UNK, Vocabulary
from ngramlm.trie._trie import segment_sums, spread, take
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Bools, Floats, Int32s

__all__ = ["restrict_vocabulary"]


def restrict_vocabulary(
    model: BackoffModel,
    words: Iterable[str],
    *,
    removed: Literal["unknown", "renormalize"] | None = None,
    new_words: Literal["leave", "share"] = "leave",
) -> BackoffModel:
    """Restrict a model to a list of words; its distributions still sum to 1.

    N-grams with other words are removed. After every history of kept words, the result has exactly the distribution of
    the model, with the probabilities of removed words added up. A removed word in a history counts as ``<unk>``.

    Parameters
    ----------
    model
        A back-off model of probabilities.
    words
        The words to keep. ``<unk>``, ``<s>`` and ``</s>`` always stay. Ids keep their order.
    removed
        Where the probability of the removed words goes.

        - ``"unknown"``: to ``<unk>``. If a removed word was stored after h, the n-gram h <unk> is stored.
        - ``"renormalize"``: to the kept words, in proportion to p(w|h).
        - None: ``"unknown"`` if the model gives ``<unk>`` a probability, else ``"renormalize"``.
    new_words
        What happens to listed words that the model does not know.

        - ``"leave"``: they stay unknown.
        - ``"share"``: they are added, and share p(<unk>|h) of the model with ``<unk>`` in equal parts. If the model
          stores h <unk>, their parts go to all words that are not stored after h.

    Returns
    -------
    BackoffModel
        The restricted model.

    Raises
    ------
    UsageError
        An option has another value, or words are added and ``<unk>`` has the probability 0.
    EstimationError
        No kept word has a probability.

    Examples
    --------
    >>> from ngramlm import Text, WittenBell, count
    >>> model = WittenBell().fit(count(Text.from_sentences(["a b c", "a c", "b c a"]), order=2))
    >>> small = restrict_vocabulary(model, ["a", "c"])
    >>> small.vocabulary.words()
    ['<unk>', '<s>', '</s>', 'a', 'c']
    >>> before, after = model.distribution(["a"]), small.distribution(["a"])
    >>> bool(np.isclose(after[0], before[0] + before[model.vocabulary.id("b")]))
    True
    """
    if removed not in ("unknown", "renormalize", None):
        raise UsageError(f"removed is {removed!r}; expected 'unknown', 'renormalize' or None")
    if new_words not in ("leave", "share"):
        raise UsageError(f"new_words is {new_words!r}; expected 'leave' or 'share'")
    columns = normalized_columns(model)
    if removed is None:
        removed = "unknown" if columns.probs[0][UNK] > 0 else "renormalize"
    listed = list(dict.fromkeys(word for word in several_words(words) if word not in RESERVED))
    is_known = [word in model.vocabulary for word in listed]
    keep = np.zeros(len(model.vocabulary), bool)
    keep[: len(RESERVED)] = True
    keep[model.vocabulary.ids(word for word, known in zip(listed, is_known, strict=True) if known)] = True
    unknown = [word for word, known in zip(listed, is_known, strict=True) if not known]
    sharing = unknown if new_words == "share" else []
    kept = model.vocabulary.words(np.flatnonzero(keep)[len(RESERVED) :])
    if sharing and not columns.probs[0][UNK] > 0:
        raise UsageError(
            "found an <unk> with the probability 0; expected a probability that the new words can share"
        )
    trie, probs = _rebuilt(columns, keep, removed, len(sharing))
    if not probs[0].any():
        raise EstimationError(
            "found no word with a probability above 0 among the kept words; expected at least one"
        )
    stored = NormalizedColumns.from_probs(trie, probs).stored()
    metadata = {**model.metadata, "restricted": removed}
    if removed == "unknown" and "closed" in metadata:
        metadata["closed"] = "no"
    return BackoffModel(Vocabulary([*kept, *sharing]), stored, metadata)


def _rebuilt(
    columns: NormalizedColumns, keep: Bools, removed: str, n_added: int
) -> tuple[NgramTrie, list[Floats]]:
    """Return the n-grams of kept words with new ids, and their probabilities, float64[R] per order."""
    trie, probs = columns.trie, columns.probs[0]
    size = int(np.count_nonzero(keep)) + n_added
    # <unk> and each added word get an equal part of p(<unk>|h).
    part = 1 / (n_added + 1)
    ids = np.where(keep, np.cumsum(keep) - 1, -1).astype(np.int32)
    # For every history of an order: the probability of all removed words, the probability of <unk>, and whether the
    # history consists of kept words.
    gone = np.array([probs[~keep].sum()])
    unknown = np.array([probs[UNK]])
    usable = np.ones(1, bool)
    unigrams = np.full(size, part * probs[UNK])
    unigrams[: size - n_added] = probs[keep]
    unigrams[UNK] *= part
    if removed == "unknown":
        unigrams[UNK] += gone[0]
    ngrams: list[Int32s] = []
    found = [unigrams]
    for order in range(2, trie.order + 1):
        level, probs, lower = trie.level(order), columns.probs[order - 1], columns.lower(order)
        weights, starts = columns.weights[order - 2], level.starts
        out, is_unknown = ~keep[level.words], level.words == UNK
        gone = segment_sums(np.where(out, probs, 0.0), starts) + weights * np.maximum(
            gone[level.parents] - segment_sums(np.where(out, lower, 0.0), starts), 0
        )
        has_unknown = np.logical_or.reduceat(is_unknown, starts[:-1])
        stored_unknown = segment_sums(np.where(is_unknown, probs, 0.0), starts)
        unknown = np.where(has_unknown, stored_unknown, weights * unknown[level.parents])
        usable = usable[level.parents] & keep[level.first_words]
        rows = np.repeat(usable, np.diff(starts)) & ~out
        histories = ids[trie.history_words(order)]
        if removed == "unknown":
            rows &= ~is_unknown
            ending = np.flatnonzero(usable & (has_unknown | np.logical_or.reduceat(out, starts[:-1])))
            values = np.concatenate([probs[rows], (part * unknown + gone)[ending]])
        else:
            ending = np.zeros(0, np.int64)
            scale = np.divide(1.0, 1 - gone, out=np.zeros_like(gone), where=gone < 1)
            values = (np.where(is_unknown, part, 1.0) * probs * spread(scale, starts))[rows]
        at = np.repeat(np.arange(level.n_histories), np.diff(starts))[rows]
        words = np.concatenate([ids[level.words[rows]], np.full(len(ending), UNK, np.int32)])
        ngrams.append(np.column_stack([histories[np.concatenate([at, ending])], words]).astype(np.int32))
        found.append(values)
    if removed == "renormalize":
        found[0] = found[0] / max(1 - columns.probs[0][~keep].sum(), 1e-300)
    rebuilt, permutations = NgramTrie.from_ngrams(ngrams, size)
    return rebuilt, [take(values, rows) for values, rows in zip(found, permutations, strict=False)]
