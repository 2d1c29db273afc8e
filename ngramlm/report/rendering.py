"""Writing a comparison in every format."""

from __future__ import annotations

import os
from collections.abc import Callable

from ngramlm.core.files import atomic_write, suffix_of
from ngramlm.core.validation import choice
from ngramlm.errors import UsageError
from ngramlm.evaluation.plain_table import to_text
from ngramlm.evaluation.results import Comparison
from ngramlm.report.csv_table import to_csv
from ngramlm.report.html_page import to_html
from ngramlm.report.json_object import to_json
from ngramlm.report.latex import to_latex
from ngramlm.report.markdown import to_markdown

__all__ = ["FORMATS", "SUFFIXES", "render", "write_report"]

FORMATS: dict[str, Callable[[Comparison], str]] = {
    "markdown": to_markdown,
    "csv": to_csv,
    "json": to_json,
    "text": to_text,
    "latex": to_latex,
    "html": to_html,
}
SUFFIXES = {
    ".md": "markdown",
    ".csv": "csv",
    ".json": "json",
    ".txt": "text",
    ".tex": "latex",
    ".html": "html",
}


def render(comparison: Comparison, format: str) -> str:
    r"""Return a comparison as text in a format.

    Parameters
    ----------
    comparison : Comparison
        The results.
    format : {"text", "markdown", "csv", "json", "latex", "html"}
        "text" is a table with aligned columns. "csv" has one line for each row, in full precision. "json" is one object
        with all results. "latex" uses the package booktabs. "html" is a page with plots that loads nothing.

    Returns
    -------
    str
        The whole report.

    Raises
    ------
    UsageError
        If the format is unknown.

    Examples
    --------
    >>> render(Comparison(()), "csv")
    'model,text\n'
    """
    return FORMATS[choice(*FORMATS)("format", format)](comparison)


def write_report(comparison: Comparison, path: str | os.PathLike[str]) -> None:
    """Write a comparison to a file, in the format of its suffix.

    Parameters
    ----------
    comparison : Comparison
        The results.
    path : path
        A file with the suffix .md, .csv, .json, .txt, .tex or .html. A second suffix .gz, .bz2, .xz or .zst compresses
        the file.

    Raises
    ------
    UsageError
        If the suffix is unknown; nothing is written then.
    """
    suffix = suffix_of(path)
    if suffix not in SUFFIXES:
        raise UsageError(
            f"{os.fspath(path)}: found the suffix {suffix!r}; expected one of {', '.join(SUFFIXES)}"
        )
    with atomic_write(path) as out:
        out.write(render(comparison, SUFFIXES[suffix]).encode("utf-8", "backslashreplace"))
