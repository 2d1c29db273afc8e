"""Counting: turn a text of ids into the rows of every order.

A bucket holds the positions of one last history word. For every bucket, the kernel gathers a record of fixed size at
each position: the history read backwards, then the word. It sorts the records (MSD radix sort) and scans them once.
When a history is complete, its rows are merged by word into the rows of its suffix. This merge gives the lower-order
counts and the suffix row of every row. Buckets are independent of each other.
"""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from ngramlm.core._constants cimport BOS, EOS, MAX_ORDER
from ngramlm.core._prefetch cimport prefetch
from ngramlm.core._records cimport (
    MAX_LIMBS, Record, Record1, Record2, Record3, Record8, common_bits, get_digit, radix_sort, set_digit)

import numpy as np

cdef extern from *:
    """
    #define ngramlm_ctz64(x) __builtin_ctzll(x)
    """
    int ctz64 "ngramlm_ctz64"(uint64_t x) noexcept nogil

cdef enum:
    # A merge of at most this number of rows sorts pairs; a larger merge marks the words in a bitmap.
    SMALL_MERGE = 16

# The columns of one order; ngramlm/trie/levels.py describes them (`Level`).
cdef struct Columns:
    int32_t* words
    int32_t* suffixes
    int32_t* counts
    int64_t* starts
    int32_t* parents
    int32_t* first_words
    int64_t n_rows
    int64_t n_histories

# An open history that has children. Here its children's rows and histories begin, one order above.
cdef struct Node:
    int64_t first_row
    int64_t first_history

# Memory of `merge_many`. The first two have an item per word, the others are bitmaps.
cdef struct Scratch:
    # the sum of the counts of a word; 0 between merges
    int32_t* sums
    # the row of a word in the parent
    int32_t* rows
    # the words that occur; 0 between merges
    uint64_t* marked
    # the 64-bit words of `marked` that are not 0
    uint64_t* summary
    int64_t summary_size


cdef inline void add_row(Columns* level, int32_t word, int32_t count) noexcept nogil:
    """Append a row."""
    level.words[level.n_rows] = word
    level.counts[level.n_rows] = count
    level.n_rows += 1


cdef void merge_few(Columns* child, Columns* parent, int64_t first, int64_t end) noexcept nogil:
    """Merge a few rows by sorting (word, place) pairs."""
    cdef uint64_t pairs[SMALL_MERGE]
    cdef uint64_t pair
    cdef int64_t n = end - first, i, j
    cdef int32_t word
    for i in range(n):
        pair = (<uint64_t> <uint32_t> child.words[first + i] << 32) | <uint64_t> i
        j = i
        while j > 0 and pairs[j - 1] > pair:
            pairs[j] = pairs[j - 1]
            j -= 1
        pairs[j] = pair
    for i in range(n):
        word = <int32_t> (pairs[i] >> 32)
        j = first + <int64_t> <uint32_t> pairs[i]
        if i == 0 or <int32_t> (pairs[i - 1] >> 32) != word:
            add_row(parent, word, child.counts[j])
        else:
            parent.counts[parent.n_rows - 1] += child.counts[j]
        child.suffixes[j] = <int32_t> (parent.n_rows - 1)


cdef void merge_many(Columns* child, Columns* parent, int64_t first, int64_t end, Scratch* scratch) noexcept nogil:
    """Merge many rows: add up the counts per word, then read the words in order from a bitmap of two levels."""
    cdef int64_t i, block
    cdef int32_t word
    cdef uint64_t blocks, words
    for i in range(first, end):
        word = child.words[i]
        scratch.sums[word] += child.counts[i]
        scratch.marked[word >> 6] |= <uint64_t> 1 << (word & 63)
        scratch.summary[word >> 12] |= <uint64_t> 1 << ((word >> 6) & 63)
    for i in range(scratch.summary_size):
        blocks = scratch.summary[i]
        if blocks == 0:
            continue
        scratch.summary[i] = 0
        while blocks:
            block = 64 * i + ctz64(blocks)
            blocks &= blocks - 1
            words = scratch.marked[block]
            scratch.marked[block] = 0
            while words:
                word = <int32_t> (64 * block + ctz64(words))
                words &= words - 1
                scratch.rows[word] = <int32_t> parent.n_rows
                add_row(parent, word, scratch.sums[word])
                scratch.sums[word] = 0
    for i in range(first, end):
        child.suffixes[i] = scratch.rows[child.words[i]]


