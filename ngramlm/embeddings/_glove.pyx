"""Training GloVe on the records of the matrix of co-occurrences, by several threads at once.

The rows are divided into `n_blocks` blocks, and so are the columns. Word i goes to block i modulo n_blocks, so that every
block has its share of frequent words. A tile holds the records of one block of rows and one block of columns. Two tiles
without a common block have no common parameter. So threads can train them at the same time, and the result is that of one
thread (Gemulla et al. 2011). The parameters of one tile also fit the cache.
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
    """Return the names of the instruction sets that this processor has, the widest last."""
    return list(SIMD)[:glove_widest() + 1]


cdef void shuffle(Record* records, int64_t n, uint64_t seed) noexcept nogil:
    """Put n < 2^32 records in a random order (Fisher & Yates). Probabilities are uniform up to n / 2^32."""
    cdef int64_t i, j
    cdef Record record
    for i in range(n - 1, 0, -1):
        j = <int64_t> below(draw(&seed), <uint64_t> (i + 1))
        record = records[i]
        records[i] = records[j]
        records[j] = record


cdef class Trainer:
    """The records of a matrix and the parameters of a model.

    Parameters
    ----------
    rows, columns
        int32[N], each from 0 to V - 1.
    values
        float64[N], above 0.
    words, contexts
        float32[V, d + 1]: the initial vector and bias of every row and every column.
    n_blocks
        Number of blocks of rows, and of columns.
    x_max, alpha
        f(x) = min(1, (x / x_max)^alpha).
    learning_rate
        The learning rate of AdaGrad.
    limit
        Maximum of the absolute value of a slope.
    seed
        Seed of the order of the records.
    simd
        One of `usable_simd`.

    Raises
    ------
    ValueError
        If an argument is out of range, or the arguments do not fit together.
    """
    cdef readonly int64_t n_blocks, n_words, dimension
    # the blocks of GLOVE_BLOCK parameters in a row
    cdef int64_t blocks
    # int32[N, 4]: the four fields of a Record; the last two are the bits of floats
    cdef int32_t[:, ::1] records
    # where the records of each tile begin; tiles are in the order of their rows, then of their columns
    cdef int64_t[::1] tiles
    # the first row of each block
    cdef int64_t[::1] firsts
    cdef float[::1] words, contexts, lanes
    cdef uint64_t seed
    cdef int simd

    def __init__(self, const int32_t[::1] rows not None, const int32_t[::1] columns not None,
                 const double[::1] values not None, const float[:, ::1] words not None,
                 const float[:, ::1] contexts not None, int64_t n_blocks, double x_max, double alpha,
                 float learning_rate, float limit, uint64_t seed, str simd):
        cdef int64_t n = rows.shape[0], n_words = words.shape[0], width
        if columns.shape[0] != n or values.shape[0] != n:
            raise ValueError("found columns of different lengths; expected one row, column and value for each pair")
        if contexts.shape[0] != n_words or contexts.shape[1] != words.shape[1] or words.shape[1] < 2:
            raise ValueError("found words and contexts of different shapes; expected [V, d + 1] for both")
        if not 1 <= n_blocks <= 1 << 12:
            raise ValueError(f"found {n_blocks} blocks; expected 1 to 4096")
        if simd not in usable_simd():
            raise ValueError(f"found the instructions {simd}; expected those of this processor: {', '.join(usable_simd())}")
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
        # a view of `lanes`
        by_lane = lanes.reshape(self.blocks, 3, GLOVE_BLOCK).transpose(1, 0, 2)
        rates = np.zeros((3, self.blocks * GLOVE_BLOCK), np.float32)
        rates[:2, :self.dimension] = learning_rate
        rates[0, self.dimension] = rates[1, self.dimension + 1] = 1
        rates[2, :self.dimension] = limit
        # the slopes of biases have no limit
        rates[2, self.dimension:] = np.inf
        by_lane[:] = rates.reshape(3, self.blocks, GLOVE_BLOCK)

    cdef inline int64_t row_of(self, int64_t word) noexcept nogil:
        """Return the row of a word among the parameters, which are in the order of the blocks."""
        return self.firsts[word % self.n_blocks] + word // self.n_blocks

    def fill(self, const int32_t[::1] rows, const int32_t[::1] columns, const double[::1] values, double x_max,
             double alpha):
        """Sort the records by tile. Within a tile they keep their order."""
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
            raise ValueError("found a pair outside the matrix, a value that is not above 0, or 2^32 pairs in one tile; expected "
                             "co-occurrences of the words of a vocabulary")
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
        """Write vectors and biases into the rows of parameters; `bias` and `one` are the lanes of the bias and the 1."""
        cdef int64_t word, lane, row
        for word in range(self.n_words):
            row = 2 * GLOVE_BLOCK * self.blocks * self.row_of(word)
            for lane in range(self.dimension):
                out[row + lane // GLOVE_BLOCK * 2 * GLOVE_BLOCK + lane % GLOVE_BLOCK] = given[word, lane]
            out[row + bias // GLOVE_BLOCK * 2 * GLOVE_BLOCK + bias % GLOVE_BLOCK] = given[word, self.dimension]
            out[row + one // GLOVE_BLOCK * 2 * GLOVE_BLOCK + one % GLOVE_BLOCK] = 1.0

    cdef taken(self, const float[::1] parameters, int64_t bias):
        """Return vectors and biases, float32[V, d + 1], from the rows of parameters."""
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
        """Return (words, contexts) as they are now, float32[V, d + 1] each."""
        return self.taken(self.words, self.dimension), self.taken(self.contexts, self.dimension + 1)

    def size(self, int64_t row_block, int64_t column_block):
        """Return the number of records of a tile."""
        self.check(row_block, column_block)
        cdef int64_t tile = row_block * self.n_blocks + column_block
        return self.tiles[tile + 1] - self.tiles[tile]

    cdef int check(self, int64_t row_block, int64_t column_block) except -1:
        if not (0 <= row_block < self.n_blocks and 0 <= column_block < self.n_blocks):
            raise ValueError("found a tile out of range; expected blocks of 0 to n_blocks - 1")
        return 0

    def train(self, int64_t offset, int64_t first, int64_t end, int64_t shuffling):
        """Take a step for each record of some tiles: rows of block b, columns of block (b + offset) mod n_blocks.

        Two threads must not train tiles with a common block at the same time.

        Parameters
        ----------
        offset
            The distance of the two blocks.
        first, end
            b runs from first to end - 1.
        shuffling
            The epoch. The records of a tile are put in a random order first, a different one for each epoch. If it
            is -1, they keep their order.

        Returns
        -------
        float64[end - first]
            For each tile the sum of f(X) difference^2, where each difference is taken before its step.

        Raises
        ------
        ValueError
            If a tile is out of range.
        """
        if not (0 <= first <= end <= self.n_blocks and 0 <= offset < self.n_blocks):
            raise ValueError("found a tile out of range; expected blocks of 0 to n_blocks - 1")
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
        """Return (rows, columns) of the records of a tile, int32[n] each, in the order of the last training."""
        self.check(row_block, column_block)
        cdef int64_t tile = row_block * self.n_blocks + column_block
        words = np.empty(self.n_words, np.int32)
        for word in range(self.n_words):
            words[self.row_of(word)] = word
        pairs = np.asarray(self.records)[self.tiles[tile]:self.tiles[tile + 1], :2]
        return words[pairs[:, 0]], words[pairs[:, 1]]
