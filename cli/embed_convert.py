"""``ngramlm embed convert``: the same vectors in another format."""

from __future__ import annotations

from typing import Any

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import count, plural
from ngramlm.cli.names import VECTOR_FORMATS, WRITTEN_VECTOR_FORMATS
from ngramlm.cli.output import stderr_line
from ngramlm.cli.settings import option, settings


@settings
class EmbedConvert:
    """The options of ``embed convert``."""

    source: str = options.file_argument("IN")
    target: str = options.target_argument()
    source_format: str | None = option(
        "--from",
        type=click.Choice(VECTOR_FORMATS),
        metavar="FORMAT",
        help=f"Format of IN: {', '.join(VECTOR_FORMATS)}.  [default: found from its contents]",
    )
    target_format: str | None = option(
        "--to",
        type=click.Choice(WRITTEN_VECTOR_FORMATS),
        metavar="FORMAT",
        help=f"Format of OUT: {', '.join(WRITTEN_VECTOR_FORMATS)}.  [default: from its suffix]",
    )
    limit: int | None = options.limit_option()
    encoding_errors: Any = options.vector_encoding_option()
    quiet: bool = options.quiet_option()


@make_command(
    "convert",
    EmbedConvert,
    example=[
        "ngramlm embed convert vectors.txt vectors.safetensors",
        "ngramlm embed convert vectors.txt small.bin --limit 20",
        "ngramlm embed convert vectors.txt glove.txt --to glove",
    ],
)
def convert(given: EmbedConvert) -> None:
    """Convert vectors to another format.

    .txt and .vec are the text format of word2vec, .bin is its binary format. .safetensors keeps character n-grams and
    metadata, and is mapped into memory. .npy has the matrix alone, with the words in a second file. The command reads
    models of fastText (.bin), but does not write them.
    """
    from ngramlm.embeddings import load_vectors, save_vectors
    from ngramlm.embeddings.vector_formats import vectors_format

    source, target = given.source, given.target
    checks.check_output(target, [source])
    wanted = vectors_format(target, given.target_format)
    vectors = load_vectors(
        source, given.source_format, limit=given.limit, encoding_errors=given.encoding_errors
    )
    if wanted != "safetensors":
        checks.warn_of_ngrams(vectors, target)
    save_vectors(vectors, target, wanted)
    if not given.quiet:
        stderr_line(f"{target}: {plural(len(vectors), 'word')}, dimension {count(vectors.dimension)}")
