"""Slots of a back-off model out of its columns, and the columns that slots do not contain; _backoff.pyx reads slots."""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memset

from ngramlm.core._prefetch cimport prefetch
from ngramlm.models._slot cimport EMPTY, FEW, MAX_SLOTS, Slot, home, n_places

import numpy as np

SLOT_BYTES = 12

cdef enum:
    # The numbers of rows ahead for which memory is prefetched, in two steps.
    NEAR = 12
    FAR = 24


def place_states(const int64_t[::1] starts, int64_t first, uint32_t[::1] states):
    """Lay out the histories of one order from slot `first` on, and fill `states`, uint32[H].

    Returns the slot after the last history. Raises OverflowError beyond 2^32 slots (48 GiB).
    """
    cdef int64_t n = starts.shape[0] - 1, h, at = first
    if states.shape[0] != n:
        raise ValueError("states are not as many as the histories")
    with nogil:
        for h in range(n):
            states[h] = <uint32_t> at
            at += 1 + n_places(starts[h + 1] - starts[h])
            if at > MAX_SLOTS:
                break
    if at > MAX_SLOTS:
        raise OverflowError("a model of more than 2^32 slots")
    return at


def next_states(const int32_t[::1] links, const int32_t[::1] suffixes, const uint32_t[::1] linked_states,
                const uint32_t[::1] lower_next, int64_t first, int64_t end, uint32_t[::1] out):
    """Fill out[first:end] with the state after each row.

    The state is the history that equals the n-gram, or else the state after its suffix. `links` is empty for the top
    order.
    """
    cdef int64_t row
    cdef bint linked = links.shape[0] > 0, valid = True
    if first < 0 or end > out.shape[0] or end > suffixes.shape[0] or (linked and end > links.shape[0]):
        raise ValueError("rows beyond the columns")
    with nogil:
        for row in range(first, end):
            if linked and links[row] >= 0:
                if links[row] >= linked_states.shape[0]:
                    valid = False
                    break
                out[row] = linked_states[links[row]]
            elif lower_next.shape[0]:
                if not 0 <= suffixes[row] < lower_next.shape[0]:
                    valid = False
                    break
                out[row] = lower_next[suffixes[row]]
            else:
                out[row] = 0
    if not valid:
        raise ValueError("a link or suffix outside the trie")


def fill_slots(uint8_t[::1] buffer, int64_t base, int64_t first, int64_t end, const int64_t[::1] starts,
               const int32_t[::1] words, const float[::1] log10_probs, const uint32_t[::1] nexts,
               const uint32_t[::1] states, const int32_t[::1] parents, const uint32_t[::1] parent_states,
               const float[::1] log10_backoffs, bint root):
    """Write histories first .. end - 1 of one order into `buffer`, which begins at slot `base`.

    Raises ValueError for columns that do not fit each other, or do not fit into the buffer.
    """
    cdef Slot* slots
    cdef Slot* header
    cdef Slot* rows
    cdef int64_t h, row, n_rows, least = base, n_slots = buffer.shape[0] // <int64_t> sizeof(Slot)
    cdef bint valid = True
    cdef uint32_t places, at, i
    if end <= first:
        return
    if (first < 0 or not 0 <= base <= MAX_SLOTS or end >= starts.shape[0] or end > states.shape[0]
            or end > log10_backoffs.shape[0] or starts[first] < 0 or starts[end] > min(words.shape[0], log10_probs.shape[0], nexts.shape[0])
            or (not root and end > parents.shape[0])):
        raise ValueError("histories beyond the columns")
    slots = <Slot*> &buffer[0]
    with nogil:
        for h in range(first, end):
            n_rows = starts[h + 1] - starts[h]
            if n_rows < 0 or starts[h + 1] > starts[end]:
                valid = False
                break
            if not root and not 0 <= parents[h] < parent_states.shape[0]:
                valid = False
                break
            places = <uint32_t> n_rows if root else n_places(n_rows)
            # a history ends where the next one begins, or before
            if states[h] < least or <int64_t> states[h] + 1 + places > base + n_slots:
                valid = False
                break
            least = <int64_t> states[h] + 1 + places
            header = &slots[states[h] - base]
            rows = header + 1
            header.a = places
            header.b = 0.0 if root else log10_backoffs[h]
            header.c = 0 if root else parent_states[parents[h]]
            if root or n_rows <= FEW:
                for i in range(<uint32_t> n_rows):
                    row = starts[h] + i
                    rows[i].a = <uint32_t> words[row]
                    rows[i].b = log10_probs[row]
                    rows[i].c = nexts[row]
                continue
            memset(rows, 0xFF, places * sizeof(Slot))
            for row in range(starts[h], starts[h + 1]):
                at = home(<uint32_t> words[row], places)
                while rows[at].a != EMPTY:
                    at += 1
                    if at == places:
                        at = 0
                rows[at].a = <uint32_t> words[row]
                rows[at].b = log10_probs[row]
                rows[at].c = nexts[row]
    if not valid:
        raise ValueError("histories that do not fit each other or the buffer")


