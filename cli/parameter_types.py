"""The types of arguments and options. They convert words of the command line to values."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import click

from ngramlm.cli.names import CACHES, METHODS

Parameter = click.Parameter | None
Context = click.Context | None


class ParameterType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """A type whose errors have the form "found X; expected Y"."""

    def refuse(self, found: str, expected: str, param: Parameter, ctx: Context) -> NoReturn:
        """Raise the error for a value."""
        self.fail(f"found {found!r}; expected {expected}.", param, ctx)


class InputFile(ParameterType):
    """A file that exists, or ``-``. So a missing file is an error before any work begins."""

    name = "file"

    def convert(self, value: str, param: Parameter, ctx: Context) -> str:
        """Return the name; raise OSError for a missing file and for a folder."""
        if value != "-":
            mode = os.stat(value).st_mode
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), value)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Let the shell complete file names."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


class OutputFile(InputFile):
    """A file to write in a folder that exists, or ``-``."""

    def convert(self, value: str, param: Parameter, ctx: Context) -> str:
        """Return the name; raise an error for a folder, and for a folder that is missing or read-only."""
        if value == "-":
            return value
        folder = os.path.dirname(value) or "."
        if not os.path.isdir(folder):
            self.fail(f"found no folder {folder}; expected one, to write {value}.", param, ctx)
        try:
            mode = os.stat(value).st_mode
        except FileNotFoundError:
            if not os.access(folder, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), value) from None
        else:
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), value)
        return value


class Numbers(ParameterType):
    """Numbers with commas between them, as a tuple. `length` is the number of numbers, if it is fixed."""

    def __init__(
        self, kind: Callable[[str], float] = int, least: float = 0, length: int | None = None
    ) -> None:
        self.kind, self.least, self.length = kind, least, length
        self.name = "N,N,..."

    def convert(self, value: str, param: Parameter, ctx: Context) -> tuple[Any, ...]:
        """Return the numbers."""
        try:
            numbers = tuple(self.kind(part) for part in value.split(","))
        except ValueError:
            numbers = ()
        if not numbers or (self.length is not None and len(numbers) != self.length):
            amount = f"{self.length} numbers" if self.length else "a list of numbers"
            self.refuse(value, f"{amount} with commas between them", param, ctx)
        if not all(self.least <= number < float("inf") for number in numbers):
            self.refuse(value, f"finite numbers of {self.least:g} or more", param, ctx)
        return numbers


class NamedValue(ParameterType):
    """``name=value`` as a pair. A value is a number, true, false or a word, or several with commas between them."""

    name = "name=value"

    def convert(self, value: str, param: Parameter, ctx: Context) -> tuple[str, Any]:
        """Return (name, value)."""
        name, equals, text = value.partition("=")
        if not equals or not name.isidentifier() or not text:
            self.refuse(value, "NAME=VALUE", param, ctx)
        parts = [_plain_value(part) for part in text.split(",")]
        return name, parts[0] if len(parts) == 1 else tuple(parts)


def _plain_value(text: str) -> int | float | bool | str:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


class Size(ParameterType):
    """An amount of memory, such as 512M or 4G, in bytes."""

    name = "size"

    def convert(self, value: str, param: Parameter, ctx: Context) -> int:
        """Return the number of bytes."""
        units = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([KMGT]?)i?B?", value.strip(), re.IGNORECASE | re.ASCII)
        size = int(float(found[1]) * units[found[2].upper()]) if found else 0
        # MIN_MEMORY of core/mapped_workspace.py, which imports numpy
        if size < 128 * units["M"]:
            self.refuse(value, "an amount such as 512M or 4G, at least 128M", param, ctx)
        return size


class Fractions(ParameterType):
    """Sizes of training sets: fractions such as 1/8 or 0.5, numbers of sentences, or ``auto``."""

    name = "auto|size,..."

    def convert(self, value: str, param: Parameter, ctx: Context) -> Any:
        """Return the sizes as fractions, or True for ``auto``."""
        from fractions import Fraction

        if value == "auto":
            return True
        try:
            sizes = tuple(Fraction(part) for part in value.split(","))
        except (ValueError, ZeroDivisionError):
            sizes = ()
        if not sizes or min(sizes) <= 0:
            self.refuse(value, "'auto', or sizes such as 1/8,1/2", param, ctx)
        return sizes


class SmoothingName(ParameterType):
    """A smoothing method, or several with ``/`` between them. The error for an unknown name suggests a known name."""

    name = "method"

    def convert(self, value: str, param: Parameter, ctx: Context) -> str:
        """Return the names, without spaces."""
        names = [name.strip() for name in value.split("/")]
        for name in names:
            if name not in METHODS:
                from ngramlm.methods import unknown_smoothing

                self.fail(f"{unknown_smoothing(name)}.", param, ctx)
        return "/".join(names)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Complete the last name."""
        return completed(incomplete, "/", tuple(METHODS))


class SmoothingNames(ParameterType):
    """Methods with commas between them; ``all`` stands for all methods except those that take minutes."""

    name = "all|method,..."

    def convert(self, value: str, param: Parameter, ctx: Context) -> tuple[str, ...]:
        """Return the names of the methods."""
        one, names = SmoothingName(), [name.strip() for name in value.split(",")]
        return tuple(name if name == "all" else one.convert(name, param, ctx) for name in names)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Complete the last name."""
        last = incomplete.rpartition(",")[2]
        if "/" in last:
            return completed(incomplete, "/", tuple(METHODS))
        return completed(incomplete, ",", ("all", *METHODS))


class Caches(ParameterType):
    """Names of caches with commas between them, or ``none``."""

    name = "cache,..."

    def convert(self, value: str, param: Parameter, ctx: Context) -> tuple[str, ...]:
        """Return the names of the caches."""
        names = () if value == "none" else tuple(value.split(","))
        if not set(names) <= set(CACHES) or len(set(names)) < len(names):
            self.refuse(value, f"'none', or some of {', '.join(CACHES)}", param, ctx)
        return names

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Complete the last name."""
        return completed(incomplete, ",", ("none", *CACHES))


def completed(incomplete: str, separator: str, names: Sequence[str]) -> list[Any]:
    """Complete the part of a word after its last separator.

    >>> [item.value for item in completed("katz/wit", "/", ("witten-bell", "katz"))]
    ['katz/witten-bell']
    """
    from click.shell_completion import CompletionItem

    before, found, last = incomplete.rpartition(separator)
    return [CompletionItem(f"{before}{found}{name}") for name in names if name.startswith(last)]
