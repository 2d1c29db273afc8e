"""Models side by side: which may be compared, and the same figures in every format."""

from __future__ import annotations

import csv
import io
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest

import ngramlm as lm
from ngramlm.errors import EstimationWarning, UsageError
from ngramlm.evaluation.comparability import check_same_vocabulary
from ngramlm.evaluation.comparison import compare
from ngramlm.evaluation.results import Comparison
from ngramlm.evaluation.smoothing_comparison import compare_smoothings
from ngramlm.methods import smoothing_names
from ngramlm.report import SUFFIXES, render, write_report
from ngramlm.text.vocabulary import BOS, EOS, UNK

TRAIN = ["the cat sat on the mat", "the dog sat on the log", "a cat saw a dog", "the mat and the log"]
TEST = ["the cat saw the dog", "a dog sat on a mat"]
METHODS = ("witten-bell", "absolute-discounting")  # those that such a small text supports


class Uniform(lm.LanguageModel):
    """All events of the vocabulary alike, with or without <unk>; nothing but the three members."""

    vocabulary = lm.Vocabulary([])

    def __init__(self, *words: str, closed: bool = False) -> None:
        self.vocabulary = lm.Vocabulary(words)
        self.probabilities = np.ones(len(self.vocabulary))
        self.probabilities[[BOS, UNK] if closed else [BOS]] = 0.0
        self.probabilities /= self.probabilities.sum()

    def log10_probs(self, text: lm.Text) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.log10(self.probabilities)[text.ids[text.ids != BOS]]

    def distribution(self, history: object) -> np.ndarray:
        return self.probabilities


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare_smoothings(
        lm.Text.from_sentences(TRAIN), texts(), smoothings=METHODS, orders=(1, 2), baseline="witten-bell 1"
    )


def texts() -> dict[str, lm.Text]:
    vocabulary = lm.Text.from_sentences(TRAIN).vocabulary
    return {
        "known": lm.Text.from_sentences(TEST, vocabulary),
        "new": lm.Text.from_sentences(["a bird sat"], vocabulary),
    }


def test_figures_are_those_of_perplexity() -> None:
    counts = lm.count(lm.Text.from_sentences(TRAIN), 2)
    models = {"WB": lm.WittenBell().fit(counts), "AD": lm.AbsoluteDiscounting().fit(counts)}
    test = lm.Text.from_sentences(TEST, counts.vocabulary)

    result = compare(models, test, baseline="WB")

    assert ["WB", "AD"] == [row.model for row in result]
    for row in result:
        assert lm.perplexity(models[row.model], test) == row.figures
        assert (2, sum(counts.trie.n_rows)) == (row.order, row.ngrams)
    assert 0.0 == result.rows[0].difference
    expected = result.rows[1].figures.bits_per_word - result.rows[0].figures.bits_per_word
    assert expected == result.rows[1].difference


def test_any_model_of_the_protocol_can_be_compared() -> None:
    """Five events each: p = 1/5, log2 5 bits for every token."""
    model = Uniform("a", "b", "c")
    (row,) = compare({"uniform": model}, lm.Text.from_sentences(["a b c"], model.vocabulary)).rows

    assert 5.0 == pytest.approx(row.figures.perplexity)
    assert row.order is row.ngrams is row.difference is row.train_seconds is None
    assert row.score_seconds is not None


def test_one_model_of_every_method_and_order(comparison: Comparison) -> None:
    names = list(dict.fromkeys(row.model for row in comparison))

    assert ["witten-bell 1", "absolute-discounting 1", "witten-bell 2", "absolute-discounting 2"] == names
    assert ["known", "new"] * 4 == [row.text for row in comparison]
    assert [1, 1, 1, 1, 2, 2, 2, 2] == [row.order for row in comparison]
    assert all(row.train_seconds is not None for row in comparison)
    assert comparison.best("known").model.endswith("2")
    assert [0, 1] * 4 == [row.figures.oovs for row in comparison]


def test_a_truncated_count_gives_the_model_of_a_count_of_that_order(comparison: Comparison) -> None:
    counts = lm.count(lm.Text.from_sentences(TRAIN), 1)
    expected = lm.perplexity(lm.WittenBell().fit(counts), texts()["known"])

    assert expected == comparison.rows[0].figures


