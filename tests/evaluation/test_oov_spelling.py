"""OOVs in reports are spelled as in the text, however the text was read."""

from __future__ import annotations

import gzip
import warnings
from pathlib import Path
from typing import Any

import pytest

import ngramlm as lm
from ngramlm.errors import TextWarning
from ngramlm.evaluation.measuring import Measuring
from ngramlm.evaluation.oov_spelling import surface_words
from ngramlm.evaluation.smoothing_comparison import compare_smoothings
from ngramlm.report.notes import notes
from ngramlm.text.documents import Beside, BlankLines, DocumentRule, EachFile, LineNumbers, MarkerLine

LINES = ["a b", "zebra a", "b b yak", "a"]
PLAIN = "".join(f"{line}\n" for line in LINES)
BLANK = "\na b\n \nzebra a\n\nb b yak\na\n"
MARKED = BLANK.replace("\n \n", "\n\n").replace("\n\n", "\n# doc\n").removeprefix("\n")
RULES: list[tuple[DocumentRule, str]] = [
    (BlankLines(), BLANK),
    (MarkerLine("# doc"), MARKED),
    (LineNumbers((1, 3)), PLAIN),
    (Beside(".docs"), PLAIN),
    (EachFile(), PLAIN),
]
TRAIN = "a b\n\na b b\nb a\n"


def written(folder: Path, text: str, compress: bool = False) -> Path:
    path = folder / f"test.txt{'.gz' * compress}"
    path.write_bytes(gzip.compress(text.encode()) if compress else text.encode())
    (folder / "test.docs").write_text("1\n3\n")
    return path


def compared(train: Path, test: Any, **options: Any) -> lm.Comparison:
    return compare_smoothings(
        train, test, smoothings="witten-bell,add-one".split(","), orders=[1, 2], threads=1, **options
    )


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize(("rule", "text"), RULES, ids=lambda value: type(value).__name__)
def test_oovs_keep_their_spelling_with_documents(
    rule: DocumentRule, text: str, compress: bool, tmp_path: Path
) -> None:
    """With `--documents blank` the lines and the sentences have other numbers, and OOVs became <unk>."""
    train = tmp_path / "train.txt"
    train.write_text(TRAIN)
    test = written(tmp_path, text, compress)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TextWarning)
        found = compared(train, test, documents=rule)

    (contrast,) = found.contrasts
    spelled = {pair.number: pair.words[:-1] for pair in (*contrast.better, *contrast.worse)}
    assert spelled
    assert {number: tuple(LINES[number - 1].split()) for number in spelled} == spelled


def test_several_files_and_all_options_of_reading(tmp_path: Path) -> None:
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text("a b\n\nc <s> d\n")
    two.write_bytes(b"\n\xff e\nf")

    assert {0: ["a", "b"], 1: ["c", "<s>", "d"]} == surface_words(one, [0, 1], {"documents": BlankLines()})
    assert {1: [], 4: ["\ufffd", "e"]} == surface_words([one, two], [1, 4], {"encoding_errors": "replace"})
    assert {1: ["c", "d"]} == surface_words(str(one), [1], {"documents": BlankLines(), "reserved": "drop"})
    assert {0: ["a", "b"]} == surface_words(one, [0], {"tokenizer": "characters"})
    assert {} == surface_words(one, [])
    with open(one, "rb") as stream:
        for source in ("-", ["-", one], stream, lm.Text.from_sentences(["a"])):
            assert {} == surface_words(source, [0])


@pytest.mark.parametrize(("rule", "text"), RULES[:2], ids=lambda value: type(value).__name__)
def test_separators_are_no_sentences_of_the_training_text(
    rule: DocumentRule, text: str, tmp_path: Path
) -> None:
    train = written(tmp_path, text)
    test = tmp_path / "other.txt"
    test.write_text(text)
    found = compared(train, test, documents=rule)
    without = compared(lm.Text.from_sentences(LINES), test, documents=rule)  # type: ignore[arg-type]

    assert found.train is not None
    assert 4 == found.train.sentences
    assert [row.figures for row in without.rows] == [row.figures for row in found.rows]


def test_one_document_gives_no_intervals_and_says_so(tmp_path: Path) -> None:
    train, test = tmp_path / "train.txt", tmp_path / "test.txt"
    train.write_text(TRAIN)
    test.write_text("a b\nb a\na\n")
    by_documents = Measuring(units="documents")

    with pytest.warns(
        TextWarning, match=r"test.txt: found 1 document, so there are no intervals and no p-values"
    ):
        found = compared(train, test, documents=BlankLines(), measuring=by_documents)
    assert all(row.interval is None for row in found.rows)
    assert (
        "test.txt: found 1 document, so there are no intervals and no p-values; expected at least 2."
        in notes(found)
    )

    test.write_text("a b\n\nb a\na\n")
    found = compared(train, test, documents=BlankLines(), measuring=by_documents)
    assert all(row.interval is not None for row in found.rows)
    assert not any("no intervals" in note for note in notes(found))


def test_one_sentence_gives_no_intervals_and_the_report_says_so(tmp_path: Path) -> None:
    train, test = tmp_path / "train.txt", tmp_path / "test.txt"
    train.write_text(TRAIN)
    test.write_text("a b\n")

    assert (
        "test.txt: found 1 sentence, so there are no intervals and no p-values; expected at least 2."
        in notes(compared(train, test))
    )
    assert not any(
        "no intervals" in note for note in notes(compared(train, test, measuring=Measuring(resamples=0)))
    )
