"""Models side by side on the same texts: one table, and the same figures as Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from ngramlm.counts import NgramCounts, count
from ngramlm.errors import TextError, UsageError
from ngramlm.evaluation.perplexity import Perplexity, Readable, perplexity
from ngramlm.evaluation.signature import check_same_vocabulary
from ngramlm.files import atomic_write
from ngramlm.model import LanguageModel
from ngramlm.smoothing import SMOOTHINGS, Smoothing, make_smoothing
from ngramlm.text import Text, read_text
from ngramlm.vocabulary import Vocabulary

__all__ = ["Comparison", "Row", "compare", "compare_smoothings"]


@dataclass(frozen=True)
class Row:
    """One model on one text.

    ``ngrams``: n-grams of all orders that the model stores; ``train_seconds``: estimation alone, the counts being
    shared; ``score_seconds``: scoring, the text being read already, with what the model prepares at its first use;
    ``difference``: bits per word minus those of the baseline on the same text, negative where this model is better.
    None where there is no such figure.
    """

    model: str
    text: str
    order: int | None
    ngrams: int | None
    figures: Perplexity
    train_seconds: float | None = None
    score_seconds: float | None = None
    difference: float | None = None

    def as_dict(self) -> dict[str, float | int | str | None]:
        """All figures by name, as for JSON: None also stands for what is infinite."""
        difference = self.difference if self.difference is None or math.isfinite(self.difference) else None
        return {
            "model": self.model,
            "text": self.text,
            "order": self.order,
            "ngrams": self.ngrams,
            **self.figures.as_dict(),
            "difference": difference,
            "train_seconds": self.train_seconds,
            "score_seconds": self.score_seconds,
        }


Cell = Callable[[Row], str]
COLUMNS: dict[str, Cell] = {
    "model": lambda row: row.model,
    "text": lambda row: row.text,
    "order": lambda row: _integer(row.order),
    "n-grams": lambda row: _integer(row.ngrams),
    "perplexity": lambda row: _fixed(row.figures.perplexity, 2),
    "excluding OOV": lambda row: _fixed(row.figures.perplexity_excluding_oov, 2),
    "tokens": lambda row: _integer(row.figures.tokens),
    "OOVs": lambda row: _integer(row.figures.oovs),
    "zeros": lambda row: _integer(row.figures.zero_probs),
    "bits/word": lambda row: _fixed(row.figures.bits_per_word, 4),
    "bits/char": lambda row: _fixed(row.figures.bits_per_character, 4),
    "difference": lambda row: _fixed(row.difference, 4, sign=True),
    "train s": lambda row: _fixed(row.train_seconds, 3),
    "score s": lambda row: _fixed(row.score_seconds, 3),
}
LEFT_ALIGNED = ("model", "text")


@dataclass(frozen=True)
class Comparison:
    """Rows in the order in which models and texts were given; ``baseline`` names the model of ``difference``."""

    rows: tuple[Row, ...]
    baseline: str | None = None

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        return self.to_text()

    def best(self, text: str | None = None) -> Row:
        """The row of lowest perplexity (OOVs included) on a text, the only one unless named.

        Where that is infinite for every model, the lowest without OOVs. Raises UsageError for an unknown text.
        """
        names = dict.fromkeys(row.text for row in self.rows)
        if text is None and len(names) != 1:
            raise UsageError(f"found {len(names)} texts; say which: {', '.join(names)}")
        rows = [row for row in self.rows if text is None or row.text == text]
        if not rows:
            raise UsageError(f"found no text {text!r}; expected one of: {', '.join(names)}")
        return min(rows, key=lambda row: (row.figures.perplexity, row.figures.perplexity_excluding_oov))

    def cells(self) -> tuple[list[str], list[list[str]]]:
        """Header and rows as strings, without the columns that say nothing and the name of an only text."""
        kept = {}
        for name, cell in COLUMNS.items():
            values = [cell(row) for row in self.rows]
            one_text = name == "text" and len(set(values)) == 1
            no_zeros = name == "zeros" and set(values) == {"0"}
            if any(values) and not one_text and not no_zeros:
                kept[name] = values
        return list(kept), [list(row) for row in zip(*kept.values(), strict=True)]

    def to_text(self) -> str:
        """Aligned columns for a terminal or a fixed-width font."""
        header, rows = self.cells()
        return "\n".join("  ".join(line).rstrip() for line in _aligned(header, rows))

    def to_markdown(self) -> str:
        """A Markdown table with the best perplexity of each text in bold, then the notes and signatures."""
        header, rows = self.cells()
        best = {id(self.best(row.text)) for row in self.rows}
        column = header.index("perplexity") if "perplexity" in header else 0
        for row, cells in zip(self.rows, rows, strict=True):
            cells[:] = [cell.replace("|", "\\|") for cell in cells]
            if id(row) in best:
                cells[column] = f"**{cells[column]}**"
        lines = _aligned(header, rows)
        rule = [
            "-" * len(cell) if name in LEFT_ALIGNED else "-" * (len(cell) - 1) + ":"
            for name, cell in zip(header, lines[0], strict=True)
        ]
        table = "\n".join(f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]])
        signatures = dict.fromkeys((row.model, row.figures.signature) for row in self.rows)
        listed = "\n".join(f"- {model}: `{signature}`" for model, signature in signatures)
        return f"{table}\n\n{self.notes()}\n\nSignatures:\n\n{listed}\n"

    def notes(self) -> str:
        """What the figures mean, for the reader of a report."""
        text = ""
        if len(names := {row.text for row in self.rows}) == 1:
            text = f"Tested on {names.pop()}. "
        text += (
            "Perplexity is over words and `</s>`; *excluding OOV* leaves out the words outside the vocabulary"
            " and those of zero probability. Training time is that of the estimation, from shared counts."
        )
        if self.baseline is not None:
            text += f" *Difference* is in bits per word against {self.baseline}; below zero is better."
        return text

    def to_csv(self) -> str:
        """One line a row with all figures in full precision; empty where there is none or it is infinite."""
        out = io.StringIO()
        dicts = [row.as_dict() for row in self.rows]
        writer = csv.DictWriter(out, list(dicts[0]) if dicts else ["model", "text"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(dicts)
        return out.getvalue()

    def to_json(self) -> str:
        """An object with ``baseline`` and ``rows``; null where a figure is infinite or does not exist."""
        content = {"baseline": self.baseline, "rows": [row.as_dict() for row in self.rows]}
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the report in the format that the suffix names: .md, .csv, .json or .txt."""
        suffix = PurePath(path).suffix.lower()
        if suffix not in FORMATS:
            raise UsageError(
                f"{os.fspath(path)}: found the suffix {suffix!r}; expected one of {', '.join(FORMATS)}"
            )
        with atomic_write(path) as out:
            out.write(FORMATS[suffix](self).encode())


