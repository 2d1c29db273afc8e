# Memory that will be needed soon, asked for before it is.
cdef extern from *:
    """
    /* The empty asm: a function that only prefetches counts as one without effect, and its calls would be dropped. */
    static inline void ngramlm_prefetch(const void *p) { __builtin_prefetch(p); __asm__ volatile(""); }
    """
    void prefetch "ngramlm_prefetch"(const void* p) noexcept nogil
