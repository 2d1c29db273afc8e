"""``python -m ngramlm.corpora list`` and ``python -m ngramlm.corpora export NAME FOLDER``."""

from __future__ import annotations

import sys

import click

from ngramlm.corpora.registry import CORPORA, export
from ngramlm.errors import NgramlmError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Write named corpora to files with one sentence per line."""


@main.command("list")
def list_corpora() -> None:
    """List the known corpora with their licenses."""
    for name, entry in CORPORA.items():
        click.echo(f"{name:14}{entry.description}\n{'':14}{entry.license}")


@main.command("export")
@click.argument("name")
@click.argument("folder", type=click.Path(file_okay=False))
@click.option(
    "--path", type=click.Path(exists=True, file_okay=False), help="Folder that already holds the corpus."
)
@click.option("--download", is_flag=True, help="Download the corpus if it is not in the cache.")
def export_corpus(name: str, folder: str, path: str | None, download: bool) -> None:
    """Write train.txt, heldout.txt and test.txt of a corpus into FOLDER."""
    try:
        corpus = export(name, folder, path=path, download=download)
    except (NgramlmError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    click.echo("\n".join(str(file) for file in (*corpus.train, *corpus.heldout, *corpus.test)))


if __name__ == "__main__":
    main()
