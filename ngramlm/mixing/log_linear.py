"""Several models multiplied: p(w|h) = product of p_j(w|h)^weight_j / Z(h), which is a back-off model again."""

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

    Words on which all models agree gain probability. A word that one model excludes is excluded (Klakow 1998,
    "log-linear interpolation of language models"). The vocabulary is the union; a model gives a word that it does not
    know the probability of its ``<unk>``.

    Parameters
    ----------
    models
        Back-off models of probabilities, of any orders.
    weights
        One for each model, 0 or more; they need not sum to 1. None gives each model 1 / number of models.
    progress
        Called with the number of models done.

    Returns
    -------
    BackoffModel
        The merged model, with the n-grams of all models.

    Raises
    ------
    UsageError
        The weights do not fit the models.
    EstimationError
        The models exclude each other's words.

    Notes
    -----
    The result is exact for all n-grams, unlike that of `mix`. For a word that no model stores after h, every p_j is a
    back-off weight of h times p_j(w|h'). The product has the same form, so that Z(h) follows from Z(h') and the stored
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

    The log likelihood is concave in the weights. Its gradient is the mean of log p_j over the text, less the mean that
    the mixture expects. L-BFGS-B finds the maximum (Zhu, Byrd, Lu & Nocedal 1997). A warning (EstimationWarning) says
    that `max_iterations` were too few.

    Parameters
    ----------
    models
        Back-off models of probabilities, of any orders.
    heldout
        The text. Tokens that a model excludes are left out.
    tolerance
        Stop when the gradient is below this, in nats per token.
    max_iterations
        Stop after so many steps.
    progress
        Called with the number of steps done.

    Returns
    -------
    numpy.ndarray
        float64[models], 0 or more each.

    Raises
    ------
    EstimationError
        All tokens are left out, or a uniform distribution is better than any of the models.

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
            "found a held-out text that is likelier where all words are equally likely than by any of the models; "
            "expected one that resembles what a model was trained on"
        )
    if steps >= max_iterations:
        warn(f"the weights still moved after {max_iterations} steps", EstimationWarning)
    return np.asarray(found.x, np.float64)


class _Product:
    """What the models give the n-grams of all of them, and how each weighs the histories.

    Attributes:
        vocabulary: of all models.
        trie: the n-grams of all models.
        logs: per order float64[models, R], natural logarithms; -inf for no probability.
        weight_logs: per order from 2 on float64[models, H], those of the back-off weights.
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
        """The model with these weights."""
        masses = [_exp(powers, logs) for logs in self.logs]
        if not masses[0].any():
            raise EstimationError("found no word that all models give a probability; expected at least one")
        return NormalizedColumns.from_masses(
            self.trie, masses, [_exp(powers, logs) for logs in self.weight_logs]
        )


def _exp(powers: Floats, logs: Floats) -> Floats:
    """float64[N]: exp of the weighted sum; a model of weight 0 has no say, even where it gives nothing."""
    used = powers > 0
    found: Floats = np.exp(powers[used] @ logs[used])
    return found


class _Likelihood:
    """Minus the log likelihood of a text, in nats per token, and its gradient by the weights."""

    def __init__(self, product: _Product, text: Text) -> None:
        self._product = product
        events = Events.locate(product.trie, text)
        logs = _event_logs(product, events)
        possible = np.isfinite(logs).all(axis=0)
        if not possible.any():
            raise EstimationError("found no token that all models think possible; expected at least one")
        self._given = logs[:, possible].mean(axis=1)  # of log p_j, over the tokens
        known = events.histories[:, possible]
        longest = ((known >= 0) * np.arange(1, product.trie.order + 1)[:, None]).max(axis=0)
        self._shares = []  # of the tokens, per order and history
        for order in range(1, product.trie.order + 1):
            n_histories = product.trie.level(order).n_histories
            times = np.bincount(known[order - 1][longest == order], minlength=n_histories)
            self._shares.append(times / len(longest))

    def __call__(self, powers: Floats) -> tuple[float, Floats]:
        product, trie = self._product, self._product.trie
        value, gradient = -float(powers @ self._given), -self._given
        totals, sums = np.zeros(1), np.zeros((len(powers), 1))  # Z, and the sums of mass times log p_j
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
    """0 for what has no mass anyway."""
    return np.where(np.isfinite(logs), logs, 0.0)


def _event_logs(product: _Product, events: Events) -> Floats:
    """float64[models, N]: log p_j of every event, by the n-grams and weights of the union."""
    trie = product.trie
    found = product.logs[0][:, events.words]
    for order in range(2, trie.order + 1):
        rows, histories = events.rows[order - 1], events.histories[order - 1]
        stored, known = rows >= 0, histories >= 0
        backed = known & ~stored
        found[:, backed] += product.weight_logs[order - 2][:, histories[backed]]
        found[:, stored] = product.logs[order - 1][:, rows[stored]]
    return found
