"""The benchmarks: text that is made longer, tables, fits, pictures, the comparison of instruction counts."""

from __future__ import annotations

import doctest
import hashlib
import io
import json
import math
import os
import re
import resource
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from itertools import pairwise
from pathlib import Path

import candidates
import growth
import instructions
import loglog
import numpy as np
import pytest
import splice_walk
from candidates import Candidate, Job, Run
from hypothesis import example, given
from hypothesis import strategies as st

import ngramlm as lm
from ngramlm.text.vocabulary import EOS

LONGEST = len(splice_walk.JUMPS) - 1


@pytest.fixture
def small_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splice_walk, "WALKERS", 64)
    monkeypatch.setattr(splice_walk, "STEPS", 50)


def some_text(n_lines: int = 300, n_types: int = 40) -> splice_walk.Int32s:
    """Lines of words, frequent ones first."""
    random = np.random.default_rng(3)
    lines = [
        [*np.minimum(random.geometric(0.08, int(random.integers(1, 12))), n_types) + EOS, EOS]
        for _ in range(n_lines)
    ]
    return np.concatenate(lines).astype(np.int32)


def extended(ids: splice_walk.Int32s, tokens: int, seed: int = 1) -> splice_walk.Int32s:
    return np.concatenate(list(splice_walk.extend(ids, tokens, seed)))


@pytest.mark.parametrize("module", [growth, instructions, loglog])
def test_examples_of_docstrings(module: object) -> None:
    assert 0 == doctest.testmod(module).failed  # type: ignore[arg-type]


# --- the splice walk ----------------------------------------------------------------------------------------------


def test_places_that_share_their_last_tokens_stand_together() -> None:
    ids = some_text(40, 6)
    places = splice_walk.Places.of(ids)
    # which place stands where follows from the order: by token, the one before, the one before that, then by place
    keys = [tuple(int(ids[at - k]) for k in range(LONGEST)) for at in range(len(ids))]
    order = sorted(range(len(ids)), key=lambda at: (keys[at], at))

    for rank, at in enumerate(order):
        assert ids[at] == places.ids[rank]
        assert (at + 1) % len(ids) == order[places.following[rank]]
        for k in range(1, LONGEST + 1):
            first, size = places.groups[rank, 2 * k - 2 : 2 * k]
            same = [other for other in range(len(ids)) if keys[other][:k] == keys[at][:k]]
            assert sorted(same) == sorted(order[first : first + size])


@pytest.mark.usefixtures("small_walks")
def test_the_text_depends_on_the_seed_alone_and_a_shorter_one_begins_a_longer_one() -> None:
    ids = some_text()
    long, again, other = extended(ids, 20_000), extended(ids, 20_000), extended(ids, 20_000, seed=2)
    short = extended(ids, 9000)

    assert long.tolist() == again.tolist()
    assert long.tolist() != other.tolist()
    assert short.tolist() == long[: len(short)].tolist()
    assert ids.tolist() == long[: len(ids)].tolist()


@pytest.mark.usefixtures("small_walks")
@pytest.mark.parametrize("tokens", [1, 500, 2500, 3000, 12_345])
def test_the_text_ends_at_the_first_line_end_with_enough_tokens(tokens: int) -> None:
    found = extended(some_text(), tokens)
    last_line = int(np.flatnonzero(found[:-1] == EOS)[-1]) + 1 if np.count_nonzero(found == EOS) > 1 else 0

    assert EOS == found[-1]
    assert splice_walk.n_tokens(found) >= tokens > splice_walk.n_tokens(found[:last_line])


def test_jumps_are_as_frequent_as_they_should_be() -> None:
    # in a text without repetition, a place shares its last tokens with itself alone: only k = 0 is seen to jump
    ids = np.append(np.arange(3, 5000), EOS).astype(np.int32)
    walked = splice_walk.Places.of(ids).walks(np.random.PCG64(1))
    walks = walked.reshape(splice_walk.WALKERS, splice_walk.STEPS)
    following = dict(zip(ids.tolist(), np.roll(ids, -1).tolist(), strict=True))
    follows = np.vectorize(following.get)(walks[:500, :-1]) == walks[:500, 1:]

    # 127,500 draws: a standard deviation of 0.0013
    assert 1 - splice_walk.JUMPS[0] == pytest.approx(float(follows.mean()), abs=0.007)


