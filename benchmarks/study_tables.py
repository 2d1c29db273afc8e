"""The tables of the study, from what `study.py` found on one or several texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LEVEL = 0.05
CLAIMS = ("H1", "H2", "H3", "H4", "H5", "H6", "H7", "H9a", "H9b", "H9c", "H9d")


def render(studies: Sequence[Mapping[str, Any]]) -> str:
    """All tables as Markdown."""
    blocks = ["## Texts", texts(studies)]
    for policy in _distinct(studies, "cells", "policy"):
        for order in _distinct(studies, "cells", "order"):
            title = f"order {order}, {policy} vocabulary"
            blocks += [f"## Bits per word, {title}", bits(studies, policy, order)]
            for claim in CLAIMS:
                blocks += [f"## {claim}, {title}", differences(studies, claim, policy, order)]
            blocks += [
                f"## H9c count by count, {title}",
                count_classes(studies, policy, order),
            ]
    return "\n\n".join(block for block in blocks if block)


def texts(studies: Sequence[Mapping[str, Any]]) -> str:
    """What was trained and tested on."""
    header = [
        "text",
        "sentences",
        "tokens",
        "held-out tokens",
        "test tokens",
        "OOVs of the test text by size",
    ]
    rows = []
    for study in studies:
        about = study["about"]
        oovs = {part["size"]: part["oovs"] for part in study["parts"] if part["policy"] != "fixed"}
        keys = ("name", "sentences", "tokens", "heldout_tokens", "test_tokens")
        rows.append([*(str(about[key]) for key in keys), ", ".join(map(str, oovs.values()))])
    return table(header, rows)


def bits(studies: Sequence[Mapping[str, Any]], policy: str, order: int) -> str:
    """Bits per word of every method and size: tuned, then by formula where they differ; the mean over the texts."""
    sizes = _distinct(studies, "cells", "size")
    found: dict[tuple[str, bool, Any], list[float]] = {}
    for study in studies:
        for cell in study["cells"]:
            if (cell["policy"], cell["order"]) == (policy, order):
                found.setdefault((cell["method"], cell["tuned"], cell["size"]), []).append(cell["bits"])
    methods = list(dict.fromkeys(method for method, _, _ in found))
    rows = []
    for method in methods:
        row = [method]
        for size in sizes:
            values = [_mean(found.get((method, tuned, size), []), len(studies)) for tuned in (True, False)]
            row.append(values[0] if values[0] == values[1] else " / ".join(values))
        rows.append(row)
    return table(["tuned / formula", *(f"{size} sentences" for size in sizes)], rows)


def differences(studies: Sequence[Mapping[str, Any]], claim: str, policy: str, order: int) -> str:
    """Every pair of a claim: the range of the difference over the texts, and on how many it is significant."""
    sizes = _distinct(studies, "differences", "size")
    found: dict[tuple[str, str, bool], dict[Any, list[Mapping[str, Any]]]] = {}
    for study in studies:
        for pair in study["differences"]:
            if (pair["claim"], pair["policy"], pair["order"]) == (claim, policy, order):
                key = (pair["one"], pair["other"], pair["tuned"])
                found.setdefault(key, {}).setdefault(pair["size"], []).append(pair)
    rows = []
    for (one, other, tuned), by_size in found.items():
        how = "" if claim == "H9d" else "tuned" if tuned else "formula"
        rows.append([f"{one} − {other}", how, *(_range(by_size.get(size, [])) for size in sizes)])
    return table(["bits", "", *(f"{size} sentences" for size in sizes)], rows) if rows else ""


def count_classes(studies: Sequence[Mapping[str, Any]], policy: str, order: int) -> str:
    """Interpolated minus back-off in bits per n-gram of each count, tuned, at the whole text: range over the texts."""
    found: dict[tuple[str, bool, Any], dict[str, list[float]]] = {}
    for study in studies:
        for cell in study["count_classes"]:
            if (cell["policy"], cell["order"]) == (policy, order) and cell["tokens"]:
                key = (cell["method"], cell["tuned"], cell["size"])
                value = (cell["interpolated"] - cell["backoff"]) / cell["tokens"]
                found.setdefault(key, {}).setdefault(cell["count"], []).append(value)
    classes = _distinct(studies, "count_classes", "count")
    rows = []
    for (method, tuned, size), by_count in found.items():
        cells = [_span(by_count.get(count, [])) for count in classes]
        rows.append([method, "tuned" if tuned else "formula", str(size), *cells])
    header = [
        "interpolated − back-off, bits per n-gram",
        "",
        "sentences",
        *(f"r = {count}" for count in classes),
    ]
    return table(header, rows) if rows else ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown: the first column to the left, the others to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _distinct(studies: Sequence[Mapping[str, Any]], what: str, key: str) -> list[Any]:
    """The values that occur, in the order in which they come, the whole text last."""
    values = dict.fromkeys(cell[key] for study in studies for cell in study[what])
    return [value for value in values if value != "all"] + ["all"] * ("all" in values)


def _mean(values: Sequence[float], expected: int) -> str:
    return f"{sum(values) / len(values):.3f}" if len(values) == expected else "–"


def _range(pairs: Sequence[Mapping[str, Any]]) -> str:
    if not pairs:
        return "–"
    significant = sum(pair["p_value"] < LEVEL for pair in pairs)
    return f"{_span([pair['difference'] for pair in pairs])} ({significant}/{len(pairs)})"


def _span(values: Sequence[float]) -> str:
    """
    >>> _span([-0.25, 0.5]), _span([0.125])
    ('−0.250..+0.500', '+0.125')
    """
    if not values:
        return "–"
    ends = [f"{value:+.3f}".replace("-", "−") for value in (min(values), max(values))]
    return ends[0] if ends[0] == ends[1] else "..".join(ends)
