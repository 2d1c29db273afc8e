"""File formats of models and counts: ARPA files, binary files, archives and count files."""
