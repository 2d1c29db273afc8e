r"""ARPA files: the text format in which back-off models are exchanged.

::

    \data\
    ngram 1=4
    ngram 2=2

    \1-grams:
    -1.1761	<unk>	0
    -99	<s>	-0.2041
    -0.4771	</s>	0
    -0.2218	cat	-0.2218

    \2-grams:
    -0.1249	<s> cat
    -0.2218	cat </s>

    \end\

Every line is the log10 probability of an n-gram, the n-gram, and below the highest order its log10 back-off weight.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ngramlm.core.files import Source, atomic_write, open_source, plain_size, source_name
from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.errors import FormatError, FormatWarning, warn
from ngramlm.formats.arpa_sections import Lines, read_sections
from ngramlm.formats.row_writer import formatter, write_rows
from ngramlm.formats.suffix_closure import Closing, duplicate
from ngramlm.models.backoff import BackoffModel
from ngramlm.text.vocabulary import BOS, Vocabulary

__all__ = ["read_arpa", "write_arpa"]


def read_arpa(
    source: Source,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    workspace: Workspace = IN_MEMORY,
) -> BackoffModel:
    r"""Read a model from an ARPA file.

    These dialects are accepted: comment lines before ``\data\``, a byte order mark, CRLF, blank lines, spaces for tabs,
    ``<UNK>`` for ``<unk>``, no ``<unk>`` (its probability is zero), -inf or any number from -99 down for zero, no
    back-off weights (they are 0), and n-grams in any order. The missing history or suffix of an n-gram is inserted with
    the probability that the back-off gives it; a FormatWarning says how many were.

    Parameters
    ----------
    source
        A path (compressed by suffix), ``-`` for standard input, or a binary stream.
    threads
        The number of threads. Default: all cores.
    progress
        Called with (stage, bytes done, bytes in all or None).
    workspace
        Where the columns are kept.

    Raises
    ------
    FormatError
        With ``file:line``, for any other deviation from the format.
    OSError
        Where the file cannot be read.
    """
    threads = usable_threads(threads)
    name = source_name(source)
    with open_source(source) as stream:
        size = plain_size(source)
        vocabulary, unigrams, sections = read_sections(stream, name, size, threads, progress, workspace)
        closing, lines = Closing(unigrams, threads, workspace), []
        while (section := next(sections, None)) is not None:
            closing.add(section.rows)
            lines.append(section.lines)
            del section  # so that its memory is free before the next one is read
    try:
        columns, inserted = closing.finish()
    except FormatError as error:
        _refuse_duplicate(closing, lines, vocabulary, name)
        raise FormatError(error.message, name) from None
    if inserted:
        warn(
            f"{name}: inserted {inserted} n-grams that stand in no line but are the history or suffix of others "
            "(with the probability that the back-off gives)",
            FormatWarning,
        )
    return BackoffModel(vocabulary, columns)


def _refuse_duplicate(closing: Closing, lines: list[Lines], vocabulary: Vocabulary, name: str) -> None:
    """Raise for n-grams that stand twice; those that had been built before rows were kept do not."""
    for rows, lines_of in zip(closing.kept[1:], lines, strict=True):
        found = duplicate(rows.ngrams)
        if found is not None:
            first, second = map(lines_of.line, found)
            words = " ".join(vocabulary.words(rows.ngrams[found[0]]))
            raise FormatError(
                f"found {words!r} again, which line {first} has; expected every n-gram once", name, second
            )


def write_arpa(
    model: BackoffModel,
    path: str | os.PathLike[str],
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> None:
    r"""Write a model as an ARPA file, atomically.

    The first line is ``\data\``. Fields are separated by tabs and lines by LF; the text is UTF-8 without byte order
    mark. Every n-gram below the highest order has a back-off weight, 0 where no longer n-gram continues it. Zero is
    -99. Numbers have as many digits as it takes to read the same float32 back.

    Parameters
    ----------
    model
        The model to write.
    path
        A path (compressed by suffix), or ``-`` for standard output.
    threads
        The number of threads. Default: all cores.
    progress
        Called with (stage, n-grams done, n-grams in all).
    """
    threads = usable_threads(threads)
    trie = model.trie
    rows = formatter(model.vocabulary, trie)
    total, done = sum(trie.n_rows), 0
    with atomic_write(path) as out:
        counts = "".join(f"ngram {order}={n_rows}\n" for order, n_rows in enumerate(trie.n_rows, 1))
        out.write(f"\\data\\\n{counts}".encode())
        for order, n_rows in enumerate(trie.n_rows, 1):
            out.write(f"\n\\{order}-grams:\n".encode())
            log10_probs = model.columns.log10_probs[order - 1]
            if order == 1:
                log10_probs = log10_probs.copy()
                log10_probs[BOS] = -np.inf
            columns: dict[str, Any] = {"log10_probs": log10_probs}
            if order < trie.order:
                columns["log10_backoffs"] = model.columns.log10_backoffs[order - 1]
                columns["next_histories"] = trie.history_of_row(order)
            write_rows(out, rows, order, n_rows, columns, threads)
            done += n_rows
            if progress is not None:
                progress("writing", done, total)
        out.write(b"\n\\end\\\n")
