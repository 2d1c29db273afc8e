"""Log-linear interpolation: p(w|h) = product of p_j(w|h)^weight_j / Z(h). The result is a back-off model again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number
from ngramlm.errors import EstimationError, EstimationWarning, UsageError, warn
from ngramlm.mixing.interpolation import checked_weights, union_trie, union_vocabulary
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.matching import Matches, ids_in, probs_in
from ngramlm.models.normalization import NormalizedColumns, history_totals, normalized_columns
from ngramlm.text.text import Text
from ngramlm.trie._trie import segment_sums, take
from ngramlm.trie.events import Events, look_up
from ngramlm.types import Floats

__all__ = ["fit_log_linear_weights", "mix_log_linear"]


def mix_log_linear(
    models: Sequence[BackoffModel],
    weights: Sequence[float] | None = None,
    *,
    progress: Progress | None = None,
) -> BackoffModel:
    """Merge back-off models into one, by log-linear interpolation: p(w|h) = product of p_j(w|h)^weight_j / Z(h).

    Words on which all models agree gain probability. A word with the probability 0 in one model has the probability 0
    (Klakow 1998, "log-linear interpolation of language models"). The vocabulary is the union. A model gives a word
    outside its own vocabulary the probability of its ``<unk>``.

    Parameters
    ----------
    models
        Back-off models of probabilities, of any orders.
    weights
        One weight for each model, 0 or more; they need not sum to 1. None gives each model 1 / number of models.
    progress
        Called with the number of models done.

    Returns
    -------
    BackoffModel
        The merged model, with the n-grams of all models.

    Raises
    ------
    UsageError
        There are no models, a model is not a back-off model of probabilities, or the weights do not match the models.
    EstimationError
        No word has a probability above 0 in all models.

    Notes
    -----
    Unlike the result of `mix`, this result is exact for all n-grams. If no model stores w after h, every p_j(w|h) is a
    back-off weight of h times p_j(w|h'). The product has the same form. So Z(h) follows from Z(h') and the stored
    n-grams.

    Examples
    --------
    >>> from ngramlm import Text, WittenBell, count
    >>> one = WittenBell().fit(count(Text.from_sentences(["a b", "a c"]), order=2))
    >>> other = WittenBell().fit(count(Text.from_sentences(["a c", "a d"]), order=2))
    >>> both = mix_log_linear([one, other], [0.7, 0.6])
    >>> round(float(both.distribution(["a"]).sum()), 6), bool(both.log10_prob("c", ["a"]) > one.log10_prob("c", ["a"]))
    (1.0, True)
    """
    product = _Product(models, progress)
    powers = checked_weights(weights, len(models))
    stored = product.columns(powers).stored()
    metadata = {"multiplied": ",".join(f"{power:.6g}" for power in powers.tolist())}
    return BackoffModel(product.vocabulary, stored, metadata)


def fit_log_linear_weights(
    models: Sequence[BackoffModel],
    heldout: Text,
    *,
    tolerance: float = 1e-6,
    max_iterations: int = 100,
    progress: Progress | None = None,
) -> Floats:
    """Fit the weights of `mix_log_linear` to a held-out text.

    The log likelihood is concave in the weights. Its gradient is the mean of log p_j over the text, minus its
    expectation in the mixture. L-BFGS-B finds the maximum (Zhu, Byrd, Lu & Nocedal 1997). If `max_iterations` are too
    few, an EstimationWarning is issued.

    Parameters
    ----------
    models
        Back-off models of probabilities, of any orders.
    heldout
        The text. Tokens with the probability 0 in a model are left out.
    tolerance
        Stop when the gradient is below this, in nats per token.
    max_iterations
        Stop after this number of steps.
    progress
        Called with the number of steps done.

    Returns
    -------
    numpy.ndarray
        float64[models]: the weights, 0 or more each.

    Raises
    ------
    EstimationError
        All tokens are left out, or the uniform distribution gives the text a higher probability than any model.

    Examples
    --------
    >>> from ngramlm import Text, WittenBell, count
    >>> text = Text.from_sentences(["a b", "a c", "b a"])
    >>> model = WittenBell().fit(count(text, order=2))
    >>> worse = WittenBell().fit(count(text.over(model.vocabulary), order=1))
    >>> weights = fit_log_linear_weights([model, worse], text)
    >>> bool(weights[0] > weights[1])
    True
    """
    from scipy.optimize import minimize

    tolerance = Number(least=0, above=True)("tolerance", tolerance)
    max_iterations = Number(least=1, whole=True)("max_iterations", max_iterations)
    product = _Product(models, None)
    likelihood = _Likelihood(product, heldout.over(product.vocabulary))
    steps = 0

    def step(_: Floats) -> None:
        nonlocal steps
        steps += 1
        if progress is not None:
            progress("weighing", steps, None)

    found = minimize(
        likelihood,
        np.full(len(models), 1 / len(models)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * len(models),
        callback=step,
        options={"gtol": tolerance, "ftol": 0.0, "maxiter": max_iterations},
    )
    if not found.x.any():
        raise EstimationError(
            "found a held-out text that is more probable under the uniform distribution than under any of the models; "
            "expected a text that resembles the training text of a model"
        )
    if steps >= max_iterations:
        warn(
            f"found weights that still change after {max_iterations} steps; expected convergence (raise "
            "max_iterations)",
            EstimationWarning,
        )
    return np.asarray(found.x, np.float64)


class _Product:
    """The probabilities and back-off weights of all models for the n-grams of all models.

    Attributes
    ----------
    vocabulary : Vocabulary
        The union of the vocabularies.
    trie : NgramTrie
        The n-grams of all models.
    logs : list[numpy.ndarray]
        float64[models, R] per order: natural logarithms of the probabilities; -inf for 0.
    weight_logs : list[numpy.ndarray]
        float64[models, H] per order from 2 on: natural logarithms of the back-off weights.
    """

    def __init__(self, models: Sequence[BackoffModel], progress: Progress | None) -> None:
        if not models:
            raise UsageError("found no models to mix; expected at least one")
        columns = [normalized_columns(model) for model in models]
        self.vocabulary = union_vocabulary([model.vocabulary for model in models])
        size = len(self.vocabulary)
        maps = [ids_in(model.vocabulary, self.vocabulary) for model in models]
        self.trie = union_trie([column.trie for column in columns], maps, size)
        shapes = [(len(models), n_rows) for n_rows in self.trie.n_rows]
        self.logs = [np.empty(shape) for shape in shapes]
        levels = [self.trie.level(order) for order in range(2, self.trie.order + 1)]
        self.weight_logs = [np.zeros((len(models), level.n_histories)) for level in levels]
        for number, (model, column) in enumerate(zip(models, columns, strict=True)):
            if progress is not None:
                progress("mixing", number, len(models))
            ids = ids_in(self.vocabulary, model.vocabulary)
            matches = Matches(self.trie, column.trie, ids)
            with np.errstate(divide="ignore"):
                for log, probs in zip(self.logs, probs_in(self.trie, column, ids), strict=True):
                    log[number] = np.log(probs)
                for log, own, histories in zip(
                    self.weight_logs, column.weights, matches.histories, strict=False
                ):
                    log[number] = np.log(look_up(own, histories, 1.0))

    def columns(self, powers: Floats) -> NormalizedColumns:
        """Compute the log-linear mixture with the weights `powers`."""
        masses = [_exp(powers, logs) for logs in self.logs]
        if not masses[0].any():
            raise EstimationError(
                "found no word with a probability above 0 in all models; expected at least one"
            )
        return NormalizedColumns.from_masses(
            self.trie, masses, [_exp(powers, logs) for logs in self.weight_logs]
        )


def _exp(powers: Floats, logs: Floats) -> Floats:
    """Return exp of the weighted sum of logs, float64[N]; models of weight 0 are left out, even if they have -inf."""
    used = powers > 0
    found: Floats = np.exp(powers[used] @ logs[used])
    return found


class _Likelihood:
    """Computes minus the log likelihood of a text, in nats per token, and its gradient by the weights."""

    def __init__(self, product: _Product, text: Text) -> None:
        self._product = product
        events = Events.locate(product.trie, text)
        logs = _event_logs(product, events)
        possible = np.isfinite(logs).all(axis=0)
        if not possible.any():
            raise EstimationError(
                "found no token with a probability above 0 in all models; expected at least one"
            )
        # The mean of log p_j over the tokens.
        self._given = logs[:, possible].mean(axis=1)
        known = events.histories[:, possible]
        longest = ((known >= 0) * np.arange(1, product.trie.order + 1)[:, None]).max(axis=0)
        # The share of the tokens whose longest known history is each history, per order.
        self._shares = []
        for order in range(1, product.trie.order + 1):
            n_histories = product.trie.level(order).n_histories
            times = np.bincount(known[order - 1][longest == order], minlength=n_histories)
            self._shares.append(times / len(longest))

    def __call__(self, powers: Floats) -> tuple[float, Floats]:
        product, trie = self._product, self._product.trie
        value, gradient = -float(powers @ self._given), -self._given
        # Z(h), and the sums of mass times log p_j after h.
        totals, sums = np.zeros(1), np.zeros((len(powers), 1))
        lower = np.zeros(0)
        for order in range(1, trie.order + 1):
            level = trie.level(order)
            masses, logs = _exp(powers, product.logs[order - 1]), product.logs[order - 1]
            starts = level.starts
            weighed = np.stack([segment_sums(masses * _finite(log), starts) for log in logs])
            if order == 1:
                totals, sums = segment_sums(masses, starts), weighed
            else:
                weight_logs = product.weight_logs[order - 2]
                below = take(lower, level.suffixes)
                weights = _exp(powers, weight_logs)
                totals, rest = history_totals(level, masses, below, weights, totals)
                fallen = []
                for number, log in enumerate(product.logs[order - 2]):
                    covered = segment_sums(below * take(_finite(log), level.suffixes), starts)
                    fallen.append(
                        weights
                        * (sums[number][level.parents] - covered + _finite(weight_logs[number]) * rest)
                    )
                sums = weighed + np.stack(fallen)
            shares = self._shares[order - 1]
            seen = shares > 0
            value += float(shares[seen] @ np.log(totals[seen]))
            gradient = gradient + (shares[seen] * sums[:, seen] / totals[seen]).sum(axis=1)
            lower = masses
        return value, gradient


def _finite(logs: Floats) -> Floats:
    """Replace -inf by 0: its mass is 0 in every sum."""
    return np.where(np.isfinite(logs), logs, 0.0)


def _event_logs(product: _Product, events: Events) -> Floats:
    """Return log p_j of every event, float64[models, N], from the n-grams and weights of the union."""
    trie = product.trie
    found = product.logs[0][:, events.words]
    for order in range(2, trie.order + 1):
        rows, histories = events.rows[order - 1], events.histories[order - 1]
        stored, known = rows >= 0, histories >= 0
        backed = known & ~stored
        found[:, backed] += product.weight_logs[order - 2][:, histories[backed]]
        found[:, stored] = product.logs[order - 1][:, rows[stored]]
    return found
