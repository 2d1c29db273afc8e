"""A comparison as CSV, for other programs."""

from __future__ import annotations

import csv
import io

from ngramlm.evaluation.results import Comparison
from ngramlm.evaluation.row import Row

__all__ = ["to_csv"]


def to_csv(comparison: Comparison) -> str:
    """Write one line for each row, with all figures in full precision. An infinite or missing figure is empty.

    Spaces separate the numbers in ``matched_orders``, semicolons the messages in ``warnings``.
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