FORMATS: dict[str, Callable[[Comparison], str]] = {
    ".md": Comparison.to_markdown,
    ".csv": Comparison.to_csv,
    ".json": Comparison.to_json,
    ".txt": lambda comparison: comparison.to_text() + "\n",
}


def compare(
    models: Mapping[str, LanguageModel],
    texts: Readable | Mapping[str, Readable],
    *,
    baseline: str | None = None,
    allow_different_vocabularies: bool = False,
    **read_options: Any,
) -> Comparison:
    """Every model on every text.

    texts: one text (a ``Text`` or whatever ``read_text`` takes), or a mapping from names to texts.
    baseline: the model that ``difference`` is counted from.
    read_options: ``tokenizer``, ``reserved``, ... for texts that have to be read.

    Raises UsageError for no model, an unknown baseline, and models whose perplexities cannot be compared because
    their vocabularies differ, unless ``allow_different_vocabularies``.

    >>> import ngramlm as lm
    >>> counts = lm.count(lm.Text.from_sentences(["a b a", "a b b"]), order=2)
    >>> models = {"unigrams": lm.WittenBell().fit(counts.truncate(1)), "bigrams": lm.WittenBell().fit(counts)}
    >>> lm.compare(models, lm.Text.from_sentences(["a b b"]), baseline="unigrams").best().model
    'bigrams'
    """
    if not models:
        raise UsageError("found no model to compare; expected at least one")
    if not allow_different_vocabularies:
        check_same_vocabulary(models)
    _check_baseline(baseline, models)
    reader = _Reader(texts, read_options)
    rows = [row for name, model in models.items() for row in _rows(name, model, reader)]
    return Comparison(_with_differences(rows, baseline), baseline)


