"""Models side by side on the same texts: those at hand, or every smoothing method trained from one count."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from ngramlm.adaptive import BucketWeights, Mixture, Source
from ngramlm.core.parallel import Progress
from ngramlm.counts import NgramCounts, count
from ngramlm.errors import EstimationError, EstimationWarning, UsageError
from ngramlm.evaluation.bench import Bench, Measuring, Reader, read_one, text_name
from ngramlm.evaluation.candidate_methods import Contender, contenders, default_baseline
from ngramlm.evaluation.curve import FRACTIONS, curve_sizes, nested_subsets
from ngramlm.evaluation.perplexity import Readable, perplexity
from ngramlm.evaluation.results import Comparison, LearningPoint, Row, TrainFigures
from ngramlm.evaluation.signature import check_same_vocabulary, same_words
from ngramlm.models.language_model import LanguageModel
from ngramlm.report import FORMATS
from ngramlm.smoothing import Smoothing
from ngramlm.text.documents import DocumentRule
from ngramlm.text.text import Text, read_text

__all__ = ["FORMATS", "Comparison", "Row", "compare", "compare_smoothings"]

OF_VOCABULARY = ("vocabulary", "min_count", "max_size")  # reading options that only the training text has


def compare(
    models: Mapping[str, LanguageModel],
    texts: Readable | Mapping[str, Readable],
    *,
    baseline: str | None = None,
    allow_different_vocabularies: bool = False,
    measuring: Measuring | None = None,
    progress: Progress | None = None,
    **read_options: Any,
) -> Comparison:
    """Every model on every text.

    texts: one text (a ``Text`` or whatever ``read_text`` takes), or a mapping from names to texts.
    baseline: the model that ``difference`` and the paired tests are counted from.
    measuring: resamples, seed, examples, ... of the tests (its baseline is not used).
    read_options: ``tokenizer``, ``reserved``, ... for texts that have to be read.

    A model whose attribute ``normalized`` is False gives scores that are no probabilities: its row has no perplexity.
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
        measured = {name: model for name, model in models.items() if getattr(model, "normalized", True)}
        check_same_vocabulary(measured)
    _check_name("baseline", baseline, models)
    how = _measuring(measuring, baseline, False, baseline, models)
    bench = Bench(Reader(texts, read_options), how)
    for done, (name, model) in enumerate(models.items()):
        if progress is not None:
            progress(f"comparing: {name}", done, len(models))
        bench.add(name, model)
    return bench.finish(progress)


