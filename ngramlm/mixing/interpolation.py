"""Linear interpolation of models, and expectation maximization for the mixture weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ngramlm.core.parallel import Progress
from ngramlm.errors import EstimationError, UsageError
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.language_model import LanguageModel
from ngramlm.models.matching import ids_in, probs_in
from ngramlm.models.normalization import NormalizedColumns, normalized_columns
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import EOS, UNK, Vocabulary
from ngramlm.trie.levels import sort_ngrams
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats, Int32s

__all__ = [
    "WeightEstimate",
    "checked_weights",
    "component_log10_probs",
    "estimate_weights",
    "fit_weights",
    "mix",
    "text_over",
    "union_vocabulary",
]


def mix(
    models: Sequence[BackoffModel],
    weights: Sequence[float] | None = None,
    *,
    progress: Progress | None = None,
) -> BackoffModel:
    """Merge back-off models into one, by linear interpolation: p(w|h) = sum of weight_j p_j(w|h).

    The result stores the n-grams of all models, and is exact for them. All other n-grams are backed off. Their
    probabilities are close to the interpolation, but not equal: the merged model has one back-off weight for each
    history, and the interpolation has one for each model. `Mixture` interpolates exactly.

    The vocabulary is the union, with the words of the first model first. A model gives the probability 0 to a word
    outside its own vocabulary, so that every model sums to 1 over the union. In a history, an OOV counts as
    ``<unk>``.

    Parameters
    ----------
    models
        Back-off models of probabilities, of any orders.
    weights
        One weight for each model, 0 or more; they are divided by their sum. None gives all models the same weight.
    progress
        Called with the number of models done.

    Returns
    -------
    BackoffModel
        The merged model.

    Raises
    ------
    UsageError
        There are no models, a model is not a back-off model of probabilities, or the weights do not match the models.

    Examples
    --------
    >>> from ngramlm import Text, WittenBell, count
    >>> one = WittenBell().fit(count(Text.from_sentences(["a b", "a c"]), order=2))
    >>> other = WittenBell().fit(count(Text.from_sentences(["a c", "a d"]), order=2))
    >>> both = mix([one, other], [0.25, 0.75])
    >>> mixed, parts = both.log10_prob("c", ["a"]), [model.log10_prob("c", ["a"]) for model in (one, other)]
    >>> round(10**mixed, 6) == round(0.25 * 10 ** parts[0] + 0.75 * 10 ** parts[1], 6)
    True
    >>> round(float(both.distribution(["a"]).sum()), 6), both.n_ngrams
    (1.0, (7, 7))
    """
    if not models:
        raise UsageError("found no models to mix; expected at least one")
    shares = _shares(weights, len(models))
    columns = [normalized_columns(model) for model in models]
    vocabulary = union_vocabulary([model.vocabulary for model in models])
    maps = [ids_in(model.vocabulary, vocabulary) for model in models]
    if progress is not None:
        progress("mixing", 0, len(models) + 1)
    trie = union_trie([column.trie for column in columns], maps, len(vocabulary))
    probs = [np.zeros(n) for n in trie.n_rows]
    for done, (model, column, share) in enumerate(zip(models, columns, shares.tolist(), strict=True), 1):
        if progress is not None:
            progress("mixing", done, len(models) + 1)
        ids = ids_in(vocabulary, model.vocabulary)
        for total, part in zip(probs, probs_in(trie, column, ids, unknown_is_impossible=True), strict=True):
            total += share * part
    stored = NormalizedColumns.from_probs(trie, probs).stored()
    if progress is not None:
        progress("mixing", len(models) + 1, len(models) + 1)
    metadata = {"mixed": ",".join(f"{share:.6g}" for share in shares.tolist())}
    return BackoffModel(vocabulary, stored, metadata)


def checked_weights(weights: Sequence[float] | None, n: int) -> Floats:
    """Check the weights of `n` models; return them as float64[n], or 1 / n each for None.

    Raises UsageError unless there is one weight of 0 or more for each model, and one is above 0.
    """
    checked = np.full(n, 1 / n) if weights is None else np.array(weights, np.float64)
    if checked.shape != (n,):
        raise UsageError(f"found {checked.size} weights for {n} models; expected one for each")
    if not (np.isfinite(checked).all() and (checked >= 0).all() and checked.any()):
        raise UsageError(f"the weights are {checked.tolist()}; expected 0 or more, not all of them 0")
    return checked


def _shares(weights: Sequence[float] | None, n: int) -> Floats:
    checked = checked_weights(weights, n)
    shares: Floats = checked / checked.sum()
    return shares


def union_vocabulary(vocabularies: Sequence[Vocabulary]) -> Vocabulary:
    """Return the union of several vocabularies, with the words of the first vocabulary first."""
    first = vocabularies[0]
    if all(vocabulary == first for vocabulary in vocabularies[1:]):
        return first
    return Vocabulary(
        dict.fromkeys(word for vocabulary in vocabularies for word in vocabulary.words()[EOS + 1 :])
    )


def union_trie(tries: Sequence[NgramTrie], maps: Sequence[Int32s], size: int) -> NgramTrie:
    """Return the trie of the n-grams of several tries; ``maps[k]`` has the id of every word of trie k."""
    highest = max(trie.order for trie in tries)
    rows = []
    for order in range(2, highest + 1):
        ngrams = np.concatenate(
            [ids[trie.ngrams(order)] for trie, ids in zip(tries, maps, strict=True) if trie.order >= order]
        )
        ngrams = ngrams[sort_ngrams(ngrams, size)]
        rows.append(ngrams[np.append(True, (ngrams[1:] != ngrams[:-1]).any(axis=1))])
    return NgramTrie.from_ngrams(rows, size)[0]


# Mixture weights


@dataclass(frozen=True, eq=False)
class WeightEstimate:
    """The mixture weights that expectation maximization found.

    Attributes
    ----------
    weights : numpy.ndarray
        float64[models]: the weights, with the sum 1.
    log10_probs : numpy.ndarray
        float64[iterations + 1]: the log10 probability of all tokens before each iteration, and after the last
        iteration. It never falls. Tokens that are impossible in all models are left out.
    """

    weights: Floats
    log10_probs: Floats

    def __post_init__(self) -> None:
        self.weights.setflags(write=False)
        self.log10_probs.setflags(write=False)

    @property
    def iterations(self) -> int:
        """The number of iterations."""
        return len(self.log10_probs) - 1


def fit_weights(log10_probs: Floats, *, tolerance: float = 1e-6, max_iterations: int = 1000) -> Floats:
    """Fit mixture weights to held-out tokens by expectation maximization.

    Parameters
    ----------
    log10_probs
        float64[models, tokens]: the log10 probability that each model gives each token.
    tolerance, max_iterations
        As for `estimate_weights`.

    Returns
    -------
    numpy.ndarray
        float64[models], with the sum 1.

    Examples
    --------
    >>> fit_weights(np.log10([[0.5, 0.5, 0.1], [0.1, 0.1, 0.1]])).round(3).tolist()
    [1.0, 0.0]
    """
    return estimate_weights(log10_probs, tolerance=tolerance, max_iterations=max_iterations).weights


def estimate_weights(
    log10_probs: Floats,
    *,
    tolerance: float = 1e-6,
    max_iterations: int = 1000,
    silent: bool = False,
    progress: Progress | None = None,
) -> WeightEstimate:
    """Fit mixture weights to held-out tokens by expectation maximization (Jelinek & Mercer 1980).

    Weights begin equal. In each iteration weight_j becomes the mean over the tokens of
    weight_j p_j / sum of weight_k p_k. The likelihood is concave in the weights, so that the maximum is global.

    Parameters
    ----------
    log10_probs
        float64[models, tokens]: the log10 probability that each model gives each token; -inf is a probability of 0.
        Tokens that are impossible in all models are left out.
    tolerance
        Stop when the log10 probability per token rises by less than this.
    max_iterations
        Stop after this number of iterations.
    silent
        Whether NaN says that a model abstains; the other models then share its weight.
    progress
        Called with the number of iterations done.

    Returns
    -------
    WeightEstimate
        The weights, and the log10 probability after each iteration.

    Raises
    ------
    UsageError
        The array has another shape, or contains NaN or positive values.
    EstimationError
        All tokens are impossible in all models.

    Notes
    -----
    If models abstain, the weights draw a model for each token, again and again until a model does not abstain. The
    iteration also counts the expected draws of models that abstain. So the likelihood never falls.
    """
    table = np.asarray(log10_probs, np.float64)
    if table.ndim != 2 or not len(table):
        raise UsageError(f"found an array of shape {table.shape}; expected (models, tokens)")
    known = ~np.isnan(table)
    if table.size and (not (known.all() or silent) or np.max(table, where=known, initial=-np.inf) > 1e-6):
        raise UsageError("found NaN or a positive log-probability; expected log10 probabilities")
    best = np.max(table, axis=0, where=known, initial=-np.inf)
    possible = best > -np.inf
    if not possible.any():
        raise EstimationError(
            "found only tokens that are impossible in all models; expected at least one possible token"
        )
    best = best[possible]
    known = known[:, possible]
    # Scaled so that the best model of each token has the probability 1.
    probs = np.where(known, 10.0 ** (table[:, possible] - best), 0.0)
    base, n_tokens = float(best.sum()), len(best)
    asked = None if known.all() else known.astype(np.float64)
    weights = np.full(len(table), 1 / len(table))

    def mix_by(weights: Floats) -> tuple[Floats, Floats | float]:
        """Return for every token the mixed probability, and the sum of the weights of models that do not abstain."""
        return weights @ probs, 1.0 if asked is None else np.maximum(weights @ asked, 1e-300)

    mixed, heard = mix_by(weights)
    reached = [base + float(np.log10(mixed / heard).sum())]
    for iteration in range(max_iterations):
        shares = probs @ (1 / mixed)
        if asked is not None:
            shares += (1 - asked) @ (1 / np.asarray(heard))
        weights = weights * shares
        weights /= weights.sum()
        mixed, heard = mix_by(weights)
        reached.append(base + float(np.log10(mixed / heard).sum()))
        if progress is not None:
            progress("weighing", iteration + 1, None)
        if reached[-1] - reached[-2] < tolerance * n_tokens:
            break
    return WeightEstimate(weights, np.array(reached))


def component_log10_probs(models: Sequence[LanguageModel], text: Text) -> Floats:
    """Return the log10 probability of every token in every model, float64[models, tokens], for `fit_weights`.

    `text` is over the `union_vocabulary` of the models. A word that some models know is impossible in the other models.
    A word outside the union is ``<unk>`` in all models.
    """
    predicted = text.predicted
    found = np.empty((len(models), len(predicted)))
    for row, model in zip(found, models, strict=True):
        own = text_over(text, model.vocabulary)
        row[:] = model.log10_probs(own)
        row[(own.predicted == UNK) & (predicted != UNK)] = -np.inf
    return found


def text_over(text: Text, vocabulary: Vocabulary) -> Text:
    """Convert a text to a smaller vocabulary; words outside it become ``<unk>``."""
    return replace(text, vocabulary=vocabulary, ids=ids_in(text.vocabulary, vocabulary)[text.ids])
