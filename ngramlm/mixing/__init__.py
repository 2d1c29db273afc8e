"""Models added and multiplied: linear and log-linear interpolation, and their weights."""
