"""A gate that noise does not move: the instructions of nine small jobs, compared with those recorded.

    python benchmarks/instructions.py            compare with instructions.json; exit 1 beyond 2 %
    python benchmarks/instructions.py --update   record

Callgrind counts what one thread executes between two markers, without the start of Python, on a text made from a fixed
seed. Counts depend on compiler, libraries and processor features: where these differ from those of the record, or
valgrind is missing, nothing is compared, and the reason is said. A change that is meant is recorded with the commit
that makes it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np
from instruction_jobs import TEXT, WARM_TEXT
from splice_walk import Int32s, extend, write

import ngramlm
from ngramlm.text.vocabulary import EOS

HERE = Path(__file__).parent
RECORD = HERE / "instructions.json"
TOLERANCE = 0.02
TOKENS, BASE_TOKENS, TYPES = 400_000, 100_000, 20_000
FEATURES = (
    "avx",
    "avx2",
    "bmi1",
    "bmi2",
    "erms",
    "fma",
    "fsrm",
    "sse4_2",
)  # what libraries choose kernels by
MARKERS = """
#include <valgrind/callgrind.h>

void begin(void) {
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
}

void end(const char *name) {
    CALLGRIND_DUMP_STATS_AT(name);
    CALLGRIND_STOP_INSTRUMENTATION;
}
"""

Counts = Mapping[str, int]


def base_text() -> tuple[list[bytes], Int32s]:
    """Words with Zipf's frequencies in lines of 5 to 36, from raw random bits, which no version of numpy changes."""
    raw = np.random.PCG64(5).random_raw(BASE_TOKENS)
    ranks = np.exp((raw >> np.uint64(11)) * 2.0**-53 * np.log(TYPES)).astype(np.int32)
    ids = ranks + EOS
    lengths = 5 + (np.random.PCG64(6).random_raw(BASE_TOKENS) & np.uint64(31)).astype(np.int64)
    ends = np.cumsum(lengths + 1) - 1
    ids[ends[ends < BASE_TOKENS]] = EOS
    ids[-1] = EOS
    words = [b"", b"", b"\n", *(_word(rank) for rank in range(1, TYPES + 1))]
    return words, ids


def _word(rank: int) -> bytes:
    """Frequent words are short."""
    letters = ""
    while rank:
        rank, digit = divmod(rank, 14)
        letters += "etaoinshrdlucm"[digit]
    return letters.encode()


def environment() -> dict[str, str]:
    """All that counts depend on besides the code: of the kernels as they were built, and of this machine."""
    built = Path(ngramlm.__file__).parent.rglob("_*.so")
    data = next(iter(sorted(built))).read_bytes()
    compiler = re.search(rb"GCC: \([^)]*\) [\d.]+|clang version [\d.]+", data)
    cython = re.search(rb"_cython_(\d+(?:_\w+?)+)[\x00.]", data)
    return {
        "compiler of the kernels": compiler.group().decode() if compiler else "unknown",
        "Cython of the kernels": cython.group(1).decode().replace("_", ".") if cython else "unknown",
        "Python": platform.python_version(),
        "numpy": version("numpy"),
        "C library": " ".join(platform.libc_ver()),
        "valgrind": _output(["valgrind", "--version"]),
        "processor": " ".join((platform.machine(), *_features())),
    }


def _features() -> list[str]:
    try:
        found = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        found = None
    flags = set(found.group(1).split()) if found else set()
    return [feature for feature in FEATURES if feature in flags]


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def compiler() -> str | None:
    """A C compiler, for the markers."""
    return shutil.which(os.environ.get("CC", "cc"))


def count_instructions(folder: Path) -> dict[str, int]:
    """Runs the jobs in callgrind; instructions by name of the job."""
    words, ids = base_text()
    for name, tokens in ((TEXT, TOKENS), (WARM_TEXT, 2000)):
        with open(folder / name, "wb") as out:
            write(words, extend(ids, tokens, seed=7), out)
    markers = folder / "markers.so"
    build = [str(compiler()), "-O2", "-shared", "-fPIC", "-o", str(markers), "-x", "c", "-"]
    subprocess.run(build, input=MARKERS, text=True, check=True)
    profile = folder / "profile"
    command = [
        "valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={profile}",
        sys.executable, "-s", str(HERE / "instruction_jobs.py"), str(markers), str(folder),
    ]  # fmt: skip
    settings = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1",
                "OPENBLAS_NUM_THREADS": "1"}  # fmt: skip
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    parts = sorted(folder.glob("profile.*"), key=lambda part: int(part.suffix[1:]))
    return dict(found for part in parts if (found := parse(part.read_text("utf-8"))))


