"""Perplexity of a model on a text, including and excluding OOVs, with the figures needed to interpret it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ngramlm.core.files import Source
from ngramlm.errors import UsageError
from ngramlm.evaluation.exact_sum import ExactSum
from ngramlm.evaluation.token_scores import TokenScores
from ngramlm.models.language_model import LanguageModel, check_language_model, threads_for
from ngramlm.text.lines import BLOCK_BYTES
from ngramlm.text.reading import map_text, read_text
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import UNK
from ngramlm.types import Floats

__all__ = ["Perplexity", "PerplexitySum", "check_normalized", "iter_scores", "perplexity"]

Readable = Text | Source | Iterable[Source]

COUNTED = {
    True: "of words, one blank between two words, line ends",
    False: "of tokens, line ends; no blanks between tokens",
}
"""Which characters of a text were counted, by `Text.spells_blanks`."""

LOG2_10 = math.log2(10.0)
MAX_EXPONENT = 308.0  # 10 ** 309 is more than a float64 can hold


@dataclass(frozen=True)
class Perplexity:
    """The figures of a model on a text. All sums are over predicted tokens: words and ``</s>``, never ``<s>``.

    A figure that does not exist is NaN, for example the perplexity of an empty text.

    Attributes
    ----------
    log10_prob, log10_prob_excluding_oov : float
        Log10 probability of the text, with and without OOVs.
    tokens, words, sentences, oovs : int
        Their numbers; `tokens` is words plus one ``</s>`` for each sentence.
    zero_probs : int
        Number of tokens of the vocabulary that have probability 0. As in SRILM, every "excluding OOV" figure leaves
        them out, so report this number with such a figure. An OOV of probability 0, as in a closed vocabulary, counts
        as an OOV only.
    characters : int
        Number of characters that the tokens spell; see `Text`.
    counted : str
        Which characters these are.
    signature : str
        How the figures were measured; only figures with the same vocabulary can be compared.
    scores : TokenScores or None
        The log10 probability of every token.
    """

    log10_prob: float
    log10_prob_excluding_oov: float
    tokens: int
    words: int
    sentences: int
    oovs: int
    zero_probs: int
    characters: int
    signature: str
    counted: str = ""
    scores: TokenScores | None = field(default=None, repr=False, compare=False)

    @property
    def perplexity(self) -> float:
        """Perplexity including OOVs: 10 ** (-log10_prob / tokens); infinite if any token is impossible."""
        return _power(self.log10_prob, self.tokens)

    @property
    def perplexity_excluding_oov(self) -> float:
        """Perplexity over the tokens that are not OOVs and have a probability above 0 (SRILM's ``ppl``)."""
        return _power(self.log10_prob_excluding_oov, self.tokens - self.oovs - self.zero_probs)

    @property
    def perplexity_without_eos(self) -> float:
        """The same log10 probability, with ``</s>``, divided by the number of words only (SRILM's ``ppl1``)."""
        return _power(self.log10_prob_excluding_oov, self.words - self.oovs - self.zero_probs)

    @property
    def bits_per_word(self) -> float:
        """Cross-entropy per predicted token: log2 of `perplexity`."""
        return _ratio(-self.log10_prob * LOG2_10, self.tokens)

    @property
    def bits_per_character(self) -> float:
        """Cross-entropy per character that tokens spell. An OOV costs the bits of ``<unk>``, not of its spelling."""
        return _ratio(-self.log10_prob * LOG2_10, self.characters)

    def as_dict(self) -> dict[str, float | int | str | None]:
        """Return all figures by name, for JSON; None for a figure that is infinite or does not exist."""
        values: dict[str, float | int | str | None] = {
            "log10_prob": self.log10_prob,
            "log10_prob_excluding_oov": self.log10_prob_excluding_oov,
            "perplexity": self.perplexity,
            "perplexity_excluding_oov": self.perplexity_excluding_oov,
            "perplexity_without_eos": self.perplexity_without_eos,
            "bits_per_word": self.bits_per_word,
            "bits_per_character": self.bits_per_character,
            "tokens": self.tokens,
            "words": self.words,
            "sentences": self.sentences,
            "oovs": self.oovs,
            "zero_probs": self.zero_probs,
            "characters": self.characters,
            "counted": self.counted,
            "signature": self.signature,
        }
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}

    def __str__(self) -> str:
        lines = [
            f"perplexity including OOVs:  {_shown(self.perplexity, 6)}",
            f"perplexity excluding OOVs:  {_shown(self.perplexity_excluding_oov, 6)}",
            f"perplexity without </s>:    {_shown(self.perplexity_without_eos, 6)}",
            f"log10 probability:          {self.log10_prob:.8g}",
            f"bits per word, character:   {_shown(self.bits_per_word, 5)}, {_shown(self.bits_per_character, 5)}",
            f"characters:                 {self.characters} ({self.counted})",
            f"tokens (words + </s>):      {self.tokens} ({self.words} + {self.tokens - self.words})",
            f"sentences:                  {self.sentences}",
            f"OOVs, zero probabilities:   {self.oovs}, {self.zero_probs}",
            f"signature:                  {self.signature}",
        ]
        return "\n".join(lines)


