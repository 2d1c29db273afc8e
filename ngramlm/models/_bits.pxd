# Numbers of a few bits, one after the other, least significant bit first. A read or write touches the eight bytes from
# the byte of the first bit on. So the owner of the memory must allocate eight bytes behind the last bit.
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef extern from *:
    """
    #define ngramlm_leading_zeros(x) __builtin_clz(x)
    """
    int leading_zeros "ngramlm_leading_zeros"(uint32_t x) noexcept nogil


cdef inline uint64_t get_bits(const uint8_t* data, uint64_t at, uint64_t mask) noexcept nogil:
    """Return the number that begins at bit `at`. It has as many bits as `mask` has ones, at most 57."""
    cdef uint64_t word
    memcpy(&word, data + (at >> 3), 8)
    return (word >> (at & 7)) & mask


cdef inline void put_bits(uint8_t* data, uint64_t at, uint64_t value) noexcept nogil:
    """Write a number at bit `at`, where all bits are still zero."""
    cdef uint64_t word
    memcpy(&word, data + (at >> 3), 8)
    word |= value << (at & 7)
    memcpy(data + (at >> 3), &word, 8)


cdef inline int bits_below(uint32_t n) noexcept nogil:
    """Return the number of bits of the numbers 0 .. n - 1."""
    return 0 if n <= 1 else 32 - leading_zeros(n - 1)
