"""Queries to a back-off model in the compact layout, read in place from memory or a mapped file.

`_forward.pyx` describes the layout. A state has, for every length k up to that of the longest known history, the
position of the children of the last k words.

The next word is looked up among the children of the last word. Its number there is looked up among the children of the
last two words, and so on. The search ends at the first length at which it is not found, because longer n-grams are not
stored either. The n-grams that were found are the histories of the next state.

Bits may come from a damaged file: a number that leads outside makes the call fail.
"""
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from ngramlm.core._constants cimport BOS, MAX_ORDER
from ngramlm.models._bits cimport get_bits
from ngramlm.core._prefetch cimport prefetch
from ngramlm.models._scorer cimport Run, Scorer
from ngramlm.models._siblings cimport DENSE, home_of, number_bits, share_of
from ngramlm.text._vocabulary cimport WordTable

import numpy as np

cdef extern from *:
    """
    static inline uint64_t ngramlm_high(uint64_t a, uint64_t b) {
        return (uint64_t)(((__uint128_t)a * b) >> 64);
    }
    """
    uint64_t high_product "ngramlm_high"(uint64_t a, uint64_t b) noexcept nogil

cdef enum:
    LANES = 16                 # runs of words in flight
    NEAR = 16                  # slots of linear search before binary search

# The n-grams of one length. A row has the codes of its probability and of its back-off weight, the pointer to its
# children, and its number.
cdef struct Order:
    const uint8_t* rows
    const float* probs         # the values of the codes; NULL for exact values
    const float* backoffs
    uint64_t end               # bits of all rows
    uint64_t prob_mask         # a one for every bit of a code
    uint64_t backoff_mask
    uint64_t pointer_mask
    uint32_t backoff_at        # first bit of the back-off weight in a row
    uint32_t pointer_at
    uint32_t fixed             # bits of a row without its number

# The children of the last words.
cdef struct Group:
    uint64_t begin             # first bit
    uint32_t size              # in slots
    uint32_t width             # bits of a slot
    double log10_backoff       # back-off weight of these words as a history

cdef struct State:
    int length                 # of the longest known history
    Group groups[MAX_ORDER]

# The place of a word among all words.
cdef struct Word:
    uint32_t place
    uint32_t share

# A run of words in flight.
cdef struct Lane:
    Run words
    Word next                  # the place of the next word
    State state


