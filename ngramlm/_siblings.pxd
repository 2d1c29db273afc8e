# How the children of one history stand in the compact layout: what packs them and what looks them up agree here.
#
# Up to DENSE children stand one after the other, in the order of their numbers. More of them have a quarter more slots:
# each stands at its home, which its word decides, or as near behind it as there is room; slots without a child have the
# number of all ones. Homes follow the order of the numbers, and the last slots of a large group are nobody's home.
from libc.stdint cimport uint32_t, uint64_t

from ngramlm._bits cimport bits_below

cdef enum:
    DENSE = 16

cdef extern from *:
    """
    static inline uint64_t ngramlm_high(uint64_t a, uint64_t b) {
        return (uint64_t)(((__uint128_t)a * b) >> 64);
    }
    """
    uint64_t high_product "ngramlm_high"(uint64_t a, uint64_t b) noexcept nogil


cdef inline int number_bits(uint32_t n) noexcept nogil:
    """Bits of a number below n; there is one more number, that of empty slots, where there may be such."""
    return bits_below(n + (n > DENSE))


cdef inline uint32_t share_of(uint32_t place, uint64_t reciprocal) noexcept nogil:
    """Place / number of words, in 2^-32; `reciprocal` is 2^64 / number of words."""
    return <uint32_t> ((place * reciprocal) >> 32)


cdef inline uint32_t home_of(uint32_t share, uint32_t n_slots) noexcept nogil:
    """Where to look first, in a group of more than DENSE slots, for a word with this share."""
    return <uint32_t> ((<uint64_t> share * (n_slots - (n_slots >> 5))) >> 32)
