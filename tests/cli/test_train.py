"""count and train: from text to files."""

from __future__ import annotations

import gzip
import json
import os
import re
from pathlib import Path

import pytest
from support.command_line import Invoke, arpa_lines

import ngramlm as lm


def test_train_writes_a_model_and_a_summary(invoke: Invoke, folder: Path) -> None:
    result = invoke("train", "train.txt", "--order", "3", "-o", "new.arpa")

    assert (result.exit_code, result.stdout) == (0, "")
    assert (folder / "new.arpa").read_bytes().startswith(b"\\data\\\nngram 1=")
    text = lm.read_text(folder / "train.txt")
    assert f"{text.n_words:,} words, 600 sentences, {len(text.vocabulary) - 3} types\n" in result.stderr
    model = lm.load(folder / "new.arpa")
    for order, number in enumerate(model.trie.n_rows, 1):
        assert re.search(rf"^ +{order} +{number:,}( |$)", result.stderr, re.MULTILINE)


def test_train_says_the_discounts_of_every_order(invoke: Invoke, folder: Path) -> None:
    result = invoke("train", "train.txt", "--order", "2", "-o", "new.arpa")

    lines = [line.split() for line in result.stderr.splitlines() if re.match(r" +[12] ", line)]
    assert [len(line) for line in lines] == [5, 5]
    for line in lines:
        assert all(0 < float(value) < 3 for value in line[2:])


def test_train_says_all_of_it_in_json(invoke: Invoke, folder: Path) -> None:
    result = invoke("train", "train.txt", "--order", "2", "-o", "new.arpa", "--json")

    facts = json.loads(result.stdout)
    assert result.exit_code == 0
    assert facts["output"] == "new.arpa"
    assert facts["sentences"] == 600
    assert facts["order"] == 2
    assert facts["ngrams"] == list(lm.load(folder / "new.arpa").trie.n_rows)
    assert [len(values) for values in facts["discounts"]] == [3, 3]
    assert facts["signature"].startswith("order:2|smoothing:modified-kneser-ney|")


def test_maximum_entropy_with_its_parameters(invoke: Invoke, folder: Path) -> None:
    settings = ["--set", "sigma2=6", "--set", "alpha=0.5", "--set", "tolerance=0.01"]
    result = invoke(
        "train", "train.txt", "--order", "2", "--smoothing", "maxent", *settings, "-o", "new.arpa"
    )
    counts = lm.count(folder / "train.txt", order=2)
    expected = lm.MaxEnt(sigma2=6, alpha=0.5, tolerance=0.01).fit(counts)

    assert result.exit_code == 0
    model = lm.load(folder / "new.arpa")
    assert abs(expected.score("the cat") - model.score("the cat")) < 1e-5
    wrong = invoke("train", "train.txt", "--smoothing", "maxent", "--set", "sigma2=0", "-o", "no.arpa")
    assert wrong.exit_code == 2
    assert "sigma2 is 0; expected a number above 0" in wrong.stderr


def test_quiet_is_quiet(invoke: Invoke, folder: Path) -> None:
    for arguments in (["train", "train.txt", "-o", "new.arpa"], ["count", "train.txt", "-o", "new.gz"]):
        assert invoke(*arguments, "-q", "--order", "2").output == ""


def test_a_model_on_standard_output_is_arpa(invoke: Invoke, folder: Path) -> None:
    invoke("train", "train.txt", "--order", "2", "-o", "new.arpa")
    for options in ([], ["-o", "-"]):
        result = invoke("train", "train.txt", "--order", "2", *options)

        assert result.exit_code == 0
        assert result.stdout.encode() == (folder / "new.arpa").read_bytes()


def test_text_on_standard_input(invoke: Invoke, folder: Path) -> None:
    for arguments in (["-"], []):
        result = invoke("train", *arguments, "--order", "3", input=(folder / "train.txt").read_bytes())

        assert result.stdout.encode() == (folder / "model.arpa").read_bytes()


