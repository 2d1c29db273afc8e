"""vocab: Zipf's law."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from support.command_line import Invoke

import ngramlm as lm
from ngramlm.text.zipf import ZipfLaw


def test_zipfs_law_is_fitted_and_drawn(invoke: Invoke, folder: Path) -> None:
    text = lm.read_text("train.txt")
    law = ZipfLaw.fit(np.bincount(text.ids)[3:])
    told = invoke("vocab", "train.txt", "--zipf", "-o", "words.txt").stderr
    facts = json.loads(invoke("vocab", "train.txt", "--plot", "zipf.svg", "--json").stdout)

    assert f"Zipf's law: exponent {law.exponent:.4f} over {law.n_types} words\n" in told
    assert facts["zipf_exponent"] == law.exponent
    assert "Zipf&#39;s law of train.txt" in (folder / "zipf.svg").read_text()
    assert "zipf_exponent" not in json.loads(invoke("vocab", "train.txt", "--json").stdout)


def test_plots_that_cannot_be_drawn(invoke: Invoke, folder: Path) -> None:
    wrong = invoke("vocab", "train.txt", "--plot", "zipf.png")
    assert wrong.exit_code == 2
    assert "found zipf.png for --plot; expected a name that ends with .svg" in wrong.stderr
    (folder / "one.txt").write_text("a a\n")
    few = invoke("vocab", "one.txt", "--zipf")
    assert few.exit_code == 2
    assert "found 1 distinct words; expected two or more for Zipf's law" in few.stderr
