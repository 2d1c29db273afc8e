"""A comparison as text, Markdown, CSV, JSON, LaTeX and HTML: one file for each format, all from the same cells."""

from __future__ import annotations

import os
from collections.abc import Callable

from ngramlm.core.files import atomic_write, suffix_of
from ngramlm.errors import UsageError
from ngramlm.evaluation.plain_table import to_text
from ngramlm.evaluation.results import Comparison
from ngramlm.report.csv_table import to_csv
from ngramlm.report.html_page import to_html
from ngramlm.report.json_object import to_json
from ngramlm.report.latex import to_latex
from ngramlm.report.markdown import to_markdown

__all__ = ["FORMATS", "write_report"]

FORMATS: dict[str, Callable[[Comparison], str]] = {
    ".md": to_markdown,
    ".csv": to_csv,
    ".json": to_json,
    ".txt": to_text,
    ".tex": to_latex,
    ".html": to_html,
}


def write_report(comparison: Comparison, path: str | os.PathLike[str]) -> None:
    """Write it in the format that the suffix names, compressed where another one says so (``report.html.gz``).

    Raises UsageError for an unknown one before anything is written.
    """
    suffix = suffix_of(path)
    if suffix not in FORMATS:
        raise UsageError(
            f"{os.fspath(path)}: found the suffix {suffix!r}; expected one of {', '.join(FORMATS)}"
        )
    with atomic_write(path) as out:
        out.write(FORMATS[suffix](comparison).encode("utf-8", "backslashreplace"))
