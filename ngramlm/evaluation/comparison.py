"""Comparing models side by side on the same texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ngramlm.core.parallel import Progress
from ngramlm.errors import UsageError
from ngramlm.evaluation.comparability import check_same_vocabulary
from ngramlm.evaluation.compared_texts import ComparedTexts
from ngramlm.evaluation.measuring import Bench, Measuring
from ngramlm.evaluation.perplexity import Readable
from ngramlm.evaluation.results import Comparison
from ngramlm.models.language_model import LanguageModel, check_language_model

__all__ = ["check_name", "compare", "with_baseline"]


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
    """Compute the perplexity of every model on every text, and test the differences.

    A model that gives scores instead of probabilities (its attribute `normalized` is False) has no perplexity.

    Parameters
    ----------
    models : mapping from str to LanguageModel
        The models by name.
    texts : Text, path, binary stream, sequence of paths, or a mapping from names to them
        The test texts.
    baseline : str, optional
        Name of the model to which the others are compared. Default: no baseline.
    allow_different_vocabularies : bool
        Whether models may have different vocabularies. Their perplexities are not comparable.
    measuring : Measuring, optional
        Settings of the tests; its baseline is not used.
    progress : callable, optional
        Called with (stage, models done, models in all).
    **read_options
        Options of `read_text` for texts that are files, such as `tokenizer`.

    Returns
    -------
    Comparison
        The figures of every model on every text.

    Raises
    ------
    UsageError
        If there is no model, the baseline is unknown, or the vocabularies differ.

    Examples
    --------
    >>> import ngramlm as lm
    >>> counts = lm.count(lm.Text.from_sentences(["a b a", "a b b"]), order=2)
    >>> models = {"unigrams": lm.WittenBell().fit(counts.truncate(1)), "bigrams": lm.WittenBell().fit(counts)}
    >>> lm.compare(models, lm.Text.from_sentences(["a b b"]), baseline="unigrams").best().model
    'bigrams'
    """
    if not models:
        raise UsageError("found no model to compare; expected at least one")
    for model in models.values():
        check_language_model(model)
    if not allow_different_vocabularies:
        measured = {name: model for name, model in models.items() if model.normalized}
        check_same_vocabulary(measured)
    check_name("baseline", baseline, models)
    how = with_baseline(measuring, baseline, False, baseline, models)
    bench = Bench(ComparedTexts(texts, read_options), how)
    for done, (name, model) in enumerate(models.items()):
        if progress is not None:
            progress(f"comparing: {name}", done, len(models))
        bench.add(name, model)
    return bench.finish(progress)


def with_baseline(
    given: Measuring | None, baseline: str | None, fallback: bool, method: str | None, names: Iterable[str]
) -> Measuring:
    """Return the settings with a baseline; raise UsageError if their rival is unknown."""
    given = given or Measuring()
    check_name("model to contrast", given.rival, names)
    return replace(given, baseline=baseline, fallback=fallback, baseline_method=method)


def check_name(what: str, name: str | None, names: Iterable[str]) -> None:
    """Raise UsageError unless a name is None or one of the names."""
    if name is not None and name not in names:
        raise UsageError(f"found the {what} {name!r}; expected one of: {', '.join(names)}")
