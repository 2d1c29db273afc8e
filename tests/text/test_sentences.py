"""Words and sentences in every form that callers have: each entrance takes all of them, or refuses them by type."""

from __future__ import annotations

import enum
import io
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

import ngramlm as lm
from ngramlm.embeddings import WordVectors
from ngramlm.errors import NgramlmError, TextError, UsageError
from ngramlm.text.sentences import allowed_words, several_sentences, several_words, words_of
from ngramlm.types import Sentence

WORDS = ["the", "mill"]
TRAIN = lm.Text.from_sentences(["the mill stood", "the river ran", "a mill ran"])
COUNTS = lm.count(TRAIN, order=2)
MODELS = {
    "backoff": lm.WittenBell().fit(COUNTS),
    "columns": lm.Additive().fit(COUNTS),
    "mixture": lm.Mixture([lm.WittenBell().fit(COUNTS), lm.Cache()]),
    "text": lm.TextMaxEnt(order=2, function_words=0, topics=0).fit(TRAIN),
}


class Named(str, enum.Enum):  # noqa: UP042
    """Words as members of an enumeration: `str` of a member is not its value."""

    THE = "the"
    MILL = "mill"


def pandas_series(words: list[str]) -> Any:
    return pytest.importorskip("pandas").Series(words)


def pyarrow_array(words: list[str]) -> Any:
    return pytest.importorskip("pyarrow").array(words)


def pyarrow_list(words: list[str]) -> Any:
    return pytest.importorskip("pyarrow").array([words])[0]


def pyarrow_string(words: list[str]) -> Any:
    return pytest.importorskip("pyarrow").scalar(" ".join(words))


FORMS: dict[str, Callable[[list[str]], Any]] = {
    "str": " ".join,
    "numpy str": lambda words: np.str_(" ".join(words)),
    "line": lambda words: "\t".join(words) + "\r\n",
    "tuple": tuple,
    "iterator": iter,
    "generator": lambda words: (word for word in words),
    "map": lambda words: map(str, words),
    "reversed": lambda words: reversed([*reversed(words)]),
    "dict keys": lambda words: dict.fromkeys(words).keys(),
    "numpy array": np.array,
    "numpy objects": lambda words: np.array(words, object),
    "list of numpy str": lambda words: [np.str_(word) for word in words],
    "enumeration": lambda words: [Named(word) for word in words],
    "pandas series": pandas_series,
    "pyarrow array": pyarrow_array,
    "pyarrow list": pyarrow_list,
    "pyarrow string": pyarrow_string,
}
REFUSED: dict[str, Any] = {
    "bytes": b"the mill",
    "bytearray": bytearray(b"the mill"),
    "None": None,
    "NaN": math.nan,
    "an id": 3,
    "ids": [3, 4],
    "array of ids": np.array([3, 4], np.int32),
    "array without dimensions": np.array("the mill"),
    "list of bytes": [b"the", b"mill"],
    "list with None": ["the", None],
    "list with NaN": ["the", math.nan],
    "list of lists": [["the", "mill"]],
    "set": {"the", "mill"},
    "words with a space": ["the mill"],
    "empty word": ["the", ""],
    "object": object(),
}


def close(values: Iterable[float]) -> Any:
    return pytest.approx(list(values), rel=1e-12)


def entrances(model: lm.LanguageModel) -> dict[str, Callable[[Any], Any]]:
    """Every method that takes a sentence or a history, by name."""
    found: dict[str, Callable[[Any], Any]] = {
        "score": model.score,
        "full_scores": lambda given: list(model.full_scores(given)),
        "scores": lambda given: model.scores([given]).tolist(),
        "scores of an iterator": lambda given: model.scores(iter([given])).tolist(),
        "log10_prob": lambda given: model.log10_prob("ran", given),
        "distribution": lambda given: model.distribution(given).tolist(),
        "next_words": model.next_words,
        "sentences before": lambda given: (
            model.next_words("the", before=iter([given]))
            if isinstance(model, lm.Mixture | lm.MaxEntModel)
            else words_of(given)
        ),
        "Text.from_sentences": lambda given: lm.Text.from_sentences([given], model.vocabulary).ids.tolist(),
        "counts": lambda given: COUNTS.get(given),
    }
    if hasattr(model, "generate"):
        found["generate"] = lambda given: model.generate(given, seed=1)
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", MODELS)
def test_every_entrance_takes_every_form_of_a_sentence(kind: str, form: str) -> None:
    model = MODELS[kind]

    for name, entrance in entrances(model).items():
        assert entrance(WORDS) == entrance(FORMS[form](WORDS)), name


@pytest.mark.parametrize("kind", MODELS)
def test_an_iterator_is_not_an_empty_sentence(kind: str) -> None:
    model = MODELS[kind]

    assert model.score("") != model.score(iter(WORDS))
    assert 3 == len(list(model.full_scores(iter(WORDS))))


