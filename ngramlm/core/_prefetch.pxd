# Memory that will be needed soon, asked for before it is.
cdef extern from *:
    """
    /* The empty asm: a function that only prefetches counts as one without effect, and its calls would be dropped. */
    static inline void ngramlm_prefetch(const void *p) { __builtin_prefetch(p); __asm__ volatile(""); }
    /* To be written to: other cores lose their copy now, and not when the write comes. */
    #if defined(__x86_64__) && defined(__GNUC__)
    static inline void ngramlm_prefetch_to_write(const void *p) { __asm__ volatile("prefetchw %0" : : "m"(*(const char *)p)); }
    #else
    static inline void ngramlm_prefetch_to_write(const void *p) { __builtin_prefetch(p, 1); __asm__ volatile(""); }
    #endif
    """
    void prefetch "ngramlm_prefetch"(const void* p) noexcept nogil
    void prefetch_to_write "ngramlm_prefetch_to_write"(const void* p) noexcept nogil
