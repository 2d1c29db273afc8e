"""The study runs on a small text, and its figures are those of models measured one by one."""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import ngramlm as lm
from ngramlm.errors import EstimationWarning
from ngramlm.methods import make_smoothing

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
WORDS = "a b c d e f g h i j k l m".split()


def sentences(number: int, seed: int, words: list[str]) -> list[list[str]]:
    """Sentences in which every word depends on the one before, frequent words first."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(number):
        drawn = random.geometric(0.3, int(random.integers(2, 9)))
        places = np.minimum(np.cumsum(drawn) % (len(words) + 3), len(words) - 1)
        found.append([words[place] for place in places])
    return found


TRAIN = sentences(60, 1, WORDS)
HELDOUT, TEST = sentences(20, 2, WORDS), sentences(20, 3, [*WORDS, "new"])


@pytest.fixture(scope="module")
def study() -> ModuleType:
    """benchmarks/study.py, imported from its file."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.spec_from_file_location("study", BENCHMARKS / "study.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["study"] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCHMARKS))
    return module


@pytest.fixture(scope="module")
def texts() -> tuple[lm.Text, lm.Text, lm.Text]:
    train = lm.Text.from_sentences(TRAIN)
    return train, *(lm.Text.from_sentences(text, train.vocabulary) for text in (HELDOUT, TEST))


@pytest.fixture(scope="module")
def found(study: ModuleType, texts: tuple[lm.Text, lm.Text, lm.Text]) -> Any:
    with pytest.warns(EstimationWarning):
        return study.study(*texts, name="letters", sizes=[20], orders=[2, 3], resamples=9, threads=1)


def cells(found: Any, what: str, **wanted: Any) -> list[Any]:
    return [cell for cell in found[what] if all(cell[key] == value for key, value in wanted.items())]


def test_every_part_has_every_method(study: ModuleType, found: Any) -> None:
    places = {(part["size"], part["policy"], part["order"]) for part in found["parts"]}
    methods = {cell["method"] for cell in found["cells"]}

    assert places == {
        (size, policy, order)
        for size in (20, "all") for policy in study.POLICIES for order in (2, 3) if (size, policy) != ("all", "fixed")
    }  # fmt: skip
    assert methods == {*study.METHODS, *(f"{name} back-off" for name in study.BOTH_FORMS)}
    assert all(math.isfinite(cell["bits"]) for cell in found["cells"])


def test_bits_are_those_of_the_model_alone(found: Any) -> None:
    """Closed: the perplexity without OOVs; open: the one with them."""
    train = lm.Text.from_sentences(TRAIN)
    counts = lm.count(train, order=2)
    for policy, method in (
        ("closed", "witten-bell"),
        ("open", "witten-bell"),
        ("closed", "natural-discounting"),
    ):
        model = make_smoothing(method, closed=policy == "closed").fit(counts)
        alone = lm.perplexity(model, lm.Text.from_sentences(TEST, model.vocabulary))
        expected = alone.perplexity if policy == "open" else alone.perplexity_excluding_oov
        (cell,) = cells(found, "cells", size="all", policy=policy, order=2, method=method, tuned=False)

        assert cell["bits"] == pytest.approx(math.log2(expected), abs=1e-6)


def test_differences_are_those_of_the_bits(found: Any) -> None:
    for pair in found["differences"]:
        place = {key: pair[key] for key in ("size", "policy", "order")}
        if pair["claim"] == "H9d":
            method = pair["one"].removesuffix(", tuned")
            names = [(method, True), (method, False)]
        else:
            names = [(pair["one"], pair["tuned"]), (pair["rival"], pair["tuned"])]
        (one,), (other,) = (cells(found, "cells", **place, method=name, tuned=how) for name, how in names)

        assert pair["difference"] == pytest.approx(one["bits"] - other["bits"], abs=1e-9)
        assert pair["low"] <= pair["high"]
        assert 0 < pair["p_value"] <= 1


def test_the_best_other_is_the_best_outside_the_family(found: Any) -> None:
    for pair in cells(found, "differences", other="best other"):
        place = {key: pair[key] for key in ("size", "policy", "order", "tuned")}
        others = [cell for cell in cells(found, "cells", **place) if "kneser-ney" not in cell["method"]]

        assert min(cell["bits"] for cell in others) == pytest.approx(
            next(cell["bits"] for cell in others if cell["method"] == pair["rival"])
        )


