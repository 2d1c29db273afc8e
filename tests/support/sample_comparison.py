"""A comparison to make reports of: with failing methods, scores, zero probabilities, and words that break pages."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import ngramlm as lm
from ngramlm.errors import EstimationError, EstimationWarning
from ngramlm.evaluation import Comparison, Measuring
from ngramlm.evaluation.smoothing_comparison import compare_smoothings
from ngramlm.smoothing import StupidBackoff

NASTY = (
    "<script>alert(1)</script>",
    "a&b",
    '"q"',
    "100%",
    "_x_",
    "x|y",
    "$5",
    "\\emph{z}",
    "`t`",
    "中文",
    "it's",
    ",",
)
TRAIN = [
    *(
        f"the {a} {b} {c} ."
        for a in ("cat", "dog", *NASTY)
        for b in ("sat", "saw", "ran")
        for c in ("here", *NASTY[:4])
    ),
    *(f"{a} saw the {b}" for a in NASTY[:6] for b in ("cat", "dog")),
    "the cat sat here",
    "the dog sat",
]
TEST = [
    "the cat saw here .",
    "the <script>alert(1)</script> ran a&b .",
    "the bird sat",
    "_x_ saw the dog",
    "中文 saw",
]
OTHER = ["a bird", "the dog ran here ."]


class LowOnly:
    """Cannot be estimated above order 1."""

    def fit(self, counts: Any, heldout: Any = None, **options: Any) -> lm.BackoffModel:
        if counts.order > 1:
            raise EstimationError("found <order 2> & more; expected order 1")
        return lm.WittenBell().fit(counts)


METHODS = {
    "witten-bell": lm.WittenBell(),
    "back-off": lm.WittenBell(interpolate=False),
    "impossible": lm.AbsoluteDiscounting(discount_value=0.0, interpolate=False),
    "low": LowOnly(),
    "scores": StupidBackoff(),
    '<b>bold</b> & "quoted" 50% _x_': lm.AbsoluteDiscounting(discount_value=0.4),
}


@functools.cache
def example(texts: int = 2, orders: tuple[int, ...] = (1, 2, 3)) -> Comparison:
    """All that can happen in a comparison, on small texts."""
    train = lm.Text.from_sentences(TRAIN)
    names = {"<test>": TEST, "other & more": OTHER}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        return compare_smoothings(
            train,
            {
                name: lm.Text.from_sentences(sentences, train.vocabulary)
                for name, sentences in list(names.items())[:texts]
            },
            smoothings=METHODS,
            orders=orders,
            curve=(0.25, 0.5, 1),
            measuring=Measuring(resamples=200, examples=2),
            train_name="<train>",
        )
