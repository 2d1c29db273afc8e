"""Slow, obvious implementations; the tests compare the library with them."""
