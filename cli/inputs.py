"""Making texts, vocabularies, methods and caches from the values of options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli.output import stderr_line

if TYPE_CHECKING:
    from ngramlm.adaptive import Component, Neighbors, WordWeights
    from ngramlm.core.files import Source
    from ngramlm.models.language_model import LanguageModel
    from ngramlm.smoothing import Smoothing
    from ngramlm.text.text import Text
    from ngramlm.text.vocabulary import Vocabulary

# the default decay of a cache of words, per token
DECAY = 0.003


def make_method(name: str, /, **options: Any) -> Smoothing:
    """Make the smoothing method of a name of ``--smoothing``."""
    from ngramlm.methods import make_smoothing

    return make_smoothing(name, **options)


def read_documents(sources: Source | Sequence[Source], rule: str | None, **reading: Any) -> Text:
    """Read a text, with its documents by the rule of ``--documents``."""
    from ngramlm.text.documents import document_rule
    from ngramlm.text.documents import read_documents as read
    from ngramlm.text.reading import read_text

    if rule is None:
        return read_text(sources, **reading)
    return read(sources, document_rule(rule), **reading)


def read_checked(source: str, rule: str | None = None, **reading: Any) -> Text:
    """Read a text that must not be empty; warn if many of its words are OOV."""
    from ngramlm.text.oov import warn_of_oovs
    from ngramlm.text.reading import require_sentences

    text = require_sentences(read_documents(source, rule, **reading), source)
    warn_of_oovs(source, text.n_oov, text.n_words)
    return text


def read_before(path: str | None, model: LanguageModel, name: str) -> list[list[str]]:
    """Read the sentences of ``--before``; warn if the model, which the message calls `name`, ignores them."""
    from ngramlm.text.reading import read_text

    if path is None:
        return []
    if model.independent_sentences:
        stderr_line(f"{name} does not adapt to a text; --before has no effect", label="warning")
        return []
    text = read_text(path, vocabulary=model.vocabulary)
    return [text.sentence(number) for number in range(text.n_sentences)]


def read_vocabulary(path: str) -> Vocabulary:
    """Read the words of a file; warn if the file has no words."""
    from ngramlm.text.vocabulary import RESERVED, Vocabulary

    found = Vocabulary.read(path)
    if len(found) == len(RESERVED):
        stderr_line(f"found no words in {path}, so every word is an OOV", label="warning")
    return found


def make_caches(
    names: tuple[str, ...],
    window: int | None = None,
    decay: float = DECAY,
    keep_unknown: bool = False,
    weights: WordWeights | None = None,
    neighbors: Neighbors | None = None,
) -> list[Component]:
    """Make the caches of ``--caches``; raise UsageError for pairs without weights."""
    from ngramlm.adaptive import Cache, NgramCache, PairCache

    makers: dict[str, Callable[[], Component]] = {
        "words": lambda: Cache(
            window=window, decay=decay, weights=weights, neighbors=neighbors, keep_unknown=keep_unknown
        ),
        "bigrams": lambda: NgramCache(window=window, keep_unknown=keep_unknown),
        "trigrams": lambda: NgramCache(order=3, window=window, keep_unknown=keep_unknown, backoff=False),
        "pairs": lambda: PairCache(weights),  # type: ignore[arg-type]
    }
    if "pairs" in names and weights is None:
        raise click.UsageError(
            "--caches pairs needs --idf TEXT, from which the weights of words are computed."
        )
    return [makers[name]() for name in names]
