"""All options of a command as one object: a frozen dataclass. Each field holds its click parameter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

import click
from click.core import ParameterSource

__all__ = ["argument", "given_flags", "group", "option", "parameters", "settings", "settings_from"]

S = TypeVar("S")


class Option(click.Option):
    """An option whose help ends with the default and the limits in one pair of brackets."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Return (flags, text), with the name of the value in its limits."""
        record = super().get_help_record(ctx)
        assert record is not None, "no option is hidden"
        flags, text = record
        text = text.replace("]  [", "; ")
        if isinstance(self.type, (click.IntRange, click.FloatRange)) and self.metavar:
            limits = re.search(r"[^ ;[]*\bx\b[^ ;]*\]$", text)
            if limits:
                named = re.sub(r"\bx\b", self.metavar, limits[0])
                # a limit of 10 digits or more is of no interest to users
                named = re.sub(r"^(\d+)<=(\w+)<=\d{10,}", r"\2>=\1", named)
                text = text[: limits.start()] + named
        return flags, text


# without repr and eq, there is less to generate at start-up
settings = dataclass(frozen=True, kw_only=True, repr=False, eq=False)
"""The decorator of every class of options."""


def option(*flags: str, **attributes: Any) -> Any:
    """Make a field for an option; ``attributes`` are those of `click.Option`."""
    return field(metadata={"option": (flags, attributes)})


def argument(metavar: str, **attributes: Any) -> Any:
    """Make a field for an argument; ``attributes`` are those of `click.Argument`."""
    return field(metadata={"argument": {"metavar": metavar, **attributes}})


def group(kind: type) -> Any:
    """Make a field that holds the options of another settings class."""
    return field(metadata={"group": kind})


def parameters(kind: type) -> Iterator[click.Parameter]:
    """Yield the click parameters of a settings class, in the order of its fields."""
    for item in fields(kind):
        if "group" in item.metadata:
            yield from parameters(item.metadata["group"])
        else:
            yield _parameter(item)


def _parameter(item: Field[Any]) -> click.Parameter:
    if "argument" in item.metadata:
        return click.Argument([item.name], **item.metadata["argument"])
    flags, attributes = item.metadata["option"]
    return Option([*flags, item.name], **attributes)


def settings_from(kind: type[S], values: dict[str, Any]) -> S:
    """Make the settings object from the values that click parsed."""
    found: dict[str, Any] = {}
    for item in fields(kind):  # type: ignore[arg-type]  # every settings class is a dataclass
        inner = item.metadata.get("group")
        found[item.name] = settings_from(inner, values) if inner else values[item.name]
    return kind(**found)


def given_flags(kind: type, names: Sequence[str] = ()) -> list[str]:
    """List the flags of a class that the user gave on the command line. `names` limits them to some fields."""
    context = click.get_current_context()
    wanted = set(names) or {str(parameter.name) for parameter in parameters(kind)}
    return [
        parameter.opts[-1]
        for parameter in context.command.params
        if parameter.name in wanted
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
