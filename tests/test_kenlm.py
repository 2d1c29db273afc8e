"""Our ARPA files in the hands of KenLM: the `kenlm` module must read them and score as we do.

Skipped where the module is not installed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import shared_folder

import ngramlm as lm
from ngramlm.smoothing import SMOOTHINGS

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


@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
@pytest.mark.parametrize("interpolate", [True, False], ids=["interpolated", "back-off"])
@pytest.mark.parametrize("order", [2, 3, 5])
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_kenlm_scores_our_arpa_as_we_do(
    smoothing: str, order: int, interpolate: bool, tmp_path: Path
) -> None:
    counts = lm.count(lm.Text.from_sentences(VERSE), order=order)
    model = SMOOTHINGS[smoothing](interpolate=interpolate).fit(counts)
    expected, actual = score_both(model, tmp_path, [*VERSE, "the mat sat on a zebra", "zebra zebra", "dog"])

    assert np.abs(expected - actual).max() < TOLERANCE


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