def recover_histories(const uint32_t[::1] lower_nexts, const int64_t[::1] lower_starts,
                      const int32_t[::1] lower_first_words, const int32_t[::1] lower_words,
                      const int32_t[::1] lower_buckets, const uint32_t[::1] states,
                      const uint32_t[::1] parent_states, const uint32_t[::1] lower_states,
                      const int64_t[::1] starts, const int32_t[::1] words, empty=np.empty):
    """Recover the columns of order k that its slots do not contain, from the columns of order k - 1.

    The histories of order k that end with word w have the numbers buckets[w] .. buckets[w + 1] - 1. They are in the
    order of the rows of order k - 1 that have word w and lead to them. So one pass with one pointer per word finds the
    row of each history. `lower_buckets` has the buckets of order k - 1; it is empty for k = 2.

    Returns (first_words int32[H], parents int32[H], suffixes int32[R], buckets int32[W + 1], links int32). The links
    have for every row of order k - 1 the history that equals it, or -1. ``empty(n, dtype)`` makes all arrays except the
    buckets. Raises ValueError for a damaged model.
    """
    cdef int64_t n_histories = states.shape[0], n_lower = lower_states.shape[0], n_words, h = 0, g = 0, row, low, high
    cdef int64_t middle, gap, end
    cdef uint32_t state
    cdef int32_t word, place
    cdef bint damaged = False, bigrams = lower_buckets.shape[0] == 0
    n_words = lower_words.shape[0] if bigrams else lower_buckets.shape[0] - 1
    if (parent_states.shape[0] != n_histories or starts.shape[0] != n_histories + 1 or starts[n_histories] > words.shape[0]
            or lower_starts.shape[0] != n_lower + 1 or lower_first_words.shape[0] != n_lower
            or lower_starts[n_lower] > lower_words.shape[0] or lower_nexts.shape[0] != lower_words.shape[0]):
        raise ValueError("columns of different lengths")
    firsts_out = empty(n_histories, np.int32)
    parents_out = empty(n_histories, np.int32)
    suffixes_out = empty(words.shape[0], np.int32)
    buckets_out = np.empty(n_words + 1, np.int32)
    links_out = empty(lower_words.shape[0], np.int32)
    cdef int32_t[::1] firsts = firsts_out, parents = parents_out, suffixes = suffixes_out, buckets = buckets_out
    cdef int32_t[::1] links = links_out
    cdef int32_t[::1] cursor
    damaged = starts[0] < 0 or lower_starts[0] < 0
    with nogil:
        for g in range(n_lower):
            damaged = damaged or lower_starts[g] > lower_starts[g + 1]
        g = 0
        for h in range(n_histories):
            if damaged or starts[h] > starts[h + 1]:
                damaged = True
                break
            while g < n_lower and lower_states[g] < parent_states[h]:
                g += 1
            if g == n_lower or lower_states[g] != parent_states[h]:
                damaged = True
                break
            parents[h] = <int32_t> g
        h = 0
        if bigrams and not damaged:
            for row in range(n_words):
                buckets[row] = <int32_t> h
                h += n_histories > 0 and states[0] <= lower_nexts[row] <= states[n_histories - 1]
        elif not damaged:
            # The first history whose parent ends with each word.
            for row in range(n_words):
                while h < n_histories and parents[h] < lower_buckets[row]:
                    h += 1
                buckets[row] = <int32_t> h
            h = n_histories
        buckets[n_words] = <int32_t> h
        damaged = damaged or h != n_histories
    if damaged:
        raise ValueError("damaged model")
    cursor = buckets_out.copy()
    with nogil:
        # The number of histories whose row was found.
        h = 0
        for g in range(lower_starts.shape[0] - 1):
            for row in range(lower_starts[g], lower_starts[g + 1]):
                # The rows of a word are anywhere in memory: fetch them ahead, in two steps.
                if row + FAR < lower_nexts.shape[0] and 0 <= lower_words[row + FAR] < n_words:
                    prefetch(&cursor[lower_words[row + FAR]])
                    word = lower_words[row + NEAR]
                    if 0 <= word < n_words and cursor[word] < n_histories:
                        prefetch(&states[cursor[word]])
                        prefetch(&firsts[cursor[word]])
                state = lower_nexts[row]
                links[row] = -1
                if n_histories == 0 or state < states[0] or state > states[n_histories - 1]:
                    # The row leads to a shorter history.
                    continue
                word = lower_words[row]
                place = cursor[word] if 0 <= word < n_words else 0
                if not 0 <= word < n_words or place >= buckets[word + 1] or states[place] != state:
                    damaged = True
                    break
                cursor[word] = place + 1
                links[row] = place
                firsts[place] = word if bigrams else lower_first_words[g]
                h += 1
            if damaged:
                break
        damaged = damaged or h != n_histories
        for h in range(n_histories):
            if damaged:
                break
            low = lower_starts[parents[h]]
            end = lower_starts[parents[h] + 1]
            # Words rise: search in growing steps from the last one on.
            for row in range(starts[h], starts[h + 1]):
                gap = 1
                while low + gap < end and lower_words[low + gap] < words[row]:
                    low += gap
                    gap *= 2
                high = min(end, low + gap + 1)
                while low < high:
                    middle = (low + high) >> 1
                    if lower_words[middle] < words[row]:
                        low = middle + 1
                    else:
                        high = middle
                if low == end or lower_words[low] != words[row]:
                    damaged = True
                    break
                suffixes[row] = <int32_t> low
    if damaged:
        raise ValueError("damaged model")
    return firsts_out, parents_out, suffixes_out, buckets_out, links_out
