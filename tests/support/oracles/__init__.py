"""Slow, obvious implementations of what the library computes. The tests compare the two.

Each oracle has the relative path of the module whose results it checks. An oracle knows no rows, columns or word ids:
an n-gram is a tuple of words, oldest first, and every table is a dictionary. With ``number=Fraction`` (the default)
probabilities are exact.
"""
