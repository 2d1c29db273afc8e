"""Wrong usage of every command: one line of one form, exit code 2, nothing written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.command_line import Invoke

from ngramlm.cli.main import COMMANDS

USAGE = [
    "train train.txt --bits 8 -o m.ngram",
    "train train.txt --times 2 -o m.arpa",
    "train train.txt --temp-folder . -o m.arpa",
    "train train.txt --smoothing kats -o m.arpa",
    "train train.txt --prune a -o m.arpa",
    "train train.txt --set k -o m.arpa",
    "train train.txt --memory few -o m.arpa",
    "train counts.gz --counts --tokenizer words -o m.arpa",
    "train train.txt --order 0 -o m.arpa",
    "train train.txt -o m.txt",
    "train train.txt -o train.txt",
    "train train.txt -o no/m.arpa",
    "train train.txt --nothing",
    "perplexity",
    "perplexity model.arpa test.txt --per-token --per-sentence",
    "score - -",
    "compare train.txt",
    "compare train.txt --test test.txt --caches none",
    "compare train.txt --test test.txt --curve half",
    "compare train.txt --test test.txt -o report.pdf",
    "next",
    "generate model.arpa -n 0",
    "count train.txt --json",
    "vocab - -",
    "prune model.arpa -o m.arpa",
    "prune model.arpa --criterion entropy --entropy 1 --keep 2 -o m.arpa",
    "mix model.arpa -o m.arpa",
    "mix model.arpa other.arpa --weights 1 -o m.arpa",
    "adapt nothing",
    "adapt cache model.arpa -o m.ngram",
    "adapt cache model.arpa --heldout heldout.txt -o m.arpa",
    "adapt topics train.txt --heldout heldout.txt",
    "adapt maxent train.txt --set nothing=1 -o m.ngram",
    "adapt marginals model.arpa - --background - -o m.arpa",
    "adapt domain model.arpa test.txt",
    "embed train train.txt",
    "embed train train.txt --method glove --negatives 5 -o v.txt",
    "embed nearest",
    "embed analogy vectors.txt cat dog",
    "embed evaluate vectors.txt",
    "embed convert vectors.txt vectors.txt",
    "convert counts.gz m.arpa",
    "info",
    "nothing",
]
INPUT = [
    "train nothing.txt -o m.arpa",
    "train . -o m.arpa",
    "perplexity counts.gz test.txt",
    "score train.txt test.txt",
    "info test.txt",
    "next nothing.arpa",
    "convert test.txt m.arpa",
    "compare train.txt --test nothing.txt",
    "embed nearest test.txt cat",
]


@pytest.mark.parametrize("line", USAGE)
def test_wrong_usage_is_one_line_that_names_the_help(invoke: Invoke, folder: Path, line: str) -> None:
    before = {path.name for path in folder.iterdir()}
    result = invoke(*line.split())

    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"error: [^\n]+[.?)] See 'ngramlm[a-z ]* --help'\.\n", result.stderr), result.stderr
    assert {path.name for path in folder.iterdir()} == before


@pytest.mark.parametrize("line", INPUT)
def test_unusable_input_is_one_line_that_names_the_file(invoke: Invoke, folder: Path, line: str) -> None:
    before = {path.name for path in folder.iterdir()}
    result = invoke(*line.split())

    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"error: [^\n:]+(:\d+)?: [^\n]+\n", result.stderr), result.stderr
    assert {path.name for path in folder.iterdir()} == before


def test_every_command_is_used_wrongly_once() -> None:
    assert set(COMMANDS) <= {line.split()[0] for line in USAGE}
