"""Oracles of ngramlm.embeddings."""
