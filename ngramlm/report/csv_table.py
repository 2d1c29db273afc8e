"""A comparison as CSV, for other programs."""

from __future__ import annotations

import csv
import io

from ngramlm.evaluation.results import Comparison, Row

__all__ = ["to_csv"]


def to_csv(comparison: Comparison) -> str:
    """One line a row with all figures in full precision; empty where there is none or it is infinite.

    ``matched_orders`` has spaces between its numbers, ``warnings`` semicolons.
    """
    out = io.StringIO()
    dicts = [_flat(row) for row in comparison.rows]
    writer = csv.DictWriter(out, list(dicts[0]) if dicts else ["model", "text"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(dicts)
    return out.getvalue()


def _flat(row: Row) -> dict[str, object]:
    values = row.as_dict()
    orders = values["matched_orders"]
    values["matched_orders"] = None if orders is None else " ".join(map(str, orders))
    values["warnings"] = "; ".join(values["warnings"])
    return values
