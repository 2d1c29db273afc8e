"""Oracles of ngramlm.trie."""
