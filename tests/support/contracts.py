"""What every language model must do. A new duty is one line of CHECKS; the methods that must do it are in `cases`.

A check takes a `Subject`: a fitted model, the slow oracle of the same method, and sentences to try both on.
"""

from __future__ import annotations

import dataclasses
import io
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import ngramlm as lm
from ngramlm.models.column_model import ColumnModel
from ngramlm.models.language_model import LanguageModel
from ngramlm.text.sentences import words_of
from support.oracles.counts import BOS, EOS, UNK
from support.oracles.smoothing.base import SmoothingOracle

Sentences = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Subject:
    """A model under test: how it is meant to behave (`oracle`) and sentences to try it on."""

    model: LanguageModel
    oracle: SmoothingOracle
    sentences: Sentences

    @cached_property
    def text(self) -> lm.Text:
        return text_of(self.sentences, self.model.vocabulary)

    @cached_property
    def histories(self) -> list[tuple[str, ...]]:
        """Seen, partly seen, unseen and unknown-containing histories."""
        found = histories_within(self.sentences)
        for table in self.oracle.tables.values():
            found.update(sorted(table)[:10])
            found.update((UNK, *history) for history in sorted(table)[-3:] if BOS not in history)
        return sorted(found)


def text_of(sentences: Sentences, vocabulary: lm.Vocabulary) -> lm.Text:
    return lm.Text.from_sentences(sentences, vocabulary=vocabulary)


