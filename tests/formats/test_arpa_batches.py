"""Lines of ARPA files are read by batches, orders are built as they come: nothing of that can be seen from outside."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.ngram_sets import ORDERS
from support.sameness import assert_same
from support.small_models import random_model

from ngramlm.errors import FormatError, FormatWarning
from ngramlm.formats.arpa import read_arpa, write_arpa
from ngramlm.text import lines
from ngramlm.text.vocabulary import UNK
from ngramlm.trie import levels

# Short and long words, some alike in their first eight bytes and in their length
WORDS = [
    "a",
    "b",
    "worthwhi",
    "worthwhile",
    "worthwhale",
    "worthwhil",
    "x" * 300,
    "y" * 300,
    "自由",
    "自由自在",
    "<UNK>x",
]


def section_lines(n_lines: int, order: int, seed: int) -> list[list[str]]:
    """The fields of so many different n-grams, with runs of equal words as sorted files have them."""
    rng = random.Random(seed)
    found: dict[tuple[str, ...], None] = {}
    ngram = rng.choices(WORDS, k=order)
    while len(found) < n_lines:
        ngram[rng.randrange(order)] = rng.choice(WORDS)
        found.setdefault(tuple(ngram), None)
    return [[f"-{1 + rng.randrange(999) / 128}", *words, f"-{rng.randrange(9) / 8}"] for words in found]


Spoil = Callable[[list[str]], None]


def unknown(fields: list[str]) -> None:
    fields[2] = "worthwhilf"


def no_number(fields: list[str]) -> None:
    fields[0] = "-1.5x"


def bos_inside(fields: list[str]) -> None:
    fields[3] = "<s>"


def eos_inside(fields: list[str]) -> None:
    fields[1] = "</s>"


def control(fields: list[str]) -> None:
    fields[3] += "\x01"


def too_many(fields: list[str]) -> None:
    fields += ["0", "0"]


def too_few(fields: list[str]) -> None:
    del fields[3:]


SPOILS: dict[Spoil, str] = {
    unknown: "found the word 'worthwhilf', which is not among the unigrams",
    no_number: "found '-1.5x'",
    bos_inside: "found <s> inside",
    eos_inside: "found </s> inside",
    control: "found the control character",
    too_many: "found '0' after the last field",
    too_few: "found too few fields",
}


def trigram_file(path: Path, lines: list[list[str]]) -> int:
    """An ARPA file of unigrams and these trigrams, no bigrams; returns the number of the line before the first."""
    unigrams = ["<unk>", "<s>", "</s>", *WORDS]
    text = f"\\data\\\nngram 1={len(unigrams)}\nngram 2=0\nngram 3={len(lines)}\nngram 4=0\n\n\\1-grams:\n"
    text += "".join(f"-1\t{word}\t0\n" for word in unigrams) + "\n\\2-grams:\n\n\\3-grams:\n"
    before = text.count("\n")
    text += "".join(f"{fields[0]}\t{' '.join(fields[1:4])}\t{' '.join(fields[4:])}\n" for fields in lines)
    path.write_text(f"{text}\n\\4-grams:\n\n\\end\\\n")
    return before


@pytest.mark.parametrize("seed", range(40))
def test_the_first_of_several_errors_is_named(tmp_path: Path, seed: int) -> None:
    """Two bad lines, often in one batch: numbers are read before words are looked up, but the first line counts."""
    rng = random.Random(seed)
    lines = section_lines(400, 3, seed)
    first = rng.randrange(390)
    second = first + rng.randrange(1, 10)
    kinds = rng.choices(list(SPOILS), k=2)
    for place, spoil in zip((first, second), kinds, strict=True):
        spoil(lines[place])
    before = trigram_file(tmp_path / "m.arpa", lines)

    with pytest.raises(FormatError) as raised:
        read_arpa(tmp_path / "m.arpa")
    assert f"m.arpa:{before + first + 1}: {SPOILS[kinds[0]]}" in str(raised.value)


@pytest.mark.parametrize(("one", "other"), [(unknown, no_number), (bos_inside, too_many), (unknown, control)])
def test_the_first_of_several_errors_in_a_line_is_named(tmp_path: Path, one: Spoil, other: Spoil) -> None:
    lines = section_lines(400, 3, 1)
    one(lines[300])
    other(lines[300])
    expected = one if other is not no_number else other  # the number is the first field
    before = trigram_file(tmp_path / "m.arpa", lines)

    with pytest.raises(FormatError) as raised:
        read_arpa(tmp_path / "m.arpa")
    assert f"m.arpa:{before + 301}: {SPOILS[expected]}" in str(raised.value)


@given(seed=st.integers(0, 1000), order=st.integers(2, 16), blanks=st.booleans())
def test_words_are_those_that_stand_there(
    tmp_path_factory: pytest.TempPathFactory, seed: int, order: int, blanks: bool
) -> None:
    """All orders at once: batches of 128 to 16 lines; ``<UNK>`` among the words; blocks of lines, some blank."""
    folder = tmp_path_factory.mktemp("words")
    rng = random.Random(seed)
    words = rng.sample(WORDS, 5)
    corpus = [[rng.choice(words) for _ in range(rng.randrange(1, 30))] for _ in range(8)]
    model = random_model(corpus, order, 0)
    write_arpa(model, folder / "m.arpa")
    text = (folder / "m.arpa").read_text().replace("<unk>", "<UNK>")
    if blanks:
        text = "".join(line + "\n" * (rng.random() < 0.1) for line in text.splitlines(keepends=True))
    (folder / "m.arpa").write_text(text)
    before, lines.BLOCK_BYTES = lines.BLOCK_BYTES, 2000
    try:
        found = read_arpa(folder / "m.arpa", threads=2)
    finally:
        lines.BLOCK_BYTES = before

    assert_same(model, found)


def test_unknown_word_after_and_before_itself(tmp_path: Path) -> None:
    """``<UNK>`` is not remembered as the word of the line before."""
    text = (
        "\\data\\\nngram 1=5\nngram 2=5\n\n\\1-grams:\n-1\t<UNK>\t0\n-99\t<s>\t0\n-1\t</s>\n-1\ta\t0\n"
        "-1\tUNK\t0\n\n\\2-grams:\n-5\ta a\n-1\t<UNK> a\n-3\ta <UNK>\n-2\t<UNK> </s>\n-4\t<s> <UNK>\n\n\\end\\\n"
    )
    (tmp_path / "m.arpa").write_text(text)
    model = read_arpa(tmp_path / "m.arpa")

    found = dict(
        zip(map(tuple, model.trie.ngrams(2).tolist()), model.columns.log10_probs[1].tolist(), strict=True)
    )
    assert found == {(UNK, 3): -1, (UNK, 2): -2, (3, UNK): -3, (1, UNK): -4, (3, 3): -5}


@pytest.mark.parametrize("kind", ORDERS)
@pytest.mark.parametrize("threads", [1, 3])
def test_files_in_any_order_give_the_same_model(
    tmp_path: Path, kind: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sorted as ngramlm, KenLM or others sort them, or not at all; to the last bit, also as binary models."""
    rng = random.Random(kind)
    model = random_model([rng.choices("abcdefgh", k=rng.randrange(12)) for _ in range(60)], 4, 0)
    write_arpa(model, tmp_path / "sorted.arpa")
    ids = {word: id for id, word in enumerate(model.vocabulary.words())}

    def key(line: str) -> object:
        return ORDERS[kind](tuple(ids[word] for word in line.split("\t")[1].split(" ")))

    sections = (tmp_path / "sorted.arpa").read_text().split("\n\n")
    for order in range(2, 5):
        title, *lines = sections[order].split("\n")
        sections[order] = "\n".join([title, *sorted(lines, key=key)])
    (tmp_path / "m.arpa").write_text("\n\n".join(sections))
    monkeypatch.setattr(levels, "RANGE_ROWS", 5)
    found = read_arpa(tmp_path / "m.arpa", threads=threads)

    assert_same(model, found)
    model.save(tmp_path / "one.ngram")
    found.save(tmp_path / "other.ngram")
    assert (tmp_path / "one.ngram").read_bytes().endswith((tmp_path / "other.ngram").read_bytes()[4096:])


