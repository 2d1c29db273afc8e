"""``ngramlm embed train``: word vectors from text."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ngramlm.cli import options
from ngramlm.cli.output import number, stderr_line, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.signals import exit_code, say_interrupted, waiting_signals

if TYPE_CHECKING:
    from ngramlm.embeddings import WordVectors
    from ngramlm.embeddings.word2vec import Word2Vec
    from ngramlm.embeddings.word2vec_training import Word2VecTraining
    from ngramlm.text.text import Text

WORD2VEC = ("skip-gram", "cbow")
METHODS = (*WORD2VEC, "glove")
# Options that not all methods have; each is named as the setting that it is.
OF_WORD2VEC = (
    "loss",
    "negatives",
    "noise_exponent",
    "shared_negatives",
    "subsample",
    "cbow_update",
    "track_loss",
)
OF_GLOVE = ("x_max", "alpha", "symmetric")
OF_ALL = ("dimension", "window", "epochs", "learning_rate", "seed")


@click.command(
    "train",
    cls=options.Command,
    example=[
        "ngramlm embed train train.txt -o vectors.safetensors",
        "ngramlm embed train train.txt --shared-negatives --dimension 50 --min-count 2 -o vectors.txt",
        "ngramlm embed train train.txt --method cbow --subwords 3,6 --buckets 10000 -o vectors.safetensors",
        "ngramlm embed train train.txt --method glove --window 10 -o vectors.bin",
    ],
)
@options.texts_argument
@options.choice_option("--method", METHODS, "How vectors are trained")
@options.output_option(
    "The vectors: .safetensors (mapped when read), .bin (word2vec binary), .txt or .vec (word2vec text, also "
    ".gz, ...), .npy; '-' is word2vec text on standard output.",
    required=True,
)
@options.integer_option("--dimension", help_text="Numbers of a vector.  [default: 100]")
@options.integer_option("--window", help_text="Words on each side at most.  [default: 5; 15 for glove]")
@options.integer_option(
    "--min-count", default=5, most=1 << 60, help_text="Words that occur less often have no vector."
)
@options.integer_option("--epochs", help_text="Times that all is read.  [default: 5; 25 for glove]")
@click.option(
    "--learning-rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="R",
    help="At the beginning.  [default: 0.025; 0.05 for cbow and glove]",
)
@click.option(
    "--loss",
    type=click.Choice(("negative-sampling", "hierarchical-softmax")),
    help="Tell words apart from noise, or walk a Huffman tree.  [default: negative-sampling]",
)
@options.integer_option("--negatives", help_text="Noise words for each pair.  [default: 5]")
@click.option(
    "--noise-exponent",
    type=float,
    metavar="E",
    help="Noise is drawn by counts to this power.  [default: 0.75]",
)
@click.option(
    "--shared-negatives",
    is_flag=True,
    default=None,
    help="The pairs of a window share their noise: twice as fast, for skip-gram.",
)
@click.option(
    "--subsample",
    type=click.FloatRange(min=0),
    metavar="T",
    help="Leave out occurrences of words more frequent than this; 0 leaves out none.  [default: 0.001]",
)
@click.option(
    "--cbow-update",
    type=click.Choice(("word2vec", "exact")),
    help="Every word of a window gets the whole error, or its share of the gradient.  [default: word2vec]",
)
@click.option(
    "--subwords",
    type=options.Numbers(least=1, length=2),
    metavar="MIN,MAX",
    help="Character n-grams of such lengths, as in fastText (3,6): unseen words have vectors too.",
)
@options.integer_option(
    "--buckets", help_text="Rows that share the n-grams, with --subwords.  [default: 2000000]"
)
@click.option(
    "--x-max",
    type=click.FloatRange(min=0, min_open=True),
    metavar="X",
    help="Pairs counted so often weigh in full, for glove.  [default: 100]",
)
@click.option(
    "--alpha",
    type=click.FloatRange(min=0),
    metavar="A",
    help="Rarer pairs weigh (count / X) to this power, for glove.  [default: 0.75]",
)
@click.option(
    "--symmetric/--left-only",
    default=None,
    help="Count the words on both sides, or those before, for glove.  [default: both sides]",
)
@click.option("--track-loss", is_flag=True, default=None, help="Say the mean loss, for a third more time.")
@click.option(
    "--resume",
    is_flag=True,
    help="Go on from FILE.training, which Ctrl-C leaves beside the FILE of -o (not for glove).",
)
@options.seed_option
@options.reading_options
@options.threads_option
@options.json_option
@options.quiet_option
@click.pass_context
def train(
    context: click.Context,
    /,
    texts: tuple[str, ...],
    method: str,
    output: str,
    min_count: int,
    subwords: tuple[int, int] | None,
    buckets: int | None,
    resume: bool,
    reading: dict[str, Any],
    threads: int | None,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Train vectors of the words of TEXT, one sentence a line.

    Several texts are one text. One thread gives the same vectors every time; several threads of skip-gram and cbow work
    without locks, and differ a little. Ctrl-C leaves what has been trained in FILE.training, for --resume.
    """
    from ngramlm.embeddings.vector_formats import vectors_format
    from ngramlm.text.text import read_text

    if as_json and output == "-":
        raise click.UsageError("--json needs -o FILE: both would be written to standard output.")
    settings = _settings(context, method, min_count, subwords, buckets, given)
    form = vectors_format(output, "word2vec" if output == "-" else None)
    sources = options.sources(texts)
    for written in _written(output, form, method):
        options.check_output(written, sources)
    if resume and (method == "glove" or output == "-"):
        raise click.UsageError("--resume is for skip-gram and cbow with -o FILE.")
    began = time.monotonic()
    with Progress(quiet=quiet) as progress:
        text = read_text(sources, min_count=min_count, threads=threads, progress=progress, **reading)
        began_training = time.monotonic()
        if method == "glove":
            vectors, about = _train_glove(settings, text, threads, progress)
        else:
            vectors, about = _train_word2vec(settings, text, output, resume, threads, progress)
        seconds = time.monotonic() - began_training
        if form != "safetensors":
            options.warn_of_ngrams(vectors, output)
        vectors.save(output, form)
    state = _state(output)
    if resume and os.path.exists(state):
        os.unlink(state)  # not before the vectors are written
    about = {
        "output": output,
        "method": method,
        "words": len(vectors),
        "dimension": vectors.dimension,
        "tokens": text.n_words,
        "seconds": round(time.monotonic() - began, 3),
        **about,
    }
    if as_json:
        write_json(about)
    elif not quiet:
        stderr_line(f"{len(vectors)} words of {vectors.dimension} numbers from {text.n_words} words of text")
        speed = about.get("words_read", 0) / seconds if seconds else 0
        loss = about.get("loss")
        parts = [f"{seconds:.1f} s"]
        parts += [f"{speed / 1000:.0f} k words/s"] if speed else []
        parts += (
            [f"loss {number(loss)} nats a word" if method != "glove" else f"loss {number(loss)}"]
            if loss
            else []
        )
        stderr_line(", ".join(parts))


