"""The frame of every HTML page. A page loads nothing and is readable without scripts."""

from __future__ import annotations

from importlib.resources import files

from ngramlm.core.version import __version__
from ngramlm.report.markup import Child, Markup, tag

__all__ = ["page", "section", "tiles"]

# the browser must not load anything
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page(title: str, lead: str, overview: Markup, *content: Child) -> str:
    """Write a whole page. The same content gives the same bytes."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", _resource("page.css")),
    )
    body = tag(
        "body",
        tag("header", tag("h1", title), tag("p", lead, class_="lead"), overview),
        tag("main", *content),
        tag("footer", f"ngramlm {__version__}"),
        tag("script", _resource("page.js")),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _resource(name: str) -> Markup:
    """Read a file of this package, such as the style or the script."""
    return Markup(files(__package__).joinpath(name).read_text("utf-8"))


def tiles(*figures: tuple[str, str]) -> Markup:
    """Make large figures, each with its label."""
    return tag(
        "dl", *(tag("div", tag("dt", label), tag("dd", figure)) for figure, label in figures), class_="tiles"
    )


def section(title: str, note: Child, *content: Child, level: str = "h2") -> Markup:
    """Make a section: heading, note and content."""
    return tag("section", tag(level, title), tag("p", note, class_="note"), *content)
