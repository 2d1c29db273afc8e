"""Pack the columns of a back-off model into the slots that answer queries, and unpack them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.buffers import byte_buffers
from ngramlm.core.parallel import ordered_map
from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.errors import FormatError
from ngramlm.models._backoff import Automaton
from ngramlm.models._packing import SLOT_BYTES, fill_slots, next_states, place_states, recover_histories
from ngramlm.models.columns import Columns
from ngramlm.trie.trie import Level, NgramTrie

__all__ = ["SlotLayout", "pack", "pack_pieces", "unpack"]

# The approximate number of rows of a piece that one thread fills.
PIECE_ROWS = 1 << 18


class SlotLayout(NamedTuple):
    """The positions of the slots of every history.

    Attributes
    ----------
    states : tuple[numpy.ndarray, ...]
        uint32[H] per order: the first slot of every history.
    order_states : tuple[int, ...]
        The first slot of every order, and the number of slots.
    """

    states: tuple[NDArray[np.uint32], ...]
    order_states: tuple[int, ...]

    @classmethod
    def of(cls, trie: NgramTrie) -> SlotLayout:
        """Lay out the histories of a trie."""
        states = [np.zeros(1, np.uint32)]
        order_states = [0, 1 + trie.level(1).n_rows]
        for order in range(2, trie.order + 1):
            level = trie.level(order)
            states.append(trie.workspace.empty(level.n_histories, np.uint32))
            order_states.append(place_states(level.starts, order_states[-1], states[-1]))
        return cls(tuple(states), tuple(order_states))

    @property
    def n_bytes(self) -> int:
        """The number of bytes of all slots."""
        return SLOT_BYTES * self.order_states[-1]


class _Piece(NamedTuple):
    """A range of histories of one order."""

    first: int
    end: int
    # The first slot of the piece.
    base: int
    n_slots: int


def pack(columns: Columns, threads: int) -> tuple[NDArray[np.uint8], SlotLayout]:
    """Pack all slots into memory; return them, uint8[bytes], and their layout."""
    layout = SlotLayout.of(columns.trie)
    slots = np.empty(layout.n_bytes, np.uint8)
    for _ in _fill(
        columns, layout, threads, lambda base, n: slots[SLOT_BYTES * base : SLOT_BYTES * (base + n)]
    ):
        pass
    slots.setflags(write=False)
    return slots, layout


def pack_pieces(columns: Columns, layout: SlotLayout, threads: int) -> Iterator[NDArray[np.uint8]]:
    """Yield the slots piece by piece, for a file. A piece is valid until the next one is requested."""
    buffers = byte_buffers()
    for piece in _fill(columns, layout, threads, lambda _, n: buffers.take(SLOT_BYTES * n)[: SLOT_BYTES * n]):
        yield piece
        buffers.give_back(cast("NDArray[np.uint8]", piece.base))


def _fill(
    columns: Columns, layout: SlotLayout, threads: int, buffer: Callable[[int, int], NDArray[np.uint8]]
) -> Iterator[NDArray[np.uint8]]:
    lower_next = np.empty(0, np.uint32)
    for order in range(1, columns.trie.order + 1):
        filler = _OrderFiller(columns, layout, order, lower_next, buffer)
        yield from ordered_map(filler, filler.pieces(), threads)
        lower_next = filler.next


class _OrderFiller:
    """Fills the pieces of one order. The order above needs its `next`, the state after every row."""

    def __init__(
        self,
        columns: Columns,
        layout: SlotLayout,
        order: int,
        lower_next: NDArray[np.uint32],
        buffer: Callable[[int, int], NDArray[np.uint8]],
    ) -> None:
        trie = columns.trie
        is_top = order == trie.order
        self.order = order
        self.level = trie.level(order)
        self.log10_probs = columns.log10_probs[order - 1]
        self.log10_backoffs = np.zeros(1, np.float32) if order == 1 else columns.log10_backoffs[order - 2]
        self.states = layout.states[order - 1]
        self.parent_states = layout.states[max(order - 2, 0)]
        self.end_slot = layout.order_states[order]
        self.links = np.empty(0, np.int32) if is_top else trie.history_of_row(order)
        self.linked_states = np.empty(0, np.uint32) if is_top else layout.states[order]
        self.lower_next = lower_next
        self.workspace = trie.workspace
        self.next = trie.workspace.empty(self.level.n_rows, np.uint32)
        self.buffer = buffer

    def pieces(self) -> Iterator[_Piece]:
        """Yield the pieces of the order, of about `PIECE_ROWS` rows each."""
        level = self.level
        cuts = np.searchsorted(level.starts[:-1], np.arange(0, level.n_rows, PIECE_ROWS))
        # Not np.unique: it imports numpy.ma, which takes a tenth of the start-up time of a command.
        edges = sorted({*cuts.tolist(), level.n_histories})
        for first, end in pairwise(edges):
            base = int(self.states[first])
            after = int(self.states[end]) if end < level.n_histories else self.end_slot
            yield _Piece(first, end, base, after - base)

    def __call__(self, piece: _Piece) -> NDArray[np.uint8]:
        level = self.level
        out = self.buffer(piece.base, piece.n_slots)
        next_states(
            self.links,
            level.suffixes,
            self.linked_states,
            self.lower_next,
            level.starts[piece.first],
            level.starts[piece.end],
            self.next,
        )
        fill_slots(
            out,
            piece.base,
            piece.first,
            piece.end,
            level.starts,
            level.words,
            self.log10_probs,
            self.next,
            self.states,
            level.parents,
            self.parent_states,
            self.log10_backoffs,
            self.order == 1,
        )
        self.workspace.breathe()
        return out


def unpack(
    automaton: Automaton,
    n_rows: Sequence[int],
    n_histories: Sequence[int],
    threads: int = 1,
    workspace: Workspace = IN_MEMORY,
) -> Columns:
    """Unpack the columns of an automaton, in `workspace`; raises FormatError if its slots are damaged."""
    try:
        return _unpack(automaton, n_rows, n_histories, threads, workspace)
    except FormatError:
        raise
    except (ValueError, IndexError) as error:
        raise FormatError(f"found {error}; expected the slots of a back-off model") from None


def _unpack(
    automaton: Automaton,
    n_rows: Sequence[int],
    n_histories: Sequence[int],
    threads: int,
    workspace: Workspace,
) -> Columns:
    starts, words, probs, nexts, states, _, _ = automaton.unpack(1, 1, n_rows[0])
    if not np.array_equal(words, np.arange(n_rows[0])):
        raise ValueError("unigrams out of order")
    trie = NgramTrie([Level.of_words(n_rows[0])], workspace)
    log10_probs, log10_backoffs = [probs], []
    buckets = np.empty(0, np.int32)
    orders = range(2, automaton.order + 1)
    unpacked = ordered_map(
        lambda order: automaton.unpack(order, n_histories[order - 1], n_rows[order - 1], workspace.empty),
        orders,
        threads,
    )
    for found in unpacked:
        lower, lower_nexts, lower_states = trie.level(trie.order), nexts, states
        starts, words, probs, nexts, states, backoffs, parent_states = found
        first_words, parents, suffixes, buckets, links = recover_histories(
            lower_nexts,
            lower.starts,
            lower.first_words,
            lower.words,
            buckets,
            states,
            parent_states,
            lower_states,
            starts,
            words,
            workspace.empty,
        )
        trie = trie.extended(Level(words, suffixes, starts, parents, first_words), links)
        log10_probs.append(probs)
        log10_backoffs.append(backoffs)
    return Columns(trie, log10_probs, log10_backoffs)
