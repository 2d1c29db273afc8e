"""Training GloVe: records of the matrix of co-occurrences, in tiles of which some may be trained at once.

Words are dealt out to `n_blocks` blocks, as rows and as columns, the frequent ones evenly: word i goes to block i modulo
n_blocks. A tile is the records of a block of rows and a block of columns. Tiles that share neither touch no parameter
together, so that they may be trained by several threads, whose results are then those of one thread (Gemulla et al. 2011);
and the parameters of a tile fit the cache, where those of records in any order would not.
"""
from libc.math cimport isfinite, log, pow
from libc.stdint cimport int32_t, int64_t, uint64_t

from ngramlm.embeddings._random cimport below, draw, mixed

import numpy as np

from ngramlm.embeddings._parameters import aligned_rows

cdef extern from "_glove.h":
    enum:
        GLOVE_BLOCK
        NGRAMLM_GLOVE_PORTABLE
        NGRAMLM_GLOVE_AVX2
        NGRAMLM_GLOVE_AVX512
    ctypedef struct Record "ngramlm_glove_record":
        int32_t row
        int32_t column
        float log_value
        float weight
    int glove_widest "ngramlm_glove_widest"() noexcept nogil
    double glove_steps "ngramlm_glove_steps"(int simd, const Record* records, int64_t n, float* words, float* contexts,
                                             int64_t blocks, const float* lanes) noexcept nogil

SIMD = {"portable": NGRAMLM_GLOVE_PORTABLE, "avx2": NGRAMLM_GLOVE_AVX2, "avx512": NGRAMLM_GLOVE_AVX512}


def usable_simd():
    """What this processor has, the widest last."""
    return list(SIMD)[:glove_widest() + 1]


cdef void shuffle(Record* records, int64_t n, uint64_t seed) noexcept nogil:
    """Any order with the same probability, but for n / 2^32 (Fisher & Yates); n < 2^32."""
    cdef int64_t i, j
    cdef Record record
    for i in range(n - 1, 0, -1):
        j = <int64_t> below(draw(&seed), <uint64_t> (i + 1))
        record = records[i]
        records[i] = records[j]
        records[j] = record