# The garbage collector must not drop the owner of memory that is still in use.
@cython.no_gc_clear
cdef class CompactAutomaton(Scorer):
    """Answers queries over packed n-grams; `table` is that of the vocabulary.

    `shapes` has for every order the number of bits of (all rows, a probability, a back-off weight, a pointer). In
    `rows` and `books` the orders follow each other. Word w has the place w * `multiplier` modulo the number of words.
    A state is an opaque ``bytes``.

    Raises ValueError if the sizes do not fit together. Damage that is found later raises ``refuse(message)``.
    """
    cdef Order orders[MAX_ORDER]
    cdef readonly bytes start              # the state after <s>
    cdef readonly bytes empty              # the state of an empty history
    cdef State start_state
    cdef uint64_t multiplier
    cdef uint64_t inverse
    cdef uint64_t reciprocal               # 2^64 / number of words

    def __init__(self, const uint8_t[::1] rows not None, const float[::1] books not None, WordTable table not None, shapes,
                 multiplier, refuse=ValueError):
        cdef int64_t at_rows = 0, at_books = 0, n
        cdef uint64_t end
        cdef int k, prob_bits, backoff_bits, pointer_bits
        cdef Order* order
        cdef double unused
        self.owner = (rows, books)
        self.refuse = refuse
        self.table = table
        self.n_words = table.index.size
        self.order = len(shapes)
        if not 1 <= self.order <= MAX_ORDER:
            raise ValueError("an impossible order")
        if self.n_words < 3:
            raise ValueError("a vocabulary without the reserved words")
        if not 0 < multiplier < self.n_words:
            raise ValueError("words out of order")
        self.multiplier, self.inverse = multiplier, pow(multiplier, -1, self.n_words)
        self.reciprocal = (1 << 64) // self.n_words
        for k in range(self.order):
            order = &self.orders[k]
            end, prob_bits, backoff_bits, pointer_bits = shapes[k]
            if end >> 50:
                raise ValueError("an order of impossible size")
            if not (1 <= prob_bits <= 16 or prob_bits == 32):
                raise ValueError("impossible widths")
            if k == self.order - 1:
                if backoff_bits or pointer_bits:
                    raise ValueError("impossible widths")
            elif not (1 <= backoff_bits <= 16 or backoff_bits == 32) or not 1 <= pointer_bits <= 50:
                raise ValueError("impossible widths")
            order.end = end
            order.prob_mask = (<uint64_t> 1 << prob_bits) - 1
            order.backoff_mask = (<uint64_t> 1 << backoff_bits) - 1
            order.pointer_mask = (<uint64_t> 1 << pointer_bits) - 1
            order.backoff_at = prob_bits
            order.pointer_at = prob_bits + backoff_bits
            order.fixed = prob_bits + backoff_bits + pointer_bits
            # A row without a number follows the last row. Eight more bytes can be read behind the last bit.
            n = <int64_t> ((order.end + order.fixed + 63) // 64 * 8 + 8)
            if n > rows.shape[0] - at_rows:
                raise ValueError("rows beyond the end")
            order.rows = &rows[at_rows]
            at_rows += n
            order.probs = order.backoffs = NULL
            if prob_bits <= 16:
                n = <int64_t> 1 << prob_bits
                if n > books.shape[0] - at_books:
                    raise ValueError("code books beyond the end")
                order.probs = &books[at_books]
                at_books += n
            if 1 <= backoff_bits <= 16:
                n = <int64_t> 1 << backoff_bits
                if n > books.shape[0] - at_books:
                    raise ValueError("code books beyond the end")
                order.backoffs = &books[at_books]
                at_books += n
        if at_rows != rows.shape[0] or at_books != books.shape[0]:
            raise ValueError("bytes behind the last order")
        if self.orders[0].end != <uint64_t> self.n_words * <uint64_t> self.orders[0].fixed:
            raise ValueError("unigrams that do not match the vocabulary")
        memset(&self.start_state, 0, sizeof(State))
        if self.step(&self.start_state, self.place(BOS), &unused, NULL):
            raise ValueError("a sentence start outside the model")
        self.start = pack_state(&self.start_state)
        self.empty = b""

    cdef inline Word place(self, uint32_t word) noexcept nogil:
        """Return the place of a word among all words."""
        cdef uint64_t product = word * self.multiplier, n = <uint64_t> self.n_words
        cdef Word placed
        product -= high_product(product, self.reciprocal) * n
        while product >= n:
            product -= n
        placed.place = <uint32_t> product
        placed.share = share_of(placed.place, self.reciprocal)
        return placed

    cdef inline uint64_t children(self, const Order* order, uint64_t at) noexcept nogil:
        """Return the first bit of the children of the row at bit `at`."""
        return get_bits(order.rows, at + order.pointer_at, order.pointer_mask)

    cdef inline float log10_prob(self, const Order* order, uint64_t at) noexcept nogil:
        cdef uint32_t code = <uint32_t> get_bits(order.rows, at, order.prob_mask)
        return order.probs[code] if order.probs != NULL else (<float*> &code)[0]

    cdef inline float log10_backoff(self, const Order* order, uint64_t at) noexcept nogil:
        cdef uint32_t code = <uint32_t> get_bits(order.rows, at + order.backoff_at, order.backoff_mask)
        return order.backoffs[code] if order.backoffs != NULL else (<float*> &code)[0]

    cdef inline uint32_t width_of(self, int k, uint32_t most) noexcept nogil:
        """Return the bits of a slot of order k + 2, in a group whose numbers are below `most`."""
        return self.orders[k + 1].fixed + number_bits(most)

    cdef inline int open_group(self, int k, uint64_t at, uint64_t next_row, uint32_t most, Group* group) noexcept nogil:
        """Find the children of the row of order k + 1 at bit `at`, with numbers below `most`; -1 for damage."""
        cdef const Order* order = &self.orders[k]
        cdef uint64_t begin = self.children(order, at), end = self.children(order, next_row), size
        cdef uint32_t width = self.width_of(k, most)
        if end > self.orders[k + 1].end or begin > end:
            return -1
        size = end - begin
        if size == width:
            size = 1
        elif size >> 32:
            size //= width
            if size >> 31:
                return -1
        else:
            size = <uint32_t> size // width
        group.begin = begin
        group.size = <uint32_t> size
        group.width = width
        group.log10_backoff = self.log10_backoff(order, at)
        return 0

    cdef inline int64_t find(self, const Order* order, const Group* group, uint32_t number, uint32_t share) noexcept nogil:
        """Return the slot of a number among the children of a group, -1 if it is not there.

        It is the first slot from its home on whose number is not smaller. Between its home and itself all numbers are
        smaller, and empty slots have larger numbers.
        """
        cdef uint64_t mask = (<uint64_t> 1 << (group.width - order.fixed)) - 1, found
        cdef uint32_t slot = home_of(share, group.size), end = group.size
        cdef uint64_t bit = group.begin + order.fixed + <uint64_t> slot * group.width
        if end - slot > NEAR:
            end = slot + NEAR
        while slot < end:
            found = get_bits(order.rows, bit, mask)
            if found >= number:
                return slot if found == number else -1
            bit += group.width
            slot += 1
        return -1 if slot == group.size else self.find_in_crowd(order, group, number, slot)

    cdef int64_t find_in_crowd(self, const Order* order, const Group* group, uint32_t number, uint32_t slot) noexcept nogil:
        """Find a number from a slot on by binary search; -1 if it is not there."""
        cdef uint64_t mask = (<uint64_t> 1 << (group.width - order.fixed)) - 1, first = group.begin + order.fixed
        cdef uint32_t end = group.size, middle
        while slot < end:
            middle = slot + ((end - slot) >> 1)
            if get_bits(order.rows, first + <uint64_t> middle * group.width, mask) < number:
                slot = middle + 1
            else:
                end = middle
        if slot < group.size and get_bits(order.rows, first + <uint64_t> slot * group.width, mask) == number:
            return slot
        return -1

    cdef inline int step(self, State* state, Word word, double* log10_prob, int* length) noexcept nogil:
        """Score one word and move to the next state; -1 for damage."""
        cdef const Order* order = &self.orders[0]
        cdef Group* groups = state.groups
        cdef Group old
        cdef uint64_t at = <uint64_t> word.place * <uint64_t> order.fixed, next_row
        # The number of the word among `most` children.
        cdef uint32_t most = <uint32_t> self.n_words, number = word.place
        cdef int k = 0, j, known = 0, top = self.order - 1
        cdef int64_t found
        cdef double backed_off = 0.0
        old = groups[0]
        if top > 0:
            if self.open_group(0, at, at + order.fixed, most, &groups[0]):
                return -1
            known = groups[0].size > 0
        # `at` is the row of the last k + 1 words. `old` has the children of the k + 1 words before the new word.
        while k < state.length:
            found = self.find(&self.orders[k + 1], &old, number, word.share)
            if found < 0:
                break
            order = &self.orders[k + 1]
            at = old.begin + <uint64_t> found * old.width
            number, most = <uint32_t> found, old.size
            next_row = at + old.width
            k += 1
            if k < top:
                old = groups[k]
                if known == k:
                    if self.open_group(k, at, next_row, groups[k - 1].size, &groups[k]):
                        return -1
                    if groups[k].size > 0:
                        known = k + 1
        for j in range(state.length - 1, k, -1):
            backed_off += groups[j].log10_backoff
        if k < state.length:
            backed_off += old.log10_backoff
        log10_prob[0] = backed_off + self.log10_prob(order, at)
        if length != NULL:
            length[0] = k + 1
        state.length = known
        return 0

    cdef inline void fetch(self, const State* state, Word word) noexcept nogil:
        """Fetch the memory that the look-up of a word after this state needs."""
        cdef const Order* order = &self.orders[0]
        cdef const Group* group
        cdef int k
        cdef uint64_t at
        prefetch(order.rows + (<uint64_t> word.place * order.fixed >> 3))
        for k in range(state.length):
            order = &self.orders[k + 1]
            group = &state.groups[k]
            at = (group.begin + <uint64_t> home_of(word.share, group.size) * group.width) >> 3
            prefetch(order.rows + at)
            # The next slots, and the end of the children of the word.
            prefetch(order.rows + at + 32)

    cdef inline void take(self, Lane* lane, const Run* words) noexcept nogil:
        """Start a run."""
        lane.words = words[0]
        if words.from_bos:
            lane.state = self.start_state
        else:
            lane.state.length = 0
        if words.at != words.end:
            self.expect_next(lane)

    cdef inline void expect_next(self, Lane* lane) noexcept nogil:
        """Find the place of the next word, and fetch the memory that its look-up needs."""
        lane.next = self.place(<uint32_t> lane.words.at[0])
        self.fetch(&lane.state, lane.next)

    cdef int run(self, Run* waiting, int64_t n_waiting) noexcept nogil:
        cdef Lane lanes[LANES]
        cdef Lane* lane
        cdef int64_t next_run = 0
        cdef int n_lanes = 0, number = 0, length
        cdef double log10_prob
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
            if self.step(&lane.state, lane.next, &log10_prob, &length):
                return -1
            if lane.words.at >= lane.words.scored:
                lane.words.out[0] = log10_prob
                lane.words.out += 1
                if lane.words.lengths != NULL:
                    lane.words.lengths[0] = <uint8_t> length
                    lane.words.lengths += 1
            lane.words.at += 1
            if lane.words.at != lane.words.end:
                self.expect_next(lane)
        return 0

    cdef void expect(self, int32_t word) noexcept nogil:
        cdef const Order* order = &self.orders[0]
        prefetch(order.rows + (<uint64_t> self.place(<uint32_t> word).place * order.fixed >> 3))

    cdef int unpack_state(self, bytes given, State* state) except -1:
        """Read a state from bytes; raises ValueError if its children are not within the model."""
        cdef Py_ssize_t n = PyBytes_GET_SIZE(given)
        cdef uint32_t most = <uint32_t> self.n_words
        cdef uint64_t width
        cdef int k
        state.length = <int> min(n // <Py_ssize_t> sizeof(Group), MAX_ORDER)
        if state.length >= self.order or state.length * <Py_ssize_t> sizeof(Group) != n:
            raise ValueError("a state outside the model")
        if n:
            memcpy(state.groups, PyBytes_AS_STRING(given), n)
        for k in range(state.length):
            width = self.width_of(k, most)
            if state.groups[k].size == 0 or state.groups[k].width != width:
                raise ValueError("a state outside the model")
            if state.groups[k].begin > self.orders[k + 1].end:
                raise ValueError("a state outside the model")
            if state.groups[k].size * width > self.orders[k + 1].end - state.groups[k].begin:
                raise ValueError("a state outside the model")
            most = state.groups[k].size
        return 0

    def advance(self, bytes state not None, int32_t word):
        """Return (state after the word, its log10 probability, length of the n-gram that predicted it)."""
        cdef State after
        cdef double log10_prob = 0.0
        cdef int length = 0
        self.unpack_state(state, &after)
        if word < 0 or word >= self.n_words:
            raise ValueError("a word outside the model")
        if self.step(&after, self.place(<uint32_t> word), &log10_prob, &length) or not log10_prob < INFINITY:
            raise self.refuse("damaged model")
        return pack_state(&after), log10_prob, length

    def rows(self, bytes state not None):
        """Return (words int32[n], log10 probabilities float32[n], log10 back-off weight, parent state) of a history."""
        cdef State known
        cdef const Order* order = &self.orders[0]
        cdef uint32_t most = <uint32_t> self.n_words
        cdef int64_t i
        cdef uint64_t at, number, mask, following
        cdef int k
        cdef uint32_t width = order.fixed
        self.unpack_state(state, &known)
        words_out = (np.arange(self.n_words, dtype=np.int64) * self.inverse % self.n_words).astype(np.int32)
        cdef int32_t[::1] words = words_out, lower
        cdef bint damaged = False
        for k in range(known.length):
            order = &self.orders[k + 1]
            lower = words
            words_out = np.empty(known.groups[k].size, np.int32)
            words = words_out
            width = known.groups[k].width
            mask = (<uint64_t> 1 << (width - order.fixed)) - 1
            with nogil:
                following = mask
                for i in range(known.groups[k].size - 1, -1, -1):
                    at = known.groups[k].begin + <uint64_t> i * width
                    number = get_bits(order.rows, at + order.fixed, mask)
                    words[i] = -1
                    if number == following and known.groups[k].size > DENSE:
                        # An empty slot.
                        continue
                    following = number
                    if number >= most or lower[number] < 0:
                        damaged = True
                        break
                    words[i] = lower[number]
            if damaged:
                raise self.refuse("damaged model")
            most = known.groups[k].size
        probs_out = np.empty(most, np.float32)
        cdef float[::1] probs = probs_out
        if known.length:
            at = known.groups[known.length - 1].begin
        else:
            at = 0
        for i in range(most):
            probs[i] = self.log10_prob(order, at + <uint64_t> i * width)
        if known.length == 0:
            return words_out, probs_out, 0.0, b""
        taken = words_out >= 0
        words_out, probs_out = words_out[taken], probs_out[taken]
        known.length -= 1
        return words_out, probs_out, known.groups[known.length].log10_backoff, pack_state(&known)

    def unpack(self, int order_, const int64_t[::1] lower_starts, const int32_t[::1] lower_suffixes,
               const int64_t[::1] grand_starts, const int32_t[::1] lower_words):
        """Unpack the slots of one order, from those of the order below.

        `lower_starts` has the first child of every slot of the order below, and the number of slots at the end.
        `lower_suffixes` has the suffix of every slot of the order below. `grand_starts` has the first children two orders below.

        Returns (words int32[S], suffixes int32[S], starts of the children int64[S + 1], log10_probs float32[S],
        log10_backoffs float32[S]). An empty slot has the word -1. For the top order the starts and back-off weights are
        empty. Raises ValueError if a row is not at its place.
        """
        cdef const Order* order
        cdef int64_t y, i, size, most, slot = 0, child = 0, suffix, base, n_slots, free, home
        cdef uint64_t at = 0, here, there, place = 0, width, child_width, number, mask
        cdef bint damaged = False, inner = order_ < self.order
        cdef int bits
        cdef int64_t previous, most_children
        if not 1 <= order_ <= self.order:
            raise ValueError("an order outside the model")
        order = &self.orders[order_ - 1]
        if lower_starts.shape[0] != lower_suffixes.shape[0] + 1 or lower_words.shape[0] != lower_suffixes.shape[0]:
            raise ValueError("columns of different lengths")
        n_slots = lower_starts[lower_suffixes.shape[0]]
        if n_slots < 0 or <uint64_t> n_slots > order.end // <uint64_t> order.fixed or n_slots >= (<int64_t> 1 << 31) - 1:
            raise self.refuse("damaged model")
        words_out = np.full(n_slots, -1, np.int32)
        suffixes_out = np.zeros(n_slots, np.int32)
        starts_out = np.zeros(n_slots + 1 if inner else 0, np.int64)
        probs_out = np.zeros(n_slots, np.float32)
        backoffs_out = np.zeros(n_slots if inner else 0, np.float32)
        cdef int32_t[::1] words = words_out, suffixes = suffixes_out
        cdef int64_t[::1] starts = starts_out
        cdef float[::1] probs = probs_out, backoffs = backoffs_out
        with nogil:
            for y in range(lower_suffixes.shape[0]):
                suffix = lower_suffixes[y]
                if not 0 <= suffix < grand_starts.shape[0] - 1:
                    damaged = True
                    break
                base, most = grand_starts[suffix], grand_starts[suffix + 1] - grand_starts[suffix]
                size = lower_starts[y + 1] - lower_starts[y]
                # An empty slot must not have children.
                if size and lower_words[y] < 0:
                    damaged = True
                    break
                if order_ > 1 and base + most > lower_words.shape[0]:
                    damaged = True
                    break
                bits = 0 if order_ == 1 else number_bits(<uint32_t> most)
                mask = (<uint64_t> 1 << bits) - 1
                width = <uint64_t> (order.fixed + bits)
                previous = -1
                # The first slot that the next child can have.
                free = 0
                for i in range(size):
                    if slot >= n_slots or at + width > order.end:
                        damaged = True
                        break
                    number = get_bits(order.rows, at + order.fixed, mask)
                    if order_ == 1:
                        words[slot] = <int32_t> (<uint64_t> slot * self.inverse % <uint64_t> self.n_words)
                        suffix = 0
                    elif size > DENSE and (number == mask or (
                            i + 1 < size and at + 2 * width <= order.end
                            and number == get_bits(order.rows, at + width + order.fixed, mask))):
                        # An empty slot.
                        suffix = -1
                    else:
                        suffix = base + <int64_t> number
                        if number >= <uint64_t> most or <int64_t> number <= previous or lower_words[suffix] < 0:
                            damaged = True
                            break
                        previous = <int64_t> number
                        words[slot] = lower_words[suffix]
                        suffixes[slot] = <int32_t> suffix
                        if size > DENSE:
                            home = home_of(self.place(<uint32_t> words[slot]).share, <uint32_t> size)
                            if i != max(home, free):
                                damaged = True
                                break
                        free = i + 1
                    probs[slot] = self.log10_prob(order, at)
                    if inner:
                        backoffs[slot] = self.log10_backoff(order, at)
                        # Children are numbered among the children of the suffix. The suffix of a word is the root.
                        here = self.children(order, at)
                        there = self.children(order, at + width)
                        most_children = 1
                        if order_ == 1:
                            most_children = self.n_words
                        elif suffix >= 0:
                            most_children = lower_starts[suffix + 1] - lower_starts[suffix]
                        child_width = <uint64_t> (self.orders[order_].fixed + number_bits(<uint32_t> most_children))
                        if here != place or there < here or there > self.orders[order_].end or (
                                (there - here) % child_width or (suffix < 0 and there > here)):
                            damaged = True
                            break
                        starts[slot] = child
                        child += <int64_t> ((there - here) // child_width)
                        place = there
                    slot += 1
                    at += width
                if damaged:
                    break
            if inner and not damaged:
                starts[slot] = child
                damaged = place != self.orders[order_].end
        if damaged or slot != n_slots or at != order.end:
            raise self.refuse("damaged model")
        return words_out, suffixes_out, starts_out, probs_out, backoffs_out


cdef bytes pack_state(const State* state):
    return PyBytes_FromStringAndSize(<const char*> state.groups, state.length * <Py_ssize_t> sizeof(Group))
