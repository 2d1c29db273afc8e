"""Words and ids: identity is that of the bytes, whatever they hash to; files of words; tables out of arrays."""

from __future__ import annotations

import gzip
import itertools
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies

import ngramlm as lm
from ngramlm.errors import FormatError, NgramlmError, UsageError
from ngramlm.text._text import PADDING, tokenize
from ngramlm.text._vocabulary import WordTable, merge_tables
from ngramlm.text.vocabulary import BOS, EOS, RESERVED, UNK, Vocabulary, new_table

Arrays = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]
SLOT_DTYPE = np.dtype([("prefix", "<u8"), ("tag", "<u4"), ("id", "<i4")])

any_word = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[chr(c) for c in range(0x21)]), min_size=1
).filter(lambda word: word not in RESERVED)


def same_as_a_dictionary(words: list[bytes]) -> WordTable:
    """Add the words, some twice, and compare every answer with a dictionary's."""
    table, expected = WordTable(), {}
    for word in words:
        assert expected.get(word, -1) == table.get(word)
        assert expected.setdefault(word, len(expected)) == table.add(word)
    assert len(expected) == len(table)
    for word, id in expected.items():
        assert (id, word) == (table.get(word), table.word(id))
    return table


# -------------------------------------------------------------------------------------------------------- identity


def test_the_reserved_words_come_first() -> None:
    for vocabulary in (Vocabulary(), Vocabulary(["a"]), Vocabulary(["a", *RESERVED])):
        assert ["<unk>", "<s>", "</s>"] == vocabulary.words()[:3]
        assert [UNK, BOS, EOS] == [vocabulary.id(word) for word in RESERVED] == [0, 1, 2]
    assert 3 == len(Vocabulary())


@given(words=st.lists(any_word | st.sampled_from(strategies.WORDS), unique=True))
def test_a_vocabulary_is_a_two_way_dictionary(words: list[str]) -> None:
    vocabulary = Vocabulary(words)
    everything = [*RESERVED, *words]

    assert len(everything) == len(vocabulary)
    assert everything == vocabulary.words() == list(vocabulary)
    assert (
        everything
        == vocabulary.words(range(len(everything)))
        == [vocabulary.word(i) for i in range(len(everything))]
    )
    assert list(range(len(everything))) == vocabulary.ids(everything).tolist()
    for word in everything:
        assert word in vocabulary
        for other in (word + "x", word[:-1], word.swapcase(), f" {word}", ""):
            assert (everything.index(other) if other in everything else 0) == vocabulary.id(other)
            assert (other in everything) == (other in vocabulary)


def test_words_of_the_same_first_bytes_and_length() -> None:
    """Two long words share what a slot shows of them; the rest must be compared."""
    random_ = random.Random(3)
    words = [b"sameface" + bytes(random_.choices(b"abcdefgh", k=8)) for _ in range(20000)]
    same_as_a_dictionary(words)


def test_prefixes_of_each_other() -> None:
    for letter in (b"a", "é".encode(), b"\xff"):
        words = [letter * length for length in range(1, 300)]
        same_as_a_dictionary(words)
        same_as_a_dictionary(words[::-1])


def test_words_that_differ_in_one_byte() -> None:
    """Every length around the eight bytes that stand in a slot, every place, all byte values but NUL."""
    words = []
    for length in (*range(1, 18), 24, 31, 32, 33):
        word = bytes(range(0x41, 0x41 + length))
        words += [word[:i] + bytes([b]) + word[i + 1 :] for i in range(length) for b in (1, 0x40, 0x80, 0xFF)]
    same_as_a_dictionary(words + words)


def test_words_of_the_same_slot_and_tag() -> None:
    """The tag of a long word is 31 bits of hash: among 100,000 words with one first half, some pairs share it."""
    random_ = random.Random(11)
    words = [b"collides" + str(random_.getrandbits(60)).encode() for _ in range(100_000)]
    table = same_as_a_dictionary(words)
    slots = table.arrays()[2].view(SLOT_DTYPE)
    pairs = Counter(slots[slots["id"] >= 0][["prefix", "tag"]].tolist())

    assert (
        max(pairs.values()) > 1
    )  # about 100,000^2 / 2^32 = 2.3 pairs: if there were none, this would test nothing


