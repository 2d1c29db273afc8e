"""What a comparison found: plain data, from which every table, page and picture is made."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ngramlm.errors import UsageError
from ngramlm.evaluation.perplexity import Perplexity
from ngramlm.evaluation.significance import BitsInterval, PairedTest

__all__ = ["Comparison", "Contrast", "LearningPoint", "Row", "SentencePair", "TextFigures", "TrainFigures"]

SCHEMA = "ngramlm-comparison/1"
SCORES = "scores, not probabilities"

Status = Literal["measured", "scores", "failed"]


@dataclass(frozen=True)
class Row:
    """One model on one text.

    ``method`` is the name without the order; ``ngrams``: n-grams of all orders that the model stores; ``bytes``: what
    it takes in memory to answer, the words not counted; ``train_seconds``: estimation alone, the counts being shared;
    ``score_seconds``: scoring, the text being read already, with what the model prepares at its first use.
    ``difference``: bits per word minus those of the baseline on the same text, negative where this model is better;
    ``paired``: the same with its interval and p-values; ``interval``: of bits per word. ``matched_orders[n]``: how many
    tokens an n-gram of length n answered (0: none, not even a unigram).
    ``figures`` is None, and ``note`` says why, where the method gives scores that are no probabilities (``status`` is
    "scores") or could not be estimated ("failed"). ``warnings``: what the estimation warned of.
    None where there is no such figure.
    """

    model: str
    text: str
    order: int | None
    ngrams: int | None
    figures: Perplexity | None
    train_seconds: float | None = None
    score_seconds: float | None = None
    difference: float | None = None
    method: str | None = None
    bytes: int | None = None
    matched_orders: tuple[int, ...] | None = None
    interval: BitsInterval | None = None
    paired: PairedTest | None = None
    note: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        if self.figures is not None:
            return "measured"
        return "scores" if self.note == SCORES else "failed"

    @property
    def is_finite(self) -> bool:
        """Whether there is a perplexity, and none of the tokens was impossible."""
        return self.figures is not None and math.isfinite(self.figures.perplexity)

    @property
    def label(self) -> str:
        """The method where it is known, else the model."""
        return self.model if self.method is None else self.method

    @property
    def perplexity_interval(self) -> tuple[float, float] | None:
        """The interval of bits per word as perplexities."""
        return None if self.interval is None else (2.0**self.interval.low, 2.0**self.interval.high)

    def as_dict(self) -> dict[str, Any]:
        """All figures by name, as for JSON: None also stands for what is infinite (``zero_probs`` tells them apart)."""
        figures = dict.fromkeys(NO_FIGURES.as_dict()) if self.figures is None else self.figures.as_dict()
        paired = self.paired
        return {
            "model": self.model,
            "text": self.text,
            "method": self.method,
            "order": self.order,
            "status": self.status,
            "note": self.note,
            "ngrams": self.ngrams,
            "bytes": self.bytes,
            **figures,
            "bits_per_word_low": None if self.interval is None else self.interval.low,
            "bits_per_word_high": None if self.interval is None else self.interval.high,
            "difference": finite(self.difference),
            "difference_low": None if paired is None else paired.low,
            "difference_high": None if paired is None else paired.high,
            "p_value": None if paired is None else paired.p_value,
            "p_bootstrap": None if paired is None else paired.p_bootstrap,
            "p_holm": None if paired is None else paired.p_holm,
            "train_seconds": self.train_seconds,
            "score_seconds": self.score_seconds,
            "matched_orders": None if self.matched_orders is None else list(self.matched_orders),
            "warnings": list(self.warnings),
        }


NO_FIGURES = Perplexity(0.0, 0.0, 0, 0, 0, 0, 0, 0, "")


@dataclass(frozen=True)
class LearningPoint:
    """A method at one order, trained on the first so many of the sentences drawn, over the vocabulary of all of them.

    ``perplexity`` is infinite where a token was impossible; ``warnings`` as in `Row`.
    """

    model: str
    method: str
    order: int
    text: str
    train_sentences: int
    train_tokens: int
    perplexity: float
    bits_per_word: float
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.__dict__,
            "perplexity": finite(self.perplexity),
            "bits_per_word": finite(self.bits_per_word),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class SentencePair:
    """One sentence under two models: the bits that each pays for every token, and the order that answered.

    ``number`` counts from 1; ``words`` end with ``</s>``; ``oovs`` are the places (from 0) of the words outside the
    vocabulary, spelled as in the text where that could be read again, else ``<unk>``; ``orders`` are None for models
    that do not tell.
    """

    number: int
    words: tuple[str, ...]
    bits: tuple[tuple[float, ...], tuple[float, ...]]
    orders: tuple[tuple[int, ...] | None, tuple[int, ...] | None]
    oovs: tuple[int, ...] = ()

    @property
    def difference(self) -> float:
        """Bits of the whole sentence, first model minus second: negative where the first is better."""
        return math.fsum(self.bits[0]) - math.fsum(self.bits[1])

    def as_dict(self) -> dict[str, Any]:
        bits = [[finite(value) for value in values] for values in self.bits]
        return {
            "number": self.number,
            "words": list(self.words),
            "oovs": list(self.oovs),
            "bits": bits,
            "orders": [None if values is None else list(values) for values in self.orders],
            "difference": finite(self.difference),
        }


@dataclass(frozen=True)
class Contrast:
    """The sentences of a text on which two models differ most, in bits of the whole sentence.

    ``better``: where the first model pays less, the largest difference first; ``worse``: where it pays more.
    """

    text: str
    models: tuple[str, str]
    better: tuple[SentencePair, ...]
    worse: tuple[SentencePair, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "models": list(self.models),
            "better": [pair.as_dict() for pair in self.better],
            "worse": [pair.as_dict() for pair in self.worse],
        }


@dataclass(frozen=True)
class TrainFigures:
    """What the models were trained on; ``types`` are the words known, ``sentences`` and ``tokens`` None for counts."""

    name: str
    types: int
    sentences: int | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class TextFigures:
    """What the models were tested on; ``tokens`` are words and one ``</s>`` for each sentence."""

    name: str
    sentences: int
    documents: int
    tokens: int
    words: int
    oovs: int
    characters: int

    @property
    def oov_rate(self) -> float:
        """The share of the words that are outside the vocabulary; NaN where there are no words."""
        return self.oovs / self.words if self.words else math.nan

    def as_dict(self) -> dict[str, Any]:
        return {**self.__dict__, "oov_rate": finite(self.oov_rate)}


@dataclass(frozen=True)
class Comparison:
    """Rows in the order in which models and texts were given; ``baseline`` names the model of ``difference``.

    ``resamples``, ``level``, ``units`` and ``seed`` are those of intervals and p-values, ``seed`` also that of the
    sentences drawn for ``curve``.
    """

    rows: tuple[Row, ...]
    baseline: str | None = None
    texts: tuple[TextFigures, ...] = ()
    train: TrainFigures | None = None
    curve: tuple[LearningPoint, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    resamples: int = 0
    level: float = 0.95
    units: str = "sentences"
    seed: int = 0
    options: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        return self.to_text()

    @property
    def text_names(self) -> list[str]:
        """The texts, in the order given."""
        return list(dict.fromkeys(row.text for row in self.rows))

    def of_text(self, text: str) -> list[Row]:
        """The rows of one text."""
        return [row for row in self.rows if row.text == text]

    def best(self, text: str | None = None) -> Row:
        """The row of lowest perplexity (OOVs included) on a text, the only one unless named.

        Where that is infinite for every model, the lowest without OOVs. Raises UsageError for an unknown text, and
        where no model has a perplexity.
        """
        names = self.text_names
        if text is None and len(names) != 1:
            raise UsageError(f"found {len(names)} texts; say which: {', '.join(names)}")
        rows = [row for row in self.rows if text is None or row.text == text]
        if not rows:
            raise UsageError(f"found no text {text!r}; expected one of: {', '.join(names)}")
        measured = [(row.figures.perplexity, row.figures.perplexity_excluding_oov, place)
                    for place, row in enumerate(rows) if row.figures is not None]  # fmt: skip
        if not measured:
            raise UsageError("found no model that gives probabilities; expected at least one")
        return rows[min(measured)[-1]]

    def best_excluding_oov(self, text: str) -> Row | None:
        """The row of lowest perplexity without OOVs; None where no model has one without zero probabilities.

        It differs from `best` where a model gains by giving much to ``<unk>``.
        """
        rows = self.of_text(text)
        found = [
            (row.figures.perplexity_excluding_oov, place)
            for place, row in enumerate(rows)
            if row.figures is not None
            and not row.figures.zero_probs
            and math.isfinite(row.figures.perplexity_excluding_oov)
        ]
        return rows[min(found)[1]] if found else None

    def best_rows(self) -> list[Row]:
        """The best of each text, without the texts on which no model has a perplexity."""
        return [self.best(name) for name in self.text_names if any(row.figures for row in self.of_text(name))]

    def as_dict(self) -> dict[str, Any]:
        """Everything, as for JSON; docs/comparison.md describes it."""
        return {
            "schema": SCHEMA,
            "baseline": self.baseline,
            "train": None if self.train is None else dict(self.train.__dict__),
            "texts": [text.as_dict() for text in self.texts],
            "significance": {
                "resamples": self.resamples,
                "level": self.level,
                "units": self.units,
                "seed": self.seed,
            },
            "options": dict(self.options),
            "rows": [row.as_dict() for row in self.rows],
            "curve": [point.as_dict() for point in self.curve],
            "contrasts": [contrast.as_dict() for contrast in self.contrasts],
        }

    def to_text(self) -> str:
        """Aligned columns for a terminal or a fixed-width font."""
        return self._render(".txt").removesuffix("\n")

    def to_markdown(self) -> str:
        """A Markdown table with the best perplexity of each text in bold, then the notes and signatures."""
        return self._render(".md")

    def to_csv(self) -> str:
        """One line a row with all figures in full precision; empty where there is none or it is infinite."""
        return self._render(".csv")

    def to_json(self) -> str:
        """One object with everything; null where a figure is infinite or does not exist."""
        return self._render(".json")

    def to_latex(self) -> str:
        """A table for LaTeX with the rules of the booktabs package."""
        return self._render(".tex")

    def to_html(self) -> str:
        """One page with tables and pictures that needs nothing else."""
        return self._render(".html")

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the report in the format that the suffix names: .md, .csv, .json, .txt, .tex or .html.

        A second suffix .gz, .bz2, .xz or .zst compresses it.
        """
        from ngramlm.report import write_report

        write_report(self, path)

    def _render(self, suffix: str) -> str:
        from ngramlm.report import FORMATS

        return FORMATS[suffix](self)


def finite(value: float | None) -> float | None:
    """The value, or None where it is infinite or NaN."""
    return value if value is None or math.isfinite(value) else None