@pytest.mark.parametrize("given", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("kind", MODELS)
def test_every_entrance_refuses_what_is_no_sentence(kind: str, given: Any) -> None:
    for name, entrance in entrances(MODELS[kind]).items():
        with pytest.raises(NgramlmError) as caught:
            entrance(given)
        assert re.search("^[^\n]*found [^\n]*expected [^\n]*$", str(caught.value)), name


@pytest.mark.parametrize("given", ["the mill", np.str_("the mill"), b"the mill", None, 3, math.nan, {"a b"}])
def test_one_str_is_not_several_sentences(given: Any) -> None:
    """`Text.from_sentences("the mill")` made eight sentences of letters."""
    model = MODELS["mixture"]
    for entrance in (
        lm.Text.from_sentences,
        model.scores,
        several_sentences,
        lambda sentences: model.next_words("the", before=sentences),
        lambda sentences: model.distribution_in_document("the", sentences),
    ):
        with pytest.raises(UsageError, match="expected several sentences"):
            entrance(given)


def test_sentences_may_come_from_any_iterable() -> None:
    expected = lm.Text.from_sentences(["the mill", "a mill"]).ids.tolist()
    for sentences in (
        iter(["the mill", "a mill"]),
        np.array(["the mill", "a mill"]),
        map(iter, (WORDS, "a mill".split())),
    ):
        assert expected == lm.Text.from_sentences(sentences).ids.tolist()


def test_the_sentence_that_is_none_has_its_number() -> None:
    for given, found in [(["a", None], "None"), (["a", math.nan], "nan"), (["a", b"b"], "b'b'")]:
        with pytest.raises(TextError, match=f"^<sentences>:2: found {found} "):
            lm.Text.from_sentences(given)  # type: ignore[arg-type]


def test_tables_give_no_sentences() -> None:
    """Iteration over a table gives the names of its columns."""
    table = pytest.importorskip("pandas").DataFrame({"text": ["the mill"]})

    with pytest.raises(UsageError, match="DataFrame"):
        lm.Text.from_sentences(table)
    assert ["the", "mill"] == lm.Text.from_sentences(table["text"]).sentence(0)


@pytest.mark.parametrize("missing", ["NaN", "NA", "null"])
def test_missing_values_of_tables_are_refused(missing: str) -> None:
    if missing == "null":
        column: Any = pytest.importorskip("pyarrow").array(["the mill", None])
    else:
        pandas = pytest.importorskip("pandas")
        column = pandas.Series(["the mill", math.nan if missing == "NaN" else pandas.NA])

    with pytest.raises(TextError, match=r"^<sentences>:2: found"):
        lm.Text.from_sentences(column)


@pytest.mark.parametrize("word", [b"mill", None, math.nan, 3, np.int32(3), ["mill"]])
def test_every_entrance_refuses_what_is_no_word(word: Any) -> None:
    model = MODELS["backoff"]
    assert isinstance(model, lm.BackoffModel)
    vectors = WordVectors(["the", "mill"], np.eye(2, dtype=np.float32))
    for entrance in (
        lambda: model.log10_prob(word),
        lambda: MODELS["mixture"].log10_prob(word),
        lambda: model.advance(model.start(), word),
        lambda: model.vocabulary.id(word),
        lambda: model.vocabulary.ids([word]),
        lambda: lm.Vocabulary([word]),
        lambda: lm.restrict_vocabulary(model, [word]),
        lambda: vectors[word],
        lambda: vectors.rows([word]),
        lambda: WordVectors(["the", word], np.eye(2, dtype=np.float32)),
    ):
        with pytest.raises(UsageError, match="found"):
            entrance()
    assert word not in model.vocabulary if not isinstance(word, list) else True


@pytest.mark.parametrize("words", ["mill", b"mill", None, 3, math.nan])
def test_one_word_is_not_several_words(words: Any) -> None:
    model = MODELS["backoff"]
    for entrance in (
        lm.Vocabulary,
        model.vocabulary.ids,
        lambda words: lm.restrict_vocabulary(model, words),
        several_words,
    ):
        with pytest.raises(UsageError, match="expected a list of words"):
            entrance(words)


def test_words_may_come_in_any_form() -> None:
    vocabulary = MODELS["backoff"].vocabulary
    expected = vocabulary.ids(WORDS).tolist()
    for form in ("iterator", "generator", "map", "numpy array", "list of numpy str", "enumeration"):
        assert expected == vocabulary.ids(FORMS[form](WORDS)).tolist()
        assert lm.Vocabulary(WORDS) == lm.Vocabulary(FORMS[form](WORDS))


def test_tokenizers_may_yield() -> None:
    """A tokenizer that yields gave a text of no words, and no error."""

    def letters(line: str) -> Iterable[str]:
        yield from line.replace(" ", "")

    found = lm.read_text(io.BytesIO(b"ab c\n"), tokenizer=letters)

    assert ["a", "b", "c"] == found.sentence(0)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("sentence", ["<s> the mill", "the mill </s>", ["the", "<s>", "mill"]])
def test_reserved_words_follow_one_rule_in_files_and_sentences(
    kind: str, sentence: Sentence, tmp_path: Any
) -> None:
    """Files refused ``<s>``, and `score` counted an OOV."""
    model = MODELS[kind]
    path = tmp_path / "text.txt"
    path.write_text(sentence if isinstance(sentence, str) else " ".join(sentence))

    for entrance in (
        lambda: model.score(sentence),
        lambda: list(model.full_scores(sentence)),
        lambda: model.scores([sentence]),
        lambda: model.score_file(path),
        lambda: lm.Text.from_sentences([sentence], model.vocabulary),
    ):
        with pytest.raises(TextError, match=r"found the reserved word '</?s>'.*reserved="):
            entrance()
    for policy in ("drop", "keep"):
        expected = model.score_file(path, reserved=policy)
        assert close(expected) == [model.score(sentence, reserved=policy)]
        assert close(expected) == [sum(score for score, _, _ in model.full_scores(sentence, reserved=policy))]
        assert close(expected) == model.scores([sentence], reserved=policy).tolist()
    with pytest.raises(UsageError, match="expected 'error', 'drop' or 'keep'"):
        model.score(sentence, reserved="both")  # type: ignore[arg-type]


def test_the_rule_for_reserved_words() -> None:
    assert ["a", "<unk>"] == allowed_words(["a", "<unk>"], "error")
    assert ["a"] == allowed_words(["<s>", "a", "</s>"], "drop")
    assert ["<unk>", "a", "<unk>"] == allowed_words(["<s>", "a", "</s>"], "keep")