def test_a_hundred_thousand_short_words() -> None:
    same_as_a_dictionary([f"{n * 7919 % 100003:x}".encode() for n in range(100_000)])


# ------------------------------------------------------------------------------------------------- crafted words

CROWD = 8000  # words; a table of them has 2 ** 14 slots
CANDIDATES = 640_000


def crafted_words(spread: int) -> list[bytes]:
    """Words whose slots, by the hash without a key, are at most so many: as many as words, or far fewer."""
    table = WordTable()
    candidates = [f"{number:x}".encode() for number in range(CANDIDATES)]
    for word in candidates:
        table.add(word)
    slots = table.tags_without_key() & 0x3FFF
    if spread < CROWD:
        return [candidates[at] for at in np.flatnonzero(slots < spread)[:CROWD]]
    # one word for each slot: a row without a gap, in which no word is far from the slot of its hash
    _, first = np.unique(slots, return_index=True)
    return [candidates[at] for at in first[:spread]]


def longest_row(words: list[bytes]) -> int:
    """The largest number of used slots in a row, in a file of the words."""
    slots = of_arrays(words)[1][2].view(SLOT_DTYPE)
    free = np.flatnonzero(slots["id"] < 0)
    return int(np.diff(free, prepend=-1, append=len(slots)).max()) - 1


def seconds(work: Callable[[], Any]) -> float:
    """The fastest of three runs: a neighbor's load must not fail the test."""
    times = []
    for _ in range(3):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize("spread", [256, CROWD])
def test_crafted_words_cost_no_more_than_others(spread: int) -> None:
    """Adding and finding them, and saving and loading a model that has them as its words."""
    crafted, others = crafted_words(spread), [b"%d" % number for number in range(CROWD)]
    assert len(crafted) == CROWD
    assert longest_row(crafted) > 1000 > 100 > longest_row(others)
    unknown = crafted_words(256)

    def use(words: list[bytes]) -> None:
        made = Vocabulary(word.decode() for word in words)
        for table in (made.table, WordTable.from_arrays(*made.table.arrays())):
            for word in (*words, *unknown):
                table.get(word)

    assert seconds(lambda: use(crafted)) < 5 * seconds(lambda: use(others)) + 0.02
    same_as_a_dictionary(crafted)


@pytest.mark.parametrize("spread", [256, CROWD])
def test_crafted_words_have_files_that_any_reader_finds_them_in(spread: int) -> None:
    """The slots of a file have no key: every word is on the way from the slot of its hash to the next free slot."""
    words = crafted_words(spread)
    table, (arena, offsets, raw) = of_arrays(words)
    slots = raw.view(SLOT_DTYPE)
    place = np.full(len(words), -1)
    used = np.flatnonzero(slots["id"] >= 0)
    place[slots["id"][used]] = used
    mask = len(slots) - 1
    free = slots["id"] < 0
    for id, tag in enumerate(table.tags_without_key().tolist()):
        way = np.arange((place[id] - tag) & mask) + (tag & mask)
        assert not free[way & mask].any()
        assert slots["tag"][place[id]] == tag
    for expected, actual in zip(of_arrays(words)[1], (arena, offsets, raw), strict=True):
        np.testing.assert_array_equal(expected, actual)
    loaded = WordTable.from_arrays(arena, offsets, raw)

    assert [loaded.get(word) for word in words] == list(range(len(words)))
    assert loaded.same_words(table)
    for expected, actual in zip((arena, offsets, raw), loaded.arrays(), strict=True):
        np.testing.assert_array_equal(expected, actual)


