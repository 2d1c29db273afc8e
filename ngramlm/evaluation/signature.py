"""The one line that says what a figure was measured with, and which figures may stand side by side.

A signature reads ``order:5|smoothing:modified-kneser-ney|interpolated:yes|cutoffs:1,1,1,1,1|vocabulary:10001,closed|
ngramlm:0.1.0``. The size of the vocabulary counts ``</s>``, and ``<unk>`` in an open one.
"""

from __future__ import annotations

from collections.abc import Mapping

from ngramlm.core.version import __version__
from ngramlm.errors import FormatError, UsageError
from ngramlm.models.language_model import LanguageModel
from ngramlm.text.vocabulary import UNK, Vocabulary

__all__ = [
    "check_same_vocabulary",
    "format_signature",
    "is_closed",
    "parse_signature",
    "same_words",
    "signature",
]


def format_signature(fields: Mapping[str, str]) -> str:
    """Fields in the order given.

    >>> format_signature({"order": "3", "smoothing": "witten-bell"})
    'order:3|smoothing:witten-bell'
    """
    for name, value in fields.items():
        if "|" in name + value or ":" in name:
            raise UsageError(f"found {name!r}: {value!r}; a signature cannot hold '|', nor ':' in a name")
    return "|".join(f"{name}:{value}" for name, value in fields.items())


def parse_signature(text: str) -> dict[str, str]:
    """The fields of a signature; FormatError where a field has no name.

    >>> parse_signature("order:3|vocabulary:10001,closed")["vocabulary"]
    '10001,closed'
    """
    fields = {}
    for part in text.split("|"):
        name, colon, value = part.partition(":")
        if not colon or not name:
            raise FormatError(f"found {part!r} in a signature; expected name:value")
        fields[name] = value
    return fields


def signature(model: LanguageModel) -> str:
    """The model's own signature, or the least that can be said of a model that has none."""
    own = getattr(model, "signature", None)
    if isinstance(own, str):
        return own
    closed = is_closed(model)
    size = f"{len(model.vocabulary) - 1 - closed},{'closed' if closed else 'open'}"
    return format_signature({"model": type(model).__name__, "vocabulary": size, "ngramlm": __version__})


def is_closed(model: LanguageModel) -> bool:
    """Whether the model says that its vocabulary is closed; where it says nothing, whether ``<unk>`` is impossible."""
    told = getattr(model, "has_closed_vocabulary", None)
    return float(model.distribution(())[UNK]) == 0.0 if told is None else bool(told)


def check_same_vocabulary(models: Mapping[str, LanguageModel]) -> None:
    """UsageError unless all models predict the same words, all of them with or all without ``<unk>``.

    A perplexity over more words is higher for that alone, and one that gives ``<unk>`` nothing is lower.
    """
    if len(models) < 2:
        return
    (first, model), *others = models.items()
    closed = is_closed(model)
    for name, other in others:
        if not same_words(model.vocabulary, other.vocabulary):
            sizes = f"{len(model.vocabulary) - 1} and {len(other.vocabulary) - 1}"
            found = f"the vocabularies of {first!r} and {name!r} differ (sizes {sizes})"
        elif is_closed(other) != closed:
            states = ("closed", "open") if closed else ("open", "closed")
            found = f"the vocabulary of {first!r} is {states[0]} and that of {name!r} {states[1]}"
        else:
            continue
        raise UsageError(
            f"{found}, so that their perplexities cannot be compared; train on one vocabulary, or allow it on purpose "
            "(--any-vocabulary, in Python allow_different_vocabularies)"
        )


def same_words(left: Vocabulary, right: Vocabulary) -> bool:
    """Whether two vocabularies have the same words, in whatever order."""
    return (
        left is right
        or left == right
        or (len(left) == len(right) and set(left.words()) == set(right.words()))
    )
