# How the children of one history stand in the compact layout: what packs them and what looks them up agree here.
#
# Up to DENSE children stand one after the other, in the order of their numbers. More of them have a quarter more slots:
# each stands at its home, which its word decides, or as near behind it as there is room, so that the order of the homes is
# that of the numbers. A slot without a child has the number of the next child, and all ones behind the last one. The last
# slots of a large group are nobody's home, so that there is room behind all homes, however crowded, with 33 slots a child.
from libc.stdint cimport uint32_t, uint64_t

from ngramlm.models._bits cimport bits_below

cdef enum:
    DENSE = 16


cdef inline int number_bits(uint32_t n) noexcept nogil:
    """Bits of a number below n; there is one more number, that of empty slots, where there may be such."""
    return bits_below(n + (n > DENSE))


cdef inline uint32_t share_of(uint32_t place, uint64_t reciprocal) noexcept nogil:
    """Place / number of words, in 2^-32; `reciprocal` is 2^64 / number of words."""
    return <uint32_t> ((place * reciprocal) >> 32)


cdef inline uint32_t home_of(uint32_t share, uint32_t n_slots) noexcept nogil:
    """Where to begin to look for a word with this share."""
    return <uint32_t> ((<uint64_t> share * (n_slots - (n_slots >> 5))) >> 32) if n_slots > DENSE else 0