def test_json_and_the_model_do_not_share_standard_output(invoke: Invoke, folder: Path) -> None:
    for name in ("train", "count"):
        result = invoke(name, "train.txt", "--json")

        assert result.exit_code == 2
        assert "--json needs -o FILE" in result.stderr


@pytest.mark.parametrize("name", ["model.bin", "model", "model.ngram.gz"])
def test_a_name_that_says_no_format_is_refused(invoke: Invoke, folder: Path, name: str) -> None:
    before = sorted(folder.iterdir())
    result = invoke("train", "train.txt", "-o", name)

    assert result.exit_code == 2
    assert name in result.stderr
    assert sorted(folder.iterdir()) == before


def test_formats_hold_the_same_model(invoke: Invoke, folder: Path) -> None:
    invoke("train", "train.txt", "--order", "3", "-o", "new.arpa.gz")

    assert arpa_lines(folder / "new.arpa.gz") == arpa_lines(folder / "model.arpa")
    sentence = "the cat follows the dog"
    assert lm.load(folder / "model.ngram").score(sentence) == pytest.approx(
        lm.load(folder / "model.arpa").score(sentence), abs=1e-5
    )


def test_the_result_does_not_depend_on_threads(invoke: Invoke, folder: Path) -> None:
    for threads in ("1", "3"):
        invoke("train", "train.txt", "--order", "3", "--threads", threads, "-o", "new.arpa")

        assert (folder / "new.arpa").read_bytes() == (folder / "model.arpa").read_bytes()


def test_several_texts_are_one(invoke: Invoke, folder: Path) -> None:
    lines = (folder / "train.txt").read_text().splitlines(keepends=True)
    (folder / "a.txt").write_text("".join(lines[:250]))
    (folder / "b.txt").write_text("".join(lines[250:]))
    invoke("train", "a.txt", "b.txt", "--order", "3", "-o", "new.arpa")

    assert (folder / "new.arpa").read_bytes() == (folder / "model.arpa").read_bytes()


def test_a_model_of_counts_is_that_of_the_text(invoke: Invoke, folder: Path) -> None:
    result = invoke("train", "counts.gz", "--counts", "-o", "new.arpa")

    assert result.exit_code == 0, result.output
    assert arpa_lines(folder / "new.arpa") == arpa_lines(folder / "model.arpa")


def test_several_files_of_counts_are_added(invoke: Invoke, folder: Path) -> None:
    invoke("count", "other.txt", "--order", "3", "-o", "other.gz")
    invoke("train", "counts.gz", "other.gz", "--counts", "--order", "2", "-o", "added.arpa")
    invoke("train", "train.txt", "other.txt", "--order", "2", "-o", "both.arpa")

    assert arpa_lines(folder / "added.arpa") == arpa_lines(folder / "both.arpa")


def test_counts_that_are_taken_several_times(invoke: Invoke, folder: Path) -> None:
    for name in ("test", "other"):
        invoke("count", f"{name}.txt", "--order", "2", "-o", f"{name}.gz")
    method = ("--smoothing", "witten-bell", "--quiet")
    result = invoke(
        "train", "test.gz", "other.gz", "--counts", "--times", "3,1", *method, "-o", "merged.arpa"
    )
    invoke(
        "train",
        "test.txt",
        "test.txt",
        "test.txt",
        "other.txt",
        "--order",
        "2",
        *method,
        "-o",
        "repeated.arpa",
    )

    assert result.exit_code == 0, result.output
    merged, repeated = (lm.BackoffModel.load_arpa(f"{name}.arpa") for name in ("merged", "repeated"))
    texts = [lm.read_text("train.txt", vocabulary=model.vocabulary) for model in (merged, repeated)]
    assert merged.log10_probs(texts[0]).tolist() == repeated.log10_probs(texts[1]).tolist()
    for arguments in (("test.txt", "other.txt", "--times", "3,1"), ("test.gz", "--counts", "--times", "3,1")):
        refused = invoke("train", *arguments, "-o", "m.arpa")
        assert refused.exit_code == 2
        assert "--times needs --counts, and one number for each file" in refused.stderr


