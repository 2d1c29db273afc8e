"""Sentences under two models, every token colored by its bits."""

from __future__ import annotations

from collections.abc import Sequence

from ngramlm.evaluation.cells import fixed
from ngramlm.evaluation.contrast import Contrast, SentencePair
from ngramlm.report.markup import Markup, tag

__all__ = ["contrast_section"]

# strengths of color; the strongest is for BITS_PER_LEVEL * LEVELS bits or more
LEVELS = 8
BITS_PER_LEVEL = 2.0
# a token is underlined if it has this many bits less than under the other model
MIN_SAVED = 0.5


def contrast_section(found: Contrast) -> Markup:
    """Make the sentences of both sides, the largest difference first."""
    one, other = found.models
    sides = ((found.better, f"{one} is better"), (found.worse, f"{other} is better"))
    return tag(
        "div",
        _key(),
        [
            tag("div", tag("h4", title), [_pair(found.models, pair) for pair in pairs], class_="side")
            for pairs, title in sides
            if pairs
        ],
        class_="contrast",
    )


def _key() -> Markup:
    steps = [
        tag("span", f"{BITS_PER_LEVEL * level:g}", class_=f"token s{level}") for level in range(LEVELS + 1)
    ]
    return tag("p", "bits: ", steps, class_="legend")


def _pair(models: Sequence[str], pair: SentencePair) -> Markup:
    lines = [
        (
            tag("dt", model, tag("small", f" {fixed(sum(bits), 1)} bits")),
            tag("dd", [_token(model, *token) for token in _tokens(pair, place)]),
        )
        for place, (model, bits) in enumerate(zip(models, pair.bits, strict=True))
    ]
    head = tag(
        "p",
        f"Sentence {pair.number}: ",
        tag("b", fixed(pair.difference, 1, sign=True)),
        " bits",
        class_="which",
    )
    return tag("div", head, tag("dl", lines), class_="pair")


def _tokens(pair: SentencePair, place: int) -> list[tuple[str, bool, float, float, int | None]]:
    """List (word, whether it is an OOV, bits, bits under the other model, length of its n-gram) of every token."""
    orders = pair.orders[place] or (None,) * len(pair.words)
    is_oov = [token in pair.oovs for token in range(len(pair.words))]
    return list(zip(pair.words, is_oov, pair.bits[place], pair.bits[1 - place], orders, strict=True))


def _token(model: str, word: str, is_oov: bool, bits: float, other: float, order: int | None) -> Markup:
    level = min(LEVELS, round(bits / BITS_PER_LEVEL))
    answered = "" if order is None else f", {order}-gram" if order else ", no n-gram"
    hint = f"{word}: {fixed(bits, 2)} bits, {model}{answered}{', OOV' * is_oov}"
    kind = f"token s{level}" + " cheaper" * (other - bits >= MIN_SAVED) + " oov" * is_oov
    shown = tag("span", word, class_=kind, title=hint)
    return Markup(f"{shown} ")
