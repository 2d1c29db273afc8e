"""``ngramlm info``: a description of a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ngramlm.cli import options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import count, size
from ngramlm.cli.model_files import local_file, read_model
from ngramlm.cli.output import named_lines, write, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import settings
from ngramlm.cli.summary import about_counts, about_model
from ngramlm.formats.detection import Kind, kind_of

if TYPE_CHECKING:
    from ngramlm.adaptive.mixture import Mixture
    from ngramlm.models.language_model import LanguageModel

NAMES = {
    "arpa": "ARPA model",
    "binary": "binary model",
    "archive": "model of columns",
    "mixture": "mixture that adapts to what it reads",
    "counts": "n-gram counts",
}

# The largest sum of probabilities of a sound model. The rest is rounding.
MOST_SUM = 1 + 1e-3


@settings
class Info:
    """The options of ``info``."""

    path: str = options.file_argument("FILE")
    verify: bool = options.flag_option(
        "--verify",
        help_text="Check the checksums, that all n-grams fit together, and the sums of probabilities.",
    )
    as_json: bool = options.json_option()
    quiet: bool = options.quiet_option()


@make_command("info", Info, example=["ngramlm info model.arpa", "ngramlm info model.ngram --verify"])
def command(given: Info) -> None:
    """Describe a model or a file of counts, and check it.

    The description has the order, the numbers of n-grams, the size of the vocabulary and the signature.
    """
    path, verify = given.path, given.verify
    with local_file(path) as name, Progress(quiet=given.quiet) as progress:
        kind = kind_of(name)
        facts: dict[str, Any] = {"file": path, "kind": kind, "bytes": os.path.getsize(name)}
        if kind == "counts":
            from ngramlm.formats.count_files import read_counts

            counts = read_counts(name, progress=progress)
            facts |= about_counts(counts)
            if verify:
                counts.trie.check(len(counts.vocabulary))
        elif kind == "mixture":
            from ngramlm.loading import check_mixture_file, load_mixture_file

            mixture = load_mixture_file(name)
            facts |= about_mixture(mixture)
            if verify:
                check_mixture_file(name)
                facts |= about_sums(mixture, path, facts)
        else:
            from ngramlm.models.backoff import BackoffModel

            model = read_model(name, kind, progress)
            facts |= about_model(model)
            if kind == "binary":
                facts |= about_layout(name)
            if verify and isinstance(model, BackoffModel):
                from ngramlm.formats.binary import check_rows

                check_rows(model, name)
            if verify and model.normalized:
                facts |= about_sums(model, path, facts)
    if verify:
        facts["verified"] = True
    if given.as_json:
        write_json(facts)
    else:
        write(as_text(facts, kind))


def about_layout(path: str) -> dict[str, Any]:
    """Describe the layout of a binary model; for a compact layout also the bits per value, by order."""
    from ngramlm.formats.binary import describe_binary

    description = describe_binary(path)
    if description["layout"] != "compact":
        return {"layout": description["layout"]}
    bits = [list(shape[1:3]) for shape in description["shapes"]]
    return {"layout": "compact", "bits": bits}


def about_sums(model: LanguageModel, path: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Describe the largest sum of probabilities. Quantized values may sum to more than 1.

    Raises
    ------
    FormatError
        The sum is more than 1 by more than rounding.
    """
    from ngramlm.errors import FormatError
    from ngramlm.models.probability_sums import largest_sum

    total, history = largest_sum(model)
    quantized = any(bits < 32 for pair in facts.get("bits", []) for bits in pair)
    if total > MOST_SUM and not quantized:
        after = f"after {' '.join(history)!r}" if history else "without a history"
        raise FormatError(
            f"found probabilities {after} that sum to {total:.6g}; expected a sum of 1 (perplexities of this model are "
            "too low)",
            path,
        )
    return {"largest_sum": total}


def about_mixture(mixture: Mixture) -> dict[str, Any]:
    """Describe the components of a mixture and its weights."""
    closed = mixture.has_closed_vocabulary
    return {
        "vocabulary": len(mixture.vocabulary) - 1 - closed,
        "closed": closed,
        "components": mixture.describe_components(),
        "weighting": mixture.weighting.describe(),
        "signature": mixture.signature,
    }


def mixture_figures(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the lines of `about_mixture` as (name, value)."""
    counted = "with </s>, closed" if facts["closed"] else "with </s> and <unk>"
    pairs = [("Vocabulary", f"{count(facts['vocabulary'])} ({counted})"), ("Weights", facts["weighting"])]
    pairs += [(f"Component {n}", part) for n, part in enumerate(facts["components"], 1)]
    if facts.get("verified"):
        pairs.append(("Verified", "whole and consistent"))
    return [*pairs, ("Signature", facts["signature"])]


def as_text(facts: dict[str, Any], kind: Kind) -> str:
    """Write the facts one per line, then the number of n-grams of every order."""
    pairs = [
        ("File", facts["file"]),
        ("Holds", f"{NAMES[kind]}, {size(facts['bytes'])}"),
    ]
    if kind == "mixture":
        return named_lines([*pairs, *mixture_figures(facts)])
    pairs.append(("Order", str(facts["order"])))
    if "layout" in facts:
        pairs.append(("Layout", facts["layout"]))
    if "bits" in facts:
        probs, backoffs = zip(*facts["bits"], strict=True)
        shown = ", ".join(map(str, probs)) + " for probabilities"
        if len(probs) > 1:
            shown += "; " + ", ".join(map(str, backoffs[:-1])) + " for back-off weights"
        pairs.append(("Bits", shown))
    if kind == "counts":
        names = {"words": "Words", "sentences": "Sentences", "oovs": "OOVs", "types": "Types"}
        pairs += [(title, count(facts[name])) for name, title in names.items()]
    else:
        counted = "with </s>, closed" if facts["closed"] else "with </s> and <unk>"
        pairs.append(("Vocabulary", f"{count(facts['vocabulary'])} ({counted})"))
        pairs += [(name.capitalize(), value) for name, value in facts["metadata"].items() if name != "closed"]
        pairs.append(("Signature", facts["signature"]))
    if facts.get("verified"):
        pairs.append(("Verified", "whole and consistent"))
        if facts.get("largest_sum", 1) > MOST_SUM:
            shown = f"up to {facts['largest_sum']:.4f}, because the values are quantized"
            pairs.append(("Sums", shown))
    pairs += [(f"{order}-grams", count(number)) for order, number in enumerate(facts["ngrams"], 1)]
    return named_lines(pairs)
