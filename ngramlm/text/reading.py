"""Reading text: a whole text at once, or a text of any size piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeVar

import numpy as np

from ngramlm.core.files import Source, source_name
from ngramlm.core.parallel import Progress, ordered_map, usable_threads
from ngramlm.errors import TextError, UsageError
from ngramlm.text.encoder import Encoder, Encoding, Ids, listed
from ngramlm.text.lines import BLOCK_BYTES, Block
from ngramlm.text.sentences import Reserved
from ngramlm.text.text import Text
from ngramlm.text.tokenizers import Tokenizer
from ngramlm.text.vocabulary import BOS, Vocabulary

__all__ = ["iter_text", "map_text", "read_text", "require_sentences"]

Result = TypeVar("Result")


def read_text(
    sources: Source | Iterable[Source],
    *,
    vocabulary: Vocabulary | None = None,
    tokenizer: str | Tokenizer = "whitespace",
    min_count: int = 1,
    max_size: int | None = None,
    threads: int | None = None,
    reserved: Reserved = "error",
    encoding_errors: Encoding = "strict",
    documents: Sequence[int] | Literal["files"] | None = None,
    progress: Progress | None = None,
) -> Text:
    """Read a text with one sentence per line from one or several sources.

    ASCII spaces and tabs separate words. Lines end with LF or CRLF. An empty line is an empty sentence. ``<unk>`` in
    the text is the unknown word.

    Parameters
    ----------
    sources : Source or Iterable[Source]
        Paths (compressed by suffix, ``-`` for standard input) or binary streams.
    vocabulary : Vocabulary, optional
        The known words. By default all words of the text, by decreasing count; words with the same count are sorted by
        their bytes.
    tokenizer : str or Tokenizer, default "whitespace"
        A name of `TOKENIZERS` (``whitespace``, ``words``, ``characters``), or a function from a line to its tokens.
    min_count : int, default 1
        Leave out words with a lower count. Without effect if `vocabulary` is given.
    max_size : int, optional
        The largest number of words to keep, besides the three reserved words. Without effect if `vocabulary` is given.
    threads : int, optional
        The number of threads. By default as many as there are processors. The result does not depend on it.
    reserved : {"error", "drop", "keep"}, default "error"
        What to do with ``<s>`` and ``</s>`` in the text: raise an error, drop them, or keep them as the unknown word.
    encoding_errors : {"strict", "replace"}, default "strict"
        What to do with bytes that are not UTF-8: raise an error, or replace them by U+FFFD.
    documents : Sequence[int] or "files", optional
        The numbers of the sentences, from 0, at which documents begin. ``"files"`` makes each source a document. By
        default the text is one document.
    progress : Progress, optional
        A function that is called with (stage, bytes done, total bytes or None).

    Returns
    -------
    Text
        The text.

    Raises
    ------
    TextError
        A line has a bad encoding, a control character or a reserved word. The message begins with ``file:line``.
    FormatError
        A line has more than `MAX_LINE_BYTES`, or the compressed data are damaged.
    UsageError
        An option has an unsuitable value.
    OSError
        A file cannot be read.
    """
    encoder = Encoder(
        vocabulary, usable_threads(threads), tokenizer, min_count, max_size, reserved, encoding_errors
    )
    if documents != "files":
        return Text.from_ids(
            *encoder.joined(list(encoder.parts(sources, progress))),
            documents,
            spells_blanks=encoder.spells_blanks,
        )
    parts: list[Ids] = []
    starts, n_sentences = [], 0
    for source in listed(sources):
        own = list(encoder.parts(source, progress))
        n_own = sum(int(np.count_nonzero(part.ids == BOS)) for part in own)
        starts += [n_sentences] * (n_own > 0)
        n_sentences += n_own
        parts += own
    return Text.from_ids(*encoder.joined(parts), starts, spells_blanks=encoder.spells_blanks)


def map_text(
    function: Callable[[Text], Result],
    sources: Source | Iterable[Source],
    vocabulary: Vocabulary,
    *,
    tokenizer: str | Tokenizer = "whitespace",
    threads: int | None = 1,
    reserved: Reserved = "error",
    encoding_errors: Encoding = "strict",
    chunk_bytes: int = BLOCK_BYTES,
) -> Iterator[Result]:
    """Apply a function to each piece of a text of any size, and yield the results in order.

    The tokenizer and `function` run in `threads` threads. The parameters that are not listed are those of `read_text`.

    Parameters
    ----------
    function : Callable[[Text], Result]
        A function of a text of whole sentences.
    sources : Source or Iterable[Source]
        Paths or binary streams.
    vocabulary : Vocabulary
        The known words.
    threads : int or None, default 1
        The number of threads. None means as many as there are processors.
    chunk_bytes : int, default `BLOCK_BYTES`
        The approximate size of a piece in bytes.

    Yields
    ------
    Result
        The result for each piece.

    Raises
    ------
    TextError, FormatError, UsageError, OSError
        As for `read_text`.
    """
    threads = usable_threads(threads)
    if chunk_bytes < 1:
        raise UsageError(f"chunk_bytes is {chunk_bytes}; expected at least 1")
    encoder = Encoder(vocabulary, threads, tokenizer, reserved=reserved, encoding_errors=encoding_errors)

    def work(block: Block) -> Result:
        part = encoder.encode(block)
        return function(
            Text.from_ids(vocabulary, part.ids, part.characters, spells_blanks=encoder.spells_blanks)
        )

    yield from ordered_map(work, encoder.blocks(listed(sources), chunk_bytes), threads)


def iter_text(sources: Source | Iterable[Source], vocabulary: Vocabulary, **options: Any) -> Iterator[Text]:
    """Read a text of any size in pieces of whole sentences.

    The parameters and errors are those of `map_text`.

    Yields
    ------
    Text
        The next sentences.
    """
    return map_text(lambda piece: piece, sources, vocabulary, **options)


def require_sentences(text: Text, source: Source) -> Text:
    """Check that a text has sentences, and return it.

    Raises
    ------
    TextError
        The text has no sentences. The message has the name of the source.
    """
    if not text.n_sentences:
        raise TextError("found no sentences; expected at least one line of text", source_name(source))
    return text
