"""Lines of small files of words, such as lists of word pairs and of analogies."""

from __future__ import annotations

from collections.abc import Iterator

from ngramlm.core.files import Source, source_name
from ngramlm.errors import FormatError
from ngramlm.text.lines import read_lines

__all__ = ["numbered_lines"]

# bytes; a larger file is not a list of words, which has some thousand lines
MAX_FILE = 1 << 28


def numbered_lines(source: Source) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, text) of every line that is not blank."""
    name = source_name(source)
    n_bytes = 0
    for number, line in read_lines(source):
        n_bytes += len(line) + 1
        if n_bytes > MAX_FILE:
            raise FormatError(f"found more than {MAX_FILE} bytes; expected a list of words", name)
        try:
            text = line.decode().strip(" \t\r")
        except UnicodeDecodeError:
            raise FormatError("found bytes that are not UTF-8; expected UTF-8", name, number) from None
        if text:
            yield number, text