def test_counts_texts_and_files_give_the_same(comparison: Comparison, tmp_path: Path) -> None:
    train, test = tmp_path / "train.txt", tmp_path / "known"
    train.write_text("".join(f"{line}\n" for line in TRAIN))
    test.write_text("".join(f"{line}\n" for line in TEST))
    counts = lm.count(train, 2)

    from_file = compare_smoothings(train, test, smoothings=METHODS, orders=(1, 2))
    from_counts = compare_smoothings(counts, test, smoothings=METHODS, orders=(1, 2))

    expected = [row.figures.log10_prob for row in comparison if row.text == "known"]
    assert expected == [row.figures.log10_prob for row in from_file]
    assert expected == [row.figures.log10_prob for row in from_counts]
    assert {"known"} == {row.text for row in from_file}


def test_methods_of_your_own_options() -> None:
    methods = {
        "D=0.2": lm.AbsoluteDiscounting(discount_value=0.2),
        "D=0.9": lm.AbsoluteDiscounting(discount_value=0.9),
    }
    result = compare_smoothings(
        lm.Text.from_sentences(TRAIN), texts()["known"], smoothings=methods, orders=(2,)
    )

    assert ["D=0.2 2", "D=0.9 2"] == [row.model for row in result]


def test_all_methods_by_default() -> None:
    text = [
        f"{a} {b} {c}" for i, a in enumerate("abcdefg") for b in "abcdefg"[: i + 1] for c in "abcdefg"[:i:2]
    ]
    train = lm.Text.from_sentences([*text, *text[::3], *text[::5]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        result = compare_smoothings(train, lm.Text.from_sentences(["a b", "g g"], train.vocabulary))

    assert [f"{name} 3" for name in smoothing_names(["all"])] == [row.model for row in result]


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        (
            Uniform("a", "b"),
            Uniform("a", "c"),
            r"different vocabularies of 'one' and 'other' \(sizes 4 and 4\)",
        ),
        (
            Uniform("a", "b"),
            Uniform("a", "b", "c"),
            r"different vocabularies of 'one' and 'other' \(sizes 4 and 5\)",
        ),
        (
            Uniform("a", "b"),
            Uniform("a", "b", closed=True),
            "'one', which is open, and of 'other', which is closed",
        ),
        (
            Uniform("a", "b", closed=True),
            Uniform("a", "b"),
            "'one', which is closed, and of 'other', which is open",
        ),
    ],
)
def test_different_vocabularies_are_refused_unless_told(
    one: Uniform, other: Uniform, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "test.txt"
    path.write_text("a a\n")
    models = {"one": one, "other": other}

    with pytest.raises(UsageError, match=message):
        compare(models, path)
    assert 2 == len(compare(models, path, allow_different_vocabularies=True))


def test_the_order_of_the_words_is_no_difference() -> None:
    check_same_vocabulary({"one": Uniform("a", "b"), "other": Uniform("b", "a")})
    check_same_vocabulary({"one": Uniform("a")})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"baseline": "nobody"}, "found the baseline 'nobody'; expected one of: witten-bell 2"),
        (
            {"smoothings": "good-luck"},
            r"found the smoothing 'good-luck' \(did you mean 'good-turing'\?\); expected one of: ",
        ),
        ({"smoothings": ()}, "found no smoothing"),
        ({"orders": ()}, "found the orders"),
        ({"orders": (0, 2)}, "found the orders"),
        ({"texts": {}}, "found no text"),
    ],
)
def test_wrong_usage(options: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"texts": texts(), "smoothings": "witten-bell", "orders": (2,)} | options

    with pytest.raises(UsageError, match=message):
        compare_smoothings(lm.Text.from_sentences(TRAIN), **arguments)


def test_counts_of_too_low_an_order() -> None:
    counts = lm.count(lm.Text.from_sentences(TRAIN), 2)

    with pytest.raises(UsageError, match="found counts of order 2; expected order 3"):
        compare_smoothings(counts, texts(), smoothings="witten-bell", orders=(2, 3))
    with pytest.raises(UsageError, match="found no model"):
        compare({}, texts())


