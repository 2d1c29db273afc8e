"""The arguments and options that several commands share, as fields and groups of settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli.inputs import read_vocabulary
from ngramlm.cli.names import DEFAULT_METHOD, LAYOUTS, TOKENIZERS
from ngramlm.cli.parameter_types import InputFile, NamedValue, OutputFile, Size, SmoothingName
from ngramlm.cli.settings import argument, option, settings

if TYPE_CHECKING:
    from ngramlm.core.workspace import Workspace

MODEL_OUTPUT = "Write the model to FILE: .arpa (also .gz, .bz2, .xz, .zst) or .ngram (binary)."
NGRAM_OUTPUT = "Write the model to FILE, whose name ends in .ngram."


def texts_argument() -> Any:
    """Make the argument ``TEXT...``; without a text, the command reads standard input."""
    return argument("[TEXT]...", nargs=-1, type=InputFile())


def file_argument(metavar: str = "MODEL", **attributes: Any) -> Any:
    """Make an argument for one file to read."""
    return argument(metavar, type=InputFile(), **attributes)


def models_argument() -> Any:
    """Make the argument ``MODEL...``, at least one."""
    return argument("MODEL...", nargs=-1, required=True, type=InputFile())


def target_argument() -> Any:
    """Make the argument ``OUT``, the file to write."""
    return argument("OUT", type=OutputFile())


def output_option(help_text: str, **attributes: Any) -> Any:
    """Make the option ``-o``, the file to write."""
    return option("-o", "--output", metavar="FILE", type=OutputFile(), help=help_text, **attributes)


def input_option(*flags: str, metavar: str = "FILE", help_text: str, **attributes: Any) -> Any:
    """Make an option that takes the name of a file to read."""
    return option(*flags, type=InputFile(), metavar=metavar, help=help_text, **attributes)


def smoothing_option(help_text: str) -> Any:
    """Make the option that names a smoothing method; the help of the command lists the methods."""
    kind = SmoothingName()
    shown = {"default": DEFAULT_METHOD, "show_default": True}
    return option("--smoothing", type=kind, metavar="METHOD", help=help_text, **shown)


def integer_option(
    *flags: str, help_text: str, default: int | None = None, least: int = 1, most: int | None = None
) -> Any:
    """Make an option that takes an integer of at least ``least``; the help shows the default if it has one."""
    return option(
        *flags,
        metavar="N",
        type=click.IntRange(min=least, max=most),
        default=default,
        show_default=default is not None,
        help=help_text,
    )


def number_option(
    *flags: str, metavar: str, help_text: str, default: float | None = None, **limits: Any
) -> Any:
    """Make an option that takes a number; ``limits`` are the arguments of `click.FloatRange`."""
    kind = click.FloatRange(**limits) if limits else float
    shown = default is not None
    return option(*flags, metavar=metavar, type=kind, default=default, show_default=shown, help=help_text)


def choice_option(flag: str, choices: Sequence[str] | Mapping[str, str], help_text: str) -> Any:
    """Make an option that takes one of a few names, the first by default. The help lists the names.

    `choices` may be a mapping from names to their meanings, which the help shows too.
    """
    meanings = choices if isinstance(choices, Mapping) else dict.fromkeys(choices, "")
    listed = ", ".join(f"{name} ({meaning})" if meaning else name for name, meaning in meanings.items())
    names = list(meanings)
    text = f"{help_text}: {listed}."
    return option(
        flag, type=click.Choice(names), metavar="NAME", default=names[0], show_default=True, help=text
    )


def flag_option(*flags: str, help_text: str, **attributes: Any) -> Any:
    """Make an option without a value."""
    return option(*flags, is_flag=True, help=help_text, **attributes)


def order_option(default: int | None = 5, help_text: str = "Length of the longest n-grams, in words.") -> Any:
    """Make the option ``--order``."""
    return integer_option("--order", default=default, most=16, help_text=help_text)


def seed_option(default: str = "0") -> Any:
    """Make the option ``--seed``. ``default`` only appears in the help; the value is None if the user gives none."""
    text = f"Seed of the random numbers; the same seed gives the same result.  [default: {default}]"
    return integer_option("--seed", least=0, help_text=text)


def threads_option() -> Any:
    """Make the option ``--threads``."""
    return integer_option("--threads", help_text="Number of threads.  [default: one per core]")


def json_option() -> Any:
    """Make the option ``--json``."""
    return flag_option("--json", help_text="Write the results as JSON.")


def quiet_option() -> Any:
    """Make the option ``--quiet``."""
    return flag_option("-q", "--quiet", help_text="Show no progress bar and no summary on standard error.")


def limit_option() -> Any:
    """Make the option ``--limit`` of commands that read vectors."""
    return integer_option("--limit", help_text="Read only the first N vectors.  [default: all]")


def vector_encoding_option() -> Any:
    """Make the option ``--encoding-errors`` of commands that read vectors."""
    return choice_option(
        "--encoding-errors",
        {
            "cut": "replace the end of a word that ends inside a letter",
            "strict": "an error",
            "replace": "put U+FFFD",
        },
        "What to do with words that are not UTF-8",
    )


def parameter_option(examples: str) -> Any:
    """Make the repeatable option ``--set NAME=VALUE``."""
    text = f"Set a parameter of the method, such as {examples}. Repeatable."
    return option("--set", type=NamedValue(), metavar="NAME=VALUE", multiple=True, help=text)


def before_option() -> Any:
    """``--before``: the document so far."""
    return input_option(
        "--before",
        help_text="The document so far, for models of 'ngramlm adapt'; other models ignore this text.",
    )


def documents_option(flag: str = "--documents", help_text: str = "") -> Any:
    """Make the option for the rule that tells where documents begin."""
    text = (
        "Where documents begin: 'blank' (after empty lines), 'file' (at each file), 'line:TEXT' (after a line TEXT), "
        "a FILE of line numbers, or '.docs' (at the line numbers in TEXT.docs, beside TEXT.txt).  [default: the whole "
        "text is one document]"
    )
    return option(flag, metavar="RULE", help=help_text or text)


@settings
class Common:
    """The options of nearly every command."""

    threads: int | None = threads_option()
    as_json: bool = json_option()
    quiet: bool = quiet_option()


@settings
class Reading:
    """The options that say how the lines of a text become words."""

    tokenizer: str = choice_option("--tokenizer", TOKENIZERS, "How to split a line into words")
    encoding_errors: str = choice_option(
        "--encoding-errors",
        {"strict": "an error", "replace": "put U+FFFD"},
        "What to do with bytes that are not UTF-8",
    )
    reserved: str = choice_option(
        "--reserved",
        {"error": "refuse the text", "drop": "remove them", "keep": "read them as <unk>"},
        "What to do with <s> and </s> in a text",
    )

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of the library's readers."""
        return dict(vars(self))