cdef class Trainer:
    """The records of a matrix and the parameters of a model.

    Args:
        rows, columns: int32[N], each from 0 to V - 1.
        values: float64[N], above 0.
        words, contexts: float32[V, d + 1], a vector and a bias for every row and column, to begin with.
        n_blocks: the blocks of rows, and of columns.
        x_max, alpha: f(x) = (x / x_max)^alpha, and 1 from x_max on.
        learning_rate, limit: of AdaGrad; how large a slope may be at most.
        seed: of the order of the records.
        simd: one of `usable_simd`.

    Raises ValueError for what is not so.
    """
    cdef readonly int64_t n_blocks, n_words, dimension
    cdef int64_t blocks                    # of parameters in a row
    cdef int32_t[:, ::1] records           # those of a Record, whose last two are floats
    cdef int64_t[::1] tiles                # where the records of each begin, block of rows after block of rows
    cdef int64_t[::1] firsts               # the first row of each block
    cdef float[::1] words, contexts, lanes
    cdef uint64_t seed
    cdef int simd

    def __init__(self, const int32_t[::1] rows not None, const int32_t[::1] columns not None,
                 const double[::1] values not None, const float[:, ::1] words not None,
                 const float[:, ::1] contexts not None, int64_t n_blocks, double x_max, double alpha,
                 float learning_rate, float limit, uint64_t seed, str simd):
        cdef int64_t n = rows.shape[0], n_words = words.shape[0], width
        if columns.shape[0] != n or values.shape[0] != n:
            raise ValueError("columns of different lengths")
        if contexts.shape[0] != n_words or contexts.shape[1] != words.shape[1] or words.shape[1] < 2:
            raise ValueError("words and contexts of different shapes")
        if not 1 <= n_blocks <= 1 << 12:
            raise ValueError("1 to 4096 blocks")
        if simd not in usable_simd():
            raise ValueError(f"no {simd} on this processor")
        self.n_words, self.n_blocks, self.seed, self.simd = n_words, n_blocks, seed, SIMD[simd]
        self.dimension = words.shape[1] - 1
        self.blocks = (self.dimension + 2 + GLOVE_BLOCK - 1) // GLOVE_BLOCK
        sizes = np.full(n_blocks, n_words // n_blocks)
        sizes[:n_words % n_blocks] += 1
        self.firsts = np.cumsum(np.append(0, sizes)).astype(np.int64)
        self.fill(rows, columns, values, x_max, alpha)

        width = 2 * GLOVE_BLOCK * self.blocks
        self.words, self.contexts = aligned_rows(n_words, width).reshape(-1), aligned_rows(n_words, width).reshape(-1)
        self.place(words, self.words, self.dimension, self.dimension + 1)
        self.place(contexts, self.contexts, self.dimension + 1, self.dimension)
        lanes = aligned_rows(3 * self.blocks, GLOVE_BLOCK).reshape(-1)
        self.lanes = lanes
        by_lane = lanes.reshape(self.blocks, 3, GLOVE_BLOCK).transpose(1, 0, 2)      # a view
        rates = np.zeros((3, self.blocks * GLOVE_BLOCK), np.float32)
        rates[:2, :self.dimension] = learning_rate
        rates[0, self.dimension] = rates[1, self.dimension + 1] = 1
        rates[2, :self.dimension] = limit
        rates[2, self.dimension:] = np.inf                                           # biases have none
        by_lane[:] = rates.reshape(3, self.blocks, GLOVE_BLOCK)

    cdef inline int64_t row_of(self, int64_t word) noexcept nogil:
        """Where a word stands among the parameters: block after block."""
        return self.firsts[word % self.n_blocks] + word // self.n_blocks

    def fill(self, const int32_t[::1] rows, const int32_t[::1] columns, const double[::1] values, double x_max,
             double alpha):
        """The records, tile after tile, in each of them in the order in which they come."""
        cdef int64_t n = rows.shape[0], i, at, n_tiles = self.n_blocks * self.n_blocks
        cdef bint valid = x_max > 0
        cdef Record record
        starts = np.zeros(n_tiles + 1, np.int64)
        cdef int64_t[::1] tiles = starts
        with nogil:
            for i in range(n):
                if not (0 <= rows[i] < self.n_words and 0 <= columns[i] < self.n_words and isfinite(values[i])
                        and values[i] > 0):
                    valid = False
                    break
                tiles[rows[i] % self.n_blocks * self.n_blocks + columns[i] % self.n_blocks + 1] += 1
        if not valid or starts.max() >= 1 << 32:
            raise ValueError("pairs that are not in the matrix, values that are not above 0, or too many for a tile")
        np.cumsum(starts, out=starts)
        self.tiles = starts.copy()
        self.records = np.empty((n, 4), np.int32)
        cdef Record* out = <Record*> &self.records[0, 0] if n else NULL
        with nogil:
            for i in range(n):
                record.row = <int32_t> self.row_of(rows[i])
                record.column = <int32_t> self.row_of(columns[i])
                record.log_value = <float> log(values[i])
                record.weight = <float> (pow(values[i] / x_max, alpha) if values[i] < x_max else 1.0)
                at = rows[i] % self.n_blocks * self.n_blocks + columns[i] % self.n_blocks
                out[tiles[at]] = record
                tiles[at] += 1

    cdef place(self, const float[:, ::1] given, float[::1] out, int64_t bias, int64_t one):
        """Lay out vectors and biases as parameters."""
        cdef int64_t word, lane, row
        for word in range(self.n_words):
            row = 2 * GLOVE_BLOCK * self.blocks * self.row_of(word)
            for lane in range(self.dimension):
                out[row + lane // GLOVE_BLOCK * 2 * GLOVE_BLOCK + lane % GLOVE_BLOCK] = given[word, lane]
            out[row + bias // GLOVE_BLOCK * 2 * GLOVE_BLOCK + bias % GLOVE_BLOCK] = given[word, self.dimension]
            out[row + one // GLOVE_BLOCK * 2 * GLOVE_BLOCK + one % GLOVE_BLOCK] = 1.0

    cdef taken(self, const float[::1] parameters, int64_t bias):
        """Vectors and biases, float32[V, d + 1], from parameters."""
        cdef int64_t word, lane, row
        found = np.empty((self.n_words, self.dimension + 1), np.float32)
        cdef float[:, ::1] out = found
        for word in range(self.n_words):
            row = 2 * GLOVE_BLOCK * self.blocks * self.row_of(word)
            for lane in range(self.dimension):
                out[word, lane] = parameters[row + lane // GLOVE_BLOCK * 2 * GLOVE_BLOCK + lane % GLOVE_BLOCK]
            out[word, self.dimension] = parameters[row + bias // GLOVE_BLOCK * 2 * GLOVE_BLOCK + bias % GLOVE_BLOCK]
        return found

    def parameters(self):
        """(words, contexts) as they are now, float32[V, d + 1] each."""
        return self.taken(self.words, self.dimension), self.taken(self.contexts, self.dimension + 1)

    def size(self, int64_t row_block, int64_t column_block):
        """How many records a tile has."""
        self.check(row_block, column_block)
        cdef int64_t tile = row_block * self.n_blocks + column_block
        return self.tiles[tile + 1] - self.tiles[tile]

    cdef int check(self, int64_t row_block, int64_t column_block) except -1:
        if not (0 <= row_block < self.n_blocks and 0 <= column_block < self.n_blocks):
            raise ValueError("a tile that is not there")
        return 0

    def train(self, int64_t offset, int64_t first, int64_t end, int64_t shuffling):
        """Take a step for each record of the tiles of blocks b and (b + offset) mod n_blocks, b from first to end - 1.

        Returns, for each tile, the sum of f(X) difference^2, each before its step. The records of a tile are put in
        another order before, by chance, but not where `shuffling` is -1; other numbers, of epochs, give other orders.
        Tiles that share a block, those of other offsets among them, must not be trained at once.
        """
        if not (0 <= first <= end <= self.n_blocks and 0 <= offset < self.n_blocks):
            raise ValueError("a tile that is not there")
        cdef int64_t block, tile, at, n
        cdef Record* records
        found = np.zeros(end - first)
        cdef double[::1] losses = found
        with nogil:
            for block in range(first, end):
                tile = block * self.n_blocks + (block + offset) % self.n_blocks
                at, n = self.tiles[tile], self.tiles[tile + 1] - self.tiles[tile]
                if n == 0:
                    continue
                records = <Record*> &self.records[at, 0]
                if shuffling >= 0:
                    shuffle(records, n, mixed(mixed(self.seed + <uint64_t> shuffling) + <uint64_t> tile))
                losses[block - first] = glove_steps(self.simd, records, n, &self.words[0], &self.contexts[0],
                                                    self.blocks, &self.lanes[0])
        return found

    def order(self, int64_t row_block, int64_t column_block):
        """(rows, columns) of the records of a tile, int32[n] each, in the order in which they were trained last."""
        self.check(row_block, column_block)
        cdef int64_t tile = row_block * self.n_blocks + column_block
        words = np.empty(self.n_words, np.int32)
        for word in range(self.n_words):
            words[self.row_of(word)] = word
        pairs = np.asarray(self.records)[self.tiles[tile]:self.tiles[tile + 1], :2]
        return words[pairs[:, 0]], words[pairs[:, 1]]