def compare_smoothings(
    train: NgramCounts | Readable,
    texts: Readable | Mapping[str, Readable],
    *,
    smoothings: str | Iterable[str] | Mapping[str, Smoothing] = "all",
    orders: Sequence[int] = (3,),
    form: str = "default",
    heldout: Readable | None = None,
    baseline: str | None = "auto",
    closed: bool = False,
    curve: Sequence[float | Fraction] | bool = (),
    measuring: Measuring | None = None,
    memories: Mapping[str, Sequence[Source]] | None = None,
    models: Mapping[str, LanguageModel] | None = None,
    documents: DocumentRule | None = None,
    train_name: str = "the training text",
    threads: int | None = None,
    progress: Progress | None = None,
    **read_options: Any,
) -> Comparison:
    """Train every smoothing method at every order from one pass over the text, and compare them.

    train: ``NgramCounts`` of at least the highest order, a ``Text``, or whatever ``count`` takes.
    smoothings: names of ``SMOOTHINGS``, "all" (but those that sample), or configured methods by names of your own,
        which are taken as they are, without `form` and `closed`.
    form: "default", "interpolated", "backoff" or "both": see `contenders.FORMS`.
    heldout: for the methods that tune themselves on a text that is not the test text.
    baseline: a row's name, such as "witten-bell 2"; models are named by method and order. "auto" takes modified
        Kneser-Ney at the highest order where it takes part, else the first; None compares with none.
    curve: sizes of training sets, fractions up to 1 or numbers of sentences, on which the methods of the highest order
        are trained as well; True for 1/16, 1/8, 1/4 and 1/2 (`curve.nested_subsets` says which sentences).
    measuring: resamples, seed, examples, ... of the tests (its baseline is not used).
    memories: by names of your own, memories of the document that each model is mixed with as well, for another row
        ("witten-bell 2 + NAME"); the weights are those that suit `heldout`.
    models: models at hand, by names of your own, over the vocabulary of the training text.
    documents: where the documents of `texts` and `heldout` begin, as far as they are still to be read.

    One trained model is in memory at a time. A method that cannot be estimated has a row that says why. Raises
    UsageError for unknown methods, orders below 1, memories without `heldout`, a baseline that cannot be measured, and
    models of other vocabularies; EstimationError when all methods fail.
    """
    if memories and heldout is None:
        raise UsageError("found memories to mix with; expected a held-out text for their weights")
    listed = contenders(smoothings, orders, form=form, closed=closed)
    names = {contender.name: contender for contender in listed}
    chosen = default_baseline(listed) if baseline == "auto" else baseline
    known = [*names, *(f"{name} + {label}" for name in names for label in memories or {}), *(models or {})]
    _check_name("baseline", chosen, known)
    method = names[chosen].method if chosen in names else chosen
    how = _measuring(measuring, chosen, baseline == "auto", method, known)
    text, counts = _counted(train, max(orders), bool(curve), threads, progress, read_options)
    sizes: list[int] = []
    if text is not None:
        sizes = curve_sizes(FRACTIONS if curve is True else curve or (), text.n_sentences)
    text_options = {k: v for k, v in read_options.items() if k not in OF_VOCABULARY} | {"threads": threads}
    if documents is not None:
        text_options["documents"] = documents
    reader = Reader(texts, text_options)
    held = None
    if heldout is not None:
        held = read_one(heldout, text_name(heldout), counts.vocabulary, text_options)
    bench = Bench(reader, how)
    top: dict[str, list[Row]] = {}
    for done, contender in enumerate(listed):
        if progress is not None:
            progress(f"comparing: {contender.name}", done, len(listed))
        rows = _enter(bench, contender, counts, held, threads, memories or {})
        if contender.order == max(orders):
            top[contender.name] = [row for row in rows if row.figures is not None]
    for name, model in (models or {}).items():
        if not same_words(model.vocabulary, counts.vocabulary):
            raise UsageError(
                f"found {len(model.vocabulary)} words in the vocabulary of {name!r} and {len(counts.vocabulary)} in "
                "that of the training text; expected the same words, or the perplexities cannot be compared"
            )
        bench.add(name, model)
    points: list[LearningPoint] = []
    if text is not None and curve:
        runners = [contender for contender in listed if top.get(contender.name)]
        points = _learning_curve(text, sizes, runners, reader, held, how.seed, threads, progress)
        points += [_whole(row, text) for rows in top.values() for row in rows]
    about = TrainFigures(
        train_name,
        len(counts.vocabulary) - 3,
        None if text is None else text.n_sentences,
        None if text is None else text.n_tokens,
    )
    options = {
        "form": "given" if isinstance(smoothings, Mapping) else form,
        "closed": _closed(listed),
        "heldout": "no" if held is None else "yes",
    }
    found = bench.finish(progress, train=about, curve=tuple(points), options=options)
    if progress is not None:
        progress("comparing", len(listed), len(listed))
    return found


def _closed(listed: Sequence[Contender]) -> str:
    """Whether the methods have a closed vocabulary: ``yes``, ``no``, or ``some`` of them."""
    found = {bool(getattr(contender.smoothing, "closed", False)) for contender in listed}
    return "some" if len(found) > 1 else "yes" if found.pop() else "no"


def _counted(
    train: NgramCounts | Readable,
    order: int,
    keep_text: bool,
    threads: int | None,
    progress: Progress | None,
    read_options: dict[str, Any],
) -> tuple[Text | None, NgramCounts]:
    """(The training text, its counts); counts that are given have no text."""
    if isinstance(train, NgramCounts):
        if train.order < order:
            raise UsageError(f"found counts of order {train.order}; expected order {order} or higher")
        if keep_text:
            raise UsageError("found counts for a learning curve; expected a text, to train on parts of it")
        return None, train
    if isinstance(train, Text):
        return train, count(train, order, threads=threads, progress=progress, **read_options)
    text = read_text(train, threads=threads, progress=progress, **read_options)
    return text, count(text, order, threads=threads, progress=progress)


