"""``ngramlm embed``: word vectors, trained, asked and converted."""

from __future__ import annotations

from ngramlm.cli.commands import CommandGroup
from ngramlm.cli.embed_analogy import analogy
from ngramlm.cli.embed_convert import convert
from ngramlm.cli.embed_evaluate import evaluate
from ngramlm.cli.embed_nearest import nearest
from ngramlm.cli.embed_train import train

command = CommandGroup(
    "embed",
    members=(train, nearest, analogy, evaluate, convert),
    help="""Train and use word vectors.

    VECTORS is a file of word2vec, GloVe or fastText, or a .safetensors or .npy file. The commands find its format from
    its contents.
    """,
)
