"""The results of a comparison as plain data. Every table, page and plot is made from them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ngramlm.errors import UsageError
from ngramlm.evaluation.contrast import Contrast
from ngramlm.evaluation.plain_table import to_text
from ngramlm.evaluation.row import Row, finite

__all__ = ["Comparison", "LearningPoint", "TextFigures", "TrainFigures"]

SCHEMA = "ngramlm-comparison/1"


@dataclass(frozen=True)
class LearningPoint:
    """A method at one order, trained on a part of the training text with the vocabulary of the whole text.

    `perplexity` is infinite if a token was impossible. `warnings` is as in `Row`.
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
        """Return plain values by name, for JSON; None for an infinite number."""
        return {
            **self.__dict__,
            "perplexity": finite(self.perplexity),
            "bits_per_word": finite(self.bits_per_word),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class TrainFigures:
    """The training text. `types` is the number of known words; `sentences` and `tokens` are None for given counts."""

    name: str
    types: int
    sentences: int | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class TextFigures:
    """A test text. `tokens` counts words and one ``</s>`` for each sentence."""

    name: str
    sentences: int
    documents: int
    tokens: int
    words: int
    oovs: int
    characters: int

    @property
    def oov_rate(self) -> float:
        """The share of the words that are outside the vocabulary; NaN if there are no words."""
        return self.oovs / self.words if self.words else math.nan

    def as_dict(self) -> dict[str, Any]:
        """Return plain values by name, for JSON; None for a rate that does not exist."""
        return {**self.__dict__, "oov_rate": finite(self.oov_rate)}


@dataclass(frozen=True)
class Comparison:
    """The results of a comparison. ``print(comparison)`` shows a table; `ngramlm.write_report` writes other formats.

    Attributes
    ----------
    rows : tuple of Row
        The figures of each model on each text, in the order of models and texts.
    baseline : str or None
        Name of the model to which `Row.difference` refers.
    texts : tuple of TextFigures
        The test texts.
    train : TrainFigures or None
        The training text.
    curve : tuple of LearningPoint
        The learning curves.
    contrasts : tuple of Contrast
        The sentences on which two models differ most, by text.
    resamples, level, units, seed
        Settings of intervals and p-values. `seed` also selects the sentences of `curve`.
    options : dict
        Settings of the methods, for JSON.
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
        return to_text(self).removesuffix("\n")

    @property
    def text_names(self) -> list[str]:
        """The names of the texts, in the order given."""
        return list(dict.fromkeys(row.text for row in self.rows))

    def of_text(self, text: str) -> list[Row]:
        """Return the rows of one text."""
        return [row for row in self.rows if row.text == text]

    def best(self, text: str | None = None) -> Row:
        """Return the row of lowest perplexity, including OOVs.

        If all perplexities are infinite, the perplexity excluding OOVs decides.

        Parameters
        ----------
        text : str, optional
            Name of the text. It may be left out if there is one text only.

        Returns
        -------
        Row
            The best row; the first if several are equal.

        Raises
        ------
        UsageError
            If the text is unknown, or no model has a perplexity on it.
        """
        names = self.text_names
        if text is None and len(names) != 1:
            raise UsageError(f"found {len(names)} texts and no name; expected one of: {', '.join(names)}")
        rows = [row for row in self.rows if text is None or row.text == text]
        if not rows:
            raise UsageError(f"found no text {text!r}; expected one of: {', '.join(names)}")
        measured = [(row.figures.perplexity, row.figures.perplexity_excluding_oov, place)
                    for place, row in enumerate(rows) if row.figures is not None]  # fmt: skip
        if not measured:
            raise UsageError("found no model that gives probabilities; expected at least one")
        return rows[min(measured)[-1]]

    def best_excluding_oov(self, text: str) -> Row | None:
        """Return the row of lowest perplexity excluding OOVs; None if every model has zero probabilities.

        It differs from `best` if a model gains by giving ``<unk>`` a large probability.
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
        """Return the best row of each text, without texts on which no model has a perplexity."""
        return [self.best(name) for name in self.text_names if any(row.figures for row in self.of_text(name))]

    def as_dict(self) -> dict[str, Any]:
        """Return all results as plain values, for JSON; docs/comparison.md describes them."""
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