class PerplexitySum:
    """Sums over pieces of a text. The result does not depend on the pieces."""

    def __init__(self) -> None:
        # sums over the tokens that have a probability above 0
        self._all, self._oov = ExactSum(), ExactSum()
        self._tokens = self._words = self._sentences = self._oovs = self._zero_probs = self._characters = 0
        self._impossible = 0
        self._counted = COUNTED[True]

    def add(self, text: Text, log10_probs: Floats) -> None:
        """Add one piece of a text with the log10 probability of each predicted token."""
        is_oov = np.equal(text.ids, UNK)[text.is_predicted]
        oov_values, possible = log10_probs[is_oov], log10_probs
        self._oovs += len(oov_values)
        if len(log10_probs) and log10_probs.min() == -np.inf:
            possible = log10_probs[log10_probs > -np.inf]
            impossible_oovs = int(np.isneginf(oov_values).sum())
            self._impossible += len(log10_probs) - len(possible)
            self._zero_probs += len(log10_probs) - len(possible) - impossible_oovs
            oov_values = oov_values[oov_values > -np.inf]
        self._all.add(possible)
        self._oov.add(oov_values)
        self._tokens += len(log10_probs)
        self._words += text.n_words
        self._sentences += text.n_sentences
        self._characters += text.characters
        self._counted = COUNTED[text.spells_blanks]

    def result(self, signature: str, scores: TokenScores | None = None) -> Perplexity:
        """Return the figures of all pieces added so far."""
        return Perplexity(
            log10_prob=-math.inf if self._impossible else self._all.value,
            log10_prob_excluding_oov=(self._all - self._oov).value,
            tokens=self._tokens,
            words=self._words,
            sentences=self._sentences,
            oovs=self._oovs,
            zero_probs=self._zero_probs,
            characters=self._characters,
            signature=signature,
            counted=self._counted,
            scores=scores,
        )