def tokens_of(sentences: Sentences) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every predicted token with what stands before it in its sentence."""
    for sentence in sentences:
        tokens = (BOS, *sentence, EOS)
        for i in range(1, len(tokens)):
            yield tokens[i], tokens[:i]


def histories_within(sentences: Sentences) -> set[tuple[str, ...]]:
    """The histories of the tokens of some sentences, these with unknown words, and the shortest."""
    found = {(), (BOS,), (UNK,), (BOS, UNK), ("nobody",), ("nobody", UNK)}
    for _, before in tokens_of(sentences):
        found.add(before)
        found.add(("nobody", *before[1:]))
        found.add(before[-1:])
        found.add((*before[-1:], UNK))
    return found


def same_log10(expected: float, actual: float) -> bool:
    """Equal up to the rounding of float32 columns."""
    if math.isinf(expected) or math.isinf(actual):
        return expected == actual
    return abs(expected - actual) <= 5e-7 * max(1.0, abs(expected))


def log10(probability: Any) -> float:
    return math.log10(probability) if probability > 0 else -math.inf


# ---------------------------------------------------------------------------------------------------- the checks


def check_sums_to_one(subject: Subject) -> None:
    for history in subject.histories:
        distribution = subject.model.distribution(history)

        assert distribution.shape == (len(subject.model.vocabulary),)
        assert distribution.dtype == np.float64
        assert not np.isnan(distribution).any(), history
        assert (distribution >= 0).all(), history
        limit = 1e-9 if isinstance(subject.model, ColumnModel) else 2e-6  # float64, float32

        assert abs(distribution.sum() - 1) < limit, history


def check_never_predicts_start(subject: Subject) -> None:
    start = subject.model.vocabulary.id(BOS)
    for history in subject.histories:
        assert subject.model.distribution(history)[start] == 0, history


def check_equals_oracle_on_distributions(subject: Subject) -> None:
    check_equals_oracle_after(subject, subject.histories)


def check_equals_oracle_after(subject: Subject, histories: Iterable[tuple[str, ...]]) -> None:
    vocabulary = subject.model.vocabulary
    for history in histories:
        distribution = subject.model.distribution(history)
        for word, expected in subject.oracle.distribution(history).items():
            actual = float(distribution[vocabulary.id(word)])

            assert same_log10(log10(expected), log10(actual)), (word, history, float(expected), actual)


def check_equals_oracle_on_text(subject: Subject) -> None:
    actual = subject.model.log10_probs(subject.text)
    expected = [log10(subject.oracle.prob(word, before)) for word, before in tokens_of(subject.sentences)]

    assert len(expected) == len(actual)
    for token, (one, other) in enumerate(zip(expected, actual, strict=True)):
        assert same_log10(one, float(other)), (token, one, float(other))


def check_chain_consistency(subject: Subject) -> None:
    """log10_probs along a text are the logarithms of what `distribution` gives at the same places."""
    vocabulary = subject.model.vocabulary
    actual = subject.model.log10_probs(subject.text)
    for value, (word, before) in zip(actual, tokens_of(subject.sentences), strict=True):
        expected = log10(float(subject.model.distribution(before)[vocabulary.id(word)]))

        assert same_log10(expected, float(value)), (word, before)


def check_batches_score_as_single_sentences(subject: Subject) -> None:
    """`scores` and `score_file` give what `score` gives for each sentence."""
    model = subject.model
    # the first line is empty: what begins a file with U+FEFF is a byte order mark, and no word
    lines = ["", *map(" ".join, subject.sentences), "nobody  knows", "\tnobody "]
    expected = [model.score(line) for line in lines]
    for actual in (
        model.scores(lines),
        model.scores([words_of(line) for line in lines], threads=2),
        model.score_file(io.BytesIO("".join(f"{line}\n" for line in lines).encode()), threads=2),
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-12)


def check_causality(subject: Subject) -> None:
    """Other words later change nothing before them."""
    whole = subject.model.log10_probs(subject.text)
    for cut in range(len(subject.sentences)):
        sentences = [*subject.sentences[: cut + 1], ["nobody", *reversed(subject.sentences[cut])]]
        for at in range(len(sentences[cut])):
            changed = [*sentences[:cut], [*sentences[cut][:at], "nobody", "knows"], *sentences[cut + 1 :]]
            same = sum(len(sentence) + 1 for sentence in sentences[:cut]) + at
            actual = subject.model.log10_probs(text_of(changed, subject.model.vocabulary))

            np.testing.assert_array_equal(whole[:same], actual[:same])


def check_documents_are_independent(subject: Subject) -> None:
    """A text of two documents gives what the documents give one by one, in any order."""
    text, n = subject.text, len(subject.sentences)
    for cut in range(1, n):
        documents = np.array([0, cut, n], dtype=np.int64)
        parts = subject.sentences[:cut], subject.sentences[cut:]
        expected = np.concatenate(
            [subject.model.log10_probs(text_of(part, subject.model.vocabulary)) for part in parts]
        )
        actual = subject.model.log10_probs(dataclasses.replace(text, documents=documents))

        np.testing.assert_array_equal(expected, actual)


def check_same_from_threads(subject: Subject) -> None:
    text = subject.text
    histories = subject.histories[:5]
    expected = subject.model.log10_probs(text)
    distributions = [subject.model.distribution(history) for history in histories]
    with ThreadPoolExecutor(4) as pool:
        for actual in pool.map(subject.model.log10_probs, [text] * 16):
            np.testing.assert_array_equal(expected, actual)
        for one, other in zip(
            distributions * 4, pool.map(subject.model.distribution, histories * 4), strict=True
        ):
            np.testing.assert_array_equal(one, other)


def check_empty_text(subject: Subject) -> None:
    actual = subject.model.log10_probs(text_of([], subject.model.vocabulary))

    assert actual.shape == (0,)
    assert actual.dtype == np.float64


def check_shortest_texts(subject: Subject) -> None:
    """One empty sentence, one word, nothing but unknown words, the unknown word by its own name."""
    shortest: list[list[list[str]]] = [
        [[]],
        [["a"]],
        [["nobody"]],
        [["nobody", "nothing"], ["never"]],
        [[UNK, UNK]],
    ]
    histories = set()
    for sentences in shortest:
        check_equals_oracle_on_text(dataclasses.replace(subject, sentences=sentences))
        histories |= histories_within(sentences)
    # the others of a model are checked by check_equals_oracle_on_distributions
    check_equals_oracle_after(subject, histories.difference(subject.histories))


CHECKS: list[Callable[[Subject], None]] = [
    check_sums_to_one,
    check_never_predicts_start,
    check_equals_oracle_on_distributions,
    check_equals_oracle_on_text,
    check_chain_consistency,
    check_batches_score_as_single_sentences,
    check_causality,
    check_documents_are_independent,
    check_same_from_threads,
    check_empty_text,
    check_shortest_texts,
]


# ------------------------------------------------------------------------- for models that can be stored as tables


def columns_of(model: LanguageModel) -> dict[str, NDArray[Any]]:
    """Every column that says what a model predicts."""
    if isinstance(model, ColumnModel):
        return model.columns()
    assert isinstance(model, lm.BackoffModel)
    columns = {"probs": model.columns.log10_probs, "backoffs": model.columns.log10_backoffs}
    return {f"{name}.{k}": column for name, found in columns.items() for k, column in enumerate(found)}


def check_binary_round_trip(subject: Subject, folder: Path) -> None:
    """The binary format gives back every bit."""
    model = subject.model
    assert isinstance(model, lm.BackoffModel | ColumnModel)
    model.save(folder / "model.ngram")
    loaded = lm.load(folder / "model.ngram")

    assert type(model) is type(loaded)
    assert model.vocabulary == loaded.vocabulary
    assert model.order == loaded.order
    assert model.n_ngrams == loaded.n_ngrams
    assert dict(model.metadata) == dict(loaded.metadata)
    assert model.signature == loaded.signature
    expected, actual = columns_of(model), columns_of(loaded)

    assert list(expected) == list(actual)
    for name in expected:
        assert expected[name].dtype == actual[name].dtype, name
        np.testing.assert_array_equal(expected[name], actual[name], err_msg=name)
    np.testing.assert_array_equal(model.log10_probs(subject.text), loaded.log10_probs(subject.text))


def check_arpa_round_trip(subject: Subject, folder: Path) -> None:
    """ARPA gives back every probability to 1e-5, except that zero becomes 10^-99 at most; other models have no ARPA."""
    model = subject.model
    if isinstance(model, ColumnModel):
        assert not hasattr(model, "save_arpa")
        return
    assert isinstance(model, lm.BackoffModel)
    model.save_arpa(folder / "model.arpa")
    loaded = lm.load(folder / "model.arpa")

    assert model.order == loaded.order
    assert set(model.vocabulary.words()) == set(loaded.vocabulary.words())
    for history in subject.histories:
        distribution = loaded.distribution(history)
        for word, expected in subject.oracle.distribution(history).items():
            actual = float(distribution[loaded.vocabulary.id(word)])
            if expected == 0:
                assert actual < 1e-90, (word, history)
            else:
                assert abs(log10(expected) - log10(actual)) <= 1e-5 * max(1, abs(log10(expected))), (
                    word,
                    history,
                )


ROUND_TRIPS: list[Callable[[Subject, Path], None]] = [check_binary_round_trip, check_arpa_round_trip]
