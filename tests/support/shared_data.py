"""Texts and figures of other toolkits, where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def shared_folder() -> Path | None:
    """The folder of texts and figures of other toolkits: $NGRAMLM_SHARED, or ``../shared`` beside the project."""
    folder = Path(os.environ.get("NGRAMLM_SHARED", ROOT.parent / "shared"))
    return folder if (folder / "oracle").is_dir() and (folder / "data").is_dir() else None
