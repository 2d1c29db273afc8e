"""``ngramlm perplexity``: how well models predict a text."""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli import options
from ngramlm.cli.model_files import load_any_model
from ngramlm.cli.output import figures, number, stderr_line, table, write, write_json
from ngramlm.cli.progress import Progress

if TYPE_CHECKING:
    from ngramlm.adaptive.mixture import Mixture
    from ngramlm.evaluation.perplexity import Perplexity
    from ngramlm.evaluation.token_scores import TokenScores
    from ngramlm.models.ngram_model import NgramModel
    from ngramlm.text.text import Text

SENTENCE_COLUMNS = ("sentence", "log10_prob", "tokens", "oovs", "perplexity")
TOKEN_COLUMNS = ("token", "log10_prob", "ngram_length", "oov")
Row = tuple[Any, ...]


@options.command(
    "perplexity",
    example=[
        "ngramlm perplexity model.arpa test.txt",
        "ngramlm perplexity model.arpa model.ngram test.txt --json",
        "ngramlm perplexity model.arpa test.txt --per-token",
        "ngramlm perplexity model.arpa test.txt --documents blank",
    ],
)
@click.argument("models", nargs=-1, required=True, metavar="MODEL...", type=options.InputFile())
@click.argument("text", metavar="TEXT", type=options.InputFile())
@click.option("--per-sentence", is_flag=True, help="A line for each sentence.")
@click.option("--per-token", is_flag=True, help="A line for each token.")
@click.option("--any-vocabulary", is_flag=True, help="Compare models although their vocabularies differ.")
@options.documents_option
@options.reading_options
@options.threads_option
@options.json_option
@options.quiet_option
def command(
    models: tuple[str, ...],
    text: str,
    per_sentence: bool,
    per_token: bool,
    any_vocabulary: bool,
    documents: str | None,
    reading: dict[str, Any],
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure the perplexity of one or several models on TEXT ('-' for standard input).

    </s> is predicted and counted as a token, <s> is not. Several models give a table, and are refused when
    their vocabularies differ, as their perplexities cannot be compared. The lines of --per-sentence and
    --per-token have tabs between their columns and a first line of names; OOVs stand there as <unk>. Models that
    adapt to what they read ('ngramlm adapt') begin anew with every document.
    """
    if per_sentence and per_token:
        raise click.UsageError("--per-sentence and --per-token cannot be used together.")
    if len(models) > 1 and (per_sentence or per_token):
        raise click.UsageError("--per-sentence and --per-token take one model.")
    options.sources([text], *models)
    from ngramlm.evaluation.signature import check_same_vocabulary

    if threads is not None:
        reading["threads"] = threads
    whole = _Whole() if text == "-" and len(models) > 1 else None
    detail = _sentence_rows if per_sentence else _token_rows if per_token else None
    results, details = [], []
    known: dict[str, Any] = {}
    for path in models:
        model = load_any_model(path, quiet)
        if len(models) > 1 and not any_vocabulary:
            known[path] = _Words(model)
            check_same_vocabulary(known)
        lines = _Lines(SENTENCE_COLUMNS if per_sentence else TOKEN_COLUMNS, as_json) if detail else None
        source = whole.stream() if whole else text
        result = measure(model, source, reading, quiet, detail, lines, documents)
        results.append(result)
        if lines is not None:
            details = lines.kept
        del model
    if as_json:
        objects: list[dict[str, Any]] = [
            {"model": path, **result.as_dict()} for path, result in zip(models, results, strict=True)
        ]
        if detail:
            objects[0]["sentence_scores" if per_sentence else "token_scores"] = details
        write_json(objects[0] if len(objects) == 1 else objects)
    elif detail:
        if not quiet:
            sys.stdout.flush()
            for line in one_model(results[0]).splitlines():
                stderr_line(line)
    elif len(results) == 1:
        write(one_model(results[0]))
    else:
        write(several_models(models, results))


class _Words:
    """What is left of a model to compare its vocabulary with that of the next."""

    def __init__(self, model: NgramModel | Mixture) -> None:
        self.vocabulary = model.vocabulary
        self.has_closed_vocabulary = model.has_closed_vocabulary


class _Whole:
    """Standard input, kept to be read once for each model."""

    def __init__(self) -> None:
        self._data = sys.stdin.buffer.read()

    def stream(self) -> io.BytesIO:
        stream = io.BytesIO(self._data)
        stream.name = "<stdin>"
        return stream


class _Lines:
    """Rows of a table as they come: lines with tabs at once, or kept as objects for JSON."""

    def __init__(self, columns: tuple[str, ...], as_json: bool) -> None:
        self._columns, self._as_json = columns, as_json
        self.kept: list[dict[str, Any]] = []
        if not as_json:
            write("\t".join(columns) + "\n")

    def add(self, rows: Iterator[Row]) -> None:
        if self._as_json:
            self.kept.extend(dict(zip(self._columns, row, strict=True)) for row in rows)
        else:
            sys.stdout.writelines("\t".join(map(_cell, row)) + "\n" for row in rows)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def measure(
    model: NgramModel | Mixture,
    source: str | io.BytesIO,
    reading: dict[str, Any],
    quiet: bool,
    detail: Callable[[NgramModel | Mixture, Text, TokenScores, int], Iterator[Row]] | None,
    lines: _Lines | None,
    documents: str | None = None,
) -> Perplexity:
    """The figures of one model; its details go to ``lines`` piece by piece."""
    from ngramlm.errors import TextError
    from ngramlm.evaluation.perplexity import PerplexitySum, check_normalized, iter_scores
    from ngramlm.evaluation.signature import signature
    from ngramlm.evaluation.token_scores import TokenScores
    from ngramlm.text.oov import oov_complaint

    check_normalized(model)
    total = PerplexitySum()
    tokens = sentences = 0
    to_terminal = detail is not None and sys.stdout.isatty()
    with Progress(quiet=quiet or to_terminal) as progress:
        if documents is None:
            pieces = iter_scores(model, source, **reading)
        else:
            text = options.read_documents(source, documents, vocabulary=model.vocabulary, **reading)
            pieces = iter_scores(model, text)
        for piece, log10_probs in pieces:
            total.add(piece, log10_probs)
            if detail is not None and lines is not None:
                lines.add(detail(model, piece, TokenScores.from_text(piece, log10_probs), sentences))
            tokens += piece.n_tokens
            sentences += piece.n_sentences
            progress("scoring tokens", tokens, None)
    if not sentences:
        name = source if isinstance(source, str) and source != "-" else "<stdin>"
        raise TextError("found no sentences; expected at least one line of text", name)
    result = total.result(signature(model))
    complaint = oov_complaint(result.oovs, result.words)
    if complaint is not None and not quiet:
        stderr_line(complaint, label="warning")
    return result


def _sentence_rows(
    model: NgramModel | Mixture, piece: Text, scores: TokenScores, before: int
) -> Iterator[Row]:
    return zip(
        range(before + 1, before + piece.n_sentences + 1),
        scores.sentence_log10_probs().tolist(),
        scores.sentence_tokens().tolist(),
        scores.sentence_oovs().tolist(),
        scores.sentence_perplexities().tolist(),
        strict=True,
    )


def _token_rows(model: NgramModel | Mixture, piece: Text, scores: TokenScores, before: int) -> Iterator[Row]:
    from ngramlm.models.ngram_model import NgramModel

    lengths: Sequence[int | str] = [""] * piece.n_tokens  # a mixture has an n-gram of each model
    if isinstance(model, NgramModel):
        lengths = model.matched_orders(piece).tolist()
    return zip(
        piece.vocabulary.words(scores.ids.tolist()),
        scores.log10_probs.tolist(),
        lengths,
        scores.is_oov.tolist(),
        strict=True,
    )


def one_model(result: Perplexity) -> str:
    """The figures of one model, one a line; the first four names are KenLM's."""
    return figures(
        [
            ("Perplexity including OOVs", number(result.perplexity)),
            ("Perplexity excluding OOVs", number(result.perplexity_excluding_oov)),
            ("OOVs", str(result.oovs)),
            ("Tokens", str(result.tokens)),
            ("Perplexity per word (ppl1)", number(result.perplexity_without_eos)),
            ("Sentences", str(result.sentences)),
            ("Zero probabilities", str(result.zero_probs)),
            ("log10 probability", number(result.log10_prob, 8)),
            ("Bits per word", number(result.bits_per_word)),
            ("Bits per character", number(result.bits_per_character)),
            ("Signature", result.signature),
        ]
    )


def several_models(models: tuple[str, ...], results: list[Perplexity]) -> str:
    """A row for each model."""
    rows = [("model", "incl. OOVs", "excl. OOVs", "OOVs", "tokens", "zeros", "bits/word", "bits/char")]
    rows += [
        (
            path,
            _fixed(result.perplexity),
            _fixed(result.perplexity_excluding_oov),
            str(result.oovs),
            str(result.tokens),
            str(result.zero_probs),
            _fixed(result.bits_per_word, 4),
            _fixed(result.bits_per_character, 4),
        )
        for path, result in zip(models, results, strict=True)
    ]
    return table(rows)


def _fixed(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else number(value)