def test_jumps_keep_the_tokens_that_they_share(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = some_text()
    for jumps, kept in (((0, 1, 0, 0), 2), ((0, 0, 1, 0), 3), ((0, 0, 0, 1), 4)):
        monkeypatch.setattr(splice_walk, "JUMPS", jumps)
        walked = splice_walk.Places.of(ids).walks(np.random.PCG64(1))
        walk = walked.reshape(splice_walk.WALKERS, splice_walk.STEPS)[:200]
        ring = np.append(ids, ids[: LONGEST + 1])
        real = {tuple(ring[at : at + kept].tolist()) for at in range(len(ids))}
        found = {
            tuple(row[at : at + kept].tolist()) for row in walk for at in range(splice_walk.STEPS - kept)
        }
        longer = {tuple(row[at : at + kept + 1].tolist()) for row in walk for at in range(200)}
        real_longer = {tuple(ring[at : at + kept + 1].tolist()) for at in range(len(ids))}

        assert found <= real  # what a jump after k tokens writes is known up to k + 1 tokens
        assert longer - real_longer  # and new beyond: it did jump


@pytest.mark.usefixtures("small_walks")
def test_new_types_come_at_the_rate_of_the_formula() -> None:
    ids = some_text(1000)
    real, n_types = splice_walk.n_tokens(ids), len(np.unique(ids))
    found = extended(ids, 50 * real)
    new = found[found > ids.max()]
    words = np.flatnonzero((found != EOS) & (np.arange(len(found)) >= len(ids)))
    # line ends count twice as tokens: where in the text a word stands, to within the tokens of a piece
    at = words * splice_walk.n_tokens(found) / len(found)
    expected = float((0.606 * n_types / real * (at / real) ** -0.364).sum())

    assert list(range(ids.max() + 1, ids.max() + 1 + len(new))) == new.tolist()
    assert expected == pytest.approx(len(new), abs=2 * math.sqrt(expected))


@pytest.mark.usefixtures("small_walks")
def test_written_text_reads_back(tmp_path: Path) -> None:
    source, batch = tmp_path / "real.txt", splice_walk.BATCH
    source.write_text("a x1 b c\n\nb a c\n  a\tb  b c a\n" * 20, "utf-8")
    types, ids = splice_walk.read(source)
    out = io.BytesIO()
    try:
        splice_walk.BATCH = 37
        splice_walk.write(types, splice_walk.extend(ids, 5000, 1), out)
    finally:
        splice_walk.BATCH = batch
    target = tmp_path / "long.txt"
    target.write_bytes(out.getvalue())
    text = lm.read_text(target)

    assert splice_walk.n_tokens(extended(ids, 5000)) == len(text.ids)
    assert b"a x1 b c\nb a c\na b b c a\n" * 20 == out.getvalue()[: 20 * 27 - 40]
    assert not re.search(rb"^ | $|  |\n\n", out.getvalue(), re.M)
    assert out.getvalue().endswith(b"\n")
    assert {"a", "b", "c", "x1", "xx1"} <= set(text.vocabulary.words())


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_growth_is_the_number_of_different_windows(drawn: list[int]) -> None:
    ids = np.array([*(EOS + value for value in drawn), EOS], np.int32)
    stream = [token for value in ids.tolist() for token in ([value, "<s>"] if value == EOS else [value])]
    expected = [len({tuple(stream[at : at + n]) for at in range(len(stream) - n + 1)}) for n in range(1, 6)]

    assert expected == splice_walk.growth(ids)


# --- tables and fits ----------------------------------------------------------------------------------------------


def test_the_exponent_is_that_of_a_power_law_above_the_least_size() -> None:
    sizes = [1, 3, 10, 30, 100]
    values = [1e6] + [2.5 * size**1.07 for size in sizes[1:]]

    assert growth.exponent(sizes, values) == pytest.approx(1.07)
    assert growth.exponent(sizes, values, least=0) != pytest.approx(1.07)
    assert growth.exponent([1, 3], [1, 3]) is None
    assert growth.exponent([3, 3], [1, 3]) is None


def test_the_table_of_growth(tmp_path: Path) -> None:
    measured = [growth.Measured("ours", 3, 1.5, 100), growth.Measured("theirs", 3, 6, 50),
                growth.Measured("ours", 10, 5, 333.333)]  # fmt: skip
    growth.save(measured, tmp_path / "figures.json")

    assert measured == growth.load(tmp_path / "figures.json")
    assert [
        "| | 3 M | 10 M | exponent |",
        "|---|---:|---:|---:|",
        "| ours, s | 1.50 | 5.00 | 1.00 |",
        "| theirs, s | 6.00 |  |  |",
        "| ours, peak MB | 100 | 333 | 1.00 |",
        "| theirs, peak MB | 50 |  |  |",
    ] == growth.table(measured).split("\n")


def test_rows_give_medians_ranges_and_ratios() -> None:
    ours = Candidate("ours", [], runs=[Run(2, 10), Run(1, 30), Run(7, 20)])
    theirs = Candidate("theirs", [], runs=[Run(5, 1), Run(5.5, 2)])

    assert [
        "| job | ours | 2.000 | 1.000-7.000 | 30 |  |",
        "| job | theirs | 5.250 | 5.000-5.500 | 2 | 2.62 |",
    ] == Job("job", [ours, theirs]).rows()
    assert "| job | theirs |  |  | 2 | 2.62 |" == Job("job", [ours, theirs], ratio_only=True).rows()[1]


def test_candidates_run_in_turns_and_the_first_run_is_not_counted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = "import sys; f = open(sys.argv[1], 'a+'); f.write(sys.argv[2]); f.seek(0); print(len(f.read()))"
    a, b = (
        Candidate(name, [[sys.executable, "-c", code, str(log), name]], reports_seconds=True) for name in "ab"
    )
    Job("job", [a, b]).measure(2, lambda line: None)

    assert "ababab" == log.read_text()
    assert [3, 5] == [run.seconds for run in a.runs]
    assert [4, 6] == [run.seconds for run in b.runs]


def test_what_takes_much_memory_begins_with_a_settled_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(candidates, "settle", lambda: done.append("settle"))
    monkeypatch.setattr(Candidate, "run", lambda self: done.append(self.name))
    for settled, expected in ((False, "a b a b"), (True, "settle a settle b settle a settle b")):
        done.clear()
        Job("job", [Candidate("a", []), Candidate("b", [])], settled=settled).measure(1, lambda line: None)
        assert expected.split() == done


def test_touched_memory_does_not_count_for_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "FRESH", 600 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    candidates.settle()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + (300 << 10)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 500 << 10


def test_peak_memory_is_that_of_the_process() -> None:
    """The kernel counts what the parent held when it forked: here that is a small process, not that of the tests."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from candidates import Candidate\n"
        """one = Candidate("", [[sys.executable, "-c", "x = b'a' * (600 << 20)"]]); one.run(); print(one.peak)"""
    )
    folder = Path(candidates.__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True
    )

    assert 600 < float(done.stdout) < 700


def test_a_candidate_that_fails_ends_the_benchmark() -> None:
    with pytest.raises(SystemExit, match="what went wrong"):
        Candidate("", [[sys.executable, "-c", "raise SystemExit('what went wrong')"]]).run()


def test_files_older_than_their_source_are_made_again(tmp_path: Path) -> None:
    source, made = tmp_path / "source", tmp_path / "made"
    source.write_text("")
    assert not candidates.is_newer(made, [source])
    made.write_text("")
    os.utime(source, ns=(10**9, 10**9))
    assert candidates.is_newer(made, [source])
    os.utime(made, ns=(10**8, 10**8))
    assert not candidates.is_newer(made, [source])


# --- pictures -----------------------------------------------------------------------------------------------------


@example(low=0.003, factor=1.0)
@given(st.floats(1e-3, 1e6), st.floats(1, 1e4))
def test_ticks_enclose_the_values(low: float, factor: float) -> None:
    high = low * factor
    found = loglog.ticks(low, high)

    assert found[0] <= low * (1 + 1e-6)
    assert found[-1] >= high * (1 - 1e-6)
    assert all(2.9 < other / one < 3.4 for one, other in pairwise(found))
    assert len(found) == 2 or (found[1] > low * (1 - 1e-6) and found[-2] < high * (1 + 1e-6))


def test_a_picture_has_all_points_where_they_belong() -> None:
    points = [(1.0, 1.0), (10.0, 30.0), (100.0, 100.0)]
    svg = loglog.plot([loglog.Panel("a < b", "x", [loglog.Series("one", points)])])
    root = ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    circles = [
        (float(found.get("cx", "")), float(found.get("cy", ""))) for found in root.iter(f"{space}circle")
    ]

    assert Counter({"circle": 3, "polyline": 1}) == Counter(
        found.tag.removeprefix(space)
        for found in root.iter()
        if found.tag.endswith(("circle", "polyline"))
    )  # fmt: skip
    (x1, y1), (x10, y30), (x100, y100) = circles
    assert x10 - x1 == pytest.approx(x100 - x10)
    assert (y1 - y30) / (y1 - y100) == pytest.approx(math.log10(30) / 2, abs=1e-3)
    assert (loglog.LEFT, loglog.LEFT + loglog.WIDTH) == (x1, x100)


# --- instruction counts -------------------------------------------------------------------------------------------

RECORD = json.loads(instructions.RECORD.read_text("utf-8"))


def test_the_text_whose_instructions_are_counted_is_that_of_the_record() -> None:
    words, ids = instructions.base_text()
    out = io.BytesIO()
    splice_walk.write(words, splice_walk.extend(ids, instructions.TOKENS, seed=7), out)

    assert RECORD["text"] == hashlib.sha256(out.getvalue()).hexdigest()


def test_counts_beyond_the_tolerance_and_jobs_that_come_or_go_are_named() -> None:
    before = {"same": 1000, "less": 1000, "more": 1000, "gone": 5}
    now = {"same": 1019, "less": 979, "more": 1021, "new": 5}

    assert ["less", "more", "gone", "new"] == instructions.compare(before, now)[1]


def gate(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    counted: dict[str, int],
    *options: str,
) -> tuple[int, str]:
    """What the gate says when it counts that, with the text of the record."""

    def count(folder: Path) -> dict[str, int]:
        words, ids = instructions.base_text()
        with open(folder / instructions.TEXT, "wb") as out:
            splice_walk.write(words, splice_walk.extend(ids, instructions.TOKENS, seed=7), out)
        return counted

    monkeypatch.setattr(sys, "argv", ["instructions.py", *options])
    monkeypatch.setattr(instructions, "count_instructions", count)
    return instructions.main(), capsys.readouterr().out


def test_the_gate_compares_records_and_skips(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    record = str(tmp_path / "record.json")
    monkeypatch.setattr(instructions, "why_not", lambda: None)
    monkeypatch.setattr(instructions, "environment", lambda: {"numpy": "1"})
    status, said = gate(monkeypatch, capsys, {"job": 100}, "--record", record)
    assert (0, True) == (status, "nothing is recorded" in said)
    assert 0 == gate(monkeypatch, capsys, {"job": 100}, "--record", record, "--update")[0]
    assert 0 == gate(monkeypatch, capsys, {"job": 101}, "--record", record)[0]
    status, said = gate(monkeypatch, capsys, {"job": 110}, "--record", record)
    assert (1, True) == (status, "beyond 2%: job" in said)
    assert "| job | 0.00 | 0.00 | +10.00 % |" in said

    monkeypatch.setattr(instructions, "environment", lambda: {"numpy": "2"})
    status, said = gate(monkeypatch, capsys, {"job": 110}, "--record", record)
    assert (0, True) == (status, "skipped" in said and "numpy is 2, recorded with 1" in said)

    monkeypatch.setattr(instructions, "why_not", lambda: "valgrind is not installed")
    status, said = gate(monkeypatch, capsys, {"job": 110}, "--record", record)
    assert (0, True) == (status, "skipped" in said and "valgrind is not installed" in said)
