"""The arguments and options that several commands share, each with its checks in one place."""

from __future__ import annotations

import contextlib
import difflib
import errno
import functools
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ngramlm.cli.output import same_file, stderr_line
from ngramlm.text.tokenizers import TOKENIZERS

if TYPE_CHECKING:
    from ngramlm.adaptive import Component, Neighbours, WordWeights
    from ngramlm.core.files import Source
    from ngramlm.core.workspace import Workspace
    from ngramlm.embeddings import WordVectors
    from ngramlm.text.documents import DocumentRule
    from ngramlm.text.text import Text
    from ngramlm.text.vocabulary import Vocabulary

F = TypeVar("F", bound=Callable[..., Any])

CACHES = ("words", "bigrams", "trigrams", "pairs")
DECAY = 0.003  # of a memory of words, for each token


class Command(click.Command):
    """A command whose help ends with an example that works as written."""

    def __init__(self, *args: Any, example: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = tuple(example)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Example"):
            for line in self.example:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class CommandGroup(click.Group):
    """Commands that belong together; the examples of its help are theirs."""

    @property
    def example(self) -> tuple[str, ...]:
        return tuple(
            line for part in self.commands.values() if isinstance(part, Command) for line in part.example
        )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Example"):
            for line in self.example:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def command(name: str, example: Sequence[str], cls: type[Command] = Command) -> Callable[[F], Command]:
    """The decorator of every command; ``example`` is shown by ``--help`` and run by the tests."""
    return click.command(name, cls=cls, example=example, no_args_is_help=False)


class InputFile(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """A file that exists, or ``-``; found missing before any work begins."""

    name = "file"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value != "-":
            if not os.path.exists(value):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), value)
            if os.path.isdir(value):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), value)
        return value


class OutputFile(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """A file to write in a folder that exists, or ``-``."""

    name = "file"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == "-":
            return value
        if os.path.isdir(value):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), value)
        folder = os.path.dirname(value) or "."
        if not os.path.isdir(folder):
            self.fail(f"cannot write {value}: there is no folder {folder}.", param, ctx)
        if not os.path.exists(value) and not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), value)
        return value


class Numbers(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """Numbers with commas between them, as a tuple."""

    def __init__(
        self, kind: Callable[[str], float] = int, least: float = 0, length: int | None = None
    ) -> None:
        self.kind, self.least, self.length = kind, least, length
        self.name = "N,N,..."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, ...]:
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(self.kind(part) for part in value.split(","))
        except ValueError:
            numbers = ()
        if not numbers or (self.length is not None and len(numbers) != self.length):
            wanted = f"{self.length} numbers" if self.length else "numbers"
            self.fail(f"{value!r} was found; {wanted} with commas between them were expected.", param, ctx)
        if not all(self.least <= number < float("inf") for number in numbers):
            self.fail(f"{value!r} was found; no number below {self.least:g} was expected.", param, ctx)
        return numbers


