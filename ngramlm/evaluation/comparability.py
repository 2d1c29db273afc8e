"""Which models may be compared: those that predict the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ngramlm.errors import UsageError
from ngramlm.text.vocabulary import Vocabulary

__all__ = ["check_same_vocabulary", "same_words"]


class HasVocabulary(Protocol):
    """The two members of a `LanguageModel` that a comparison of vocabularies needs."""

    @property
    def vocabulary(self) -> Vocabulary: ...

    @property
    def has_closed_vocabulary(self) -> bool: ...


def check_same_vocabulary(models: Mapping[str, HasVocabulary]) -> None:
    """Check that all models predict the same words, and that all or none of them predict ``<unk>``.

    A perplexity over more words is higher for that reason alone. A perplexity without ``<unk>`` is lower.

    Parameters
    ----------
    models
        Models by name.

    Raises
    ------
    UsageError
        Two vocabularies differ; the message names the models.
    """
    if len(models) < 2:
        return
    (first, model), *others = models.items()
    closed = model.has_closed_vocabulary
    for name, other in others:
        if not same_words(model.vocabulary, other.vocabulary):
            sizes = f"{len(model.vocabulary) - 1} and {len(other.vocabulary) - 1}"
            found = f"the vocabularies of {first!r} and {name!r} differ (sizes {sizes})"
        elif other.has_closed_vocabulary != closed:
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
