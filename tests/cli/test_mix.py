"""``mix``: weights given, equal, or found on held-out text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import Invoke

import ngramlm as lm
from ngramlm.mixing.interpolation import component_log10_probs, estimate_weights, mix, union_vocabulary


def test_weights_from_heldout_text(folder: Path, invoke: Invoke) -> None:
    result = invoke("mix", "model.arpa", "other.arpa", "--heldout", "test.txt", "-o", "mixed.arpa", "--json")
    facts = json.loads(result.stdout)
    models = [lm.BackoffModel.load_arpa(path) for path in ("model.arpa", "other.arpa")]
    text = lm.read_text("test.txt", vocabulary=union_vocabulary([model.vocabulary for model in models]))
    expected = estimate_weights(component_log10_probs(models, text))
    mixed = mix(models, expected.weights)

    assert result.exit_code == 0, result.output
    assert facts["weights"] == pytest.approx(expected.weights.tolist())
    assert facts["iterations"] == expected.iterations
    assert facts["ngrams"] == list(mixed.n_ngrams)
    assert facts["heldout_mixed"]["perplexity"] == pytest.approx(lm.perplexity(mixed, text).perplexity)
    alone = [lm.perplexity(model, "test.txt").perplexity for model in models]
    assert [part["perplexity"] for part in facts["heldout"]] == pytest.approx(alone)
    again = lm.BackoffModel.load_arpa("mixed.arpa")
    again.trie.check(len(again.vocabulary))
    assert again.n_ngrams == mixed.n_ngrams


def test_a_heldout_text_of_unknown_words_is_told(folder: Path, invoke: Invoke) -> None:
    (folder / "strange.txt").write_text("qqq zzz the\n")
    result = invoke("mix", "model.arpa", "other.arpa", "--heldout", "strange.txt", "-o", "mixed.arpa")

    assert result.exit_code == 0
    assert "warning: strange.txt: 67 % of the words are OOVs" in result.stderr
    usual = invoke("mix", "model.arpa", "other.arpa", "--heldout", "test.txt", "-o", "mixed.arpa")
    assert "OOVs (is" not in usual.stderr


def test_the_summary_names_weights_and_perplexities(folder: Path, invoke: Invoke) -> None:
    result = invoke("mix", "model.arpa", "other.arpa", "--heldout", "test.txt", "-o", "mixed.ngram")
    lines = result.stderr.splitlines()

    assert result.stdout == ""
    assert lines[0].startswith("weights found in ")
    assert lines[1].split() == ["model", "weight", "perplexity", "OOVs"]
    assert [line.split()[0] for line in lines[2:5]] == ["model.arpa", "other.arpa", "mixed"]


def test_weights_given_are_divided_by_their_sum(folder: Path, invoke: Invoke) -> None:
    result = invoke("mix", "model.arpa", "other.arpa", "--weights", "3,1", "-o", "mixed.ngram", "--json")

    assert json.loads(result.stdout)["weights"] == [0.75, 0.25]
    assert "iterations" not in json.loads(result.stdout)
    assert lm.BackoffModel.load("mixed.ngram").metadata["mixed"] == "0.75,0.25"


def test_equal_weights_to_standard_output(folder: Path, invoke: Invoke) -> None:
    result = invoke("mix", "model.arpa", "other.arpa", "-o", "-", "--quiet")

    assert result.exit_code == 0
    assert result.stdout.startswith("\\data\\\n")
    assert result.stderr == ""


def test_heldout_text_that_only_tests_given_weights(folder: Path, invoke: Invoke) -> None:
    arguments = ("mix", "model.arpa", "other.arpa", "--weights", "0.5,0.5", "--heldout", "test.txt")
    result = invoke(*arguments, "-o", "mixed.arpa", "--json")
    facts = json.loads(result.stdout)

    assert facts["weights"] == [0.5, 0.5]
    assert "iterations" not in facts
    assert facts["heldout_mixed"]["oovs"] <= min(part["oovs"] for part in facts["heldout"])


def test_models_are_multiplied(folder: Path, invoke: Invoke) -> None:
    arguments = ("mix", "model.arpa", "other.arpa", "--log-linear", "--heldout", "test.txt", "--json")
    facts = json.loads(invoke(*arguments, "-o", "product.ngram").stdout)
    models = [lm.BackoffModel.load_arpa(path) for path in ("model.arpa", "other.arpa")]
    text = lm.read_text("test.txt", vocabulary=union_vocabulary([model.vocabulary for model in models]))
    weights = lm.fit_log_linear_weights(models, text)
    expected = lm.mix_log_linear(models, weights.tolist())

    assert facts["log_linear"]
    assert facts["weights"] == pytest.approx(weights.tolist(), abs=1e-9)
    assert facts["heldout_mixed"]["perplexity"] == pytest.approx(lm.perplexity(expected, text).perplexity)
    assert lm.BackoffModel.load("product.ngram").n_ngrams == expected.n_ngrams
    given = invoke(*arguments, "--weights", "1,0.5", "-o", "product.ngram")
    assert json.loads(given.stdout)["weights"] == [1, 0.5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("model.arpa",), "two or more"),
        (
            ("model.arpa", "model.ngram", "--weights", "1"),
            "found 1 weight for 2 models; expected one weight per model",
        ),
        (("model.arpa", "model.ngram", "--weights", "0,0"), "not all of them 0"),
        (("model.arpa", "model.ngram", "--weights", "a,b"), "numbers"),
        (("-", "-"), "only once"),
        (("model.arpa", "counts.gz"), "error: counts.gz: found n-gram counts; expected a model"),
    ],
)
def test_refused(folder: Path, invoke: Invoke, arguments: tuple[str, ...], message: str) -> None:
    result = invoke("mix", *arguments, "-o", "mixed.arpa")

    assert result.exit_code == 2
    assert message in result.stderr
    assert not (folder / "mixed.arpa").exists()
