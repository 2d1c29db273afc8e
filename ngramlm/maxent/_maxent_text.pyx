"""Kernels of maximum-entropy models with features of n-grams and of the running text.

A list of features of the text gives some words a factor b of their probability while the list is active. A list is
active from an event to the end of the document (after a trigger), or for one event (by the last but one word).

The normalizer of an event is that of its n-grams, corrected for the words with a factor. The sum of (b(w) - 1) m(w)
over all words is updated with each change. In the rows of the histories, only words with a factor need a correction.

The expected counts of a word are updated when its factor changes. Between two changes its expected count is a constant
times the sum of 1 / Z.
"""
from libc.math cimport log
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport free, realloc

from ngramlm.core._constants cimport MAX_ORDER

import numpy as np


cdef struct Entry:
    # An active feature: the expected count of its word when it became active, and the factor of the word before.
    int32_t word, feature
    double expected, boost


cdef struct Stack:
    Entry* entries
    int64_t size, capacity


cdef inline bint push(Stack* stack, int32_t word, int32_t feature, double expected, double boost) noexcept nogil:
    cdef Entry* grown
    if stack.size == stack.capacity:
        grown = <Entry*> realloc(stack.entries, (2 * stack.capacity + 64) * sizeof(Entry))
        if grown == NULL:
            return False
        stack.entries, stack.capacity = grown, 2 * stack.capacity + 64
    stack.entries[stack.size] = Entry(word, feature, expected, boost)
    stack.size += 1
    return True


cdef struct Order:
    # The rows of one order, and the positions of the first row and history in the columns of all orders.
    const int64_t* starts
    const int32_t* words
    int64_t n_histories, first_row, first_history


