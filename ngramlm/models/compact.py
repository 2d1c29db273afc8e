"""Columns of a back-off model -> the compact layout; `compact_unpacking.py` leads back.

The layout is described in `_forward.pyx`: the n-grams in forward order, numbered among the children of their suffix,
with quantized values. It takes about a quarter of what the slots of `automaton.py` take.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import ordered_map
from ngramlm.errors import UsageError
from ngramlm.models._forward import forward_rows, pack_rows, plan_rows
from ngramlm.models.columns import Columns
from ngramlm.models.quantization import RAW_BITS, Codes, quantize
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Float32s, Int32s

__all__ = ["BITS", "CompactPlan", "Shape"]

Int64s = NDArray[np.int64]
UInt8s = NDArray[np.uint8]

BITS = 8  # of a quantized value
PIECE_ROWS = 1 << 18  # rows (about) of a piece that one thread packs
NO_PLACES = np.empty(0, np.int32)


class Shape(NamedTuple):
    """The sizes of one order: what the header of a file says of it."""

    end: int = 0  # bits of its rows
    prob_bits: int = 0
    backoff_bits: int = 0
    pointer_bits: int = 0

    @property
    def fixed(self) -> int:
        """Bits of a row without its number."""
        return self.prob_bits + self.backoff_bits + self.pointer_bits

    @property
    def n_bytes(self) -> int:
        """Bytes of its rows, with room behind them to read eight bytes anywhere."""
        return (self.end + self.fixed + 63) // 64 * 8 + 8


@dataclass(frozen=True, eq=False)
class _Family:
    """The slots of one order in forward order, and how many slots the children of each take."""

    rows: Int32s  # int32[S]: -1 for an empty slot
    sizes: Int32s  # int32[S]; empty for the top order
    bits: UInt8s  # uint8[S]: bits of the children's numbers


@dataclass(frozen=True)
class _Piece:
    order: int
    first: int
    end: int
    parent: int
    child: int
    at: int
    place: int


def multiplier_of(n_words: int) -> int:
    """What spreads word ids evenly over as many places: near the golden section, without a common divisor."""
    by = max(1, round(n_words * 0.6180339887498949))
    while math.gcd(by, n_words) != 1:
        by += 1
    return by


class CompactPlan:
    """Where everything will stand: made before anything is packed.

    Attributes:
        shapes: of every order.
        multiplier: see `CompactAutomaton`.
        books: float32, the values of all codes.
    """

    def __init__(self, columns: Columns, bits: int = BITS) -> None:
        if not (4 <= bits <= 16 or bits == RAW_BITS):
            raise UsageError(f"bits is {bits}; expected 4 to 16, or {RAW_BITS} for values as they are")
        trie = columns.trie
        self.columns = columns
        self.multiplier = multiplier_of(trie.level(1).n_rows)
        self._arrange(trie)
        # the unigrams are few, and all backing off ends with them: they stay as they are
        self._probs = [
            quantize(column, bits, lossless=k == 0) for k, column in enumerate(columns.log10_probs)
        ]
        self._backoffs = [
            quantize(column, bits, lossless=k == 0) for k, column in enumerate(columns.log10_backoffs)
        ]
        books = [codes.book for pair in self._code_pairs() for codes in pair]
        self.books: Float32s = np.concatenate(books) if books else np.empty(0, np.float32)
        self._plan_orders(trie.order)

    @property
    def n_bytes(self) -> int:
        """Bytes of the rows, which `pieces` yields."""
        return sum(shape.n_bytes for shape in self.shapes)

    def _code_pairs(self) -> Iterator[tuple[Codes, ...]]:
        for k, probs in enumerate(self._probs):
            yield (probs, self._backoffs[k]) if k < len(self._backoffs) else (probs,)

    def _arrange(self, trie: NgramTrie) -> None:
        """The forward order of every order."""
        n_words = trie.level(1).n_rows
        places = (np.arange(n_words) * self.multiplier % n_words).astype(np.int32)
        rows = np.argsort(places).astype(np.int32)
        # of the root, and of the rows of every order but the top
        self._places = [np.zeros(1, np.int32), places]
        word_places, slots = places, np.array([n_words], np.int32)
        self._families = [
            _Family(np.zeros(1, np.int32), np.full(1, n_words, np.int32), np.zeros(1, np.uint8))
        ]
        for order in range(2, trie.order + 1):
            level, is_top = trie.level(order), order == trie.order
            places = NO_PLACES if is_top else np.empty(level.n_rows, np.int32)
            own_slots = NO_PLACES if is_top else np.empty(len(level.parents), np.int32)
            higher, sizes, bits = forward_rows(
                rows,
                trie.history_of_row(order - 1),
                level.starts,
                level.parents,
                level.suffixes,
                level.words,
                self._places[order - 1],
                slots,
                word_places,
                places,
                own_slots,
            )
            self._families.append(_Family(rows, sizes, bits))
            self._places.append(places)
            rows, slots = higher, own_slots
        self._families.append(_Family(rows, np.empty(0, np.int32), np.empty(0, np.uint8)))

    def _plan_orders(self, top: int) -> None:
        shapes, self._pieces = [], []
        child = Shape()
        for order in range(top, 0, -1):
            lower, own = self._families[order - 1], self._families[order]
            shape = Shape(prob_bits=self._probs[order - 1].bits)
            if order < top:
                shape = shape._replace(
                    backoff_bits=self._backoffs[order - 1].bits, pointer_bits=child.end.bit_length()
                )
            end, _, table = plan_rows(
                lower.sizes, lower.bits, own.sizes, own.bits, shape.fixed, child.fixed, PIECE_ROWS
            )
            ends = [*table[1:, 0].tolist(), len(own.rows) + (order < top)]
            pieces = [
                _Piece(order, row[0], last, *row[1:]) for row, last in zip(table.tolist(), ends, strict=True)
            ]
            child = shape._replace(end=end)
            shapes.append(child)
            self._pieces.append(pieces)
        self._pieces.reverse()
        self.shapes: tuple[Shape, ...] = tuple(reversed(shapes))

    def pieces(self, threads: int) -> Iterator[UInt8s]:
        """The rows of all orders, piece by piece."""
        for order, shape in enumerate(self.shapes, 1):
            carried, written = 0, 0  # bits of a byte that the piece before has begun, bytes
            pieces = self._pieces[order - 1]
            for piece, packed in zip(pieces, ordered_map(self._pack, pieces, threads), strict=True):
                buffer, end = packed
                buffer[0] |= carried
                whole = end // 8
                carried = int(buffer[whole])
                if piece is pieces[-1]:
                    whole = shape.n_bytes - written  # zeros behind the last bit
                    buffer = np.concatenate([buffer[: end // 8 + 1], np.zeros(whole, np.uint8)])
                written += whole
                yield buffer[:whole]

    def _pack(self, piece: _Piece) -> tuple[UInt8s, int]:
        """The bits of a piece, from that in its first byte where it begins; and their number."""
        order, shape = piece.order, self.shapes[piece.order - 1]
        lower, own, columns = self._families[order - 1], self._families[order], self.columns
        is_top = order == columns.trie.order
        next_shape = shape if is_top else self.shapes[order]
        probs, backoffs = self._probs[order - 1], None if is_top else self._backoffs[order - 1]
        widest = shape.fixed + 32
        out = np.zeros(((piece.end - piece.first) * widest + 7) // 8 + 24, np.uint8)
        end = pack_rows(
            out,
            piece.first,
            piece.end,
            piece.parent,
            piece.child,
            piece.at,
            piece.place,
            own.rows,
            lower.sizes,
            lower.bits,
            own.sizes,
            own.bits,
            columns.trie.level(order).suffixes,
            self._places[order - 1],
            NO_PLACES if is_top else columns.trie.history_of_row(order),
            probs.codes,
            np.empty(0, np.uint16) if backoffs is None else backoffs.codes,
            columns.log10_probs[order - 1],
            np.empty(0, np.float32) if backoffs is None else columns.log10_backoffs[order - 1],
            shape.prob_bits,
            shape.backoff_bits,
            shape.pointer_bits,
            next_shape.fixed,
        )
        return out, end
