"""HTML and SVG elements as values. Text is escaped unless it is markup."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["Markup", "escape", "join", "tag"]

_SPECIAL = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
VOID = ("br", "col", "input", "link", "meta")


class Markup(str):
    """Text that is markup, and is not escaped again."""

    __slots__ = ()


Child = str | Markup | Iterable["Child"] | None


def escape(text: str) -> Markup:
    """Escape text for elements and attributes. A character that HTML forbids becomes U+FFFD.

    >>> escape('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    if isinstance(text, Markup):
        return text
    return Markup("".join(_SPECIAL.get(c, c) for c in _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)))


def join(children: Iterable[Child]) -> Markup:
    """Join children; None is left out."""
    return Markup(
        "".join(
            escape(child) if isinstance(child, str) else join(child)
            for child in children
            if child is not None
        )
    )


def tag(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """Make an element. ``class_`` is class, ``data_x`` is data-x, and an attribute that is None is left out.

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
