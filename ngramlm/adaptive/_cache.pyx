"""Compiled caches of a document. Each token is scored with the cache of the tokens before it, and then cached.

Time is counted in predicted tokens. An occurrence n tokens ago has the weight exp(-decay n) times the gain of its word.
Occurrences more than `window` tokens ago are dropped. A cache whose weights have all decayed to almost 0 abstains.

Weights are stored times a scale that grows with each token. So old weights need no update, and each token takes
constant time (Clarkson & Robinson 1997, eq. 3).
"""
from libc.math cimport NAN, exp
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from ngramlm.core._constants cimport BOS
from ngramlm.adaptive._pairs cimport Pairs, clear_pairs, close_pairs, find_pair, number_of, open_pairs

import numpy as np

# The scale returns to 1 when it has grown beyond LARGE.
cdef double LARGE = 1e100
# A cache abstains when its total weight is below FAINT: the shares of words would lose their precision.
cdef double FAINT = 1e-150


cdef struct Clock:
    double growth              # factor of the scale for each token
    double scale
    double aged                # factor of a weight when it leaves the window
    int64_t window             # tokens; 0 for the whole document
    int64_t ticks              # tokens so far


cdef inline Clock clock_of(int64_t window, double decay):
    cdef Clock clock
    if window < 0 or not 0 <= decay <= 100:
        raise ValueError(f"found window {window} and decay {decay}; expected 0 or more tokens and 0 to 100")
    clock.growth = exp(decay)
    clock.aged = exp(-decay * <double> window) if window else 0.0
    clock.window = window
    clock.scale = 1.0
    clock.ticks = 0
    return clock


cdef inline int widen(double** sums, int32_t room) noexcept nogil:
    """Make room for `room` sums and keep the old ones; -1 if memory runs out."""
    cdef double* wider = <double*> realloc(sums[0], room * sizeof(double))
    if wider == NULL:
        return -1
    sums[0] = wider
    return 0


cdef int check_reading(int failed, bint filled) except -1:
    """Raise the error of a reading: 1 for a bad word or a missing place in `out`, 2 if memory ran out."""
    if failed == 2:
        raise MemoryError
    if failed or not filled:
        raise ValueError("found a word outside the vocabulary, or another number of places than predicted tokens; "
                         "expected known words, and one place per predicted token")
    return 0