def perplexity(
    model: LanguageModel,
    text: Any,
    *,
    per_token: bool = False,
    chunk_bytes: int = 1 << 20,
    **read_options: Any,
) -> Perplexity:
    """Compute the perplexity of a model on a text.

    Parameters
    ----------
    model : LanguageModel
        The model.
    text : Text, path, binary stream, or a sequence of paths
        A `Text` must be over the vocabulary of the model, or have no OOVs. Files are read as by `read_text`, piece by
        piece if the model scores sentences independently, so that a text may be larger than memory.
    per_token : bool
        Whether to keep the log10 probability of each token in `Perplexity.scores`, 12 bytes a token.
    chunk_bytes : int
        Size of a piece of a file, in bytes.
    **read_options
        Options of `read_text`, such as `tokenizer`.

    Returns
    -------
    Perplexity
        The figures.

    Raises
    ------
    UsageError
        If the text was read with another vocabulary and lost words, or the model gives scores that are not
        probabilities.

    Examples
    --------
    >>> import ngramlm as lm
    >>> model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b", "a c"]), order=2))
    >>> result = lm.perplexity(model, lm.Text.from_sentences(["a b", "a d"], model.vocabulary))
    >>> result.tokens, result.oovs, result.perplexity > result.perplexity_excluding_oov
    (6, 1, True)
    """
    check_normalized(check_language_model(model))
    total = PerplexitySum()
    pieces: list[TokenScores] = []
    for piece, log10_probs in iter_scores(model, text, chunk_bytes=chunk_bytes, **read_options):
        total.add(piece, log10_probs)
        if per_token:
            pieces.append(TokenScores.from_text(piece, log10_probs))
    return total.result(model.signature, TokenScores.join(pieces) if per_token else None)


def check_normalized(model: LanguageModel) -> None:
    """Raise UsageError for a model whose scores are not probabilities: its attribute `normalized` is False.

    The scores of all words do not sum to one, so a perplexity would not be comparable.
    """
    if not model.normalized:
        raise UsageError(
            f"found scores that are not probabilities ({model.signature}); expected a model whose probabilities sum to"
            " one, as the definition of perplexity demands"
        )


def iter_scores(
    model: LanguageModel,
    text: Readable,
    *,
    chunk_bytes: int = BLOCK_BYTES,
    threads: int | None = None,
    **read_options: Any,
) -> Iterator[tuple[Text, Floats]]:
    """Yield pieces of a text with the log10 probability of each predicted token, as float64[N].

    A file is read and scored in pieces if ``model.independent_sentences``, by several threads if also
    ``model.thread_safe``. Other models get the whole text at once.

    Parameters
    ----------
    model, text, chunk_bytes
        As for `perplexity`.
    threads : int, optional
        Number of threads. Default: all cores.
    **read_options
        Options of `read_text`, such as `tokenizer`.

    Yields
    ------
    (Text, float64[N])
        A piece of the text, and the log10 probability of each of its N predicted tokens.

    Raises
    ------
    UsageError
        If the text was read with another vocabulary and lost words, or the model returns values that are not log10
        probabilities.
    """

    def score(piece: Text) -> tuple[Text, Floats]:
        return piece, _checked(model.log10_probs(piece), piece)

    if isinstance(text, Text):
        if read_options:
            raise UsageError(
                f"found a Text and the options {', '.join(read_options)}; expected a file, or no options of reading"
            )
        yield score(text.over(model.vocabulary))
    elif model.independent_sentences:
        options = {"chunk_bytes": chunk_bytes, "threads": threads_for(model, threads), **read_options}
        yield from map_text(score, text, model.vocabulary, **options)
    else:
        yield score(read_text(text, vocabulary=model.vocabulary, threads=threads, **read_options))


def _checked(log10_probs: Floats, text: Text) -> Floats:
    if log10_probs.shape != (text.n_tokens,):
        raise UsageError(
            f"found an array of shape {log10_probs.shape} from the model; expected ({text.n_tokens},), one"
            " value for each token"
        )
    # NaN fails this comparison too
    if not (log10_probs <= 1e-4).all():
        raise UsageError("found NaN or a value above zero from the model; expected log10 probabilities")
    return log10_probs


def _shown(value: float, digits: int) -> str:
    return "undefined" if math.isnan(value) else f"{value:.{digits}g}"


def _ratio(total: float, number: int) -> float:
    return total / number if number else math.nan


def _power(log10_prob: float, number: int) -> float:
    exponent = _ratio(-log10_prob, number)
    return math.inf if exponent > MAX_EXPONENT else 10.0**exponent
