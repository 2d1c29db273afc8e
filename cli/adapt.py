"""``ngramlm adapt``: models that adapt to what they read."""

from __future__ import annotations

from ngramlm.cli.adapt_cache import cache
from ngramlm.cli.adapt_domain import domain
from ngramlm.cli.adapt_marginals import marginals
from ngramlm.cli.adapt_maxent import maxent
from ngramlm.cli.adapt_topics import topics
from ngramlm.cli.commands import CommandGroup

command = CommandGroup(
    "adapt",
    members=(cache, topics, maxent, marginals, domain),
    help="""Make a model that adapts to a text or a domain.

    'ngramlm perplexity', 'score', 'next' and 'compare --model' take the new models.
    """,
)
