"""Mixture weights: fixed, by position, or updated from the text read so far."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from ngramlm.adaptive._mixing import mix_bayes, mix_fixed, mix_recent
from ngramlm.adaptive.components import spans
from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number, choice
from ngramlm.errors import EstimationError, UsageError
from ngramlm.mixing.interpolation import estimate_weights
from ngramlm.text.text import Text
from ngramlm.types import Floats, Int32s

__all__ = ["BayesWeights", "BucketWeights", "FixedWeights", "RecentWeights", "Weighting"]

Shares = tuple[float, ...]


class Weighting(ABC):
    """Weights of the components of a mixture, for every token of a text.

    All methods take a table float64[components, tokens] of probabilities. NaN says that a component abstains; the
    weights of the others are then divided by their sum.
    """

    @abstractmethod
    def mix(self, table: Floats, text: Text) -> Floats:
        """float64[tokens]: the probability of every predicted token."""

    @abstractmethod
    def after(self, table: Floats, text: Text, silent: NDArray[np.bool_]) -> Floats:
        """The weights for the token after an unfinished document.

        Parameters
        ----------
        table
            float64[components, tokens] of the document so far.
        text
            The document so far; its last sentence ends with a ``</s>`` that is not in the table.
        silent
            bool[components]: which components abstain for the next token.

        Returns
        -------
        numpy.ndarray
            float64[components].
        """

    @abstractmethod
    def fit(self, table: Floats, text: Text, progress: Progress | None = None) -> Self:
        """A copy with the weights under which a held-out text is most probable."""

    @abstractmethod
    def describe(self) -> str:
        """A short name for signatures."""

    @property
    def follows_the_text(self) -> bool:
        """Whether weights depend on the text read so far."""
        return True


@dataclass(frozen=True)
class FixedWeights(Weighting):
    """The same weights for every token, fitted by expectation maximization (Jelinek & Mercer 1980).

    Parameters
    ----------
    weights
        One for each component; they are divided by their sum. None means equal weights.
    """

    weights: Shares | None = None

    def __post_init__(self) -> None:
        _keep_shares(self, "weights", self.weights)

    def mix(self, table: Floats, text: Text) -> Floats:
        out = np.empty(table.shape[1])
        weights = _prior(self.weights, len(table))
        mix_fixed(table, weights[None], np.zeros(table.shape[1], np.int32), out)
        return out

    def after(self, table: Floats, text: Text, silent: NDArray[np.bool_]) -> Floats:
        return _prior(self.weights, len(table))

    def fit(self, table: Floats, text: Text, progress: Progress | None = None) -> FixedWeights:
        return replace(self, weights=_em(table, progress))

    def describe(self) -> str:
        return "fixed"

    @property
    def follows_the_text(self) -> bool:
        return False


@dataclass(frozen=True)
class BucketWeights(Weighting):
    """Fixed weights for each of several buckets of tokens.

    Parameters
    ----------
    by
        How tokens are put into buckets.

        - ``"position"``: by the logarithm of the number of tokens before, in the document. A cache is worth more when
          it is full.
        - ``"silence"``: by the set of components that abstain. A cache of bigrams gets its own weight where it has
          evidence (Goodman 2001, conditional caches).
        - ``"word"``: by the word before, if it is frequent in the held-out text; all other words share a bucket.
    weights
        For each bucket, one weight per component. None means equal weights.
    words
        For ``"word"``: the ids of the words with a bucket of their own, in rising order.
    """

    by: Literal["position", "silence", "word"] = "silence"
    weights: tuple[Shares, ...] | None = None
    words: tuple[int, ...] = ()

    LEAST = 100  # held-out tokens of a bucket that has weights of its own
    MOST_COMPONENTS = 10  # sets of more would be too many

    def __post_init__(self) -> None:
        choice("position", "silence", "word")("by", self.by)
        if self.words:
            Number(least=0, most=(1 << 31) - 1, whole=True, several=True)("words", self.words)
        if list(self.words) != sorted(set(self.words)) or (self.words and self.by != "word"):
            raise UsageError(f"found the words {self.words}; expected rising ids, and weights by word")
        if self.weights is not None:
            kept = tuple(_shares("weights", shares) for shares in self.weights)
            object.__setattr__(self, "weights", kept)

    def mix(self, table: Floats, text: Text) -> Floats:
        weights = self._rows(len(table))
        out = np.empty(table.shape[1])
        mix_fixed(table, weights, np.minimum(self._buckets(table, text), len(weights) - 1), out)
        return out

    def after(self, table: Floats, text: Text, silent: NDArray[np.bool_]) -> Floats:
        rows = self._rows(len(table))
        if self.by == "silence":
            bucket = int(_set_numbers(silent[:, None])[0])
        elif self.by == "word":
            bucket = int(self._word_buckets(_words_before(text)[table.shape[1] :])[0])
        else:
            bucket = int(_powers(np.array([table.shape[1]]))[0])
        found: Floats = rows[min(bucket, len(rows) - 1)]
        return found

    def _rows(self, n: int) -> Floats:
        if self.by == "silence" and n > self.MOST_COMPONENTS:
            raise UsageError(f"found {n} components; expected {self.MOST_COMPONENTS} at most")
        if self.weights is None:
            return np.full((1, n), 1 / n)
        rows = np.array(self.weights)
        if rows.shape[1] != n:
            raise UsageError(f"found weights for {rows.shape[1]} components; expected {n}")
        return rows

    def _buckets(self, table: Floats, text: Text) -> Int32s:
        """int32[tokens]"""
        if self.by == "silence":
            self._rows(len(table))  # checks their number
            return _set_numbers(np.isnan(table))
        if self.by == "word":
            return self._word_buckets(_words_before(text))
        starts = spans(text, text.documents)
        return _powers(np.arange(table.shape[1]) - np.repeat(starts[:-1], np.diff(starts)))

    def _word_buckets(self, before: Int32s) -> Int32s:
        own = np.array(self.words, np.int32)
        places = np.searchsorted(own, before)
        found = np.append(own, np.int32(-1))[places] == before
        return np.where(found, places + 1, 0).astype(np.int32)

    def fit(self, table: Floats, text: Text, progress: Progress | None = None) -> BucketWeights:
        fitted = self
        if self.by == "word":
            times = np.bincount(_words_before(text))
            fitted = replace(self, words=tuple(np.flatnonzero(times >= self.LEAST).tolist()), weights=None)
        buckets = fitted._buckets(table, text)
        everywhere = _em(table, progress)
        rows = []
        for bucket in range(int(buckets.max(initial=0)) + 1):
            own = table[:, buckets == bucket]
            rows.append(everywhere if own.shape[1] < self.LEAST else _em(own, progress))
        return replace(fitted, weights=tuple(rows))

    def describe(self) -> str:
        return f"by-{self.by}"


def _words_before(text: Text) -> Int32s:
    """int32[tokens], the token before every predicted one."""
    return np.asarray(text.ids[np.flatnonzero(text.is_predicted) - 1], np.int32)


@dataclass(frozen=True)
class RecentWeights(Weighting):
    """Weights that follow the document: what each component's share was in the last tokens.

    weight_j = (strength prior_j + sum of share_j over the last `window` tokens) / (strength + their number), where the
    share of a component in a token is its part of what the mixture gave it: expectation maximization, one step a token.

    Args:
        prior: the weights at the beginning of a document; None is equal ones.
        window: tokens; None is the whole document so far.
        strength: how many tokens the prior counts for.
    """

    prior: Shares | None = None
    window: int | None = 300
    strength: float = 5.0

    def __post_init__(self) -> None:
        _keep_shares(self, "prior", self.prior)
        Number(least=1, whole=True, optional=True)("window", self.window)
        Number(least=0, above=True)("strength", self.strength)

    def mix(self, table: Floats, text: Text) -> Floats:
        out = np.empty(table.shape[1])
        self._read(table, spans(text, text.documents), out)
        return out

    def after(self, table: Floats, text: Text, silent: NDArray[np.bool_]) -> Floats:
        starts = np.array([0, table.shape[1]], np.int64)
        return self._read(table, starts, np.empty(table.shape[1]))

    def _read(self, table: Floats, starts: NDArray[np.int64], out: Floats) -> Floats:
        prior = _prior(self.prior, len(table))
        return mix_recent(table, starts, prior, self.window or 0, self.strength, out)

    def fit(self, table: Floats, text: Text, progress: Progress | None = None) -> RecentWeights:
        """The prior: the mean of the weights that suit every document by itself, by the number of its tokens."""
        return replace(self, prior=_em_by_parts(table, spans(text, text.documents), progress))

    def describe(self) -> str:
        return f"recent,window:{self.window or 'document'},strength:{self.strength:g}"


@dataclass(frozen=True)
class BayesWeights(Weighting):
    """Weights that are the posterior probabilities of the components, given the text read so far.

    After each token, weight_j becomes weight_j^memory prior_j^(1 - memory) p_j(token), divided by the sum. With
    `memory` 1 and `scope` "sentence" this is the sentence-level mixture of Iyer & Ostendorf (1999): the probability of
    a sentence is the sum of prior_j P_j(sentence).

    With `memory` 1, a component that gives a token the probability 0 has no weight until the next beginning. With less,
    its weight recovers, as at least a millionth of its prior is left. Caches give every new word the probability 0:
    `RecentWeights` suits them better.

    Parameters
    ----------
    prior
        The weights at the beginning. None means equal weights.
    memory
        From 0 to 1: the share of the old weights that is kept after each token. 1 forgets nothing.
    scope
        Whether weights begin anew at every ``"document"`` or at every ``"sentence"``.
    """

    prior: Shares | None = None
    memory: float = 1.0
    scope: Literal["document", "sentence"] = "document"

    def __post_init__(self) -> None:
        _keep_shares(self, "prior", self.prior)
        Number(least=0, most=1)("memory", self.memory)
        choice("document", "sentence")("scope", self.scope)

    def mix(self, table: Floats, text: Text) -> Floats:
        out = np.empty(table.shape[1])
        self._read(table, self._starts(text), out)
        return out

    def _starts(self, text: Text) -> NDArray[np.int64]:
        return spans(text, text.documents if self.scope == "document" else np.arange(text.n_sentences + 1))

    def after(self, table: Floats, text: Text, silent: NDArray[np.bool_]) -> Floats:
        begin = int(spans(text, np.array([text.n_sentences - 1]))[0]) if self.scope == "sentence" else 0
        own = np.ascontiguousarray(table[:, begin:])
        return self._read(own, np.array([0, own.shape[1]], np.int64), np.empty(own.shape[1]))

    def _read(self, table: Floats, starts: NDArray[np.int64], out: Floats) -> Floats:
        return mix_bayes(table, starts, _prior(self.prior, len(table)), self.memory, out)

    def fit(self, table: Floats, text: Text, progress: Progress | None = None) -> BayesWeights:
        """The prior under which whole sentences or documents are most probable, if nothing is forgotten or silent;
        else the mean, by tokens, of the fixed weights that suit each document."""
        starts = self._starts(text)
        if self.memory < 1 or np.isnan(table).any():
            return replace(self, prior=_em_by_parts(table, spans(text, text.documents), progress))
        with np.errstate(divide="ignore"):
            sums = np.add.reduceat(np.log10(table), starts[:-1][np.diff(starts) > 0], axis=1)
        return replace(self, prior=tuple(estimate_weights(sums, progress=progress).weights.tolist()))

    def describe(self) -> str:
        return f"bayes,memory:{self.memory:g},{self.scope}"


def _set_numbers(silent: NDArray[np.bool_]) -> Int32s:
    """int32[tokens]: a number for every set of components that are silent, bool[components, tokens]."""
    bits = (1 << np.arange(len(silent), dtype=np.int32))[:, None]
    found: Int32s = (silent * bits).sum(axis=0, dtype=np.int32)
    return found


def _powers(before: NDArray[np.int64]) -> Int32s:
    """int32[tokens]: the power of two that the number of tokens before has reached."""
    return np.floor(np.log2(before + 1)).astype(np.int32)


def _em(table: Floats, progress: Progress | None) -> Shares:
    with np.errstate(divide="ignore"):
        found = estimate_weights(np.log10(table), silent=True, progress=progress)
    return tuple(found.weights.tolist())


def _em_by_parts(table: Floats, starts: NDArray[np.int64], progress: Progress | None) -> Shares:
    """The mean, by tokens, over the parts of a text of the weights that suit each."""
    total = np.zeros(len(table))
    for begin, end in pairwise(starts.tolist()):
        if end > begin:
            total += (end - begin) * np.array(_em(table[:, begin:end], None))
        if progress is not None:
            progress("weighing", end, int(starts[-1]))
    if not total.any():
        raise EstimationError("found no tokens to weigh by; expected a held-out text")
    return tuple((total / total.sum()).tolist())


def _prior(shares: Shares | None, n: int) -> Floats:
    if shares is None:
        return np.full(n, 1 / n)
    if len(shares) != n:
        raise UsageError(f"found {len(shares)} weights for {n} components; expected one for each")
    return np.array(shares)


def _shares(name: str, shares: Sequence[float]) -> Shares:
    values = np.array(Number(least=0, several=True)(name, list(shares)), np.float64)
    if not (np.isfinite(values).all() and values.sum() > 0):
        raise UsageError(f"{name} is {values.tolist()}; expected numbers from 0 on, not all of them 0")
    return tuple((values / values.sum()).tolist())


def _keep_shares(weighting: Weighting, name: str, shares: Shares | None) -> None:
    if shares is not None:
        object.__setattr__(weighting, name, _shares(name, shares))
