"""Comparing smoothing methods: each is trained at every order from one count of the training text."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ngramlm.adaptive import BucketWeights, Component, Mixture
from ngramlm.core.parallel import Progress
from ngramlm.counts import NgramCounts, count
from ngramlm.errors import EstimationError, EstimationWarning, UsageError
from ngramlm.evaluation.candidate_fitting import fit_candidate, messages_of
from ngramlm.evaluation.candidate_methods import Candidate, candidates, default_baseline
from ngramlm.evaluation.comparability import same_words
from ngramlm.evaluation.compared_texts import ComparedTexts, read_one, text_name
from ngramlm.evaluation.comparison import check_name, with_baseline
from ngramlm.evaluation.curve import FRACTIONS, curve_sizes, last_point, learning_curve
from ngramlm.evaluation.measuring import Bench, Measuring
from ngramlm.evaluation.perplexity import Readable
from ngramlm.evaluation.results import Comparison, LearningPoint, TrainFigures
from ngramlm.evaluation.row import Row
from ngramlm.models.language_model import LanguageModel
from ngramlm.smoothing import Smoothing
from ngramlm.text.documents import DocumentRule, has_separator, read_documents
from ngramlm.text.reading import read_text
from ngramlm.text.text import Text

__all__ = ["compare_smoothings"]

# reading options that apply to the training text only
OF_VOCABULARY = ("vocabulary", "min_count", "max_size")


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
    caches: Mapping[str, Sequence[Component]] | None = None,
    models: Mapping[str, LanguageModel] | None = None,
    documents: DocumentRule | None = None,
    train_name: str = "the training text",
    threads: int | None = None,
    progress: Progress | None = None,
    **read_options: Any,
) -> Comparison:
    """Train every smoothing method at every order from one count of the text, and compare the models.

    One trained model is in memory at a time. A method that cannot be estimated has a row with the reason.

    Parameters
    ----------
    train : NgramCounts, Text, path, binary stream, or a sequence of paths
        The training text, or counts of at least the highest order.
    texts : Text, path, binary stream, sequence of paths, or a mapping from names to them
        The test texts.
    smoothings : str, sequence of str, or a mapping from names to methods
        Names of `SMOOTHINGS`, or "all" for all methods except those that take minutes. A mapping has configured methods
        under your own names; `form` and `closed` do not apply to them.
    orders : sequence of int
        Lengths of the longest n-grams.
    form : {"default", "interpolated", "backoff", "both"}
        The form of methods that have two forms; see `candidate_methods.FORMS`.
    heldout : Text, path, ..., optional
        Held-out text for methods that tune parameters.
    baseline : str, optional
        Name of a row, method and order, such as "witten-bell 2". "auto" takes modified Kneser-Ney at the highest order,
        or the first model if that method is missing. None compares with no baseline.
    closed : bool
        Whether ``<unk>`` has no probability.
    curve : sequence of float, Fraction or int, or bool
        Sizes of training sets for learning curves at the highest order: fractions up to 1, or numbers of sentences.
        True takes 1/16, 1/8, 1/4 and 1/2.
    measuring : Measuring, optional
        Settings of the tests; its baseline is not used.
    caches : mapping from names to caches, optional
        Caches to mix with each model, for one more row "witten-bell 2 + NAME". `heldout` tunes their weights.
    models : mapping from names to LanguageModel, optional
        Other models, over the vocabulary of the training text.
    documents : DocumentRule, optional
        Where the documents of `texts` and `heldout` begin, for texts that are files. Lines that separate documents,
        such as empty lines, are not sentences in the training text either.
    train_name : str
        Name of the training text in reports.
    threads : int, optional
        Number of threads. Default: all cores.
    progress : callable, optional
        Called with (stage, done, total).
    **read_options
        Options of `read_text`, such as `tokenizer`.

    Returns
    -------
    Comparison
        The figures of every model on every text.

    Raises
    ------
    UsageError
        If a method is unknown, an order is below 1, `caches` is given without `heldout`, the baseline cannot be
        measured, or a model has another vocabulary.
    EstimationError
        If no method can be estimated.
    """
    if caches and heldout is None:
        raise UsageError(
            "found caches without a held-out text; expected one (heldout), to tune their weights on"
        )
    listed = candidates(smoothings, orders, form=form, closed=closed)
    names = {candidate.name: candidate for candidate in listed}
    chosen = default_baseline(listed) if baseline == "auto" else baseline
    known = [*names, *(f"{name} + {label}" for name in names for label in caches or {}), *(models or {})]
    check_name("baseline", chosen, known)
    method = names[chosen].method if chosen in names else chosen
    how = with_baseline(measuring, chosen, baseline == "auto", method, known)
    text, counts = _counted(train, max(orders), bool(curve), documents, threads, progress, read_options)
    sizes: list[int] = []
    if text is not None:
        sizes = curve_sizes(FRACTIONS if curve is True else curve or (), text.n_sentences)
    text_options = {k: v for k, v in read_options.items() if k not in OF_VOCABULARY} | {"threads": threads}
    if documents is not None:
        text_options["documents"] = documents
    compared = ComparedTexts(texts, text_options)
    held = None
    if heldout is not None:
        held = read_one(heldout, text_name(heldout), counts.vocabulary, text_options)
    bench = Bench(compared, how)
    top: dict[str, list[Row]] = {}
    for done, candidate in enumerate(listed):
        if progress is not None:
            progress(f"comparing: {candidate.name}", done, len(listed))
        rows = _add_candidate(bench, candidate, counts, held, threads, caches or {})
        if candidate.order == max(orders):
            top[candidate.name] = [row for row in rows if row.figures is not None]
    for name, model in (models or {}).items():
        if not same_words(model.vocabulary, counts.vocabulary):
            raise UsageError(
                f"found {len(model.vocabulary)} words in the vocabulary of {name!r} and {len(counts.vocabulary)} in "
                "that of the training text; expected the same words, or the perplexities are not comparable"
            )
        bench.add(name, model)
    points: list[LearningPoint] = []
    if text is not None and curve:
        runners = [candidate for candidate in listed if top.get(candidate.name)]
        points = learning_curve(text, sizes, runners, compared, held, how.seed, threads, progress)
        points += [last_point(row, text) for rows in top.values() for row in rows]
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


def _closed(listed: Sequence[Candidate]) -> str:
    """Whether the methods have a closed vocabulary: ``yes``, ``no``, or ``some`` of them."""
    found = {bool(getattr(candidate.smoothing, "closed", False)) for candidate in listed}
    return "some" if len(found) > 1 else "yes" if found.pop() else "no"


def _counted(
    train: NgramCounts | Readable,
    order: int,
    keep_text: bool,
    documents: DocumentRule | None,
    threads: int | None,
    progress: Progress | None,
    read_options: dict[str, Any],
) -> tuple[Text | None, NgramCounts]:
    """Return (training text, its counts); given counts have no text."""
    if isinstance(train, NgramCounts):
        if train.order < order:
            raise UsageError(f"found counts of order {train.order}; expected order {order} or higher")
        if keep_text:
            raise UsageError("found counts for a learning curve; expected a text, to train on parts of it")
        return None, train
    if isinstance(train, Text):
        return train, count(train, order, threads=threads, progress=progress, **read_options)
    options = {"threads": threads, "progress": progress, **read_options}
    # the separators of documents are no sentences in the training text either
    text = (
        read_documents(train, documents, **options)
        if has_separator(documents)
        else read_text(train, **options)
    )
    return text, count(text, order, threads=threads, progress=progress)


def _add_candidate(
    bench: Bench,
    candidate: Candidate,
    counts: NgramCounts,
    heldout: Text | None,
    threads: int | None,
    caches: Mapping[str, Sequence[Component]],
) -> list[Row]:
    """Estimate and measure one method, alone and with caches. Repeat its warnings with its name.

    Returns the rows of the method alone.
    """
    about: dict[str, Any] = {"method": candidate.method}
    if candidate.smoothing is None:
        bench.fail(candidate.name, candidate.reason or "cannot be made", order=candidate.order, **about)
        return []
    try:
        model, seconds, caught = fit_candidate(candidate, counts, heldout, threads)
    except (EstimationError, UsageError) as error:
        bench.fail(candidate.name, str(error), order=candidate.order, **about)
        return []
    for warning in caught:
        # a warning about the text does not belong to one method
        of_method = issubclass(warning.category, EstimationWarning)
        message = f"{candidate.name}: {warning.message}" if of_method else warning.message
        warnings.warn_explicit(message, warning.category, warning.filename, warning.lineno)
    rows = bench.add(candidate.name, model, train_seconds=seconds, warnings=messages_of(caught), **about)
    if heldout is not None and model.normalized:
        for label, sources in caches.items():
            start = time.perf_counter()
            mixture = Mixture([model, *sources], weighting=BucketWeights()).fit(heldout)
            took = seconds + time.perf_counter() - start
            bench.add(
                f"{candidate.name} + {label}",
                mixture,
                method=f"{candidate.method} + {label}",
                order=candidate.order,
                train_seconds=took,
            )
    return rows
