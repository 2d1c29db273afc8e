"""The ``ngramlm`` command: the group in ``main.py``, one file for each subcommand."""
