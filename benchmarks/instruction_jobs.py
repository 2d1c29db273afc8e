"""The jobs of instructions.py, run inside callgrind, which counts between two markers only.

python benchmarks/instruction_jobs.py MARKERS FOLDER
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

import ngramlm as lm
from ngramlm.formats.arpa import read_arpa, write_arpa
from ngramlm.formats.binary import load_binary
from ngramlm.formats.binary_writer import save_binary

ORDER = 5
TEXT, WARM_TEXT = "text.txt", "warm.txt"


def jobs(folder: Path, name: str) -> dict[str, Callable[[], object]]:
    """Each job by its name; what one needs of others is made before, and not counted."""
    text, arpa, binary = folder / name, folder / "model.arpa", folder / "model.ngram"
    counts = lm.count(text, order=ORDER, threads=1)
    method = lm.KneserNey(discounts=3)
    model = method.fit(counts, threads=1)
    write_arpa(model, arpa, threads=1)
    _ = model.automaton  # packed here: scoring is counted without it, saving packs anew

    compact, compact_again = folder / "compact.ngram", folder / "again.ngram"
    save_binary(model, compact, layout="compact", threads=1)
    compacted = load_binary(compact)
    lines = text.read_text(encoding="utf-8").splitlines()[:2000]

    def score(model: lm.BackoffModel) -> object:
        return model.log10_probs(lm.read_text(text, vocabulary=model.vocabulary, threads=1))

    return {
        "read and count": lambda: lm.count(text, order=ORDER, threads=1),
        "estimate modified Kneser-Ney": lambda: method.fit(counts, threads=1),
        "pack and save binary": lambda: save_binary(model, binary, threads=1),
        "write ARPA": lambda: write_arpa(model, arpa, threads=1),
        "read ARPA": lambda: read_arpa(arpa, threads=1),
        "read and score": lambda: score(model),
        "score single sentences": lambda: [model.score(line) for line in lines],
        "pack and save compact": lambda: save_binary(model, compact_again, layout="compact", threads=1),
        "read and score, compact": lambda: score(compacted),
    }


def main(markers: str, folder: Path) -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one thread where nobody asks
    library = ctypes.CDLL(markers)
    for job in jobs(folder, WARM_TEXT).values():  # what is imported or set up at the first use
        job()
    for name, job in jobs(folder, TEXT).items():
        label = name.encode()
        gc.collect()
        gc.disable()
        library.begin()
        job()
        library.end(label)
        gc.enable()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
