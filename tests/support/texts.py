"""Small texts that many tests train on, and the counts of a text given as lists of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ngramlm as lm
from support.oracles.counts import words_by_count

TOY = [line.split() for line in ("BROWN READ HOLY BIBLE", "MARK READ A TEXT BOOK", "HE READ A BOOK BY DAVID")]


def counted(
    sentences: Sequence[Sequence[str]], order: int, words: Sequence[str] | None = None, **options: Any
) -> lm.NgramCounts:
    vocabulary = lm.Vocabulary(words_by_count(sentences) if words is None else words)
    return lm.count(lm.Text.from_sentences(sentences, vocabulary=vocabulary), order=order, **options)


#: Enough repetition that modified Kneser-Ney estimates its discounts at every order up to 3.
VERSE = [
    line.split()
    for line in """\
the dog saw under a hat
the mat sat by a cat
a mat sat on the hat
the cat saw
a mat sat on a cat
the fox sat on the mat
a cat sat on the rat
the mat ran on the mat
the log sat under a dog
the cat sat on the dog
the hat ran
the dog sat on the cat
the dog saw under the cat
the fox sat on the dog
the dog saw on the dog
a dog sat on the cat
the dog hid on the dog
the log ran on the fox
the cat saw on the rat
the rat hid under the fox
the fox saw
a cat saw on a cat

""".split("\n")
]


#: Held-out text like VERSE, with words and n-grams that are not in it.
HELDOUT = [
    line.split()
    for line in """\
a dog saw the cat
the owl sat on a mat

the cat ran under the hat
a fox hid on the log
the dog sat
""".split("\n")
]


PROBE = [
    line.split()
    for line in ("the cat sat on a log", "", "owl owl the", "the bird sat on the mat", "bird bird")
]
