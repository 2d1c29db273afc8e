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
    """Read one sentence per line from one or several sources.

    Words are what stands between ASCII spaces and tabs; lines end with LF or CRLF; an empty line is an empty
    sentence; ``<unk>`` in the text is the unknown word.

    Args:
        sources: paths (compressed by suffix, ``-`` for stdin) or binary streams.
        vocabulary: the words to know; None makes one of the text, by falling count, ties by bytes.
        tokenizer: ``whitespace``, ``characters``, ``words``, or a function from a line to its tokens.
        min_count: leave out words that occur less often (only where the vocabulary is made).
        max_size: keep at most so many words besides the reserved three.
        threads: None is all cores; the result does not depend on it.
        reserved: what ``<s>`` and ``</s>`` in text are: an error, dropped, or kept as the unknown word.
        encoding_errors: what bytes that are not UTF-8 are: an error, or replaced by U+FFFD.
        documents: numbers (from 0) of the sentences at which documents begin; "files" makes each source one.
        progress: called with (stage, bytes done, bytes in all or None).

    Raises:
        TextError: with ``file:line``, for bad encoding, control characters, reserved words.
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
    """What `function` makes of each piece of a text of any size, in order; pieces are whole sentences.

    Reading, tokenizing and `function` run in `threads` threads; the options are those of `read_text`.
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
    """The same as `read_text` in pieces of whole sentences, so that text of any size can be streamed.

    The options are those of `map_text`.
    """
    return map_text(lambda piece: piece, sources, vocabulary, **options)


def require_sentences(text: Text, source: Source) -> Text:
    """The text; raises TextError with the name of its source when it is empty."""
    if not text.n_sentences:
        raise TextError("found no sentences; expected at least one line of text", source_name(source))
    return text
