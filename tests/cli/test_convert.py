"""convert and info: formats told by contents and by name."""

from __future__ import annotations

import json
import os
import re
import threading
from pathlib import Path

import pytest
from support.command_line import Invoke, arpa_lines, sentences

import ngramlm as lm
from ngramlm.formats.binary import describe_binary


def test_there_and_back_is_the_same_model(invoke: Invoke, folder: Path) -> None:
    assert invoke("convert", "model.arpa", "a.ngram").exit_code == 0
    assert invoke("convert", "a.ngram", "b.arpa.xz").exit_code == 0
    assert invoke("convert", "b.arpa.xz", "c.arpa").exit_code == 0

    assert arpa_lines(folder / "c.arpa") == arpa_lines(folder / "model.arpa")


def test_convert_reads_and_writes_the_standard_streams(invoke: Invoke, folder: Path) -> None:
    result = invoke("convert", "-", "-", input=(folder / "model.ngram").read_bytes())

    assert result.exit_code == 0
    assert sorted(result.stdout.splitlines()) == arpa_lines(folder / "model.arpa")


def test_counts_stay_counts(invoke: Invoke, folder: Path) -> None:
    assert invoke("convert", "counts.gz", "counts.txt").exit_code == 0
    assert arpa_lines(folder / "counts.txt") == arpa_lines(folder / "counts.gz")
    result = invoke("convert", "counts.gz", "counts.arpa")
    assert result.exit_code == 2
    assert "train --counts" in result.stderr


def test_convert_within_a_limit_of_memory(invoke: Invoke, folder: Path) -> None:
    for source, target in (("model.arpa", "limited.ngram"), ("model.ngram", "limited.arpa")):
        assert invoke("convert", source, target, "--memory", "256M", "--temp-folder", ".").exit_code == 0
        assert invoke("convert", source, f"un{target}").exit_code == 0
        assert (folder / target).read_bytes() == (folder / f"un{target}").read_bytes()


def test_what_convert_makes_in_memory_alone(invoke: Invoke, folder: Path) -> None:
    assert invoke("convert", "model.arpa", "c.ngram", "--layout", "compact").exit_code == 0
    for arguments in (
        ("counts.gz", "counts.txt"),
        ("c.ngram", "c.arpa"),
        ("model.arpa", "d.ngram", "--layout", "compact"),
    ):
        result = invoke("convert", *arguments, "--memory", "1G")
        assert result.exit_code == 2
        assert "--memory is for ARPA and the fast layout" in result.stderr or "into memory" in result.stderr


def test_limits_that_make_no_sense(invoke: Invoke, folder: Path) -> None:
    train = ("train", "train.txt", "-o", "t.ngram")
    for arguments, said in (
        ((*train, "--temp-folder", "."), "--temp-folder needs --memory"),
        ((*train, "--memory", "512"), "found '512'; expected an amount such as 512M or 4G, at least 128M"),
        ((*train, "--memory", "1G", "--layout", "compact"), "--memory is for ARPA and the fast layout"),
        (("count", "train.txt", "--temp-folder", "."), "--temp-folder needs --memory"),
        (("convert", "model.arpa", "m.ngram", "--temp-folder", "."), "--temp-folder needs --memory"),
    ):
        result = invoke(*arguments)
        assert (result.exit_code, said in result.stderr) == (2, True), arguments


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="no folder that takes no files")
def test_a_temporary_folder_that_takes_no_files(invoke: Invoke, folder: Path) -> None:
    result = invoke("train", "train.txt", "-o", "t.ngram", "--memory", "256M", "--temp-folder", "/proc")

    assert result.exit_code == 1
    assert "found no way to make a temporary file" in result.stderr


def test_convert_does_not_write_over_its_input(invoke: Invoke, folder: Path) -> None:
    before = (folder / "model.arpa").read_bytes()

    assert invoke("convert", "model.arpa", "./model.arpa").exit_code == 2
    assert (folder / "model.arpa").read_bytes() == before


@pytest.mark.parametrize("name", ["model.arpa", "model.ngram"])
def test_info_of_a_model(invoke: Invoke, folder: Path, name: str) -> None:
    model = lm.load(folder / name)
    text = invoke("info", name, "--verify").stdout
    facts = json.loads(invoke("info", name, "--verify", "--json").stdout)

    assert facts["kind"] == {"model.arpa": "arpa", "model.ngram": "binary"}[name]
    assert facts["bytes"] == (folder / name).stat().st_size
    assert facts["order"] == 3
    assert facts["ngrams"] == list(model.trie.n_rows)
    assert facts["vocabulary"] == len(model.vocabulary) - 1
    assert facts["verified"] is True
    assert facts["signature"] in text
    for order, number in enumerate(model.trie.n_rows, 1):
        assert re.search(rf"^{order}-grams: +{number:,}$", text, re.MULTILINE)


