"""The base class of the layouts of a model: it scores sentences, and a layout scores runs of words.

Many runs are in flight at the same time, so that waits for memory overlap. In a text, each sentence is one run. A
single sentence is cut into several runs, unless the layout overrides `score_words`.
"""
cimport cython
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.math cimport INFINITY
from libc.stdlib cimport free, malloc
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memmove

from ngramlm.core._constants cimport BOS, EOS, MAX_ORDER, UNK
from ngramlm.text._vocabulary cimport WordTable, find_word

cdef enum:
    AHEAD = 4096               # sentences that are prepared at a time
    RUN = 6                    # words of a run within one sentence
    MAX_RUNS = 64              # at least SHORT / RUN


# The garbage collector must not drop the owner of memory that is still in use.
@cython.no_gc_clear
cdef class Scorer:
    """Scores sentences. A damaged model raises ``refuse(message)``."""

    cdef int run(self, Run* waiting, int64_t n_waiting) noexcept nogil:
        """Score all runs, many at a time; -1 for damage."""
        return -1

    cdef void expect(self, int32_t word) noexcept nogil:
        """Fetch the memory that every look-up of this word needs."""

    cdef int score_words(self, const int32_t* ids, int n_before, int n_ids, double* total) noexcept nogil:
        """Add up the scores of ids[n_before:n_ids], at most SHORT of them; -1 for damage.

        A prediction depends on the last order - 1 words only. So a sentence is cut into runs that are scored at the
        same time. Each run begins with the words of its history, which are not scored.
        """
        cdef Run runs[MAX_RUNS]
        cdef double out[SHORT]
        cdef int n_runs = 0, first = n_before, end, lead_in = self.order - 1, i
        while first < n_ids:
            end = n_ids if n_ids - first < RUN + RUN // 2 else first + RUN
            runs[n_runs].at = ids + (first - lead_in if first > lead_in else 0)
            runs[n_runs].scored = ids + first
            runs[n_runs].end = ids + end
            runs[n_runs].out = out + (first - n_before)
            runs[n_runs].lengths = NULL
            runs[n_runs].from_bos = False
            n_runs += 1
            first = end
        if self.run(runs, n_runs):
            return -1
        for i in range(n_ids - n_before):
            total[0] += out[i]
        return 0

    def score(self, str sentence not None, bint bos=True, bint eos=True, int reserved=0):
        """Return the log10 probability of the words between spaces and tabs, with ``</s>`` if `eos`.

        A line end after the sentence is ignored. `reserved` says what happens to ``<s>`` and ``</s>``, as for
        `tokenize`: 0 is an error, 1 drops them, 2 makes them the unknown word. Raises ValueError for any other control
        character, and for a reserved word.
        """
        cdef Py_ssize_t length, at = 0, begin
        cdef const char* text = PyUnicode_AsUTF8AndSize(sentence, &length)
        cdef double total = 0.0
        cdef int32_t id, failed = 0
        cdef int32_t ids[MAX_ORDER + SHORT]
        cdef int n_before = bos, n_ids = bos
        cdef bint more = True, valid = True
        ids[0] = BOS
        if length and text[length - 1] == 10:
            length -= 1
        if length and text[length - 1] == 13:
            length -= 1
        with nogil:
            while more:
                while at < length and (text[at] == 32 or text[at] == 9):
                    at += 1
                if at < length:
                    begin = at
                    while at < length and <uint8_t> text[at] > 32:
                        at += 1
                    if at < length and text[at] != 32 and text[at] != 9:
                        valid = False
                        break
                    id = find_word(&self.table.index, text + begin, at - begin)
                    if id == BOS or id == EOS:
                        if reserved == 1:
                            continue
                        valid = reserved == 2
                        if not valid:
                            break
                        id = UNK
                    elif id < 0:
                        id = UNK
                else:
                    more = False
                    if not eos:
                        break
                    id = EOS
                self.expect(id)
                ids[n_ids] = id
                n_ids += 1
                if n_ids - n_before == SHORT:
                    failed |= self.score_words(ids, n_before, n_ids, &total)
                    n_before = self.order - 1
                    memmove(ids, ids + n_ids - n_before, n_before * sizeof(int32_t))
                    n_ids = n_before
            if valid:
                failed |= self.score_words(ids, n_before, n_ids, &total)
        if failed or not total < INFINITY:
            raise self.refuse("damaged model")
        if not valid:
            raise ValueError("a control character or a reserved word in a sentence")
        return total

    def score_ids(self, const int32_t[::1] ids, const int64_t[::1] sentences, double[::1] out, uint8_t[::1] lengths):
        """Fill `out` with the log10 probability of every predicted token of sentences ``<s> w1 .. wl </s>``.

        `out` has one place for each predicted token. `lengths` is filled with the length of the n-gram that predicted
        each token, or is empty.
        """
        cdef int64_t n_sentences = sentences.shape[0] - 1, n_ids = ids.shape[0], n_runs, i
        # as wide as a score, so that the compiler makes vector code
        cdef int64_t bad = 0
        cdef Run* runs
        cdef bint want_lengths = lengths.shape[0] > 0, valid = True
        cdef int failed = 0
        if n_sentences < 0 or sentences[0] != 0 or sentences[n_sentences] != n_ids:
            raise ValueError("sentences that do not span the ids")
        if out.shape[0] != n_ids - n_sentences or (want_lengths and lengths.shape[0] != out.shape[0]):
            raise ValueError("out has one place for each predicted token")
        if n_sentences == 0:
            return
        runs = <Run*> malloc(min(n_sentences, AHEAD) * sizeof(Run))
        if runs == NULL:
            raise MemoryError()
        with nogil:
            for i in range(n_ids):
                if ids[i] < 0 or ids[i] >= self.n_words:
                    valid = False
                    break
            i = 0
            while valid and i < n_sentences and not failed:
                n_runs = 0
                while i < n_sentences and n_runs < AHEAD:
                    if sentences[i + 1] - sentences[i] < 2 or sentences[i] < 0 or sentences[i + 1] > n_ids:
                        valid = False
                        break
                    runs[n_runs].at = &ids[0] + sentences[i] + 1
                    runs[n_runs].scored = runs[n_runs].at
                    runs[n_runs].end = &ids[0] + sentences[i + 1]
                    runs[n_runs].out = &out[0] + (sentences[i] - i)
                    runs[n_runs].lengths = &lengths[0] + (sentences[i] - i) if want_lengths else NULL
                    runs[n_runs].from_bos = True
                    n_runs += 1
                    i += 1
                failed = self.run(runs, n_runs) if valid else 0
            if valid and not failed:
                for i in range(out.shape[0]):
                    bad |= not out[i] < INFINITY
        free(runs)
        if not valid:
            raise ValueError("ids are not sentences of <s> w1 .. wl </s> over the vocabulary")
        if failed or bad:
            raise self.refuse("damaged model")
