"""A model of every kind: of every smoothing method, mixtures, and models of texts; and all that a copy must have."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

import ngramlm as lm
from ngramlm.adaptive import mix_topics
from ngramlm.errors import NgramlmWarning
from support.cases import MODELS, TUNED
from support.mixtures import DOCUMENTS, MIXTURES
from support.texts import VERSE, counted

LINES = [*VERSE, *(sentence for document in DOCUMENTS for sentence in document)]


def documents(lines: list[list[str]], vocabulary: lm.Vocabulary | None = None) -> lm.Text:
    """The lines as a text with a document for every three lines."""
    text = lm.Text.from_sentences(lines, vocabulary)
    return replace(text, documents=np.append(np.arange(0, len(lines), 3), len(lines)))


def text_max_ent() -> lm.LanguageModel:
    return lm.TextMaxEnt().fit(documents(LINES))


def topics() -> lm.LanguageModel:
    return mix_topics(documents(LINES), 2)


@cache
def models() -> dict[str, lm.LanguageModel]:
    """A model of every method, mixture and file format."""
    found: dict[str, Callable[[], lm.LanguageModel]] = {
        "max-ent of texts": text_max_ent,
        "topics": topics,
        **MIXTURES,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NgramlmWarning)
        made = {name: make() for name, make in found.items()}
        for case in MODELS:
            made[case.name] = case.fit(counted(VERSE, min(3, case.highest_order or 3)))
        for tuned in TUNED:
            made[f"{tuned.name}, tuned"] = tuned.method().fit(
                counted(VERSE, 2), lm.Text.from_sentences(VERSE[::2], counted(VERSE, 2).vocabulary)
            )
    return made


def scores(model: lm.LanguageModel) -> tuple[bytes, str, dict[str, str], list[str]]:
    """All that a copy must have, to the last bit."""
    text = documents(LINES, model.vocabulary)
    return (
        model.log10_probs(text).tobytes(),
        model.signature,
        dict(model.metadata),
        list(model.vocabulary.words()),
    )


def all_scores(models: dict[str, lm.LanguageModel]) -> dict[str, Any]:
    return {name: scores(model) for name, model in models.items()}


def inherited_scores() -> dict[str, Any]:
    """The scores of the models that a forked process has from its parent."""
    return all_scores(models())
