"""How a model was made: text by name for files and reports, with the estimates as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ngramlm.models.estimates import Estimates

__all__ = ["Metadata"]


class Metadata(Mapping[str, str]):
    """Immutable text by name. Estimates are stored as numbers and formatted when their text is read.

    Parameters
    ----------
    facts : Mapping[str, str]
        Text by name.
    estimates : Estimates, optional
        Values of each order. Their names follow those of the facts.

    Examples
    --------
    >>> metadata = Metadata({"smoothing": "witten-bell"}) | {"pruned": "entropy 0.1"}
    >>> metadata["pruned"], len(metadata)
    ('entropy 0.1', 2)
    """

    __slots__ = ("_estimates", "_facts", "_names")

    def __init__(self, facts: Mapping[str, str], estimates: Estimates | None = None) -> None:
        self._facts = dict(facts)
        self._estimates = Estimates() if estimates is None else estimates
        self._names = dict.fromkeys([*self._facts, *self._estimates.columns])

    @classmethod
    def from_text(cls, texts: Mapping[str, str]) -> Metadata:
        """Return metadata unchanged, or read the estimates among the texts of a file."""
        if isinstance(texts, Metadata):
            return texts
        return cls._of(texts, Estimates.from_text(texts))

    @classmethod
    def _of(cls, texts: Mapping[str, str], estimates: Estimates) -> Metadata:
        """Return the texts in their order, with the estimates at the positions of their names."""
        facts = {name: text for name, text in texts.items() if name not in estimates.columns}
        found = cls(facts, estimates)
        found._names = dict.fromkeys(texts)
        return found

    @property
    def estimates(self) -> Estimates:
        """The values that were estimated for each order."""
        return self._estimates

    def __getitem__(self, name: str) -> str:
        if name in self._facts:
            return self._facts[name]
        return self._estimates.to_text()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)!r})"

    def __or__(self, more: Mapping[str, str]) -> Metadata:
        """Return the metadata with more facts, which replace those of the same name."""
        return self._of({**self, **more}, self._without(more))

    def __ror__(self, before: Mapping[str, str]) -> Metadata:
        """Return the metadata after other facts; those of the same name are replaced where they stand."""
        return self._of({**before, **self}, self._estimates)

    def _without(self, names: Mapping[str, str]) -> Estimates:
        columns = self._estimates.columns
        return Estimates({name: column for name, column in columns.items() if name not in names})
