"""A short form of the fuzzer: for each reader the seeds, the inputs that failed once, and some changed inputs."""

from __future__ import annotations

import random
import zipfile
from io import BytesIO
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner

from ngramlm.errors import FormatError
from ngramlm.formats.binary import verify_binary
from torture.fuzz import Child, inputs, known_findings, main, run_batches
from torture.judge import Judge, allowed_bytes, peak_bytes
from torture.mutation import changed, repaired_binary, repaired_zip
from torture.targets import TARGETS, Target

N_INPUTS = 150


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TARGETS)
def test_no_input_crashes_hangs_or_wastes_memory(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    seeds = [*target.seeds(tmp_path), *known_findings(name)]
    judge = Judge()

    for data in [*seeds, *islice(inputs(target, seeds, f"short/{name}"), N_INPUTS)]:
        assert judge.verdict(lambda data: target.run(data, tmp_path), data) is None, data[:1000]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TARGETS)
def test_good_inputs_are_read(name: str, tmp_path: Path) -> None:
    """Otherwise, the fuzzer would only try how inputs are refused."""
    target = TARGETS[name]
    for data in target.seeds(tmp_path):
        target.run(data, tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["fast", "compact", "archive-floor", "mixture"])
def test_repaired_inputs_are_refused_for_more_than_their_checksums(name: str, tmp_path: Path) -> None:
    """Some changed inputs are read, and few of the others are refused for a checksum."""
    target = TARGETS[name]
    seeds = target.seeds(tmp_path)
    read, checksums = 0, 0
    for data in islice(inputs(target, seeds, "1"), 100):
        try:
            target.run(data, tmp_path)
            read += 1
        except ValueError as error:
            checksums += "checksum" in str(error)

    assert read >= 5
    assert checksums <= 60


# ------------------------------------------------------------------------------------------------- the machine itself


def test_changes_repeat_and_differ() -> None:
    data = bytes(range(200))
    made = [changed(data, random.Random(seed), [b"word"], [b"other"]) for seed in range(100)]

    assert made == [changed(data, random.Random(seed), [b"word"], [b"other"]) for seed in range(100)]
    assert len(set(made)) > 90
    assert isinstance(changed(b"", random.Random(0), [], []), bytes)


def test_a_repaired_model_is_read_again(tmp_path: Path) -> None:
    data = TARGETS["fast"].seeds(tmp_path)[0]
    damaged = data[:-5000] + b"\x01" + data[-4999:]
    path = tmp_path / "model.ngram"
    path.write_bytes(damaged)
    with pytest.raises(FormatError, match="checksum"):
        verify_binary(path)
    path.write_bytes(repaired_binary(damaged))

    assert repaired_binary(data) == data
    assert repaired_binary(b"short") == b"short"
    message = ""
    try:
        verify_binary(path)
    except FormatError as error:
        message = str(error)
    assert "checksum" not in message


def test_a_repaired_archive_has_right_checksums(tmp_path: Path) -> None:
    data = TARGETS["mixture"].seeds(tmp_path)[0]
    for seed in range(20):
        with zipfile.ZipFile(BytesIO(repaired_zip(data, random.Random(seed), [b"{"]))) as archive:
            assert archive.testzip() is None


FAULTY = {
    "an error that is not ours": (lambda data, folder: {}["x"], "KeyError"),
    "a hang": (lambda data, folder: spin(), "takes more than"),
    "waste": (lambda data, folder: len(b"x" * (allowed_bytes(0) + peak_bytes())), "MB for an input"),
    "an error of two lines": (lambda data, folder: fail("a\nb"), "several lines"),
}


def spin() -> None:
    """Compute without end."""
    while True:
        pass


def fail(message: str) -> None:
    """Raise an error of ours."""
    from ngramlm.errors import UsageError

    raise UsageError(message)


@pytest.mark.parametrize("kind", FAULTY)
def test_the_judge_finds(kind: str, tmp_path: Path) -> None:
    run, expected = FAULTY[kind]

    assert expected in (Judge().verdict(lambda data: run(data, tmp_path), b"") or "nothing")


@pytest.fixture
def crashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that ends the process at some inputs."""

    def run(data: bytes, folder: Path) -> None:
        if b"!" in data:
            import os
            import signal

            os.kill(os.getpid(), signal.SIGSEGV)

    monkeypatch.setitem(TARGETS, "crashing", Target(lambda folder: [b"abc"], run, (b"!",)))


@pytest.mark.usefixtures("crashing")
def test_a_crash_is_found_with_its_input() -> None:
    (child,) = run_batches([("crashing", [b"abc"], "1", 500)], 1)

    assert isinstance(child, Child)
    (finding,) = child.findings
    assert finding.verdict == "ends the process: SIGSEGV"
    assert b"!" in finding.data


def test_the_command_runs_and_counts(tmp_path: Path) -> None:
    run = CliRunner().invoke(main, ["pairs", "lines", "--runs", "20", "--output", str(tmp_path)])

    assert run.exit_code == 0, run.output
    assert "40 inputs, 0 kinds of failure" in run.output


@pytest.mark.usefixtures("crashing")
def test_the_command_keeps_what_fails(tmp_path: Path) -> None:
    run = CliRunner().invoke(main, ["crashing", "--runs", "500", "--output", str(tmp_path)])

    assert run.exit_code == 1
    (kept,) = (tmp_path / "crashing").iterdir()
    assert b"!" in kept.read_bytes()
