"""Oracles of ngramlm.maxent."""
