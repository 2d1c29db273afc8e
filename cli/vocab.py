"""``ngramlm vocab``: the words of a text."""

from __future__ import annotations

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import percent, plural
from ngramlm.cli.output import open_output, stderr_line, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, settings


@settings
class Vocab:
    """The options of ``vocab``."""

    texts: tuple[str, ...] = options.texts_argument()
    output: str = options.output_option("Write the words to FILE.  [default: standard output]", default="-")
    with_counts: bool = options.flag_option(
        "--with-counts", help_text="Write a tab and the count after each word."
    )
    min_count: int = options.integer_option(
        "--min-count", default=1, help_text="Keep only words that occur N times or more."
    )
    max_vocab: int | None = options.integer_option(
        "--max-vocab", help_text="Keep only the N most frequent words.  [default: all]"
    )
    reading: options.Reading = group(options.Reading)
    common: options.Common = group(options.Common)


@make_command(
    "vocab",
    Vocab,
    example=["ngramlm vocab train.txt --min-count 2 -o words.txt", "ngramlm vocab train.txt --with-counts"],
)
def command(given: Vocab) -> None:
    """List the words of a text, the most frequent first.

    Words with the same count are sorted by their bytes. The option --vocab of 'ngramlm train' and 'ngramlm count' reads
    the list.
    """
    sources = checks.sources(given.texts)
    checks.check_output(given.output, sources)
    import numpy as np

    from ngramlm.text.reading import read_text
    from ngramlm.text.vocabulary import RESERVED

    with Progress(quiet=given.common.quiet) as progress:
        text = read_text(
            sources,
            min_count=given.min_count,
            max_size=given.max_vocab,
            threads=given.common.threads,
            progress=progress,
            **given.reading.arguments(),
        )
    first = len(RESERVED)
    words = text.vocabulary.words()[first:]
    counts = np.bincount(text.ids, minlength=first + len(words))[first:].tolist()
    if given.common.as_json:
        listed = dict(zip(words, counts, strict=True))
        write_json({"tokens": text.n_words, "oovs": text.n_oov, "words": listed})
        return
    with open_output(given.output) as out:
        if given.with_counts:
            out.writelines(f"{word}\t{count}\n" for word, count in zip(words, counts, strict=True))
        else:
            out.writelines(f"{word}\n" for word in words)
    if not given.common.quiet and given.output != "-":
        known = 1 - text.n_oov / text.n_words if text.n_words else 1.0
        stderr_line(f"{plural(len(words), 'word')} for {percent(known)} of {plural(text.n_words, 'token')}")
