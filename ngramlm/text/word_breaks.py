"""Word boundaries by Unicode's default rules: UAX #29, section 4.1, rules WB1 to WB999.

A line becomes a string with one small letter for the class of each character. The rules are one regular expression over
such strings: it matches from one boundary to the next.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache

from ngramlm.text.word_break_table import CODE_RANGES

__all__ = ["word_segments"]

# The classes of UAX #29, table 3. Extend and Format are one class here, because all rules treat them alike.
#   a ALetter          h Hebrew_Letter   b ALetter and Extended_Pictographic   n Numeric        k Katakana
#   e ExtendNumLet     m MidLetter       c MidNum         q MidNumLet          s Single_Quote   d Double_Quote
#   x Extend, Format   z ZWJ             p Extended_Pictographic               r Regional_Indicator
#   w WSegSpace        v CR              y LF             l Newline            o Other
EXTENDERS = "[xz]*+"  # WB4: they belong to the character before
LETTER = "[abh]"
# WB5 to WB12: letters and numbers, with one mark between two letters or two numbers
UNIT = (
    f"(?:[ab]{EXTENDERS}(?:[mqs]{EXTENDERS}(?={LETTER}))?+"
    f"|n{EXTENDERS}(?:[cqs]{EXTENDERS}(?=n))?+"
    f"|h(?!{EXTENDERS}s{EXTENDERS}(?!{LETTER})){EXTENDERS}(?:[mqs]{EXTENDERS}(?={LETTER})|d{EXTENDERS}(?=h))?+)"
)
HEBREW_END = f"h{EXTENDERS}s{EXTENDERS}"  # WB7a: a quote after a Hebrew letter; nothing joins it on its right
KATAKANA = f"(?:k{EXTENDERS})"  # WB13
CONNECTORS = f"(?:e{EXTENDERS})++"  # WB13a, WB13b
JOINED = f"(?:(?:{UNIT}++|{KATAKANA}++){CONNECTORS})"
LAST = f"(?:{UNIT}*+{HEBREW_END}|{UNIT}++|{KATAKANA}++)"
WORD = f"(?:{CONNECTORS}{JOINED}*+{LAST}?+|{JOINED}++{LAST}?+|{LAST})"
FLAG = f"r{EXTENDERS}(?:r{EXTENDERS})?+"  # WB15, WB16
SPACES = f"w++{EXTENDERS}"  # WB3d
EMOJI = f"(?:(?<=z)p{EXTENDERS}|(?<=z)(?=b){WORD})*+"  # WB3c
SEGMENT = f"vy|[vyl]|(?:{WORD}|{FLAG}|{SPACES}|.{EXTENDERS}){EMOJI}"


def word_segments(line: str) -> list[str]:
    """Divide a line at all word boundaries. The segments together are the line.

    Examples
    --------
    >>> word_segments("can't pay 3.5!")
    ["can't", ' ', 'pay', ' ', '3.5', '!']
    """
    segments, at = [], 0
    for found in _segment().findall(line.translate(_classes())):
        segments.append(line[at : at + len(found)])
        at += len(found)
    return segments


@cache
def _segment() -> re.Pattern[str]:
    return re.compile(SEGMENT)


@cache
def _classes() -> _Classes:
    return _Classes()


class _Classes(dict[int, str]):
    """The class of each code point, found at its first use."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._names: list[str] = []
        at = 0
        for distance, name in re.findall("([0-9A-Z]+)([a-z])", CODE_RANGES):
            at += int(distance, 36)
            self._starts.append(at)
            self._names.append(name)

    def __missing__(self, code: int) -> str:
        found = self[code] = self._names[bisect_right(self._starts, code) - 1]
        return found