def test_options_of_text_are_refused_for_counts(invoke: Invoke, folder: Path) -> None:
    result = invoke("train", "counts.gz", "--counts", "--min-count", "2", "-o", "new.arpa")

    assert result.exit_code == 2
    assert "--min-count is for text and cannot be used with --counts." in result.stderr


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("kneser", "kneser-ney"),
        ("mkn", "modified-kneser-ney"),
        ("Witten_Bel", "witten-bell"),
        ("wb", "witten-bell"),
    ],
)
def test_an_unknown_method_is_answered_with_the_nearest(
    invoke: Invoke, folder: Path, wrong: str, right: str
) -> None:
    result = invoke("train", "train.txt", "--smoothing", wrong, "-o", "new.arpa")

    assert result.exit_code == 2
    assert f"found the smoothing {wrong!r} (did you mean {right!r}?); expected one of: " in result.stderr


@pytest.mark.parametrize("name", ["witten-bell", "absolute-discounting", "kneser-ney", "modified-kneser-ney"])
def test_the_method_is_the_one_asked_for(invoke: Invoke, folder: Path, name: str) -> None:
    signatures = set()
    for options in ([], ["--backoff"], ["--closed"]):
        result = invoke(
            "train", "train.txt", "--order", "2", "--smoothing", name, *options, "-o", "new.arpa", "--json"
        )
        assert result.exit_code == 0, result.output
        signatures.add(json.loads(result.stdout)["signature"])

    assert len(signatures) == 3
    assert all(f"|smoothing:{name}|" in signature for signature in signatures)


def test_cut_offs_drop_ngrams_of_their_order(invoke: Invoke, folder: Path) -> None:
    full = lm.load(folder / "model.arpa").trie.n_rows
    invoke("train", "train.txt", "--order", "3", "--prune", "0,0,1", "-o", "new.arpa")
    cut = lm.load(folder / "new.arpa").trie.n_rows

    assert cut[:2] == full[:2]
    assert 0 < cut[2] < full[2]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1,0", "cut-offs"),
        ("0,2,1", "cut-offs"),
        ("a", "found 'a'; expected a list of numbers with commas between them"),
        ("0,-1", "expected finite numbers of 0 or more"),
        ("", "''"),
    ],
)
def test_cut_offs_that_make_no_sense(invoke: Invoke, folder: Path, value: str, said: str) -> None:
    result = invoke("train", "train.txt", "--order", "3", "--prune", value, "-o", "new.arpa")

    assert result.exit_code == 2
    assert said in result.stderr
    assert not (folder / "new.arpa").exists()


def test_fallback_discounts_with_and_without_numbers(invoke: Invoke, folder: Path) -> None:
    (folder / "tiny.txt").write_text("a b c d\na b c d\n")
    seen = []
    for options in (
        ["--discount-fallback"],
        ["--discount-fallback", "0.5,1,1.5"],
        ["--discount-fallback=0.1,0.2,0.3"],
    ):
        result = invoke("train", *options, "tiny.txt", "--order", "2", "-o", "new.arpa", "--json")
        assert result.exit_code == 0, result.output
        seen.append(json.loads(result.stdout)["discounts"])

    assert seen[0] == seen[1] == [[0.5, 1.0, 1.5]] * 2
    assert seen[2] == [[0.1, 0.2, 0.3]] * 2


@pytest.mark.parametrize("value", ["1,2", "1,2,3,4", "0.5,1,-1", "nan,1,1"])
def test_fallback_discounts_are_three_numbers(invoke: Invoke, folder: Path, value: str) -> None:
    result = invoke("train", "train.txt", f"--discount-fallback={value}", "-o", "new.arpa")

    assert result.exit_code == 2
    assert "--discount-fallback" in result.stderr


