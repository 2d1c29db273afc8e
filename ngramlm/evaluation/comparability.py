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
    def vocabulary(self) -> Vocabulary:
        """The words that the model predicts."""
        ...

    @property
    def has_closed_vocabulary(self) -> bool:
        """Whether ``<unk>`` has no probability."""
        ...


def check_same_vocabulary(models: Mapping[str, HasVocabulary]) -> None:
    """Check that all models predict the same words. Either every model predicts ``<unk>``, or no model does.

    More words make a perplexity higher. Without ``<unk>`` a perplexity is lower.

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
            found = f"different vocabularies of {first!r} and {name!r} (sizes {sizes})"
        elif other.has_closed_vocabulary != closed:
            states = ("closed", "open") if closed else ("open", "closed")
            found = (
                f"the vocabulary of {first!r}, which is {states[0]}, and of {name!r}, which is {states[1]}"
            )
        else:
            continue
        raise UsageError(
            f"found {found}; expected one vocabulary, or the perplexities are not comparable (--any-vocabulary, in "
            "Python allow_different_vocabularies, compares them nevertheless)"
        )


def same_words(left: Vocabulary, right: Vocabulary) -> bool:
    """Whether two vocabularies have the same words, in any order."""
    return (
        left is right
        or left == right
        or (len(left) == len(right) and set(left.words()) == set(right.words()))
    )
