"""Counting: a text of ids -> the rows of every order, bucket by bucket of the last history word.

For every bucket: gather a fixed-size record (history read backwards; word) around each position, sort the records
(MSD radix sort), scan them once. A history that ends hands its rows to its parent, which merges them by word; the merge
gives the lower-order counts and tells every row its suffix row. Buckets need nothing from each other.
"""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from ngramlm.core._constants cimport BOS, EOS, MAX_ORDER
from ngramlm.core._records cimport (
    MAX_LIMBS, Record, Record1, Record2, Record3, Record8, common_bits, get_digit, radix_sort, set_digit)

import numpy as np

cdef extern from *:
    """
    #define ngramlm_ctz64(x) __builtin_ctzll(x)
    #define ngramlm_prefetch(p) __builtin_prefetch(p)
    """
    int ctz64 "ngramlm_ctz64"(uint64_t x) noexcept nogil
    void prefetch "ngramlm_prefetch"(const void* p) noexcept nogil

cdef enum:
    SMALL_MERGE = 16           # below this many rows a merge sorts pairs instead of marking words in a bitmap

# The columns of one order, as trie.Level has them.
cdef struct Columns:
    int32_t* words
    int32_t* suffixes
    int32_t* counts
    int64_t* starts
    int32_t* parents
    int32_t* first_words
    int64_t n_rows
    int64_t n_histories

cdef struct Node:              # an open history that has children
    int64_t first_row          # its children's rows begin here, one order above
    int64_t first_history

cdef struct Scratch:
    int32_t* sums              # per word: count, zero between merges
    int32_t* rows              # per word: row in the parent
    uint64_t* marked           # bitmap of words, zero between merges
    uint64_t* summary          # bitmap of the non-zero words of `marked`
    int64_t summary_size


cdef inline void add_row(Columns* level, int32_t word, int32_t count) noexcept nogil:
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
    """Merge rows by adding up per word and reading the words back in order from a bitmap of two levels."""
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
    """All children of a history are complete: make its rows from theirs."""
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
    """The rows of all histories that end with one word; `columns[d]` are those of histories of length d."""
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

    # `open_depth` histories are open on the path to the current leaf: those of length 1 .. open_depth
    i = 0
    while i < n:
        record = &records[i]
        depth = 1                                          # of the leaf: the sentence start ends a history
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
        while True:                                        # the leaf's rows: runs of equal words
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
        # histories longer than the common part (same + 1 words) are complete
        while open_depth > same + 1:
            close_history(&columns[open_depth + 1], &columns[open_depth], &nodes[open_depth],
                          last if open_depth == 1 else <int32_t> get_digit(record, open_depth - 2, bits), scratch)
            open_depth -= 1
        i = end


cdef int count_buckets(Record* type_, const int32_t* ids, const int32_t* positions, const int64_t* buckets,
                       int64_t first, int64_t end, int64_t largest, int order, int bits, Columns* columns,
                       Scratch* scratch) noexcept nogil:
    """-1 when there is no memory; `type_` only names the record type."""
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
    """Positions with a next word, sorted by the word at the position, and where each word's begin.

    Returns (positions int32[n], buckets int64[vocabulary_size + 1]). `ids` holds sentences as ``<s> w1 .. wl </s>``;
    raises ValueError for anything else.
    """
    cdef int64_t n = ids.shape[0], i, total = 0
    cdef int32_t word
    cdef bint valid = True
    if n >= 0x7FFFFFFF:
        raise ValueError("more than 2^31 - 2 ids")
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
    """Count the buckets first .. end - 1 (last history words) into the columns of orders 2 .. order.

    `levels[k - 2]` are the arrays (words, suffixes, counts, starts, parents, first_words) of order k, with places for as
    many rows as the buckets have positions; row and history numbers begin at 0.

    Returns (rows per order, histories per order) for the orders 2 .. order.
    """
    cdef Columns columns[MAX_ORDER + 1]
    cdef Scratch scratch
    cdef int64_t vocabulary_size = buckets.shape[0] - 1, largest = 0, bucket, n_needed
    cdef int bits = 1, limbs, depth, failed = -1
    cdef int32_t[::1] view32
    cdef int64_t[::1] view64
    if not 2 <= order <= MAX_ORDER or len(levels) != order - 1:
        raise ValueError(f"order must be 2 to {MAX_ORDER}")
    n_needed = buckets[end] - buckets[first]
    if n_needed == 0:
        return [0] * (order - 1), [0] * (order - 1)
    for depth in range(1, order):
        arrays = levels[depth - 1]
        for array in arrays:
            if len(array) < n_needed:
                raise ValueError("the columns are too short")
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
            # histories of one word: the row without the first word is the unigram
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
    """The last history word, what stands before it and what follows it, for every position with a next word.

    int32[n, order]: the next word is the last, the word at the position the last but one; places before ``<s>`` are 0.
    `ids` holds sentences as ``<s> w1 .. wl </s>`` (ValueError for others).
    """
    cdef int64_t n = ids.shape[0], i, at = 0
    cdef int place
    cdef bint valid = True
    if not 2 <= order <= MAX_ORDER:
        raise ValueError(f"order must be 2 to {MAX_ORDER}")
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
    """Rows of words in the order of the part that the word in one column belongs to, equal ones as they came.

    Returns (rows int32[n, k], edges int64[n_parts + 1]). Raises ValueError for a word or part outside.
    """
    cdef int64_t n = rows.shape[0], i, at, size, start = 0
    cdef int32_t word
    cdef Py_ssize_t width = rows.shape[1], j
    cdef bint valid = True
    if not 0 <= column < width or n_parts < 0:
        raise ValueError("a column outside the rows")
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
        raise ValueError("a word outside the parts")
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
    """Add the occurrences of every id to `counts`; raises ValueError for an id outside."""
    cdef Py_ssize_t i
    cdef bint valid = True
    with nogil:
        for i in range(ids.shape[0]):
            if not 0 <= ids[i] < counts.shape[0]:
                valid = False
                break
            counts[ids[i]] += 1
    if not valid:
        raise ValueError("an id outside the counts")


ctypedef fused Count:
    int32_t
    int64_t


def add_continuations(const int32_t[::1] suffixes, Count[::1] out):
    """Add to every row of an order how many rows of the order above, or of a piece of it, have it as their suffix.

    Raises ValueError for a suffix outside.
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
        raise ValueError("a suffix outside the rows")


def keep_opening(const Count[::1] counts, const int64_t[::1] starts, const int32_t[::1] first_words, Count[::1] out):
    """Give the rows that begin with ``<s>`` their counts back; raises ValueError for columns that do not fit."""
    cdef int64_t h, i, n_rows = out.shape[0]
    cdef bint valid = counts.shape[0] == n_rows and starts.shape[0] == first_words.shape[0] + 1
    if not valid:
        raise ValueError("columns of different lengths")
    with nogil:
        for h in range(first_words.shape[0]):
            if first_words[h] == BOS:
                if starts[h] < 0 or starts[h + 1] > n_rows:
                    valid = False
                    break
                for i in range(starts[h], starts[h + 1]):
                    out[i] = counts[i]
    if not valid:
        raise ValueError("a history outside the columns")


def count_words(const int32_t[::1] ids, int64_t vocabulary_size):
    """Occurrences of every id but ``<s>``, int32[vocabulary_size].

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