def _state(output: str) -> str:
    """Where training is saved when it is interrupted."""
    return f"{output}.training"


def _written(output: str, form: str, method: str) -> list[str]:
    """All files that may be written."""
    files = [output]
    files += [f"{output}.words.txt"] if form == "npy" else []
    files += [_state(output)] if method != "glove" and output != "-" else []
    return files


def _settings(
    context: click.Context,
    method: str,
    min_count: int,
    subwords: tuple[int, int] | None,
    buckets: int | None,
    given: dict[str, Any],
) -> Any:
    """The settings of a method; UsageError for an option that it does not have."""
    from ngramlm.embeddings.glove import Glove
    from ngramlm.embeddings.word2vec import Subwords, Word2Vec

    own, others = (OF_GLOVE, OF_WORD2VEC) if method == "glove" else (OF_WORD2VEC, OF_GLOVE)
    for name in others:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            flag = next(p for p in context.command.params if p.name == name).opts[-1]
            raise click.UsageError(f"{flag} is not for {method}.")
    tree = given["loss"] == "hierarchical-softmax"
    for name, idle, owner in (
        ("negatives", tree, "negative sampling"),
        ("noise_exponent", tree, "negative sampling"),
        ("cbow_update", method != "cbow", "cbow"),
    ):
        if idle and given[name] is not None:
            raise click.UsageError(f"--{name.replace('_', '-')} is for {owner}.")
    if buckets is not None and subwords is None:
        raise click.UsageError("--buckets is for --subwords MIN,MAX.")
    values = {name: given[name] for name in (*OF_ALL, *own) if given[name] is not None}
    if method == "glove":
        if subwords is not None:
            raise click.UsageError("--subwords is for skip-gram and cbow.")
        return Glove(**values)
    if subwords is not None:
        named = {} if buckets is None else {"buckets": buckets}
        values["subwords"] = Subwords(min_n=subwords[0], max_n=subwords[1], **named)
    return Word2Vec(architecture=method, min_count=min_count, **values)


def _train_word2vec(
    settings: Word2Vec, text: Text, output: str, resume: bool, threads: int | None, progress: Progress
) -> tuple[WordVectors, dict[str, Any]]:
    """Train to the end; what has been trained is saved beside the output when a signal comes."""
    training = settings.start(text)
    state = _state(output)
    if resume:
        training.resume(state)
    elif output != "-" and os.path.exists(state):
        raise click.UsageError(
            f"there is {state} of earlier training: go on from it with --resume, or remove it."
        )
    first = training.done
    progress.detail = lambda: f"learning rate {training.learning_rate:.4f}"
    with waiting_signals() as came:

        def interrupted(_: Word2VecTraining) -> bool:
            return came() is not None

        training.run(threads=threads, progress=progress, after_block=interrupted)
        number_of_signal = came()
        if number_of_signal is not None and training.done < training.n_blocks:
            if output != "-":
                training.save(state)
                stderr_line(
                    f"what has been trained is in {state}; the same command with --resume goes on from there"
                )
            say_interrupted()
            raise click.exceptions.Exit(exit_code(number_of_signal))
    progress.detail = None
    share = (training.n_blocks - first) / training.n_blocks
    about: dict[str, Any] = {"words_read": round(share * settings.epochs * int(training.counts.sum()))}
    about["words_trained"] = training.kept
    if settings.track_loss:
        about["loss"] = training.mean_loss
    return training.vectors(), about


def _train_glove(
    settings: Any, text: Text, threads: int | None, progress: Progress
) -> tuple[WordVectors, dict[str, Any]]:
    training = settings.start(text, threads=threads, progress=progress)
    training.run(threads=threads, progress=progress)
    return training.vectors(), {"pairs": training.n_pairs, "loss": training.losses[-1]}
