"""How well a model predicts a text: perplexity, with and without OOVs, and everything needed to read it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.files import Source
from ngramlm.core.parallel import usable_threads
from ngramlm.errors import UsageError
from ngramlm.models.language_model import LanguageModel, check_language_model
from ngramlm.text.lines import BLOCK_BYTES
from ngramlm.text.reading import map_text, read_text
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import UNK

__all__ = ["Perplexity", "PerplexitySum", "TokenScores", "check_normalized", "iter_scores", "perplexity"]

Readable = Text | Source | Iterable[Source]

LOG2_10 = math.log2(10.0)
LARGEST_EXPONENT = 308.0  # 10 ** 309 is more than a float64 can hold


@dataclass(frozen=True)
class TokenScores:
    """One value per predicted token (words and ``</s>``, in text order), and where the sentences begin.

    ``ids``: int32[N], the predicted tokens; ``log10_probs``: float64[N]; ``sentences``: int64[S+1], offsets into both.
    """

    ids: NDArray[np.int32]
    log10_probs: NDArray[np.float64]
    sentences: NDArray[np.int64]

    def __post_init__(self) -> None:
        for column in (self.ids, self.log10_probs, self.sentences):
            column.setflags(write=False)

    @property
    def is_oov(self) -> NDArray[np.bool_]:
        """bool[N]: the token is outside the vocabulary and was scored as ``<unk>``."""
        return np.equal(self.ids, UNK)

    def sentence_tokens(self) -> NDArray[np.int64]:
        """int64[S]: predicted tokens of each sentence, ``</s>`` included."""
        return np.diff(self.sentences)

    def sentence_oovs(self) -> NDArray[np.int64]:
        """int64[S]: OOV tokens of each sentence."""
        return self._per_sentence(self.is_oov.astype(np.int64))

    def sentence_log10_probs(self) -> NDArray[np.float64]:
        """float64[S]: log10 probability of each sentence, ``</s>`` included."""
        return self._per_sentence(self.log10_probs)

    def sentence_perplexities(self) -> NDArray[np.float64]:
        """float64[S]: perplexity of each sentence, OOVs included."""
        with np.errstate(over="ignore"):
            return np.asarray(10.0 ** (-self.sentence_log10_probs() / self.sentence_tokens()))

    def _per_sentence(self, values: NDArray[Any]) -> NDArray[Any]:
        if len(self.sentences) <= 1:
            return values[:0]
        return np.add.reduceat(values, self.sentences[:-1])

    @classmethod
    def of(cls, text: Text, log10_probs: NDArray[np.float64]) -> TokenScores:
        """The scores of one text; ``log10_probs`` as a model gave them."""
        predicted = text.is_predicted
        offsets = np.zeros(len(predicted) + 1, np.int64)
        np.cumsum(predicted, out=offsets[1:])
        return cls(text.ids[predicted], np.array(log10_probs, np.float64), offsets[text.sentences])

    @classmethod
    def join(cls, pieces: Iterable[TokenScores]) -> TokenScores:
        """One after the other, as if the text had been scored whole."""
        ids, values, sentences = [np.zeros(0, np.int32)], [np.zeros(0)], [np.zeros(1, np.int64)]
        seen = 0
        for piece in pieces:
            ids.append(piece.ids)
            values.append(piece.log10_probs)
            sentences.append(piece.sentences[1:] + seen)
            seen += len(piece.ids)
        return cls(np.concatenate(ids), np.concatenate(values), np.concatenate(sentences))


@dataclass(frozen=True)
class Perplexity:
    """What a model made of a text. All sums are over predicted tokens: words and ``</s>``, never ``<s>``.

    ``zero_probs`` counts tokens *of the vocabulary* that the model holds impossible. They are left out of every
    "excluding OOV" figure, as SRILM leaves them out, so read those figures only together with this count. An
    impossible OOV (every one of them, for a model with a closed vocabulary) is counted in ``oovs`` alone.
    ``characters`` are the code points of the raw text, line ends included, so that ``bits_per_character`` can be
    compared over tokenizers. Figures that do not exist (a text of no token) are NaN.
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
    scores: TokenScores | None = field(default=None, repr=False, compare=False)

    @property
    def perplexity(self) -> float:
        """Including OOVs: 10 ** (-log10_prob / tokens); infinite when any token, OOVs included, is impossible."""
        return _power(self.log10_prob, self.tokens)

    @property
    def perplexity_excluding_oov(self) -> float:
        """Over the tokens that are neither OOV nor of zero probability (SRILM's ``ppl``)."""
        return _power(self.log10_prob_excluding_oov, self.tokens - self.oovs - self.zero_probs)

    @property
    def perplexity_without_eos(self) -> float:
        """The same log10 probability, that of ``</s>`` included, over the words alone (SRILM's ``ppl1``)."""
        return _power(self.log10_prob_excluding_oov, self.words - self.oovs - self.zero_probs)

    @property
    def bits_per_word(self) -> float:
        """Cross-entropy per predicted token: log2 of ``perplexity``."""
        return _ratio(-self.log10_prob * LOG2_10, self.tokens)

    @property
    def bits_per_character(self) -> float:
        """Cross-entropy per character of the raw text; the spelling of an OOV costs nothing beyond its ``<unk>``."""
        return _ratio(-self.log10_prob * LOG2_10, self.characters)

    def as_dict(self) -> dict[str, float | int | str | None]:
        """All figures for JSON; None where a figure is infinite or does not exist."""
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
            "signature": self.signature,
        }
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}

    def __str__(self) -> str:
        lines = [
            f"perplexity including OOVs:  {_shown(self.perplexity, 6)}",
            f"perplexity excluding OOVs:  {_shown(self.perplexity_excluding_oov, 6)}",
            f"perplexity per word (ppl1): {_shown(self.perplexity_without_eos, 6)}",
            f"log10 probability:          {self.log10_prob:.8g}",
            f"bits per word, character:   {_shown(self.bits_per_word, 5)}, {_shown(self.bits_per_character, 5)}",
            f"tokens (words + </s>):      {self.tokens} ({self.words} + {self.tokens - self.words})",
            f"sentences:                  {self.sentences}",
            f"OOVs, zero probabilities:   {self.oovs}, {self.zero_probs}",
            f"signature:                  {self.signature}",
        ]
        return "\n".join(lines)


