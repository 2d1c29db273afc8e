"""Pruning: make models smaller, by relative entropy, by weighted difference, in Kneser-Ney, or by fewer words."""

from __future__ import annotations

from ngramlm.pruning.costs import CRITERIA, pruning_costs
from ngramlm.pruning.pruned_kneser_ney import PrunedKneserNey
from ngramlm.pruning.threshold import prune
from ngramlm.pruning.vocabulary_restriction import restrict_vocabulary

__all__ = ["CRITERIA", "PrunedKneserNey", "prune", "pruning_costs", "restrict_vocabulary"]