def test_a_discount_that_cannot_be_estimated_is_a_warning_that_names_the_order(
    invoke: Invoke, folder: Path
) -> None:
    (folder / "tiny.txt").write_text("a b c d\na b c d\n")
    result = invoke("train", "tiny.txt", "--order", "2", "-o", "new.arpa")

    assert result.exit_code == 0
    assert [line for line in result.stderr.splitlines() if line.startswith("warning: ") and "order" in line]
    assert "Traceback" not in result.stderr


def test_a_vocabulary_from_a_file(invoke: Invoke, folder: Path) -> None:
    (folder / "words.txt").write_text("the\ncat\nzebra\n")
    invoke("train", "train.txt", "--order", "2", "--vocab", "words.txt", "-o", "new.arpa")

    assert lm.load(folder / "new.arpa").vocabulary.words()[3:] == ["the", "cat", "zebra"]


def test_a_limit_of_memory_changes_no_byte(invoke: Invoke, folder: Path) -> None:
    for command in (["train", "train.txt", "-o", "m.ngram"], ["count", "train.txt", "-o", "counts.gz"]):
        invoke(*command)
        expected = (folder / command[-1]).read_bytes()
        result = invoke(*command, "--memory", "256M", "--temp-folder", ".")

        assert result.exit_code == 0
        assert (folder / command[-1]).read_bytes() == expected
    assert not [path for path in folder.iterdir() if "tmp" in path.name]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--memory", "lots"], "found 'lots'; expected an amount such as 512M or 4G, at least 128M."),
        (["--memory", "-1G"], "found '-1G'; expected an amount such as"),
        (["--memory", "64M"], "found '64M'; expected an amount such as 512M or 4G, at least 128M"),
        (["--memory", "1G", "--temp-folder", "nowhere"], "Directory 'nowhere' does not exist."),
        (["--memory", "1G", "--counts"], "--memory is for text and cannot be used with --counts."),
    ],
    ids=str,
)
def test_limits_that_cannot_be_used(invoke: Invoke, folder: Path, options: list[str], said: str) -> None:
    result = invoke("train", "train.txt", *options, "-o", "new.arpa")

    assert (result.exit_code, said in result.stderr) == (2, True)


def test_a_vocabulary_by_count(invoke: Invoke, folder: Path) -> None:
    invoke("train", "train.txt", "--order", "2", "--min-count", "50", "--max-vocab", "5", "-o", "new.arpa")

    words = lm.read_text(folder / "train.txt").vocabulary.words()[3:8]
    assert sorted(lm.load(folder / "new.arpa").vocabulary.words()[3:]) == sorted(words)
    result = invoke("train", "train.txt", "--vocab", "test.txt", "--min-count", "2", "-o", "new.arpa")
    assert (result.exit_code, "--vocab cannot be used with" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"a b\nc \xff d\n", "error: bad.txt:2: found bytes that are not UTF-8"),
        (b"a b\n\n<s> a\n", "error: bad.txt:3: found the reserved word '<s>'"),
        (b"a\x00b\n", "error: bad.txt:1: found the control character '\\x00'"),
        (b"", "error: bad.txt: found no sentences"),
    ],
)
def test_bad_text_is_told_with_its_line(invoke: Invoke, here: Path, content: bytes, line: str) -> None:
    (here / "bad.txt").write_bytes(content)
    result = invoke("train", "bad.txt", "-o", "new.arpa")

    assert result.exit_code == 2
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1
    assert [path.name for path in here.iterdir()] == ["bad.txt"]


@pytest.mark.parametrize(
    "command",
    [
        ["train", "train.txt", "--heldout", "empty.txt", "-o", "new.arpa"],
        ["compare", "train.txt", "--test", "test.txt", "--heldout", "empty.txt"],
        ["compare", "train.txt", "--test", "empty.txt", "--smoothing", "witten-bell"],
        ["mix", "model.arpa", "model.arpa", "--heldout", "empty.txt", "-o", "new.arpa"],
    ],
    ids=" ".join,
)
def test_an_empty_text_is_told_by_name(invoke: Invoke, folder: Path, command: list[str]) -> None:
    (folder / "empty.txt").write_bytes(b"")
    result = invoke(*command)

    assert result.exit_code != 0
    assert "empty.txt: found no sentences; expected at least one line of text\n" in result.stderr


