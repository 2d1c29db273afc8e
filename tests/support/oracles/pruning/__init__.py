"""Oracles of ngramlm.pruning."""
