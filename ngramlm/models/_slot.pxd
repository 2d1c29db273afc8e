# A slot of a back-off model, and where the rows of a history stand. _backoff.pyx describes the layout.
from libc.stdint cimport int64_t, uint32_t, uint64_t

cdef extern from *:
    """
    #define NGRAMLM_EMPTY 0xFFFFFFFFU
    #define NGRAMLM_MAX_SLOTS 0xFFFFFFFELL
    #define NGRAMLM_MULTIPLIER 0x9E3779B1U
    """
    const uint32_t EMPTY "NGRAMLM_EMPTY"           # no word
    const int64_t MAX_SLOTS "NGRAMLM_MAX_SLOTS"
    const uint32_t MULTIPLIER "NGRAMLM_MULTIPLIER"

cdef struct Slot:
    uint32_t a
    float b
    uint32_t c

cdef enum:
    # Up to this number of rows are stored one after the other; more are hashed.
    FEW = 6


cdef inline uint32_t n_places(int64_t n_rows) noexcept nogil:
    """Return the number of places for the rows of a history."""
    return <uint32_t> (n_rows if n_rows <= FEW else n_rows + (2 * n_rows) // 3 + 1)


cdef inline uint32_t home(uint32_t word, uint32_t places) noexcept nogil:
    """Return the first place to look at for a word among hashed places."""
    return <uint32_t> ((<uint64_t> (word * MULTIPLIER) * places) >> 32)
