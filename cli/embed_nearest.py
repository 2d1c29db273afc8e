"""``ngramlm embed nearest``: the words with the most similar vectors."""

from __future__ import annotations

import sys
from typing import Any

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import fixed
from ngramlm.cli.output import table, write, write_json
from ngramlm.cli.settings import argument, settings


@settings
class EmbedNearest:
    """The options of ``embed nearest``."""

    vectors: str = options.file_argument("VECTORS")
    words: tuple[str, ...] = argument("[WORD]...", nargs=-1)
    n: int = options.integer_option("-n", default=10, help_text="Number of words.")
    limit: int | None = options.limit_option()
    encoding_errors: Any = options.vector_encoding_option()
    as_json: bool = options.json_option()


@make_command(
    "nearest",
    EmbedNearest,
    example=[
        "ngramlm embed nearest vectors.txt cat dog -n 3",
        "echo cat | ngramlm embed nearest vectors.txt --json",
    ],
)
def nearest(given: EmbedNearest) -> None:
    """List the words most similar to each WORD, by cosine.

    Without WORD, the command reads words from standard input. Put -- before words that begin with a hyphen.
    """
    from ngramlm.embeddings import load_vectors, neighbor_words

    asked = checks.utf8_words(given.words) or _words_of_stdin(given.vectors)
    found = neighbor_words(
        load_vectors(given.vectors, limit=given.limit, encoding_errors=given.encoding_errors), asked, given.n
    )
    if given.as_json:
        listed = {
            word: [{"word": other, "cosine": cosine} for other, cosine in near]
            for word, near in found.items()
        }
        write_json({"vectors": given.vectors, "nearest": listed})
        return
    rows = [("word", "nearest", "cosine")]
    for word, near in found.items():
        rows += [
            (word if place == 0 else "", other, fixed(cosine, 4))
            for place, (other, cosine) in enumerate(near)
        ]
    write(table(rows, left=(0, 1)))


def _words_of_stdin(vectors_file: str) -> list[str]:
    """Read words from standard input, between spaces, tabs and line ends."""
    from ngramlm.embeddings.word_lists import numbered_lines
    from ngramlm.text.tokenizers import split_blanks

    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("found no word; expected words, or words on standard input.")
    checks.check_stdin([vectors_file, "-"])
    words = [word for _, line in numbered_lines("-") for word in split_blanks(line)]
    if not words:
        raise click.UsageError("found no word on standard input; expected at least one.")
    return words
