"""Oracles of ngramlm.adaptive."""
