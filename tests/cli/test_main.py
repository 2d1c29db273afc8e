"""The group: help, lazy loading, and what every failure looks like."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings
from pathlib import Path

import click
import pytest
from support.command_line import Invoke, environment, run_alone

from ngramlm.cli import output
from ngramlm.cli.main import ALIASES, COMMANDS, MATRIX_COMMANDS, ngramlm
from ngramlm.core.tables import text_width
from ngramlm.errors import CountError, EstimationWarning, FormatError, MissingExtraError


def test_help_lists_every_command(invoke: Invoke) -> None:
    result = invoke("--help")

    assert result.exit_code == 0
    for name, line in COMMANDS.items():
        assert f"  {name} " in result.stdout
        assert line in result.stdout
    assert "Traceback" not in result.stdout


def test_every_command_is_the_file_of_its_name() -> None:
    for name in COMMANDS:
        command = importlib.import_module(f"ngramlm.cli.{name}").command

        assert isinstance(command, click.Command)
        assert command.name == name


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"], ["nothing"]])
def test_help_and_usage_errors_load_neither_numpy_nor_scipy(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from ngramlm.cli.main import ngramlm\n"
        "try:\n"
        f"    ngramlm({arguments!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = sorted({'numpy', 'scipy'} & set(sys.modules))\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(), timeout=60
    )

    assert result.returncode == 0, result.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts the process's threads in /proc")
@pytest.mark.parametrize("asked", ["", "2"])
@pytest.mark.parametrize("name", COMMANDS)
def test_only_commands_that_multiply_matrices_start_threads_for_it(name: str, asked: str) -> None:
    program = (
        "import os\n"
        "from ngramlm.cli.main import ngramlm\n"
        f"ngramlm.get_command(None, {name!r})\n"
        "import numpy\n"
        "print(len(os.listdir('/proc/self/task')), os.environ.get('OPENBLAS_NUM_THREADS', ''))\n"
    )
    given = {key: value for key, value in environment().items() if not key.endswith("_NUM_THREADS")}
    if asked:
        given["OPENBLAS_NUM_THREADS"] = asked
    n_threads, setting = (
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, env=given, timeout=60, check=True
        )
        .stdout[:-1]
        .split(" ")
    )

    if not asked:
        assert setting == ("" if name in MATRIX_COMMANDS else "1")
    if setting == "1":
        assert n_threads == "1"
    if asked:
        assert setting == asked


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command_has_an_example(invoke: Invoke, name: str) -> None:
    result = invoke(name, "--help")

    assert result.exit_code == 0
    assert f"Example:\n  ngramlm {name} " in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_eighty_columns_but_for_examples(invoke: Invoke, name: str) -> None:
    text = invoke(name, "--help").stdout.partition("\nExample:")[0]

    assert max(map(len, text.splitlines())) <= 80


def test_an_alias_is_the_command(invoke: Invoke) -> None:
    assert ALIASES == {"ppl": "perplexity"}
    assert invoke("ppl", "--help").stdout.startswith("Usage: ngramlm ppl [OPTIONS] MODEL... TEXT\n")


def test_an_unknown_command_is_answered_with_the_nearest(invoke: Invoke) -> None:
    result = invoke("trian")

    assert result.exit_code == 2
    assert result.stderr == ("error: No such command 'trian'. Did you mean 'train'? See 'ngramlm --help'.\n")
    assert result.stdout == ""


def test_an_unknown_command_far_from_all_points_to_the_help(invoke: Invoke) -> None:
    assert "error: No such command 'xyzzy'. See 'ngramlm --help'.\n" == invoke("xyzzy").stderr


def test_no_command_shows_the_help_and_is_wrong_usage(invoke: Invoke) -> None:
    result = invoke()

    assert result.exit_code == 2
    assert "Commands:" in result.output


def test_version(invoke: Invoke) -> None:
    from ngramlm import __version__

    assert invoke("--version").stdout == f"ngramlm {__version__}\n"


def test_module_and_command_are_one(tmp_path: Path) -> None:
    result = run_alone("--version", cwd=tmp_path)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("ngramlm ")


class Failing:
    """Puts a command in the place of `vocab` that raises."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def raises(self, error: BaseException) -> None:
        @click.command("vocab")
        def command() -> None:
            raise error

        self._monkeypatch.setattr("ngramlm.cli.vocab.command", command)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    return Failing(monkeypatch)


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (
            FormatError("found 3 fields; expected 2", "a.arpa", 7),
            "error: a.arpa:7: found 3 fields; expected 2",
            2,
        ),
        (FormatError("found 3 fields; expected 2"), "error: found 3 fields; expected 2", 2),
        (CountError("found no counts"), "error: found no counts", 2),
        (MissingExtraError("pip install 'ngramlm[zst]'"), "error: pip install 'ngramlm[zst]'", 1),
        (FileNotFoundError(2, "No such file or directory", "a.txt"), "error: a.txt: no such file", 2),
        (IsADirectoryError(21, "Is a directory", "a"), "error: a: found a folder; expected a file", 2),
        (PermissionError(13, "Permission denied", "a.txt"), "error: a.txt: permission denied", 1),
        (OSError(28, "No space left on device"), "error: no space left on the device", 1),
        (OSError(5, "Input/output error", "a.txt"), "error: a.txt: input/output error", 1),
        (
            MemoryError(),
            "error: not enough memory; --memory limits what 'train', 'count' and 'convert' use",
            1,
        ),
        (KeyboardInterrupt(), "interrupted", 130),
        (
            ZeroDivisionError("by\nzero"),
            "error: unexpected ZeroDivisionError: by zero (NGRAMLM_DEBUG=1 shows where)",
            1,
        ),
    ],
)
def test_a_failure_is_one_line_and_an_exit_code(
    invoke: Invoke, failing: Failing, error: BaseException, line: str, code: int
) -> None:
    failing.raises(error)

    result = invoke("vocab")

    assert (result.exit_code, result.stderr, result.stdout) == (code, f"{line}\n", "")


