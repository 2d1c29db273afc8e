"""JSON headers: there and back, and no text that UTF-8 cannot hold."""

from __future__ import annotations

from typing import Any

import pytest

from ngramlm.errors import UsageError
from ngramlm.formats.json_header import check_metadata, header_bytes, read_header


def test_there_and_back() -> None:
    header = {"a": ["é", 1, {"b": None}], "c": 0.5}

    assert header == read_header(header_bytes(header)) == read_header(header_bytes(header, compact=True))
    assert '{"a":"é"}'.encode() == header_bytes({"a": "é"}, compact=True)
    assert '{"a": "é"}'.encode() == header_bytes({"a": "é"})


@pytest.mark.parametrize("header", [{"a": "\ud800"}, {"\udfff": 1}, {"a": [{"b": ["x\udc80"]}]}])
def test_lone_surrogates_are_neither_written_nor_read(header: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="found the lone surrogate"):
        header_bytes(header)
    escaped = str(header).replace("'", '"').encode("ascii", "backslashreplace")
    with pytest.raises(ValueError, match="found the lone surrogate"):
        read_header(escaped)


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b"null", b'"a"', b"{", b"\xff", b'{"a": "\xff"}'])
def test_bytes_that_are_no_description(data: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        read_header(data)


@pytest.mark.parametrize("metadata", [None, [], "text", 1, {"a": 1}, {"a": None}, {1: "a"}])
def test_metadata_that_are_not_text(metadata: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="metadata that are not text"):
        check_metadata(metadata)
    check_metadata({"a": "b"})
