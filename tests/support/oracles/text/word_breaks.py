"""Word boundaries between classes, rule by rule as UAX #29 writes them; shares no code with the library."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["boundaries"]

LETTERS, MID_LETTERS, MID_NUMBERS = set("abh"), set("mqs"), set("cqs")


def boundaries(classes: Sequence[str]) -> list[int]:
    """The places between two characters at which a word may begin, given the class of each character."""
    return [at for at in range(1, len(classes)) if is_boundary(classes, at)]


def is_boundary(classes: Sequence[str], at: int) -> bool:
    before, after = classes[at - 1], classes[at]
    if (before, after) == ("v", "y"):  # WB3
        return False
    if before in "vyl" or after in "vyl":  # WB3a, WB3b
        return True
    if before == "z" and after in "pb":  # WB3c
        return False
    if before == after == "w":  # WB3d
        return False
    if after in "xz":  # WB4
        return False
    # WB4: extenders are ignored, but those at the beginning of a text or line stand for themselves
    left = [found for place, found in enumerate(classes[:at]) if not is_ignored(classes, place)]
    right = [found for place, found in enumerate(classes) if place >= at and not is_ignored(classes, place)]
    one, other = left[-1], right[0]
    earlier = left[-2] if len(left) > 1 else ""
    later = right[1] if len(right) > 1 else ""
    n_flags = 0
    while n_flags < len(left) and left[-1 - n_flags] == "r":
        n_flags += 1
    joined = [
        one in LETTERS and other in LETTERS,  # WB5
        one in LETTERS and other in MID_LETTERS and later in LETTERS,  # WB6
        earlier in LETTERS and one in MID_LETTERS and other in LETTERS,  # WB7
        one == "h" and other == "s",  # WB7a
        one == "h" and other == "d" and later == "h",  # WB7b
        earlier == "h" and one == "d" and other == "h",  # WB7c
        one == "n" and other == "n",  # WB8
        one in LETTERS and other == "n",  # WB9
        one == "n" and other in LETTERS,  # WB10
        earlier == "n" and one in MID_NUMBERS and other == "n",  # WB11
        one == "n" and other in MID_NUMBERS and later == "n",  # WB12
        one == "k" and other == "k",  # WB13
        one in {*LETTERS, *"nke"} and other == "e",  # WB13a
        one == "e" and other in {*LETTERS, *"nk"},  # WB13b
        other == "r" and n_flags % 2 == 1,  # WB15, WB16
    ]
    return not any(joined)  # WB999


def is_ignored(classes: Sequence[str], place: int) -> bool:
    """Whether WB4 ignores a character: an extender with something before it in its line that it can extend."""
    if classes[place] not in "xz":
        return False
    while place and classes[place - 1] in "xz":
        place -= 1
    return place > 0 and classes[place - 1] not in "vyl"