cdef void close_history(Columns* child, Columns* parent, Node* node, int32_t first_word, Scratch* scratch) noexcept nogil:
    """Make the rows of a history from those of its children, which are complete."""
    cdef int64_t first = node.first_row, end = child.n_rows, i, row = parent.n_rows
    parent.starts[parent.n_histories] = row
    parent.first_words[parent.n_histories] = first_word
    if child.n_histories - node.first_history == 1:
        memcpy(parent.words + row, child.words + first, (end - first) * sizeof(int32_t))
        memcpy(parent.counts + row, child.counts + first, (end - first) * sizeof(int32_t))
        for i in range(end - first):
            child.suffixes[first + i] = <int32_t> (row + i)
        parent.n_rows += end - first
    elif end - first <= SMALL_MERGE:
        merge_few(child, parent, first, end)
    else:
        merge_many(child, parent, first, end, scratch)
    for i in range(node.first_history, child.n_histories):
        child.parents[i] = <int32_t> parent.n_histories
    parent.n_histories += 1


cdef void count_bucket(Record* records, Record* spare, const int32_t* ids, const int32_t* positions, int64_t n,
                       int order, int bits, const uint8_t* digit_of_bit, Columns* columns, Scratch* scratch) noexcept nogil:
    """Append the rows of all histories that end with one word; `columns[d]` has those of histories of length d."""
    cdef Node nodes[MAX_ORDER]
    cdef int64_t i, j, position, end
    cdef int digit, depth, same, open_depth = 0, n_history = order - 2
    cdef int32_t last = ids[positions[0]], word, next_word
    cdef Columns* level
    cdef Record* record
    for i in range(n):
        if i + 16 < n:
            prefetch(&ids[positions[i + 16]])
        position = positions[i]
        record = &records[i]
        memset(record, 0, sizeof(Record))
        set_digit(record, n_history, bits, <uint64_t> ids[position + 1])
        word = last
        for digit in range(n_history):
            if word == BOS:
                break
            word = ids[position - 1 - digit]
            set_digit(record, digit, bits, <uint64_t> word)
    radix_sort(records, spare, n, 0, ((order - 1) * bits + 7) >> 3)

    # the histories of length 1 .. open_depth are open: they are the path to the current leaf
    i = 0
    while i < n:
        record = &records[i]
        # the length of the leaf's history, which ends at <s>
        depth = 1
        if last != BOS:
            for digit in range(n_history):
                depth += 1
                if <int32_t> get_digit(record, digit, bits) == BOS:
                    break
        while open_depth < depth - 1:
            open_depth += 1
            nodes[open_depth].first_row = columns[open_depth + 1].n_rows
            nodes[open_depth].first_history = columns[open_depth + 1].n_histories
        level = &columns[depth]
        level.starts[level.n_histories] = level.n_rows
        level.first_words[level.n_histories] = last if depth == 1 else <int32_t> get_digit(record, depth - 2, bits)
        level.n_histories += 1
        word = <int32_t> get_digit(record, n_history, bits)
        end = i
        # the leaf's rows are runs of equal words
        while True:
            j = end
            end += 1
            same = n_history
            while end < n:
                same = digit_of_bit[common_bits(&records[end - 1], &records[end])]
                if same <= n_history:
                    break
                end += 1
            add_row(level, word, <int32_t> (end - j))
            if end == n or same < n_history:
                break
            word = <int32_t> get_digit(&records[end], n_history, bits)
        if end == n:
            same = -1
        # the next record shares the last same + 1 history words: longer open histories are complete
        while open_depth > same + 1:
            close_history(&columns[open_depth + 1], &columns[open_depth], &nodes[open_depth],
                          last if open_depth == 1 else <int32_t> get_digit(record, open_depth - 2, bits), scratch)
            open_depth -= 1
        i = end


