"""The group ``ngramlm``. It imports a subcommand at its use, and reports a failure as one line and an exit code."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ngramlm.cli.output import UNUSABLE, explain, stderr_line
from ngramlm.cli.signals import exit_code, say_interrupted, watch
from ngramlm.cli.streams import prepare_streams, silence_stdout
from ngramlm.core.version import __version__

# In the order in which a user needs them. The command NAME is `command` in the file NAME.py beside this file.
COMMANDS = {
    "train": "Estimate a language model from text or from counts.",
    "perplexity": "Measure the perplexity of models on a text (alias: ppl).",
    "score": "Write the log10 probability of every line.",
    "compare": "Train several smoothing methods and compare them on test texts.",
    "next": "List the most probable next words.",
    "generate": "Draw random sentences from a model, one per line.",
    "count": "Count the n-grams of a text.",
    "vocab": "List the words of a text, the most frequent first.",
    "prune": "Remove n-grams or words from a model.",
    "mix": "Mix several back-off models into one.",
    "adapt": "Make a model that adapts to a text or a domain.",
    "embed": "Train and use word vectors.",
    "convert": "Convert a model or a file of counts to another format.",
    "info": "Describe a model or a file of counts, and check it.",
}
ALIASES = {"ppl": "perplexity"}
# The commands that multiply large matrices. The others ask the BLAS library of numpy for one thread: starting more
# takes a third of the CPU time of a short command, and a sum over one thread is the same on every machine.
MATRIX_COMMANDS = {"adapt", "embed"}

# Imports create fewer objects than this, and all of them stay. Without garbage collection, start-up takes a tenth less.
GC_THRESHOLD = 100_000
# the exit code that a shell reports for a program that SIGPIPE ended
BROKEN_PIPE = 141


class LazyGroup(click.Group):
    """A group whose commands are files of this package, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command by its name or alias; return None if there is no such command."""
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        if name not in MATRIX_COMMANDS:
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        command: click.Command = importlib.import_module(f"ngramlm.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first argument. The error for an unknown name suggests the nearest name."""
        name = args[0]
        if name in COMMANDS or name in ALIASES or name.startswith("-"):
            return super().resolve_command(ctx, args)
        import difflib

        near = difflib.get_close_matches(name, [*COMMANDS, *ALIASES], n=1)
        ctx.fail(f"No such command '{name}'." + (f" Did you mean '{near[0]}'?" if near else ""))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Read the options. ``--help`` and ``--version`` write here, and report failures like a command."""
        with report_failures(debug=bool(os.environ.get("NGRAMLM_DEBUG"))):
            return super().make_context(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and report its warnings and failures."""
        with report_failures(debug=ctx.params["debug"]):
            super().invoke(ctx)
            sys.stdout.flush()

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command line. A usage error is one line that begins with ``error:``, like every other error."""
        options["standalone_mode"] = False
        try:
            code = super().main(*args, **options)
        except click.exceptions.Abort:
            say_interrupted()
            code = exit_code(signal.SIGINT)
        except click.ClickException as error:
            code = error.exit_code
            # without a command, the message is the whole help
            if error.message.startswith("Usage:"):
                error.show()
            else:
                stderr_line(usage_message(error), label="error")
        sys.exit(code or 0)


def usage_message(error: click.ClickException) -> str:
    """Put a usage error on one line, and name the help that lists the options.

    >>> usage_message(click.UsageError("no text: give files."))
    'no text: give files.'
    """
    text = " ".join(error.format_message().split())
    context = error.ctx if isinstance(error, click.UsageError) else None
    return text if context is None else f"{text} See '{context.command_path} --help'."


@contextmanager
def report_failures(debug: bool) -> Iterator[None]:
    """Write warnings and failures as one line each on standard error, and leave with the right exit code."""
    with warnings.catch_warnings():
        _show_warnings_as_lines()
        try:
            yield
        except (click.ClickException, click.exceptions.Exit):
            # `LazyGroup.main` writes the line
            raise
        except (KeyboardInterrupt, click.Abort):
            _trace(debug)
            say_interrupted()
            silence_stdout()
            raise click.exceptions.Exit(exit_code(signal.SIGINT)) from None
        except BrokenPipeError:
            silence_stdout()
            raise click.exceptions.Exit(BROKEN_PIPE) from None
        except Exception as error:
            _trace(debug)
            message, code = explain(error)
            if code != UNUSABLE:
                silence_stdout()
            stderr_line(message, label="error")
            raise click.exceptions.Exit(code) from None


def _trace(debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exc()


def _show_warnings_as_lines() -> None:
    from ngramlm.errors import NgramlmWarning

    shown: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *_: object) -> None:
        text = " ".join(str(message).split())
        if text not in shown:
            shown.add(text)
            stderr_line(text, label="warning")

    warnings.simplefilter("always", NgramlmWarning)
    warnings.showwarning = show  # type: ignore[assignment]


# \b tells click to keep the line breaks of the paragraph
HELP = """N-gram language models: count, train, score, compare.

Results go to standard output, everything else to standard error. '-' stands for standard input or output. Files ending
in .gz, .bz2, .xz and .zst are read and written compressed. Exit codes: 0 done, 1 failure, 2 wrong usage or unusable
input, 130 interrupted.

\b
Example:
  ngramlm train train.txt -o model.arpa
  ngramlm perplexity model.arpa test.txt
  ngramlm COMMAND --help
"""


@click.group(cls=LazyGroup, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, envvar="NGRAMLM_DEBUG", help="Show the traceback of a failure.")
def ngramlm(debug: bool) -> None:
    """Run the group. The subcommands do the work."""


def main() -> None:
    """Run the command line, and exit."""
    gc.set_threshold(GC_THRESHOLD)
    prepare_streams()
    watch()
    try:
        ngramlm(prog_name="ngramlm")
    finally:
        gc.freeze()  # or Python would look through all objects once more before it ends
