"""``prune``, and the pruning of ``train``: what they write, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import Invoke

import ngramlm as lm
from ngramlm.pruning import PrunedKneserNey, prune, restrict_vocabulary


def scores(path: str) -> float:
    model = lm.load(path)
    assert isinstance(model, lm.BackoffModel)
    model.trie.check(len(model.vocabulary))
    return lm.perplexity(model, "test.txt").perplexity


@pytest.fixture
def witten_bell(folder: Path, invoke: Invoke) -> Path:
    made = invoke("train", "train.txt", "--order", "3", "--smoothing", "witten-bell", "-o", "wb.arpa", "-q")
    assert made.exit_code == 0, made.output
    return folder / "wb.arpa"


def test_entropy(witten_bell: Path, invoke: Invoke) -> None:
    result = invoke("prune", "wb.arpa", "--entropy", "1e-5", "-o", "small.arpa")
    expected = prune(lm.BackoffModel.load_arpa("wb.arpa"), 1e-5)

    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert lm.BackoffModel.load_arpa("small.arpa").n_ngrams == expected.n_ngrams
    assert scores("small.arpa") == pytest.approx(lm.perplexity(expected, "test.txt").perplexity, rel=1e-5)
    before = sum(lm.BackoffModel.load_arpa("wb.arpa").n_ngrams)
    assert result.stderr.splitlines()[-1].split() == ["all", f"{before:,}", f"{sum(expected.n_ngrams):,}"]


def test_weighted_difference_and_binary_output(witten_bell: Path, invoke: Invoke) -> None:
    result = invoke("prune", "wb.arpa", "--weighted-difference", "1e-5", "-o", "small.ngram", "--json")
    model = lm.BackoffModel.load("small.ngram")
    facts = json.loads(result.stdout)

    assert facts["output"] == "small.ngram"
    assert facts["ngrams"] == list(model.n_ngrams)
    assert sum(facts["ngrams"]) < sum(facts["ngrams_before"])
    assert facts["metadata"]["pruned"] == "weighted-difference 1e-05"


def test_keep(witten_bell: Path, invoke: Invoke) -> None:
    result = invoke("prune", "wb.arpa", "--keep", "500", "-o", "small.ngram", "--quiet")

    assert (result.exit_code, result.output) == (0, "")
    assert sum(lm.BackoffModel.load("small.ngram").n_ngrams) <= 500
    other = invoke(
        "prune", "wb.arpa", "--keep", "500", "--criterion", "weighted-difference", "-o", "other.ngram"
    )
    assert other.exit_code == 0, other.output
    assert lm.BackoffModel.load("other.ngram").metadata["pruned"].startswith("weighted-difference ")
    assert invoke("prune", "wb.arpa", "--keep", "3", "-o", "small.ngram").exit_code == 2


def test_history_model(witten_bell: Path, invoke: Invoke) -> None:
    invoke("prune", "model.ngram", "--keep", "500", "--history-model", "wb.arpa", "-o", "small.arpa")
    alone = invoke("prune", "model.ngram", "--keep", "500", "-o", "alone.arpa")

    assert "warning: found a Kneser-Ney model" in alone.stderr
    assert Path("small.arpa").read_text() != Path("alone.arpa").read_text()


def test_vocabulary(witten_bell: Path, invoke: Invoke) -> None:
    Path("words.txt").write_text("the\ncat\ndog\nunicorn\n")
    result = invoke("prune", "wb.arpa", "--vocab", "words.txt", "-o", "words.arpa")
    shared = invoke("prune", "wb.arpa", "--vocab", "words.txt", "--new-words", "share", "-o", "more.arpa")
    expected = restrict_vocabulary(lm.BackoffModel.load_arpa("wb.arpa"), ["the", "cat", "dog"])

    assert "unknown to the model, left out: 1 of 4 words" in result.stderr
    assert "added with a share of <unk>: 1 of 4 words" in shared.stderr
    assert expected.n_ngrams == lm.BackoffModel.load_arpa("words.arpa").n_ngrams
    assert "unicorn" in lm.load("more.arpa").vocabulary
    both = invoke("prune", "wb.arpa", "--vocab", "words.txt", "--entropy", "1e-3", "-o", "both.arpa")
    assert both.exit_code == 0
    assert sum(lm.BackoffModel.load_arpa("both.arpa").n_ngrams) < sum(expected.n_ngrams)


def test_from_standard_input_to_standard_output(witten_bell: Path, invoke: Invoke) -> None:
    result = invoke("prune", "-", "--entropy", "1e-4", "-o", "-", input=witten_bell.read_bytes())

    assert result.exit_code == 0
    assert result.stdout.startswith("\\data\\\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "found nothing to do; expected --entropy"),
        (("--entropy", "1e-7", "--keep", "10"), "cannot be used together"),
        (("--entropy", "-1"), "-1"),
        (("--entropy", "1e-7", "--criterion", "weighted-difference"), "--criterion needs --keep"),
        (("--entropy", "nan"), "threshold is nan"),
        (("--entropy", "1e-7", "--removed", "unknown"), "--removed needs --vocab"),
        (("--keep", "9", "--new-words", "share"), "--new-words needs --vocab"),
        (("--vocab", "train.txt", "--history-model", "model.arpa"), "--history-model needs"),
        (("--entropy", "1e-7", "--json"), "--json needs -o FILE"),
        (("--vocab", "train.txt"), "expected one word on a line"),
    ],
)
def test_refused(folder: Path, invoke: Invoke, arguments: tuple[str, ...], message: str) -> None:
    output = () if "--json" in arguments else ("-o", "small.arpa")
    result = invoke("prune", "model.arpa", *arguments, *output)

    assert result.exit_code == 2
    assert message in result.stderr
    assert not (folder / "small.arpa").exists()


def test_a_model_that_does_not_say_how_it_was_smoothed_is_told(folder: Path, invoke: Invoke) -> None:
    """An ARPA file may hold a Kneser-Ney model, which a binary one would have been warned of."""
    small = ("--entropy", "1e-5", "-o", "small.arpa")
    note = "model.arpa does not name its smoothing method; a Kneser-Ney model needs --history-model\n"

    assert invoke("prune", "model.arpa", *small).stderr.startswith(note)
    assert "found a Kneser-Ney model" in invoke("prune", "model.ngram", *small).stderr
    invoke("train", "train.txt", "--order", "3", "--smoothing", "witten-bell", "-o", "wb.ngram")
    invoke("train", "train.txt", "--order", "1", "-o", "one.arpa")
    for arguments in (
        ("model.arpa", "--quiet"),
        ("model.arpa", "--history-model", "wb.ngram"),
        ("wb.ngram",),
        ("one.arpa",),
    ):
        result = invoke("prune", *arguments, *small)
        assert result.exit_code == 0
        assert "smoothed" not in result.stderr


def test_a_list_without_words_is_told(folder: Path, invoke: Invoke) -> None:
    (folder / "none.txt").write_text("")
    result = invoke("prune", "model.arpa", "--vocab", "none.txt", "-o", "small.arpa")

    assert "warning: found no words in none.txt" in result.stderr


def test_an_input_is_never_overwritten(folder: Path, invoke: Invoke) -> None:
    before = (folder / "model.arpa").read_bytes()
    result = invoke("prune", "model.arpa", "--entropy", "1e-7", "-o", "model.arpa")

    assert result.exit_code == 2
    assert (folder / "model.arpa").read_bytes() == before


def test_training_with_kneser_ney_pruning(folder: Path, invoke: Invoke) -> None:
    result = invoke("train", "train.txt", "--order", "3", "--kneser-ney-prune", "2", "-o", "small.arpa")
    expected = PrunedKneserNey(threshold=2).fit(lm.count("train.txt", order=3))

    assert result.exit_code == 0, result.output
    assert lm.BackoffModel.load_arpa("small.arpa").n_ngrams == expected.n_ngrams
    assert scores("small.arpa") == pytest.approx(lm.perplexity(expected, "test.txt").perplexity, rel=1e-5)


@pytest.mark.parametrize("other", [("--smoothing", "witten-bell"), ("--backoff",)])
def test_only_interpolated_kneser_ney_is_pruned_in_training(
    folder: Path, invoke: Invoke, other: tuple[str, ...]
) -> None:
    result = invoke("train", "train.txt", "--kneser-ney-prune", "2", *other, "-o", "small.arpa")

    assert result.exit_code == 2
    assert "--kneser-ney-prune is for" in result.stderr
