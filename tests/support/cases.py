"""Every smoothing method with its oracle: one row of MODELS submits a method to all of `contracts`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import ngramlm as lm
from ngramlm.errors import EstimationWarning, NgramlmWarning
from ngramlm.smoothing.additive import best_deltas
from ngramlm.smoothing.counted_events import CountedEvents
from support.contracts import CHECKS, Sentences, Subject, check_sums_to_one, text_of
from support.oracles.counts import CountOracle, Number
from support.oracles.maxent.ngram_method import ClassMaxEntOracle, MaxEntOracle
from support.oracles.smoothing.absolute import AbsoluteDiscountingOracle, DiscountOracle
from support.oracles.smoothing.base import SmoothingOracle
from support.oracles.smoothing.church_gale import ChurchGaleOracle
from support.oracles.smoothing.dirichlet import DirichletOracle
from support.oracles.smoothing.good_turing import GoodTuringOracle, SimpleGoodTuringOracle
from support.oracles.smoothing.jelinek_mercer import JelinekMercerOracle
from support.oracles.smoothing.katz import KatzOracle
from support.oracles.smoothing.kneser_ney import (
    GeneralizedKneserNeyOracle,
    KneserNeyOracle,
    ModifiedKneserNeyOracle,
)
from support.oracles.smoothing.per_order import PerOrderOracle
from support.oracles.smoothing.ratios import (
    LinearDiscountingOracle,
    MaximumLikelihoodOracle,
    NaturalDiscountingOracle,
    StupidBackoffOracle,
)
from support.oracles.smoothing.weights import AdditiveOracle
from support.oracles.smoothing.witten_bell import WittenBellOracle

Oracle = Callable[..., SmoothingOracle]  # takes a CountOracle and the options of SmoothingOracle
HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
WEIGHTS = (0.5, 0.25, 0.75, 0.625, 0.875)  # exact in binary


@dataclass(frozen=True)
class ModelCase:
    """One smoothing method with its options: how to fit it, and its oracle.

    Attributes:
        method: makes the configured method.
        oracle: its oracle, with the same options.
        normalized: False for scores, which need not sum to one.
        highest_order: up to which the method is defined.
        has_lower_orders: False where a seen history does not ask the order below, so that cut-offs mean nothing, and
            for Pitman-Yor, which seats them.
    """

    name: str
    method: Callable[[], Any]
    oracle: Oracle
    normalized: bool = True
    highest_order: int = 16
    has_lower_orders: bool = True

    @property
    def checks(self) -> list[Callable[[Subject], None]]:
        """What the method promises."""
        return [check for check in CHECKS if self.normalized or check is not check_sums_to_one]

    def fit(self, counts: lm.NgramCounts, heldout: lm.Text | None = None) -> Any:
        """Fit without the warnings that small corpora deserve."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EstimationWarning)
            return self.method().fit(counts, heldout)


def vocabularies(name: str, method: Callable[..., Any], oracle: Oracle, **facts: Any) -> Iterator[ModelCase]:
    """Over an open and over a closed vocabulary."""
    for kind, closed in (("open", False), ("closed", True)):
        yield ModelCase(
            f"{name}-{kind}", partial(method, closed=closed), partial(oracle, closed=closed), **facts
        )


def both_forms(name: str, method: Callable[..., Any], oracle: Oracle, **facts: Any) -> Iterator[ModelCase]:
    """Interpolated and back-off form, over an open and over a closed vocabulary."""
    for form, interpolate in (("interpolated", True), ("back-off", False)):
        yield from vocabularies(
            f"{name}-{form}",
            partial(method, interpolate=interpolate),
            partial(oracle, interpolate=interpolate),
            **facts,
        )


def weights_alone(name: str, method: Callable[..., Any], oracle: Oracle, **facts: Any) -> Iterator[ModelCase]:
    """A method whose seen histories do not ask the order below."""
    return vocabularies(name, method, oracle, has_lower_orders=False, **facts)


def different_orders(closed: bool) -> lm.PerOrder:
    """Back-off Witten-Bell over interpolated Kneser-Ney over relative frequencies, of any order."""
    methods = (
        lm.KneserNey(discounts=1, closed=closed),
        lm.Katz(k=2, closed=closed),
        lm.WittenBell(interpolate=False, closed=closed),
        lm.JelinekMercer(weights=WEIGHTS, closed=closed),
    )
    return lm.PerOrder(methods=methods, closed=closed)


