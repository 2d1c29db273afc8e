"""Pack the columns of a back-off model into the compact layout; `compact_unpacking.py` leads back.

`_forward.pyx` describes the layout. N-grams are in forward order, numbered among the children of their suffix, and have
quantized values. The layout takes about a quarter of the memory of the slots of `automaton.py`.
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

# The default number of bits of a quantized value.
BITS = 8
# The approximate number of rows of a piece that one thread packs.
PIECE_ROWS = 1 << 18
NO_PLACES = np.empty(0, np.int32)


class Shape(NamedTuple):
    """The sizes of one order, as the header of a file has them.

    Attributes
    ----------
    end : int
        The number of bits of all rows.
    prob_bits, backoff_bits, pointer_bits : int
        The number of bits of a probability, of a back-off weight, and of a pointer to the children.
    """

    end: int = 0
    prob_bits: int = 0
    backoff_bits: int = 0
    pointer_bits: int = 0

    @property
    def fixed(self) -> int:
        """The number of bits of a row without its number."""
        return self.prob_bits + self.backoff_bits + self.pointer_bits

    @property
    def n_bytes(self) -> int:
        """The number of bytes of all rows, with room behind them to read eight bytes anywhere."""
        return (self.end + self.fixed + 63) // 64 * 8 + 8


@dataclass(frozen=True, eq=False)
class _Family:
    """The slots of one order in forward order, and the number of slots that the children of each take."""

    # int32[S]: the row in each slot, -1 for an empty slot.
    rows: Int32s
    # int32[S]: the number of slots of the children; empty for the top order.
    sizes: Int32s
    # uint8[S]: the number of bits of the numbers of the children.
    bits: UInt8s


@dataclass(frozen=True)
class _Piece:
    """A range of slots of one order, and where it begins; see `plan_rows`."""

    order: int
    first: int
    end: int
    parent: int
    child: int
    at: int
    place: int


def multiplier_of(n_words: int) -> int:
    """Return a multiplier that spreads word ids evenly: near the golden section, and coprime to `n_words`."""
    by = max(1, round(n_words * 0.6180339887498949))
    while math.gcd(by, n_words) != 1:
        by += 1
    return by


class CompactPlan:
    """The plan of the compact layout of a model. It is complete before anything is packed.

    Parameters
    ----------
    columns
        The columns of the model.
    bits
        Bits of a quantized value, 4 to 16, or 32 for exact values.

    Attributes
    ----------
    shapes : tuple[Shape, ...]
        The sizes of every order.
    multiplier : int
        The multiplier of word ids; see `CompactAutomaton`.
    books : numpy.ndarray
        float32: the values of all codes.

    Raises
    ------
    UsageError
        `bits` is out of its range.
    """

    def __init__(self, columns: Columns, bits: int = BITS) -> None:
        if not (4 <= bits <= 16 or bits == RAW_BITS):
            raise UsageError(f"bits is {bits}; expected 4 to 16, or {RAW_BITS} for exact values")
        trie = columns.trie
        self.columns = columns
        self.multiplier = multiplier_of(trie.level(1).n_rows)
        self._arrange(trie)
        # Unigrams are not quantized: they are few, and all back-off ends with them.
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
        """The number of bytes that `pieces` yields."""
        return sum(shape.n_bytes for shape in self.shapes)

    def _code_pairs(self) -> Iterator[tuple[Codes, ...]]:
        for k, probs in enumerate(self._probs):
            yield (probs, self._backoffs[k]) if k < len(self._backoffs) else (probs,)

    def _arrange(self, trie: NgramTrie) -> None:
        """Arrange the rows of every order in forward order."""
        n_words = trie.level(1).n_rows
        places = (np.arange(n_words) * self.multiplier % n_words).astype(np.int32)
        rows = np.argsort(places).astype(np.int32)
        # The slots of the root, and of the rows of every order except the top order.
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
        """Yield the packed rows of all orders, piece by piece."""
        for order, shape in enumerate(self.shapes, 1):
            # The bits of the byte that the last piece has begun, and the number of bytes so far.
            carried, written = 0, 0
            pieces = self._pieces[order - 1]
            for piece, packed in zip(pieces, ordered_map(self._pack, pieces, threads), strict=True):
                buffer, end = packed
                buffer[0] |= carried
                whole = end // 8
                carried = int(buffer[whole])
                if piece is pieces[-1]:
                    # Zeros fill the rest behind the last bit.
                    whole = shape.n_bytes - written
                    buffer = np.concatenate([buffer[: end // 8 + 1], np.zeros(whole, np.uint8)])
                written += whole
                yield buffer[:whole]

    def _pack(self, piece: _Piece) -> tuple[UInt8s, int]:
        """Pack a piece from its first bit in its first byte on; return the bytes, and the bit after the last row."""
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