def test_crafted_tables_are_merged() -> None:
    words = [word.decode() for word in crafted_words(256)]
    text = lm.Text.from_sentences([words, words[::-1]])

    assert sorted(words) == sorted(text.vocabulary.words()[len(RESERVED) :])
    assert words == [text.vocabulary.word(int(id)) for id in text.ids[1 : len(words) + 1]]


def test_merging_needs_tables_that_count() -> None:
    borrowed = WordTable.from_arrays(*of_arrays([b"a"])[1])
    with pytest.raises(ValueError, match="found a read-only table"):
        merge_tables([borrowed], [])


def test_a_crowded_file_with_a_word_twice_is_refused() -> None:
    _, (arena, offsets, raw) = of_arrays(crafted_words(256))
    twice = arena.copy()
    first, second = (slice(offsets[at], offsets[at + 1]) for at in (4000, 4001))
    assert len(arena[first]) == len(arena[second])
    twice[second] = twice[first]
    with pytest.raises(ValueError, match=r"word table with b'.*' twice"):
        WordTable.from_arrays(twice, offsets, raw)


def test_slots_without_a_free_one_for_long_are_not_searched() -> None:
    """A file may have one free slot only, though no writer makes it, and words far from the slots of their hashes."""
    table, (arena, offsets, _) = of_arrays([b"%d" % number for number in range(2047)])
    slots = np.zeros(2048, SLOT_DTYPE)
    slots["id"] = np.arange(-1, 2047)
    loaded = WordTable.from_arrays(arena, offsets, slots.view(np.uint8))

    assert [loaded.get(b"%d" % number) for number in range(2050)] == [*range(2047), -1, -1, -1]
    assert loaded.same_words(table)


# ------------------------------------------------------------------------------------------------------ bad words


@pytest.mark.parametrize(
    "word", ["", " ", "a b", "a\t", "\na", "a\r", "\x00", "a\x00b", "\x1f", "\ud800", "x\udfff"], ids=ascii
)
def test_words_that_are_none(word: str) -> None:
    with pytest.raises(UsageError):
        Vocabulary(["fine", word])


def test_a_word_twice() -> None:
    with pytest.raises(UsageError, match="'a' twice"):
        Vocabulary(["a", "b", "a"])


@pytest.mark.parametrize("id", [-1, 5, 1 << 31, -(1 << 31), 1 << 62])
def test_ids_that_are_none(id: int) -> None:
    with pytest.raises(UsageError, match="expected 0 to 4"):
        Vocabulary(["a", "b"]).word(id)
    with pytest.raises(UsageError):
        Vocabulary(["a", "b"]).words([0, id])


@pytest.mark.parametrize(
    "word", ["\ud800", "", " ", "<S>", "\x00", "a\x00", "a\x00\x00", "\x00a", "a\x00b"], ids=ascii
)
def test_words_that_cannot_be_there_are_unknown(word: str) -> None:
    """NUL above all, with which short words are filled up in their slots."""
    vocabulary = Vocabulary(["a", "eight888", "longer-than-eight"])

    assert 0 == vocabulary.id(word)
    assert word not in vocabulary


def test_other_things_are_not_in_it() -> None:
    vocabulary = Vocabulary(["a"])

    assert b"a" not in vocabulary
    assert None not in vocabulary
    assert 3 not in vocabulary


@pytest.mark.parametrize("word", [b"", b"\0", b"a\0"])
def test_a_table_refuses_words_without_bytes_or_with_nul(word: bytes) -> None:
    table = WordTable()
    with pytest.raises(ValueError, match="NUL"):
        table.add(word)

    assert 0 == len(table)


# --------------------------------------------------------------------------------------------- equality and hash


def test_equality_and_hash() -> None:
    one, same = Vocabulary(["a", "bc"]), Vocabulary(["a", "bc"])
    others = [
        Vocabulary(words) for words in ([], ["a"], ["bc", "a"], ["ab", "c"], ["a", "bc", "d"], ["a", "bd"])
    ]

    assert one == same
    assert hash(one) == hash(same)
    for other in others:
        assert one != other
        assert hash(one) != hash(other)
    assert one != ["<unk>", "<s>", "</s>", "a", "bc"]
    assert {one: 1}[same] == 1


