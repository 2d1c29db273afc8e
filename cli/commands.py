"""The classes of the commands. Their help has examples and methods, and their short help is never cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from ngramlm.cli.names import METHODS
from ngramlm.cli.parameter_types import SmoothingName, SmoothingNames
from ngramlm.cli.settings import parameters, settings_from

S = TypeVar("S")


class Command(click.Command):
    """A command whose help ends with an example that works as written."""

    def __init__(self, *args: Any, example: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = tuple(example)

    def get_short_help_str(self, limit: int = 0) -> str:
        """Return the first paragraph of the help, uncut."""
        return short_help(self)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the smoothing methods, if an option takes one, and the examples."""
        if any(isinstance(parameter.type, (SmoothingName, SmoothingNames)) for parameter in self.params):
            with formatter.section("Methods of --smoothing"):
                formatter.write_dl(list(METHODS.items()))
        write_example(self.example, formatter)


class CommandGroup(click.Group):
    """A group of commands, in the given order. Its help shows the first example of each command."""

    def __init__(self, name: str, members: Sequence[Command], help: str) -> None:
        super().__init__(name, commands=members, help=help)
        self.example = tuple(line for member in members for line in member.example)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(self.commands)

    def get_short_help_str(self, limit: int = 0) -> str:
        """Return the first paragraph of the help, uncut."""
        return short_help(self)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short_help(member)) for name, member in self.commands.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the first example of each command."""
        firsts = [member.example[0] for member in self.commands.values() if isinstance(member, Command)]
        write_example(firsts, formatter)


def command(
    name: str, kind: type[S], example: Sequence[str], cls: type[Command] = Command
) -> Callable[[Callable[[S], None]], Command]:
    """Return the decorator that makes a command. The function receives one object of the settings class ``kind``.

    ``--help`` shows the ``example``, and the tests run it. The docstring of the function is the help.
    """

    def decorate(function: Callable[[S], None]) -> Command:
        def callback(**values: Any) -> None:
            function(settings_from(kind, values))

        return cls(
            name, callback=callback, params=list(parameters(kind)), help=function.__doc__, example=example
        )

    return decorate


def short_help(member: click.Command) -> str:
    """Return the first paragraph of a command's help, on one line."""
    return " ".join((member.help or "").partition("\n\n")[0].split())


def write_example(lines: Sequence[str], formatter: click.HelpFormatter) -> None:
    """Write the examples without line breaks, so that they can be copied."""
    with formatter.section("Example"):
        for line in lines:
            formatter.write(f"{'':{formatter.current_indent}}{line}\n")