class ContinuationDirichletOracle(DirichletOracle):
    """Dirichlet smoothing of continuation counts."""

    uses_continuation = True


DIFFERENT_ORDERS = (
    KneserNeyOracle,
    partial(KatzOracle, k=2),
    partial(WittenBellOracle, interpolate=False),
    partial(JelinekMercerOracle, weights=WEIGHTS),
)

#: Classes of some words of the texts of the tests; all others are a class together.
GROUPS = {"the": 0, "a": 0, "cat": 1, "dog": 1, "fox": 1, "mat": 2, "on": 3, "under": 3, "b": 1, "CAT": 2}

MODELS: list[ModelCase] = [
    *vocabularies(
        "maximum-likelihood", lm.MaximumLikelihood, partial(MaximumLikelihoodOracle, interpolate=False)
    ),
    *weights_alone("add-one", partial(lm.Additive, delta=1), AdditiveOracle),
    *weights_alone("add-delta", partial(lm.Additive, delta=0.25), partial(AdditiveOracle, delta=QUARTER)),
    *weights_alone("good-turing", lm.GoodTuring, GoodTuringOracle),
    *weights_alone("simple-good-turing", partial(lm.GoodTuring, simple=True), SimpleGoodTuringOracle),
    *weights_alone("church-gale", lm.ChurchGale, ChurchGaleOracle, highest_order=3),
    *weights_alone(
        "church-gale-quarter",
        partial(lm.ChurchGale, unigram_delta=0.25),
        partial(ChurchGaleOracle, unigrams=partial(AdditiveOracle, delta=QUARTER)),
        highest_order=3,
    ),
    *vocabularies("stupid-backoff", lm.StupidBackoff, StupidBackoffOracle, normalized=False),
    *vocabularies(
        "jelinek-mercer",
        partial(lm.JelinekMercer, weights=WEIGHTS),
        partial(JelinekMercerOracle, weights=WEIGHTS),
    ),
    *both_forms("katz", lm.Katz, KatzOracle),
    *both_forms("katz-3-2", partial(lm.Katz, k=(3, 2)), partial(KatzOracle, k=(3, 2))),
    *both_forms("linear", lm.LinearDiscounting, LinearDiscountingOracle),
    *vocabularies("natural", lm.NaturalDiscounting, NaturalDiscountingOracle),
    *both_forms("witten-bell", lm.WittenBell, WittenBellOracle),
    *both_forms("absolute", lm.AbsoluteDiscounting, AbsoluteDiscountingOracle),
    *both_forms(
        "absolute-0.75",
        partial(lm.AbsoluteDiscounting, discount_value=0.75),
        partial(AbsoluteDiscountingOracle, discount=Fraction(3, 4)),
    ),
    *both_forms("kneser-ney", partial(lm.KneserNey, discounts=1), KneserNeyOracle),
    *both_forms("modified-kneser-ney", partial(lm.KneserNey, discounts=3), ModifiedKneserNeyOracle),
    *both_forms(
        "modified-kneser-ney-fallback",
        partial(lm.KneserNey, discounts=3, fallback=(0.5, 1, 1.5)),
        partial(ModifiedKneserNeyOracle, fallback=(0.5, 1, 1.5)),
    ),
    *both_forms(
        "kneser-ney-2", partial(lm.KneserNey, discounts=2), partial(GeneralizedKneserNeyOracle, discounts=2)
    ),
    *both_forms(
        "kneser-ney-5", partial(lm.KneserNey, discounts=5), partial(GeneralizedKneserNeyOracle, discounts=5)
    ),
    *vocabularies(
        "dirichlet",
        partial(lm.Dirichlet, prior="counts", concentrations=(2, 1, 0.5)),
        partial(DirichletOracle, concentrations=(2, 1, HALF)),
    ),
    *vocabularies(
        "dirichlet-continuation",
        partial(lm.Dirichlet, prior="continuation", concentrations=(2, 1, 0.5)),
        partial(ContinuationDirichletOracle, concentrations=(2, 1, HALF)),
    ),
    # with one table for each n-gram; its own tests have closed vocabularies, of which <unk> seats nobody
    ModelCase(
        "pitman-yor-open",
        partial(lm.PitmanYor, burn_in=0, samples=1, discounts=0.5, strengths=0),
        partial(KneserNeyOracle, discount=HALF),
        has_lower_orders=False,
    ),
    *vocabularies(
        "maxent", partial(lm.MaxEnt, sigma2=2.0, alpha=0, tolerance=1e-15), partial(MaxEntOracle, sigma2=2.0)
    ),
    *weights_alone(
        "class-maxent",
        partial(lm.ClassMaxEnt, classes=GROUPS, sigma2=2.0, alpha=0.0, tolerance=1e-15),
        partial(ClassMaxEntOracle, sigma2=2.0, classes=GROUPS),
    ),
    *vocabularies("per-order", different_orders, partial(PerOrderOracle, methods=DIFFERENT_ORDERS)),
]