cdef class CachedWords:
    """Cache of the words of a document.

    `gains` is float64[V], the weight of an occurrence of each word. With `spread` (starts int64[V + 1], words int32[N],
    shares float64[N]) an occurrence of word v counts as shares[i] of words[i] for i from starts[v] to starts[v + 1].
    Raises ValueError for arrays that do not fit.
    """
    cdef const double[::1] gains
    cdef const int64_t[::1] starts
    cdef const int32_t[::1] targets
    cdef const double[::1] shares
    cdef bint spreads
    cdef int32_t[::1] ring
    cdef double[::1] sums
    cdef double total
    cdef int32_t[::1] touched              # words whose sums may differ from 0
    cdef uint8_t[::1] is_touched
    cdef int64_t n_touched, n_live         # n_live: cached occurrences
    cdef Clock clock
    cdef int64_t n_words

    def __init__(self, const double[::1] gains not None, int64_t window=0, double decay=0.0, spread=None):
        cdef int64_t i, n
        self.n_words = n = gains.shape[0]
        self.gains = gains
        self.clock = clock_of(window, decay)
        self.spreads = spread is not None
        if self.spreads:
            self.starts, self.targets, self.shares = spread
            if self.starts.shape[0] != n + 1 or self.shares.shape[0] != self.targets.shape[0]:
                raise ValueError("columns of different lengths")
            if self.starts[0] != 0 or self.starts[n] != self.targets.shape[0] or np.any(np.diff(self.starts) < 0):
                raise ValueError("starts out of order")
            for i in range(self.targets.shape[0]):
                if not 0 <= self.targets[i] < n:
                    raise ValueError("a word outside the vocabulary")
        self.ring = np.zeros(window, np.int32)
        self.sums = np.zeros(n)
        self.touched = np.empty(n, np.int32)
        self.is_touched = np.zeros(n, np.uint8)
        self.forget()

    def forget(self):
        """Begin a new document."""
        with nogil:
            self.clear()

    cdef void clear(self) noexcept nogil:
        cdef int64_t i
        for i in range(self.n_touched):
            self.sums[self.touched[i]] = 0.0
            self.is_touched[self.touched[i]] = 0
        self.n_touched = self.n_live = 0
        self.total = 0.0
        self.clock.scale = 1.0
        self.clock.ticks = 0

    cdef inline bint has_evidence(self) noexcept nogil:
        return self.n_live > 0 and self.total > FAINT * self.clock.scale

    cdef inline void add(self, int32_t word, double weight) noexcept nogil:
        cdef int64_t i
        if self.spreads:
            for i in range(self.starts[word], self.starts[word + 1]):
                self.add_to(self.targets[i], weight * self.shares[i])
        else:
            self.add_to(word, weight)

    cdef inline void add_to(self, int32_t word, double weight) noexcept nogil:
        self.sums[word] += weight
        self.total += weight
        if not self.is_touched[word]:
            self.is_touched[word] = 1
            self.touched[self.n_touched] = word
            self.n_touched += 1

    cdef inline void push(self, int32_t word) noexcept nogil:
        """Add a token to the cache, and drop the token that leaves the window."""
        cdef int64_t i, place
        cdef double gain
        self.clock.scale *= self.clock.growth
        if self.clock.window:
            place = self.clock.ticks % self.clock.window
            if self.clock.ticks >= self.clock.window:
                gain = self.gains[self.ring[place]]
                if gain > 0:
                    self.n_live -= 1
                    if self.n_live:
                        self.add(self.ring[place], -gain * self.clock.scale * self.clock.aged)
                    else:
                        # The cache is empty. Remove what rounding has left.
                        for i in range(self.n_touched):
                            self.sums[self.touched[i]] = 0.0
                        self.total = 0.0
            self.ring[place] = word
        self.clock.ticks += 1
        gain = self.gains[word]
        if gain > 0:
            self.n_live += 1
            self.add(word, gain * self.clock.scale)
        if self.clock.scale > LARGE:
            for i in range(self.n_touched):
                self.sums[self.touched[i]] /= self.clock.scale
            self.total /= self.clock.scale
            self.clock.scale = 1.0

    def read(self, const int32_t[::1] ids not None, double[::1] out not None):
        """Fill `out` with the share of every predicted token among the tokens before; NaN for an empty cache."""
        cdef int64_t i, n = 0
        cdef int32_t word
        cdef int failed = 0
        with nogil:
            for i in range(ids.shape[0]):
                word = ids[i]
                if word == BOS:
                    continue
                if not 0 <= word < self.n_words or n == out.shape[0]:
                    failed = 1
                    break
                if self.has_evidence():
                    out[n] = self.sums[word] / self.total if self.sums[word] > 0 else 0.0
                else:
                    out[n] = NAN
                n += 1
                self.push(word)
        check_reading(failed, n == out.shape[0])

    def shares_now(self):
        """Return the share of every word, float64[V]; None for an empty cache."""
        if not self.has_evidence():
            return None
        sums = np.maximum(self.sums, 0.0)
        return sums / sums.sum()


# An occurrence of an n-gram in the window: the numbers of its history and of the n-gram, -1 if it is not cached.
cdef struct CachedNgram:
    int32_t history
    int32_t ngram


