"""What a file is by its first bytes, and what a name asks for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import ngramlm as lm
from ngramlm.errors import FormatError, UsageError
from ngramlm.formats.arpa import write_arpa
from ngramlm.formats.binary_writer import save_binary
from ngramlm.formats.count_files import write_counts
from ngramlm.formats.detection import HEAD_BYTES, binary_kind, check_binary_target, kind_of, kind_of_name

COUNTS = lm.count(lm.Text.from_sentences(["a b", "b a b"]), order=2)


def test_every_format_that_is_written_is_told(tmp_path: Path) -> None:
    model = lm.WittenBell().fit(COUNTS)
    save_binary(model, tmp_path / "binary")
    write_arpa(model, tmp_path / "arpa")
    write_arpa(model, tmp_path / "packed.arpa.gz")
    write_counts(COUNTS, tmp_path / "counts")

    assert (
        kind_of(tmp_path / "binary")
        == binary_kind((tmp_path / "binary").read_bytes()[:HEAD_BYTES])
        == "binary"
    )
    assert kind_of(tmp_path / "arpa") == kind_of(tmp_path / "packed.arpa.gz") == "arpa"
    assert kind_of(tmp_path / "counts") == "counts"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", None),
        (b"NGRAMLM\x00rest", "binary"),
        (b"NGRAMLM", None),
        (b"PK\x03\x04" + bytes(26) + b"model.json", "archive"),
        (b"PK\x03\x04" + bytes(26) + b"mixture.json", "mixture"),
        (b"PK\x03\x04", "archive"),
        (b"\\data\\\n", None),
    ],
)
def test_binary_formats_by_their_first_bytes(head: bytes, kind: str | None) -> None:
    assert binary_kind(head) == kind


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\\data\\\n", "arpa"),
        (b"\xef\xbb\xbf\\data\\ \r\n", "arpa"),
        (b"a comment\n\n \\data\\\n", "arpa"),
        (b"a b\t3\n", "counts"),
        (b"\xef\xbb\xbfa\t3\r\n", "counts"),
    ],
)
def test_text_formats_by_their_lines(data: bytes, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert kind_of(path) == kind


@pytest.mark.parametrize(("data", "found"), [(b"", "nothing"), (b"just a text\n", "'just a text")])
def test_what_is_no_model_is_refused(data: bytes, found: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=f":1: found {found}.*; expected a model "):
        kind_of(path)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("-", "arpa"),
        ("m.arpa", "arpa"),
        ("M.ARPA.GZ", "arpa"),
        ("m.lm", "arpa"),
        ("m.ngram", "binary"),
        ("m.ngram.gz", "binary"),
        ("m.txt", None),
        ("arpa", None),
    ],
)
def test_the_format_that_a_name_asks_for(name: str, kind: str | None) -> None:
    assert kind_of_name(name) == kind


def test_binary_models_do_not_go_to_pipes_and_devices(tmp_path: Path) -> None:
    """A binary model is mapped, and appears as a whole."""
    model = lm.WittenBell().fit(COUNTS)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(UsageError) as caught:
            model.save(path)
        assert str(caught.value) == (f"{path}: found a pipe or device; expected a plain file (or write ARPA)")


def test_binary_models_are_for_little_endian_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "byteorder", "big")
    with pytest.raises(UsageError) as caught:
        check_binary_target(tmp_path / "model.ngram")
    assert str(caught.value) == (
        "found a big-endian machine; expected a little-endian one for binary models (write ARPA)"
    )
