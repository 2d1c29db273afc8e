"""``python -m ngramlm`` is the command ``ngramlm``."""

from ngramlm.cli.main import main

if __name__ == "__main__":
    main()
