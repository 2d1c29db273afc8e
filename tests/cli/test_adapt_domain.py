"""``adapt domain``: the mixture and the words of the library; what is written where; wrong usage."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from unittest import mock

import pytest
from support.command_line import Invoke

import ngramlm as lm
from ngramlm.adaptive import domain_vocabulary
from ngramlm.mixing.interpolation import text_over

VOTES = [f"the senate votes for the {law} of name{n}" for n in range(9) for law in ("bill", "law")]


@pytest.fixture
def domain(folder: Path) -> Path:
    """A text of another domain and a held-out one."""
    (folder / "domain.txt").write_text("".join(f"{line}\n" for line in VOTES))
    (folder / "held.txt").write_text(
        "the senate sees the law\nthe senate votes for the cat and a zebra\n" * 9
    )
    return folder


@pytest.mark.parametrize("background", [(), ("--background", "train.txt")])
@pytest.mark.parametrize("remember", ["domain", "all"])
def test_the_mixture_that_the_library_makes(
    background: tuple[str, ...], remember: str, domain: Path, invoke: Invoke
) -> None:
    result = invoke(
        "adapt", "domain", "model.arpa", "domain.txt", *background, "--heldout", "held.txt", "--least", "5",
        "--smoothing", "witten-bell", "--order", "2", "--remember", remember, "-o", "d.ngram", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    model = lm.BackoffModel.load_arpa(domain / "model.arpa")
    text = lm.read_text(domain / "domain.txt")
    counts = lm.count(domain / "train.txt", order=1) if background else None
    found = domain_vocabulary(model, text, counts, least=5)
    expected = lm.adapt_domain(model, text, found=found, order=2, remember=remember)  # type: ignore[arg-type]
    held = lm.read_text(domain / "held.txt", vocabulary=expected.vocabulary)
    expected = expected.fit(held)
    loaded = lm.load(domain / "d.ngram")

    assert isinstance(loaded, lm.Mixture)
    assert loaded.weighting == expected.weighting
    assert loaded.log10_probs(held).tolist() == expected.log10_probs(held).tolist()
    own = text_over(held, model.vocabulary)
    assert facts["heldout"]["oovs"] == own.n_oov
    assert facts["heldout_adapted"]["oovs"] == held.n_oov == 9  # zebra
    known = expected.log10_probs(held)[own.predicted != 0]
    assert facts["heldout_known"] == [
        pytest.approx(lm.perplexity(model, own).perplexity_excluding_oov),
        pytest.approx(10 ** -known.mean()),
    ]
    rows = {row["word"]: (row["g2"], row["count"], row["kind"]) for row in facts["words"]}
    assert rows["senate"] == (
        pytest.approx(found.domain.scores[found.domain.words.index("senate")]),
        18,
        "new",
    )
    assert set(rows) == {*found.domain.words, *found.new.words}


@pytest.mark.parametrize("failing", ["w.txt", "d.ngram"])
def test_the_model_and_the_words_appear_together(failing: str, domain: Path, invoke: Invoke) -> None:
    """A target that cannot be renamed leaves the other as it was."""
    for name in ("w.txt", "d.ngram"):
        (domain / name).write_text("old")
    real, failed = os.replace, []

    def replace(one: str, other: str) -> None:
        if other.endswith(failing) and not failed:
            failed.append(other)
            raise OSError(errno.EIO, "Input/output error", one, None, other)
        real(one, other)

    before = sorted(os.listdir(domain))
    with mock.patch("os.replace", replace):
        result = invoke(
            "adapt", "domain", "model.arpa", "domain.txt", "--heldout", "held.txt", "--least", "5",
            "-o", "d.ngram", "--word-list", "w.txt",
        )  # fmt: skip

    assert result.exit_code == 1
    assert result.stderr.endswith(f"{failing}: input/output error\n")
    assert sorted(os.listdir(domain)) == before
    assert {(domain / name).read_text() for name in ("w.txt", "d.ngram")} == {"old"}


def test_a_list_of_words(domain: Path, invoke: Invoke) -> None:
    """By falling G2; to standard output or a file; the summary goes to standard error."""
    arguments = ("adapt", "domain", "model.arpa", "domain.txt", "--background", "train.txt")
    result = invoke(*arguments, "--word-list", "-")
    assert result.exit_code == 0, result.output
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    model, text = lm.load(domain / "model.arpa"), lm.read_text(domain / "domain.txt")
    assert isinstance(model, lm.BackoffModel)
    found = domain_vocabulary(model, text, lm.read_text(domain / "train.txt"))
    scores = {word: (score, n) for part in (found.domain, found.new) for word, score, n in part}

    assert {row[0]: (row[1], int(row[2])) for row in rows} == {
        word: (f"{score:.2f}", n) for word, (score, n) in scores.items()
    }
    assert {row[0] for row in rows if row[3] == "new"} == set(found.new.words) >= {"senate", "votes", "bill"}
    assert {row[3] for row in rows} == {"known", "new"}
    assert [float(row[1]) for row in rows] == sorted((float(row[1]) for row in rows), reverse=True)
    known = sum(row[3] == "known" for row in rows)
    assert f"words of the domain: {known} of the model's words, {len(found.new)} new words\n" in result.stderr
    often = [
        line.split("\t")
        for line in invoke(*arguments, "--word-list", "-", "--min-count", "5", "-q").stdout.splitlines()
    ]
    assert [row for row in rows if row[3] == "known" or int(row[2]) >= 5] == often != rows
    assert invoke(*arguments, "--word-list", "w.txt", "--quiet").output == ""
    assert (domain / "w.txt").read_text() == result.stdout


def test_words_of_a_text_without_spaces(here: Path, invoke: Invoke) -> None:
    (here / "train.txt").write_text("一五二六三七四八操曹\n" * 300)
    filler = "".join(f"{chr(0x7000 + n)}\n" for n in range(2000))
    (here / "novel.txt").write_text("".join(f"{x}曹操{y}\n" for x in "一二三四" for y in "五六七八") + filler)
    train = ("train", "train.txt", "--tokenizer", "characters", "--order", "2", "-o", "c.arpa")
    assert invoke(*train, "--smoothing", "witten-bell").exit_code == 0
    arguments = ("adapt", "domain", "c.arpa", "novel.txt", "--tokenizer", "characters", "--word-list", "-")
    for background in ((), ("--background", "train.txt")):
        result = invoke(*arguments, *background)
        assert result.exit_code == 0, result.output
        joined = [line.split("\t") for line in result.stdout.splitlines() if line.endswith("\tjoined")]

        assert [(row[0], row[2]) for row in joined] == [("曹操", "16")]
        assert "2,000 new words, 1 joined" in result.stderr


def test_the_summary(domain: Path, invoke: Invoke) -> None:
    result = invoke(
        "adapt", "domain", "model.ngram", "domain.txt", "--heldout", "held.txt", "-o", "d.ngram",
        "--smoothing", "witten-bell",
    )  # fmt: skip
    lines = result.stderr.splitlines()

    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert lines[-3].split() == ["held", "out", "known", "words", "OOVs"]
    before, after = lines[-2].split(), lines[-1].split()
    assert (before[0], after[0]) == ("model.ngram", "adapted")
    assert float(after[1]) < float(before[1])
    assert int(after[2]) == 9 < int(before[2])


def test_warnings_of_held_out_texts(domain: Path, invoke: Invoke) -> None:
    (domain / "foreign.txt").write_text("nothing of this was ever said\n")
    arguments = ("adapt", "domain", "model.arpa", "domain.txt", "--smoothing", "witten-bell", "-o", "d.ngram")
    used = invoke(*arguments, "--heldout", "domain.txt")
    foreign = invoke(*arguments, "--heldout", "foreign.txt")

    assert (used.exit_code, foreign.exit_code) == (0, 0)
    assert "found domain.txt as held out and as another input" in used.stderr
    assert "foreign.txt: 83 % of the words are OOVs" in foreign.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "found nothing to write; expected -o FILE.ngram"),
        (("--heldout", "held.txt", "-o", "d.arpa"), "give -o FILE.ngram"),
        (("--heldout", "held.txt", "-o", "-"), "give -o FILE.ngram"),
        (("-o", "d.ngram"), "needs --heldout"),
        (("--json", "--word-list", "-"), "both go to standard output"),
        (("--heldout", "held.txt", "-o", "d.ngram", "--word-list", "./d.ngram"), "two names"),
        (
            ("--word-list", "train.txt", "--background", "train.txt"),
            "the output train.txt, which is an input",
        ),
        (("--word-list", "domain.txt"), "the output domain.txt, which is an input"),
        (("--word-list", "w.txt", "--background", "-", "--heldout", "-"), "only once"),
        (("--word-list", "w.txt", "--least", "-1"), "-1"),
        (("--word-list", "w.txt", "--min-count", "0"), "0"),
        (("--word-list", "w.txt", "--background", "nothing.txt"), "nothing.txt: no such file"),
        (("--word-list", "w.txt", "--smoothing", "kneser"), "did you mean"),
        (("--word-list", "w.txt", "--remember", "some"), "some"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], message: str, domain: Path, invoke: Invoke) -> None:
    result = invoke("adapt", "domain", "model.arpa", "domain.txt", *arguments)

    assert result.exit_code == 2
    assert message in result.stderr
    assert not (domain / "d.ngram").exists()
    assert not (domain / "w.txt").exists()


def test_models_and_texts_that_do_not_do(domain: Path, invoke: Invoke) -> None:
    closed = ("train", "train.txt", "--order", "2", "--smoothing", "witten-bell", "--closed", "-o", "c.arpa")
    assert invoke(*closed).exit_code == 0
    (domain / "empty.txt").write_text("")
    for model, text, message in (
        ("c.arpa", "domain.txt", "closed vocabulary"),
        ("model.arpa", "empty.txt", "empty.txt: found no sentences"),
    ):
        result = invoke("adapt", "domain", model, text, "--word-list", "w.txt")

        assert result.exit_code == 2
        assert message in result.stderr
    result = invoke(
        "adapt", "domain", "model.arpa", "-", "--word-list", "-", "-q", input="the senate votes\n" * 9
    )
    assert result.exit_code == 0
    assert result.stdout.startswith("senate\t")
