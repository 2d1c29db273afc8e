"""An ARPA file written by hand, and its model."""

from __future__ import annotations

from pathlib import Path

from ngramlm.formats.arpa import read_arpa
from ngramlm.models.backoff import BackoffModel

# Hand-written in the form that write_arpa has: <unk>, <s>, </s> first, rows by history read backwards, then word.
GOLDEN = (
    "\\data\\\n"
    "ngram 1=5\n"
    "ngram 2=5\n"
    "ngram 3=2\n"
    "\n"
    "\\1-grams:\n"
    "-1.5\t<unk>\t0\n"
    "-99\t<s>\t-0.5\n"
    "-0.75\t</s>\t0\n"
    "-0.625\ta\t-0.375\n"
    "-0.875\tb\t-0.25\n"
    "\n"
    "\\2-grams:\n"
    "-0.125\t<s> a\t-0.0625\n"
    "-0.25\ta </s>\t0\n"
    "-0.5\ta b\t0\n"
    "-0.375\tb </s>\t0\n"
    "-0.3125\tb a\t0.125\n"
    "\n"
    "\\3-grams:\n"
    "-0.03125\t<s> a b\n"
    "-0.015625\tb a </s>\n"
    "\n"
    "\\end\\\n"
)


def golden_model(folder: Path) -> BackoffModel:
    path = folder / "golden.arpa"
    path.write_text(GOLDEN)
    return read_arpa(path)
