"""Reading and writing of models and counts: ARPA, binary files, archives, count files."""
