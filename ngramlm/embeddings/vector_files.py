"""Reading and writing word vectors in every format."""

from __future__ import annotations

import os

from ngramlm.core.files import Source, source_name
from ngramlm.embeddings.row_gatherer import refusing
from ngramlm.embeddings.subword_vectors import SubwordVectors
from ngramlm.embeddings.vector_formats import read_vectors
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.embeddings.word_repair import Encodings

__all__ = ["load_vectors", "save_vectors"]


def load_vectors(
    source: Source,
    format: str | None = None,
    *,
    limit: int | None = None,
    encoding_errors: Encodings = "cut",
) -> WordVectors:
    """Read word vectors of any format.

    If a word stands in the file twice, the first row is kept, with a FormatWarning. The blanks of a word in a text
    format become no-break spaces, U+00A0, with a FormatWarning; the last d fields of the line are the vector.

    Parameters
    ----------
    source : path or binary stream
        The file, decompressed by its suffix; ``-`` is standard input. safetensors and .npy must be plain files, as
        they are mapped into memory.
    format : str, optional
        ``word2vec`` (text), ``word2vec-binary``, ``glove``, ``fasttext`` (a model, .bin; its .vec is word2vec text),
        ``safetensors`` or ``npy`` (with its words in PATH.words.txt). By default the first bytes of the file and its
        name decide.
    limit : int, optional
        Read the first `limit` words only, and nothing after them.
    encoding_errors : {"cut", "strict", "replace"}, default "cut"
        What to do with words that are not UTF-8, in the formats of other programs. ``"cut"`` replaces the end of a word
        that ends inside a letter by U+FFFD, with a FormatWarning, and refuses others; word2vec.c cuts long words so.
        ``"replace"`` replaces all, and ``"strict"`` refuses all.

    Returns
    -------
    WordVectors or SubwordVectors
        SubwordVectors if the file holds n-grams.

    Raises
    ------
    FormatError
        If the contents do not fit the format; with ``file:line`` for text.
    UsageError
        If the format is unknown, or a file to be mapped is not a plain file.
    OSError
        If the file cannot be read.
    """
    data = read_vectors(source, format, limit=limit, encoding_errors=encoding_errors)
    with refusing(source_name(source)):
        return (WordVectors if data.ngrams is None else SubwordVectors).from_data(data)


def save_vectors(vectors: WordVectors, path: str | os.PathLike[str], format: str | None = None) -> None:
    """Write word vectors to a file, atomically.

    Only safetensors keeps metadata and n-grams. Every format gives the numbers back to the bit.

    Parameters
    ----------
    vectors : WordVectors
        The vectors.
    path : path
        The file. ``.txt`` and ``.vec`` are word2vec's text and ``.bin`` its binary format. Text and binary are
        compressed by a second suffix, such as ``.gz``.
    format : str, optional
        A format of `load_vectors` other than ``fasttext``. By default the suffix decides.

    Raises
    ------
    UsageError
        If the suffix is unknown, or the format cannot be written to such a file.

    Examples
    --------
    >>> import numpy as np
    >>> save_vectors(WordVectors(["a", "b"], np.array([[0.1, 1], [-2, 0]], np.float32)), "-")
    Traceback (most recent call last):
    ngramlm.errors.UsageError: -: found no format; expected a name that ends with .txt, .vec, ...
    """
    vectors.save(path, format)
