"""Run the command ``ngramlm`` by ``python -m ngramlm``."""

from ngramlm.cli.main import main

if __name__ == "__main__":
    main()