def test_damaged_compression_is_told(invoke: Invoke, here: Path) -> None:
    (here / "bad.txt.gz").write_bytes(gzip.compress(b"a b c\n" * 1000)[:-20])
    result = invoke("train", "bad.txt.gz", "-o", "new.arpa")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: bad.txt.gz: found damaged compressed data")


def test_bad_text_may_be_read_on_request(invoke: Invoke, here: Path) -> None:
    (here / "bad.txt").write_bytes(b"a \xff b\n<s> c\n")
    result = invoke("count", "bad.txt", "--order", "1", "--encoding-errors", "replace", "--reserved", "drop")

    assert result.exit_code == 0
    assert "c\t1\n" in result.stdout
    assert "\ufffd\t1\n" in result.stdout


def test_counts_are_those_of_the_text(invoke: Invoke, here: Path) -> None:
    (here / "a.txt").write_text("a b a\na\n")
    result = invoke("count", "a.txt", "--order", "2")

    assert result.exit_code == 0
    counts = dict(line.split("\t") for line in result.stdout.splitlines())
    # a three times, b once, two sentences
    assert counts["a"] == "3"
    assert counts["b"] == "1"
    assert counts["</s>"] == "2"
    assert counts["<s> a"] == "2"
    assert counts["a </s>"] == "2"
    assert counts["a b"] == counts["b a"] == "1"
    assert "4 words, 2 sentences, 2 types\n" in result.stderr


def test_the_summary_of_counts_in_json(invoke: Invoke, here: Path) -> None:
    (here / "a.txt").write_text("a b a\na\n")
    result = invoke("count", "a.txt", "--order", "2", "-o", "c.gz", "--json")

    facts = json.loads(result.stdout)
    assert {name: facts[name] for name in ("order", "words", "sentences", "oovs", "types", "output")} == {
        "order": 2,
        "words": 4,
        "sentences": 2,
        "oovs": 0,
        "types": 2,
        "output": "c.gz",
    }
    assert facts["ngrams"][1] == 4  # <s> a, a b, b a, a </s>
    assert gzip.decompress((here / "c.gz").read_bytes()).decode().count("\n") >= 4


# ------------------------------------------------------------------------------------------ parameters of a method

WRONG = {
    "absolute-discounting": ["discount_value=0.5,0.7", "discount_value=abc", "discount_value=2"],
    "modified-kneser-ney": [
        "fallback=0.5",
        "fallback=a,b,c",
        "fallback=0.5,1",
        "discounts=true",
        "discounts=3.0",
    ],
    "add-delta": ["delta=abc", "delta=0", "delta=0.1,x", "shared=yes"],
    "stupid-backoff": ["alpha=abc", "alpha=0.1,0.2"],
    "katz": ["unigram_delta=abc", "k=true", "k=7,x"],
    "dirichlet": ["concentrations=abc", "prior=evidence"],
    "jelinek-mercer": ["weights=abc", "buckets=average"],
    "good-turing": ["simple=perhaps", "k=true", "simple=true"],
    "add-one": ["delta=0.5"],
    "witten-bell": ["interpolate=no", "closed=yes", "name=x", "methods=1"],
    "witten-bell/katz": ["k=3"],
}


