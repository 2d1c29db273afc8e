"""``ngramlm vocab``: the words of a text."""

from __future__ import annotations

from typing import Any

import click

from ngramlm.cli import options
from ngramlm.cli.output import open_output, plural, stderr_line, write_json
from ngramlm.cli.progress import Progress


@options.command(
    "vocab",
    example=["ngramlm vocab train.txt --min-count 2 -o words.txt", "ngramlm vocab train.txt --counts"],
)
@options.texts_argument
@options.output_option("Where to write.  [default: standard output]", default="-")
@click.option("--counts", "with_counts", is_flag=True, help="Write the count after each word, after a tab.")
@options.integer_option("--min-count", default=1, help_text="Leave out words that occur less often.")
@options.integer_option("--max-vocab", help_text="Keep only the so many most frequent words.")
@options.reading_options
@options.threads_option
@options.json_option
@options.quiet_option
def command(
    texts: tuple[str, ...],
    output: str,
    with_counts: bool,
    min_count: int,
    max_vocab: int | None,
    reading: dict[str, Any],
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """List the words of TEXT, the most frequent first, ties by their bytes.

    The list can be given to --vocab of 'count' and 'train'.
    """
    sources = options.sources(texts)
    options.check_output(output, sources)
    import numpy as np

    from ngramlm.text.reading import read_text
    from ngramlm.text.vocabulary import RESERVED

    with Progress(quiet=quiet) as progress:
        text = read_text(
            sources, min_count=min_count, max_size=max_vocab, threads=threads, progress=progress, **reading
        )
    first = len(RESERVED)
    words = text.vocabulary.words()[first:]
    counts = np.bincount(text.ids, minlength=first + len(words))[first:].tolist()
    if as_json:
        listed = dict(zip(words, counts, strict=True))
        write_json({"tokens": text.n_words, "oovs": text.n_oov, "words": listed})
        return
    with open_output(output) as out:
        if with_counts:
            out.writelines(f"{word}\t{count}\n" for word, count in zip(words, counts, strict=True))
        else:
            out.writelines(f"{word}\n" for word in words)
    if not quiet and output != "-":
        known = 1 - text.n_oov / text.n_words if text.n_words else 1.0
        stderr_line(f"{plural(len(words), 'word')} for {known:.2%} of {plural(text.n_words, 'token')}")
