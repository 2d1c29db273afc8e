"""Mixing: linear and log-linear interpolation of models, and the estimation of their weights."""