@pytest.mark.parametrize(("method", "setting"), [(name, value) for name in WRONG for value in WRONG[name]])
def test_a_wrong_parameter_is_told(invoke: Invoke, folder: Path, method: str, setting: str) -> None:
    result = invoke("train", "train.txt", "--smoothing", method, "--set", setting, "-o", "no.ngram")

    assert result.exit_code == 2
    assert "unexpected" not in result.stderr
    assert setting.partition("=")[0] in result.stderr
    assert not (folder / "no.ngram").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["witten-bell"], True),
        (["katz", "--set", "k=3"], True),
        (["katz"], False),
        (["witten-bell/katz"], False),
        (["add-delta", "--set", "delta=0.5"], True),
        (["good-turing"], True),
        (["church-gale"], False),
        (["church-gale", "--set", "unigram_delta=0.5"], True),
        (["modified-kneser-ney", "--discount-fallback"], False),
        (["modified-kneser-ney", "--kneser-ney-prune", "0.5"], False),
    ],
)
def test_a_heldout_text_that_tunes_nothing_is_told(
    invoke: Invoke, folder: Path, arguments: list[str], told: bool
) -> None:
    options = ["--order", "2", "--heldout", "heldout.txt", "-o", "new.ngram"]
    result = invoke("train", "train.txt", "--smoothing", *arguments, *options)

    assert result.exit_code == 0
    told_of = re.findall(
        r"^warning: found no open parameter of \S+ to tune on heldout\.txt$", result.stderr, re.MULTILINE
    )
    assert len(told_of) == told


def test_names_may_have_spaces_between_them(invoke: Invoke, folder: Path) -> None:
    result = invoke(
        "train", "train.txt", "--order", "2", "--smoothing", "witten-bell / katz", "-o", "new.ngram"
    )

    assert result.exit_code == 0, result.stderr
    assert lm.load("new.ngram").metadata["smoothing"] == "witten-bell/katz"


def test_a_list_without_words_is_told(invoke: Invoke, folder: Path) -> None:
    (folder / "none.txt").write_text("\n")
    options = ["--smoothing", "witten-bell", "--order", "1", "-o", "new.ngram"]
    result = invoke("train", "train.txt", "--vocab", "none.txt", *options)

    assert result.exit_code == 0
    assert "warning: found no words in none.txt, so every word is an OOV\n" in result.stderr


def test_methods_that_need_all_counts_say_so(invoke: Invoke, folder: Path) -> None:
    for name in ("church-gale", "add-delta"):
        result = invoke(
            "train", "train.txt", "--order", "2", "--smoothing", name, "--prune", "0,1", "-o", "no.ngram"
        )

        assert result.exit_code == 2
        assert f"{name} has no rule for n-grams that are left out" in result.stderr


def test_fallback_discounts_at_the_end_of_the_line(invoke: Invoke, here: Path) -> None:
    """The option may be the last word, and then nothing follows it."""
    (here / "tiny.txt").write_text("a b c d\na b c d\n")
    arguments = ("tiny.txt", "--order", "2", "-o", "new.arpa", "--json", "--discount-fallback")
    result = invoke("train", *arguments)

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["discounts"] == [[0.5, 1.0, 1.5]] * 2


@pytest.mark.parametrize("method", ["witten-bell", "kneser-ney"])
def test_fallback_discounts_of_other_methods(invoke: Invoke, folder: Path, method: str) -> None:
    result = invoke("train", "--discount-fallback", "train.txt", "--smoothing", method, "-o", "new.arpa")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: --discount-fallback needs --smoothing modified-kneser-ney. See ")
    assert not (folder / "new.arpa").exists()


@pytest.mark.parametrize("command", ["train train.txt", "vocab train.txt"])
def test_an_output_that_cannot_be_written_is_told_before_any_work(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (folder / "sub.arpa").mkdir()
    result = invoke(*command.split(), "-o", "sub.arpa")
    assert (result.exit_code, result.stdout, result.stderr) == (
        2,
        "",
        "error: sub.arpa: found a folder; expected a file\n",
    )

    monkeypatch.setattr(os, "access", lambda path, mode: path != "sub.arpa")
    result = invoke(*command.split(), "-o", "sub.arpa/new.arpa")
    assert (result.exit_code, result.stderr) == (1, "error: sub.arpa/new.arpa: permission denied\n")
