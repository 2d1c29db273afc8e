"""The group ``ngramlm``: subcommands loaded on use, every failure one line and an exit code."""

from __future__ import annotations

import gc
import importlib
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ngramlm.cli.output import UNUSABLE, explain, silence_stdout, stderr_line, use_utf8
from ngramlm.cli.signals import exit_code, say_interrupted, watch
from ngramlm.core.version import __version__

# In the order of a day's work; the command NAME is `command` in the file NAME.py beside this one.
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

GC_THRESHOLD = (
    100_000  # objects; imports make fewer, which stay: looking through them is a tenth of the start-up
)
BROKEN_PIPE = 141  # what a shell reports of a tool that SIGPIPE ended


class LazyGroup(click.Group):
    """A group whose commands are files of this package, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"ngramlm.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in COMMANDS or name in ALIASES or name.startswith("-"):
            return super().resolve_command(ctx, args)
        import difflib

        near = difflib.get_close_matches(name, [*COMMANDS, *ALIASES], n=1)
        ctx.fail(f"No such command '{name}'." + (f" Did you mean '{near[0]}'?" if near else ""))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        with report_failures(debug=ctx.params["debug"]):
            super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command; a usage error is one line that begins as every other error line."""
        alone = options.get("standalone_mode", True)
        options["standalone_mode"] = False
        if not alone:
            return super().main(*args, **options)
        try:
            code = super().main(*args, **options)
        except click.exceptions.Abort:
            say_interrupted()
            code = exit_code(signal.SIGINT)
        except click.ClickException as error:
            code = error.exit_code
            if error.message.startswith("Usage:"):  # no command: the help itself
                error.show()
            else:
                stderr_line(usage_message(error), label="error")
        sys.exit(code or 0)


def usage_message(error: click.ClickException) -> str:
    """A usage error on one line, with the help that lists the options.

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
            raise  # `LazyGroup.main` writes the line
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


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, envvar="NGRAMLM_DEBUG", help="Show the traceback of a failure.")
def ngramlm(debug: bool) -> None:
    """N-gram language models: count, train, score, compare.

    Results go to standard output, everything else to standard error. '-' stands for standard input or
    output. Files ending in .gz, .bz2, .xz and .zst are read and written compressed. Exit codes: 0 done, 1 failure,
    2 wrong usage or unusable input, 130 interrupted.

    \b
    Example:
      ngramlm train train.txt -o model.arpa
      ngramlm perplexity model.arpa test.txt
      ngramlm COMMAND --help
    """


def main() -> None:
    """Run the command line; never returns."""
    gc.set_threshold(GC_THRESHOLD)
    watch()
    use_utf8()
    try:
        ngramlm(prog_name="ngramlm")
    finally:
        gc.freeze()  # or Python would look through all objects once more before it ends
