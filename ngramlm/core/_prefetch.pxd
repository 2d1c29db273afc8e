# Prefetching: ask for memory that will be needed soon.
cdef extern from *:
    """
    /* The compiler drops calls of a function that only prefetches. The empty asm keeps them. */
    static inline void ngramlm_prefetch(const void *p) { __builtin_prefetch(p); __asm__ volatile(""); }
    /* Prefetch memory that will be written. Other cores give up their copy now, so the write need not wait. */
    #if defined(__x86_64__) && defined(__GNUC__)
    static inline void ngramlm_prefetch_to_write(const void *p) { __asm__ volatile("prefetchw %0" : : "m"(*(const char *)p)); }
    #else
    static inline void ngramlm_prefetch_to_write(const void *p) { __builtin_prefetch(p, 1); __asm__ volatile(""); }
    #endif
    """
    void prefetch "ngramlm_prefetch"(const void* p) noexcept nogil
    void prefetch_to_write "ngramlm_prefetch_to_write"(const void* p) noexcept nogil
