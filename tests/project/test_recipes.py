"""A method of one's own takes one file and one line: then it does all that the others do."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.cases import ModelCase, TunedCase, subject, tuned_subject
from support.contracts import CHECKS, ROUND_TRIPS
from support.oracles.counts import CountOracle, Ngram, Number
from support.oracles.smoothing.base import SmoothingOracle

import ngramlm.methods as methods
from ngramlm.cli.main import ngramlm as program

#: The one file.
TOY = '''\
"""Toy discounting: a fixed share of every history is for the lower order."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.models.estimates import OrderEstimates
from ngramlm.smoothing.orders import CountBlock, OrderCounts
from ngramlm.smoothing.recursive import RecursiveSmoothing
from ngramlm.types import Floats


@dataclass(frozen=True, kw_only=True)
class Toy(RecursiveSmoothing[float]):
    """p = (1 - s) c(hw) / c(h.) + s p(w|h'), with s = 1/4 unless held-out data say otherwise."""

    name: ClassVar[str] = "toy"

    def parameters(self, order: OrderCounts) -> float:
        return 0.25

    def tunable(self, order: int, parameters: float) -> list[tuple[float, float, float]]:
        return [(parameters, 1e-4, 1.0)]

    def with_values(self, order: int, parameters: float, values: list[float]) -> float:
        return values[0]

    def describe(self, parameters: float) -> OrderEstimates:
        return {"ratios": (parameters,)}

    def discount(self, block: CountBlock, parameters: float) -> tuple[Floats, Floats]:
        seen = (1 - parameters) * block.counts / block.spread(block.totals)
        return seen, np.full(len(block.totals), parameters)
'''
TRAIN = [
    line.split() for line in ("the cat sat", "the dog sat on the cat", "a cat saw the dog", "", "the cat")
]
TEST = [line.split() for line in ("a cat sat on the owl", "", "the dog")]


class ToyOracle(SmoothingOracle):
    """The same of dictionaries."""

    def __init__(self, counts: CountOracle, *, shares: list[float], **options: Any) -> None:
        self.shares = shares
        super().__init__(counts, **options)

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return (1 - self.number(self.shares[k - 1])) * count / self.total(k, history)

    def left(self, k: int, history: Ngram) -> Number:
        return self.number(self.shares[k - 1])


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[Any]:
    """The class, after the one line in SMOOTHINGS."""
    path = tmp_path / "toy_discounting.py"
    path.write_text(TOY, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("toy_discounting", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "toy_discounting", module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    monkeypatch.setitem(methods.SMOOTHINGS, "toy", module.Toy)
    return module.Toy


@pytest.mark.parametrize("interpolate", [True, False], ids=["interpolated", "back-off"])
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_the_contract(toy: type[Any], interpolate: bool, closed: bool, tmp_path: Path) -> None:
    options = {"interpolate": interpolate, "closed": closed}
    case = ModelCase(
        "toy", lambda: toy(**options), lambda counts: ToyOracle(counts, shares=[0.25] * 3, **options)
    )
    tuned = TunedCase(
        "toy",
        lambda: toy(**options),
        lambda found: lambda counts: ToyOracle(counts, shares=found, **options),
    )
    heldout = [["the", "cat", "sat", "on", "a", "dog"], ["a", "dog"]]
    for one in (subject(case, TRAIN, TEST, 3), tuned_subject(tuned, TRAIN, heldout, TEST, 3)):
        for check in CHECKS:
            check(one)
        for round_trip in ROUND_TRIPS:
            round_trip(one, tmp_path)


def test_by_name(toy: type[Any]) -> None:
    assert toy(interpolate=False) == methods.make_smoothing("toy", interpolate=False)
    assert "toy/witten-bell" == methods.make_smoothing("toy/witten-bell").name


def test_the_command_line(toy: type[Any], tmp_path: Path) -> None:
    train, test, model = tmp_path / "train.txt", tmp_path / "test.txt", tmp_path / "model.arpa"
    train.write_text("\n".join(map(" ".join, TRAIN)) + "\n", encoding="utf-8")
    test.write_text("\n".join(map(" ".join, TEST)) + "\n", encoding="utf-8")
    run = CliRunner().invoke
    trained = run(
        program, ["train", str(train), "--order", "2", "--smoothing", "toy", "-o", str(model), "--quiet"]
    )

    assert 0 == trained.exit_code, trained.output
    assert model.read_text(encoding="utf-8").lstrip().startswith("\\data\\")
    compared = run(
        program,
        [
            "compare",
            str(train),
            "--test",
            str(test),
            "--smoothing",
            "toy,witten-bell",
            "--order",
            "1,2",
            "--quiet",
        ],
    )

    assert 0 == compared.exit_code, compared.output
    assert "toy 2" in compared.output