def test_compact_layout(invoke: Invoke, folder: Path) -> None:
    """Written by convert and train, told by info, read like any other, and turned back into what it holds."""
    assert invoke("convert", "model.arpa", "c.ngram", "--layout", "compact", "--bits", "32").exit_code == 0
    assert invoke("convert", "c.ngram", "c.arpa").exit_code == 0
    assert arpa_lines(folder / "c.arpa") == arpa_lines(folder / "model.arpa")
    facts = json.loads(invoke("info", "c.ngram", "--verify", "--json").stdout)

    assert (facts["layout"], facts["verified"]) == ("compact", True)
    assert facts["bits"] == [[32, 32], [32, 32], [32, 0]]
    assert json.loads(invoke("info", "model.ngram", "--json").stdout)["layout"] == "fast"
    text = invoke("info", "c.ngram").stdout
    assert re.search(r"^Layout: +compact$", text, re.MULTILINE)
    assert re.search(
        r"^Bits: +32, 32, 32 for probabilities; 32, 32 for back-off weights$", text, re.MULTILINE
    )

    trained = invoke(
        "train",
        "train.txt",
        "--order",
        "3",
        "--smoothing",
        "witten-bell",
        "-o",
        "t.ngram",
        "--layout",
        "compact",
        "--bits",
        "4",
    )
    assert trained.exit_code == 0
    facts = json.loads(invoke("info", "t.ngram", "--json").stdout)
    assert all(max(pair) <= 4 for pair in facts["bits"][1:])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model.arpa", "a.arpa", "--layout", "compact"], "binary models"),
        (["counts.gz", "counts.txt", "--layout", "fast"], "binary models"),
        (["model.arpa", "a.ngram", "--bits", "8"], "--layout compact"),
        (["model.arpa", "a.ngram", "--layout", "fast", "--bits", "8"], "--layout compact"),
        (["model.arpa", "a.ngram", "--layout", "compact", "--bits", "20"], "expected 4 to 16, or 32"),
        (["model.arpa", "a.ngram", "--layout", "compact", "--bits", "3"], "4<=x<=32"),
        (["model.arpa", "a.ngram", "--layout", "small"], "fast"),
    ],
)
def test_layouts_that_do_not_fit(invoke: Invoke, folder: Path, arguments: list[str], message: str) -> None:
    before = sorted(folder.iterdir())
    result = invoke("convert", *arguments)

    assert result.exit_code == 2
    assert message in result.stderr
    assert before == sorted(folder.iterdir())


def test_info_of_counts(invoke: Invoke, folder: Path) -> None:
    facts = json.loads(invoke("info", "counts.gz", "--json").stdout)

    assert (facts["kind"], facts["order"], facts["sentences"]) == ("counts", 3, 600)
    assert "OOVs:" in invoke("info", "counts.gz").stdout


@pytest.mark.parametrize("content", [b"", b"just a text\n", b"\x00\x01\x02" * 50])
def test_info_of_something_else(invoke: Invoke, here: Path, content: bytes) -> None:
    (here / "some.txt").write_bytes(content)
    result = invoke("info", "some.txt")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: some.txt:1: found ")
    assert result.stderr.endswith("expected a model (ARPA or binary) or n-gram counts\n")


