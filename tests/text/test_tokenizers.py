"""A str is split into words in the same way wherever one is given."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import ngramlm as lm
from ngramlm.errors import TextError
from ngramlm.evaluation.oov_spelling import surface_words
from ngramlm.text.sentences import words_of
from ngramlm.text.tokenizers import TOKENIZERS, split_blanks, tokenizer_named

SPELLINGS = ["a b", "a\tb", " a \t b\t"]
TEXT = lm.Text.from_sentences(["a b", "b c", "a c"])
COUNTS = lm.count(TEXT, order=2)
MODEL = lm.WittenBell().fit(COUNTS)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_tab_separates_words_as_a_space_does(spelling: str, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(spelling + "\n")
    words = ["a", "b"]

    assert words_of(spelling) == split_blanks(spelling) == words
    assert tokenizer_named("whitespace")(spelling) == words
    assert lm.Text.from_sentences([spelling]).sentence(0) == words
    assert lm.read_text(io.BytesIO(spelling.encode())).sentence(0) == words
    assert lm.read_text(path, tokenizer=split_blanks).sentence(0) == words
    assert surface_words(path, [0]) == {0: words}
    assert COUNTS.get(spelling) == COUNTS.get(words) == 1
    assert MODEL.score(spelling) == MODEL.score(words)
    assert list(MODEL.full_scores(spelling)) == list(MODEL.full_scores(words))
    assert MODEL.scores([spelling]).tolist() == MODEL.scores([words]).tolist()
    assert MODEL.log10_prob("c", spelling) == MODEL.log10_prob("c", words)
    assert MODEL.distribution(spelling).tolist() == MODEL.distribution(words).tolist()
    assert MODEL.next_words(spelling) == MODEL.next_words(words)


def test_other_white_space_is_part_of_a_word() -> None:
    word = "a\u00a0b\u3000c"
    assert words_of(word) == [word]
    assert lm.read_text(io.BytesIO(word.encode())).sentence(0) == [word]
    assert lm.count(lm.Text.from_sentences([word]), order=1).get(word) == 1


def test_counts_refuse_control_characters_as_models_do() -> None:
    with pytest.raises(TextError, match="expected words between spaces or tabs"):
        COUNTS.get("a\x00b")
    with pytest.raises(TextError, match="expected words between spaces or tabs"):
        MODEL.score("a\x00b")


def test_the_registry_names_all_tokenizers() -> None:
    assert next(iter(TOKENIZERS)) == "whitespace"
    line = "Don't stop."
    assert {name: split(line) for name, split in TOKENIZERS.items()} == {
        "whitespace": ["Don't", "stop."],
        "words": ["Don't", "stop", "."],
        "characters": list("Don'tstop."),
    }
