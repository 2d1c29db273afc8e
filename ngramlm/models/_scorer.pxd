# What the layouts of a back-off model share: sentences cut into runs of words, and the class that scores them.
from libc.stdint cimport int32_t, int64_t, uint8_t

from ngramlm.text._vocabulary cimport WordTable

cdef enum:
    SHORT = 256                # words of a sentence that are looked up before any is scored

cdef struct Run:               # words of one sentence that are scored one after the other
    const int32_t* at          # the next word
    const int32_t* end
    const int32_t* scored      # words before this one only lead to its history
    double* out                # where the scores of the words from `scored` on go
    uint8_t* lengths           # and the lengths of the n-grams that answered, or NULL
    bint from_bos              # the first word follows <s>; otherwise nothing is known before it

cdef class Scorer:
    cdef readonly int order
    cdef int32_t n_words
    cdef WordTable table
    cdef object owner                      # keeps the memory of the model alive
    cdef object refuse                     # makes the exception for a damaged model from a message
    cdef int run(self, Run* waiting, int64_t n_waiting) noexcept nogil
    cdef void expect(self, int32_t word) noexcept nogil
    cdef int score_words(self, const int32_t* ids, int n_before, int n_ids, double* total) noexcept nogil