def test_best_needs_to_know_the_text(comparison: Comparison) -> None:
    with pytest.raises(UsageError, match="found 2 texts and no name; expected one of: known, new"):
        comparison.best()
    with pytest.raises(UsageError, match="expected one of: known, new"):
        comparison.best("other")


def test_the_same_figures_in_every_format(comparison: Comparison, tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        write_report(comparison, tmp_path / f"report{suffix}")

    rows = json.loads((tmp_path / "report.json").read_text())["rows"]
    lines = list(csv.DictReader(io.StringIO((tmp_path / "report.csv").read_text())))
    text = (tmp_path / "report.txt").read_text().splitlines()
    markdown = (tmp_path / "report.md").read_text().splitlines()
    assert len(comparison) == len(rows) == len(lines) == len(text) - 1
    for row, line, plain, marked in zip(rows, lines, text[1:], markdown[2:], strict=False):
        assert repr(row["perplexity"]) == line["perplexity"]
        assert f"{row['perplexity']:.2f}" in plain
        assert f"{row['perplexity']:.2f}" in marked
        assert row["signature"] in "\n".join(markdown)
    assert str(comparison) + "\n" == (tmp_path / "report.txt").read_text()


def test_markdown_marks_the_best_of_each_text(comparison: Comparison) -> None:
    bold = [line.split("|") for line in render(comparison, "markdown").splitlines() if "**" in line]

    assert {"known", "new"} == {cells[2].strip() for cells in bold}
    assert {(comparison.best(name).model, name) for name in ("known", "new")} == {
        (cells[1].strip(), cells[2].strip()) for cells in bold
    }
    assert "against witten-bell 1" in render(comparison, "markdown")


def test_an_unknown_format_is_refused_before_writing(comparison: Comparison, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"found the suffix '.doc'; expected one of .md, .csv, .json, .txt"):
        write_report(comparison, tmp_path / "report.doc")
    assert [] == list(tmp_path.iterdir())


def test_infinite_perplexities_are_shown_not_hidden() -> None:
    model = Uniform("a", closed=True)
    result = compare({"closed": model}, lm.Text.from_sentences(["a x"], model.vocabulary), baseline="closed")

    assert "inf" in render(result, "text")
    assert math.isnan(result.rows[0].difference or 0.0)
    assert json.loads(render(result, "json"))["rows"][0]["perplexity"] is None
    assert "closed" == result.best().model


def test_impossible_words_get_a_column() -> None:
    class Deaf(Uniform):
        def log10_probs(self, text: lm.Text) -> np.ndarray:
            return np.where(text.ids[text.ids != BOS] == EOS, -0.5, -np.inf)

    model = Deaf("a")
    test = lm.Text.from_sentences(["a a"], model.vocabulary)

    assert "zeros" in render(compare({"deaf": model}, test), "text")
    assert "zeros" not in render(compare({"uniform": Uniform("a")}, test), "text")


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    compare_smoothings(
        lm.Text.from_sentences(TRAIN),
        texts(),
        smoothings=METHODS,
        orders=(1,),
        progress=lambda *event: told.append(event),
    )

    assert ("comparing", 2, 2) == told[-1]


def test_progress_of_models_is_told() -> None:
    told: list[tuple[str, int, int | None]] = []
    counts = lm.count(lm.Text.from_sentences(TRAIN), 2)
    models = {"one": lm.WittenBell().fit(counts.truncate(1)), "two": lm.WittenBell().fit(counts)}
    compare(models, texts(), progress=lambda *event: told.append(event))

    assert told[:2] == [("comparing: one", 0, 2), ("comparing: two", 1, 2)]


def test_no_best_row_without_probabilities() -> None:
    scores = lm.StupidBackoff().fit(lm.count(lm.Text.from_sentences(TRAIN), 2))
    found = compare({"scores": scores}, {"known": texts()["known"]})
    with pytest.raises(UsageError) as caught:
        found.best()
    assert str(caught.value) == "found no model that gives probabilities; expected at least one"