#: Names of SMOOTHINGS without a row above, and why that is right.
ABSENT = {
    "jelinek-mercer-total": "its weights are for buckets, so that it has to be tuned: in TUNED",
    "jelinek-mercer-average": "likewise",
    "mackay-peto": "unigrams with weights of their own, which its own tests compare with the evidence",
}


# ------------------------------------------------------------------------------------------------ held-out data


class GivenDiscountsOracle(DiscountOracle):
    """Discounts as they are given, for each order: D(1), D(2), .. with the last for all larger counts."""

    def __init__(self, counts: CountOracle, *, given: Sequence[Sequence[Number]], **options: Any) -> None:
        self.given = given
        super().__init__(counts, **options)

    def prepare(self) -> None:
        self.discounts = {k: tuple(map(self.number, given)) for k, given in enumerate(self.given, 1)}


class GivenContinuationDiscountsOracle(GivenDiscountsOracle):
    """The same of continuation counts."""

    uses_continuation = True


class GivenKatzOracle(KatzOracle):
    """Katz with the coefficients d_0 .. d_k of each order as they are given."""

    def __init__(self, counts: CountOracle, *, given: Sequence[Sequence[float]], **options: Any) -> None:
        self.given = given
        super().__init__(counts, **options)

    def prepare(self) -> None:
        self.coefficients = {
            k: {r: Fraction(value) for r, value in enumerate(given)} for k, given in enumerate(self.given, 1)
        }


class GivenLinearOracle(LinearDiscountingOracle):
    """Linear discounting with the share of each order as it is given."""

    def __init__(self, counts: CountOracle, *, given: Sequence[float], **options: Any) -> None:
        self.given = given
        super().__init__(counts, **options)

    def given_away(self, k: int) -> Number:
        return self.number(self.given[k - 1])


@dataclass(frozen=True)
class TunedCase:
    """A method that held-out data tune, and its oracle once the parameters are known.

    Attributes:
        oracle: makes the oracle (a function of a CountOracle) from the parameters of all orders, lowest first.
    """

    name: str
    method: Callable[[], Any]
    oracle: Callable[[list[Any]], Oracle]
    find: Callable[..., list[Any]] | None = None  # the parameters, if not by `fit_parameters`

    def fit(self, counts: lm.NgramCounts, heldout: lm.Text) -> tuple[Any, Oracle]:
        """The tuned model, and its oracle with the parameters that were found."""
        method = self.method()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NgramlmWarning)
            usable = method.usable_counts(counts)
            base = method.base_distribution(usable)
            if self.find is not None:
                found = self.find(usable, base, heldout)
            else:
                found = method.fit_parameters(usable, base, heldout, 1, None)
            return method.fit(counts, heldout), self.oracle(found)


def tuned(
    name: str,
    method: Callable[..., Any],
    oracle: Callable[[list[Any]], Oracle],
    forms: Iterable[Any] = (None,),
) -> Iterator[TunedCase]:
    """Over an open and a closed vocabulary, in the forms that the method has."""
    for interpolate in forms:
        for closed in (False, True):
            options = {"closed": closed} | ({} if interpolate is None else {"interpolate": interpolate})
            form = {None: "", True: "-interpolated", False: "-back-off"}[interpolate]

            def with_options(found: list[Any], options: dict[str, Any] = options) -> Oracle:
                return partial(oracle(found), **options)

            kind = "closed" if closed else "open"
            yield TunedCase(f"{name}{form}-{kind}", partial(method, **options), with_options)


