"""``ngramlm vocab``: the words of a text."""

from __future__ import annotations

import os

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import percent, plural
from ngramlm.cli.output import open_output, stderr_line, write_json
from ngramlm.cli.parameter_types import OutputFile
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, option, settings


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
    zipf: bool = options.flag_option(
        "--zipf", help_text="Also fit Zipf's law, p(r) ~ r^-s for the r-th most frequent word, and report s."
    )
    plot: str | None = option(
        "--plot",
        type=OutputFile(),
        metavar="FILE",
        help="Draw the counts by rank, with the line of Zipf's law, to FILE (.svg).",
    )
    reading: options.Reading = group(options.Reading)
    common: options.Common = group(options.Common)


@make_command(
    "vocab",
    Vocab,
    example=[
        "ngramlm vocab train.txt --min-count 2 -o words.txt",
        "ngramlm vocab train.txt --with-counts",
        "ngramlm vocab train.txt --zipf --plot zipf.svg -o words.txt",
    ],
)
def command(given: Vocab) -> None:
    """List the words of a text, the most frequent first.

    Words with the same count are sorted by their bytes. The option --vocab of 'ngramlm train' and 'ngramlm count' reads
    the list.
    """
    sources = checks.sources(given.texts)
    if given.plot is not None and not given.plot.lower().endswith(".svg"):
        raise click.UsageError(f"found {given.plot} for --plot; expected a name that ends with .svg.")
    for written in (given.output, given.plot):
        checks.check_output(written, sources)
    import numpy as np

    from ngramlm.core.files import written_together
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
    found = np.bincount(text.ids, minlength=first + len(words))[first:]
    counts = found.tolist()
    law = None
    if given.zipf or given.plot is not None:
        from ngramlm.text.zipf import ZipfLaw

        law = ZipfLaw.fit(found)
    with written_together():
        if law is not None and given.plot is not None:
            from ngramlm.report.zipf_plot import zipf_plot

            with open_output(given.plot) as out:
                out.write(f"{zipf_plot(found, law, ', '.join(map(os.path.basename, sources)))}\n")
        if not given.common.as_json:
            with open_output(given.output) as out:
                if given.with_counts:
                    out.writelines(f"{word}\t{count}\n" for word, count in zip(words, counts, strict=True))
                else:
                    out.writelines(f"{word}\n" for word in words)
    if given.common.as_json:
        listed = dict(zip(words, counts, strict=True))
        about = {} if law is None else {"zipf_exponent": law.exponent}
        write_json({"tokens": text.n_words, "oovs": text.n_oov, **about, "words": listed})
        return
    if law is not None and not given.common.quiet:
        stderr_line(f"Zipf's law: exponent {law.exponent:.4f} over {plural(law.n_types, 'word')}")
    if not given.common.quiet and given.output != "-":
        known = 1 - text.n_oov / text.n_words if text.n_words else 1.0
        stderr_line(f"{plural(len(words), 'word')} for {percent(known)} of {plural(text.n_words, 'token')}")
