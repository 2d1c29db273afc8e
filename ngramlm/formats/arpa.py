r"""ARPA files: the common text format of back-off models.

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

Every line has the log10 probability of an n-gram and the n-gram. Below the highest order, its log10 back-off weight
follows.
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

    The reader accepts these dialects: comment lines before ``\data\``, a byte order mark, CRLF, blank lines, spaces
    instead of tabs, and ``<UNK>`` instead of ``<unk>``. Without ``<unk>`` its probability is zero. A log10 probability
    of -inf, or of -99 and below, means zero. A missing back-off weight is 0. The n-grams may have any order. A missing
    history or suffix of an n-gram is inserted with its back-off probability. A FormatWarning gives the number of
    inserted n-grams. Text after ``\end\`` gives a FormatWarning too; a second model is an error, and so are the formats
    iARPA and qARPA of IRSTLM, whose numbers mean something else.

    Parameters
    ----------
    source : Source
        A path (compressed by suffix), ``-`` for standard input, or a binary stream.
    threads : int, optional
        The number of threads. By default as many as there are processors.
    progress : Progress, optional
        A function that is called with (stage, bytes done, total bytes or None).
    workspace : Workspace, default `IN_MEMORY`
        The place for the columns.

    Returns
    -------
    BackoffModel
        The model.

    Raises
    ------
    FormatError
        The file breaks the rules of the format. The message begins with ``file:line``.
    OSError
        The file cannot be read.
    """
    threads = usable_threads(threads)
    name = source_name(source)
    with open_source(source) as stream:
        size = plain_size(source, stream)
        vocabulary, unigrams, sections = read_sections(stream, name, size, threads, progress, workspace)
        closing, lines = Closing(unigrams, threads, workspace), []
        while (section := next(sections, None)) is not None:
            closing.add(section.rows)
            lines.append(section.lines)
            # frees its memory before the next section is read
            del section
    try:
        columns, inserted = closing.finish()
    except FormatError as error:
        _refuse_duplicate(closing, lines, vocabulary, name)
        raise FormatError(error.message, name) from None
    if inserted:
        warn(
            f"{name}: inserted {inserted} n-grams that were missing, with their back-off probabilities "
            "(each is the history or suffix of another n-gram)",
            FormatWarning,
        )
    return BackoffModel(vocabulary, columns)


def _refuse_duplicate(closing: Closing, lines: list[Lines], vocabulary: Vocabulary, name: str) -> None:
    """Raise FormatError with the line of an n-gram that occurs twice, if there is one among the kept rows."""
    for rows, lines_of in zip(closing.kept[1:], lines, strict=True):
        found = duplicate(rows.ngrams)
        if found is not None:
            first, second = map(lines_of.line, found)
            words = " ".join(vocabulary.words(rows.ngrams[found[0]]))
            raise FormatError(
                f"found {words!r} again (first in line {first}); expected every n-gram once", name, second
            )


def write_arpa(
    model: BackoffModel,
    path: str | os.PathLike[str],
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> None:
    r"""Write a model as an ARPA file, atomically.

    The first line is ``\data\``. Tabs separate fields, and lines end with LF. The text is UTF-8 without a byte order
    mark. Every n-gram below the highest order has a back-off weight; the weight is 0 if the n-gram is not a history. A
    probability of zero is written as -99. Numbers have the fewest digits that give the same float32 when read.

    Parameters
    ----------
    model : BackoffModel
        The model to write.
    path : str or os.PathLike[str]
        A path (compressed by suffix), or ``-`` for standard output.
    threads : int, optional
        The number of threads. By default as many as there are processors.
    progress : Progress, optional
        A function that is called with ("writing", n-grams done, total n-grams).

    Raises
    ------
    OSError
        The file cannot be written.
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
