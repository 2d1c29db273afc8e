"""The documents of a text: rules that find where each document begins.

The rules use empty lines, marker lines, line numbers or files.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np

from ngramlm.core.files import BYTE_ORDER_MARK, COMPRESSED, Source, source_name
from ngramlm.errors import FormatError, TextWarning, UsageError, warn
from ngramlm.text.encoder import listed
from ngramlm.text.lines import read_lines
from ngramlm.text.reading import read_text
from ngramlm.text.sentences import shown
from ngramlm.text.text import Text
from ngramlm.types import Bools

__all__ = [
    "Beside",
    "BlankLines",
    "DocumentRule",
    "EachFile",
    "LineNumbers",
    "MarkerLine",
    "document_rule",
    "has_separator",
    "read_documents",
    "select_documents",
    "sentence_lines",
]


@runtime_checkable
class DocumentRule(Protocol):
    """A rule that finds where the documents of a text begin."""

    def read(self, sources: list[Source], options: dict[str, Any]) -> Text:
        """Read a text with its documents.

        Parameters
        ----------
        sources : list[Source]
            Paths or binary streams.
        options : dict[str, Any]
            The options of `read_text`.
        """
        ...


def read_documents(sources: Source | Iterable[Source], rule: DocumentRule, **read_options: Any) -> Text:
    r"""Read a text with its documents.

    Parameters
    ----------
    sources : Source or Iterable[Source]
        Paths or binary streams.
    rule : DocumentRule
        The rule that finds where documents begin.
    **read_options
        The options of `read_text`.

    Returns
    -------
    Text
        The text; ``text.documents`` has the documents.

    Examples
    --------
    >>> text = read_documents(io.BytesIO(b"a b\na c\n\nb\n"), BlankLines())
    >>> text.n_sentences, text.documents.tolist()
    (3, [0, 2, 3])
    """
    return rule.read(listed(sources), read_options)


@dataclass(frozen=True)
class BlankLines:
    """The rule that empty lines separate documents. An empty line is not a sentence."""

    def read(self, sources: list[Source], options: dict[str, Any]) -> Text:
        """Read a text whose documents are separated by empty lines."""
        return _read_marked(sources, self.separator, options)

    @property
    def separator(self) -> bytes:
        """The line that is not a sentence, without spaces and tabs around it."""
        return b""


@dataclass(frozen=True)
class MarkerLine:
    """The rule that every document begins with a line that contains only a marker.

    Parameters
    ----------
    marker : str
        The marker, without spaces around it. Its line is not a sentence.

    Raises
    ------
    UsageError
        The marker is empty, or contains a line end.
    """

    marker: str

    def __post_init__(self) -> None:
        if not self.marker.strip() or "\n" in self.marker:
            raise UsageError(f"marker is {self.marker!r}; expected one line that is not empty")

    def read(self, sources: list[Source], options: dict[str, Any]) -> Text:
        """Read a text whose documents begin with the marker."""
        return _read_marked(sources, self.separator, options)

    @property
    def separator(self) -> bytes:
        """The line that is not a sentence, without spaces and tabs around it."""
        return self.marker.strip().encode(errors="surrogateescape")


@dataclass(frozen=True)
class LineNumbers:
    """The rule that documents begin at given lines.

    Parameters
    ----------
    numbers : tuple[int, ...]
        The numbers of the lines, from 1, counted over all sources.
    path : str or os.PathLike[str], optional
        The file with the numbers, for messages.
    places : tuple[int, ...], optional
        The line of each number in this file.
    """

    numbers: tuple[int, ...]
    path: str | os.PathLike[str] | None = field(default=None, compare=False)
    places: tuple[int, ...] = field(default=(), compare=False)

    @classmethod
    def read_file(cls, path: str | os.PathLike[str]) -> LineNumbers:
        """Read the numbers from a file with one number per line.

        Raises
        ------
        FormatError
            A line is not a number, or a number is not larger than the one before.
        """
        numbers: list[int] = []
        places: list[int] = []
        for at, line in read_lines(path):
            word = line.strip()
            if not word:
                continue
            if not (word.isdigit() and len(word) < 19 and int(word) > (numbers[-1] if numbers else 0)):
                raise FormatError(
                    f"found {shown(word.decode(errors='replace'))}; expected line numbers from 1 on, each larger than"
                    " the one before", path, at,
                )  # fmt: skip
            numbers.append(int(word))
            places.append(at)
        return cls(tuple(numbers), path, tuple(places))

    def starts(self, n_lines: int, name: str) -> list[int]:
        """Return the numbers of the sentences, from 0, at which documents begin in a text of `n_lines` lines.

        Raises
        ------
        FormatError
            A number is above `n_lines`. `name` is that of the text.
        """
        for k, number in enumerate(self.numbers):
            if number > n_lines:
                raise FormatError(
                    f"found line {number}; expected at most {n_lines}, the number of lines of {name}",
                    self.path,
                    self.places[k] if self.places else None,
                )
        return [number - 1 for number in self.numbers]

    def read(self, sources: list[Source], options: dict[str, Any]) -> Text:
        """Read a text whose documents begin at the given lines."""
        text = read_text(sources, **options)
        starts = self.starts(text.n_sentences, " and ".join(map(source_name, sources)))
        return Text.from_ids(
            text.vocabulary, text.ids, text.characters, starts or None, spells_blanks=text.spells_blanks
        )


@dataclass(frozen=True)
class Beside:
    """The rule that a second file beside each text has the line numbers of its documents.

    Parameters
    ----------
    suffix : str
        The suffix of the second file, for example ``.docs``. The rest of its name is that of the text.
    """

    suffix: str

    def read(self, sources: list[Source], options: dict[str, Any]) -> Text:
        """Read texts, and their documents from the files beside them.

        Raises
        ------
        FormatError
            A number is larger than the number of lines of its text.
        UsageError
            A source is not a named file, or a text has no lines.
        """
        numbers = [LineNumbers.read_file(self.path(source)) for source in sources]
        text = read_text(sources, documents="files", **options)
        if text.n_documents not in (0, len(sources)):
            raise UsageError(
                f"found lines in {text.n_documents} of {len(sources)} files; expected lines in each file"
            )
        starts: set[int] = set()
        edges = text.documents.tolist() if text.n_documents else [0] * (len(sources) + 1)
        for own, source, first, end in zip(numbers, sources, edges[:-1], edges[1:], strict=True):
            starts |= {first, *(first + start for start in own.starts(end - first, source_name(source)))}
        return Text.from_ids(
            text.vocabulary,
            text.ids,
            text.characters,
            sorted(starts) if text.n_documents else None,
            spells_blanks=text.spells_blanks,
        )

    def path(self, source: Source) -> str:
        """Return the path of the file with the line numbers of a text.

        Raises
        ------
        UsageError
            The source is not a named file.
        """
        if source == "-" or not isinstance(source, str | os.PathLike):
            raise UsageError(
                f"found {source_name(source)}; expected a named file, with a file of line numbers beside it"
            )
        name = os.fspath(source)
        for compression in COMPRESSED:
            name = name.removesuffix(compression)
        return os.path.splitext(name)[0] + self.suffix


@dataclass(frozen=True)
class EachFile:
    """The rule that every file is a document."""

    def read(self, sources: list[Source], options: dict[str, Any]) -> Text:
        """Read a text from files that are one document each."""
        return read_text(sources, documents="files", **options)


def sentence_lines(sources: list[Source], rule: object = None) -> Iterator[bytes]:
    """Yield the lines of files that are sentences: all lines but those that only separate documents by the rule."""
    for source in sources:
        for _, line in read_lines(source):
            if not (has_separator(rule) and line.strip() == rule.separator):
                yield line


def has_separator(rule: object) -> TypeGuard[BlankLines | MarkerLine]:
    """Return whether a rule makes lines of the text to separators, which are not sentences."""
    return isinstance(rule, BlankLines | MarkerLine)


def _read_marked(sources: list[Source], marker: bytes, options: dict[str, Any]) -> Text:
    """Read a text, begin a document at each line that contains only the marker, and remove these lines."""
    found: list[int] = []
    streams: list[Source] = []
    n_lines = 0
    for source in sources:
        lines = bytearray()
        for _, line in read_lines(source):
            if line.strip() == marker:
                found.append(n_lines)
                # the line stays for now, so that messages have the right line numbers
                line = b""
            elif not lines and line.startswith(BYTE_ORDER_MARK):
                # the reader removes one byte order mark from a file: a second mark belongs to the text
                lines += BYTE_ORDER_MARK
            lines += line + b"\n"
            n_lines += 1
        named = io.BytesIO(lines)
        named.name = source_name(source)
        streams.append(named)
    if marker and n_lines and not found:
        warn(
            f"found no line {shown(marker.decode(errors='replace'))} that begins a document in "
            f"{' and '.join(map(source_name, sources))}, so the text is one document",
            TextWarning,
        )
    text = read_text(streams, **options)
    is_marker = np.zeros(text.n_sentences, np.bool_)
    is_marker[found] = True
    return _cut(text, is_marker, characters=1)


def _cut(text: Text, is_cut: Bools, characters: int) -> Text:
    """Remove sentences from a text, and begin a document after each of them."""
    kept = np.logical_not(is_cut)
    ids = text.ids[np.repeat(kept, np.diff(text.sentences))]
    # the number of kept sentences before each removed sentence
    before: list[int] = (np.cumsum(kept) - kept)[is_cut].tolist()
    n_kept = int(kept.sum())
    documents = sorted({0, *(start for start in before if start < n_kept)})
    n_characters = text.characters - characters * int(is_cut.sum())
    return Text.from_ids(text.vocabulary, ids, n_characters, documents, spells_blanks=text.spells_blanks)


def select_documents(text: Text, chosen: Bools) -> Text:
    r"""Return some documents of a text. The result has the number of characters of the whole text.

    Parameters
    ----------
    text : Text
        The text.
    chosen : numpy.ndarray
        bool[D]: whether to keep each document.

    Raises
    ------
    UsageError
        `chosen` does not have one value for each document.

    Examples
    --------
    >>> text = read_documents(io.BytesIO(b"a\n\nb\n\nc c\n"), BlankLines())
    >>> part = select_documents(text, np.array([True, False, True]))
    >>> [part.sentence(number) for number in range(part.n_sentences)], part.documents.tolist()
    ([['a'], ['c', 'c']], [0, 1, 2])
    """
    if len(chosen) != text.n_documents:
        raise UsageError(f"found {len(chosen)} marks for {text.n_documents} documents; expected one for each")
    sizes = np.diff(text.documents)
    kept = np.repeat(chosen, sizes)
    ids = text.ids[np.repeat(kept, np.diff(text.sentences))]
    starts: list[int] = np.cumsum([0, *sizes[chosen]])[:-1].tolist()
    return Text.from_ids(
        text.vocabulary, ids, text.characters, starts or None, spells_blanks=text.spells_blanks
    )


def document_rule(rule: str) -> DocumentRule:
    """Return the rule for an argument of the command line.

    Parameters
    ----------
    rule : str
        ``blank`` is `BlankLines`, ``file`` is `EachFile`, ``line:TEXT`` is `MarkerLine`, and a suffix such as ``.docs``
        is `Beside`. Any other argument is the name of a file with `LineNumbers`.

    Raises
    ------
    UsageError
        The argument is empty, or has a bad marker.
    FormatError
        The file of line numbers is damaged.
    """
    if not rule:
        raise UsageError(
            "found an empty rule for documents; expected blank, file, line:TEXT, a suffix or a file"
        )
    if rule == "blank":
        return BlankLines()
    if rule == "file":
        return EachFile()
    if rule.startswith("line:"):
        return MarkerLine(rule.removeprefix("line:"))
    if rule.startswith(".") and "/" not in rule and len(rule) > 1 and not os.path.exists(rule):
        return Beside(rule)
    return LineNumbers.read_file(rule)
