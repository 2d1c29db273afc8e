"""Memories of a document: what was said in it is said again (Kuhn & De Mori 1990; Clarkson & Robinson 1997)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.adaptive._memory import NgramMemory, PairMemory, WordMemory
from ngramlm.adaptive.sources import RunningDocument, document_slices
from ngramlm.adaptive.word_weights import Neighbours, WordWeights
from ngramlm.core.validation import Number, flag
from ngramlm.errors import UsageError
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS, UNK, Vocabulary

__all__ = ["Cache", "NgramCache", "PairCache"]

Floats = NDArray[np.float64]


class _Memory(ABC):
    """A source that reads a document with a memory of compiled code."""

    @abstractmethod
    def _open(self, vocabulary: Vocabulary) -> Any:
        """A new memory over a vocabulary."""

    @abstractmethod
    def _now(self, memory: Any, running: RunningDocument) -> Floats | None:
        """What a memory says after it has read a document that breaks off."""

    def probs(self, text: Text) -> Floats:
        """float64[n_tokens]: the probability of every predicted token, NaN where nothing is remembered."""
        memory = self._open(text.vocabulary)
        found = np.empty(text.n_tokens)
        for ids, predicted in document_slices(text):
            memory.forget()
            memory.read(text.ids[ids], found[predicted])
        return found

    def after(self, running: RunningDocument) -> Floats | None:
        """float64[V]: the probability of every next word, None where nothing is remembered."""
        memory = self._open(running.before.vocabulary)
        memory.read(running.before.ids, np.empty(running.before.n_tokens))
        memory.read(running.tokens, np.empty(int(np.count_nonzero(running.tokens != BOS))))
        return self._now(memory, running)


def _gains(
    vocabulary: Vocabulary, weights: WordWeights | None, keep_unknown: bool, keep_ends: bool
) -> Floats:
    """float64[V]: what an occurrence of every word is worth."""
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
class Cache(_Memory):
    """How often each word was said in the document so far: p(w) = weight of its occurrences / weight of all.

    An occurrence n tokens ago weighs exp(-decay n); those more than `window` tokens ago are forgotten. Every document
    begins with an empty memory, about which the cache is silent, as it is where all has faded. ``<unk>`` and ``</s>``
    are not remembered, so that their probability is 0 here.

    Args:
        window: tokens; None remembers the whole document.
        decay: 0 weighs all alike; 0.002 to 0.01 suits most texts.
        weights: what an occurrence of a word is worth, such as `inverse_document_frequencies`; 0 is not remembered.
        neighbours: words that an occurrence speaks for beside its own (Zhang et al. 2005).
        keep_unknown: remember ``<unk>`` as a word.
        keep_ends: remember ``</s>`` as a word.

    >>> text = Text.from_sentences(["a b a", "c a"])
    >>> Cache().probs(text).round(3).tolist()
    [nan, 0.0, 0.5, 0.0, 0.0, 0.5, 0.0]
    """

    window: int | None = None
    decay: float = 0.0
    weights: WordWeights | None = None
    neighbours: Neighbours | None = None
    keep_unknown: bool = False
    keep_ends: bool = False

    def __post_init__(self) -> None:
        _check(self)
        _check_type("neighbours", self.neighbours, Neighbours)

    def describe(self) -> str:
        extra = ["weighted"] * (self.weights is not None) + ["classes"] * (self.neighbours is not None)
        return _described("cache", self, extra)

    def _open(self, vocabulary: Vocabulary) -> WordMemory:
        gains = _gains(vocabulary, self.weights, self.keep_unknown, self.keep_ends)
        spread = None if self.neighbours is None else self.neighbours.over(vocabulary)
        return WordMemory(gains, self.window or 0, self.decay, spread)

    def _now(self, memory: WordMemory, running: RunningDocument) -> Floats | None:
        return memory.shares_now()


@dataclass(frozen=True)
class NgramCache(_Memory):
    """What followed the last words earlier in the document: p(w|h) = weight of h w / weight of h.

    Histories stay within a sentence and begin with ``<s>`` there. Where nothing followed the longest history the next
    shorter one answers; where nothing followed the last word, the cache is silent.

    Args:
        order: 2 for pairs of words, 3 for triples that back off to pairs.
        window, decay: as for `Cache`.
        weights: what an occurrence is worth, by its last word.
        keep_unknown: remember ``<unk>`` as a word that follows.
        keep_ends: remember ``</s>`` as a word that follows.
        backoff: whether a shorter history answers; if not, the cache is silent there.

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
        return _described(f"{self.order}-gram-cache", self, [] if self.backoff else ["no-backoff"])

    @property
    def _lengths(self) -> range:
        """Of histories, the longest first."""
        return range(self.order - 1, 0 if self.backoff else self.order - 2, -1)

    def _open(self, vocabulary: Vocabulary) -> _Chain:
        gains = _gains(vocabulary, self.weights, self.keep_unknown, self.keep_ends)
        return _Chain([NgramMemory(gains, length, self.window or 0, self.decay) for length in self._lengths])

    def _now(self, memory: _Chain, running: RunningDocument) -> Floats | None:
        return memory.shares_after(running.tokens)


class _Chain:
    """Memories of which the first that is not silent answers."""

    def __init__(self, memories: list[NgramMemory]) -> None:
        self._memories = memories

    def forget(self) -> None:
        for memory in self._memories:
            memory.forget()

    def read(self, ids: NDArray[np.int32], out: Floats) -> None:
        self._memories[0].read(ids, out)
        for memory in self._memories[1:]:
            shorter = np.empty_like(out)
            memory.read(ids, shorter)
            np.copyto(out, shorter, where=np.isnan(out))

    def shares_after(self, tokens: NDArray[np.int32]) -> Floats | None:
        for memory in self._memories:
            shares = memory.shares_after(tokens)
            if shares is not None:
                return shares
        return None


@dataclass(frozen=True)
class PairCache(_Memory):
    """Which words were said soon after which: the extended bigram memory of Qu et al. (2003).

    A pair (u, w), w at most `distance` tokens behind u in the document, weighs gain(u) gain(w); the next word is
    expected as it followed the last `distance` tokens: p(w) = sum of M(u, w) over them / sum of all their pairs.

    Args:
        weights: what words are worth, such as `inverse_document_frequencies`; 0 keeps a word out of all pairs.
        distance: tokens.
    """

    weights: WordWeights
    distance: int = 5

    def __post_init__(self) -> None:
        Number(least=1, most=1000, whole=True)("distance", self.distance)
        _check_type("weights", self.weights, WordWeights, optional=False)

    def describe(self) -> str:
        return f"pair-cache,distance:{self.distance}"

    def _open(self, vocabulary: Vocabulary) -> PairMemory:
        return PairMemory(_gains(vocabulary, self.weights, False, False), self.distance)

    def _now(self, memory: PairMemory, running: RunningDocument) -> Floats | None:
        return memory.shares_now()


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
