"""Slow, obvious memories of a document: every definition read off, nothing kept from one token to the next."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

BOS, EOS, UNK = "<s>", "</s>", "<unk>"
Gain = Callable[[str], float]
Document = Sequence[Sequence[str]]  # sentences of words


def predicted_tokens(document: Document) -> list[tuple[str, list[str], list[str]]]:
    """For every predicted token: (the token, all tokens before it in the document, what stands before it in its
    sentence, beginning with <s>)."""
    found, said = [], []
    for sentence in document:
        before = [BOS]
        for token in [*sentence, EOS]:
            found.append((token, list(said), list(before)))
            said.append(token)
            before.append(token)
    return found


def aged(n: int, window: int | None, decay: float) -> float:
    """What a token n tokens ago weighs."""
    return 0.0 if window is not None and n > window else math.exp(-decay * n)


def cache_share(
    word: str,
    said: Sequence[str],
    gain: Gain,
    window: int | None,
    decay: float,
    spread: Callable[[str], Mapping[str, float]] | None = None,
) -> float | None:
    """p(word) of a cache, None where it is silent."""
    weights: dict[str, float] = {}
    for n, other in enumerate(reversed(said), 1):
        weight = gain(other) * aged(n, window, decay)
        if weight > 0:
            for target, share in (spread(other) if spread else {other: 1.0}).items():
                weights[target] = weights.get(target, 0.0) + weight * share
    total = math.fsum(weights.values())
    return weights.get(word, 0.0) / total if total > 0 else None


def ngram_cache_share(
    word: str,
    document: Document,
    at: int,
    length: int,
    gain: Gain,
    window: int | None,
    decay: float,
    backoff: bool = True,
) -> float | None:
    """p(word | last `length` tokens) of an n-gram cache at token number `at` of a document, None where it is silent."""
    tokens = predicted_tokens(document)
    history = tokens[at][2]
    while length:
        if len(history) >= length:
            total = share = 0.0
            for earlier in range(at):
                other, _, before = tokens[earlier]
                if len(before) >= length and before[-length:] == history[-length:]:
                    weight = gain(other) * aged(at - earlier, window, decay)
                    total += weight
                    share += weight if other == word else 0.0
            if total > 0:
                return share / total
        if not backoff:
            return None
        length -= 1
    return None


def pair_cache_share(word: str, said: Sequence[str], gain: Gain, distance: int) -> float | None:
    """p(word) of a memory of pairs, None where it is silent."""
    pairs: dict[tuple[str, str], float] = {}
    for j, other in enumerate(said):
        for first in said[max(0, j - distance) : j]:
            pairs[first, other] = pairs.get((first, other), 0.0) + gain(first) * gain(other)
    share = total = 0.0
    for first in said[-distance:]:
        for (one, other), weight in pairs.items():
            if one == first:
                total += weight
                share += weight if other == word else 0.0
    return share / total if total > 0 else None