cdef class RunningText:
    """The events of a text with their active lists. The columns are checked once.

    Parameters
    ----------
    levels
        (starts int64[H + 1], words int32[R]) of every order, as in a trie.
    histories
        int32[order, N]: the known history of every event in each order, or -1.
    documents
        int64[D + 1]: the first event of every document, and N.
    list_starts
        int64[L + 1]: the first entry of every list, and E.
    list_words, list_features
        int32[E]: the word of every entry, and the number of its feature.
    lasting_starts, lasting
        int64[N + 1] and int32[A]: the lists that become active at each event, to the end of the document.
    passing_starts, passing
        int64[N + 1] and int32[A]: the lists that are active at one event only.
    n_features
        The number of features of the text.

    Raises ValueError if the columns do not fit together.
    """

    cdef readonly int order
    cdef readonly int64_t n_rows, n_words, n_features
    cdef readonly int64_t n_histories
    cdef int64_t most_passing, most_rows            # entries and rows of one event
    cdef Order orders[MAX_ORDER]
    cdef list columns                               # keeps the arrays alive
    cdef const int32_t[:, ::1] histories
    cdef const int64_t[::1] documents, list_starts, lasting_starts, passing_starts
    cdef const int32_t[::1] list_words, list_features, lasting, passing

    def __cinit__(self, levels, const int32_t[:, ::1] histories, const int64_t[::1] documents,
                 const int64_t[::1] list_starts, const int32_t[::1] list_words, const int32_t[::1] list_features,
                 const int64_t[::1] lasting_starts, const int32_t[::1] lasting,
                 const int64_t[::1] passing_starts, const int32_t[::1] passing, int64_t n_features):
        cdef const int64_t[::1] starts
        cdef const int32_t[::1] words
        cdef int64_t n = histories.shape[1], n_lists = list_starts.shape[0] - 1, first_row = 0, first_history = 0
        cdef int k = 0
        if not 1 <= len(levels) <= MAX_ORDER or histories.shape[0] != len(levels):
            raise ValueError("no order from 1 to 16, or histories of another")
        self.order = <int> len(levels)
        self.columns = []
        for starts, words in levels:
            if starts.shape[0] < 2 or not rising(starts, words.shape[0]) or words.shape[0] < 1:
                raise ValueError("rows that do not belong to histories")
            if k == 0:
                self.n_words = words.shape[0]
            if not within(words, 0, self.n_words):
                raise ValueError("a word outside the vocabulary")
            self.columns.append((starts, words))
            self.orders[k] = Order(&starts[0], &words[0], starts.shape[0] - 1, first_row, first_history)
            if not within(histories[k], -1, starts.shape[0] - 1):
                raise ValueError("a history out of range")
            first_row += words.shape[0]
            first_history += starts.shape[0] - 1
            k += 1
        self.n_rows, self.n_histories, self.n_features = first_row, first_history, n_features
        if self.orders[0].n_histories != 1:
            raise ValueError("unigrams after other than one history")
        if not rising(documents, n) or not rising(list_starts, list_words.shape[0]):
            raise ValueError("documents or lists that do not cover their columns")
        if list_features.shape[0] != list_words.shape[0] or lasting_starts.shape[0] != n + 1 or \
                passing_starts.shape[0] != n + 1 or not rising(lasting_starts, lasting.shape[0]) or \
                not rising(passing_starts, passing.shape[0]):
            raise ValueError("columns of different lengths")
        if not within(list_words, 0, self.n_words) or not within(list_features, 0, n_features):
            raise ValueError("an entry of a word or a feature out of range")
        if not within(lasting, 0, n_lists) or not within(passing, 0, n_lists):
            raise ValueError("a list out of range")
        self.histories, self.documents = histories, documents
        self.list_starts, self.list_words, self.list_features = list_starts, list_words, list_features
        self.lasting_starts, self.lasting = lasting_starts, lasting
        self.passing_starts, self.passing = passing_starts, passing
        self.most_rows = self.longest_path()
        if not self.lists_are_sorted():
            raise ValueError("a list whose words are not in rising order")

    cdef int64_t longest_path(self) noexcept nogil:
        """Return the largest number of rows of all histories of an event, from order 2 on."""
        cdef int64_t event, size, most = 0
        cdef int32_t history
        cdef int k
        for event in range(self.histories.shape[1]):
            size = 0
            for k in range(1, self.order):
                history = self.histories[k, event]
                if history < 0:
                    break
                size += self.orders[k].starts[history + 1] - self.orders[k].starts[history]
            if size > most:
                most = size
        return most

    cdef bint lists_are_sorted(self) noexcept nogil:
        """Return whether the words of every list rise; set `most_passing`, the most passing entries of one event."""
        cdef int64_t list_, at, event, size
        for list_ in range(self.list_starts.shape[0] - 1):
            for at in range(self.list_starts[list_] + 1, self.list_starts[list_ + 1]):
                if self.list_words[at - 1] >= self.list_words[at]:
                    return False
        self.most_passing = 0
        for event in range(self.passing_starts.shape[0] - 1):
            size = 0
            for at in range(self.passing_starts[event], self.passing_starts[event + 1]):
                size += self.list_starts[self.passing[at] + 1] - self.list_starts[self.passing[at]]
            if size > self.most_passing:
                self.most_passing = size
        return True

    def walk(self, int64_t first, int64_t end, const double[::1] gains, const double[::1] alone,
             const double[::1] factors, const int32_t[::1] words, double[::1] normalizers, double[::1] boosts,
             double[::1] reached, double[::1] shares, double[::1] expected):
        """Go through documents first .. end - 1; return the sum of log Z over their events, in nats.

        Outputs that are not wanted are empty.

        Parameters
        ----------
        first, end
            The documents.
        gains
            float64[R]: m(hw) - m(h'w) of every row, m(w) of the unigrams.
        alone
            float64[H]: Z of every history while no list is active.
        factors
            float64[F]: e^l of every feature of the text.
        words
            int32[N]: the words of the events.
        normalizers, boosts
            float64[N], outputs: Z, and the factor b of the word of every event.
        reached
            float64[R], output: the sum of (b(w) - 1) / Z over the events whose histories have the row is added; for
            unigrams the sum of b(w) / Z over all events.
        shares
            float64[H], output: the sum of 1 / Z over the events after each history is added, from order 2 on.
        expected
            float64[F], output: the expected count of every feature of the text is added.
        """
        cdef bint want_normalizers = normalizers.shape[0] > 0, counted = reached.shape[0] > 0, failed = False
        cdef int64_t n = self.histories.shape[1], document, event, row, at, place, word, most = 0, n_rows
        cdef int32_t history, named
        cdef int k
        cdef double whole = 0.0, open_ = 0.0, z, share = 0.0, total = 0.0, passed = 0.0, before, change
        cdef Stack lasting = Stack(NULL, 0, 0)
        cdef Order* order
        if not 0 <= first <= end <= self.documents.shape[0] - 1:
            raise ValueError("documents out of range")
        if gains.shape[0] != self.n_rows or factors.shape[0] != self.n_features or words.shape[0] != n or \
                alone.shape[0] != self.n_histories:
            raise ValueError("columns of different lengths")
        if boosts.shape[0] != normalizers.shape[0] or (want_normalizers and normalizers.shape[0] != n):
            raise ValueError("other than one place for each event")
        if (counted and reached.shape[0] != self.n_rows) or expected.shape[0] != (self.n_features if counted else 0) \
                or shares.shape[0] != (self.n_histories if counted else 0):
            raise ValueError("other than one place for each feature and history")
        if not within(words, 0, self.n_words):
            raise ValueError("a word outside the vocabulary")
        # For every word: (its factor, its expected count so far), the sum of 1 / Z that this count includes, and
        # whether an active list has the word.
        cdef double[:, ::1] state = np.repeat([[1.0, 0.0]], self.n_words, axis=0)
        cdef double[::1] since = np.zeros(self.n_words)
        cdef uint8_t[::1] active = np.zeros(self.n_words, np.uint8)
        # The factors and expected counts before the event.
        cdef double[:, ::1] held = np.empty((self.most_passing, 2))
        cdef uint8_t[::1] was_active = np.empty(self.most_passing, np.uint8)
        # The rows of this event whose words are in an active list.
        cdef int64_t[::1] seen = np.empty(self.most_rows + 1, np.int64)
        cdef int32_t[::1] seen_words = np.empty(self.most_rows + 1, np.int32)
        with nogil:
            for word in range(self.n_words):
                open_ += gains[word]
            for document in range(first, end):
                whole = open_
                for event in range(self.documents[document], self.documents[document + 1]):
                    for at in range(self.lasting_starts[event], self.lasting_starts[event + 1]):
                        if not self.begin(self.lasting[at], &lasting, gains, factors, state, since, active, passed,
                                          &whole, reached, counted):
                            failed = True
                    if failed:
                        break
                    z, most = whole - open_, 0
                    for at in range(self.passing_starts[event], self.passing_starts[event + 1]):
                        for place in range(self.list_starts[self.passing[at]], self.list_starts[self.passing[at] + 1]):
                            named = self.list_words[place]
                            before = state[named, 0]
                            state[named, 0] = before * factors[self.list_features[place]]
                            z += gains[named] * (state[named, 0] - before)
                            held[most, 0], held[most, 1] = before, state[named, 1]
                            was_active[most] = active[named]
                            active[named] = 1
                            most += 1
                    # `at` becomes the longest history.
                    n_rows, at = 0, 0
                    for k in range(1, self.order):
                        history = self.histories[k, event]
                        if history < 0:
                            break
                        order = &self.orders[k]
                        at = order.first_history + history
                        for row in range(order.starts[history], order.starts[history + 1]):
                            seen[n_rows], seen_words[n_rows] = order.first_row + row, order.words[row]
                            n_rows += active[order.words[row]]
                    z += alone[at]
                    for place in range(n_rows):
                        z += gains[seen[place]] * (state[seen_words[place], 0] - 1.0)
                    total += log(z)
                    if want_normalizers:
                        normalizers[event] = z
                        boosts[event] = state[words[event], 0]
                    if counted:
                        share = 1.0 / z
                        passed += share
                        for k in range(1, self.order):
                            if self.histories[k, event] < 0:
                                break
                            shares[self.orders[k].first_history + self.histories[k, event]] += share
                        for place in range(n_rows):
                            named = seen_words[place]
                            reached[seen[place]] += (state[named, 0] - 1.0) * share
                            state[named, 1] += state[named, 0] * share * gains[seen[place]]
                        most = 0
                        for at in range(self.passing_starts[event], self.passing_starts[event + 1]):
                            for place in range(self.list_starts[self.passing[at]],
                                               self.list_starts[self.passing[at] + 1]):
                                named = self.list_words[place]
                                expected[self.list_features[place]] += (
                                    state[named, 1] - held[most, 1] + gains[named] * state[named, 0] * share
                                )
                                most += 1
                    for at in range(self.passing_starts[event + 1] - 1, self.passing_starts[event] - 1, -1):
                        for place in range(self.list_starts[self.passing[at] + 1] - 1,
                                           self.list_starts[self.passing[at]] - 1, -1):
                            named = self.list_words[place]
                            most -= 1
                            # The word is later charged by its factor without the list. Add the difference now.
                            if counted:
                                change = (state[named, 0] - held[most, 0]) * share
                                state[named, 1] += gains[named] * change
                                reached[named] += change
                            state[named, 0] = held[most, 0]
                            active[named] = was_active[most]
                if failed:
                    break
                self.finish(&lasting, gains, state, since, active, passed, reached, expected, counted)
            if counted:
                for word in range(self.n_words):
                    reached[word] += state[word, 0] * (passed - since[word])
            free(lasting.entries)
        if failed:
            raise MemoryError
        return total

    def observe(self, const int32_t[::1] words, double[::1] observed):
        """Add to `observed`, float64[F], the number of events whose word has each feature active."""
        cdef int64_t document, event, at, place, low, high, middle
        cdef bint failed = False
        cdef Stack lasting = Stack(NULL, 0, 0)
        cdef Entry* entry
        cdef double[::1] nothing = np.empty(0), ones = np.ones(self.n_features), gains = np.zeros(self.n_words)
        cdef double[:, ::1] state = np.zeros((self.n_words, 2))
        cdef uint8_t[::1] active = np.zeros(self.n_words, np.uint8)
        cdef double whole = 0.0
        if words.shape[0] != self.histories.shape[1] or observed.shape[0] != self.n_features:
            raise ValueError("columns of different lengths")
        if not within(words, 0, self.n_words):
            raise ValueError("a word outside the vocabulary")
        with nogil:
            for document in range(self.documents.shape[0] - 1):
                for event in range(self.documents[document], self.documents[document + 1]):
                    for at in range(self.lasting_starts[event], self.lasting_starts[event + 1]):
                        if not self.begin(self.lasting[at], &lasting, gains, ones, state, nothing, active, 0.0,
                                          &whole, nothing, False):
                            failed = True
                    if failed:
                        break
                    state[words[event], 1] += 1.0
                    for at in range(self.passing_starts[event], self.passing_starts[event + 1]):
                        low, high = self.list_starts[self.passing[at]], self.list_starts[self.passing[at] + 1]
                        while low < high:
                            middle = (low + high) // 2
                            if self.list_words[middle] < words[event]:
                                low = middle + 1
                            else:
                                high = middle
                        if low < self.list_starts[self.passing[at] + 1] and self.list_words[low] == words[event]:
                            observed[self.list_features[low]] += 1.0
                while lasting.size:
                    lasting.size -= 1
                    entry = &lasting.entries[lasting.size]
                    observed[entry.feature] += state[entry.word, 1] - entry.expected
                if failed:
                    break
            free(lasting.entries)
        if failed:
            raise MemoryError

    cdef bint begin(self, int64_t list_, Stack* stack, const double[::1] gains, const double[::1] factors,
                    double[:, ::1] state, double[::1] since, uint8_t[::1] active, double passed, double* whole,
                    double[::1] reached, bint counted) noexcept nogil:
        """Activate a lasting list; False if memory runs out."""
        cdef int64_t at
        cdef int32_t word
        for at in range(self.list_starts[list_], self.list_starts[list_ + 1]):
            word = self.list_words[at]
            if counted:
                settle(word, gains, state, since, passed, reached)
            if not push(stack, word, self.list_features[at], state[word, 1], state[word, 0]):
                return False
            whole[0] -= gains[word] * state[word, 0]
            state[word, 0] *= factors[self.list_features[at]]
            whole[0] += gains[word] * state[word, 0]
            active[word] = 1
        return True

    cdef void finish(self, Stack* stack, const double[::1] gains, double[:, ::1] state, double[::1] since,
                     uint8_t[::1] active, double passed, double[::1] reached, double[::1] expected,
                     bint counted) noexcept nogil:
        """Deactivate all lists of a stack, the last list first."""
        cdef Entry* entry
        while stack.size:
            stack.size -= 1
            entry = &stack.entries[stack.size]
            if counted:
                settle(entry.word, gains, state, since, passed, reached)
                expected[entry.feature] += state[entry.word, 1] - entry.expected
            state[entry.word, 0] = entry.boost
            active[entry.word] = 0


