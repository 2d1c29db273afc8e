"""The golden table: a three-sentence corpus, every smoothing method, exact fractions.

The corpus is the usual textbook toy (Chen & Goodman use a variant of it). |V| = 13 with </s> and <unk>. There are
18 events of 12 types: READ and </s> three times, A and BOOK twice, the rest once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from support.oracles.counts import BOS, UNK

BROWN = "BROWN READ A BOOK".split()
DAVID = "DAVID READ A BOOK".split()
INFINITE = math.inf


@dataclass(frozen=True)
class Golden:
    """One row: sentence probabilities of the bigram and trigram model, and four probabilities of the bigram model."""

    method: str
    interpolate: bool | None  # None where the method has one form only
    bigram: tuple[float, float]  # P(BROWN READ A BOOK), P(DAVID READ A BOOK)
    perplexity: tuple[float, float]  # of the same, over 5 events
    trigram: tuple[float, float]
    book_a: Fraction  # p(BOOK | A)
    text_read: Fraction  # p(TEXT | READ): both seen, not together
    unk_a: Fraction  # p(<unk> | A)
    read_bos: Fraction  # p(READ | <s>)
    normalized: bool = True  # False: scores, not probabilities

    @property
    def options(self) -> dict[str, bool]:
        return {} if self.interpolate is None else {"interpolate": self.interpolate}

    @property
    def name(self) -> str:
        return self.method + {None: "", True: "-interpolated", False: "-back-off"}[self.interpolate]


def fraction(text: str) -> Fraction:
    return Fraction(text)


# Origin: exact rational arithmetic of an independent brute-force program, every distribution summing to exactly 1.
# By hand, Witten-Bell p(BOOK|A): p(BOOK) = (2 + 12/13) / (18 + 12) = 19/195; (1 + 2 * 19/195) / (2 + 2) = 233/780.
# Absolute discounting: bigram n1 = 16, n2 = 1, D = 16/18 = 8/9; unigram n1 = 8, n2 = 2, D = 8/12 = 2/3.
# Back-off p(BOOK|A) = (1 - 8/9) / 2 = 1/18. Kneser-Ney unigrams: continuation n1 = 9, n2 = 1, D = 9/11.
# Modified Kneser-Ney: order 2 has n3 = 0 and order 1 would have D2 = 2 - 54/11 < 0, so both take (1/2, 1, 3/2), as
# `lmplz -o 2 --discount_fallback` does; KenLM's `query` gives log10 P = -2.41072 and -4.13143 for the two sentences.
# The last trigram column (modified Kneser-Ney, back-off) is from the same brute-force program.
# The rest is by hand; the sentences are products of such fractions. One derivation for each:
# Maximum likelihood P(BROWN READ A BOOK) = 1/3 * 1 * 2/3 * 1/2 * 1/2 = 1/18; DAVID never began a sentence.
# Additive p(BOOK|A) = (1 + 1) / (2 + 13).
# Good-Turing: n_0 = 12 * 13 - 17 = 139; k = 1: 1* = 2 * 1/16 and 2* = 2 are halved to leave N - n_1 = 2 for the seen,
# 0* = 16/139. After A: (1/16) / (2/16 + 11 * 16/139) = 139/3094. Simple Good-Turing has two different counts only:
# 1* = 1/2, 0* = (17/2) / 139, (1/2) / (1 + 11 * 17/278) = 139/465; Church-Gale has so few pairs that it has one bucket.
# Katz: n_3 = 0 lowers k to 1, whose d_1 = 0 is refused; nothing is discounted, so that A has 2 + 1: p(BOOK|A) = 1/3.
# Jelinek-Mercer: p(BOOK) = 1/2 * 2/18 + 1/2 * 1/13 = 11/117; p(BOOK|A) = 1/2 * 1/2 + 1/2 * 11/117 = 139/468.
# Linear: bigrams keep 1 - 16/18, unigrams 1 - 8/18: p(BOOK) = 5/9 * 2/18 + 4/9 * 1/13 = 101/1053, p(BOOK|A) =
# 1/18 + 8/9 * 101/1053. Natural: n = q = 2: 1/2 * (2 * 3 - 2) / (2 * 3 + 4) = 1/5.
# Dirichlet: p(BOOK) = (2 + 1/13) / 19 = 27/247, p(BOOK|A) = (1 + 27/247) / 3. Stupid: S(TEXT|READ) = 2/5 * 1/18.
GOLDEN = [
    Golden("witten-bell", True, (4.646458454e-03, 8.666863476e-05), (2.928030, 6.492734),
           (2.149865428e-03, 5.793407667e-05),
           fraction("233/780"), fraction("1/39"), fraction("1/65"), fraction("17/260")),
    Golden("witten-bell", False, (2.083333333e-03, 7.462424498e-05), (3.437544, 6.689968),
           (8.680555556e-04, 4.974949665e-05),
           fraction("1/4"), fraction("10/327"), fraction("2/109"), fraction("17/210")),
    Golden("absolute-discounting", True, (2.857510616e-04, 9.051919259e-05), (5.114491, 6.436531),
           (3.754094992e-04, 9.71736275e-05),
           fraction("959/6318"), fraction("296/9477"), fraction("32/1053"), fraction("460/3159")),
    Golden("absolute-discounting", False, (4.704191058e-06, 1.107796945e-05), (11.627946, 9.797335),
           (2.618568795e-05, 2.639163309e-05),
           fraction("1/18"), fraction("592/15903"), fraction("64/1767"), fraction("920/5319")),
    Golden("kneser-ney", True, (3.010269747e-04, 9.946937262e-05), (5.061496, 6.316291),
           (3.76481822e-04, 1.04143549e-04),
           fraction("6863/43758"), fraction("2144/65637"), fraction("96/2431"), fraction("1120/7293")),
    Golden("kneser-ney", False, (4.704191058e-06, 1.245793762e-05), (11.627946, 9.569974),
           (2.618568795e-05, 2.967920433e-05),
           fraction("1/18"), fraction("2144/58401"), fraction("24/505"), fraction("1120/6087")),
    Golden("modified-kneser-ney", True, (3.884005117e-03, 7.388722479e-05), (3.034898, 6.703261),
           (1.801520818e-03, 4.939808779e-05),
           fraction("66/221"), fraction("15/442"), fraction("1/52"), fraction("14/221")),
    Golden("modified-kneser-ney", False, (1.736111111e-03, 6.439884597e-05), (3.565205, 6.890082),
           (6.944444444e-04, 4.293256398e-05),
           fraction("1/4"), fraction("15/382"), fraction("17/738"), fraction("7/88")),
    Golden("maximum-likelihood", None, (5.555555556e-02, 0.0), (1.7826025, INFINITE),
           (0.0, 0.0),
           fraction("1/2"), fraction("0"), fraction("0"), fraction("0")),
    Golden("additive-1", None, (5.952380952e-05, 1.488095238e-05), (6.999417, 9.235786),
           (1.214771623e-05, 7.971938776e-06),
           fraction("2/15"), fraction("1/16"), fraction("1/15"), fraction("1/16")),
    Golden("additive-1/2", None, (2.587966912e-04, 2.875518792e-05), (5.216849, 8.095744),
           (2.476780186e-05, 1.086307099e-05),
           fraction("3/17"), fraction("1/19"), fraction("1/17"), fraction("1/19")),
    Golden("good-turing", None, (1.751815296e-06, 5.942082046e-06), (14.167797, 11.097171),
           (1.405278675e-05, 4.259193511e-05),
           fraction("139/3094"), fraction("256/5179"), fraction("128/1547"), fraction("256/2977")),
    Golden("simple-good-turing", None, (4.812473102e-03, 7.198409640e-05), (2.907544, 6.738336),
           (7.126941425e-05, 1.165441752e-05),
           fraction("139/465"), fraction("17/743"), fraction("17/465"), fraction("17/587")),
    Golden("church-gale", None, (4.812473102e-03, 7.198409640e-05), (2.907544, 6.738336),
           (7.126941425e-05, 1.165441752e-05),
           fraction("139/465"), fraction("17/743"), fraction("17/465"), fraction("17/587")),
    Golden("katz", False, (6.944444444e-03, 8.230452675e-05), (2.701920, 6.560172),
           (3.472222222e-03, 6.172839506e-05),
           fraction("1/3"), fraction("1/52"), fraction("1/78"), fraction("1/25")),
    Golden("jelinek-mercer-1/2", None, (3.935586382e-03, 7.083454175e-05), (3.026900, 6.760067),
           (1.836853037e-03, 4.752029510e-05),
           fraction("139/468"), fraction("31/936"), fraction("1/52"), fraction("19/312")),
    Golden("linear-discounting", True, (8.014307580e-05, 2.459900026e-05), (6.595182, 8.352500),
           (1.246445122e-04, 2.798608628e-05),
           fraction("2669/18954"), fraction("548/9477"), fraction("32/1053"), fraction("356/3159")),
    Golden("linear-discounting", False, (9.408382116e-07, 2.119808226e-06), (16.043422, 13.637686),
           (5.237137590e-06, 5.050131362e-06),
           fraction("1/18"), fraction("1096/15903"), fraction("64/1767"), fraction("712/5085")),
    Golden("natural-discounting", None, (9.259259259e-04, 2.070552951e-05), (4.042823, 8.645353),
           (3.654970760e-04, 1.294095594e-05),
           fraction("1/5"), fraction("35/2648"), fraction("468/1655"), fraction("70/993")),
    Golden("dirichlet-1", None, (1.159085126e-02, 8.665247183e-05), (2.438804, 6.492976),
           (4.868427509e-03, 5.349894094e-05),
           fraction("274/741"), fraction("7/494"), fraction("1/741"), fraction("10/247")),
    Golden("stupid-backoff", None, (5.555555556e-02, 2.469135802e-04), (1.7826025, 5.266123),
           (8.888888889e-03, 9.876543210e-05),
           fraction("1/2"), fraction("1/45"), fraction("0"), fraction("1/15"), normalized=False),
    # No order of the toy corpus has n_4 or n_5: five discounts come down to one.
    Golden("kneser-ney-5", True, (3.010269747e-04, 9.946937262e-05), (5.061496, 6.316291),
           (3.76481822e-04, 1.04143549e-04),
           fraction("6863/43758"), fraction("2144/65637"), fraction("96/2431"), fraction("1120/7293")),
    # Katz's unigrams, Kneser-Ney bigrams, back-off Witten-Bell trigrams: p(BOOK) = (2 + 1) / (18 + 13) = 3/31, and
    # p(BOOK|A) = (1 - 8/9) / 2 + 8/9 * 3/31 = 79/558.
    Golden("per-order", None, (2.197241772e-04, 6.781119875e-05), (5.390443, 6.819299),
           (2.618256120e-04, 6.749126099e-05),
           fraction("79/558"), fraction("32/837"), fraction("8/279"), fraction("32/279")),
]  # fmt: skip


#: Counts of counts of the prosody data of Gale & Sampson (1995).
PROSODY = {
    1: 120, 2: 40, 3: 24, 4: 13, 5: 15, 6: 5, 7: 11, 8: 2, 9: 2, 10: 1, 12: 3, 14: 2, 15: 1, 16: 1, 17: 3, 19: 1,
    20: 3, 21: 2, 23: 3, 24: 3, 25: 3, 26: 2, 27: 2, 28: 1, 31: 2, 32: 2, 33: 1, 34: 2, 36: 2, 41: 3, 43: 1, 45: 3,
    **dict.fromkeys(
        (46, 47, 50, 71, 84, 101, 105, 121, 124, 146, 162, 193, 199, 224, 226, 254, 257, 339, 421, 456, 481, 483,
         1140, 1256, 1322, 1530, 2131, 2395, 6925, 7846), 1
    ),
}  # fmt: skip


def histories() -> Iterator[tuple[str, ...]]:
    """Seen, partly seen, unseen and unknown-containing histories of up to two words."""
    words = ["READ", "A", "BOOK", "DAVID", UNK, "nobody"]
    yield from [(), (BOS,), *((word,) for word in words)]
    yield from [(BOS, "BROWN"), ("READ", "A"), ("A", "READ"), (UNK, "READ"), ("READ", UNK), ("BY", "DAVID")]
