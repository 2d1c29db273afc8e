"""Oracles of ngramlm.text."""
