"""Arguments: what is accepted, what is refused, and how it is kept; of every method, and of what takes methods."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ngramlm as lm
from ngramlm.core.validation import Number, flag
from ngramlm.errors import UsageError
from ngramlm.evaluation.smoothing_comparison import compare_smoothings
from ngramlm.methods import SMOOTHINGS
from ngramlm.pruning import PrunedKneserNey
from ngramlm.smoothing import Smoothing

SENTENCES = ["a b a c", "b a c", "a c a b", "c a b b"]
CLASSES: list[type[Smoothing]] = [
    lm.AbsoluteDiscounting,
    lm.Additive,
    lm.ChurchGale,
    lm.ClassMaxEnt,
    lm.Dirichlet,
    lm.GoodTuring,
    lm.JelinekMercer,
    lm.Katz,
    lm.KneserNey,
    lm.LinearDiscounting,
    lm.MaxEnt,
    lm.MaximumLikelihood,
    lm.NaturalDiscounting,
    lm.PerOrder,
    lm.PitmanYor,
    PrunedKneserNey,
    lm.StupidBackoff,
    lm.WittenBell,
]
FIELDS = [(cls, field.name) for cls in CLASSES for field in fields(cls)]


class Odd:
    """Equal to nothing, and without an order."""


@pytest.mark.parametrize(
    "value", ["abc", "", b"1", (), ("a", "b", "c"), [None], {}, {1: 2}, Odd(), 1j, math.nan]
)
@pytest.mark.parametrize(("cls", "name"), FIELDS, ids=lambda part: getattr(part, "__name__", part))
def test_no_parameter_takes_what_it_cannot_use(cls: Any, name: str, value: Any) -> None:
    """UsageError, and nothing else, for every parameter of every method."""
    with pytest.raises(UsageError, match="expected"):
        cls(**{name: value})


@pytest.mark.parametrize(("cls", "name"), FIELDS, ids=lambda part: getattr(part, "__name__", part))
def test_flags_are_no_numbers_and_numbers_no_flags(cls: Any, name: str) -> None:
    is_flag = name in ("closed", "interpolate", "shared", "simple", "discounted")
    for value in (2, 0.5) if is_flag else (True, False):
        with pytest.raises(UsageError, match="expected"):
            cls(**{name: value})


@pytest.mark.parametrize(
    ("cls", "name", "values"),
    [
        (lm.Additive, "delta", [0.5, 1]),
        (lm.Dirichlet, "concentrations", [2, 3.5]),
        (lm.JelinekMercer, "weights", [0.25, 0.5]),
        (lm.Katz, "k", [7, 5]),
        (lm.KneserNey, "fallback", [0.5, 1, 1.5]),
        (lm.PitmanYor, "discounts", [0.5, 0.75]),
        (lm.PitmanYor, "strengths", [1, 2]),
    ],
)
def test_lists_are_kept_as_tuples(cls: Any, name: str, values: list[float]) -> None:
    method = cls(**{name: values})

    assert getattr(method, name) == tuple(values)
    assert method == cls(**{name: tuple(values)}) == cls(**{name: list(np.array(values))})
    assert hash(method) == hash(cls(**{name: tuple(values)}))
    with pytest.raises(UsageError, match="or several"):
        cls(**{name: np.array(values)})


def test_methods_in_a_list_are_kept_as_a_tuple() -> None:
    assert lm.PerOrder(methods=[lm.WittenBell()]) == lm.PerOrder(methods=(lm.WittenBell(),))  # type: ignore[arg-type]
    for methods in ("witten-bell", lm.WittenBell(), ["witten-bell"], [lm.WittenBell]):
        with pytest.raises(UsageError, match="expected"):
            lm.PerOrder(methods=methods)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="back-off form"):  # each method has its own
        lm.PerOrder(methods=(lm.WittenBell(),), interpolate=False)


# ------------------------------------------------------------------------------------------------- numbers


@given(
    st.one_of(st.integers(), st.floats(), st.fractions(), st.sampled_from([10**400, -(10**400)])),
    st.integers(-3, 3),
    st.integers(0, 3),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_numbers_are_those_of_the_range(
    value: Any, least: int, width: int, above: bool, below: bool, whole: bool, infinite: bool
) -> None:
    """The comparisons, written out in whole fractions where there is one."""
    check = Number(least=least, most=least + width, above=above, below=below, whole=whole, infinite=infinite)
    inside = False
    if not (isinstance(value, float) and not math.isfinite(value)):
        exact = Fraction(value)
        inside = least <= exact <= least + width
        inside = inside and not (above and exact == least) and not (below and exact == least + width)
        inside = inside and not (whole and not isinstance(value, int))
    if inside:
        assert check("x", value) == pytest.approx(value, rel=1e-15)
        assert type(check("x", value)) in (int, float)
    else:
        with pytest.raises(UsageError, match=r"^x is .*; expected a"):
            check("x", value)


def test_numbers_without_a_bound() -> None:
    assert Number(infinite=True)("x", -math.inf) == -math.inf
    assert Number(optional=True)("x", None) is None
    for check, value in [
        (Number(), math.inf),
        (Number(infinite=True), math.nan),
        (Number(infinite=True), 10**400),  # that float64 cannot hold
        (Number(), None),
        (Number(), (1, 2)),
        (Number(several=True), ()),
        (Number(several=True), (1, "2")),
        (Number(several=True), (1, (2,))),
        (Number(), np.bool_(True)),
    ]:
        with pytest.raises(UsageError):
            check("x", value)


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (Number(), "a number"),
        (Number(least=0), "a number from 0 on"),
        (Number(least=0, above=True), "a number above 0"),
        (Number(least=0, most=1), "a number from 0 to 1"),
        (Number(least=0, most=1, above=True), "a number above 0, and 1 at most"),
        (Number(least=0, most=1, below=True, several=True), "a number from 0 up to, but not, 1, or several"),
        (Number(least=1, whole=True), "a whole number from 1 on"),
    ],
    ids=str,
)
def test_a_check_says_what_it_expects(check: Number, expected: str) -> None:
    assert expected == str(check)


def test_numbers_of_numpy_become_those_of_python() -> None:
    for value in (np.int32(3), np.float32(0.5), np.float64(0.5), Fraction(1, 2)):
        kept = Number()("x", value)
        assert kept == value
        assert type(kept) in (int, float)
    assert flag("x", np.bool_(False)) is False


# --------------------------------------------------------------------------------- a value for each order


@pytest.mark.parametrize(
    ("cls", "name", "values"),
    [
        (lm.Additive, "delta", (0.5, 0.25, 0.125)),
        (lm.Dirichlet, "concentrations", (4, 2, 1)),
        (lm.JelinekMercer, "weights", (0.2, 0.5, 0.7)),
        (lm.PitmanYor, "discounts", (0.5, 0.75, 0.25)),
        (lm.Katz, "k", (3, 2)),
    ],
    ids=lambda part: getattr(part, "__name__", None),
)
def test_the_last_value_holds_for_the_orders_above(cls: Any, name: str, values: tuple[float, ...]) -> None:
    """And what is left over is not used: with every method that takes a value for each order."""
    words = np.random.default_rng(1).zipf(1.5, (60, 6)) % 40
    text = lm.Text.from_sentences([list(map(str, sentence)) for sentence in words])
    counts = lm.count(text, order=4)
    options = {"burn_in": 1, "samples": 1} if cls is lm.PitmanYor else {}

    def scores(given: tuple[float, ...], order: int) -> Any:
        model = cls(**{name: given}, **options).fit(counts.truncate(order) if order < 4 else counts)
        return model.log10_probs(text)

    full = (*values, *[values[-1]] * 4)
    np.testing.assert_array_equal(scores(full[:4], 4), scores(values, 4))
    np.testing.assert_array_equal(scores(full[:2], 2), scores(values, 2))
    if cls is not lm.PitmanYor:  # one short chain hardly tells
        assert not np.array_equal(scores(values[:1], 3), scores(values, 3))


# ---------------------------------------------------------------------------------------- methods by name


@pytest.mark.parametrize("name", [None, 3, lm.WittenBell, lm.WittenBell(), ("witten-bell",)])
def test_a_name_is_a_text(name: Any) -> None:
    with pytest.raises(UsageError, match="expected a name such as"):
        lm.make_smoothing(name)


@pytest.mark.parametrize("name", SMOOTHINGS)
def test_the_name_of_a_method_says_what_it_is(name: str) -> None:
    """No option turns a method into another one that has a name of its own."""
    values: list[Any] = [
        0.5,
        1,
        2,
        True,
        False,
        *("order", "total", "average"),
        *("counts", "evidence"),
        "continuation",
    ]
    for option in {field.name for cls in CLASSES for field in fields(cls)} - {"closed", "interpolate"}:
        for value in values:
            try:
                method = lm.make_smoothing(name, **{option: value})
            except UsageError:
                continue
            others = {"add-one"} if name == "add-delta" else set()  # d = 1 by either name
            assert method.name in {name, *others} or name.endswith("kneser-ney"), (option, value)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("add-one", {"delta": 0.5}, "found 'delta' for add-one; expected no option"),
        (
            "jelinek-mercer",
            {"buckets": "average"},
            "found 'buckets' for jelinek-mercer; expected one of: weights",
        ),
        ("good-turing", {"simple": True}, "found 'simple' for good-turing; expected one of: k"),
        ("witten-bell", {"name": "x"}, "found 'name' for witten-bell; expected no option"),
        ("witten-bell/katz", {"k": 3}, "found k for several methods"),
    ],
)
def test_options_of_a_name(name: str, options: dict[str, Any], expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        lm.make_smoothing(name, **options)


def test_kneser_ney_may_have_any_number_of_discounts() -> None:
    assert lm.make_smoothing("kneser-ney", discounts=5) == lm.KneserNey(discounts=5)


# -------------------------------------------------------------------------------------- functions that take them


def _comparison(smoothings: Mapping[str, Any], **options: Any) -> Any:
    return compare_smoothings(
        lm.Text.from_sentences(SENTENCES),
        lm.Text.from_sentences(SENTENCES),
        smoothings=smoothings,
        orders=[2],
        **options,
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda counts, model: lm.KneserNey().fit(counts, "heldout.txt"),
        lambda counts, model: lm.GoodTuring().fit(counts, "heldout.txt"),
        lambda counts, model: PrunedKneserNey().fit(counts, ["a b"]),
        lambda counts, model: lm.WittenBell().fit("train.txt"),
        lambda counts, model: lm.prune(model, keep=20.5),
        lambda counts, model: lm.prune(model, keep="all"),
        lambda counts, model: lm.prune(model, "high"),
        lambda counts, model: lm.prune(model, math.nan),
        lambda counts, model: lm.restrict_vocabulary(model, "the"),
        lambda counts, model: lm.Vocabulary("the"),
        lambda counts, model: _comparison({"x": "witten-bell"}),
        lambda counts, model: _comparison({"x": lm.WittenBell}),
    ],
)
def test_wrong_arguments_are_refused(call: Callable[..., Any]) -> None:
    counts = lm.count(lm.Text.from_sentences(SENTENCES), order=2)
    with pytest.raises(UsageError, match="expected"):
        call(counts, lm.WittenBell().fit(counts))


@pytest.mark.parametrize("options", [{"closed": True}, {"form": "backoff"}, {"form": "both"}])
def test_methods_of_your_own_stay_as_they_are(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="each method has its own"):
        _comparison({"x": lm.WittenBell()}, **options)


@pytest.mark.parametrize(
    ("closed", "expected"), [((True, True), "yes"), ((False, False), "no"), ((True, False), "some")]
)
def test_a_comparison_records_what_its_methods_are(closed: tuple[bool, ...], expected: str) -> None:
    found = _comparison({str(place): lm.WittenBell(closed=value) for place, value in enumerate(closed)})

    assert found.options == {"form": "given", "closed": expected, "heldout": "no"}


def test_a_comparison_records_what_it_was_asked_for() -> None:
    found = _comparison(["witten-bell"], closed=True, form="both")  # type: ignore[arg-type]

    assert found.options == {"form": "both", "closed": "yes", "heldout": "no"}
