"""Metadata: text by name, with estimates as numbers."""

from __future__ import annotations

import pytest

from ngramlm.models.estimates import Estimates
from ngramlm.models.metadata import Metadata

ESTIMATES = Estimates.from_orders([{"discounts": (1 / 3,)}, {"discounts": (0.5, 1.0)}])
TEXT = {"smoothing": "kneser-ney", "discounts": "0.333333;0.5 1"}


def test_facts_come_before_estimates() -> None:
    metadata = Metadata({"smoothing": "kneser-ney"}, ESTIMATES)

    assert list(TEXT.items()) == list(metadata.items())
    assert ESTIMATES == metadata.estimates


def test_text_of_a_file_keeps_its_order() -> None:
    texts = {"a": "1", **TEXT, "pruned": "x"}
    metadata = Metadata.from_text(texts)

    assert list(texts.items()) == list(metadata.items())
    assert ((0.333333,), (0.5, 1.0)) == metadata.estimates.discounts
    assert metadata is Metadata.from_text(metadata)


def test_more_facts_keep_the_numbers() -> None:
    metadata = Metadata({"smoothing": "kneser-ney"}, ESTIMATES)
    more = {"first": "1", "smoothing": "other"} | (metadata | {"pruned": "x"})

    assert ESTIMATES == more.estimates
    assert [("first", "1"), *TEXT.items(), ("pruned", "x")] == [
        ("first", "1"),
        *((name, more[name]) for name in ("smoothing", "discounts", "pruned")),
    ]
    assert ["first", "smoothing", "discounts", "pruned"] == list(more)


def test_a_fact_replaces_an_estimate_of_its_name() -> None:
    metadata = Metadata({}, ESTIMATES) | {"discounts": "many"}

    assert {"discounts": "many"} == dict(metadata)
    assert () == metadata.estimates.discounts


def test_it_does_not_change() -> None:
    with pytest.raises(TypeError):
        Metadata(TEXT)["smoothing"] = "x"  # type: ignore[index]
    with pytest.raises(KeyError):
        Metadata(TEXT)["no such name"]


def test_how_metadata_are_shown() -> None:
    assert repr(Metadata({"smoothing": "katz", "k": "5"})) == "Metadata({'smoothing': 'katz', 'k': '5'})"
