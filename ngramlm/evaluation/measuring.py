"""Measuring models one after another on the same texts, so that one model is in memory at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import Progress
from ngramlm.errors import EstimationError, TextWarning, UsageError, warn
from ngramlm.evaluation.compared_texts import ComparedTexts, text_figures
from ngramlm.evaluation.contrast import Kept, TokenKeeper, contrast_of
from ngramlm.evaluation.perplexity import LOG2_10, perplexity
from ngramlm.evaluation.results import Comparison, TextFigures
from ngramlm.evaluation.row import SCORES, Row
from ngramlm.evaluation.significance import MIN_UNITS, bootstrap_intervals, no_tests, paired_tests
from ngramlm.evaluation.token_scores import TokenScores
from ngramlm.models.language_model import LanguageModel, check_language_model
from ngramlm.text.oov import warn_of_oovs
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import Vocabulary
from ngramlm.types import Floats, Ints

__all__ = ["Bench", "Measuring", "default_resamples"]

UNITS = ("sentences", "documents")


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """Settings of measuring and testing models.

    Parameters
    ----------
    baseline : str, optional
        Name of the model to which the other models are compared. Default: no baseline.
    fallback : bool
        Whether the first model becomes the baseline if `baseline` cannot be measured.
    baseline_method : str, optional
        Name of the method of the baseline, without the order.
    rival : str, optional
        Name of the model to contrast with the baseline, sentence by sentence. Default: the best of another method.
    examples : int
        Number of sentences on each of the two sides of a contrast.
    resamples : int, optional
        Number of resamples of the bootstrap and of the randomization test; 0 for no tests. Default: see
        `default_resamples`.
    level : float
        Level of the intervals.
    units : {"sentences", "documents"}
        The units that are resampled.
    seed : int
        Seed of the resamples.

    Raises
    ------
    UsageError
        If a value is out of range.
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


class _OfText:
    """The figures of all models on one text: a row for each model, and the bits of every unit."""

    def __init__(self, keeper: TokenKeeper | None) -> None:
        self.rows: list[Row] = []
        # the rows of which `bits` has the bits
        self.places: list[int] = []
        self.bits: list[Floats] = []
        self.tokens: Ints = np.zeros(0, np.int64)
        self.vocabulary: Vocabulary | None = None
        self.figures: TextFigures | None = None
        self.keeper = keeper


class Bench:
    """Measures models and returns their comparison."""

    def __init__(self, texts: ComparedTexts, how: Measuring) -> None:
        self.texts, self.how = texts, how
        self._texts = {name: _OfText(self._keeper()) for name in texts.sources}
        # (text, number among the rows of that text) of every row, in the order of measuring
        self._order: list[tuple[str, int]] = []

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
        """Measure one model on every text. `order` is used if the model does not know its order."""
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
        return [self._measure(replace(known, text=text), model) for text in self.texts.sources]

    def fail(self, name: str, reason: str, *, method: str | None = None, order: int | None = None) -> None:
        """Add a model that could not be estimated; raise UsageError if it is the baseline asked for."""
        if name == self.how.baseline and not self.how.fallback:
            raise UsageError(f"found the baseline {name!r}; expected a model that can be measured ({reason})")
        for text in self.texts.sources:
            self._append(text, Row(name, text, order, None, None, method=method, note=reason))

    def _measure(self, row: Row, model: LanguageModel) -> Row:
        """Measure one model on one text, and keep what the tests and the contrast need."""
        text = self.texts.text(row.text, model.vocabulary)
        found = self._texts[row.text]
        if found.figures is None:
            found.figures = text_figures(row.text, text)
            warn_of_oovs(row.text, text.n_oov, text.n_words)
        scores: TokenScores | None = None
        if not model.normalized:
            if row.model == self.how.baseline and not self.how.fallback:
                raise UsageError(
                    f"found the baseline {row.model!r}; expected a model that gives probabilities ({SCORES})"
                )
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
        """Return the comparison of all models; raise EstimationError if no model could be measured."""
        rows = [row for text in self._texts.values() for row in text.rows]
        if rows and not any(row.figures or row.note == SCORES for row in rows):
            raise EstimationError(
                f"found no method that could be estimated; expected at least one ({rows[0].model}: {rows[0].note})"
            )
        baseline = self._baseline(rows)
        units = max((len(text.tokens) for text in self._texts.values()), default=0)
        resamples = default_resamples(units) if self.how.resamples is None else self.how.resamples
        contrasts = []
        for done, (name, text) in enumerate(self._texts.items()):
            if progress is not None:
                progress("resampling", done, len(self._texts))
            if resamples and self.how.units == "documents" and len(text.tokens) == 1:
                warn(
                    f"{name}: {no_tests(1, 'documents')} (without --documents they need sentences)",
                    TextWarning,
                )
            self._test(text, baseline, resamples)
            pair = None if text.keeper is None or baseline is None else text.keeper.pair(baseline)
            if pair is not None and text.vocabulary is not None:
                spelled = partial(self.texts.spelled, name)
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
        """Return the baseline asked for; with `fallback`, the first measured model if the baseline was not measured."""
        wanted = self.how.baseline
        if wanted is None or not self.how.fallback:
            return wanted
        measured = [row.model for row in rows if row.is_finite]
        return wanted if wanted in measured else next(iter(measured), None)

    def _test(self, text: _OfText, baseline: str | None, resamples: int) -> None:
        """Compute differences from the baseline, their intervals and p-values, on one text."""
        base = next((row.figures for row in text.rows if row.model == baseline and row.figures), None)
        if base is not None:
            for place, row in enumerate(text.rows):
                if row.figures is not None:
                    difference = row.figures.bits_per_word - base.bits_per_word
                    text.rows[place] = replace(row, difference=difference)
        if not resamples or len(text.tokens) < MIN_UNITS:
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
    """Return 10,000, or fewer for a text of more than 10,000 units, down to 1,000.

    >>> default_resamples(500), default_resamples(40_000), default_resamples(10**7)
    (10000, 2500, 1000)
    """
    return max(1_000, min(10_000, 10**8 // max(1, units)))
