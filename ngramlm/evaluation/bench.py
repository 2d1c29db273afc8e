"""Measures one model after the other on the same texts, and keeps only what the comparison needs of each."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import Progress
from ngramlm.errors import EstimationError, UsageError
from ngramlm.evaluation.contrast import Kept, TokenKeeper, contrast_of
from ngramlm.evaluation.perplexity import LOG2_10, Readable, TokenScores, perplexity
from ngramlm.evaluation.results import SCORES, Comparison, Row, TextFigures
from ngramlm.evaluation.significance import bootstrap_intervals, paired_tests
from ngramlm.evaluation.surface import surface_words
from ngramlm.models.language_model import LanguageModel, check_language_model
from ngramlm.text.documents import DocumentRule, read_documents
from ngramlm.text.oov import warn_of_oovs
from ngramlm.text.reading import read_text, require_sentences
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import Vocabulary

__all__ = ["Bench", "Measuring", "Reader", "default_resamples", "read_one", "text_name"]

UNITS = ("sentences", "documents")
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """How models are measured and tested.

    baseline: the model that others are compared with; None for none. ``fallback`` takes the first model where that one
    cannot be measured. rival: whom to contrast with it sentence by sentence; None takes the best of another method.
    examples: sentences of a contrast for each of its two sides. resamples: of the bootstrap and of the randomization;
    None decides by the length of the text, 0 leaves both out. units: what is resampled.
    """

    baseline: str | None = None
    fallback: bool = False
    baseline_method: str | None = None
    rival: str | None = None
    examples: int = 5
    resamples: int | None = None
    level: float = 0.95
    units: str = "sentences"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.units not in UNITS:
            raise UsageError(f"found the units {self.units!r}; expected one of: {', '.join(UNITS)}")
        if self.resamples is not None and self.resamples < 0:
            raise UsageError(f"found {self.resamples} resamples; expected 0 or more")


class Reader:
    """The texts by name, each read once for each vocabulary that asks for it."""

    def __init__(self, texts: Readable | Mapping[str, Readable], options: dict[str, Any]) -> None:
        self.sources: dict[str, Readable] = (
            dict(texts) if isinstance(texts, Mapping) else {text_name(texts): texts}
        )
        if not self.sources:
            raise UsageError("found no text to compare on; expected at least one")
        self._options = options
        self._read: dict[str, Text] = {}

    def text(self, name: str, vocabulary: Vocabulary) -> Text:
        """One of the texts; raises TextError when it is empty."""
        known = self._read.get(name)
        if known is None or known.vocabulary != vocabulary:
            known = read_one(self.sources[name], name, vocabulary, self._options)
            self._read[name] = known
        return known

    def spelled(self, name: str, numbers: Collection[int]) -> dict[int, list[str]]:
        """The words of some sentences as they stand in a text, as far as it can be read again."""
        return surface_words(self.sources[name], numbers, self._options.get("tokenizer", "whitespace"))


class _OfText:
    """What is kept of the models on one text: a row each, and the bits of every unit."""

    def __init__(self, keeper: TokenKeeper | None) -> None:
        self.rows: list[Row] = []
        self.places: list[int] = []  # rows whose bits are kept
        self.bits: list[Floats] = []
        self.tokens: NDArray[np.int64] = np.zeros(0, np.int64)
        self.vocabulary: Vocabulary | None = None
        self.figures: TextFigures | None = None
        self.keeper = keeper


class Bench:
    """Takes models in, gives the comparison out."""

    def __init__(self, reader: Reader, how: Measuring) -> None:
        self.reader, self.how = reader, how
        self._texts = {name: _OfText(self._keeper()) for name in reader.sources}
        self._order: list[tuple[str, int]] = []  # of the rows: text, number there

    def _keeper(self) -> TokenKeeper | None:
        if self.how.baseline is None or not self.how.examples:
            return None
        return TokenKeeper(self.how.baseline, self.how.baseline_method or self.how.baseline, self.how.rival)

    def add(
        self,
        name: str,
        model: LanguageModel,
        *,
        method: str | None = None,
        order: int | None = None,
        train_seconds: float | None = None,
        warnings: tuple[str, ...] = (),
    ) -> list[Row]:
        """Measure one model on every text; its order is told where it does not tell it itself."""
        ngrams = check_language_model(model).n_ngrams
        known = Row(
            name,
            "",
            order if model.order is None else model.order,
            None if ngrams is None else sum(ngrams),
            None,
            train_seconds,
            method=method,
            bytes=model.n_bytes,
            warnings=warnings,
        )
        return [self._measure(replace(known, text=text), model) for text in self.reader.sources]

    def fail(self, name: str, reason: str, *, method: str | None = None, order: int | None = None) -> None:
        """A model that could not be made; raises UsageError when it is the baseline that was asked for."""
        if name == self.how.baseline and not self.how.fallback:
            raise UsageError(f"found the baseline {name!r}, which cannot be measured: {reason}")
        for text in self.reader.sources:
            self._append(text, Row(name, text, order, None, None, method=method, note=reason))

    def _measure(self, row: Row, model: LanguageModel) -> Row:
        text = self.reader.text(row.text, model.vocabulary)
        found = self._texts[row.text]
        if found.figures is None:
            found.figures = _text_figures(row.text, text)
            warn_of_oovs(row.text, text.n_oov, text.n_words)
        scores: TokenScores | None = None
        if not model.normalized:
            if row.model == self.how.baseline and not self.how.fallback:
                raise UsageError(f"found the baseline {row.model!r}, which gives {SCORES}")
            start = time.perf_counter()
            model.log10_probs(text)
            row = replace(row, note=SCORES, score_seconds=time.perf_counter() - start)
        else:
            start = time.perf_counter()
            figures = perplexity(model, text, per_token=True)
            seconds = time.perf_counter() - start
            scores = figures.scores
            row = replace(row, figures=replace(figures, scores=None), score_seconds=seconds)
        orders = model.matched_orders(text)
        if orders is not None:
            counted = np.bincount(orders, minlength=(row.order or 0) + 1)
            row = replace(row, matched_orders=tuple(counted.tolist()))
        if row.figures is not None and scores is not None:
            if row.is_finite:
                bits = -LOG2_10 * scores.sentence_log10_probs()
                found.bits.append(self._per_unit(bits, text))
                found.places.append(len(found.rows))
                if not len(found.tokens):
                    found.tokens = self._per_unit(scores.sentence_tokens(), text)
                    found.vocabulary = text.vocabulary
            if found.keeper is not None:
                kept = Kept(row.model, row.label, row.figures.perplexity, scores, orders)
                found.keeper.offer(kept)
        return self._append(row.text, row)

    def _append(self, text: str, row: Row) -> Row:
        rows = self._texts[text].rows
        self._order.append((text, len(rows)))
        rows.append(row)
        return row

    def _per_unit(self, values: NDArray[Any], text: Text) -> NDArray[Any]:
        if self.how.units == "sentences":
            return values
        return np.add.reduceat(values, text.documents[:-1])

    def finish(self, progress: Progress | None = None, **more: Any) -> Comparison:
        """The comparison of all models; raises EstimationError when none of them could be measured."""
        rows = [row for text in self._texts.values() for row in text.rows]
        if rows and not any(row.figures or row.note == SCORES for row in rows):
            raise EstimationError(f"none of the methods could be estimated; {rows[0].model}: {rows[0].note}")
        baseline = self._baseline(rows)
        units = max((len(text.tokens) for text in self._texts.values()), default=0)
        resamples = default_resamples(units) if self.how.resamples is None else self.how.resamples
        contrasts = []
        for done, (name, text) in enumerate(self._texts.items()):
            if progress is not None:
                progress("resampling", done, len(self._texts))
            self._test(text, baseline, resamples)
            pair = None if text.keeper is None or baseline is None else text.keeper.pair(baseline)
            if pair is not None and text.vocabulary is not None:
                spelled = partial(self.reader.spelled, name)
                contrasts.append(contrast_of(name, text.vocabulary, pair, self.how.examples, spelled))
        return Comparison(
            tuple(self._texts[text].rows[number] for text, number in self._order),
            baseline,
            texts=tuple(text.figures for text in self._texts.values() if text.figures is not None),
            contrasts=tuple(contrasts),
            resamples=resamples,
            level=self.how.level,
            units=self.how.units,
            seed=self.how.seed,
            **more,
        )

    def _baseline(self, rows: list[Row]) -> str | None:
        """The model asked for or, where that may be replaced, the first that was measured."""
        wanted = self.how.baseline
        if wanted is None or not self.how.fallback:
            return wanted
        measured = [row.model for row in rows if row.is_finite]
        return wanted if wanted in measured else next(iter(measured), None)

    def _test(self, text: _OfText, baseline: str | None, resamples: int) -> None:
        """Differences from the baseline, their intervals and p-values, on one text."""
        base = next((row.figures for row in text.rows if row.model == baseline and row.figures), None)
        if base is not None:
            for place, row in enumerate(text.rows):
                if row.figures is not None:
                    difference = row.figures.bits_per_word - base.bits_per_word
                    text.rows[place] = replace(row, difference=difference)
        if not resamples or len(text.tokens) < 2:
            return
        options: dict[str, Any] = {
            "resamples": resamples,
            "level": self.how.level,
            "seed": self.how.seed,
        }
        intervals = bootstrap_intervals(np.array(text.bits), text.tokens, **options)
        for place, interval in zip(text.places, intervals, strict=True):
            text.rows[place] = replace(text.rows[place], interval=interval)
        others = [i for i, place in enumerate(text.places) if text.rows[place].model != baseline]
        if len(others) == len(text.places) or not others:
            return
        (own,) = set(range(len(text.places))) - set(others)
        bits = np.array([text.bits[i] for i in others])
        tests = paired_tests(bits, text.bits[own], text.tokens, **options)
        for i, test in zip(others, tests, strict=True):
            place = text.places[i]
            text.rows[place] = replace(text.rows[place], paired=test)


def default_resamples(units: int) -> int:
    """10,000, and down to 1,000 for texts of more than 10,000 units, where that takes long.

    >>> default_resamples(500), default_resamples(40_000), default_resamples(10**7)
    (10000, 2500, 1000)
    """
    return max(1_000, min(10_000, 10**8 // max(1, units)))


def read_one(source: Readable, name: str, vocabulary: Vocabulary, options: dict[str, Any]) -> Text:
    """A text over a vocabulary, read if need be; raises TextError with its name when it is empty.

    The options are those of `read_text`; `documents` may be a rule as well.
    """
    if isinstance(source, Text):
        text = source
    elif isinstance(rule := options.get("documents"), DocumentRule):
        others = {name: value for name, value in options.items() if name != "documents"}
        text = read_documents(source, rule, vocabulary=vocabulary, **others)
    else:
        text = read_text(source, vocabulary=vocabulary, **options)
    return require_sentences(text.over(vocabulary), name)


def _text_figures(name: str, text: Text) -> TextFigures:
    return TextFigures(
        name,
        text.n_sentences,
        text.n_documents,
        text.n_tokens,
        text.n_words,
        text.n_oov,
        text.characters,
    )


def text_name(source: Readable) -> str:
    """What a text is called in a report."""
    return PurePath(source).name if isinstance(source, (str, os.PathLike)) else "text"