# Orders that are built before it turns out that the file is not closed


GAP_IN_4 = """\\data\\
ngram 1=6
ngram 2=4
ngram 3=2
ngram 4=1

\\1-grams:
-1\t<unk>\t0
-99\t<s>\t-0.25
-1\t</s>
-1\ta\t-0.5
-1\tb\t-0.5
-1\tc\t-0.5

\\2-grams:
-0.5\t<s> a\t-0.125
-0.5\tb c\t-0.375
-0.75\ta b\t5e-7
-0.5\tc a\t0

\\3-grams:
-0.25\tb c a
-0.5\t<s> a b

\\4-grams:
-0.125\ta b c a

\\end\\
"""


def test_orders_that_were_built_are_taken_apart_again(tmp_path: Path) -> None:
    """The 4-gram needs ``a b c``. ``a b`` was no history, but is then, and has its tiny weight."""
    (tmp_path / "m.arpa").write_text(GAP_IN_4)
    with pytest.warns(FormatWarning, match="inserted 1 n-grams"):
        model = read_arpa(tmp_path / "m.arpa")

    model.trie.check(6)
    assert model.n_ngrams == (6, 4, 3, 1)
    rows = {tuple(row): i for i, row in enumerate(model.trie.history_words(3).tolist())}
    assert model.columns.log10_backoffs[1][rows[3, 4]] == np.float32(5e-7)
    assert model.columns.log10_backoffs[1][rows[4, 5]] == np.float32(-0.375)
    assert model.columns.log10_backoffs[0][model.trie.find_history([1])] == np.float32(-0.25)
    assert model.log10_prob("c", ["a", "b"]) == pytest.approx(5e-7 - 0.5)
    assert model.log10_prob("a", ["a", "b", "c"]) == -0.125
    assert model.log10_prob("b", ["<s>", "a"]) == -0.5


