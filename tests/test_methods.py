"""Smoothing methods by name."""

from __future__ import annotations

import pytest

import ngramlm as lm
from ngramlm.errors import UsageError
from ngramlm.methods import ABBREVIATIONS, SMOOTHINGS, smoothing_names


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("mkn", "modified-kneser-ney"),
        ("KN", "kneser-ney"),
        ("wb", "witten-bell"),
        ("gt", "good-turing"),
        ("kneser ney", "kneser-ney"),
        ("witen-bell", "witten-bell"),
        ("Modified_Kneser_Ney", "modified-kneser-ney"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(name: str, meant: str) -> None:
    with pytest.raises(UsageError) as error:
        lm.make_smoothing(name)

    assert f"found the smoothing {name!r} (did you mean {meant!r}?); expected one of: " in str(error.value)
    assert str(error.value).endswith(", ".join(SMOOTHINGS))


def test_a_name_unlike_all_others_suggests_nothing() -> None:
    with pytest.raises(UsageError, match="found the smoothing 'zzz'; expected one of: maximum-likelihood"):
        lm.make_smoothing("zzz")


def test_abbreviations_are_no_names() -> None:
    assert set(SMOOTHINGS) >= set(ABBREVIATIONS.values())
    assert not set(SMOOTHINGS) & set(ABBREVIATIONS)


def test_all_are_those_that_are_quick() -> None:
    slow = {"pitman-yor", "maxent", "class-maxent"}

    assert [name for name in SMOOTHINGS if name not in slow] == smoothing_names(["all"])
    assert ["maxent", "katz"] == smoothing_names(["maxent", "katz", "maxent"])
