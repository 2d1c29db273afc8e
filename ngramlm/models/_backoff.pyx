"""The query automaton of a back-off model: one array of 12-byte slots, read in place from memory or a mapped file.

A state is the number of a slot: the header of a history. The rows of the history follow its header. So a look-up, the
back-off weight and the parent need one or two neighboring cache lines.

    header   a: number of places for rows   b: log10 back-off weight   c: state of the parent history
    row      a: word                        b: log10 probability       c: state after the word

Up to `FEW` rows are stored one after the other. More rows are hashed over 5/3 as many places. State 0 is the empty
history; the word id is the position of its row. A parent has a smaller number than its children, so that every walk
ends. Slots may come from a damaged file: a number that leads outside the array makes the call fail.
"""
cimport cython
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc

from ngramlm.core._constants cimport BOS, MAX_ORDER
from ngramlm.core._prefetch cimport prefetch
from ngramlm.core._records cimport Record1, radix_sort
from ngramlm.models._scorer cimport SHORT, Run, Scorer
from ngramlm.models._slot cimport EMPTY, FEW, MAX_SLOTS, Slot, home
from ngramlm.text._vocabulary cimport WordTable

import numpy as np

cdef enum:
    LANES = 24                 # runs of words in flight
    WALKS = MAX_ORDER + SHORT

# For every word of a sentence, the n-grams that begin with it.
cdef struct Walks:
    uint32_t states[WALKS]
    int found[WALKS]                           # length of the longest n-gram
    int known[WALKS]                           # length of the longest history
    float log10_probs[MAX_ORDER + 1][WALKS]    # of the n-gram of each length
    float log10_backoffs[MAX_ORDER][WALKS]     # of the history of each length

# A run of words in flight.
cdef struct Lane:
    Run words
    double backed_off
    uint32_t state
    uint32_t place             # the next place to look at; 0: read the header first


