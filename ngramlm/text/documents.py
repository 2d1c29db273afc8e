"""The documents of a text: empty lines, marker lines, line numbers or files say where they begin."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ngramlm.core.files import BYTE_ORDER_MARK, COMPRESSED, Source, source_name
from ngramlm.errors import FormatError, UsageError
from ngramlm.text.encoder import listed
from ngramlm.text.lines import read_lines
from ngramlm.text.reading import read_text
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
    "read_documents",
    "select_documents",
]


@runtime_checkable
class DocumentRule(Protocol):
    """A rule that says where the documents of a text begin."""

    def read(self, sources: list[Source], options: dict[str, Any]) -> Text:
        """Read the text of some sources with its documents; `options` are those of `read_text`."""
        ...


def read_documents(sources: Source | Iterable[Source], rule: DocumentRule, **read_options: Any) -> Text:
    r"""Read a text with its documents.

    Parameters
    ----------
    sources
        Paths or binary streams.
    rule
        Says where documents begin.
    read_options
        The options of `read_text`.

    Examples
    --------
    >>> text = read_documents(io.BytesIO(b"a b\na c\n\nb\n"), BlankLines())
    >>> text.n_sentences, text.documents.tolist()
    (3, [0, 2, 3])
    """
    return rule.read(listed(sources), read_options)


@dataclass(frozen=True)
class BlankLines:
    """Empty lines separate documents; an empty line is not a sentence."""

    def read(self, sources: list[Source], options: dict[str, Any]) -> Text:
        """Read a text whose documents stand between empty lines."""
        return _read_marked(sources, b"", options)


@dataclass(frozen=True)
class MarkerLine:
    """A line that holds only `marker` begins every document; it is not a sentence."""

    marker: str

    def __post_init__(self) -> None:
        if not self.marker.strip() or "\n" in self.marker:
            raise UsageError(f"the marker is {self.marker!r}; expected a line with something in it")

    def read(self, sources: list[Source], options: dict[str, Any]) -> Text:
        """Read a text whose documents begin with the marker."""
        return _read_marked(sources, self.marker.strip().encode(), options)


@dataclass(frozen=True)
class LineNumbers:
    """Documents begin at these lines, counted from 1 over all sources."""

    numbers: tuple[int, ...]

    @classmethod
    def read_file(cls, path: str | os.PathLike[str]) -> LineNumbers:
        """Read the numbers from a file, one a line.

        Raises
        ------
        FormatError
            For a line that is not a number, and for numbers that do not grow.
        """
        numbers: list[int] = []
        for at, line in read_lines(path):
            word = line.strip()
            if not word:
                continue
            if not (word.isdigit() and len(word) < 19 and int(word) > (numbers[-1] if numbers else 0)):
                raise FormatError(
                    f"found {word.decode(errors='replace')!r}; expected line numbers from 1 on, each larger than"
                    " the one before", path, at,
                )  # fmt: skip
            numbers.append(int(word))
        return cls(tuple(numbers))

    def read(self, sources: list[Source], options: dict[str, Any]) -> Text:
        """Read a text whose documents begin at the lines of these numbers."""
        return read_text(sources, documents=[number - 1 for number in self.numbers], **options)


@dataclass(frozen=True)
class Beside:
    """A file beside each text has the line numbers of its documents: the same name with another suffix."""

    suffix: str

    def read(self, sources: list[Source], options: dict[str, Any]) -> Text:
        """Read texts and the line numbers beside them."""
        numbers = [LineNumbers.read_file(self.path(source)).numbers for source in sources]
        text = read_text(sources, documents="files", **options)
        if text.n_documents not in (0, len(sources)):
            raise UsageError(
                f"found {text.n_documents} texts with lines in {len(sources)} files; expected some in each"
            )
        starts: set[int] = set()
        edges = text.documents.tolist() if text.n_documents else [0] * (len(sources) + 1)
        for own, source, first, end in zip(numbers, sources, edges[:-1], edges[1:], strict=True):
            if own and own[-1] > end - first:
                raise FormatError(
                    f"found line {own[-1]}; expected up to {end - first}, the lines of {source_name(source)}",
                    self.path(source),
                )
            starts |= {first, *(first + number - 1 for number in own)}
        return Text.from_ids(
            text.vocabulary, text.ids, text.characters, sorted(starts) if text.n_documents else None
        )

    def path(self, source: Source) -> str:
        """Return the path of the file with the line numbers of a text.

        Raises
        ------
        UsageError
            For a source that is not a named file.
        """
        if source == "-" or not isinstance(source, str | os.PathLike):
            raise UsageError(f"found {source_name(source)}; expected the name of a file, to look beside it")
        name = os.fspath(source)
        for compression in COMPRESSED:
            name = name.removesuffix(compression)
        return os.path.splitext(name)[0] + self.suffix


@dataclass(frozen=True)
class EachFile:
    """Every file is a document."""

    def read(self, sources: list[Source], options: dict[str, Any]) -> Text:
        """Read texts, each of which is a document."""
        return read_text(sources, documents="files", **options)


def _read_marked(sources: list[Source], marker: bytes, options: dict[str, Any]) -> Text:
    """Read a text without the lines that hold only a marker, each of which begins a document."""
    found: list[int] = []
    streams: list[Source] = []
    n_lines = 0
    for source in sources:
        lines = bytearray()
        for _, line in read_lines(source):
            if line.strip() == marker:
                found.append(n_lines)
                line = b""  # messages about other lines have the right numbers
            elif not lines and line.startswith(BYTE_ORDER_MARK):
                lines += BYTE_ORDER_MARK  # only the first one of a file is left out
            lines += line + b"\n"
            n_lines += 1
        named = io.BytesIO(lines)
        named.name = source_name(source)
        streams.append(named)
    text = read_text(streams, **options)
    is_marker = np.zeros(text.n_sentences, np.bool_)
    is_marker[found] = True
    return _cut(text, is_marker, characters=1)


def _cut(text: Text, is_cut: Bools, characters: int) -> Text:
    """Return the text without some sentences; the sentence after each of them begins a document."""
    kept = np.logical_not(is_cut)
    ids = text.ids[np.repeat(kept, np.diff(text.sentences))]
    before: list[int] = (np.cumsum(kept) - kept)[is_cut].tolist()  # kept sentences before each of those cut
    n_kept = int(kept.sum())
    documents = sorted({0, *(start for start in before if start < n_kept)})
    return Text.from_ids(text.vocabulary, ids, text.characters - characters * int(is_cut.sum()), documents)


def select_documents(text: Text, chosen: Bools) -> Text:
    r"""Return some documents of a text. The characters are not counted anew.

    Parameters
    ----------
    text
        The text.
    chosen
        bool[D], whether to keep each document.

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
    return Text.from_ids(text.vocabulary, ids, text.characters, starts or None)


def document_rule(rule: str) -> DocumentRule:
    """Return the rule that a word on the command line means.

    ``blank`` is `BlankLines`, ``file`` is `EachFile`, ``line:TEXT`` is `MarkerLine`, and a suffix such as ``.docs`` is
    `Beside`. Any other word is the name of a file with `LineNumbers`.
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