def one_discount_each(found: list[float]) -> Oracle:
    return partial(GivenDiscountsOracle, given=[(value,) for value in found])


def continuation_discounts(found: list[tuple[float, ...]]) -> Oracle:
    return partial(GivenContinuationDiscountsOracle, given=found)


def bucket_weights(found: list[Any], by: str) -> Oracle:
    """Floats: a key such as 1/3 is on the edge of a bucket only in the arithmetic that the edge was made in."""
    weights, edges = [order.weights for order in found], [order.edges for order in found]
    return partial(JelinekMercerOracle, weights=weights, edges=edges, by=by, number=float)


def deltas_of(counts: lm.NgramCounts, base: Any, heldout: lm.Text) -> list[float]:
    return list(best_deltas(CountedEvents.heldout(counts, heldout, base), int((base > 0).sum()), False))


def best_sigma2(counts: lm.NgramCounts, base: Any, heldout: lm.Text, closed: bool) -> list[float]:
    """What the model says that it was given."""
    model = lm.MaxEnt(closed=closed, alpha=0, tolerance=1e-15).fit(counts, heldout)
    return [float(model.metadata["sigma2"])]


BOTH = (True, False)
TUNED: list[TunedCase] = [
    *tuned("absolute", lm.AbsoluteDiscounting, one_discount_each, BOTH),
    *tuned("kneser-ney", partial(lm.KneserNey, discounts=1), continuation_discounts, BOTH),
    *tuned("modified-kneser-ney", lm.KneserNey, continuation_discounts, BOTH),
    *tuned("kneser-ney-5", partial(lm.KneserNey, discounts=5), continuation_discounts, (True,)),
    *tuned("linear", lm.LinearDiscounting, lambda found: partial(GivenLinearOracle, given=found), BOTH),
    *tuned("katz", lm.Katz, lambda found: partial(GivenKatzOracle, given=found or [()]), BOTH),
    *tuned("jelinek-mercer", lm.JelinekMercer, partial(bucket_weights, by="total")),
    *tuned(
        "jelinek-mercer-total",
        partial(lm.JelinekMercer, buckets="total", min_events=10),
        partial(bucket_weights, by="total"),
    ),
    *tuned(
        "jelinek-mercer-average",
        partial(lm.JelinekMercer, buckets="average", min_events=10),
        partial(bucket_weights, by="average"),
    ),
    *tuned(
        "dirichlet",
        partial(lm.Dirichlet, prior="counts"),
        lambda found: partial(DirichletOracle, concentrations=found),
    ),
    *(
        TunedCase(
            f"maxent-{kind}",
            partial(lm.MaxEnt, closed=closed, alpha=0, tolerance=1e-15),
            lambda found, closed=closed: partial(MaxEntOracle, sigma2=found[0], closed=closed),
            partial(best_sigma2, closed=closed),
        )
        for kind, closed in (("open", False), ("closed", True))
    ),
    TunedCase("add-delta-open", lm.Additive, lambda found: partial(AdditiveOracle, delta=found), deltas_of),
    TunedCase(
        "add-delta-closed",
        partial(lm.Additive, closed=True),
        lambda found: partial(AdditiveOracle, delta=found, closed=True),
        deltas_of,
    ),
]


# --------------------------------------------------------------------------------------------------- their subjects


def counted(
    train: Sentences, order: int, words: Iterable[str] | None = None
) -> tuple[CountOracle, lm.NgramCounts]:
    """The counts of sentences twice; ``words`` is the vocabulary when it is not that of the sentences."""
    slow = CountOracle(train, order, words)
    return slow, lm.count(text_of(train, lm.Vocabulary(slow.words)), order=order)


def subject(
    case: ModelCase, train: Sentences, test: Sentences, order: int, words: Iterable[str] | None = None
) -> Subject:
    """Fit one case on sentences."""
    slow, counts = counted(train, order, words)
    return Subject(case.fit(counts), case.oracle(slow), test)


def tuned_subject(
    case: TunedCase,
    train: Sentences,
    heldout: Sentences,
    test: Sentences,
    order: int,
    words: Iterable[str] | None = None,
) -> Subject:
    """Fit one case on sentences and tune it on others."""
    slow, counts = counted(train, order, words)
    model, oracle = case.fit(counts, text_of(heldout, counts.vocabulary))
    return Subject(model, oracle(slow), test)
