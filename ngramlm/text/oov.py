"""The warning for a text that does not fit its vocabulary because most of its words are OOVs."""

from __future__ import annotations

from ngramlm.errors import TextWarning, warn

__all__ = ["oov_complaint", "warn_of_oovs"]


def oov_complaint(oovs: int, words: int) -> str | None:
    """Return a warning for a text with too many OOVs; None if at most half of the words are OOVs.

    Parameters
    ----------
    oovs : int
        The number of OOVs.
    words : int
        The number of words, with OOVs.

    Examples
    --------
    >>> oov_complaint(97, 100), oov_complaint(1, 2)
    ('97 % of the words are OOVs (is it tokenized as the training text?)', None)
    """
    if oovs <= words / 2:
        return None
    return f"{100 * oovs / words:.0f} % of the words are OOVs (is it tokenized as the training text?)"


def warn_of_oovs(what: str, oovs: int, words: int) -> None:
    """Issue a TextWarning if more than half of the words of a text are OOVs.

    Parameters
    ----------
    what : str
        The name of the text.
    oovs : int
        The number of OOVs.
    words : int
        The number of words, with OOVs.
    """
    complaint = oov_complaint(oovs, words)
    if complaint is not None:
        warn(f"{what}: {complaint}", TextWarning)