cdef inline void settle(int32_t word, const double[::1] gains, double[:, ::1] state, double[::1] since,
                        double passed, double[::1] reached) noexcept nogil:
    """Add the expected count of the unigram of a word since its last update."""
    cdef double due = state[word, 0] * (passed - since[word])
    state[word, 1] += gains[word] * due
    reached[word] += due
    since[word] = passed


def count_pairs(const int32_t[::1] words, const int64_t[::1] documents, const int32_t[::1] places,
                int32_t[:, ::1] together, int64_t[::1] exposed):
    """Count for each pair of words the occurrences of one word after the other word in the same document.

    Parameters
    ----------
    words
        int32[N]: the words of the events.
    documents
        int64[D + 1]: the first event of every document, and N.
    places
        int32[V]: the number of every word that is counted, -1 for other words.
    together
        int32[C, C]: together[b, a] is raised by the number of events of b after a.
    exposed
        int64[C]: raised by the number of events after the first occurrence of each word.

    Raises ValueError if the columns do not fit together.
    """
    cdef int64_t n_counted = exposed.shape[0], document, event, i, n_known = 0
    cdef int32_t place
    if together.shape[0] != n_counted or together.shape[1] != n_counted:
        raise ValueError("other than one count for each pair")
    if not rising(documents, words.shape[0]) or not within(words, 0, places.shape[0]):
        raise ValueError("documents or words out of range")
    if not within(places, -1, n_counted):
        raise ValueError("a place outside the counts")
    cdef int32_t[::1] known = np.empty(n_counted, np.int32)
    # The last document that had each word.
    cdef int64_t[::1] last = np.full(n_counted, -1, np.int64)
    with nogil:
        for document in range(documents.shape[0] - 1):
            n_known = 0
            for event in range(documents[document], documents[document + 1]):
                place = places[words[event]]
                if place < 0:
                    continue
                for i in range(n_known):
                    together[place, known[i]] += 1
                if last[place] != document:
                    last[place] = document
                    known[n_known] = place
                    n_known += 1
                    exposed[place] += documents[document + 1] - event - 1


cdef bint rising(const int64_t[::1] starts, int64_t n) noexcept nogil:
    """Return whether `starts` go from 0 to n and never fall."""
    cdef int64_t i
    if starts.shape[0] < 1 or starts[0] != 0 or starts[starts.shape[0] - 1] != n:
        return False
    for i in range(starts.shape[0] - 1):
        if starts[i] > starts[i + 1]:
            return False
    return True


cdef bint within(const int32_t[::1] values, int64_t least, int64_t end) noexcept nogil:
    """Return whether all values are from `least` to end - 1."""
    cdef int64_t i
    for i in range(values.shape[0]):
        if not least <= values[i] < end:
            return False
    return True
