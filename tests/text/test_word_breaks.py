"""Unicode's word boundaries, against a transcript of the rules and against texts of many scripts."""

from __future__ import annotations

import itertools
import sys
import unicodedata
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.oracles.text.word_breaks import boundaries

from ngramlm.text.tokenizers import split_words
from ngramlm.text.word_break_table import UNICODE_VERSION
from ngramlm.text.word_breaks import _classes, word_segments

# a character or more of each class, and an Extend and a Format for the one class of both
SAMPLES = {
    "a": "aж", "h": "\u05d0", "b": "\u24c2", "n": "1\u0967", "k": "\u30ab", "e": "_", "m": ":\u00b7", "c": ",;",
    "q": ".\u2019", "s": "'", "d": '"', "x": "\u0301\u00ad", "z": "\u200d", "p": "\u2764\U0001f468",
    "r": "\U0001f1e9", "w": " \u3000", "v": "\r", "y": "\n", "l": "\x0b\u2028", "o": "!\u4e2d\u3042\u0e01",
}  # fmt: skip
CLASS_OF = {character: name for name, characters in SAMPLES.items() for character in characters}


def expected_segments(line: str) -> list[str]:
    cuts = [0, *boundaries([CLASS_OF[character] for character in line]), len(line)]
    return [line[one:other] for one, other in itertools.pairwise(cuts)] if line else []


def test_the_samples_have_their_classes() -> None:
    for character, name in CLASS_OF.items():
        assert name == character.translate(_classes()), f"{ord(character):04X}"


@pytest.mark.parametrize("length", [1, 2, 3])
def test_all_short_strings_of_classes(length: int) -> None:
    """As Unicode's WordBreakTest.txt does: every class before every class, with and without extenders between."""
    first = [characters[0] for characters in SAMPLES.values()]
    for line in map("".join, itertools.product(first, repeat=length)):
        assert expected_segments(line) == word_segments(line), ascii(line)


@settings(max_examples=1000)
@given(st.text(st.sampled_from(list(CLASS_OF)), max_size=12))
def test_any_string_of_classes(line: str) -> None:
    assert expected_segments(line) == word_segments(line)


@given(st.text(max_size=40))
def test_the_segments_are_the_line(line: str) -> None:
    assert line == "".join(word_segments(line))
    assert all(word_segments(line))


# Table and examples of UAX #29, section 4, and words of the scripts that were cut apart.
TEXTS = [
    ('The quick ("brown") fox can\u2019t jump 32.3 feet, right?',
     ["The", "quick", "(", '"', "brown", '"', ")", "fox", "can\u2019t", "jump", "32.3", "feet", ",", "right", "?"]),
    ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
    ("தமிழ் বাংলা తెలుగు", ["தமிழ்", "বাংলা", "తెలుగు"]),
    ("e\u0301te\u0301 nai\u0308ve", ["e\u0301te\u0301", "nai\u0308ve"]),
    ("שָׁלוֹם עוֹלָם", ["שָׁלוֹם", "עוֹלָם"]),
    ('צה"ל ג\'ירפה', ['צה"ל', "ג'ירפה"]),
    ("اَلسَّلَامُ عَلَيْكُمْ", ["اَلسَّلَامُ", "عَلَيْكُمْ"]),
    ("می\u200cخواهم", ["می\u200cخواهم"]),
    ("👨\u200d👩\u200d👧 👍🏽 ❤\ufe0f", ["👨\u200d👩\u200d👧", "👍🏽", "❤\ufe0f"]),
    ("🇩🇪🇫🇷🇮", ["🇩🇪", "🇫🇷", "🇮"]),
    ("1,234.5 3:30 1.2.3 50% $5", ["1,234.5", "3", ":", "30", "1.2.3", "50", "%", "$", "5"]),
    ("U.S.A. e.g. this. a.m", ["U.S.A", ".", "e.g", ".", "this", ".", "a.m"]),
    ("snake_case x2 3rd C3PO", ["snake_case", "x2", "3rd", "C3PO"]),
    ("well-known a--b", ["well", "-", "known", "a", "-", "-", "b"]),
    ("カタカナ ひら 中文", ["カタカナ", "ひ", "ら", "中", "文"]),
    ("ที่นี่", ["ที่", "นี่"]),
    ("한국어 tiếng Việt", ["한국어", "tiếng", "Việt"]),
    ("a\u00a0b\u3000c\u2028d\x85e", ["a", "b", "c", "d", "e"]),
    (" \u0301a", ["\u0301", "a"]),
    ("", []),
    (" \t ", []),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), TEXTS)
def test_the_tokenizer_words_keeps_letters_together(line: str, expected: list[str]) -> None:
    """`\\w+` made six pieces of हिन्दी, and cut accents, vowel points, emoji and flags apart."""
    assert expected == split_words(line)


def test_no_mark_stands_apart_from_its_letter() -> None:
    """Every combining mark that the table can know, after a letter."""
    if tuple(map(int, unicodedata.unidata_version.split("."))) > tuple(map(int, UNICODE_VERSION.split("."))):
        pytest.skip("this Python has a newer Unicode than the table")
    for code in range(sys.maxunicode + 1):
        mark = chr(code)
        if unicodedata.category(mark) in ("Mn", "Me"):
            assert ["a" + mark] == split_words("a" + mark), f"{code:04X}"


@pytest.mark.parametrize(
    "line", ["a", "a'", "\u05d0'", "a_", "e\u0301", "\u200d", "\U0001f468\u200d", "1,", "'"]
)
def test_the_time_is_linear(line: str) -> None:
    def seconds(times: int) -> float:
        start = process_time()
        word_segments(line * times)
        return process_time() - start

    seconds(1000)
    assert seconds(400_000) < 40 * max(seconds(50_000), 1e-2)