cdef int count_buckets(Record* type_, const int32_t* ids, const int32_t* positions, const int64_t* buckets,
                       int64_t first, int64_t end, int64_t largest, int order, int bits, Columns* columns,
                       Scratch* scratch) noexcept nogil:
    """Count several buckets. Return -1 if there is not enough memory. `type_` only selects the record type."""
    cdef uint8_t digit_of_bit[64 * MAX_LIMBS + 1]
    cdef Record* records = <Record*> malloc(2 * (largest + 1) * sizeof(Record))
    cdef int64_t bucket
    cdef int bit
    if records == NULL:
        return -1
    for bit in range(64 * MAX_LIMBS + 1):
        digit_of_bit[bit] = <uint8_t> min(bit // bits, order - 1)
    for bucket in range(first, end):
        if buckets[bucket + 1] > buckets[bucket]:
            count_bucket(records, records + largest + 1, ids, positions + buckets[bucket],
                         buckets[bucket + 1] - buckets[bucket], order, bits, digit_of_bit, columns, scratch)
    free(records)
    return 0


def bucket_positions(const int32_t[::1] ids, int64_t vocabulary_size):
    """Sort the positions that have a next word by the word at the position.

    Returns (positions int32[n], buckets int64[vocabulary_size + 1]): the positions of word w are
    ``positions[buckets[w]:buckets[w + 1]]``. `ids` holds sentences as ``<s> w1 .. wl </s>``; raises ValueError for
    other ids.
    """
    cdef int64_t n = ids.shape[0], i, total = 0
    cdef int32_t word
    cdef bint valid = True
    if n >= 0x7FFFFFFF:
        raise ValueError("found more than 2^31 - 2 ids; expected a shorter text")
    edges = np.zeros(vocabulary_size + 1, np.int64)
    cdef int64_t[::1] buckets = edges
    with nogil:
        for i in range(n):
            word = ids[i]
            if word < 0 or word >= vocabulary_size:
                valid = False
                break
            if word == EOS:
                valid = valid and i > 0 and (i + 1 == n or ids[i + 1] == BOS)
            else:
                valid = valid and i + 1 < n and ids[i + 1] != BOS
                buckets[word] += 1
                total += 1
        valid = valid and (n == 0 or ids[0] == BOS)
    if not valid:
        raise ValueError("ids are not sentences of <s> w1 .. wl </s> over the vocabulary")
    out = np.empty(total, np.int32)
    cdef int32_t[::1] positions = out
    cdef int64_t start = 0, size
    cursor = np.empty(vocabulary_size + 1, np.int64)
    cdef int64_t[::1] next_place = cursor
    with nogil:
        for i in range(vocabulary_size + 1):
            size = buckets[i]
            buckets[i] = start
            next_place[i] = start
            start += size
        for i in range(n):
            word = ids[i]
            if word != EOS:
                positions[next_place[word]] = <int32_t> i
                next_place[word] += 1
    return out, edges


def count_range(const int32_t[::1] ids, const int32_t[::1] positions, const int64_t[::1] buckets, int64_t first,
                int64_t end, int order, list levels not None):
    """Count the buckets first .. end - 1 into the columns of the orders 2 .. order.

    `levels[k - 2]` has the arrays (words, suffixes, counts, starts, parents, first_words) of order k. Each array needs
    one place for every position of the buckets. The numbers of rows and histories begin at 0.

    Returns (rows per order, histories per order) for the orders 2 .. order.
    """
    cdef Columns columns[MAX_ORDER + 1]
    cdef Scratch scratch
    cdef int64_t vocabulary_size = buckets.shape[0] - 1, largest = 0, bucket, n_needed
    cdef int bits = 1, limbs, depth, failed = -1
    cdef int32_t[::1] view32
    cdef int64_t[::1] view64
    if not 2 <= order <= MAX_ORDER or len(levels) != order - 1:
        raise ValueError(f"found order {order}; expected 2 to {MAX_ORDER} and the columns of every order")
    n_needed = buckets[end] - buckets[first]
    if n_needed == 0:
        return [0] * (order - 1), [0] * (order - 1)
    for depth in range(1, order):
        arrays = levels[depth - 1]
        for array in arrays:
            if len(array) < n_needed:
                raise ValueError(f"found a column of {len(array)} places; expected at least {n_needed}")
        view32 = arrays[0]
        columns[depth].words = &view32[0]
        view32 = arrays[1]
        columns[depth].suffixes = &view32[0]
        view32 = arrays[2]
        columns[depth].counts = &view32[0]
        view64 = arrays[3]
        columns[depth].starts = &view64[0]
        view32 = arrays[4]
        columns[depth].parents = &view32[0]
        view32 = arrays[5]
        columns[depth].first_words = &view32[0]
        columns[depth].n_rows = 0
        columns[depth].n_histories = 0
    while (<int64_t> 1 << bits) < vocabulary_size:
        bits += 1
    limbs = ((order - 1) * bits + 63) // 64
    for bucket in range(first, end):
        largest = max(largest, buckets[bucket + 1] - buckets[bucket])
    scratch.summary_size = (vocabulary_size >> 12) + 1
    scratch.sums = <int32_t*> calloc(vocabulary_size, sizeof(int32_t))
    scratch.rows = <int32_t*> calloc(vocabulary_size, sizeof(int32_t))
    scratch.marked = <uint64_t*> calloc((vocabulary_size >> 6) + 1, sizeof(uint64_t))
    scratch.summary = <uint64_t*> calloc(scratch.summary_size, sizeof(uint64_t))
    if scratch.sums and scratch.rows and scratch.marked and scratch.summary:
        with nogil:
            if limbs == 1:
                failed = count_buckets(<Record1*> NULL, &ids[0], &positions[0], &buckets[0], first, end, largest, order,
                                       bits, columns, &scratch)
            elif limbs == 2:
                failed = count_buckets(<Record2*> NULL, &ids[0], &positions[0], &buckets[0], first, end, largest, order,
                                       bits, columns, &scratch)
            elif limbs == 3:
                failed = count_buckets(<Record3*> NULL, &ids[0], &positions[0], &buckets[0], first, end, largest, order,
                                       bits, columns, &scratch)
            else:
                failed = count_buckets(<Record8*> NULL, &ids[0], &positions[0], &buckets[0], first, end, largest, order,
                                       bits, columns, &scratch)
            # the suffix of a bigram is the unigram of its word
            for bucket in range(columns[1].n_rows):
                columns[1].suffixes[bucket] = columns[1].words[bucket]
            for bucket in range(columns[1].n_histories):
                columns[1].parents[bucket] = 0
    free(scratch.sums)
    free(scratch.rows)
    free(scratch.marked)
    free(scratch.summary)
    if failed:
        raise MemoryError()
    return [columns[depth].n_rows for depth in range(1, order)], [columns[depth].n_histories for depth in range(1, order)]


def windows(const int32_t[::1] ids, int order):
    """Return the n-gram around every position that has a next word, int32[n, order].

    The last column is the next word, the last but one is the word at the position. Places before ``<s>`` are 0. `ids`
    holds sentences as ``<s> w1 .. wl </s>``; raises ValueError for other ids.
    """
    cdef int64_t n = ids.shape[0], i, at = 0
    cdef int place
    cdef bint valid = True
    if not 2 <= order <= MAX_ORDER:
        raise ValueError(f"found order {order}; expected 2 to {MAX_ORDER}")
    if n and (ids[0] != BOS or ids[n - 1] != EOS):
        raise ValueError("ids that are not sentences")
    with nogil:
        for i in range(n):
            at += ids[i] != EOS
    out = np.zeros((at, order), np.int32)
    cdef int32_t[:, ::1] rows = out
    at = 0
    with nogil:
        for i in range(n):
            if ids[i] == EOS:
                if i + 1 < n and ids[i + 1] != BOS:
                    valid = False
                    break
                continue
            rows[at, order - 1] = ids[i + 1]
            for place in range(order - 1):
                rows[at, order - 2 - place] = ids[i - place]
                if ids[i - place] == BOS:
                    break
            at += 1
    if not valid:
        raise ValueError("ids that are not sentences")
    return out


def partition(const int32_t[:, ::1] rows, int column, const int32_t[::1] part_of_word, int64_t n_parts):
    """Sort rows by the part that the word in one column belongs to. The sort is stable.

    Returns (rows int32[n, k], edges int64[n_parts + 1]): part p is ``rows[edges[p]:edges[p + 1]]``. Raises ValueError
    for a word or a part that is out of range.
    """
    cdef int64_t n = rows.shape[0], i, at, size, start = 0
    cdef int32_t word
    cdef Py_ssize_t width = rows.shape[1], j
    cdef bint valid = True
    if not 0 <= column < width or n_parts < 0:
        raise ValueError(f"found a column outside the rows ({column}); expected 0 to {width - 1}")
    edges_out = np.zeros(n_parts + 1, np.int64)
    cdef int64_t[::1] edges = edges_out
    with nogil:
        for i in range(n):
            word = rows[i, column]
            if not (0 <= word < part_of_word.shape[0] and 0 <= part_of_word[word] < n_parts):
                valid = False
                break
            edges[part_of_word[word]] += 1
    if not valid:
        raise ValueError("found a word outside the parts; expected a part for every word")
    out = np.empty((n, width), np.int32)
    next_places = np.empty(n_parts, np.int64)
    cdef int32_t[:, ::1] sorted_rows = out
    cdef int64_t[::1] places = next_places
    with nogil:
        for i in range(n_parts + 1):
            size = edges[i]
            edges[i] = start
            if i < n_parts:
                places[i] = start
            start += size
        for i in range(n):
            at = places[part_of_word[rows[i, column]]]
            places[part_of_word[rows[i, column]]] = at + 1
            for j in range(width):
                sorted_rows[at, j] = rows[i, j]
    return out, edges_out


def tally(const int32_t[:] ids, int64_t[::1] counts):
    """Add the number of occurrences of every id to `counts`; raises ValueError for an id that is out of range."""
    cdef Py_ssize_t i
    cdef bint valid = True
    with nogil:
        for i in range(ids.shape[0]):
            if not 0 <= ids[i] < counts.shape[0]:
                valid = False
                break
            counts[ids[i]] += 1
    if not valid:
        raise ValueError("found an id outside the counts; expected ids of the vocabulary")


ctypedef fused Count:
    int32_t
    int64_t


def add_continuations(const int32_t[::1] suffixes, Count[::1] out):
    """Add to every row of `out` the number of its occurrences in `suffixes`.

    `suffixes` is the column of the order above, or a piece of it. Raises ValueError for a suffix that is out of range.
    """
    cdef int64_t i
    cdef bint valid = True
    with nogil:
        for i in range(suffixes.shape[0]):
            if not 0 <= suffixes[i] < out.shape[0]:
                valid = False
                break
            out[suffixes[i]] += 1
    if not valid:
        raise ValueError("found a suffix outside the rows; expected rows of the order below")


def keep_opening(const Count[::1] counts, const int64_t[::1] starts, const int32_t[::1] first_words, Count[::1] out):
    """Copy the counts of the n-grams that begin with ``<s>`` to `out`; raises ValueError if the columns do not fit."""
    cdef int64_t h, i, n_rows = out.shape[0]
    cdef bint valid = counts.shape[0] == n_rows and starts.shape[0] == first_words.shape[0] + 1
    if not valid:
        raise ValueError("found columns of different lengths; expected columns of one order")
    with nogil:
        for h in range(first_words.shape[0]):
            if first_words[h] == BOS:
                if starts[h] < 0 or starts[h + 1] > n_rows:
                    valid = False
                    break
                for i in range(starts[h], starts[h + 1]):
                    out[i] = counts[i]
    if not valid:
        raise ValueError("found a history outside the columns; expected columns of one order")


def count_words(const int32_t[::1] ids, int64_t vocabulary_size):
    """Count the occurrences of every id except ``<s>``, int32[vocabulary_size].

    Raises ValueError unless `ids` holds sentences as ``<s> w1 .. wl </s>`` over the vocabulary.
    """
    cdef int64_t i, n = ids.shape[0]
    cdef bint valid = True
    out = np.zeros(vocabulary_size, np.int32)
    cdef int32_t[::1] counts = out
    with nogil:
        for i in range(n):
            if ids[i] < 0 or ids[i] >= vocabulary_size:
                valid = False
                break
            counts[ids[i]] += 1
            # <s> stands first and after each </s>, and nowhere else; the last id is </s>
            if (ids[i] == BOS) != (i == 0 or ids[i - 1] == EOS) or (i + 1 == n and ids[i] != EOS):
                valid = False
                break
    if not valid:
        raise ValueError("ids that are not sentences of <s> w1 .. wl </s> over the vocabulary")
    if vocabulary_size > BOS:
        counts[BOS] = 0
    return out
