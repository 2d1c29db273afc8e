"""Our ARPA files in the hands of KenLM: the `kenlm` module must read them and score as we do.

Skipped where the module is not installed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from support.shared_data import shared_folder

import ngramlm as lm
from ngramlm.methods import SMOOTHINGS, make_smoothing
from ngramlm.smoothing import RecursiveSmoothing

kenlm = pytest.importorskip("kenlm", reason="the kenlm module is not installed")

TOLERANCE = 1e-4  # log10 of a sentence

VERSE = [
    "the cat sat on the mat and the dog sat on the cat",
    "the dog saw a bird on the mat",
    "a bird saw the cat and a cat saw the bird",
    "on the mat sat a dog and on the dog sat a bird",
    "the cat saw the dog",
    "the cat",
    "",
]


def score_both(model: lm.BackoffModel, folder: Path, lines: list[str]) -> tuple[np.ndarray, np.ndarray]:
    path = folder / "model.arpa"
    model.save_arpa(path)
    peer = kenlm.Model(str(path))
    ours = [model.score(line) for line in lines]
    theirs = [
        sum(token[0] for token in peer.full_scores(line)) for line in lines
    ]  # not score(): it adds up float32
    return np.array(ours), np.array(theirs)


def forms() -> Iterator[tuple[str, bool]]:
    """The methods that are back-off tables, in the forms that they have."""
    for name in SMOOTHINGS:
        method = make_smoothing(name)
        if isinstance(method, RecursiveSmoothing):
            yield from ((name, interpolate) for interpolate in method.forms)


@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
@pytest.mark.parametrize("order", [2, 3, 5])
@pytest.mark.parametrize(("smoothing", "interpolate"), list(forms()))
def test_kenlm_scores_our_arpa_as_we_do(
    smoothing: str, interpolate: bool, order: int, tmp_path: Path
) -> None:
    counts = lm.count(lm.Text.from_sentences(VERSE), order=order)
    model = make_smoothing(smoothing, interpolate=interpolate).fit(counts)
    assert isinstance(model, lm.BackoffModel)
    expected, actual = score_both(model, tmp_path, [*VERSE, "the mat sat on a zebra", "zebra zebra", "dog"])
    possible = expected > -np.inf

    assert np.abs(expected[possible] - actual[possible]).max() < TOLERANCE
    assert (actual[~possible] < -90).all()  # an ARPA file has -99 for zero


@pytest.mark.parametrize(
    ("domain", "order"),
    [(domain, order) for domain in ("tech", "politics", "literature") for order in (2, 3, 4, 5)],
)
def test_kenlm_scores_every_test_sentence_as_we_do(domain: str, order: int, tmp_path: Path) -> None:
    folder = shared_folder()
    if folder is None:
        pytest.skip("texts not found; set NGRAMLM_SHARED to their folder")
    data = folder / "data" / "en"
    model = lm.KneserNey().fit(lm.count(data / f"{domain}.train.txt", order=order))
    lines = (data / f"{domain}.test.txt").read_text(encoding="utf-8").splitlines()
    ours, theirs = score_both(model, tmp_path, lines)

    assert np.abs(ours - theirs).max() < TOLERANCE


LINES = [*VERSE, "the mat sat on a zebra", "zebra zebra", "dog"]


def changed_models() -> dict[str, Callable[[], lm.BackoffModel]]:
    """Models whose n-grams were taken away, or put together from several, in every way there is."""

    def fit(sentences: list[str], order: int) -> lm.BackoffModel:
        return lm.WittenBell().fit(lm.count(lm.Text.from_sentences(sentences), order=order))

    counts = lm.count(lm.Text.from_sentences(VERSE), order=4)
    pruned = lm.PrunedKneserNey(threshold=0.5, fallback=(0.5, 1, 1.5))
    return {
        "entropy": lambda: lm.prune(fit(VERSE, 4), 3e-3),
        "weighted difference": lambda: lm.prune(fit(VERSE, 3), 3e-3, criterion="weighted-difference"),
        "half": lambda: lm.prune(fit(VERSE, 3), keep=40),
        "unigrams": lambda: lm.prune(fit(VERSE, 3), math.inf),
        "kneser-ney": lambda: pruned.fit(counts),
        "fewer words": lambda: lm.restrict_vocabulary(fit(VERSE, 3), ["the", "cat", "on", "mat"]),
        "renormalized": lambda: lm.restrict_vocabulary(fit(VERSE, 3), ["the", "cat"], removed="renormalize"),
        "more words": lambda: lm.restrict_vocabulary(fit(VERSE, 3), ["the", "zebra"], new_words="share"),
        "mixed": lambda: lm.mix(
            [fit(VERSE, 3), fit(["a zebra sat", "the zebra saw the cat"], 4)], [0.7, 0.3]
        ),
    }


@pytest.mark.parametrize("name", changed_models())
def test_kenlm_scores_changed_models_as_we_do(name: str, tmp_path: Path) -> None:
    model = changed_models()[name]()
    if model.order == 1:
        pytest.skip("the kenlm module refuses unigram models")
    expected, actual = score_both(model, tmp_path, LINES)

    assert np.abs(expected - actual).max() < TOLERANCE


def test_kenlm_scores_changed_models_of_real_text_as_we_do(shared: Path, tmp_path: Path) -> None:
    data = shared / "data" / "en"
    counts = lm.count(data / "politics.train.txt", order=4)
    lines = (data / "politics.test.txt").read_text(encoding="utf-8").splitlines()
    one = lm.prune(lm.WittenBell().fit(counts), 1e-6)
    other = lm.PrunedKneserNey(threshold=1).fit(counts)
    for model in (one, other, lm.mix([one, other])):
        ours, theirs = score_both(model, tmp_path, lines)

        assert np.abs(ours - theirs).max() < TOLERANCE
