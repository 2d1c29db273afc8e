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
from ngramlm.smoothing.buckets import merged_buckets
from ngramlm.text.text import Text
from ngramlm.types import Floats, Int32s

__all__ = ["BayesWeights", "BucketWeights", "FixedWeights", "RecentWeights", "Weighting"]

Shares = tuple[float, ...]


class Weighting(ABC):
    """The weights of the components of a mixture, for every token of a text.

    All methods take a table float64[components, tokens] of probabilities. NaN says that a component abstains. The
    weights of the other components are then divided by their sum.
    """

    @abstractmethod
    def mix(self, table: Floats, text: Text) -> Floats:
        """Mix the components.

        Parameters
        ----------
        table
            float64[components, tokens]: the probability of every predicted token in every component.
        text
            The text. ``text.documents`` says where documents begin.

        Returns
        -------
        numpy.ndarray
            float64[tokens]: the probability of every predicted token in the mixture.
        """

    @abstractmethod
    def after(self, table: Floats, text: Text, silent: NDArray[np.bool_]) -> Floats:
        """Return the weights for the next token of an unfinished document.

        Parameters
        ----------
        table
            float64[components, tokens]: the probabilities of the tokens of the document so far.
        text
            The document so far; its last sentence ends with a ``</s>`` that is not in the table.
        silent
            bool[components]: whether a component abstains for the next token.

        Returns
        -------
        numpy.ndarray
            float64[components]: the weights.
        """

    @abstractmethod
    def fit(self, table: Floats, text: Text, progress: Progress | None = None) -> Self:
        """Fit the weights to a held-out text.

        Parameters
        ----------
        table
            float64[components, tokens]: the probability of every predicted token in every component.
        text
            The held-out text.
        progress
            Called with the number of iterations done.

        Returns
        -------
        Weighting
            A copy with the weights under which the text is most probable.

        Raises
        ------
        EstimationError
            All tokens are impossible in all components, or there are no tokens.
        """

    @abstractmethod
    def describe(self) -> str:
        """Return a short name for signatures."""

    def check_components(self, n: int) -> None:
        """Check that these weights are for `n` components; raises UsageError. Weights fit any number by default."""
        return

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
        One weight for each component; they are divided by their sum. None gives all components the same weight.

    Raises
    ------
    UsageError
        A weight is negative, or all are 0.
    """

    weights: Shares | None = None

    def __post_init__(self) -> None:
        _keep_shares(self, "weights", self.weights)

    def check_components(self, n: int) -> None:
        """Check that these weights are for `n` components; raises UsageError."""
        _prior(self.weights, n)

    def mix(self, table: Floats, text: Text) -> Floats:
        """Return the probability of every predicted token, float64[tokens]."""
        out = np.empty(table.shape[1])
        weights = _prior(self.weights, len(table))
        mix_fixed(table, weights[None], np.zeros(table.shape[1], np.int32), out)
        return out

    def after(self, table: Floats, text: Text, silent: NDArray[np.bool_]) -> Floats:
        """Return the weights for the next token, float64[components]."""
        return _prior(self.weights, len(table))

    def fit(self, table: Floats, text: Text, progress: Progress | None = None) -> FixedWeights:
        """Return a copy with the weights that maximize the probability of a held-out text."""
        return replace(self, weights=_em(table, progress))

    def describe(self) -> str:
        """Return the name and the options, for signatures."""
        return "fixed"

    @property
    def follows_the_text(self) -> bool:
        """False: the weights are the same for every token."""
        return False


@dataclass(frozen=True)
class BucketWeights(Weighting):
    """Fixed weights for each of several buckets of tokens.

    Parameters
    ----------
    by
        How tokens are divided into buckets.

        - ``"growth"``: by ``"silence"`` and, within each set, by ``"position"``. So the weight of a cache grows with
          what the cache has seen.
        - ``"position"``: by the power of two of the number of tokens before in the document, up to 512. A cache
          predicts better when it is full.
        - ``"silence"``: by the set of components that abstain. So a cache of bigrams gets a weight of its own for the
          tokens where it has evidence (Goodman 2001, conditional caches).
        - ``"word"``: by the previous word, if it is frequent in the held-out text. All other words share a bucket.
    weights
        For each bucket, one weight per component. None gives all components the same weight.
    words
        For ``"word"``: the ids of the words that have a bucket of their own, in rising order.

    Raises
    ------
    UsageError
        `words` are not rising ids, or are given for another kind of bucket; or a weight is negative.
    """

    by: Literal["growth", "position", "silence", "word"] = "growth"
    weights: tuple[Shares, ...] | None = None
    words: tuple[int, ...] = ()

    # The smallest number of held-out tokens of a bucket that gets weights of its own.
    LEAST = 100
    # The buckets of position begin after 0, 1, 3, 7, .. and 511 tokens.
    POSITIONS = 10
    # The sets of n components are 2^n buckets.
    MOST_COMPONENTS = 10

    def __post_init__(self) -> None:
        choice("growth", "position", "silence", "word")("by", self.by)
        if self.words:
            Number(least=0, most=(1 << 31) - 1, whole=True, several=True)("words", self.words)
        if list(self.words) != sorted(set(self.words)) or (self.words and self.by != "word"):
            raise UsageError(
                f"found words {self.words} and by={self.by!r}; expected rising ids, and by='word'"
            )
        if self.weights is not None:
            kept = tuple(_shares("weights", shares) for shares in self.weights)
            if len(set(map(len, kept))) != 1:
                raise UsageError(
                    f"weights are for {[*map(len, kept)]} components; expected the same number in every bucket"
                )
            object.__setattr__(self, "weights", kept)

    def check_components(self, n: int) -> None:
        """Check that these weights are for `n` components; raises UsageError."""
        self._rows(n)

    def mix(self, table: Floats, text: Text) -> Floats:
        """Return the probability of every predicted token, float64[tokens]."""
        weights = self._rows(len(table))
        out = np.empty(table.shape[1])
        mix_fixed(table, weights, np.minimum(self._buckets(table, text), len(weights) - 1), out)
        return out

    def after(self, table: Floats, text: Text, silent: NDArray[np.bool_]) -> Floats:
        """Return the weights for the next token, float64[components]."""
        rows = self._rows(len(table))
        n = table.shape[1]
        if self.by == "word":
            bucket = int(self._word_buckets(_words_before(text)[n:])[0])
        else:
            bucket = int(self._places(silent[:, None], np.array([n]))[0])
        found: Floats = rows[min(bucket, len(rows) - 1)]
        return found

    def _rows(self, n: int) -> Floats:
        if self.by in ("growth", "silence") and n > self.MOST_COMPONENTS:
            raise UsageError(
                f"found {n} components; expected at most {self.MOST_COMPONENTS} for buckets by {self.by}"
            )
        if self.weights is None:
            return np.full((1, n), 1 / n)
        rows = np.array(self.weights)
        if rows.shape[1] != n:
            raise UsageError(f"found weights for {rows.shape[1]} components; expected {n}")
        return rows

    def _buckets(self, table: Floats, text: Text) -> Int32s:
        """Return the bucket of every token, int32[tokens]."""
        # For its check of the number of components.
        self._rows(len(table))
        if self.by == "word":
            return self._word_buckets(_words_before(text))
        starts = spans(text, text.documents)
        before = np.arange(table.shape[1]) - np.repeat(starts[:-1], np.diff(starts))
        return self._places(np.isnan(table), before)

    def _places(self, silent: NDArray[np.bool_], before: NDArray[np.int64]) -> Int32s:
        """Return the buckets by silence, by position, or by both, int32[tokens]."""
        if self.by == "silence":
            return _set_numbers(silent)
        if self.by == "position":
            return _powers(before)
        return _set_numbers(silent) * self.POSITIONS + np.minimum(_powers(before), self.POSITIONS - 1)

    def _word_buckets(self, before: Int32s) -> Int32s:
        own = np.array(self.words, np.int32)
        places = np.searchsorted(own, before)
        found = np.append(own, np.int32(-1))[places] == before
        return np.where(found, places + 1, 0).astype(np.int32)

    def fit(self, table: Floats, text: Text, progress: Progress | None = None) -> BucketWeights:
        """Return a copy with the weights that maximize the probability of a held-out text, bucket by bucket.

        Buckets of position with fewer than `LEAST` held-out tokens are joined with the next ones. Other buckets with
        fewer tokens get the weights that are best for the whole text.
        """
        fitted = self
        if self.by == "word":
            times = np.bincount(_words_before(text))
            fitted = replace(self, words=tuple(np.flatnonzero(times >= self.LEAST).tolist()), weights=None)
        buckets = fitted._buckets(table, text)
        if self.by == "position":
            buckets = np.minimum(buckets, self.POSITIONS - 1)
        everywhere = _em(table, progress)
        rows = []
        width = self.POSITIONS if self.by in ("growth", "position") else 1
        for first in range(0, int(buckets.max(initial=0)) + 1, width):
            inside = (buckets >= first) & (buckets < first + width)
            own, places = table[:, inside], buckets[inside] - first
            if len(places) < self.LEAST:
                rows += [everywhere] * width
                continue
            joined = merged_buckets(np.bincount(places, minlength=width), self.LEAST)
            found = [_em(own[:, joined[places] == bucket], progress) for bucket in range(joined[-1] + 1)]
            rows += [found[bucket] for bucket in joined.tolist()]
        if self.by == "growth":
            # for sets of components that the held-out text does not have
            rows.append(everywhere)
        return replace(fitted, weights=tuple(rows))

    def describe(self) -> str:
        """Return the name and the options, for signatures."""
        return f"by-{self.by}"


def _words_before(text: Text) -> Int32s:
    """Return the id of the token before every predicted token, int32[tokens]."""
    return np.asarray(text.ids[np.flatnonzero(text.is_predicted) - 1], np.int32)


@dataclass(frozen=True)
class RecentWeights(Weighting):
    """Weights that follow the document: the mean share of each component in the last tokens.

    weight_j = (strength prior_j + sum of share_j over the last `window` tokens) / (strength + number of these tokens).
    The share of a component in a token is its part of the probability that the mixture gave the token. So every token
    is one step of expectation maximization.

    Parameters
    ----------
    prior
        The weights at the beginning of a document. None gives all components the same weight.
    window
        Number of tokens. None takes the whole document so far.
    strength
        The number of tokens that the prior counts as.

    Raises
    ------
    UsageError
        A parameter is out of its range.
    """

    prior: Shares | None = None
    window: int | None = 300
    strength: float = 5.0

    def __post_init__(self) -> None:
        _keep_shares(self, "prior", self.prior)
        Number(least=1, whole=True, optional=True)("window", self.window)
        Number(least=0, above=True)("strength", self.strength)

    def check_components(self, n: int) -> None:
        """Check that these weights are for `n` components; raises UsageError."""
        _prior(self.prior, n)

    def mix(self, table: Floats, text: Text) -> Floats:
        """Return the probability of every predicted token, float64[tokens]."""
        out = np.empty(table.shape[1])
        self._read(table, spans(text, text.documents), out)
        return out

    def after(self, table: Floats, text: Text, silent: NDArray[np.bool_]) -> Floats:
        """Return the weights for the next token, float64[components]."""
        starts = np.array([0, table.shape[1]], np.int64)
        return self._read(table, starts, np.empty(table.shape[1]))

    def _read(self, table: Floats, starts: NDArray[np.int64], out: Floats) -> Floats:
        prior = _prior(self.prior, len(table))
        return mix_recent(table, starts, prior, self.window or 0, self.strength, out)

    def fit(self, table: Floats, text: Text, progress: Progress | None = None) -> RecentWeights:
        """Return a copy with a fitted prior.

        The prior is the mean of the best fixed weights of each document. Documents count by the number of their tokens.
        """
        return replace(self, prior=_em_by_parts(table, spans(text, text.documents), progress))

    def describe(self) -> str:
        """Return the name and the options, for signatures."""
        return f"recent,window:{self.window or 'document'},strength:{self.strength:g}"


@dataclass(frozen=True)
class BayesWeights(Weighting):
    """Weights that are the posterior probabilities of the components, given the text read so far.

    After each token, weight_j becomes (weight_j p_j(token))^memory prior_j^(1 - memory), divided by the sum over the
    components. With `memory` 1 and `scope` "sentence" this is the sentence-level mixture of Iyer & Ostendorf (1999):
    the probability of a sentence is the sum of prior_j P_j(sentence).

    With `memory` 1, a component that gives a token the probability 0 has the weight 0 until the next document or
    sentence. With a lower `memory` its weight recovers, because at least a millionth of its prior is left. Caches give
    every new word the probability 0, so that `RecentWeights` suits them better.

    Parameters
    ----------
    prior
        The weights at the beginning. None gives all components the same weight.
    memory
        The exponent of the old weights after each token, from 0 to 1. With 1 the weights depend on all tokens so far.
    scope
        Whether weights return to the prior at every ``"document"`` or at every ``"sentence"``.

    Raises
    ------
    UsageError
        A parameter is out of its range.
    """

    prior: Shares | None = None
    memory: float = 1.0
    scope: Literal["document", "sentence"] = "document"

    def __post_init__(self) -> None:
        _keep_shares(self, "prior", self.prior)
        Number(least=0, most=1)("memory", self.memory)
        choice("document", "sentence")("scope", self.scope)

    def check_components(self, n: int) -> None:
        """Check that these weights are for `n` components; raises UsageError."""
        _prior(self.prior, n)

    def mix(self, table: Floats, text: Text) -> Floats:
        """Return the probability of every predicted token, float64[tokens]."""
        out = np.empty(table.shape[1])
        self._read(table, self._starts(text), out)
        return out

    def _starts(self, text: Text) -> NDArray[np.int64]:
        return spans(text, text.documents if self.scope == "document" else np.arange(text.n_sentences + 1))

    def after(self, table: Floats, text: Text, silent: NDArray[np.bool_]) -> Floats:
        """Return the weights for the next token, float64[components]."""
        begin = int(spans(text, np.array([text.n_sentences - 1]))[0]) if self.scope == "sentence" else 0
        own = np.ascontiguousarray(table[:, begin:])
        return self._read(own, np.array([0, own.shape[1]], np.int64), np.empty(own.shape[1]))

    def _read(self, table: Floats, starts: NDArray[np.int64], out: Floats) -> Floats:
        return mix_bayes(table, starts, _prior(self.prior, len(table)), self.memory, out)

    def fit(self, table: Floats, text: Text, progress: Progress | None = None) -> BayesWeights:
        """Return a copy with a fitted prior.

        If `memory` is 1 and no component abstains, the prior maximizes the probability of whole sentences or documents.
        Otherwise it is the mean of the best fixed weights of each document, by the number of tokens.
        """
        starts = self._starts(text)
        if self.memory < 1 or np.isnan(table).any():
            return replace(self, prior=_em_by_parts(table, spans(text, text.documents), progress))
        with np.errstate(divide="ignore"):
            sums = np.add.reduceat(np.log10(table), starts[:-1][np.diff(starts) > 0], axis=1)
        return replace(self, prior=tuple(estimate_weights(sums, progress=progress).weights.tolist()))

    def describe(self) -> str:
        """Return the name and the options, for signatures."""
        return f"bayes,memory:{self.memory:g},{self.scope}"


def _set_numbers(silent: NDArray[np.bool_]) -> Int32s:
    """Return the number of the set of components that abstain, int32[tokens]; `silent` is bool[components, tokens]."""
    bits = (1 << np.arange(len(silent), dtype=np.int32))[:, None]
    found: Int32s = (silent * bits).sum(axis=0, dtype=np.int32)
    return found


def _powers(before: NDArray[np.int64]) -> Int32s:
    """Return floor(log2(n + 1)) for n tokens before, int32[tokens]."""
    return np.floor(np.log2(before + 1)).astype(np.int32)


def _em(table: Floats, progress: Progress | None) -> Shares:
    with np.errstate(divide="ignore"):
        found = estimate_weights(np.log10(table), silent=True, progress=progress)
    return tuple(found.weights.tolist())


def _em_by_parts(table: Floats, starts: NDArray[np.int64], progress: Progress | None) -> Shares:
    """Return the mean of the best weights of each part of a text, by the number of tokens."""
    total = np.zeros(len(table))
    for begin, end in pairwise(starts.tolist()):
        if end > begin:
            total += (end - begin) * np.array(_em(table[:, begin:end], None))
        if progress is not None:
            progress("weighing", end, int(starts[-1]))
    if not total.any():
        raise EstimationError("found no tokens in the held-out text; expected at least one")
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
        raise UsageError(f"{name} is {values.tolist()}; expected numbers of 0 or more, not all of them 0")
    return tuple((values / values.sum()).tolist())


def _keep_shares(weighting: Weighting, name: str, shares: Shares | None) -> None:
    if shares is not None:
        object.__setattr__(weighting, name, _shares(name, shares))