class Setting(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """``name=value`` as a pair; a value is a number, several with commas between them, true, false, or a word."""

    name = "name=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        if isinstance(value, tuple):
            return value
        name, equals, text = value.partition("=")
        if not equals or not name.isidentifier() or not text:
            self.fail(f"{value!r} was found; NAME=VALUE was expected.", param, ctx)
        parts = [_plain_value(part) for part in text.split(",")]
        return name, parts[0] if len(parts) == 1 else tuple(parts)


def _plain_value(text: str) -> int | float | bool | str:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


class Size(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """An amount of memory, such as 512M or 4G, in bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        units = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([KMGT]?)i?B?", value.strip(), re.IGNORECASE | re.ASCII)
        if found is None:
            self.fail(f"{value!r} was found; an amount such as 512M or 4G was expected.", param, ctx)
        size = int(float(found[1]) * units[found[2].upper()])
        if size < units["M"]:
            self.fail(
                f"{value!r} was found, {size} bytes; an amount such as 512M or 4G was expected.", param, ctx
            )
        return size


class SmoothingName(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """A smoothing method; an unknown name is answered with the nearest one."""

    name = "method"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from ngramlm.methods import SMOOTHINGS

        names = [name.strip() for name in value.split("/")]
        for name in names:
            if name not in SMOOTHINGS:
                self.fail(self.unknown(name, SMOOTHINGS), param, ctx)
        return "/".join(names)

    def unknown(self, name: str, known: Iterable[str]) -> str:
        """What is said of a name that is none."""
        initials = {"".join(part[0] for part in other.split("-")): other for other in known}
        wanted = name.lower().replace("_", "-")
        near = [initials[wanted]] if wanted in initials else difflib.get_close_matches(wanted, known, 1, 0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"unknown method {name!r}.{hint} The methods are: {', '.join(known)}."


class SmoothingNames(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """Methods with commas between them; ``all`` is every method that takes seconds."""

    name = "all|method,..."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        from ngramlm.methods import smoothing_names

        if isinstance(value, tuple):
            return value
        one, names = SmoothingName(), [name.strip() for name in value.split(",")]
        return tuple(
            smoothing_names(name if name == "all" else one.convert(name, param, ctx) for name in names)
        )


def texts_argument(function: F) -> F:
    """``TEXT...``, standard input when none is given."""
    return click.argument("texts", nargs=-1, metavar="[TEXT]...", type=InputFile())(function)


def model_argument(function: F) -> F:
    return click.argument("model_file", metavar="MODEL", type=InputFile())(function)


def vectors_argument(function: F) -> F:
    return click.argument("vectors_file", metavar="VECTORS", type=InputFile())(function)


def output_option(help_text: str, **attributes: Any) -> Callable[[F], F]:
    return click.option("-o", "--output", metavar="FILE", type=OutputFile(), help=help_text, **attributes)


def input_option(*names: str, metavar: str = "TEXT", **attributes: Any) -> Callable[[F], F]:
    """An option that takes the name of a file to read."""
    return click.option(*names, type=InputFile(), metavar=metavar, **attributes)


def smoothing_option(help_text: str) -> Callable[[F], F]:
    """The option that names a smoothing method."""
    return click.option(
        "--smoothing",
        type=SmoothingName(),
        metavar="METHOD",
        default="modified-kneser-ney",
        show_default=True,
        help=help_text,
    )


def integer_option(
    *names: str, help_text: str, default: int | None = None, least: int = 1, most: int | None = None
) -> Callable[[F], F]:
    """An option that takes an integer of at least ``least``; a default is shown by the help."""
    return click.option(
        *names,
        metavar="N",
        type=click.IntRange(min=least, max=most),
        default=default,
        show_default=default is not None,
        help=help_text,
    )


def choice_option(name: str, choices: Sequence[str], help_text: str) -> Callable[[F], F]:
    """An option that takes one of a few names, the first by default; the help lists them."""
    listed = f"{help_text}: {', '.join(choices)}."
    kind = click.Choice(choices)
    return click.option(name, type=kind, metavar="NAME", default=choices[0], show_default=True, help=listed)


first_option = integer_option("--first", help_text="Read only the first N vectors.")
order_option = integer_option("--order", default=5, most=16, help_text="Length of the longest n-grams.")
threads_option = integer_option("--threads", help_text="Threads to use.  [default: one per core]")
seed_option = integer_option(
    "--seed", least=0, help_text="Start of the random numbers: same seed, same draw."
)
layout_option = click.option(
    "--layout",
    type=click.Choice(("fast", "compact")),
    help="Of a binary model: compact takes a quarter of the space, rounds values, and takes 1.4 times as long.  "
    "[default: fast]",
)
bits_option = click.option(
    "--bits",
    metavar="N",
    type=click.IntRange(4, 32),
    help="Bits of a rounded value in the compact layout: 4 to 16, or 32 to round nothing.  [default: 8]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Write the results as JSON.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="No progress, no summary on standard error.")


def _gather(name: str, keys: tuple[str, ...], options: Sequence[Callable[[Any], Any]]) -> Callable[[F], F]:
    """A decorator that adds options and hands those that are set to the function as one dictionary."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def gathered(*args: Any, **kwargs: Any) -> Any:
            values = {key: kwargs.pop(key) for key in keys}
            kwargs[name] = {key: value for key, value in values.items() if value is not None}
            return function(*args, **kwargs)

        for option in reversed(options):
            gathered = option(gathered)
        return gathered  # type: ignore[return-value]

    return decorate


READING = ("tokenizer", "encoding_errors", "reserved")
reading_options = _gather(
    "reading",
    READING,
    (
        choice_option("--tokenizer", tuple(TOKENIZERS), "How a line becomes words"),
        choice_option(
            "--encoding-errors", ("strict", "replace"), "Refuse bytes that are not UTF-8, or put U+FFFD"
        ),
        choice_option("--reserved", ("error", "drop", "keep"), "What <s> and </s> in a text are"),
    ),
)

documents_option = click.option(
    "--documents",
    metavar="RULE",
    help="Where documents begin: 'blank' (behind empty lines), 'file' (each file is one), 'line:TEXT' (behind such a "
    "line), a FILE of line numbers, or '.docs' (each TEXT.txt has one beside it, TEXT.docs).  [default: all is one "
    "document]",
)


class Caches(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """Names of memories with commas between them, or ``none``."""

    name = "words,bigrams,trigrams,pairs"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = () if value == "none" else tuple(value.split(","))
        if not set(names) <= set(CACHES) or len(set(names)) < len(names):
            self.fail(
                f"{value!r} was found; 'none', or some of {', '.join(CACHES)} were expected.", param, ctx
            )
        return names


def memories(
    names: tuple[str, ...],
    window: int | None = None,
    decay: float = DECAY,
    keep_unknown: bool = False,
    weights: WordWeights | None = None,
    neighbours: Neighbours | None = None,
) -> list[Component]:
    """The caches by their names; UsageError for pairs without weights."""
    from ngramlm.adaptive import Cache, NgramCache, PairCache

    makers: dict[str, Callable[[], Component]] = {
        "words": lambda: Cache(
            window=window, decay=decay, weights=weights, neighbours=neighbours, keep_unknown=keep_unknown
        ),
        "bigrams": lambda: NgramCache(window=window, keep_unknown=keep_unknown),
        "trigrams": lambda: NgramCache(order=3, window=window, keep_unknown=keep_unknown, backoff=False),
        "pairs": lambda: PairCache(weights),  # type: ignore[arg-type]
    }
    if "pairs" in names and weights is None:
        raise click.UsageError("pairs are weighed by how few documents have a word; give --idf TEXT.")
    return [makers[name]() for name in names]


def rule_of(documents: str | None) -> DocumentRule | None:
    """What ``--documents`` says; None where it says nothing."""
    from ngramlm.text.documents import document_rule

    return None if documents is None else document_rule(documents)


def read_documents(sources: Source | Sequence[Source], rule: str | None, **reading: Any) -> Text:
    """A text with the documents that ``--documents`` says."""
    from ngramlm.text.documents import document_rule
    from ngramlm.text.documents import read_documents as read
    from ngramlm.text.reading import read_text

    if rule is None:
        return read_text(sources, **reading)
    return read(sources, document_rule(rule), **reading)


def read_checked(source: str, rule: str | None = None, **reading: Any) -> Text:
    """`read_documents` of a text that must not be empty, with a warning where many of its words are OOVs."""
    from ngramlm.text.oov import warn_of_oovs
    from ngramlm.text.reading import require_sentences

    text = require_sentences(read_documents(source, rule, **reading), source)
    warn_of_oovs(source, text.n_oov, text.n_words)
    return text


SELECTION = ("vocab", "min_count", "max_vocab")
vocabulary_options = _gather(
    "selection",
    SELECTION,
    (
        click.option("--vocab", type=InputFile(), metavar="FILE", help="The words to know, one a line."),
        integer_option("--min-count", help_text="Know only words that occur so often."),
        integer_option("--max-vocab", help_text="Know only the so many most frequent words."),
    ),
)


LIMITS = ("memory", "temp_folder")
limit_options = _gather(
    "limits",
    LIMITS,
    [
        click.option(
            "--memory",
            type=Size(),
            metavar="SIZE",
            help="Memory to use at most, such as 512M or 4G, for what may be larger.  [default: as much as it takes]",
        ),
        click.option(
            "--temp-folder",
            type=click.Path(exists=True, file_okay=False),
            metavar="FOLDER",
            help="Where temporary files go that --memory asks for.  [default: the system's folder]",
        ),
    ],
)


def check_limits(limits: dict[str, Any], layout: str | None = None) -> None:
    """UsageError for limits that cannot be kept, or have no effect."""
    if "temp_folder" in limits and "memory" not in limits:
        raise click.UsageError("--temp-folder is where --memory puts what does not fit; give both.")
    if "memory" in limits and layout == "compact":
        raise click.UsageError(
            "--memory is for ARPA and the fast layout; others are made in memory "
            "('ngramlm convert' makes a compact one)."
        )


def workspace(limits: dict[str, Any]) -> Workspace | None:
    """Where columns are kept within ``--memory``; None without a limit."""
    from ngramlm.core.workspace import Mapped

    return Mapped(limits["memory"], limits.get("temp_folder")) if "memory" in limits else None


def read_selection(selection: dict[str, Any]) -> dict[str, Any]:
    """The library's reading options for ``--vocab``, ``--min-count`` and ``--max-vocab``."""
    options: dict[str, Any] = {}
    if "vocab" in selection:
        if len(selection) > 1:
            raise click.UsageError("--vocab cannot be used with --min-count or --max-vocab.")
        options["vocabulary"] = read_vocabulary(selection["vocab"])
    if "min_count" in selection:
        options["min_count"] = selection["min_count"]
    if "max_vocab" in selection:
        options["max_size"] = selection["max_vocab"]
    return options


def read_vocabulary(path: str) -> Vocabulary:
    """The words of a file; one warning line where there are none."""
    from ngramlm.text.vocabulary import RESERVED, Vocabulary

    found = Vocabulary.read(path)
    if len(found) == len(RESERVED):
        stderr_line(f"{path} lists no words, so that every word is an OOV", label="warning")
    return found


def sources(texts: Sequence[str], *others: str | None) -> list[str]:
    """The texts to read; standard input when there is none and something is piped in.

    UsageError when standard input would be read twice, the other inputs of the command included.
    """
    if not texts and (sys.stdin is None or sys.stdin.isatty()):
        raise click.UsageError("no text: give files, or - for standard input.")
    found = list(texts) or ["-"]
    check_stdin([*found, *others])
    return found


def check_stdin(inputs: Sequence[str | None]) -> None:
    """Refuse to read standard input twice."""
    if inputs.count("-") > 1:
        raise click.UsageError("standard input ('-') can be read only once.")


def check_output(output: str | None, inputs: Iterable[str | None]) -> None:
    """Refuse an output that would overwrite one of the inputs."""
    for name in inputs:
        if output not in (None, "-") and name not in (None, "-") and same_file(str(output), str(name)):
            raise click.UsageError(f"{output} is an input as well; give another name for the output.")


def warn_of_ngrams(vectors: WordVectors, target: str) -> None:
    """One warning line where n-grams get lost."""
    from ngramlm.embeddings import SubwordVectors

    if isinstance(vectors, SubwordVectors):
        stderr_line(f"{target} has no place for n-grams; .safetensors keeps them", label="warning")


def warn_of_reuse(text: str | None, what: str, others: Iterable[str]) -> None:
    """One warning line for a text, held out or to test on, that is another one as well."""
    for name in others:
        if text not in (None, "-") and name != "-" and same_file(str(text), name):
            stderr_line(f"{text} is {what} and used otherwise too; give another text", label="warning")


def utf8_words(words: Sequence[str]) -> list[str]:
    """Words of the command line, checked to be text."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise click.UsageError(f"{word.encode(errors='surrogateescape')!r} is not UTF-8.") from None
    return list(words)


def warn_of_unknown(vocabulary: Vocabulary, words: Sequence[str]) -> None:
    """One warning line for words that a model does not know."""
    from ngramlm.text.vocabulary import UNK_WORD

    unknown = [word for word in dict.fromkeys(words) if word not in vocabulary and word != UNK_WORD]
    if unknown:
        stderr_line(f"not in the vocabulary, taken as <unk>: {' '.join(unknown)}", label="warning")
