"""HTML and SVG as values: text is escaped unless it is markup already."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["Markup", "escape", "join", "tag"]

_SPECIAL = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
VOID = ("br", "col", "input", "link", "meta")


class Markup(str):
    """Text that is markup and stays as it is."""

    __slots__ = ()


Child = str | Markup | Iterable["Child"] | None


def escape(text: str) -> Markup:
    """Text that a page shows as it is, in an attribute too; what no page may hold becomes U+FFFD.

    >>> escape('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    if isinstance(text, Markup):
        return text
    return Markup("".join(_SPECIAL.get(c, c) for c in _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)))


def join(children: Iterable[Child]) -> Markup:
    """One after the other; None is nothing."""
    return Markup(
        "".join(
            escape(child) if isinstance(child, str) else join(child)
            for child in children
            if child is not None
        )
    )


def tag(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """An element. ``class_`` is class and ``data_x`` data-x; an attribute of None is left out.

    >>> tag("p", "a < b", tag("br"), class_="note", data_sort=None)
    '<p class="note">a &lt; b<br></p>'
    """
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            shown = f"{value:.6g}" if isinstance(value, float) else str(value)
            parts.append(f'{key.rstrip("_").replace("_", "-")}="{escape(shown)}"')
    start = f"<{' '.join(parts)}>"
    return Markup(start if name in VOID else f"{start}{join(children)}</{name}>")
