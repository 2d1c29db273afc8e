"""A Huffman tree over words, for hierarchical softmax: the inner nodes on the path to each word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ngramlm.types import Int32s, Ints, Uint8s

__all__ = ["HuffmanPaths"]


@dataclass(frozen=True, eq=False)
class HuffmanPaths:
    """The inner nodes from the root to every word, and the branch taken at each node.

    Attributes
    ----------
    starts : int64[V + 1]
        Where the path of every word begins in `nodes` and `labels`.
    nodes : int32[N]
        The inner nodes of the paths. The V - 1 nodes are numbered by falling count; node 0 is the root.
    labels : uint8[N]
        1 if the path goes to the child of the smaller count, else 0.
    """

    starts: Ints
    nodes: Int32s
    labels: Uint8s

    @classmethod
    def from_counts(cls, counts: Ints) -> HuffmanPaths:
        """Build the tree whose mean path is the shortest for these counts (Huffman 1952, with two queues).

        If counts are equal, an inner node comes before a word, as in word2vec.c.

        >>> paths = HuffmanPaths.from_counts(np.array([5, 2, 1]))
        >>> np.diff(paths.starts).tolist(), paths.nodes.tolist(), paths.labels.tolist()
        ([1, 2, 2], [0, 0, 1, 0, 1], [0, 1, 0, 1, 1])
        """
        n = len(counts)
        if n < 2:
            return cls(np.zeros(n + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.uint8))
        # both queues, `leaves` and `inner`, have rising counts
        words = np.argsort(-counts, kind="stable")[::-1]
        leaves: list[int] = counts[words].tolist()
        inner: list[int] = []
        # the parent and the branch of every node: words first, then inner nodes
        parents, labels = np.zeros(2 * n - 1, np.int64), np.zeros(2 * n - 1, np.uint8)
        leaf = node = 0
        for made in range(n - 1):
            weight = 0
            for label in (1, 0):
                if node < len(inner) and (leaf == n or inner[node] <= leaves[leaf]):
                    child, weight, node = n + node, weight + inner[node], node + 1
                else:
                    child, weight, leaf = int(words[leaf]), weight + leaves[leaf], leaf + 1
                parents[child], labels[child] = made, label
            inner.append(weight)
        at, depth = np.arange(n), np.zeros(n, np.int64)
        climbing = np.arange(n)
        steps = []
        # each step moves all words one node nearer to the root
        while len(climbing):
            steps.append((climbing, parents[at], labels[at]))
            depth[climbing] += 1
            below_root = parents[at] < n - 2
            climbing, at = climbing[below_root], n + parents[at][below_root]
        starts = np.concatenate([[0], np.cumsum(depth)])
        nodes, ways = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.uint8)
        for step, (climbers, reached, labels_of) in enumerate(steps, 1):
            # paths are filled from their ends; nodes were made by rising count, and are numbered by falling count
            places = starts[climbers + 1] - step
            nodes[places], ways[places] = n - 2 - reached, labels_of
        return cls(starts, nodes, ways)