def test_no_kind_of_kneser_ney_is_an_other(study: ModuleType) -> None:
    bits = {"kneser-ney": 1.0, "modified-kneser-ney back-off": 2.0, "katz": 3.0, "witten-bell": 4.0}
    part = study.Part.__new__(study.Part)
    part.models = {
        (name, tuned): study.Measured(np.array([value]), np.array([True]), np.array([0, 1]))
        for name, value in bits.items() for tuned in (False, True) if (name, tuned) != ("katz", True)
    }  # fmt: skip

    assert ("katz", "witten-bell") == (part.best_other(False), part.best_other(True))


def test_count_classes_hold_the_ngrams_of_each_count(found: Any) -> None:
    """Counted with a dictionary: bigrams of the test text whose history was seen and whose word is known."""
    bigrams: Counter[tuple[str, str]] = Counter()
    for sentence in TRAIN:
        bigrams.update(zip(["<s>", *sentence], [*sentence, "</s>"], strict=True))
    histories = {history for history, _ in bigrams}
    known = {word for _, word in bigrams}
    expected: Counter[str] = Counter()
    for sentence in TEST:
        for history, word in zip(["<s>", *sentence], [*sentence, "</s>"], strict=True):
            if history in histories and word in known:
                r = bigrams[history, word]
                expected["4+" if r >= 4 else str(r)] += 1
    classes = cells(
        found, "count_classes", size="all", policy="closed", order=2, method="kneser-ney", tuned=True
    )

    assert {cell["count"]: cell["tokens"] for cell in classes if cell["tokens"]} == dict(expected)
    assert len(classes) == 5


def test_the_whole_difference_of_forms_is_that_of_the_count_classes(found: Any) -> None:
    """Every token of a bigram model falls into a class, but those after an OOV, which have no history."""
    place = {"size": "all", "policy": "closed", "order": 2, "method": "absolute-discounting", "tuned": False}
    classes = cells(found, "count_classes", **place)
    after_oov = sum(
        left == "new" and right != "new"
        for s in TEST
        for left, right in zip(s, [*s[1:], "</s>"], strict=True)
    )

    assert sum(cell["tokens"] for cell in classes) == classes[0]["all_tokens"] - after_oov


def test_the_command_writes_tables_and_figures(tmp_path: Path) -> None:
    for name, text in (("train", TRAIN), ("heldout", HELDOUT), ("test", TEST)):
        (tmp_path / name).write_text("".join(f"{' '.join(sentence)}\n" for sentence in text), "utf-8")
    arguments = ["--text", "train", "--heldout", "heldout", "--test", "test", "--name", "letters"]
    arguments += [
        "--sizes",
        "30",
        "--orders",
        "2",
        "--policies",
        "closed",
        "--resamples",
        "9",
        "--threads",
        "1",
    ]
    script = [sys.executable, str(BENCHMARKS / "study.py")]
    first, second = (
        subprocess.run([*script, *more], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for more in ([*arguments, "-o", "found.json"], ["--tables", "found.json"])
    )

    assert first == second
    assert [line for line in first.splitlines() if line.startswith("## H")] == [
        f"## {claim}, order 2, closed vocabulary"
        for claim in (
            "H1",
            "H2",
            "H3",
            "H4",
            "H5",
            "H6",
            "H7",
            "H9a",
            "H9b",
            "H9c",
            "H9d",
            "H9c count by count",
        )
    ]
    assert "letters" == json.loads((tmp_path / "found.json").read_text("utf-8"))["about"]["name"]


def test_tables_show_ranges_and_how_many_are_significant(study: ModuleType) -> None:
    def one(name: str, difference: float, p_value: float) -> dict[str, Any]:
        pair = {
            "claim": "H5",
            "policy": "closed",
            "order": 2,
            "size": "all",
            "one": "x",
            "other": "y",
            "tuned": True,
        }
        return {
            "about": {"name": name},
            "differences": [{**pair, "difference": difference, "p_value": p_value}],
        }

    shown = study.study_tables.differences([one("a", -0.25, 0.01), one("b", 0.5, 0.2)], "H5", "closed", 2)

    assert "| x − y | tuned | −0.250..+0.500 (1/2) |" == shown.splitlines()[-1]
