"""Maximum-entropy models: of n-grams, which are back-off tables, and of running text with its documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ngramlm.core.lazy import lazy_names

if TYPE_CHECKING:
    from ngramlm.maxent.class_method import ClassMaxEnt
    from ngramlm.maxent.class_model import ClassMaxEntModel
    from ngramlm.maxent.method import MaxEnt
    from ngramlm.maxent.text_method import TextMaxEnt
    from ngramlm.maxent.text_model import MaxEntModel

__all__ = ["ClassMaxEnt", "ClassMaxEntModel", "MaxEnt", "MaxEntModel", "TextMaxEnt"]

__getattr__ = lazy_names(
    globals(),
    {
        "ClassMaxEnt": "class_method",
        "ClassMaxEntModel": "class_model",
        "MaxEnt": "method",
        "MaxEntModel": "text_model",
        "TextMaxEnt": "text_method",
    },
)
