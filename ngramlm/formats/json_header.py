"""JSON headers of binary files: bytes to a description and back, without text that UTF-8 cannot hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ngramlm.errors import UsageError

__all__ = ["check_metadata", "header_bytes", "read_header"]


def header_bytes(header: Mapping[str, Any], *, compact: bool = False) -> bytes:
    """Return the bytes of a header. `compact` leaves out spaces.

    Raises
    ------
    UsageError
        A text is not Unicode: it contains a lone surrogate.
    """
    try:
        return _encoded(header, (",", ":") if compact else (", ", ": "))
    except UnicodeEncodeError as error:
        raise UsageError(
            f"found the lone surrogate {error.object[error.start]!r} in the metadata; expected text that is Unicode"
        ) from None


def read_header(data: bytes) -> dict[str, Any]:
    """Return the description in a header.

    Raises
    ------
    ValueError
        The bytes are not a JSON object of Unicode text. `RecursionError` is possible too.
    """
    header = json.loads(data)
    if not isinstance(header, dict):
        raise TypeError("found no table of fields")
    try:
        _encoded(header, None)
    except UnicodeEncodeError as error:
        raise ValueError(f"found the lone surrogate {error.object[error.start]!r}") from None
    return header


def check_metadata(metadata: Any) -> None:
    """Check that metadata of a file are text by name; raises TypeError or ValueError."""
    if not isinstance(metadata, dict):
        raise TypeError("found metadata that are not text by name")
    if not all(isinstance(part, str) for pair in metadata.items() for part in pair):
        raise ValueError("found metadata that are not text")


def _encoded(header: Mapping[str, Any], separators: tuple[str, str] | None) -> bytes:
    return json.dumps(header, ensure_ascii=False, separators=separators).encode()
