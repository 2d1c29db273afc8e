"""``ngramlm embed``: word vectors, trained, asked and converted."""

from __future__ import annotations

import sys

import click

from ngramlm.cli import options
from ngramlm.cli.embed_evaluate import evaluate
from ngramlm.cli.embed_train import train
from ngramlm.cli.output import number, plural, stderr_line, table, write, write_json

FORMATS = ("word2vec", "word2vec-binary", "glove", "fasttext", "safetensors", "npy")
WRITTEN = tuple(format for format in FORMATS if format != "fasttext")
METHODS = ("add", "multiply")


@click.group("embed", cls=options.CommandGroup)
def command() -> None:
    """Train and use word vectors; files are told by what they hold: word2vec, GloVe, fastText, .safetensors, .npy."""


command.add_command(train)
command.add_command(evaluate)


@command.command(
    "nearest",
    cls=options.Command,
    example=[
        "ngramlm embed nearest vectors.txt cat dog -n 3",
        "echo cat | ngramlm embed nearest vectors.txt --json",
    ],
)
@options.vectors_argument
@click.argument("words", nargs=-1, metavar="[WORD]...")
@options.integer_option("-n", "how_many", default=10, help_text="How many words.")
@options.first_option
@options.json_option
def nearest(
    vectors_file: str, words: tuple[str, ...], how_many: int, first: int | None, as_json: bool
) -> None:
    """List the words whose vectors have the greatest cosine with that of each WORD.

    Without WORD, words are read from standard input. Put -- before words that begin with a hyphen.
    """
    from ngramlm.embeddings import load_vectors, neighbor_words

    asked = options.utf8_words(words) or _words_of_stdin(vectors_file)
    found = neighbor_words(load_vectors(vectors_file, limit=first), asked, how_many)
    if as_json:
        listed = {
            word: [{"word": other, "cosine": cosine} for other, cosine in near]
            for word, near in found.items()
        }
        write_json({"vectors": vectors_file, "nearest": listed})
        return
    rows = [("word", "nearest", "cosine")]
    for word, near in found.items():
        rows += [
            (word if place == 0 else "", other, f"{cosine:.4f}") for place, (other, cosine) in enumerate(near)
        ]
    write(table(rows, left=(0, 1)))


def _words_of_stdin(vectors_file: str) -> list[str]:
    """Words between spaces, tabs and line ends."""
    from ngramlm.core.files import open_source
    from ngramlm.errors import UsageError

    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("no word: give words, or pipe them in.")
    options.check_stdin([vectors_file, "-"])
    with open_source("-") as stream:
        try:
            words = stream.read().decode().split()
        except UnicodeDecodeError:
            raise UsageError("found bytes that are not UTF-8 on standard input; expected words") from None
    if not words:
        raise click.UsageError("no word on standard input.")
    return words


@command.command(
    "analogy",
    cls=options.Command,
    example=[
        "ngramlm embed analogy vectors.txt cat mouse dog -n 3",
        "ngramlm embed analogy vectors.txt cat dog bird",
    ],
)
@options.vectors_argument
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.argument("c", metavar="C")
@options.integer_option("-n", "how_many", default=5, help_text="How many answers.")
@options.choice_option("--method", METHODS, "Greatest cosine with B - A + C, or 3CosMul")
@options.first_option
@options.json_option
def analogy(
    vectors_file: str, a: str, b: str, c: str, how_many: int, method: str, first: int | None, as_json: bool
) -> None:
    """Answer: A is to B as C is to what? The three words are no answers."""
    from ngramlm.embeddings import load_vectors

    asked = options.utf8_words([a, b, c])
    vectors = load_vectors(vectors_file, limit=first)
    answers = vectors.analogy(asked[0], asked[1], asked[2], how_many, method)
    if as_json:
        listed = [{"word": word, "score": score} for word, score in answers]
        write_json({"vectors": vectors_file, "question": asked, "method": method, "answers": listed})
        return
    name = "cosine" if method == "add" else "score"
    write(table([("word", name), *((word, f"{score:.4f}") for word, score in answers)]))


@command.command(
    "convert",
    cls=options.Command,
    example=[
        "ngramlm embed convert vectors.txt vectors.safetensors",
        "ngramlm embed convert vectors.txt small.bin --limit 20",
        "ngramlm embed convert vectors.txt glove.txt --to glove",
    ],
)
@click.argument("source", metavar="IN", type=options.InputFile())
@click.argument("target", metavar="OUT", type=options.OutputFile())
@click.option(
    "--from", "source_format", type=click.Choice(FORMATS), help="What IN is.  [default: as it looks]"
)
@click.option(
    "--to",
    "target_format",
    type=click.Choice(WRITTEN),
    help="What OUT is to be.  [default: as its name says]",
)
@options.integer_option("--limit", help_text="Only the first N words.")
@options.quiet_option
def convert(
    source: str,
    target: str,
    source_format: str | None,
    target_format: str | None,
    limit: int | None,
    quiet: bool,
) -> None:
    """Write the vectors of IN to OUT in another format.

    .txt and .vec are word2vec's text, .bin its binary, .safetensors keeps n-grams and metadata and is mapped, .npy
    is the matrix alone, with the words beside it. fastText's models (.bin) are only read.
    """
    from ngramlm.embeddings import load_vectors, save_vectors
    from ngramlm.embeddings.vector_formats import vectors_format

    options.check_output(target, [source])
    wanted = vectors_format(target, target_format)
    vectors = load_vectors(source, source_format, limit=limit)
    if wanted != "safetensors":
        options.warn_of_ngrams(vectors, target)
    save_vectors(vectors, target, wanted)
    if not quiet:
        stderr_line(f"{target}: {plural(len(vectors), 'word')}, dimension {number(vectors.dimension)}")
