# Random numbers from a state of 64 bits, by SplitMix64 (Steele, Lea & Flood 2014).
from libc.stdint cimport uint64_t


cdef inline uint64_t mixed(uint64_t x) noexcept nogil:
    """Return a number that looks random; different x give different numbers."""
    x = (x ^ (x >> 30)) * <uint64_t> 0xBF58476D1CE4E5B9
    x = (x ^ (x >> 27)) * <uint64_t> 0x94D049BB133111EB
    return x ^ (x >> 31)


cdef inline uint64_t draw(uint64_t* state) noexcept nogil:
    """Return the next 64 random bits."""
    state[0] += <uint64_t> 0x9E3779B97F4A7C15
    return mixed(state[0])


cdef inline uint64_t below(uint64_t bits, uint64_t n) noexcept nogil:
    """Return a number below n, for n < 2^32, from the upper half of random bits."""
    return ((bits >> 32) * n) >> 32