# The garbage collector must not drop the owner of memory that is still in use.
@cython.no_gc_clear
cdef class Automaton(Scorer):
    """Answers queries over an array of slots; `table` is that of the vocabulary.

    `order_states[k - 1]` is the first slot of the histories of order k (of length k - 1). Its last number is the number
    of slots. Raises ValueError if the sizes do not fit together. Damage that is found later raises ``refuse(message)``.
    """
    cdef const Slot* slots
    cdef uint32_t n_slots
    cdef readonly uint32_t start           # the state after <s>
    cdef readonly uint32_t empty           # the state of an empty history
    cdef uint32_t order_states[MAX_ORDER + 1]

    def __init__(self, const uint8_t[::1] slots not None, WordTable table not None, order_states, refuse=ValueError):
        cdef int64_t n = slots.shape[0] // <int64_t> sizeof(Slot), id
        cdef int k
        if n * <int64_t> sizeof(Slot) != slots.shape[0] or n < 1 or n > MAX_SLOTS:
            raise ValueError("slots of an impossible size")
        self.owner = slots
        self.refuse = refuse
        self.slots = <const Slot*> &slots[0]
        self.n_slots = <uint32_t> n
        self.table = table
        self.n_words = table.index.size
        self.order = len(order_states) - 1
        if not 1 <= self.order <= MAX_ORDER:
            raise ValueError("an impossible order")
        for k in range(self.order + 1):
            self.order_states[k] = order_states[k]
            if k and self.order_states[k] < self.order_states[k - 1]:
                raise ValueError("orders out of place")
        if self.order_states[0] != 0 or self.order_states[self.order] != n:
            raise ValueError("orders that do not span the slots")
        if self.slots[0].a != <uint32_t> self.n_words or 1 + <int64_t> self.n_words > n:
            raise ValueError("unigrams that do not match the vocabulary")
        for id in range(self.n_words):
            if self.slots[1 + id].a != <uint32_t> id:
                raise ValueError("unigrams out of order")
        self.start = self.slots[1 + BOS].c
        if self.start >= self.n_slots:
            raise ValueError("a sentence start outside the model")

    cdef inline int depth(self, uint32_t state) noexcept nogil:
        """Return the length of a history."""
        cdef int k = 1
        while k < self.order and self.order_states[k] <= state:
            k += 1
        return k - 1

    cdef inline const Slot* find(self, uint32_t state, uint32_t word) noexcept nogil:
        """Return the row of a word after a history, NULL if it is not stored; all rows must be inside the slots."""
        cdef const Slot* header = &self.slots[state]
        cdef uint32_t places = header.a, at, i
        if places <= FEW:
            for i in range(1, places + 1):
                if header[i].a == word:
                    return &header[i]
            return NULL
        at = home(word, places)
        for i in range(places):
            if header[1 + at].a == word:
                return &header[1 + at]
            if header[1 + at].a == EMPTY:
                return NULL
            at += 1
            if at == places:
                at = 0
        return NULL

    cdef inline int step(self, uint32_t* state, uint32_t word, double* log10_prob, int* length) noexcept nogil:
        """Score one word and move to the next state; -1 for damage."""
        cdef uint32_t at = state[0], parent
        cdef double backed_off = 0.0
        cdef const Slot* row
        while at != 0:
            if self.slots[at].a >= self.n_slots - at:
                return -1
            row = self.find(at, word)
            if row != NULL:
                break
            backed_off += self.slots[at].b
            parent = self.slots[at].c
            if parent >= at:
                return -1
            at = parent
        else:
            row = &self.slots[1 + word]
        log10_prob[0] = backed_off + row.b
        if length != NULL:
            length[0] = self.depth(at) + 1
        if row.c >= self.n_slots:
            return -1
        state[0] = row.c
        return 0

    cdef inline void take(self, Lane* lane, const Run* words) noexcept nogil:
        """Start a run."""
        lane.words = words[0]
        lane.backed_off = 0.0
        lane.state = self.start if words.from_bos else 0
        lane.place = 0

    cdef int run(self, Run* waiting, int64_t n_waiting) noexcept nogil:
        """Score all runs, many at a time, so that waits for memory overlap; -1 for damage."""
        cdef Lane lanes[LANES]
        cdef Lane* lane
        cdef const Slot* slots = self.slots
        cdef const Slot* header
        cdef const Slot* row
        cdef int64_t next_run = 0
        cdef int n_lanes = 0, number = 0
        cdef uint32_t word, places, at, state, i, n_slots = self.n_slots
        while n_lanes < LANES and next_run < n_waiting:
            self.take(&lanes[n_lanes], &waiting[next_run])
            next_run += 1
            n_lanes += 1
        while n_lanes:
            if number >= n_lanes:
                number = 0
            lane = &lanes[number]
            if lane.words.at == lane.words.end:
                if next_run < n_waiting:
                    self.take(lane, &waiting[next_run])
                    next_run += 1
                else:
                    n_lanes -= 1
                    lanes[number] = lanes[n_lanes]
                continue
            number += 1
            word = <uint32_t> lane.words.at[0]
            state = lane.state
            header = &slots[state]
            row = NULL
            if state == 0:
                row = &slots[1 + word]
            else:
                places = header.a
                if places >= n_slots - state:
                    return -1
                if places <= FEW:
                    for i in range(1, places + 1):
                        if header[i].a == word:
                            row = &header[i]
                            break
                elif lane.place == 0:
                    # Fetch the place, and come back to this run later.
                    lane.place = 1 + home(word, places)
                    prefetch(&header[lane.place])
                    continue
                else:
                    at = lane.place
                    lane.place = 0
                    for i in range(places):
                        if header[at].a == word:
                            row = &header[at]
                            break
                        if header[at].a == EMPTY:
                            break
                        at += 1
                        if at > places:
                            at = 1
                if row == NULL:
                    lane.backed_off += header.b
                    if header.c >= state:
                        return -1
                    lane.state = header.c
                    if header.c == 0:
                        prefetch(&slots[1 + word])
                    else:
                        prefetch(&slots[header.c])
                    continue
            if lane.words.at >= lane.words.scored:
                lane.words.out[0] = lane.backed_off + row.b
                lane.words.out += 1
                if lane.words.lengths != NULL:
                    lane.words.lengths[0] = <uint8_t> (self.depth(state) + 1)
                    lane.words.lengths += 1
            if row.c >= n_slots:
                return -1
            lane.backed_off = 0.0
            lane.state = row.c
            lane.words.at += 1
            prefetch(&slots[row.c])
            prefetch(&slots[row.c + <uint64_t> 5])   # few rows may reach into the next cache line
        return 0

    cdef inline int reach(self, Walks* walks, int at, int length, const Slot* row) noexcept nogil:
        """Store the n-gram that a walk has found; return 1 if it is also a history, 0 if not, -1 for damage."""
        walks.found[at] = length
        walks.known[at] = length - 1
        walks.log10_probs[length][at] = row.b
        if length == self.order or row.c < self.order_states[length]:
            return 0
        if row.c >= self.n_slots:
            return -1
        walks.known[at] = length
        walks.states[at] = row.c
        prefetch(&self.slots[row.c])
        return 1

    cdef int walk(self, Walks* walks, const int32_t* ids, int n_ids) noexcept nogil:
        """Walk from every word at the same time, so that each length waits for memory only twice; -1 for damage."""
        cdef const Slot* header
        cdef const Slot* row
        cdef int active[WALKS]                 # the walks that continue, in order
        cdef int n_active = 0, n_going, i, k, length, goes_on
        cdef uint32_t places
        for i in range(n_ids):
            goes_on = self.reach(walks, i, 1, &self.slots[1 + ids[i]])
            if goes_on < 0:
                return -1
            active[n_active] = i
            n_active += goes_on
        for length in range(2, self.order + 1):
            while n_active and active[n_active - 1] + length > n_ids:
                # No word follows.
                n_active -= 1
            for k in range(n_active):
                i = active[k]
                header = &self.slots[walks.states[i]]
                places = header.a
                if places >= self.n_slots - walks.states[i]:
                    return -1
                walks.log10_backoffs[length - 1][i] = header.b
                if places > FEW:
                    prefetch(&header[1 + home(<uint32_t> ids[i + length - 1], places)])
            n_going = 0
            for k in range(n_active):
                i = active[k]
                row = self.find(walks.states[i], <uint32_t> ids[i + length - 1])
                if row == NULL:
                    continue
                goes_on = self.reach(walks, i, length, row)
                if goes_on < 0:
                    return -1
                active[n_going] = i
                n_going += goes_on
            n_active = n_going
        return 0

    cdef int score_words(self, const int32_t* ids, int n_before, int n_ids, double* total) noexcept nogil:
        """Add up the scores of some words; see `Scorer.score_words`.

        The first walk that reaches a word has the longest n-gram that ends with it. The walks before have the back-off
        weights of their histories.
        """
        cdef Walks walks
        cdef int i, length
        cdef double backed_off
        if self.walk(&walks, ids, n_ids):
            return -1
        for i in range(n_before, n_ids):
            length = min(self.order, i + 1)
            backed_off = 0.0
            while walks.found[i + 1 - length] < length:
                length -= 1
                if walks.known[i - length] >= length:
                    backed_off += walks.log10_backoffs[length][i - length]
            total[0] += backed_off + walks.log10_probs[length][i + 1 - length]
        return 0

    cdef void expect(self, int32_t word) noexcept nogil:
        prefetch(&self.slots[1 + word])

    def advance(self, uint32_t state, int32_t word):
        """Return (state after the word, its log10 probability, length of the n-gram that predicted it)."""
        cdef double log10_prob = 0.0
        cdef int length = 0
        if state >= self.n_slots or word < 0 or word >= self.n_words:
            raise self.refuse("a state or word outside the model")
        if self.step(&state, word, &log10_prob, &length) or not log10_prob < INFINITY:
            raise self.refuse("damaged model")
        return state, log10_prob, length

    def rows(self, uint32_t state):
        """Return (words int32[n], log10 probabilities float32[n], log10 back-off weight, parent state) of a history."""
        cdef uint32_t places, i
        cdef const Slot* header
        cdef int64_t n = 0
        if state >= self.n_slots:
            raise ValueError("a state outside the model")
        header = &self.slots[state]
        places = header.a
        if places >= self.n_slots - state or (state and header.c >= state):
            raise self.refuse("damaged model")
        words_out = np.empty(places, np.int32)
        probs_out = np.empty(places, np.float32)
        cdef int32_t[::1] words = words_out
        cdef float[::1] probs = probs_out
        with nogil:
            for i in range(1, places + 1):
                if header[i].a != EMPTY:
                    words[n] = <int32_t> header[i].a
                    probs[n] = header[i].b
                    n += 1
        if n and (words_out[:n].min() < 0 or words_out[:n].max() >= self.n_words):
            raise self.refuse("damaged model")
        return words_out[:n], probs_out[:n], header.b, header.c

    def unpack(self, int order, int64_t n_histories, int64_t n_rows, empty=np.empty):
        """Unpack the columns of one order. The rows of a history are sorted by word.

        Returns (starts int64[H + 1], words int32[R], log10_probs float32[R], next states uint32[R], states uint32[H],
        log10_backoffs float32[H], parent states uint32[H]). ``empty(n, dtype)`` makes these arrays. Raises ValueError
        if the numbers do not match.
        """
        cdef uint32_t at, end, places, i
        cdef int64_t h = 0, n = 0, n_found, j, capacity = 0
        cdef const Slot* header
        cdef bint damaged = False, ordered, failed = False
        cdef uint64_t previous
        # The words and places of the rows of a history, and room to sort them.
        cdef Record1* found = NULL
        if not 1 <= order <= self.order:
            raise ValueError("an order outside the model")
        at, end = self.order_states[order - 1], self.order_states[order]
        # The numbers come from a file. Check them against the slots before memory is allocated.
        if n_histories < 0 or n_rows < 0 or n_histories > end - at or n_rows > end - at:
            raise ValueError("more rows than slots")
        starts_out = empty(n_histories + 1, np.int64)
        words_out = empty(n_rows, np.int32)
        probs_out = empty(n_rows, np.float32)
        nexts_out = empty(n_rows, np.uint32)
        states_out = empty(n_histories, np.uint32)
        backoffs_out = empty(n_histories, np.float32)
        parents_out = empty(n_histories, np.uint32)
        cdef int64_t[::1] starts = starts_out
        cdef int32_t[::1] words = words_out
        cdef float[::1] probs = probs_out, backoffs = backoffs_out
        cdef uint32_t[::1] nexts = nexts_out, states = states_out, parents = parents_out
        with nogil:
            while at < end and not damaged:
                header = &self.slots[at]
                places = header.a
                if places >= end - at or h >= n_histories:
                    damaged = True
                    break
                starts[h] = n
                states[h] = at
                backoffs[h] = header.b
                parents[h] = header.c
                if places > capacity:
                    free(found)
                    capacity = 2 * <int64_t> places + 64
                    found = <Record1*> malloc(2 * capacity * sizeof(Record1))
                    if found == NULL:
                        failed = True
                        break
                n_found = 0
                ordered = True
                previous = 0
                for i in range(1, places + 1):
                    if header[i].a == EMPTY:
                        continue
                    if header[i].a >= <uint32_t> self.n_words:
                        damaged = True
                        break
                    found[n_found].limb[0] = <uint64_t> header[i].a << 32 | i
                    ordered = ordered and found[n_found].limb[0] > previous
                    previous = found[n_found].limb[0]
                    n_found += 1
                if damaged or n_found > n_rows - n:
                    damaged = True
                    break
                if not ordered:
                    radix_sort(found, found + capacity, n_found, 0, 4)
                for j in range(n_found):
                    i = <uint32_t> found[j].limb[0]
                    words[n] = <int32_t> header[i].a
                    probs[n] = header[i].b
                    nexts[n] = header[i].c
                    n += 1
                h += 1
                at += 1 + places
        free(found)
        if failed:
            raise MemoryError()
        if damaged or h != n_histories or n != n_rows:
            raise self.refuse("damaged model")
        starts[h] = n
        return starts_out, words_out, probs_out, nexts_out, states_out, backoffs_out, parents_out