def test_a_closed_pipe_is_quiet(invoke: Invoke, failing: Failing) -> None:
    failing.raises(BrokenPipeError(32, "Broken pipe"))

    result = invoke("vocab")

    assert (result.exit_code, result.output) == (141, "")


@pytest.mark.parametrize("how", [["--debug"], []])
def test_debug_shows_the_traceback(invoke: Invoke, failing: Failing, how: list[str]) -> None:
    failing.raises(CountError("found no counts"))

    result = invoke(*how, "vocab", NGRAMLM_DEBUG="" if how else "1")

    assert result.exit_code == 2
    assert "Traceback" in result.stderr
    assert result.stderr.endswith("error: found no counts\n")


def test_a_warning_is_one_line_and_said_once(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command("vocab")
    def command() -> None:
        for _ in range(3):
            warnings.warn("order 2: the discounts\nfell back", EstimationWarning, stacklevel=1)

    monkeypatch.setattr("ngramlm.cli.vocab.command", command)

    result = invoke("vocab")

    assert (result.exit_code, result.stderr) == (0, "warning: order 2: the discounts fell back\n")


def test_the_filters_of_warnings_are_left_as_they_were(invoke: Invoke) -> None:
    before = (list(warnings.filters), warnings.showwarning)
    invoke("vocab", "--help")

    assert (list(warnings.filters), warnings.showwarning) == before


def test_a_missing_file_is_named_before_any_work(invoke: Invoke, here: Path) -> None:
    result = invoke("train", "missing.txt", "-o", "out.arpa")

    assert (result.exit_code, result.stderr) == (2, "error: missing.txt: no such file\n")
    assert list(here.iterdir()) == []


def test_a_folder_for_a_file_is_named(invoke: Invoke, here: Path) -> None:
    (here / "texts").mkdir()

    assert invoke("vocab", "texts").stderr == "error: texts: found a folder; expected a file\n"


def test_an_output_in_no_folder_is_named_before_any_work(invoke: Invoke, here: Path) -> None:
    (here / "a.txt").write_text("a b\n")

    result = invoke("vocab", "a.txt", "-o", "no/words.txt")

    assert result.exit_code == 2
    assert "found no folder no; expected one, to write no/words.txt." in result.stderr


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_an_output_over_an_input_is_refused_through_links_too(invoke: Invoke, here: Path, link: str) -> None:
    (here / "a.txt").write_text("a b\n")
    getattr(here / "b.txt", link)(here / "a.txt")

    for name in ("a.txt", "b.txt", "./a.txt"):
        result = invoke("vocab", "a.txt", "-o", name)

        assert result.exit_code == 2
        assert f"found the output {name}, which is an input as well" in result.stderr
    assert (here / "a.txt").read_text() == "a b\n"


def test_standard_input_twice_is_refused(invoke: Invoke) -> None:
    result = invoke("vocab", "-", "-", input="a b\n")

    assert result.exit_code == 2
    assert (
        "found '-' twice; expected files for the other inputs, as standard input can be read only once"
        in result.stderr
    )


def test_standard_input_for_text_and_vocabulary_is_refused(invoke: Invoke) -> None:
    for arguments in (["train", "-"], ["train"], ["count"], ["compare", "--test", __file__]):
        result = invoke(*arguments, "--vocab", "-", input="a b\n")

        assert result.exit_code == 2
        assert (
            "found '-' twice; expected files for the other inputs, as standard input can be read only once"
            in result.stderr
        )


def test_colors_only_on_a_terminal_and_not_against_the_users_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert output._colors(Terminal())  # type: ignore[arg-type]
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output._colors(Terminal())  # type: ignore[arg-type]
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not output._colors(Terminal())  # type: ignore[arg-type]


def test_json_has_no_infinity(capsys: pytest.CaptureFixture[str]) -> None:
    output.write_json({"a": float("inf"), "b": [float("nan"), 1.5], "c": "三"})

    assert capsys.readouterr().out == '{"a": null, "b": [null, 1.5], "c": "三"}\n'


def test_a_table_is_aligned_for_wide_characters() -> None:
    lines = output.table([("word", "count"), ("三國", "7"), ("ab", "12")]).splitlines()

    assert lines == ["word  count", "三國      7", "ab       12"]
    assert {text_width(line) for line in lines} == {11}


def test_the_group_is_the_entry_point() -> None:
    assert isinstance(ngramlm, click.Group)


def test_an_interrupt_before_the_command_begins() -> None:
    """While click still reads the options."""
    program = """
from ngramlm.cli.main import ngramlm

def interrupted(*_, **__):
    raise KeyboardInterrupt

ngramlm.make_context = interrupted
ngramlm.main(["info", "nothing"])
"""
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True
    )

    assert (result.returncode, result.stdout, result.stderr.strip()) == (130, "", "interrupted")


@pytest.mark.parametrize("label", ["error", "warning"])
def test_the_label_of_a_line_is_colored_and_nothing_else(
    label: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_colors", lambda stream: True)
    output.stderr_line("no error: here", label=label)
    color = {"error": 31, "warning": 33}[label]

    assert capsys.readouterr().err == f"\x1b[{color}m\x1b[1m{label}:\x1b[0m no error: here\n"


def test_an_option_in_the_place_of_a_command(invoke: Invoke) -> None:
    result = invoke("--", "--order")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: No such option '--order'. See 'ngramlm --help'.\n"
