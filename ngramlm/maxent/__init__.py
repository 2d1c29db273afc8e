"""Maximum-entropy models."""

from __future__ import annotations

from ngramlm.maxent.method import MaxEnt

__all__ = ["MaxEnt"]
