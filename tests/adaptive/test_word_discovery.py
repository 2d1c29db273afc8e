"""Words of a text without spaces against an oracle that goes through it occurrence by occurrence."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies

import ngramlm as lm
from ngramlm.adaptive import WordCandidates, join_words, word_candidates
from ngramlm.adaptive.keywords import log_likelihood_ratios, ratios_to_shares
from ngramlm.adaptive.word_discovery import score_candidates
from ngramlm.errors import UsageError

LETTERS = ["甲", "乙", "丙", "e\u0301", "7", "。", "a-"]  # the last two are parts of no word

corpora = st.lists(strategies.sentences_over(LETTERS[:3], 6), min_size=1, max_size=6).flatmap(
    lambda lines: st.lists(
        st.sampled_from(lines) | strategies.sentences_over(LETTERS, 6), min_size=1, max_size=12
    )
)


def entropy(counts: Counter[str]) -> float:
    return -sum(c / counts.total() * math.log2(c / counts.total()) for c in counts.values())


def candidates_by_definition(
    corpus: strategies.Corpus, longest: int, count: int, information: float, least_entropy: float
) -> dict[tuple[str, ...], tuple[int, float, float]]:
    counts: Counter[tuple[str, ...]] = Counter()
    before, behind = defaultdict(Counter), defaultdict(Counter)
    places = []
    for number, sentence in enumerate(corpus):
        marked = ["<s>", *sentence, "</s>"]
        for start in range(1, len(marked) - 1):
            for end in range(start + 1, min(start + longest, len(marked) - 1) + 1):
                ngram = tuple(marked[start:end])
                counts[ngram] += 1
                before[ngram][marked[start - 1]] += 1
                behind[ngram][marked[end]] += 1
                places.append((ngram, number, start, end))
    n = sum(map(len, corpus))
    found = {}
    for ngram, c in counts.items():
        if len(ngram) < 2 or c < count or not all(letter in LETTERS[:5] for letter in ngram):
            continue
        bits = min(math.log2(c * n / (counts[ngram[:i]] * counts[ngram[i:]])) for i in range(1, len(ngram)))
        least = min(entropy(before[ngram]), entropy(behind[ngram]))
        if bits >= information - 1e-9 and least >= least_entropy - 1e-9:
            found[ngram] = (c, bits, least)
    spans = [place for place in places if place[0] in found]
    alone = {
        ngram
        for ngram, number, start, end in spans
        if not any(
            len(longer) > len(ngram) and other == number and first <= start and end <= last
            for longer, other, first, last in spans
        )
    }
    return {ngram: row for ngram, row in found.items() if ngram in alone}


@given(
    corpus=corpora,
    longest=st.integers(2, 5),
    count=st.integers(1, 3),
    information=st.sampled_from([-20.0, 0.0, 1.0]),
    least_entropy=st.sampled_from([0.0, 0.9, 1.0]),
)
def test_candidates_are_those_of_the_definition(
    corpus: strategies.Corpus, longest: int, count: int, information: float, least_entropy: float
) -> None:
    found = word_candidates(
        lm.Text.from_sentences(corpus),
        longest=longest,
        least_count=count,
        least_information=information,
        least_entropy=least_entropy,
    )
    expected = candidates_by_definition(corpus, longest, count, information, least_entropy)

    assert set(found.ngrams) == set(expected)
    assert len(set(found.ngrams)) == len(found)
    for at, ngram in enumerate(found.ngrams):
        c, bits, entropy = expected[ngram]
        assert found.counts[at] == c
        assert found.information[at] == pytest.approx(bits)
        assert found.entropies[at] == pytest.approx(entropy, abs=1e-9)
    assert found.words == ["".join(ngram) for ngram in found.ngrams]
    assert (np.diff(found.counts * found.information) <= 1e-9).all()


def test_what_occurs_inside_longer_words_only() -> None:
    """乙丙 is inside 甲乙丙 and 丁乙丙 only, with two different words before it; once it stands alone, it is a word."""
    lines = [f"{x}{word}{y}" for word in ("甲乙丙", "丁乙丙") for x in "一二三" for y in "四五六"]
    options = {"least_information": 1.0, "least_entropy": 0.9}

    def found(lines: list[str]) -> set[str]:
        return set(word_candidates(lm.Text.from_sentences([list(line) for line in lines]), **options).words)

    assert found(lines) == {"甲乙丙", "丁乙丙"}
    assert found([*lines, "七乙丙八"]) == {"甲乙丙", "丁乙丙", "乙丙"}


@given(
    corpus=st.lists(strategies.sentences_over([*LETTERS[:3], "。"], 12), min_size=1, max_size=4),
    words=st.lists(
        st.sampled_from(["甲乙", "甲乙丙", "乙丙", "丙甲", "丙甲甲甲", "丙甲甲", "乙"]),
        unique=True,
        max_size=6,
    ),
)
def test_joining_is_longest_match_from_the_left(corpus: strategies.Corpus, words: list[str]) -> None:
    """As a regular expression whose alternatives are tried from the longest."""
    text = lm.Text.from_sentences(corpus)
    zeros = np.zeros(len(words))
    joined = join_words(text, WordCandidates(tuple(map(tuple, words)), zeros.astype(np.int64), zeros, zeros))
    pattern = re.compile("|".join([*sorted(words, key=len, reverse=True), "."]))

    assert [joined.sentence(n) for n in range(joined.n_sentences)] == [
        pattern.findall("".join(sentence)) for sentence in corpus
    ]
    assert (joined.characters, joined.n_documents) == (text.characters, text.n_documents)
    assert joined.vocabulary.words()[: len(text.vocabulary)] == text.vocabulary.words()


@given(corpus=corpora, other=corpora)
def test_scores_are_those_of_their_counts(corpus: strategies.Corpus, other: strategies.Corpus) -> None:
    """In a text as its n-grams are counted, in a model by its probabilities one after the other."""
    text, background = lm.Text.from_sentences(corpus), lm.Text.from_sentences(other)
    if not (text.n_words and background.n_words):
        return
    candidates = word_candidates(text, least_count=1, least_information=-20, least_entropy=0)
    joined = ["\0".join(sentence) + "\0" for sentence in other]
    there = [
        sum(len(re.findall(f"(?<![^\0])(?={re.escape(chr(0).join(ngram))}\0)", line)) for line in joined)
        for ngram in candidates.ngrams
    ]
    n_words = text.n_words, background.n_words
    expected = log_likelihood_ratios(candidates.counts, n_words[0], np.array(there, np.int64), n_words[1])
    found, is_more_frequent = score_candidates(candidates, text, background)
    at = [candidates.words.index(word) for word in found.words]

    if len(set(candidates.words)) == len(candidates):
        np.testing.assert_allclose(found.scores, expected[at], atol=1e-9)
        more = [candidates.counts[k] * background.n_words > there[k] * text.n_words for k in at]
        assert is_more_frequent.tolist() == more
    model = lm.WittenBell().fit(lm.count(background, order=3))
    for word, score, count in score_candidates(candidates, text, model)[0]:
        ngram = candidates.ngrams[candidates.words.index(word)]
        prob = 10 ** sum(model.log10_prob(token, ngram[:k]) for k, token in enumerate(ngram))
        assert score == pytest.approx(
            float(ratios_to_shares(np.array([count]), text.n_words, np.array([prob]))[0]), abs=1e-6
        )


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("longest", 1),
        ("longest", 16),
        ("longest", 2.5),
        ("least_count", 0),
        ("least_information", np.nan),
        ("least_entropy", -1),
    ],
)
def test_options_that_make_no_sense(option: str, value: float) -> None:
    with pytest.raises(UsageError, match=option):
        word_candidates(lm.Text.from_sentences([["a", "b"]]), **{option: value})  # type: ignore[arg-type]


def test_texts_without_candidates() -> None:
    with pytest.raises(UsageError, match="without sentences"):
        word_candidates(lm.Text.from_sentences([]))
    for lines in ([[]], [["a"]], [["a", "b"]], [["。", "。"]] * 5):
        assert len(word_candidates(lm.Text.from_sentences(lines))) == 0
    text = lm.Text.from_sentences([["甲", "乙"]])
    one = word_candidates(text, least_count=1, least_information=-20, least_entropy=0)
    three = word_candidates(
        lm.Text.from_sentences([["甲", "乙", "丙"]]), least_count=1, least_information=-20, least_entropy=0
    )
    short = lm.count(lm.Text.from_sentences([[]] * 9), order=4)  # there are no longer n-grams
    assert (three.words, short.order) == (["甲乙丙"], 2)
    assert score_candidates(three, text, short)[0].words == ("甲乙丙",)
    with pytest.raises(UsageError, match="order 1; expected 2"):
        score_candidates(one, text, lm.count(text, order=1))


def test_the_names_of_a_novel(shared: Path) -> None:
    """Those that everybody knows are found first."""
    text = lm.read_text(shared / "data" / "zh" / "sanguo.train.txt", tokenizer="characters")
    found = word_candidates(text)

    assert found.words[:3] == ["玄德", "孔明", "曹操"]
    assert {"关公", "云长", "吕布", "诸葛亮", "司马懿"} < set(found.words)
    assert not {"玄", "孔", "夫人曰", "。"} & set(found.words)
