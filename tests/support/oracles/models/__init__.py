"""Oracles of ngramlm.models."""
