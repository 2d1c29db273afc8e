"""Reading text: whole texts, or piece by piece for texts of any size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeVar

import numpy as np

from ngramlm.core.files import Source, source_name
from ngramlm.core.parallel import Progress, ordered_map, usable_threads
from ngramlm.errors import TextError, UsageError
from ngramlm.text.encoder import Encoder, Encoding, Ids, Reserved, listed
from ngramlm.text.lines import BLOCK_BYTES, Block
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
    """Read a text of one sentence a line from one or several sources.

    Words stand between ASCII spaces and tabs. Lines end with LF or CRLF; an empty line is an empty sentence. ``<unk>``
    in the text is the unknown word.

    Parameters
    ----------
    sources
        Paths (compressed by suffix, ``-`` for standard input) or binary streams.
    vocabulary
        The words to know. Default: the words of the text, by falling count, ties by bytes.
    tokenizer
        A name of `TOKENIZERS` (``whitespace``, ``words``, ``characters``), or a function from a line to its tokens.
    min_count
        Leave out words that occur less often. Used only where the vocabulary is made.
    max_size
        Keep at most this number of words besides the three reserved words.
    threads
        The number of threads. Default: all cores. The result does not depend on it.
    reserved
        What to do with ``<s>`` and ``</s>`` in the text: raise an ``error``, ``drop`` them, or ``keep`` them as
        the unknown word.
    encoding_errors
        What to do with bytes that are not UTF-8: ``strict`` raises an error, ``replace`` puts U+FFFD.
    documents
        The numbers of the sentences, from 0, at which documents begin; ``files`` makes each source a document.
    progress
        Called with (stage, bytes done, bytes in all or None).

    Raises
    ------
    TextError
        With ``file:line``, for bad encoding, control characters and reserved words.
    FormatError
        For a line of more than `MAX_LINE_BYTES`, and for damaged compressed files.
    OSError
        Where a file cannot be read.
    """
    encoder = Encoder(
        vocabulary, usable_threads(threads), tokenizer, min_count, max_size, reserved, encoding_errors
    )
    if documents != "files":
        return Text.from_ids(*encoder.joined(list(encoder.parts(sources, progress))), documents)
    parts: list[Ids] = []
    starts, n_sentences = [], 0
    for source in listed(sources):
        own = list(encoder.parts(source, progress))
        n_own = sum(int(np.count_nonzero(part.ids == BOS)) for part in own)
        starts += [n_sentences] * (n_own > 0)
        n_sentences += n_own
        parts += own
    return Text.from_ids(*encoder.joined(parts), starts)


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
    """Apply a function to each piece of a text of any size, and give the results in order.

    Reading, tokenizing and `function` run in `threads` threads. The other parameters are those of `read_text`.

    Parameters
    ----------
    function
        Gets a `Text` of whole sentences.
    sources
        Paths or binary streams.
    vocabulary
        The words to know.
    chunk_bytes
        The size of a piece in bytes, about.
    """
    threads = usable_threads(threads)
    if chunk_bytes < 1:
        raise UsageError(f"chunk_bytes is {chunk_bytes}; expected at least 1")
    encoder = Encoder(vocabulary, threads, tokenizer, reserved=reserved, encoding_errors=encoding_errors)

    def work(block: Block) -> Result:
        part = encoder.encode(block)
        return function(Text.from_ids(vocabulary, part.ids, part.characters))

    yield from ordered_map(work, encoder.blocks(listed(sources), chunk_bytes), threads)


def iter_text(sources: Source | Iterable[Source], vocabulary: Vocabulary, **options: Any) -> Iterator[Text]:
    """Read a text of any size in pieces of whole sentences.

    The parameters are those of `map_text`.
    """
    return map_text(lambda piece: piece, sources, vocabulary, **options)


def require_sentences(text: Text, source: Source) -> Text:
    """Return a text that has sentences.

    Raises
    ------
    TextError
        With the name of the source, for a text without sentences.
    """
    if not text.n_sentences:
        raise TextError("found no sentences; expected at least one line of text", source_name(source))
    return text
