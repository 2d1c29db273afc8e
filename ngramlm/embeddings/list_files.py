"""Lines of small files of words, such as lists of word pairs and of analogies."""

from __future__ import annotations

from collections.abc import Iterator

from ngramlm.core.files import Source, open_source, source_name
from ngramlm.errors import FormatError

__all__ = ["numbered_lines"]

MAX_FILE = 1 << 28  # bytes; a list has some thousand lines


def numbered_lines(source: Source) -> Iterator[tuple[int, str]]:
    """The numbers and the text of the lines that are not blank."""
    name = source_name(source)
    with open_source(source) as stream:
        data = bytearray()
        while block := stream.read(1 << 20):
            data += block
            if len(data) > MAX_FILE:
                raise FormatError(f"found more than {MAX_FILE} bytes; expected a list of words", name)
    for number, line in enumerate(bytes(data).removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            text = line.decode().strip(" \t\r")
        except UnicodeDecodeError:
            raise FormatError("found bytes that are not UTF-8; expected UTF-8", name, number) from None
        if text:
            yield number, text