cdef class CachedNgrams:
    """Cache of the n-grams of a document, with histories of `length` tokens (1 or 2) of a sentence, `<s>` included."""
    cdef const double[::1] gains
    cdef int length
    cdef Clock clock
    cdef Pairs histories, ngrams
    cdef double* history_sums
    cdef double* ngram_sums
    cdef int32_t* history_live
    cdef int32_t room_histories, room_ngrams
    cdef CachedNgram[::1] ring
    cdef int64_t n_words

    def __cinit__(self):
        self.history_sums = self.ngram_sums = NULL
        self.history_live = NULL
        if open_pairs(&self.histories) or open_pairs(&self.ngrams):
            raise MemoryError

    def __init__(self, const double[::1] gains not None, int length, int64_t window=0, double decay=0.0):
        if length != 1 and length != 2:
            raise ValueError(f"found histories of {length} tokens; expected 1 or 2")
        self.gains, self.length, self.n_words = gains, length, gains.shape[0]
        self.clock = clock_of(window, decay)
        self.ring = np.zeros(window, np.dtype([("history", np.int32), ("ngram", np.int32)]))

    def __dealloc__(self):
        close_pairs(&self.histories)
        close_pairs(&self.ngrams)
        free(self.history_sums)
        free(self.ngram_sums)
        free(self.history_live)

    def forget(self):
        """Begin a new document."""
        with nogil:
            self.clear()

    cdef void clear(self) noexcept nogil:
        clear_pairs(&self.histories)
        clear_pairs(&self.ngrams)
        self.clock.scale = 1.0
        self.clock.ticks = 0

    cdef inline bint has_evidence(self, int32_t history) noexcept nogil:
        return (history >= 0 and self.history_live[history] > 0
                and self.history_sums[history] > FAINT * self.clock.scale)

    cdef inline uint64_t history_key(self, const int32_t* at) noexcept nogil:
        """Return the key of the history before a token."""
        cdef uint64_t key = <uint32_t> (at - 1)[0]
        return key if self.length == 1 else <uint64_t> <uint32_t> (at - 2)[0] << 32 | key

    cdef int make_room(self) noexcept nogil:
        """Make room for the sums of all keys that the tables have room for; -1 if memory runs out."""
        cdef int32_t* live
        if self.room_histories < self.histories.room:
            if widen(&self.history_sums, self.histories.room):
                return -1
            live = <int32_t*> realloc(self.history_live, self.histories.room * sizeof(int32_t))
            if live == NULL:
                return -1
            self.history_live = live
            self.room_histories = self.histories.room
        if self.room_ngrams < self.ngrams.room:
            if widen(&self.ngram_sums, self.ngrams.room):
                return -1
            self.room_ngrams = self.ngrams.room
        return 0

    cdef int push(self, uint64_t key, int32_t word) noexcept nogil:
        """Add a token to the cache; -1 if memory runs out. `key` is its history, or all ones if that is too short."""
        cdef int64_t place
        cdef int32_t known, i
        cdef CachedNgram occurrence
        cdef double gain
        occurrence.history = occurrence.ngram = -1
        self.clock.scale *= self.clock.growth
        if key != <uint64_t> -1 and self.gains[word] > 0:
            known = self.histories.n
            occurrence.history = number_of(&self.histories, key)
            if occurrence.history < 0 or self.make_room():
                return -1
            if occurrence.history == known:
                self.history_sums[known], self.history_live[known] = 0.0, 0
            known = self.ngrams.n
            occurrence.ngram = number_of(&self.ngrams, <uint64_t> occurrence.history << 32 | <uint32_t> word)
            if occurrence.ngram < 0 or self.make_room():
                return -1
            if occurrence.ngram == known:
                self.ngram_sums[known] = 0.0
        if self.clock.window:
            place = self.clock.ticks % self.clock.window
            if self.clock.ticks >= self.clock.window and self.ring[place].history >= 0:
                i = self.ring[place].history
                gain = self.gains[<int32_t> <uint32_t> self.ngrams.keys[self.ring[place].ngram]]
                gain *= self.clock.scale * self.clock.aged
                self.history_live[i] -= 1
                self.history_sums[i] = self.history_sums[i] - gain if self.history_live[i] else 0.0
                self.ngram_sums[self.ring[place].ngram] -= gain
            self.ring[place] = occurrence
        self.clock.ticks += 1
        if occurrence.history >= 0:
            gain = self.gains[word] * self.clock.scale
            self.history_sums[occurrence.history] += gain
            self.history_live[occurrence.history] += 1
            self.ngram_sums[occurrence.ngram] += gain
        if self.clock.scale > LARGE:
            for i in range(self.histories.n):
                self.history_sums[i] /= self.clock.scale
            for i in range(self.ngrams.n):
                self.ngram_sums[i] /= self.clock.scale
            self.clock.scale = 1.0
        return 0

    def read(self, const int32_t[::1] ids not None, double[::1] out not None):
        """Fill `out` with the share of every predicted token among the cached words after its history.

        NaN says that the history is not cached. `ids` are complete sentences.
        """
        cdef int64_t i, n = 0, begin = 0
        cdef int32_t word, history, ngram
        cdef uint64_t key
        cdef int failed = 0
        with nogil:
            for i in range(ids.shape[0]):
                word = ids[i]
                if not 0 <= word < self.n_words:
                    failed = 1
                    break
                if word == BOS:
                    begin = i
                    continue
                if n == out.shape[0]:
                    failed = 1
                    break
                key = <uint64_t> -1
                out[n] = NAN
                if i - begin >= self.length:
                    key = self.history_key(&ids[i])
                    history = find_pair(&self.histories, key)
                    if self.has_evidence(history):
                        ngram = find_pair(&self.ngrams, <uint64_t> history << 32 | <uint32_t> word)
                        out[n] = 0.0
                        if ngram >= 0 and self.ngram_sums[ngram] > 0:
                            out[n] = self.ngram_sums[ngram] / self.history_sums[history]
                n += 1
                if self.push(key, word):
                    failed = 2
                    break
        check_reading(failed, n == out.shape[0])

    def shares_after(self, const int32_t[::1] tokens not None):
        """Return the share of every word after the last tokens of a sentence, float64[V]; None for a new history."""
        cdef int32_t history, i, word
        if tokens.shape[0] < self.length:
            return None
        history = find_pair(&self.histories, self.history_key(&tokens[0] + tokens.shape[0]))
        if not self.has_evidence(history):
            return None
        found = np.zeros(self.n_words)
        cdef double[::1] sums = found
        for i in range(self.ngrams.n):
            if <int32_t> (self.ngrams.keys[i] >> 32) == history:
                word = <int32_t> <uint32_t> self.ngrams.keys[i]
                sums[word] = max(0.0, self.ngram_sums[i])
        return found / found.sum()


