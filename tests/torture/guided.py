"""Fuzzing of one reader, guided by the lines of Python and the branches of kernels that an input reaches.

``python -m torture.guided TARGET [OPTION]...``: the options are those of libFuzzer, such as ``-runs=100000``. It needs
atheris. `make fuzz-guided` builds the kernels with clang, so that they report their branches, and with sanitizers.
"""

from __future__ import annotations

import hashlib
import os
import sys
import zlib
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ngramlm"]):
    from torture.fuzz import Finding, keep, seeds_of
    from torture.judge import Judge
    from torture.mutation import repaired_binary
    from torture.targets import TARGETS, scratch


def main() -> None:
    """Fuzz one target. It stops at the first input that fails, which is kept."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(
            f"usage: python -m torture.guided TARGET [OPTION]...; TARGET is one of: {', '.join(TARGETS)}"
        )
    name, options = sys.argv[1], sys.argv[2:]
    folder = Path(os.environ.get("FUZZ_FOLDER", "build/fuzz"))
    corpus = folder / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds_of(name):
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    words = folder / f"{name}.dict"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in TARGETS[name].words))
    target, judge, place = TARGETS[name], Judge(), scratch()

    def one(data: bytes) -> None:
        if target.container == "binary" and zlib.crc32(data) % 10 < 7:
            data = repaired_binary(data)
        verdict = judge.verdict(lambda data: target.run(data, place), data)
        if verdict:
            path = keep(Finding(name, verdict, data), folder)
            raise AssertionError(f"{verdict} ({path})")

    settings = [f"-dict={words}", "-rss_limit_mb=4096", "-timeout=20", "-max_len=400000"]
    settings += [f"-artifact_prefix={folder}/{name}-", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], str(corpus), *settings, *options], one)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    """Write a word as dictionaries of libFuzzer have it."""
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main()