def compare_smoothings(
    train: NgramCounts | Readable,
    texts: Readable | Mapping[str, Readable],
    *,
    smoothings: str | Iterable[str] | Mapping[str, Smoothing] = "all",
    orders: Sequence[int] = (3,),
    heldout: Readable | None = None,
    baseline: str | None = None,
    closed: bool = False,
    threads: int | None = None,
    progress: Callable[[str, int, int | None], None] | None = None,
    **read_options: Any,
) -> Comparison:
    """Train every smoothing method at every order from one pass over the text, and compare them.

    train: ``NgramCounts`` of at least the highest order, a ``Text``, or whatever ``count`` takes.
    smoothings: names of ``SMOOTHINGS``, "all" of them, or configured methods by names of your own.
    baseline: a row's name, such as "witten-bell 2"; models are named by method and order.
    heldout: for the methods that tune themselves on a text that is not the test text.

    One model is in memory at a time. Raises UsageError for unknown methods and orders below 1.
    """
    methods = _methods(smoothings, closed)
    if not orders or min(orders) < 1:
        raise UsageError(f"found the orders {list(orders)}; expected at least one, each 1 or more")
    names = [
        (f"{name} {order}", method, order)
        for order in dict.fromkeys(orders)
        for name, method in methods.items()
    ]
    _check_baseline(baseline, [name for name, _, _ in names])
    if isinstance(train, NgramCounts):
        counts = train
        if counts.order < max(orders):
            raise UsageError(f"found counts of order {counts.order}; expected order {max(orders)} or higher")
    else:  # a text of short sentences may hold no n-gram of the highest order
        counts = count(train, max(orders), threads=threads, progress=progress, **read_options)
    text_options = {k: v for k, v in read_options.items() if k not in ("vocabulary", "min_count", "max_size")}
    text_options["threads"] = threads
    reader = _Reader(texts, text_options)
    held = None if heldout is None else _read(heldout, counts.vocabulary, text_options)
    rows: list[Row] = []
    for done, (name, method, order) in enumerate(names):
        if progress is not None:
            progress(f"comparing: {name}", done, len(names))
        truncated = counts if order >= counts.order else counts.truncate(order)
        start = time.perf_counter()
        model = method.fit(truncated, held, threads=threads)
        rows += _rows(name, model, reader, time.perf_counter() - start)
    if progress is not None:
        progress("comparing", len(names), len(names))
    return Comparison(_with_differences(rows, baseline), baseline)


class _Reader:
    """The texts by name, each read once for each vocabulary that asks for it."""

    def __init__(self, texts: Readable | Mapping[str, Readable], options: dict[str, Any]) -> None:
        self.sources: dict[str, Readable] = (
            dict(texts) if isinstance(texts, Mapping) else {_name(texts): texts}
        )
        if not self.sources:
            raise UsageError("found no text to compare on; expected at least one")
        self._options = options
        self._read: dict[str, Text] = {}

    def text(self, name: str, vocabulary: Vocabulary) -> Text:
        known = self._read.get(name)
        if known is None or known.vocabulary != vocabulary:
            known = self._read[name] = _read(self.sources[name], vocabulary, self._options)
        return known


def _read(source: Readable, vocabulary: Vocabulary, options: dict[str, Any]) -> Text:
    return source if isinstance(source, Text) else read_text(source, vocabulary=vocabulary, **options)


def _rows(name: str, model: LanguageModel, reader: _Reader, train_seconds: float | None = None) -> list[Row]:
    order, ngrams = getattr(model, "order", None), getattr(model, "n_ngrams", None)
    rows = []
    for text_name in reader.sources:
        text = reader.text(text_name, model.vocabulary)
        if not text.n_sentences:
            raise TextError("found no sentences; expected at least one line of text", text_name)
        start = time.perf_counter()
        figures = perplexity(model, text)
        seconds = time.perf_counter() - start
        size = None if ngrams is None else sum(ngrams)
        rows.append(Row(name, text_name, order, size, figures, train_seconds, seconds))
    return rows


def _with_differences(rows: list[Row], baseline: str | None) -> tuple[Row, ...]:
    if baseline is None:
        return tuple(rows)
    of_baseline = {row.text: row.figures.bits_per_word for row in rows if row.model == baseline}
    return tuple(replace(row, difference=row.figures.bits_per_word - of_baseline[row.text]) for row in rows)


def _aligned(header: list[str], rows: list[list[str]]) -> list[list[str]]:
    widths = [max(3, *map(len, column)) for column in zip(header, *rows, strict=True)]
    return [
        [
            cell.ljust(width) if name in LEFT_ALIGNED else cell.rjust(width)
            for name, cell, width in zip(header, cells, widths, strict=True)
        ]
        for cells in [header, *rows]
    ]


def _methods(smoothings: str | Iterable[str] | Mapping[str, Smoothing], closed: bool) -> dict[str, Smoothing]:
    if isinstance(smoothings, Mapping):
        return dict(smoothings)
    if isinstance(smoothings, str):
        smoothings = SMOOTHINGS if smoothings == "all" else [smoothings]
    methods: dict[str, Smoothing] = {}
    for name in smoothings:
        methods[name] = make_smoothing(name, closed=closed)
    if not methods:
        raise UsageError("found no smoothing method; expected at least one")
    return methods


def _check_baseline(baseline: str | None, names: Iterable[str]) -> None:
    if baseline is not None and baseline not in names:
        raise UsageError(f"found the baseline {baseline!r}; expected one of: {', '.join(names)}")


def _name(source: Readable) -> str:
    return PurePath(source).name if isinstance(source, (str, os.PathLike)) else "text"


def _integer(value: int | None) -> str:
    return "" if value is None else str(value)


def _fixed(value: float | None, digits: int, sign: bool = False) -> str:
    return "" if value is None or math.isnan(value) else f"{value:{'+' if sign else ''}.{digits}f}"
