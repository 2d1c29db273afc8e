"""Files that change while models use them: replaced under a live map, rewritten under eight readers, and limits."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command_line import environment
from support.small_models import fitted

import ngramlm as lm

SENTENCE = "the cat sat on the mat"
READER = """
import sys, time
import ngramlm as lm
allowed = {float(value) for value in sys.argv[2:]}
n = 0
stop = time.monotonic() + 4
while time.monotonic() < stop or n < 20:
    found = lm.load(sys.argv[1]).score("the cat sat on the mat")
    if found not in allowed:
        sys.exit(f"found {found!r}; expected one of {allowed}")
    n += 1
print(n)
"""


def two_models() -> tuple[lm.BackoffModel, lm.BackoffModel]:
    """Two models that give different scores."""
    one, other = fitted(3), fitted(1)
    assert one.score(SENTENCE) != other.score(SENTENCE)
    return one, other


@pytest.mark.parametrize("layout", ["fast", "compact"])
def test_a_model_whose_file_is_replaced_answers_as_before(layout: str, tmp_path: Path) -> None:
    one, other = two_models()
    path = tmp_path / "model.ngram"
    one.save(path, layout)
    live = lm.load(path)
    before = live.score(SENTENCE)

    other.save(path, layout)

    assert live.score(SENTENCE) == before
    assert lm.load(path).score(SENTENCE) != before


@pytest.mark.parametrize("name", ["model.ngram", "model.arpa"])
def test_eight_readers_see_whole_models_while_a_writer_rewrites_them(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    models = two_models()
    scores = []
    for model in models:
        write(model, path)
        scores.append(lm.load(path).score(SENTENCE))

    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(path), *map(repr, scores)],
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(8)
    ]  # fmt: skip
    n_written = 0
    while any(reader.poll() is None for reader in readers):
        write(models[n_written % 2], path)
        n_written += 1
        time.sleep(0.01)

    for reader in readers:
        out, error = reader.communicate()
        assert reader.returncode == 0, error
        assert int(out) >= 20
    assert n_written > 20
    assert os.listdir(tmp_path) == [name]


def write(model: lm.BackoffModel, path: Path) -> None:
    """Write a model in the format of a path's name."""
    model.save(path) if path.suffix == ".ngram" else model.save_arpa(path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of address space are those of Linux")
@pytest.mark.parametrize("megabytes", [150, 250, 350, 500])
def test_too_little_address_space_is_one_line(megabytes: int, tmp_path: Path) -> None:
    """Wherever memory runs out, also while Python starts, nothing is written, or all of it."""
    text = tmp_path / "text.txt"
    text.write_text("".join(f"w{n} w{n * 7 % 5003} w{n * 11 % 7001}\n" for n in range(60_000)))
    limit = megabytes << 20
    command = [
        sys.executable,
        "-m",
        "ngramlm",
        "train",
        text.name,
        "--order",
        "4",
        "-o",
        "out.ngram",
        "--quiet",
    ]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=110,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )  # fmt: skip

    assert run.returncode in (0, 1)
    if run.returncode == 1:
        assert run.stderr.strip().rpartition("\n")[2].startswith("error: not enough memory")
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == (["out.ngram", "text.txt"] if run.returncode == 0 else ["text.txt"])