@settings
class Selection:
    """The options that choose the words of the vocabulary."""

    vocab: str | None = input_option(
        "--vocab",
        help_text="Use the words of FILE, one per line, as the vocabulary.  [default: all words of TEXT]",
    )
    min_count: int | None = integer_option(
        "--min-count", help_text="Keep only words that occur N times or more.  [default: 1]"
    )
    max_vocab: int | None = integer_option(
        "--max-vocab", help_text="Keep only the N most frequent words.  [default: all]"
    )

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of the library's readers; raise UsageError if options exclude each other."""
        if self.vocab is not None:
            if self.min_count is not None or self.max_vocab is not None:
                raise click.UsageError("--vocab cannot be used with --min-count or --max-vocab.")
            return {"vocabulary": read_vocabulary(self.vocab)}
        given = {"min_count": self.min_count, "max_size": self.max_vocab}
        return {name: value for name, value in given.items() if value is not None}


@settings
class Limits:
    """The options that limit the memory of a command."""

    memory: int | None = option(
        "--memory",
        type=Size(),
        metavar="SIZE",
        help="Use at most SIZE of memory for counts and models, such as 512M or 4G; at least 128M.  "
        "[default: no limit]",
    )
    temp_folder: str | None = option(
        "--temp-folder",
        type=click.Path(exists=True, file_okay=False),
        metavar="FOLDER",
        help="Folder of the temporary files of --memory.  [default: the system's folder]",
    )

    def check(self, layout: str | None = None) -> None:
        """Raise UsageError for limits that the command cannot keep, and for limits without effect."""
        if self.temp_folder is not None and self.memory is None:
            raise click.UsageError("--temp-folder needs --memory.")
        if self.memory is not None and layout == "compact":
            raise click.UsageError(
                "--memory is for ARPA and the fast layout; 'ngramlm convert' makes a compact model."
            )

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of the counter."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def workspace(self) -> Workspace | None:
        """Return the workspace that keeps columns within ``--memory``; None without a limit."""
        from ngramlm.core.mapped_workspace import Mapped

        return None if self.memory is None else Mapped(self.memory, self.temp_folder)


@settings
class Layout:
    """The options for the layout of a binary model."""

    layout: str | None = option(
        "--layout",
        type=click.Choice(LAYOUTS),
        help="Layout of a binary model. 'compact' takes a quarter of the space, rounds the values, and scores "
        "1.4 times as slowly.  [default: fast]",
    )
    bits: int | None = option(
        "--bits",
        metavar="N",
        type=click.IntRange(4, 32),
        help="Bits of a rounded value in the compact layout: 4 to 16, or 32 for no rounding.  [default: 8]",
    )

    def check(self, kind: str) -> None:
        """Raise UsageError if the format does not have the layout."""
        if kind != "binary" and (self.layout or self.bits):
            raise click.UsageError("--layout and --bits are for binary models (.ngram).")
        if self.bits is not None and self.layout != "compact":
            raise click.UsageError("--bits is for --layout compact.")
        if self.bits is not None and 16 < self.bits < 32:
            raise click.UsageError(f"found --bits {self.bits}; expected 4 to 16, or 32.")
