"""``ngramlm embed train``: word vectors from text."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import figure, plural
from ngramlm.cli.names import ARCHITECTURES, CBOW_UPDATES, LOSSES, SUBSAMPLE_RULES
from ngramlm.cli.output import stderr_line, write_json
from ngramlm.cli.parameter_types import Numbers
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import given_flags, group, option, settings
from ngramlm.cli.signals import exit_code, say_interrupted, waiting_signals

if TYPE_CHECKING:
    from ngramlm.embeddings import WordVectors
    from ngramlm.embeddings.word2vec import Word2Vec
    from ngramlm.embeddings.word2vec_training import Word2VecTraining
    from ngramlm.text.text import Text

METHODS = (*ARCHITECTURES, "glove")
# Options that only some methods have. Each has the name of the setting in the library.
OF_WORD2VEC = (
    "loss",
    "negatives",
    "noise_exponent",
    "shared_negatives",
    "subsample",
    "subsample_rule",
    "cbow_update",
    "track_loss",
)
OF_GLOVE = ("x_max", "alpha", "symmetric")
OF_ALL = ("dimension", "window", "epochs", "learning_rate", "seed")


@settings
class EmbedTrain:
    """The options of ``embed train``. None stands for the default of the method."""

    texts: tuple[str, ...] = options.texts_argument()
    method: str = options.choice_option("--method", METHODS, "Training method")
    output: str = options.output_option(
        "Write the vectors to FILE: .safetensors (keeps subwords), .bin (word2vec binary), .txt, .vec (word2vec text, "
        "also .gz, ...), or .npy; '-' is word2vec text on standard output.",
        required=True,
    )
    dimension: int | None = options.integer_option(
        "--dimension", help_text="Number of components of a vector.  [default: 100]"
    )
    window: int | None = options.integer_option(
        "--window", help_text="Use at most N words on each side.  [default: 5; 15 for glove]"
    )
    min_count: int = options.integer_option(
        "--min-count", default=5, most=1 << 60, help_text="Train only words that occur N times or more."
    )
    epochs: int | None = options.integer_option(
        "--epochs", help_text="Number of passes over the text.  [default: 5; 25 for glove]"
    )
    learning_rate: float | None = options.number_option(
        "--learning-rate",
        metavar="R",
        min=0,
        min_open=True,
        help_text="Learning rate at the start.  [default: 0.025; 0.05 for cbow and glove]",
    )
    loss: str | None = option(
        "--loss",
        type=click.Choice(LOSSES),
        metavar="NAME",
        help=f"Training loss: {', '.join(LOSSES)}.  [default: {LOSSES[0]}]",
    )
    negatives: int | None = options.integer_option(
        "--negatives", help_text="Number of noise words (negative samples) per pair.  [default: 5]"
    )
    noise_exponent: float | None = options.number_option(
        "--noise-exponent",
        metavar="E",
        help_text="Draw noise words in proportion to their count to the power E.  [default: 0.75]",
    )
    shared_negatives: bool | None = options.flag_option(
        "--shared-negatives",
        default=None,
        help_text="Share the noise words among the pairs of a window; twice as fast. For skip-gram.",
    )
    subsample: float | None = options.number_option(
        "--subsample",
        metavar="T",
        min=0,
        help_text="Skip some occurrences of words with a relative frequency above 2.618 T; 0 skips nothing.  "
        "[default: 0.001]",
    )
    subsample_rule: str | None = option(
        "--subsample-rule",
        type=click.Choice(SUBSAMPLE_RULES),
        metavar="NAME",
        help="Keep an occurrence with probability sqrt(T/f) + T/f (word2vec), or sqrt(T/f) (paper).  "
        f"[default: {SUBSAMPLE_RULES[0]}]",
    )
    cbow_update: str | None = option(
        "--cbow-update",
        type=click.Choice(CBOW_UPDATES),
        metavar="NAME",
        help="For cbow: every word of the window moves by the whole gradient of their mean (word2vec), or by the "
        "gradient divided by the number of words (exact). With sum, the sum of the words predicts.  "
        f"[default: {CBOW_UPDATES[0]}]",
    )
    subwords: tuple[int, int] | None = option(
        "--subwords",
        type=Numbers(least=1, length=2),
        metavar="MIN,MAX",
        help="Also train n-grams of MIN to MAX characters, as fastText does; 3,6 is usual.",
    )
    buckets: int | None = options.integer_option(
        "--buckets", help_text="Number of rows that the n-grams of --subwords share.  [default: 2,000,000]"
    )
    x_max: float | None = options.number_option(
        "--x-max",
        metavar="X",
        min=0,
        min_open=True,
        help_text="For glove: give full weight to pairs with a count of X or more.  [default: 100]",
    )
    alpha: float | None = options.number_option(
        "--alpha",
        metavar="A",
        min=0,
        help_text="For glove: weight rarer pairs by (count / X) to the power A.  [default: 0.75]",
    )
    symmetric: bool | None = option(
        "--symmetric/--left-only",
        default=None,
        help="For glove: count words on both sides, or only on the left.  [default: both sides]",
    )
    track_loss: bool | None = options.flag_option(
        "--track-loss", default=None, help_text="Report the mean loss. Training then takes a third more time."
    )
    resume: bool = options.flag_option(
        "--resume",
        help_text="Continue from FILE.training, which an interrupted training leaves next to FILE. Not for glove.",
    )
    seed: int | None = options.seed_option("1")
    reading: options.Reading = group(options.Reading)
    common: options.Common = group(options.Common)


@make_command(
    "train",
    EmbedTrain,
    example=[
        "ngramlm embed train train.txt -o vectors.safetensors",
        "ngramlm embed train train.txt --shared-negatives --dimension 50 --min-count 2 -o vectors.txt",
        "ngramlm embed train train.txt --method cbow --subwords 3,6 --buckets 10000 -o vectors.safetensors",
        "ngramlm embed train train.txt --method glove --window 10 -o vectors.bin",
    ],
)
def train(given: EmbedTrain) -> None:
    """Train vectors of the words of a text.

    TEXT has one sentence per line. Several files count as one text. With one thread, the vectors are the same every
    time. With several threads, the results of skip-gram and cbow differ a little from run to run. Ctrl-C saves the
    state to FILE.training, for --resume.
    """
    from ngramlm.embeddings.vector_formats import vectors_format
    from ngramlm.text.reading import read_text

    method, output, resume = given.method, given.output, given.resume
    threads, reading = given.common.threads, given.reading.arguments()
    checks.check_json(given.common.as_json, output)
    training = _training_settings(given)
    form = vectors_format(output, "word2vec" if output == "-" else None)
    sources = checks.sources(given.texts)
    for written in _written(output, form, method):
        checks.check_output(written, sources)
    if resume and (method == "glove" or output == "-"):
        raise click.UsageError("--resume is for --method skip-gram and cbow with -o FILE.")
    began = time.monotonic()
    with Progress(quiet=given.common.quiet) as progress:
        text = read_text(sources, min_count=given.min_count, threads=threads, progress=progress, **reading)
        began_training = time.monotonic()
        if method == "glove":
            vectors, about = _train_glove(training, text, threads, progress)
        else:
            vectors, about = _train_word2vec(training, text, output, resume, threads, progress)
        seconds = time.monotonic() - began_training
        if form != "safetensors":
            checks.warn_of_ngrams(vectors, output)
        vectors.save(output, form)
    state = _state(output)
    if resume and os.path.exists(state):
        # only after the vectors are written
        os.unlink(state)
    about = {
        "output": output,
        "method": method,
        "words": len(vectors),
        "dimension": vectors.dimension,
        "tokens": text.n_words,
        "seconds": round(time.monotonic() - began, 3),
        **about,
    }
    if given.common.as_json:
        write_json(about)
    elif not given.common.quiet:
        stderr_line(
            f"{plural(len(vectors), 'word')} of {plural(vectors.dimension, 'component')} from "
            f"{plural(text.n_words, 'word')} of text"
        )
        speed = about.get("words_read", 0) / seconds if seconds else 0
        loss = about.get("loss")
        parts = [f"{seconds:.1f} s"]
        parts += [f"{speed / 1000:.0f} k words/s"] if speed else []
        if loss:
            parts.append(f"loss {figure(loss)}" + ("" if method == "glove" else " nats a word"))
        stderr_line(", ".join(parts))


def _state(output: str) -> str:
    """Return the name of the file that keeps interrupted training."""
    return f"{output}.training"


def _written(output: str, form: str, method: str) -> list[str]:
    """List all files that the command may write."""
    files = [output]
    files += [f"{output}.words.txt"] if form == "npy" else []
    files += [_state(output)] if method != "glove" and output != "-" else []
    return files


def _training_settings(given: EmbedTrain) -> Any:
    """Return the settings of a method; raise UsageError for an option that the method does not have."""
    from ngramlm.embeddings.glove import Glove
    from ngramlm.embeddings.word2vec import Subwords, Word2Vec

    method = given.method
    own, others = (OF_GLOVE, OF_WORD2VEC) if method == "glove" else (OF_WORD2VEC, OF_GLOVE)
    for flag in given_flags(EmbedTrain, others):
        raise click.UsageError(f"{flag} is not for --method {method}.")
    tree = given.loss == "hierarchical-softmax"
    for flag, value, idle, owner in (
        ("--negatives", given.negatives, tree, "--loss negative-sampling"),
        ("--noise-exponent", given.noise_exponent, tree, "--loss negative-sampling"),
        ("--cbow-update", given.cbow_update, method != "cbow", "--method cbow"),
    ):
        if idle and value is not None:
            raise click.UsageError(f"{flag} is for {owner}.")
    if given.buckets is not None and given.subwords is None:
        raise click.UsageError("--buckets needs --subwords MIN,MAX.")
    values = {name: value for name in (*OF_ALL, *own) if (value := getattr(given, name)) is not None}
    if method == "glove":
        if given.subwords is not None:
            raise click.UsageError("--subwords is for --method skip-gram and cbow.")
        return Glove(**values)
    if given.subwords is not None:
        named = {} if given.buckets is None else {"buckets": given.buckets}
        values["subwords"] = Subwords(min_n=given.subwords[0], max_n=given.subwords[1], **named)
    return Word2Vec(architecture=method, min_count=given.min_count, **values)


def _train_word2vec(
    settings: Word2Vec, text: Text, output: str, resume: bool, threads: int | None, progress: Progress
) -> tuple[WordVectors, dict[str, Any]]:
    """Train to the end. At a signal, save the state beside the output and exit."""
    training = settings.start(text)
    state = _state(output)
    if resume:
        training.resume(state)
    elif output != "-" and os.path.exists(state):
        raise click.UsageError(
            f"found {state} of earlier training; expected --resume, to continue from it, or no such file."
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
                    f"saved the training in {state}; the same command with --resume continues from there"
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
