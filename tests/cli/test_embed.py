"""``ngramlm embed``: the figures are those of the library, on a table and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.command_line import Invoke, made_vectors

from ngramlm.embeddings import (
    SubwordVectors,
    analogies,
    load_vectors,
    read_pairs,
    read_questions,
    word_similarity,
)


def test_nearest(invoke: Invoke, folder: Path) -> None:
    result = invoke("embed", "nearest", "vectors.txt", "cat", "sea", "-n", "2")
    vectors = made_vectors()
    expected = [
        (word if place == 0 else "", other, f"{cosine:.4f}")
        for word in ("cat", "sea")
        for place, (other, cosine) in enumerate(vectors.most_similar(word, n=2))
    ]
    lines = result.stdout.splitlines()

    assert ["word", "nearest", "cosine"] == lines[0].split()
    assert [[cell for cell in row if cell] for row in expected] == [line.split() for line in lines[1:]]


def test_nearest_of_words_that_are_piped_in(invoke: Invoke, folder: Path) -> None:
    result = invoke("embed", "nearest", "vectors.txt", "--json", "-n", "3", input="cat\nsea sees\n")
    found = json.loads(result.stdout)

    assert ["cat", "sea", "sees"] == list(found["nearest"])
    for word, near in found["nearest"].items():
        assert made_vectors().most_similar(word, n=3) == [
            (other["word"], pytest.approx(other["cosine"])) for other in near
        ]


@pytest.mark.parametrize("given", ["", " \n"])
def test_nearest_of_nothing(invoke: Invoke, folder: Path, given: str) -> None:
    result = invoke("embed", "nearest", "vectors.txt", input=given)

    assert 2 == result.exit_code
    assert "found no word on standard input" in result.stderr


def test_an_unknown_word_is_one_line(invoke: Invoke, folder: Path) -> None:
    result = invoke("embed", "nearest", "vectors.txt", "Cat")

    assert (2, "") == (result.exit_code, result.stdout)
    assert (
        "error: found the word 'Cat', which is not among the 18 words; did you mean 'cat'?\n" == result.stderr
    )
    assert 2 == invoke("embed", "nearest", "vectors.txt", "sea", "--limit", "3").exit_code


def test_words_and_vectors_cannot_both_be_piped_in(invoke: Invoke, folder: Path) -> None:
    assert "only once" in invoke("embed", "nearest", "-", input="cat").stderr
    piped = invoke("embed", "nearest", "-", "cat", "-n", "1", input=(folder / "vectors.txt").read_bytes())

    assert invoke("embed", "nearest", "vectors.txt", "cat", "-n", "1").stdout == piped.stdout != ""


@pytest.mark.parametrize("method", ["add", "multiply"])
def test_analogy(invoke: Invoke, folder: Path, method: str) -> None:
    arguments = ("embed", "analogy", "vectors.txt", "cat", "sees", "dog", "-n", "3", "--method", method)
    expected = made_vectors().analogy("cat", "sees", "dog", 3, method)
    shown = invoke(*arguments).stdout.splitlines()
    found = json.loads(invoke(*arguments, "--json").stdout)

    assert [[word, f"{score:.4f}"] for word, score in expected] == [line.split() for line in shown[1:]]
    assert [word for word, _ in expected] == [answer["word"] for answer in found["answers"]]
    assert (["cat", "sees", "dog"], method) == (found["question"], found["method"])


def test_evaluate(invoke: Invoke, folder: Path) -> None:
    """Of the pairs, zebra is unknown; of the questions, Cat is, unless case does not matter."""
    arguments = ("embed", "evaluate", "vectors.txt", "--pairs", "pairs.txt", "--questions", "questions.txt")
    vectors = made_vectors()
    pairs = word_similarity(vectors, read_pairs("pairs.txt"))
    questions = analogies(vectors, read_questions("questions.txt"))
    lines = [line.split() for line in invoke(*arguments).stdout.splitlines() if line]

    assert ["pairs.txt", f"{pairs.spearman:.4f}", "3", "4"] == lines[1]
    right = f"{questions.total.accuracy:.2%}"
    assert [["verbs", right, "1", "2"], ["total", right, "1", "2"]] == lines[3:]
    found = json.loads(invoke(*arguments, "--json", "--case", "lower").stdout)
    lower = found["questions"]["questions.txt"]
    assert (pairs.spearman, 3) == (
        found["pairs"]["pairs.txt"]["spearman"],
        found["pairs"]["pairs.txt"]["used"],
    )
    assert (2, 1.0, "lower") == (lower["categories"][0]["asked"], lower["coverage"], found["case"])


def test_evaluate_of_what_is_not_there(invoke: Invoke, folder: Path) -> None:
    result = invoke("embed", "evaluate", "vectors.txt")
    assert (2, True) == (result.exit_code, "expected --pairs or --questions" in result.stderr)
    (folder / "strange.txt").write_text("one two 3\n")
    result = invoke("embed", "evaluate", "vectors.txt", "--pairs", "strange.txt")
    assert ["strange.txt", "–", "0", "1"] == result.stdout.splitlines()[1].split()
    assert (
        None
        is json.loads(invoke("embed", "evaluate", "vectors.txt", "--pairs", "strange.txt", "--json").stdout)[
            "pairs"
        ]["strange.txt"]["spearman"]
    )
    (folder / "bad.txt").write_text("one two\n")
    result = invoke("embed", "evaluate", "vectors.txt", "--pairs", "bad.txt")
    assert (2, "error: bad.txt:1: found 2 fields; expected two words and a score\n") == (
        result.exit_code,
        result.stderr,
    )


@pytest.mark.parametrize("target", ["v.bin", "v.safetensors", "v.npy", "v.vec.gz", "v.txt"])
def test_convert(invoke: Invoke, folder: Path, target: str) -> None:
    result = invoke("embed", "convert", "vectors.txt", target)

    assert (0, f"{target}: 18 words, dimension 6\n") == (result.exit_code, result.stderr)
    assert made_vectors().matrix.tobytes() == load_vectors(target).matrix.tobytes()
    assert 0 == invoke("embed", "convert", target, "some.txt", "--limit", "4", "-q").exit_code
    assert made_vectors().words[:4] == load_vectors("some.txt").words


def test_convert_by_the_names_of_formats(invoke: Invoke, folder: Path) -> None:
    assert 0 == invoke("embed", "convert", "vectors.txt", "v.txt", "--to", "glove").exit_code
    assert 0 == invoke("embed", "convert", "v.txt", "-", "--from", "glove", "--to", "word2vec").exit_code
    back = invoke("embed", "convert", "v.txt", "-", "--from", "glove", "--to", "word2vec").stdout

    assert (folder / "vectors.txt").read_text() == back
    assert "v.txt:1: found " in invoke("embed", "convert", "v.txt", "w.bin", "--from", "word2vec").stderr
    for arguments in (("vectors.txt", "vectors.txt"), ("vectors.txt", "v.csv"), ("vectors.txt", "v.npy.gz")):
        assert 2 == invoke("embed", "convert", *arguments).exit_code


def test_convert_says_that_ngrams_get_lost(invoke: Invoke, folder: Path) -> None:
    ones = np.ones((2, 3), np.float32)
    SubwordVectors(["a", "b"], ones, ones, 3, 6).save("v.safetensors")

    assert (
        "warning: found n-grams, which v.txt cannot keep"
        in invoke("embed", "convert", "v.safetensors", "v.txt").stderr
    )
    assert "" == invoke("embed", "convert", "v.safetensors", "w.safetensors", "-q").stderr
    assert isinstance(load_vectors("w.safetensors"), SubwordVectors)


def test_evaluate_as_a_page(invoke: Invoke, folder: Path) -> None:
    result = invoke("embed", "evaluate", "vectors.txt", "--pairs", "pairs.txt", "--html", "page.html")
    page = (folder / "page.html").read_text("utf-8")

    assert 0 == result.exit_code
    for word in ("cat", "dog", "tree", "bird"):  # those of the pairs that are known
        assert f'<th scope="row">{word}</th>' in page
    assert '<th scope="row">zebra</th>' not in page
    assert (
        f"{word_similarity(made_vectors(), read_pairs('pairs.txt')).spearman:.3f}".replace("-", "−") in page
    )
    assert (
        0
        == invoke("embed", "evaluate", "vectors.txt", "--html", "page.html", "--words", "sea,song").exit_code
    )
    page = (folder / "page.html").read_text("utf-8")
    assert ["sea", "song"] == [
        word for word in made_vectors().words if f'<th scope="row">{word}</th>' in page
    ]
    for wrong in (("--words", "sea"), ("--html", "vectors.txt"), ("--html", "p.html", "--words", "Sea")):
        assert 2 == invoke("embed", "evaluate", "vectors.txt", "--pairs", "pairs.txt", *wrong).exit_code
    assert not (folder / "p.html").exists()
    assert made_vectors().words == load_vectors("vectors.txt").words


def test_words_that_are_not_utf8_are_refused(invoke: Invoke, folder: Path) -> None:
    result = invoke("embed", "nearest", "vectors.txt", input=b"cat\xff\n")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: <stdin>:1: found bytes that are not UTF-8; expected UTF-8\n"