def test_a_duplicate_is_named_after_a_gap_too(tmp_path: Path) -> None:
    """Lines of the orders that were built stand in another order by then; those that were kept have their lines."""
    text = GAP_IN_4.replace("ngram 4=1", "ngram 4=3").replace(
        "-0.125\ta b c a\n", "-0.125\ta b c a\n-0.5\t<s> a b c\n-0.125\ta b c a\n"
    )
    (tmp_path / "m.arpa").write_text(text)
    with pytest.raises(FormatError, match=r"m.arpa:28: found 'a b c a' again \(first in line 26\)"):
        read_arpa(tmp_path / "m.arpa")


def test_a_weight_without_a_history_in_any_order(tmp_path: Path) -> None:
    """``c a`` is no history; ``c a </s>`` makes it one, and needs ``a </s>``, so that its weight stays in use."""
    text = GAP_IN_4.replace("-0.5\tc a\t0", "-0.5\tc a\t-0.75").replace("ngram 4=1", "ngram 4=0")
    (tmp_path / "m.arpa").write_text(text.replace("-0.125\ta b c a\n", ""))
    with pytest.warns(FormatWarning, match="inserted 2 n-grams"):
        model = read_arpa(tmp_path / "m.arpa")

    assert model.log10_prob("b", ["c", "a"]) == pytest.approx(-0.75 - 0.75)
    assert model.log10_prob("</s>", ["c", "a"]) == pytest.approx(-0.75 - 0.5 - 1)