def parse(profile: str) -> tuple[str, int] | None:
    """The name of the job and its instructions in one of callgrind's files; None for that of the end.

    >>> parse("desc: Trigger: Client Request: read ARPA\\nevents: Ir\\ntotals: 12\\n")
    ('read ARPA', 12)
    """
    name = re.search(r"^desc: Trigger: Client Request: (.+)$", profile, re.M)
    total = re.search(r"^(?:totals|summary): (\d+)$", profile, re.M)
    return (name.group(1), int(total.group(1))) if name and total else None


def compare(recorded: Counts, found: Counts, tolerance: float = TOLERANCE) -> tuple[list[str], list[str]]:
    """Lines of a table, and the names of the jobs that are off by more than the tolerance, new or gone.

    >>> table, off = compare({"count": 1000, "score": 1000}, {"count": 1019, "score": 979})
    >>> print(*table, off, sep="\\n")
    | job | recorded, M | now, M | change |
    |---|---:|---:|---:|
    | count | 0.00 | 0.00 | +1.90 % |
    | score | 0.00 | 0.00 | -2.10 % |
    ['score']
    """
    lines, off = ["| job | recorded, M | now, M | change |", "|---|---:|---:|---:|"], []
    for name in dict.fromkeys((*recorded, *found)):
        before, now = recorded.get(name), found.get(name)
        change = now / before - 1 if before and now else None
        if change is None or abs(change) > tolerance:
            off.append(name)
        cells = ["" if count is None else f"{count / 1e6:.2f}" for count in (before, now)]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} | {'' if change is None else f'{change:+.2%}'} |")
    lines = [re.sub(r"(\d)%", r"\1 %", line) for line in lines]
    return lines, off


def differences(recorded: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """What of the environment differs.

    >>> differences({"numpy": "2.4.5", "Python": "3.11.7"}, {"numpy": "2.4.6", "Python": "3.11.7"})
    ['numpy is 2.4.6, recorded with 2.4.5']
    """
    return [f"{name} is {found.get(name)}, recorded with {recorded.get(name)}"
            for name in dict.fromkeys((*recorded, *found)) if recorded.get(name) != found.get(name)]  # fmt: skip


def why_not() -> str | None:
    """Why nothing can be counted here."""
    if shutil.which("valgrind") is None:
        return "valgrind is not installed"
    if compiler() is None:
        return "there is no C compiler"
    if not any(
        Path(folder, "valgrind/callgrind.h").exists() for folder in ("/usr/include", "/usr/local/include")
    ):
        return "valgrind's header callgrind.h is not installed"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--update", action="store_true", help="record what is counted")
    parser.add_argument(
        "--record", type=Path, default=RECORD, help="default: instructions.json beside this file"
    )
    options = parser.parse_args()
    reasons = [reason] if (reason := why_not()) else []
    recorded = json.loads(options.record.read_text("utf-8")) if options.record.exists() else None
    found = {} if reasons else environment()
    if not options.update and not reasons:
        reasons = differences(recorded["environment"], found) if recorded else ["nothing is recorded"]
    if reasons:
        print(f"skipped, instructions are not compared: {'; '.join(reasons)}")
        return int(options.update)
    with tempfile.TemporaryDirectory() as folder:
        counted = count_instructions(Path(folder))
        digest = hashlib.sha256(Path(folder, TEXT).read_bytes()).hexdigest()
    if options.update:
        record = {"environment": found, "text": digest, "instructions": counted}
        options.record.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    table, off = compare(recorded["instructions"] if recorded else {}, counted)
    print("\n".join(table))
    if options.update:
        return 0
    if digest != recorded["text"]:
        print("the text is another one than that of the record: the generator has changed")
        return 1
    if off:
        print(f"beyond {TOLERANCE:.0%}: {', '.join(off)}; if that is meant, record it: "
              "make bench-instructions UPDATE=1")  # fmt: skip
    return int(bool(off))


if __name__ == "__main__":
    sys.exit(main())
