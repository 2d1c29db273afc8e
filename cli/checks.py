"""Checks of the inputs and outputs of a command, before any work begins."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from ngramlm.cli.output import same_file, stderr_line

if TYPE_CHECKING:
    from ngramlm.embeddings import WordVectors
    from ngramlm.text.vocabulary import Vocabulary


def sources(texts: Sequence[str], *others: str | None) -> list[str]:
    """Return the texts to read; without a text, standard input if it is not a terminal.

    Raises UsageError if standard input would be read twice. `others` are the other inputs of the command.
    """
    if not texts and (sys.stdin is None or sys.stdin.isatty()):
        raise click.UsageError("found no text; expected files, or '-' for standard input.")
    found = list(texts) or ["-"]
    check_stdin([*found, *others])
    return found


def check_stdin(inputs: Sequence[str | None]) -> None:
    """Refuse to read standard input twice."""
    if inputs.count("-") > 1:
        raise click.UsageError(
            "found '-' twice; expected files for the other inputs, as standard input can be read only once."
        )


def check_output(output: str | None, inputs: Iterable[str | None]) -> None:
    """Refuse an output that would overwrite one of the inputs, and a name that no file can have."""
    if output not in (None, "-"):
        with contextlib.suppress(FileNotFoundError):
            os.stat(str(output))
    for name in inputs:
        if output not in (None, "-") and name not in (None, "-") and same_file(str(output), str(name)):
            raise click.UsageError(
                f"found the output {output}, which is an input as well; expected another name."
            )


def check_json(as_json: bool, output: str | None, flag: str = "-o FILE") -> None:
    """Refuse to write JSON and the result itself to standard output."""
    if as_json and output in (None, "-"):
        raise click.UsageError(f"--json needs {flag}: otherwise both go to standard output.")


def warn_of_ngrams(vectors: WordVectors, target: str) -> None:
    """Warn that the format of a file does not keep character n-grams."""
    from ngramlm.embeddings import SubwordVectors

    if isinstance(vectors, SubwordVectors):
        stderr_line(f"found n-grams, which {target} cannot keep; .safetensors keeps them", label="warning")


def warn_of_reuse(text: str | None, what: str, others: Iterable[str]) -> None:
    """Warn of a held-out or test text that is also another input."""
    for name in others:
        if text not in (None, "-") and name != "-" and same_file(str(text), name):
            stderr_line(
                f"found {text} as {what} and as another input; expected another text", label="warning"
            )


def utf8_words(words: Sequence[str]) -> list[str]:
    """Read words of the command line as UTF-8, whatever the encoding of the locale."""
    found = [os.fsencode(word) for word in words]
    for word in found:
        try:
            word.decode()
        except UnicodeDecodeError:
            raise click.UsageError(f"found {word!r}; expected words in UTF-8.") from None
    return [word.decode() for word in found]


def warn_of_unknown(vocabulary: Vocabulary, words: Sequence[str]) -> None:
    """Warn of words that a model does not know."""
    from ngramlm.text.vocabulary import UNK_WORD

    unknown = [word for word in dict.fromkeys(words) if word not in vocabulary and word != UNK_WORD]
    if unknown:
        stderr_line(
            f"found words outside the vocabulary, read as <unk>: {' '.join(unknown)}", label="warning"
        )
