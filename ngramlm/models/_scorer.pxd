# The common part of the layouts of a back-off model: runs of words, and the class that scores sentences.
from libc.stdint cimport int32_t, int64_t, uint8_t

from ngramlm.text._vocabulary cimport WordTable

cdef enum:
    SHORT = 256                # words of a sentence that are looked up before the first is scored

# Words of one sentence that are scored one after the other.
cdef struct Run:
    const int32_t* at          # the next word
    const int32_t* end
    const int32_t* scored      # the first word that is scored; the words before are its history
    double* out                # place of the score of `scored`; the next scores follow
    uint8_t* lengths           # place of the length of its n-gram, or NULL
    bint from_bos              # whether the first word follows <s>; otherwise its history is empty

cdef class Scorer:
    cdef readonly int order
    cdef int32_t n_words
    cdef WordTable table
    cdef object owner                      # keeps the memory of the model alive
    cdef object refuse                     # makes the exception for a damaged model from a message
    cdef int run(self, Run* waiting, int64_t n_waiting) noexcept nogil
    cdef void expect(self, int32_t word) noexcept nogil
    cdef int score_words(self, const int32_t* ids, int n_before, int n_ids, double* total) noexcept nogil