cdef class CachedPairs:
    """Cache of the pairs of nearby words in a document (Qu et al. 2003).

    A pair (u, w) has w at most `distance` tokens after u, and the weight gain(u) gain(w). Words of gain 0 are in no
    pair.
    """
    cdef const double[::1] gains
    cdef int distance
    cdef Pairs pairs
    cdef double* sums
    cdef int32_t room
    cdef double[::1] first_sums            # for each word, the sum of all pairs that begin with it
    cdef int32_t[::1] touched
    cdef int64_t n_touched, n_words
    cdef int32_t[::1] recent               # ring of the last tokens
    cdef int64_t ticks

    def __cinit__(self):
        self.sums = NULL
        if open_pairs(&self.pairs):
            raise MemoryError

    def __init__(self, const double[::1] gains not None, int distance):
        if distance < 1:
            raise ValueError(f"found distance {distance}; expected 1 or more")
        self.gains, self.distance, self.n_words = gains, distance, gains.shape[0]
        self.first_sums = np.zeros(self.n_words)
        self.touched = np.empty(self.n_words, np.int32)
        self.recent = np.zeros(distance, np.int32)

    def __dealloc__(self):
        close_pairs(&self.pairs)
        free(self.sums)

    def forget(self):
        """Begin a new document."""
        with nogil:
            self.clear()

    cdef void clear(self) noexcept nogil:
        cdef int64_t i
        clear_pairs(&self.pairs)
        for i in range(self.n_touched):
            self.first_sums[self.touched[i]] = 0.0
        self.n_touched = self.ticks = 0

    cdef inline int32_t n_recent(self) noexcept nogil:
        return <int32_t> (self.ticks if self.ticks < self.distance else self.distance)

    cdef int push(self, int32_t word) noexcept nogil:
        """Add a token to the cache; -1 if memory runs out."""
        cdef int32_t i, first, known, number
        cdef double weight
        if self.gains[word] > 0:
            for i in range(self.n_recent()):
                first = self.recent[i]
                weight = self.gains[first] * self.gains[word]
                if not weight > 0:
                    continue
                known = self.pairs.n
                number = number_of(&self.pairs, <uint64_t> first << 32 | <uint32_t> word)
                if number < 0:
                    return -1
                if self.room < self.pairs.room:
                    if widen(&self.sums, self.pairs.room):
                        return -1
                    self.room = self.pairs.room
                if number == known:
                    self.sums[number] = 0.0
                if self.first_sums[first] == 0:
                    self.touched[self.n_touched] = first
                    self.n_touched += 1
                self.sums[number] += weight
                self.first_sums[first] += weight
        self.recent[self.ticks % self.distance] = word
        self.ticks += 1
        return 0

    def read(self, const int32_t[::1] ids not None, double[::1] out not None):
        """Fill `out` with the share of every predicted token among the cached words after the last tokens.

        NaN says that no pair begins with the last tokens.
        """
        cdef int64_t i, n = 0
        cdef int32_t word, k, number
        cdef double paired, total
        cdef int failed = 0
        with nogil:
            for i in range(ids.shape[0]):
                word = ids[i]
                if word == BOS:
                    continue
                if not 0 <= word < self.n_words or n == out.shape[0]:
                    failed = 1
                    break
                paired = total = 0.0
                for k in range(self.n_recent()):
                    if self.first_sums[self.recent[k]] > 0:
                        total += self.first_sums[self.recent[k]]
                        number = find_pair(&self.pairs, <uint64_t> self.recent[k] << 32 | <uint32_t> word)
                        if number >= 0:
                            paired += self.sums[number]
                out[n] = paired / total if total > 0 else NAN
                n += 1
                if self.push(word):
                    failed = 2
                    break
        check_reading(failed, n == out.shape[0])

    def shares_now(self):
        """Return the share of every word after the last tokens, float64[V]; None if no pair begins with them."""
        cdef int32_t k, i
        times = np.zeros(self.n_words)
        cdef double[::1] n_times = times
        for k in range(self.n_recent()):
            n_times[self.recent[k]] += 1
        found = np.zeros(self.n_words)
        cdef double[::1] sums = found
        for i in range(self.pairs.n):
            sums[<int32_t> <uint32_t> self.pairs.keys[i]] += (
                self.sums[i] * n_times[<int32_t> (self.pairs.keys[i] >> 32)])
        total = found.sum()
        return found / total if total > 0 else None
