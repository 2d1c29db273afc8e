"""Caches of a document: a word that occurred in it is likely to occur again.

Sources: Kuhn & De Mori (1990); Clarkson & Robinson (1997).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.adaptive._cache import CachedNgrams, CachedPairs, CachedWords
from ngramlm.adaptive.components import RunningDocument, document_slices
from ngramlm.adaptive.word_weights import Neighbors, WordWeights
from ngramlm.core.validation import Number, flag
from ngramlm.errors import UsageError
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS, UNK, Vocabulary
from ngramlm.types import Floats

__all__ = ["Cache", "NgramCache", "PairCache"]


class _DocumentCache(ABC):
    """A component that reads documents with a compiled cache."""

    # every call reads with a compiled cache of its own
    thread_safe = True

    @abstractmethod
    def _open(self, vocabulary: Vocabulary) -> Any:
        """Return an empty compiled cache over a vocabulary."""

    @abstractmethod
    def _now(self, cached: Any, running: RunningDocument) -> Floats | None:
        """Return the probability of every next word after the document read so far, float64[V]; None to abstain."""

    def probs(self, text: Text) -> Floats:
        """Return the probability of every predicted token, float64[n_tokens]; NaN where the cache abstains."""
        cached = self._open(text.vocabulary)
        found = np.empty(text.n_tokens)
        for ids, predicted in document_slices(text):
            cached.forget()
            cached.read(text.ids[ids], found[predicted])
        return found

    def after(self, running: RunningDocument) -> Floats | None:
        """Return the probability of every next word, float64[V]; None if the cache abstains."""
        cached = self._open(running.before.vocabulary)
        cached.read(running.before.ids, np.empty(running.before.n_tokens))
        cached.read(running.tokens, np.empty(int(np.count_nonzero(running.tokens != BOS))))
        return self._now(cached, running)


def _gains(
    vocabulary: Vocabulary, weights: WordWeights | None, keep_unknown: bool, keep_ends: bool
) -> Floats:
    """Return the weight of an occurrence of every word, float64[V]."""
    gains = np.ones(len(vocabulary)) if weights is None else weights.over(vocabulary)
    gains[BOS] = 0.0
    if not keep_unknown:
        gains[UNK] = 0.0
    if not keep_ends:
        gains[EOS] = 0.0
    elif weights is not None:
        gains[EOS] = 1.0
    return gains


@dataclass(frozen=True)
class Cache(_DocumentCache):
    """The words of the document so far: p(w) = weight of the occurrences of w / weight of all occurrences.

    An occurrence n tokens ago has the weight exp(-decay n). Occurrences more than `window` tokens ago are dropped.
    Every document begins with an empty cache. The cache abstains while it is empty, and when all weights have decayed
    to 0. By default ``<unk>`` and ``</s>`` are not cached, so that their probability is 0.

    Parameters
    ----------
    window
        Size of the cache in tokens, each ``</s>`` being one. None caches the whole document.
    decay
        Rate of the exponential decay per token. 0 weights all occurrences equally; 0.002 to 0.01 suits most texts.
    weights
        The weight of an occurrence of each word, for example `inverse_document_frequencies`. A word of weight 0 is not
        cached.
    neighbors
        Similar words, which share the weight of an occurrence (Zhang et al. 2005). None shares nothing.
    keep_unknown
        Whether ``<unk>`` is cached.
    keep_ends
        Whether ``</s>`` is cached.

    Raises
    ------
    UsageError
        A parameter is out of its range or of the wrong type.

    Examples
    --------
    >>> text = Text.from_sentences(["a b a", "c a"])
    >>> Cache().probs(text).round(3).tolist()
    [nan, 0.0, 0.5, 0.0, 0.0, 0.5, 0.0]
    """

    window: int | None = None
    decay: float = 0.0
    weights: WordWeights | None = None
    neighbors: Neighbors | None = None
    keep_unknown: bool = False
    keep_ends: bool = False

    def __post_init__(self) -> None:
        _check(self)
        _check_type("neighbors", self.neighbors, Neighbors)

    def describe(self) -> str:
        """Return the kind and the options of the cache, for signatures."""
        extra = ["weighted"] * (self.weights is not None) + ["classes"] * (self.neighbors is not None)
        return _described("cache", self, extra)

    def _open(self, vocabulary: Vocabulary) -> CachedWords:
        gains = _gains(vocabulary, self.weights, self.keep_unknown, self.keep_ends)
        spread = None if self.neighbors is None else self.neighbors.over(vocabulary)
        return CachedWords(gains, self.window or 0, self.decay, spread)

    def _now(self, cached: CachedWords, running: RunningDocument) -> Floats | None:
        return cached.shares_now()


@dataclass(frozen=True)
class NgramCache(_DocumentCache):
    """The n-grams of the document so far: p(w|h) = weight of h w / weight of h.

    Histories do not cross the beginning of a sentence; ``<s>`` is part of them. A history that is not cached backs off
    to the next shorter history. The cache abstains if the shortest history, the last word, is not cached.

    Parameters
    ----------
    order
        2 caches bigrams; 3 caches trigrams that back off to bigrams.
    window, decay
        As for `Cache`.
    weights
        The weight of an occurrence of an n-gram, by its last word. None gives all the weight 1.
    keep_unknown
        Whether n-grams that end in ``<unk>`` are cached.
    keep_ends
        Whether n-grams that end in ``</s>`` are cached.
    backoff
        Whether a history that is not cached backs off. If False, the cache abstains after it.

    Raises
    ------
    UsageError
        A parameter is out of its range or of the wrong type.

    Examples
    --------
    >>> text = Text.from_sentences(["a b", "a c", "a b"])
    >>> NgramCache().probs(text).round(3).tolist()
    [nan, nan, nan, 1.0, 0.0, nan, 1.0, 0.5, 1.0]
    """

    order: int = 2
    window: int | None = None
    decay: float = 0.0
    weights: WordWeights | None = None
    keep_unknown: bool = False
    keep_ends: bool = True
    backoff: bool = True

    def __post_init__(self) -> None:
        Number(least=2, most=3, whole=True)("order", self.order)
        flag("backoff", self.backoff)
        _check(self)

    def describe(self) -> str:
        """Return the order and the options of the cache, for signatures."""
        return _described(f"{self.order}-gram-cache", self, [] if self.backoff else ["no-backoff"])

    @property
    def _lengths(self) -> range:
        """The lengths of the histories, the longest first."""
        return range(self.order - 1, 0 if self.backoff else self.order - 2, -1)

    def _open(self, vocabulary: Vocabulary) -> _Chain:
        gains = _gains(vocabulary, self.weights, self.keep_unknown, self.keep_ends)
        return _Chain([CachedNgrams(gains, length, self.window or 0, self.decay) for length in self._lengths])

    def _now(self, cached: _Chain, running: RunningDocument) -> Floats | None:
        return cached.shares_after(running.tokens)


class _Chain:
    """Compiled caches in the order of back-off: the first cache that does not abstain predicts."""

    def __init__(self, caches: list[CachedNgrams]) -> None:
        self._caches = caches

    def forget(self) -> None:
        for cached in self._caches:
            cached.forget()

    def read(self, ids: NDArray[np.int32], out: Floats) -> None:
        self._caches[0].read(ids, out)
        for cached in self._caches[1:]:
            shorter = np.empty_like(out)
            cached.read(ids, shorter)
            np.copyto(out, shorter, where=np.isnan(out))

    def shares_after(self, tokens: NDArray[np.int32]) -> Floats | None:
        for cached in self._caches:
            shares = cached.shares_after(tokens)
            if shares is not None:
                return shares
        return None


@dataclass(frozen=True)
class PairCache(_DocumentCache):
    """Pairs of words of the document so far: the extended bigram cache of Qu et al. (2003).

    A pair (u, w) is cached if w stands at most `distance` tokens after u. Its weight is gain(u) gain(w), and M(u, w) is
    the sum of the weights of its occurrences. The probability of the word w is the sum of M(u, w) over the last
    `distance` tokens u, divided by the sum of M(u, v) over the same tokens u and all words v.

    Parameters
    ----------
    weights
        The weight (gain) of each word, for example `inverse_document_frequencies`. A word of weight 0 is in no pair.
    distance
        The largest distance between the two words, in tokens.

    Raises
    ------
    UsageError
        `distance` is out of its range, or `weights` is not a `WordWeights`.
    """

    weights: WordWeights
    distance: int = 5

    def __post_init__(self) -> None:
        Number(least=1, most=1000, whole=True)("distance", self.distance)
        _check_type("weights", self.weights, WordWeights, optional=False)

    def describe(self) -> str:
        """Return the kind and the distance of the cache, for signatures."""
        return f"pair-cache,distance:{self.distance}"

    def _open(self, vocabulary: Vocabulary) -> CachedPairs:
        return CachedPairs(_gains(vocabulary, self.weights, False, False), self.distance)

    def _now(self, cached: CachedPairs, running: RunningDocument) -> Floats | None:
        return cached.shares_now()


_WINDOW = Number(least=1, most=100_000_000, whole=True, optional=True)
_DECAY = Number(least=0, most=100)


def _check(cache: Cache | NgramCache) -> None:
    _WINDOW("window", cache.window)
    _DECAY("decay", cache.decay)
    for name in ("keep_unknown", "keep_ends"):
        flag(name, getattr(cache, name))
    _check_type("weights", cache.weights, WordWeights)


def _check_type(name: str, value: object, kind: type, optional: bool = True) -> None:
    if not (isinstance(value, kind) or (optional and value is None)):
        raise UsageError(f"{name} is {value!r}; expected {kind.__name__}")


def _described(name: str, cache: Cache | NgramCache, extra: list[str]) -> str:
    facts = [name]
    if cache.window is not None:
        facts.append(f"window:{cache.window}")
    if cache.decay:
        facts.append(f"decay:{cache.decay:g}")
    return ",".join([*facts, *extra])
