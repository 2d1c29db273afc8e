"""Signatures: one line that names what is known of how a model was made.

A signature reads ``order:5|smoothing:modified-kneser-ney|interpolated:yes|cutoffs:1,1,1,1,1|vocabulary:10001,closed|
ngramlm:0.1.0``. The size of the vocabulary counts ``</s>``. It counts ``<unk>`` in an open vocabulary only.
"""

from __future__ import annotations

from collections.abc import Mapping

from ngramlm.core.version import __version__
from ngramlm.errors import FormatError, UsageError
from ngramlm.text.vocabulary import Vocabulary

__all__ = ["common_fields", "format_signature", "join_fields", "parse_signature"]


def format_signature(fields: Mapping[str, str]) -> str:
    """Join fields to a signature, in the order given.

    Parameters
    ----------
    fields
        The names and values.

    Returns
    -------
    str
        ``name:value`` for each field, separated by ``|``.

    Raises
    ------
    UsageError
        A name or value contains ``|``, or a name contains ``:``.

    Examples
    --------
    >>> format_signature({"order": "3", "smoothing": "witten-bell"})
    'order:3|smoothing:witten-bell'
    """
    for name, value in fields.items():
        if "|" in name + value or ":" in name:
            raise UsageError(f"found the field {name!r}: {value!r}; expected no '|', and no ':' in the name")
    return join_fields(fields)


def join_fields(fields: Mapping[str, str]) -> str:
    """Join fields without checks, for values that contain signatures."""
    return "|".join(f"{name}:{value}" for name, value in fields.items())


def parse_signature(text: str) -> dict[str, str]:
    """Split a signature into its fields: a dict from names to values.

    Raises
    ------
    FormatError
        A field has no name.

    Examples
    --------
    >>> parse_signature("order:3|vocabulary:10001,closed")["vocabulary"]
    '10001,closed'
    """
    fields = {}
    for part in text.split("|"):
        name, colon, value = part.partition(":")
        if not colon or not name:
            raise FormatError(f"found {part!r} in a signature; expected name:value")
        fields[name] = value
    return fields


def common_fields(vocabulary: Vocabulary, closed: bool) -> dict[str, str]:
    """Return the fields at the end of every signature: the vocabulary and the version of the toolkit."""
    size = len(vocabulary) - 1 - closed
    return {"vocabulary": f"{size},{'closed' if closed else 'open'}", "ngramlm": __version__}
