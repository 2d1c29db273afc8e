# The slots of the children of one history in the compact layout. Packing and look-up share these functions.
#
# Up to DENSE children are stored one after the other, in the order of their numbers. More children get a quarter more
# slots. The word of a child decides its home slot. The child takes its home, or the first free slot behind it. Homes
# have the same order as numbers.
#
# An empty slot has the number of the next child; behind the last child its number is all ones. The last slots of a
# large group are not the home of any child. So there is always room behind the homes with at most 33 slots per child.
from libc.stdint cimport uint32_t, uint64_t

from ngramlm.models._bits cimport bits_below

cdef enum:
    DENSE = 16


cdef inline int number_bits(uint32_t n) noexcept nogil:
    """Return the bits of a number below n; a group that can have empty slots needs one more number."""
    return bits_below(n + (n > DENSE))


cdef inline uint32_t share_of(uint32_t place, uint64_t reciprocal) noexcept nogil:
    """Return place / number of words, in units of 2^-32; `reciprocal` is 2^64 / number of words."""
    return <uint32_t> ((place * reciprocal) >> 32)


cdef inline uint32_t home_of(uint32_t share, uint32_t n_slots) noexcept nogil:
    """Return the first slot to look at for a word with this share."""
    return <uint32_t> ((<uint64_t> share * (n_slots - (n_slots >> 5))) >> 32) if n_slots > DENSE else 0
