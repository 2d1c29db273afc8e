"""perplexity, score, compare, next, generate, vocab: what models say."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import os
import re
import sys
from pathlib import Path

import pytest
from support.command_line import Invoke, command, started

import ngramlm as lm
from ngramlm.cli.figures import figure


def test_perplexity_has_kenlms_names_and_the_librarys_figures(invoke: Invoke, folder: Path) -> None:
    expected = lm.perplexity(lm.load(folder / "model.arpa"), folder / "test.txt")
    lines = dict(line.split(":", 1) for line in invoke("ppl", "model.arpa", "test.txt").stdout.splitlines())

    assert list(lines)[:4] == ["Perplexity including OOVs", "Perplexity excluding OOVs", "OOVs", "Tokens"]
    assert float(lines["Perplexity including OOVs"]) == pytest.approx(expected.perplexity, rel=1e-5)
    assert float(lines["Perplexity excluding OOVs"]) == pytest.approx(
        expected.perplexity_excluding_oov, rel=1e-5
    )
    assert int(lines["OOVs"]) == expected.oovs > 0
    assert int(lines["Tokens"]) == expected.tokens


def test_perplexity_in_json(invoke: Invoke, folder: Path) -> None:
    expected = lm.perplexity(lm.load(folder / "model.arpa"), folder / "test.txt")
    facts = json.loads(invoke("perplexity", "model.arpa", "test.txt", "--json").stdout)

    assert facts == {"model": "model.arpa", **expected.as_dict()}
    assert {
        "log10_prob",
        "perplexity",
        "perplexity_excluding_oov",
        "tokens",
        "sentences",
        "oovs",
    } <= facts.keys()
    assert {"zero_probs", "bits_per_word", "bits_per_character", "signature"} <= facts.keys()


def test_perplexity_of_standard_input_is_that_of_the_file(invoke: Invoke, folder: Path) -> None:
    text = (folder / "test.txt").read_bytes()
    for models in (["model.arpa"], ["model.arpa", "model.ngram"]):
        of_file = invoke("perplexity", *models, "test.txt", "--json")
        of_stream = invoke("perplexity", *models, "-", "--json", input=text)

        assert of_file.exit_code == 0
        assert of_stream.stdout == of_file.stdout


def test_an_impossible_word_gives_null_in_json_and_infinite_in_text(invoke: Invoke, folder: Path) -> None:
    invoke("train", "train.txt", "--order", "2", "--closed", "-o", "closed.arpa")

    facts = json.loads(invoke("perplexity", "closed.arpa", "test.txt", "--json").stdout)
    assert facts["perplexity"] is None
    assert facts["perplexity_excluding_oov"] > 1
    assert "Perplexity including OOVs:  infinite\n" in invoke("perplexity", "closed.arpa", "test.txt").stdout


def test_several_models_are_a_table(invoke: Invoke, folder: Path) -> None:
    result = invoke("perplexity", "model.arpa", "model.ngram", "test.txt")
    lines = result.stdout.splitlines()

    assert lines[0].split()[:2] == ["model", "incl."]
    assert [line.split()[0] for line in lines[1:]] == ["model.arpa", "model.ngram"]
    objects = json.loads(invoke("perplexity", "model.arpa", "model.ngram", "test.txt", "--json").stdout)
    assert [item["model"] for item in objects] == ["model.arpa", "model.ngram"]


def test_models_of_different_vocabularies_are_refused_unless_asked_for(invoke: Invoke, folder: Path) -> None:
    invoke("train", "other.txt", "--order", "2", "-o", "other.arpa")
    result = invoke("perplexity", "model.arpa", "other.arpa", "test.txt")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "vocabular" in result.stderr
    assert invoke("perplexity", "model.arpa", "other.arpa", "test.txt", "--any-vocabulary").exit_code == 0


def test_tokens_add_up_to_the_whole(invoke: Invoke, folder: Path) -> None:
    result = invoke("perplexity", "model.arpa", "test.txt", "--per-token")
    expected = lm.perplexity(lm.load(folder / "model.arpa"), folder / "test.txt")
    rows = list(csv.DictReader(io.StringIO(result.stdout), delimiter="\t", quoting=csv.QUOTE_NONE))

    assert list(rows[0]) == ["token", "log10_prob", "ngram_length", "oov"]
    assert len(rows) == expected.tokens
    assert sum(float(row["log10_prob"]) for row in rows) == pytest.approx(expected.log10_prob, abs=1e-3)
    assert [row["token"] for row in rows if row["oov"] == "1"] == ["<unk>"] * expected.oovs
    assert {row["ngram_length"] for row in rows} == {"1", "2", "3"}
    assert "Perplexity including OOVs" in result.stderr


def test_sentences_add_up_to_the_whole(invoke: Invoke, folder: Path) -> None:
    result = invoke("perplexity", "model.arpa", "test.txt", "--per-sentence", "-q")
    model = lm.load(folder / "model.arpa")
    rows = list(csv.DictReader(io.StringIO(result.stdout), delimiter="\t"))
    lines = (folder / "test.txt").read_text().splitlines()

    assert result.stderr == ""
    assert [int(row["sentence"]) for row in rows] == list(range(1, len(lines) + 1))
    for row, line in zip(rows, lines, strict=True):
        score = model.score(line)
        assert float(row["log10_prob"]) == pytest.approx(score, abs=1e-5)
        assert int(row["tokens"]) == len(line.split()) + 1
        assert float(row["perplexity"]) == pytest.approx(10 ** (-score / int(row["tokens"])), rel=1e-4)


@pytest.mark.parametrize(
    ("option", "key"), [("--per-token", "token_scores"), ("--per-sentence", "sentence_scores")]
)
def test_details_in_json(invoke: Invoke, folder: Path, option: str, key: str) -> None:
    facts = json.loads(invoke("perplexity", "model.arpa", "test.txt", option, "--json").stdout)

    assert sum(row["log10_prob"] for row in facts[key]) == pytest.approx(facts["log10_prob"], abs=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        ["model.arpa"],
        ["model.arpa", "test.txt", "--per-token", "--per-sentence"],
        ["model.arpa", "model.ngram", "test.txt", "--per-token"],
        ["-", "-"],
    ],
)
def test_perplexity_used_wrongly(invoke: Invoke, folder: Path, arguments: list[str]) -> None:
    result = invoke("perplexity", *arguments)

    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.endswith("See 'ngramlm perplexity --help'.\n")


def test_counts_are_no_model(invoke: Invoke, folder: Path) -> None:
    result = invoke("perplexity", "counts.gz", "test.txt")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: counts.gz: found n-gram counts; expected a model")


@pytest.mark.parametrize(
    ("options", "how"),
    [
        ([], {}),
        (["--no-bos"], {"bos": False}),
        (["--no-eos"], {"eos": False}),
        (["--no-bos", "--no-eos"], {"bos": False, "eos": False}),
    ],
)
def test_scores_are_the_librarys(
    invoke: Invoke, folder: Path, options: list[str], how: dict[str, bool]
) -> None:
    text = "the cat sees the dog\n\nnobody\na zebra follows zebras\nold stones"
    model = lm.load(folder / "model.arpa")
    result = invoke("score", "model.arpa", *options, input=text)

    expected = [model.score(line, **how) for line in text.split("\n")]
    assert [float(line) for line in result.stdout.splitlines()] == pytest.approx(expected, abs=2e-6)


def test_scores_of_a_file_are_those_of_the_stream(invoke: Invoke, folder: Path) -> None:
    of_file = invoke("score", "model.arpa", "test.txt")

    assert of_file.exit_code == 0
    assert of_file.stdout.count("\n") == 41
    assert (
        invoke("score", "model.arpa", "-", input=(folder / "test.txt").read_bytes()).stdout == of_file.stdout
    )


def test_scores_as_perplexities_and_as_json(invoke: Invoke, folder: Path) -> None:
    line = "the zebra sees the dog"
    score = lm.load(folder / "model.arpa").score(line)

    perplexity = float(invoke("score", "model.arpa", "--perplexity", input=line).stdout)
    assert perplexity == pytest.approx(10 ** (-score / 6), rel=1e-5)
    facts = json.loads(invoke("score", "model.arpa", "--json", input=line).stdout)
    assert facts == {"log10_prob": pytest.approx(score, abs=1e-6), "tokens": 6, "oovs": 1}


def test_without_the_end_of_the_sentence_there_is_a_token_less(invoke: Invoke, folder: Path) -> None:
    line = "the zebra sees the dog"
    score = lm.load(folder / "model.arpa").score(line, eos=False)

    facts = json.loads(invoke("score", "model.arpa", "--no-eos", "--json", input=line).stdout)
    assert facts == {"log10_prob": pytest.approx(score, abs=1e-6), "tokens": 5, "oovs": 1}
    perplexity = float(invoke("score", "model.arpa", "--no-eos", "--perplexity", input=line).stdout)
    assert perplexity == pytest.approx(10 ** (-score / 5), rel=1e-5)


def test_nothing_to_score_is_nothing(invoke: Invoke, folder: Path) -> None:
    result = invoke("score", "model.arpa", input="")

    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_score_comes_as_soon_as_its_line(folder: Path) -> None:
    with started(command("score", "model.ngram"), folder) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in ("the cat\n", "the dog sees\n"):
            process.stdin.write(line)
            process.stdin.flush()
            assert float(process.stdout.readline()) < 0  # while the process waits for more
        out, err = process.communicate("bad \x00 word\n", timeout=30)

        assert (process.returncode, out) == (2, "")
        assert err.startswith("error: <stdin>:3: found the control character")


def test_compare_has_a_row_for_each_method_and_order(invoke: Invoke, folder: Path) -> None:
    result = invoke(
        "compare", "train.txt", "--test", "test.txt", "--order", "1,2", "--smoothing", "wb,kneser-ney"
    )
    assert result.exit_code == 2  # wb is only suggested

    result = invoke(
        "compare",
        "train.txt",
        "--test",
        "test.txt",
        "--order",
        "1,2",
        "--smoothing",
        "witten-bell,kneser-ney",
        "-q",
    )
    assert (result.exit_code, result.stderr) == (0, "")
    rows = result.stdout.splitlines()[1:]
    assert [" ".join(row.split()[:2]) for row in rows] == [
        "witten-bell 1",
        "kneser-ney 1",
        "witten-bell 2",
        "kneser-ney 2",
    ]


def test_compare_gives_what_train_and_perplexity_give(invoke: Invoke, folder: Path) -> None:
    rows = json.loads(invoke("compare", "train.txt", "--test", "test.txt", "--order", "3", "--json").stdout)[
        "rows"
    ]
    figures = json.loads(invoke("perplexity", "model.ngram", "test.txt", "--json").stdout)
    (row,) = [row for row in rows if row["model"].startswith("modified-kneser-ney")]

    assert len(rows) >= 4
    assert row["perplexity"] == pytest.approx(figures["perplexity"], rel=1e-6)
    assert row["signature"] == figures["signature"]


ROW_OF_OTHER = {
    "md": r"^\| witten-bell 2 +\| other.txt",
    "csv": "^witten-bell 2,other.txt,",
    "json": '"model": "witten-bell 2",\n *"text": "other.txt"',
    "txt": "^witten-bell 2  other.txt",
    "tex": "^witten-bell 2 & other.txt",
    "html": r'<th class="left" scope="row"[^>]*>witten-bell 2</th><td class="left"[^>]*>other.txt</td>',
}


@pytest.mark.parametrize("suffix", ROW_OF_OTHER)
def test_compare_writes_a_report(invoke: Invoke, folder: Path, suffix: str) -> None:
    options = ["--test", "test.txt", "--test", "other.txt", "--order", "2", "--smoothing", "witten-bell"]
    result = invoke("compare", "train.txt", *options, "-o", f"report.{suffix}")

    assert result.exit_code == 0
    report = (folder / f"report.{suffix}").read_text()
    assert len(re.findall(ROW_OF_OTHER[suffix], report, re.M)) == result.stdout.count("other.txt") == 1


def test_compare_writes_several_reports_of_one_run(invoke: Invoke, folder: Path) -> None:
    options = [
        "--test",
        "test.txt",
        "--order",
        "1,2",
        "--smoothing",
        "witten-bell,kneser-ney",
        "--form",
        "both",
    ]
    result = invoke(
        "compare", "train.txt", *options, "--curve", "1/4,100,1", "--json", "-o", "a.json", "-o", "b.html"
    )

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == json.loads((folder / "a.json").read_text())
    found = json.loads(result.stdout)
    assert [row["model"] for row in found["rows"][:4]] == [
        "witten-bell 1",
        "witten-bell back-off 1",
        "kneser-ney 1",
        "kneser-ney back-off 1",
    ]
    assert found["baseline"] == "witten-bell 1"
    assert [point["train_sentences"] for point in found["curve"] if point["method"] == "kneser-ney"] == [
        100,
        150,
        600,
    ]
    assert "kneser-ney back-off" in (folder / "b.html").read_text()


def test_compare_takes_the_options_of_the_tests(invoke: Invoke, folder: Path) -> None:
    options = [
        "--test",
        "test.txt",
        "--order",
        "2",
        "--smoothing",
        "witten-bell,kneser-ney,modified-kneser-ney",
        "--json",
    ]
    more = ["--heldout", "other.txt", "--resamples", "99", "--seed", "4", "--contrast", "witten-bell 2"]
    found = json.loads(invoke("compare", "train.txt", *options, *more).stdout)

    assert found["baseline"] == "modified-kneser-ney 2"
    assert found["significance"] == {"resamples": 99, "level": 0.95, "units": "sentences", "seed": 4}
    assert found["options"]["heldout"] == "yes"
    assert found["contrasts"][0]["models"] == ["witten-bell 2", "modified-kneser-ney 2"]
    assert all(row["p_value"] >= 0.01 for row in found["rows"] if row["model"] != found["baseline"])

    without = json.loads(
        invoke("compare", "train.txt", *options, "--baseline", "none", "--resamples", "0").stdout
    )
    assert without["baseline"] is None
    assert {row["bits_per_word_low"] for row in without["rows"]} == {None}


@pytest.mark.parametrize("sizes", ["", "0", "-1", "1/0", "half", "auto,1"])
def test_compare_refuses_sizes_of_a_curve(invoke: Invoke, folder: Path, sizes: str) -> None:
    result = invoke("compare", "train.txt", "--test", "test.txt", "--curve", sizes)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "expected 'auto', or sizes such as 1/8,1/2." in " ".join(result.stderr.split())


def test_texts_of_one_name_keep_their_folders(invoke: Invoke, folder: Path) -> None:
    (folder / "new").mkdir()
    (folder / "new" / "test.txt").write_text((folder / "other.txt").read_text())
    options = [
        "--test",
        "test.txt",
        "--test",
        "new/test.txt",
        "--order",
        "1",
        "--smoothing",
        "witten-bell",
        "--json",
    ]
    found = json.loads(invoke("compare", "train.txt", *options).stdout)

    assert [text["name"] for text in found["texts"]] == ["test.txt", "new/test.txt"]


def test_perplexity_refuses_scores(invoke: Invoke, folder: Path) -> None:
    made = invoke("train", "train.txt", "--order", "3", "--smoothing", "stupid-backoff", "-o", "scores.ngram")
    assert made.exit_code == 0, made.output
    result = invoke("perplexity", "scores.ngram", "test.txt")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: found scores that are not probabilities (order:3|")


def test_compare_refuses_a_report_of_unknown_format_before_any_work(invoke: Invoke, folder: Path) -> None:
    result = invoke("compare", "train.txt", "--test", "test.txt", "-o", "report.pdf")

    assert result.exit_code == 2
    assert (
        "found -o report.pdf; expected a name that ends with one of: .md, .csv, .json, .txt, .tex, .html."
        in result.stderr
    )


COMPARE = ["compare", "train.txt", "--order", "2", "--smoothing", "witten-bell, kneser-ney", "-q"]


def test_compare_writes_a_compressed_report(invoke: Invoke, folder: Path) -> None:
    result = invoke(*COMPARE, "--test", "test.txt", "-o", "report.html.gz", "-o", "report.html")

    assert result.exit_code == 0, result.stderr
    assert gzip.decompress((folder / "report.html.gz").read_bytes()) == (folder / "report.html").read_bytes()


def test_compare_asks_for_a_compressor_before_any_work(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setattr(
        "ngramlm.evaluation.smoothing_comparison.compare_smoothings", lambda *_, **__: pytest.fail("worked")
    )
    result = invoke(*COMPARE, "--test", "test.txt", "-o", "report.md.zst")

    assert result.exit_code == 1
    assert "ngramlm[zst]" in result.stderr


def test_compare_shows_the_learning_curve(invoke: Invoke, folder: Path) -> None:
    result = invoke(*COMPARE, "--test", "test.txt", "--curve", "1/4,300")

    table = result.stdout.partition("\n\nPerplexity by sentences of training text:\n")[2].splitlines()
    assert table[0].split() == ["model", "150", "300", "600"]
    assert [line.split()[:2] for line in table[1:]] == [["witten-bell", "2"], ["kneser-ney", "2"]]
    assert (
        table[1].split()[-1] == result.stdout.splitlines()[1].split()[4]
    )  # the whole text: as in the first table


def test_compare_warns_of_a_test_text_that_was_trained_on(invoke: Invoke, folder: Path) -> None:
    result = invoke(*COMPARE, "--test", "train.txt", "--test", "test.txt", "--heldout", "test.txt")

    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "warning: found test.txt as held out and as another input; expected another text",
        "warning: found train.txt as a test text and as another input; expected another text",
    ]


def test_warnings_of_compare_name_the_method_and_those_of_texts_come_once(
    invoke: Invoke, folder: Path
) -> None:
    (folder / "tiny.txt").write_text("a b\n")  # all once
    (folder / "strange.txt").write_text("x y z a\n")
    methods = "absolute-discounting,kneser-ney,linear-discounting"
    arguments = ["compare", "tiny.txt", "--smoothing", methods, "--order", "1,2", "--test", "strange.txt"]
    result = invoke(*arguments, "--heldout", "strange.txt", "-q")

    assert result.exit_code == 0, result.stderr
    lines = [line.removeprefix("warning: ") for line in result.stderr.splitlines()]
    complaint = "75 % of the words are OOVs (is it tokenized as the training text?)"
    assert lines.count(f"strange.txt: {complaint}") == lines.count(f"the held-out text: {complaint}") == 1
    named = [line for line in lines if "cannot be estimated" in line]
    assert {line.partition(": order ")[0] for line in named} == {
        f"{method} {order}" for method in methods.split(",") for order in (1, 2)
    }


@pytest.mark.parametrize("text", ["\n\n", "qqq zzz\nyyy\n"], ids=["blank", "oovs"])
def test_a_figure_that_does_not_exist_is_undefined(invoke: Invoke, folder: Path, text: str) -> None:
    result = invoke("perplexity", "model.arpa", "-", input=text)

    assert "Perplexity without </s>:    undefined\n" in result.stdout
    assert "nan" not in result.stdout
    assert (
        json.loads(invoke("perplexity", "model.arpa", "-", "--json", input=text).stdout)[
            "perplexity_without_eos"
        ]
        is None
    )
    printed = str(lm.perplexity(lm.load("model.arpa"), io.BytesIO(text.encode())))
    assert "perplexity without </s>:    undefined\n" in printed
    assert "nan" not in printed


def test_models_that_are_comparable_are_compared(invoke: Invoke, folder: Path) -> None:
    """Maximum likelihood over an open vocabulary gives <unk> nothing, but predicts the same words."""
    for name in ("maximum-likelihood", "witten-bell"):
        invoke("train", "train.txt", "--order", "2", "--smoothing", name, "-o", f"{name}.ngram")
    result = invoke("perplexity", "maximum-likelihood.ngram", "witten-bell.ngram", "test.txt")
    assert result.exit_code == 0, result.stderr

    invoke("train", "train.txt", "--order", "2", "--closed", "-o", "closed.ngram")
    result = invoke("perplexity", "closed.ngram", "witten-bell.ngram", "test.txt")
    assert result.exit_code == 2
    assert "--any-vocabulary" in result.stderr


def test_compare_with_a_baseline(invoke: Invoke, folder: Path) -> None:
    options = ["--test", "test.txt", "--order", "2", "--smoothing", "witten-bell,kneser-ney", "--json"]
    found = json.loads(invoke("compare", "train.txt", *options, "--baseline", "witten-bell 2").stdout)

    first, second = found["rows"]
    assert first["difference"] == 0.0
    assert second["difference"] == pytest.approx(second["bits_per_word"] - first["bits_per_word"])
    wrong = invoke("compare", "train.txt", *options, "--baseline", "nothing")
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (2, 1)


def test_next_words_are_the_librarys(invoke: Invoke, folder: Path) -> None:
    result = invoke("next", "model.arpa", "the", "cat", "-n", "3")
    expected = lm.load(folder / "model.arpa").next_words(["the", "cat"], n=3)

    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["word", "log10", "prob", "probability"]
    assert [line[0] for line in lines[1:]] == [word for word, _ in expected]
    assert [float(line[1]) for line in lines[1:]] == pytest.approx([value for _, value in expected], abs=1e-4)
    assert [float(line[2]) for line in lines[1:]] == pytest.approx(
        [10**value for _, value in expected], rel=1e-3
    )


def test_next_in_json_and_from_the_beginning_of_a_sentence(invoke: Invoke, folder: Path) -> None:
    facts = json.loads(invoke("next", "model.arpa", "--json").stdout)

    assert facts == json.loads(invoke("next", "model.arpa", "<s>", "--json", "-n", "10").stdout)
    assert facts["history"] == ["<s>"]
    assert facts["next"][0]["word"] == "the"
    values = [item["log10_prob"] for item in facts["next"]]
    assert values == sorted(values, reverse=True)
    assert len(values) == 10


def test_all_next_words_sum_to_one(invoke: Invoke, folder: Path) -> None:
    facts = json.loads(invoke("next", "model.arpa", "the old", "-n", "100000", "--json").stdout)

    assert math.fsum(10 ** item["log10_prob"] for item in facts["next"]) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(
    "arguments", [["next", "model.arpa", "zebra"], ["generate", "model.arpa", "--history", "zebra"]]
)
def test_a_word_that_the_model_does_not_know_is_a_warning(
    invoke: Invoke, folder: Path, arguments: list[str]
) -> None:
    result = invoke(*arguments)

    assert result.exit_code == 0
    assert result.stderr == "warning: found words outside the vocabulary, read as <unk>: zebra\n"


def test_a_word_that_is_not_utf8_is_refused(invoke: Invoke, folder: Path) -> None:
    result = invoke("next", "model.arpa", b"\xff".decode(errors="surrogateescape"))

    assert result.exit_code == 2
    assert "expected words in UTF-8" in result.stderr


def test_generate_repeats_itself_with_a_seed(invoke: Invoke, folder: Path) -> None:
    def drawn(*options: str) -> str:
        result = invoke("generate", "model.arpa", "-n", "20", *options)
        assert (result.exit_code, result.stderr) == (0, "")
        return result.stdout

    assert drawn("--seed", "1") == drawn("--seed", "1")
    assert drawn("--seed", "1") != drawn("--seed", "2")
    assert drawn() != drawn()
    assert drawn("--seed", "1").count("\n") == 20
    assert len(set(drawn("--seed", "1").splitlines())) > 5


def test_generate_begins_as_told_and_ends_in_time(invoke: Invoke, folder: Path) -> None:
    lines = invoke(
        "generate", "model.arpa", "-n", "20", "--history", "the cat", "--seed", "1"
    ).stdout.splitlines()
    assert len(lines) == 20
    assert all(line.split()[:2] == ["the", "cat"] for line in lines)
    short = json.loads(invoke("generate", "model.arpa", "-n", "20", "--max-length", "2", "--json").stdout)
    assert {len(words) for words in short} <= {0, 1, 2}
    assert max(len(words) for words in short) == 2


def test_generated_words_are_of_the_vocabulary(invoke: Invoke, folder: Path) -> None:
    words = lm.load(folder / "model.arpa").vocabulary
    for sentence in json.loads(invoke("generate", "model.arpa", "-n", "50", "--json", "--seed", "5").stdout):
        assert all(word in words and word not in ("<s>", "</s>") for word in sentence)


def test_the_words_of_a_text_by_falling_count(invoke: Invoke, here: Path) -> None:
    (here / "a.txt").write_text("b a b c\nc b\n")

    assert invoke("vocab", "a.txt").stdout == "b\nc\na\n"
    assert invoke("vocab", "a.txt", "--with-counts").stdout == "b\t3\nc\t2\na\t1\n"
    assert invoke("vocab", "a.txt", "--min-count", "2").stdout == "b\nc\n"
    assert invoke("vocab", "a.txt", "--max-vocab", "1").stdout == "b\n"
    assert invoke("vocab", "-", input="x\n").stdout == "x\n"
    assert json.loads(invoke("vocab", "a.txt", "--min-count", "2", "--json").stdout) == {
        "tokens": 6,
        "oovs": 1,
        "words": {"b": 3, "c": 2},
    }


def test_a_word_list_is_a_vocabulary(invoke: Invoke, folder: Path) -> None:
    result = invoke("vocab", "train.txt", "-o", "words.txt", "--max-vocab", "4")

    assert result.stdout == ""
    assert result.stderr.startswith("4 words for ")
    assert (
        lm.Vocabulary.read(folder / "words.txt") == lm.read_text(folder / "train.txt", max_size=4).vocabulary
    )


@pytest.mark.parametrize(
    ("tokenizer", "words"), [("characters", {"a": 1, "b": 2}), ("words", {"ab": 1, "b": 1, ".": 1})]
)
def test_tokenizers(invoke: Invoke, here: Path, tokenizer: str, words: dict[str, int]) -> None:
    (here / "a.txt").write_text("ab b." if tokenizer == "words" else "ab b")

    assert json.loads(invoke("vocab", "a.txt", "--tokenizer", tokenizer, "--json").stdout)["words"] == words


def test_perplexity_of_several_threads_is_that_of_one(invoke: Invoke, folder: Path) -> None:
    one, two = (invoke("perplexity", "model.arpa", "test.txt", "--threads", n).stdout for n in "12")

    assert one == two != ""


@pytest.mark.parametrize("options", [(), ("--documents", "blank")])
def test_perplexity_of_no_sentences(invoke: Invoke, folder: Path, options: tuple[str, ...]) -> None:
    (folder / "empty.txt").write_bytes(b"")
    message = "found no sentences; expected at least one line of text\n"
    result = invoke("perplexity", "model.arpa", "empty.txt", *options)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: empty.txt: {message}")
    result = invoke("perplexity", "model.arpa", "-", *options, input="")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: <stdin>: {message}")


def test_perplexities_of_lines_in_json(invoke: Invoke, folder: Path) -> None:
    """A line without tokens has no perplexity."""
    line = "the zebra sees the dog"
    score = lm.load(folder / "model.arpa").score(line, eos=False)
    arguments = ("score", "model.arpa", "--no-eos", "--perplexity")
    first, second = map(json.loads, invoke(*arguments, "--json", input=f"{line}\n\n").stdout.splitlines())

    assert first["perplexity"] == pytest.approx(10 ** (-score / 5), rel=1e-6)
    assert second == {"log10_prob": 0.0, "tokens": 0, "oovs": 0, "perplexity": None}
    assert invoke(*arguments, input=f"{line}\n\n").stdout.splitlines()[1] == "undefined"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (99999.4, "99999.4"),
        (100000.4, "100000"),
        (123456789.6, "123456790"),
        (-1234567.0, "-1234567"),
        (1.5, "1.5"),
    ],
)
def test_a_large_figure_has_all_digits_before_the_point(value: float, text: str) -> None:
    assert figure(value) == text