def test_verify_finds_a_changed_byte(invoke: Invoke, folder: Path) -> None:
    data = (folder / "model.ngram").read_bytes()
    for name, section in describe_binary(folder / "model.ngram")["sections"].items():
        changed = bytearray(data)
        changed[section["offset"] + section["size"] // 2] ^= 0x10
        (folder / "changed.ngram").write_bytes(changed)
        result = invoke("info", "changed.ngram", "--verify")

        assert result.exit_code == 2, name
        assert result.stderr.startswith("error: changed.ngram: ")


def test_damage_is_not_laundered(invoke: Invoke, folder: Path) -> None:
    """Commands that read all of a model check its checksums; only scoring trusts the header."""
    data = bytearray((folder / "model.ngram").read_bytes())
    section = describe_binary(folder / "model.ngram")["sections"]["slots"]
    data[section["offset"] + 12 * 4 + 4] ^= 1  # the lowest bit of a probability
    (folder / "changed.ngram").write_bytes(data)
    for arguments in (
        ("convert", "changed.ngram", "new.arpa"),
        ("convert", "changed.ngram", "new.ngram"),
        ("convert", "changed.ngram", "new.ngram", "--layout", "compact"),
        ("convert", "changed.ngram", "new.ngram", "--memory", "256M"),
        ("prune", "changed.ngram", "--entropy", "0.001", "-o", "new.ngram"),
        ("mix", "changed.ngram", "model.arpa", "-o", "new.ngram", "--weights", "0.5,0.5"),
        ("adapt", "cache", "changed.ngram", "--heldout", "test.txt", "-o", "new.ngram"),
        ("compare", "train.txt", "--test", "test.txt", "--model", "changed.ngram"),
    ):
        result = invoke(*arguments)

        assert 2 == result.exit_code, (arguments, result.stderr)
        assert "changed.ngram: found checksum " in result.stderr, (arguments, result.stderr)
        assert not [path for path in folder.iterdir() if "new." in path.name]
    assert 0 == invoke("perplexity", "changed.ngram", "test.txt").exit_code


def test_verify_says_when_probabilities_sum_to_more_than_1(invoke: Invoke, folder: Path) -> None:
    lines = (folder / "model.arpa").read_text("utf-8").split("\n")
    place = next(i for i, line in enumerate(lines) if line.count("\t") == 2 and not line.endswith("\t0"))
    for weight in ("1.5", "99999"):
        lines[place] = "\t".join([*lines[place].split("\t")[:2], weight])
        (folder / "large.arpa").write_text("\n".join(lines), "utf-8")
        result = invoke("info", "large.arpa", "--verify")

        assert 2 == result.exit_code
        assert "error: large.arpa: found probabilities after " in result.stderr
        assert "expected a sum of 1 (perplexities of this model are too low)" in result.stderr
        assert 0 == invoke("info", "large.arpa").exit_code
    assert 1.0 == pytest.approx(
        json.loads(invoke("info", "model.arpa", "--verify", "--json").stdout)["largest_sum"]
    )


def test_a_model_that_was_cut_short_is_told(invoke: Invoke, folder: Path) -> None:
    for name in ("model.arpa", "model.ngram"):
        data = (folder / name).read_bytes()
        (folder / f"cut-{name}").write_bytes(data[: len(data) * 2 // 3])
        result = invoke("perplexity", f"cut-{name}", "test.txt")

        assert result.exit_code == 2
        assert result.stderr.startswith(f"error: cut-{name}:")
        assert result.stderr.count("\n") == 1


def test_the_invented_text_is_always_the_same() -> None:
    assert sentences(3, seed=1) == sentences(3, seed=1)
    assert sentences(3, seed=1) != sentences(3, seed=2)


def test_layouts_are_for_backoff_models(invoke: Invoke, folder: Path) -> None:
    lm.ChurchGale().fit(lm.count(folder / "other.txt", order=2)).save(folder / "own.ngram")
    result = invoke("convert", "own.ngram", "new.ngram", "--layout", "fast")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "error: --layout is for back-off models. This model is of another kind." in result.stderr
    assert not (folder / "new.ngram").exists()


def test_scores_in_an_arpa_file_are_a_warning(invoke: Invoke, folder: Path) -> None:
    arguments = ("--order", "2", "--smoothing", "stupid-backoff", "-o", "new.ngram")
    assert invoke("train", "other.txt", *arguments).exit_code == 0
    result = invoke("convert", "new.ngram", "new.arpa")

    assert result.exit_code == 0
    assert (
        "warning: the ARPA file holds scores, not probabilities, and cannot say so: "
        "a perplexity of it has no meaning\n" in result.stderr
    )


@pytest.mark.parametrize("name", ["a pipe", "standard input"])
def test_an_error_in_a_pipe_names_the_pipe(invoke: Invoke, folder: Path, name: str) -> None:
    """And not the temporary copy."""
    data = b"\\data\\\nngram 1=1\n\n\\1-grams:\nx\ta\n\n\\end\\\n"
    if name == "standard input":
        result = invoke("info", "-", input=data)
    else:
        os.mkfifo(folder / "pipe")
        writer = threading.Thread(target=lambda: (folder / "pipe").write_bytes(data))
        writer.start()
        result = invoke("info", "pipe")
        writer.join()

    assert result.exit_code == 2
    where = "<stdin>" if name == "standard input" else "pipe"
    assert result.stderr.startswith(f"error: {where}:5: found 'x'; expected a decimal number "), result.stderr


def test_verify_looks_at_all_counts(invoke: Invoke, folder: Path) -> None:
    facts = json.loads(invoke("info", "counts.gz", "--verify", "--json").stdout)

    assert facts["verified"] is True