def test_order_does_not_depend_on_the_hash_seed() -> None:
    """The table's own bytes too, as they go into files."""
    code = (
        "import ngramlm as lm, hashlib; t = lm.Text.from_sentences(['b a c', 'c d é']).vocabulary.table;"
        "print([hashlib.sha1(a.tobytes()).hexdigest() for a in t.arrays()])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }

    assert 1 == len(outputs)


# ----------------------------------------------------------------------------------------------------------- files


@given(words=st.lists(any_word | st.sampled_from(strategies.WORDS), unique=True))
def test_write_and_read(words: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    if words and words[0].startswith("\ufeff"):
        words = ["first", *words]
    words = list(dict.fromkeys(words))
    folder = tmp_path_factory.mktemp("words")
    for name in ("words.txt", "words.gz"):
        Vocabulary(words).write(folder / name)

        assert Vocabulary(words) == Vocabulary.read(folder / name)


def test_a_first_word_that_begins_with_a_byte_order_mark(tmp_path: Path) -> None:
    """U+FEFF is part of words of a text, so that it must survive at the beginning of the file as well."""
    expected = Vocabulary(["\ufeffbom", "x"])
    expected.write(tmp_path / "words.txt")

    assert expected == Vocabulary.read(tmp_path / "words.txt")


def test_what_is_written(tmp_path: Path) -> None:
    Vocabulary(["b", "ä", "a"]).write(tmp_path / "words.txt")

    assert "b\nä\na\n".encode() == (tmp_path / "words.txt").read_bytes()
    Vocabulary().write(tmp_path / "empty.txt")

    assert b"" == (tmp_path / "empty.txt").read_bytes()
    assert Vocabulary() == Vocabulary.read(tmp_path / "empty.txt")


def test_what_readers_forgive(tmp_path: Path) -> None:
    """BOM, CRLF, blanks around a word, empty lines, repeated and reserved words, no final line end."""
    path = tmp_path / "words.txt"
    path.write_bytes(b"\xef\xbb\xbf<s>\r\n b\t\r\n\n \t\na\nb\n<unk>\n</s>\n\xc2\xa0\nlast")

    assert Vocabulary(["b", "a", "\u00a0", "last"]) == Vocabulary.read(path)


BAD_FILES = {
    "two words": (b"a\nb c\n", 2),
    "two words with a tab": (b"a\n\nb\tc\n", 3),
    "control character": (b"a\nb\x01\n", 2),
    "NUL": (b"a\x00\n", 1),
    "carriage return inside": (b"a\rb\n", 1),
    "two carriage returns": (b"a\r\r\n", 1),
    "invalid UTF-8": (b"a\nb\n\xff\n", 3),
    "overlong": (b"\xc0\xaf", 1),
    "surrogate": (b"x\n\xed\xa0\x80", 2),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_files(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    data, line = BAD_FILES[kind]
    path.write_bytes(data)
    with pytest.raises(FormatError) as caught:
        Vocabulary.read(path)

    assert str(caught.value).startswith(f"{path}:{line}: found ")
    assert "; expected " in str(caught.value)


def test_files_that_are_damaged_or_missing(tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"a\n" * 1000)[:-4])
    with pytest.raises(FormatError, match=r"cut\.gz: found damaged"):
        Vocabulary.read(tmp_path / "cut.gz")
    with pytest.raises(FileNotFoundError, match="missing"):
        Vocabulary.read(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        Vocabulary.read(tmp_path)


# ------------------------------------------------------------------------------------------------ tables and arrays


def of_arrays(words: list[bytes]) -> tuple[WordTable, Arrays]:
    table = WordTable()
    for word in words:
        table.add(word)
    return table, table.arrays()


def long_words(n: int) -> list[bytes]:
    return [b"w" * (i % 20) + str(i).encode() for i in range(n)]


@pytest.mark.parametrize("n_words", [0, 1, 3, 511, 512, 513, 5000])
def test_arrays_and_back(n_words: int) -> None:
    words = long_words(n_words)
    table, arrays = of_arrays(words)
    borrowed = WordTable.from_arrays(*arrays)

    assert len(words) == len(borrowed)
    assert words == [borrowed.word(id) for id in range(len(words))]
    assert list(range(len(words))) == [borrowed.get(word) for word in words]
    assert -1 == borrowed.get(b"unheard-of")
    assert table.same_words(borrowed)
    assert borrowed.same_words(table)
    for expected, actual in zip(arrays, borrowed.arrays(), strict=True):
        np.testing.assert_array_equal(expected, actual)
    with pytest.raises(ValueError, match="read-only"):
        borrowed.add(b"unheard-of")
    if words:
        assert 0 == borrowed.add(words[0])  # it is there already
    assert [0] * len(words) == borrowed.word_counts().tolist()


def test_a_vocabulary_needs_the_reserved_words_first() -> None:
    for words in ([], [b"<unk>", b"<s>"], [b"<s>", b"<unk>", b"</s>"], [b"<unk>", b"<s>", b"x", b"</s>"]):
        with pytest.raises(FormatError):
            Vocabulary.from_table(of_arrays(words)[0])


def changed(arrays: Arrays, which: int, at: int, value: int) -> Arrays:
    copies = [array.copy() for array in arrays]
    copies[which][at] = value
    return copies[0], copies[1], copies[2]


def with_slots(arrays: Arrays, slots: np.ndarray[Any, Any]) -> Arrays:
    return arrays[0], arrays[1], np.ascontiguousarray(slots).view(np.uint8)


def damaged_tables() -> dict[str, Arrays]:
    _, arrays = of_arrays([*(word.encode() for word in RESERVED), *long_words(40)])
    arena, offsets, raw = arrays
    slots = raw.view(SLOT_DTYPE)
    used = np.flatnonzero(slots["id"] >= 0)
    beyond, twice, full, fewer = slots.copy(), slots.copy(), slots.copy(), slots.copy()
    beyond["id"][used[0]] = len(offsets) - 1
    twice["id"][np.flatnonzero(slots["id"] < 0)[0]] = 5
    full["id"] = 5
    fewer["id"][used[0]] = -1
    return {
        "no arrays": (arena[:0], offsets[:0], raw[:0]),
        "no slots": (arena, offsets, raw[:0]),
        "one slot": (arena[:0], offsets[:1], raw[:16]),
        "slots cut": (arena, offsets, raw[:-1]),
        "slots no power of two": (arena, offsets, raw[: 16 * 100]),
        "too few slots": (arena, offsets, raw[: 16 * 32]),
        "offsets cut": (arena, offsets[:-1], raw),
        "offsets begin late": changed(arrays, 1, 0, 1),
        "offsets end late": changed(arrays, 1, -1, len(arena) + 1),
        "offsets end early": changed(arrays, 1, -1, len(arena) - 1),
        "offsets fall": changed(arrays, 1, 5, 1 << 40),
        "offsets negative": changed(arrays, 1, 5, -5),
        "arena cut": (arena[:-1], offsets, raw),
        "id beyond": with_slots(arrays, beyond),
        "id twice, one slot more": with_slots(arrays, twice),
        "no empty slot": with_slots(arrays, full),
        "as many words as slots": (
            np.frombuffer(b"ab", np.uint8),
            np.arange(3, dtype=np.int64),
            np.array([(0x61, 0, 0), (0x62, 1, 1)], SLOT_DTYPE).view(np.uint8),
        ),
        "a word lost": with_slots(arrays, fewer),
    }


@pytest.mark.parametrize("kind", damaged_tables())
def test_damaged_arrays_are_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="word table"):
        WordTable.from_arrays(*damaged_tables()[kind])


def test_ids_that_changed_places_lead_nowhere_bad() -> None:
    """What `from_arrays` cannot see (a look-up for every word) gives a wrong id, never one outside."""
    _, arrays = of_arrays(long_words(40))
    slots = arrays[2].view(SLOT_DTYPE).copy()
    used = np.flatnonzero(slots["id"] >= 0)
    slots["id"][used] = slots["id"][used[::-1]]
    slots["tag"][used[:5]] ^= 0x80000000
    table = WordTable.from_arrays(*with_slots(arrays, slots))

    assert all(-1 <= table.get(word) < 40 for word in [*long_words(60), b"x" * 1000])


@pytest.mark.parametrize("id", [-1, 3, 1 << 40])
def test_a_table_has_no_word_outside(id: int) -> None:
    with pytest.raises(IndexError):
        of_arrays([b"a", b"b", b"c"])[0].word(id)


def test_words_that_are_no_text_are_a_format_error() -> None:
    """A damaged file may hold any bytes: its words must not end in a UnicodeDecodeError."""
    table = new_table()
    table.add(b"\xff\xfe")
    with pytest.raises(NgramlmError):
        Vocabulary.from_table(table).words()
    with pytest.raises(NgramlmError):
        Vocabulary.from_table(table).word(3)


# --------------------------------------------------------------------------------------------------------- merging


@given(
    parts=st.lists(
        st.lists(st.sampled_from([b"a", b"b", b"aa", b"longer-than-eight", b"longer-than-nine"])), max_size=4
    ),
    min_count=st.integers(1, 3),
    max_size=st.integers(-1, 4),
)
def test_merging_tables(parts: list[list[bytes]], min_count: int, max_size: int) -> None:
    """Counts are those of the tokenizer, so the tables come from texts."""
    reserved = [word.encode() for word in RESERVED]
    tables, all_ids, total = [], [], Counter()
    for words in parts:
        table, data = new_table(), b"\t".join(words)
        ids = np.empty(2 * len(data) + 2, np.int32)
        n, *_ = tokenize(bytearray(data + bytes(PADDING)), len(data), table, True, 0, ids)
        tables.append(table)
        all_ids.append(ids[1 : n - 1])
        total.update(words)

        assert [Counter(words)[table.word(i)] for i in range(len(table))] == table.word_counts().tolist()
    merged, maps, counts = merge_tables(tables, reserved, min_count, max_size)
    ranked = sorted(
        (word for word in total if total[word] >= min_count), key=lambda word: (-total[word], word)
    )
    expected = reserved + (ranked if max_size < 0 else ranked[:max_size])

    assert expected == [merged.word(id) for id in range(len(merged))]
    assert [total[word] for word in expected[3:]] == counts.tolist()[3:]
    for words, ids, new in zip(parts, all_ids, maps, strict=True):
        assert [expected.index(word) if word in expected else 0 for word in words] == new[ids].tolist()


def test_merging_does_not_depend_on_the_order_of_tables() -> None:
    tables = []
    for start in (0, 500, 1000):
        table = new_table()
        for n in range(start, start + 900):
            table.add(f"{n * 31 % 2000}".encode())
        tables.append(table)
    reserved = [word.encode() for word in RESERVED]
    expected = merge_tables(tables, reserved)[0]
    for order in itertools.permutations(tables):
        actual = merge_tables(list(order), reserved)[0]

        assert expected.same_words(actual)
        for one, other in zip(expected.arrays(), actual.arrays(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_table_of_a_text_is_that_of_its_words() -> None:
    """Made by counting or from a list: the same table, to the byte."""
    text = lm.Text.from_sentences(["the cat sat on the mat", "the end of something longer than that"])
    direct = Vocabulary(text.vocabulary.words()[3:])

    assert direct == text.vocabulary
    for one, other in zip(direct.table.arrays(), text.vocabulary.table.arrays(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_how_a_vocabulary_is_shown() -> None:
    assert repr(Vocabulary(["a", "b"])) == "<Vocabulary of 5 words>"
