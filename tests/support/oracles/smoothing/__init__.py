"""Oracles of the smoothing methods: slow, obvious, exact where the method is rational."""