class PerplexitySum:
    """Adds up pieces of a text; the result does not depend on where the pieces were cut."""

    def __init__(self) -> None:
        self._all, self._oov = ExactSum(), ExactSum()  # of the tokens that are not impossible
        self._tokens = self._words = self._sentences = self._oovs = self._zero_probs = self._characters = 0
        self._impossible = 0

    def add(self, text: Text, log10_probs: NDArray[np.float64]) -> None:
        """Add one piece with the model's log10 probabilities, one per predicted token."""
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

    def result(self, signature: str, scores: TokenScores | None = None) -> Perplexity:
        """The figures of everything added so far."""
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
    """The perplexity of a model on a text.

    text: a ``Text`` (over the model's vocabulary, or of no OOV), or whatever ``read_text`` takes (a path, "-", a file
        object), which is read with the model's vocabulary and, where the model scores every sentence by itself, piece
        by piece, so that a file larger than memory will do; ``read_options`` (``tokenizer``, ``reserved``, ...) go to
        the reader.
    per_token: keep the single values in ``.scores`` (12 bytes a token).

    Raises UsageError where the text was read with another vocabulary and has lost words to it, and where the model
    gives scores that are no probabilities.

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
            pieces.append(TokenScores.of(piece, log10_probs))
    return total.result(model.signature, TokenScores.join(pieces) if per_token else None)


def check_normalized(model: LanguageModel) -> None:
    """Raise UsageError for a model of scores, whose `normalized` is False.

    Such scores do not sum to 1, so that their "perplexity" cannot be compared with true ones.
    """
    if not model.normalized:
        raise UsageError(
            f"found scores that are no probabilities ({model.signature}); a perplexity is defined for models whose"
            " probabilities sum to one only"
        )


def iter_scores(
    model: LanguageModel,
    text: Readable,
    *,
    chunk_bytes: int = BLOCK_BYTES,
    threads: int | None = None,
    **read_options: Any,
) -> Iterator[tuple[Text, NDArray[np.float64]]]:
    """Pieces of the text with the log10 probability of each predicted token: what ``perplexity`` adds up.

    A file is read and scored in pieces if ``model.independent_sentences``, by several threads if also
    ``model.thread_safe``. Other models get the whole text at once.
    """

    def score(piece: Text) -> tuple[Text, NDArray[np.float64]]:
        return piece, _checked(model.log10_probs(piece), piece)

    if isinstance(text, Text):
        if read_options:
            raise UsageError(f"found {', '.join(read_options)} for a Text; reading options are for files")
        yield score(text.over(model.vocabulary))
    elif model.independent_sentences:
        allowed = usable_threads(threads)
        options = {
            "chunk_bytes": chunk_bytes,
            "threads": allowed if model.thread_safe else 1,
            **read_options,
        }
        yield from map_text(score, text, model.vocabulary, **options)
    else:
        yield score(read_text(text, vocabulary=model.vocabulary, threads=threads, **read_options))


def _checked(log10_probs: NDArray[np.float64], text: Text) -> NDArray[np.float64]:
    if log10_probs.shape != (text.n_tokens,):
        raise UsageError(f"the model returned {log10_probs.shape} values; expected ({text.n_tokens},)")
    if not (log10_probs <= 1e-4).all():  # NaN fails as well
        raise UsageError("the model returned values that are no log10 probabilities (NaN or above zero)")
    return log10_probs


class ExactSum:
    """Adds float64 arrays in fixed point (units of 2**-64), so that order and grouping change nothing."""

    BLOCK = 1 << 14  # values of one addition: in units of 2**-32 and below 2**11, their sum fits int64
    LARGE = 2048.0

    def __init__(self, units: int = 0) -> None:
        self._units = units

    def add(self, values: NDArray[np.float64]) -> None:
        """Add finite values."""
        for start in range(0, len(values), self.BLOCK):
            block = values[start : start + self.BLOCK]
            if block.min() <= -self.LARGE or block.max() >= self.LARGE:
                large = np.abs(block) >= self.LARGE
                self._units += sum(int(math.ldexp(value, 64)) for value in block[large].tolist())
                block = block[~large]
            scaled = block * 2.0**32
            high = np.rint(scaled)
            scaled -= high  # exact: the bits that the rounding dropped
            scaled *= 2.0**32
            low = np.rint(scaled, out=scaled)
            self._units += (int(high.astype(np.int64).sum()) << 32) + int(low.astype(np.int64).sum())

    @property
    def value(self) -> float:
        """The sum, rounded once."""
        return self._units / 2**64

    def __sub__(self, other: ExactSum) -> ExactSum:
        return ExactSum(self._units - other._units)


def _shown(value: float, digits: int) -> str:
    return "undefined" if math.isnan(value) else f"{value:.{digits}g}"


def _ratio(total: float, number: int) -> float:
    return total / number if number else math.nan


def _power(log10_prob: float, number: int) -> float:
    exponent = _ratio(-log10_prob, number)
    return math.inf if exponent > LARGEST_EXPONENT else 10.0**exponent
