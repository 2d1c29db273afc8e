"""``ngramlm perplexity``: the perplexity of models on a text."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import count, figure, fixed
from ngramlm.cli.inputs import read_documents
from ngramlm.cli.model_files import load_any_model
from ngramlm.cli.output import named_lines, stderr_line, table, write, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, settings

if TYPE_CHECKING:
    from ngramlm.adaptive.mixture import Mixture
    from ngramlm.evaluation.perplexity import Perplexity
    from ngramlm.evaluation.token_scores import TokenScores
    from ngramlm.models.ngram_model import NgramModel
    from ngramlm.text.text import Text

SENTENCE_COLUMNS = ("sentence", "log10_prob", "tokens", "oovs", "perplexity")
TOKEN_COLUMNS = ("token", "log10_prob", "ngram_length", "oov")
Row = tuple[Any, ...]


@settings
class PerplexityOptions:
    """The options of ``perplexity``."""

    models: tuple[str, ...] = options.models_argument()
    text: str = options.file_argument("TEXT")
    per_sentence: bool = options.flag_option("--per-sentence", help_text="Write one line per sentence.")
    per_token: bool = options.flag_option("--per-token", help_text="Write one line per token.")
    any_vocabulary: bool = options.flag_option(
        "--any-vocabulary", help_text="Compare models even if their vocabularies differ."
    )
    documents: str | None = options.documents_option()
    reading: options.Reading = group(options.Reading)
    common: options.Common = group(options.Common)


@make_command(
    "perplexity",
    PerplexityOptions,
    example=[
        "ngramlm perplexity model.arpa test.txt",
        "ngramlm perplexity model.arpa model.ngram test.txt --json",
        "ngramlm perplexity model.arpa test.txt --per-token",
        "ngramlm perplexity model.arpa test.txt --documents blank",
    ],
)
def command(given: PerplexityOptions) -> None:
    """Measure the perplexity of models on a text.

    TEXT is a file, or '-' for standard input. </s> counts as a token, <s> does not. Several models make a table. They
    must have the same vocabulary; otherwise their perplexities are not comparable. --per-sentence and --per-token write
    columns with tabs between them, and OOVs as <unk>. A model of 'ngramlm adapt' starts every document without memory.
    """
    models, text, quiet = given.models, given.text, given.common.quiet
    per_sentence, per_token = given.per_sentence, given.per_token
    if per_sentence and per_token:
        raise click.UsageError("--per-sentence and --per-token cannot be used together.")
    if len(models) > 1 and (per_sentence or per_token):
        raise click.UsageError("--per-sentence and --per-token need a single MODEL.")
    checks.sources([text], *models)
    from ngramlm.evaluation.comparability import check_same_vocabulary

    reading = given.reading.arguments()
    if given.common.threads is not None:
        reading["threads"] = given.common.threads
    whole = _Whole() if text == "-" and len(models) > 1 else None
    detail = _sentence_rows if per_sentence else _token_rows if per_token else None
    results, details = [], []
    known: dict[str, Any] = {}
    for path in models:
        model = load_any_model(path, quiet)
        if len(models) > 1 and not given.any_vocabulary:
            known[path] = _Words(model)
            check_same_vocabulary(known)
        lines = (
            _Lines(SENTENCE_COLUMNS if per_sentence else TOKEN_COLUMNS, given.common.as_json)
            if detail
            else None
        )
        source = whole.stream() if whole else text
        result = measure(model, source, reading, quiet, detail, lines, given.documents)
        results.append(result)
        if lines is not None:
            details = lines.kept
        del model
    if given.common.as_json:
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
    """The vocabulary of a model without the model, to compare it with the vocabulary of the next model."""

    def __init__(self, model: NgramModel | Mixture) -> None:
        self.vocabulary = model.vocabulary
        self.has_closed_vocabulary = model.has_closed_vocabulary


class _Whole:
    """The whole standard input, which can be read once for each model."""

    def __init__(self) -> None:
        from ngramlm.core.files import standard_input

        self._data = standard_input().read()

    def stream(self) -> io.BytesIO:
        """Return a stream from the beginning."""
        stream = io.BytesIO(self._data)
        stream.name = "<stdin>"
        return stream


class _Lines:
    """The rows of a table. They are written at once with tabs, or kept as objects for JSON."""

    def __init__(self, columns: tuple[str, ...], as_json: bool) -> None:
        self._columns, self._as_json = columns, as_json
        self.kept: list[dict[str, Any]] = []
        if not as_json:
            write("\t".join(columns) + "\n")

    def add(self, rows: Iterator[Row]) -> None:
        """Write or keep some rows."""
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
    """Compute the figures of one model. Its details go to ``lines`` piece by piece."""
    from ngramlm.errors import TextError
    from ngramlm.evaluation.perplexity import PerplexitySum, check_normalized, iter_scores
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
            text = read_documents(source, documents, vocabulary=model.vocabulary, **reading)
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
    result = total.result(model.signature)
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
    orders = model.matched_orders(piece)
    # In a mixture each model matches an n-gram of its own, so there is no single length.
    lengths: Sequence[int | str] = [""] * piece.n_tokens if orders is None else orders.tolist()
    return zip(
        piece.vocabulary.words(scores.ids.tolist()),
        scores.log10_probs.tolist(),
        lengths,
        scores.is_oov.tolist(),
        strict=True,
    )


def one_model(result: Perplexity) -> str:
    """Write the figures of one model, one per line. The first four names are KenLM's."""
    return named_lines(
        [
            ("Perplexity including OOVs", figure(result.perplexity)),
            ("Perplexity excluding OOVs", figure(result.perplexity_excluding_oov)),
            ("OOVs", count(result.oovs)),
            ("Tokens", count(result.tokens)),
            ("Perplexity without </s>", figure(result.perplexity_without_eos)),
            ("Sentences", count(result.sentences)),
            ("Zero probabilities", count(result.zero_probs)),
            ("log10 probability", figure(result.log10_prob, 8)),
            ("Bits per word", figure(result.bits_per_word)),
            ("Bits per character", figure(result.bits_per_character)),
            ("Characters", f"{count(result.characters)} ({result.counted})"),
            ("Signature", result.signature),
        ]
    )


def several_models(models: tuple[str, ...], results: list[Perplexity]) -> str:
    """Make a table with a row for each model."""
    rows = [("model", "incl. OOVs", "excl. OOVs", "OOVs", "tokens", "zeros", "bits/word", "bits/char")]
    rows += [
        (
            path,
            fixed(result.perplexity, 3),
            fixed(result.perplexity_excluding_oov, 3),
            count(result.oovs),
            count(result.tokens),
            count(result.zero_probs),
            fixed(result.bits_per_word, 4),
            fixed(result.bits_per_character, 4),
        )
        for path, result in zip(models, results, strict=True)
    ]
    return table(rows)