def _fit(
    contender: Contender, counts: NgramCounts, heldout: Text | None, threads: int | None
) -> tuple[LanguageModel, float, list[warnings.WarningMessage]]:
    """(The model, seconds of its estimation, what was warned of)."""
    assert contender.smoothing is not None
    # a text of short sentences may hold no n-gram of the highest order
    truncated = counts if contender.order >= counts.order else counts.truncate(contender.order)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.perf_counter()
        model = contender.smoothing.fit(truncated, heldout, threads=threads)
        seconds = time.perf_counter() - start
    return model, seconds, caught


def _enter(
    bench: Bench,
    contender: Contender,
    counts: NgramCounts,
    heldout: Text | None,
    threads: int | None,
    memories: Mapping[str, Sequence[Source]],
) -> list[Row]:
    """Estimate and measure one method, alone and with memories; its warnings are kept, and passed on with its name.

    Returns the rows of the method alone.
    """
    about: dict[str, Any] = {"method": contender.method}
    if contender.smoothing is None:
        bench.fail(contender.name, contender.reason or "cannot be made", order=contender.order, **about)
        return []
    try:
        model, seconds, caught = _fit(contender, counts, heldout, threads)
    except (EstimationError, UsageError) as error:
        bench.fail(contender.name, str(error), order=contender.order, **about)
        return []
    for warning in caught:
        # what is wrong with a text is no matter of one method, and said once
        of_method = issubclass(warning.category, EstimationWarning)
        message = f"{contender.name}: {warning.message}" if of_method else warning.message
        warnings.warn_explicit(message, warning.category, warning.filename, warning.lineno)
    rows = bench.add(contender.name, model, train_seconds=seconds, warnings=_messages(caught), **about)
    if heldout is not None and getattr(model, "normalized", True):
        for label, sources in memories.items():
            start = time.perf_counter()
            mixture = Mixture([model, *sources], weighting=BucketWeights()).fit(heldout)
            took = seconds + time.perf_counter() - start
            bench.add(
                f"{contender.name} + {label}",
                mixture,
                method=f"{contender.method} + {label}",
                order=contender.order,
                train_seconds=took,
            )
    return rows


def _messages(caught: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    """What was warned of, each once."""
    return tuple(dict.fromkeys(str(warning.message) for warning in caught))


def _learning_curve(
    text: Text,
    sizes: Sequence[int],
    runners: Sequence[Contender],
    reader: Reader,
    heldout: Text | None,
    seed: int,
    threads: int | None,
    progress: Progress | None,
) -> list[LearningPoint]:
    """The points below the whole text, a set of sentences at a time."""
    points: list[LearningPoint] = []
    total = len(sizes) * len(runners)
    for subset in nested_subsets(text, sizes, seed):
        counts = count(subset, max(runner.order for runner in runners), threads=threads)
        for runner in runners:
            if progress is not None:
                progress(f"learning curve: {subset.n_sentences} sentences", len(points), total)
            try:
                model, _, caught = _fit(runner, counts, heldout, threads)
            except (EstimationError, UsageError):
                continue
            for name in reader.sources:
                figures = perplexity(model, reader.text(name, model.vocabulary))
                points.append(
                    LearningPoint(
                        runner.name,
                        runner.method,
                        runner.order,
                        name,
                        subset.n_sentences,
                        subset.n_tokens,
                        figures.perplexity,
                        figures.bits_per_word,
                        _messages(caught),
                    )
                )
    return points


def _whole(row: Row, text: Text) -> LearningPoint:
    """The last point of a curve, which is a row of the table."""
    assert row.figures is not None
    assert row.method is not None
    return LearningPoint(
        row.model,
        row.method,
        row.order or 0,
        row.text,
        text.n_sentences,
        text.n_tokens,
        row.figures.perplexity,
        row.figures.bits_per_word,
        row.warnings,
    )


def _measuring(
    given: Measuring | None, baseline: str | None, fallback: bool, method: str | None, names: Iterable[str]
) -> Measuring:
    given = given or Measuring()
    _check_name("model to contrast", given.rival, names)
    return replace(given, baseline=baseline, fallback=fallback, baseline_method=method)


def _check_name(what: str, name: str | None, names: Iterable[str]) -> None:
    if name is not None and name not in names:
        raise UsageError(f"found the {what} {name!r}; expected one of: {', '.join(names)}")
