"""The compiled table of words (bytes) and their ids (int32), on which ``Vocabulary`` stands."""
cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, qsort, realloc
from libc.string cimport memcmp, memcpy, memset

import os

import numpy as np

cdef struct RankedWord:
    int64_t count
    const char* word
    int64_t length
    int32_t table
    int32_t id


# the garbage collector must not drop the owner of memory that is still in use
@cython.no_gc_clear
cdef class WordTable:
    """A table of words that grows, or a read-only table over borrowed arrays.

    Ids follow the order of insertion. ``WordTable()`` makes an empty table.

    Examples
    --------
    >>> table = WordTable()
    >>> table.add(b"cat"), table.add(b"dog"), table.add(b"cat"), table.get(b"cow")
    (0, 1, 0, -1)
    """

    def __cinit__(self):
        self.owner = None
        self.borrowed = False
        self.index.mask = 1023
        self.index.size = 0
        self.index.key = 0
        self.index.second_key = 0
        self.arena_capacity = 8192
        self.ids_capacity = 1024
        self.counts = NULL
        self.index.slots = NULL
        self.index.arena = NULL
        self.index.offsets = NULL

    def __init__(self):
        if self.index.slots != NULL:
            return
        self.index.slots = <WordSlot*> malloc((self.index.mask + 1) * sizeof(WordSlot))
        self.index.arena = <const char*> malloc(self.arena_capacity)
        self.index.offsets = <const int64_t*> calloc(self.ids_capacity + 1, sizeof(int64_t))
        self.counts = <int64_t*> calloc(self.ids_capacity, sizeof(int64_t))
        if not (self.index.slots and self.index.arena and self.index.offsets and self.counts):
            raise MemoryError()
        memset(self.index.slots, 0xFF, (self.index.mask + 1) * sizeof(WordSlot))

    def __dealloc__(self):
        if not self.borrowed:
            free(self.index.slots)
            free(<void*> self.index.arena)
            free(<void*> self.index.offsets)
            free(self.counts)

    def __len__(self):
        return self.index.size

    cdef int32_t find(self, const char* word, Py_ssize_t length) noexcept nogil:
        """Return the id of a word; -1 if it is not in the table."""
        return find_word(&self.index, word, length)

    cdef int grow(self) except -1 nogil:
        """Double the number of slots; words keep their ids."""
        cdef uint64_t old_size = self.index.mask + 1, mask = 2 * old_size - 1, i, at
        cdef WordSlot* old = self.index.slots
        cdef WordSlot* new = <WordSlot*> malloc((mask + 1) * sizeof(WordSlot))
        if new == NULL:
            with gil:
                raise MemoryError()
        memset(new, 0xFF, (mask + 1) * sizeof(WordSlot))
        for i in range(old_size):
            if old[i].id >= 0:
                at = old[i].tag & mask
                while new[at].id >= 0:
                    at = (at + 1) & mask
                new[at] = old[i]
        self.index.slots = new
        self.index.mask = mask
        free(old)
        return 0

    cdef int rekey(self) except -1 nogil:
        """Give the hash a random key, and every word the slot that follows; words keep their ids."""
        cdef int64_t id, start, length, slot
        cdef uint64_t prefix
        cdef uint32_t tag
        with gil:
            self.index.key = int.from_bytes(os.urandom(8), "little") | 1
            self.index.second_key = int.from_bytes(os.urandom(8), "little")
        memset(self.index.slots, 0xFF, (self.index.mask + 1) * sizeof(WordSlot))
        for id in range(self.index.size):
            start = self.index.offsets[id]
            length = self.index.offsets[id + 1] - start
            prefix = load_prefix(self.index.arena + start, length)
            tag = hash_word(&self.index, prefix, self.index.arena + start, length)
            slot = find_slot(&self.index, prefix, tag, self.index.arena + start, length)
            self.index.slots[slot].prefix = prefix
            self.index.slots[slot].tag = tag
            self.index.slots[slot].id = <int32_t> id
        return 0

    def settle(self):
        """Give the hash a random key if the slots are crowded, so that words outside the table are found missing soon."""
        if not self.borrowed and longest_run(self.index.slots, self.index.mask + 1) > CROWDED:
            self.rekey()

    cdef int32_t insert(self, int64_t slot, uint64_t prefix, uint32_t tag, const char* word,
                        Py_ssize_t length) except -2 nogil:
        """Add a word that is not in the table, and return its id. `slot` is the empty slot from `find_slot`."""
        cdef int32_t id = self.index.size
        cdef int64_t start = self.index.offsets[id], capacity
        cdef void* moved
        if id == 0x7FFFFFFE:
            with gil:
                raise OverflowError("found more than 2^31 - 2 distinct words; expected fewer")
        if start + length > self.arena_capacity:
            capacity = 2 * (start + length)
            moved = realloc(<void*> self.index.arena, capacity)
            if moved == NULL:
                with gil:
                    raise MemoryError()
            self.index.arena = <const char*> moved
            self.arena_capacity = capacity
        if id + 1 > self.ids_capacity:
            capacity = 2 * self.ids_capacity
            moved = realloc(<void*> self.index.offsets, (capacity + 1) * sizeof(int64_t))
            if moved == NULL:
                with gil:
                    raise MemoryError()
            self.index.offsets = <const int64_t*> moved
            moved = realloc(self.counts, capacity * sizeof(int64_t))
            if moved == NULL:
                with gil:
                    raise MemoryError()
            self.counts = <int64_t*> moved
            self.ids_capacity = capacity
        memcpy(<char*> self.index.arena + start, word, length)
        (<int64_t*> self.index.offsets)[id + 1] = start + length
        self.counts[id] = 0
        self.index.slots[slot].prefix = prefix
        self.index.slots[slot].tag = tag
        self.index.slots[slot].id = id
        self.index.size = id + 1
        if ((<uint64_t> slot - tag) & self.index.mask) > CROWDED:
            self.rekey()
        if <uint64_t> self.index.size * 2 > self.index.mask:
            self.grow()
        return id

    cdef int32_t find_or_insert(self, uint64_t prefix, const char* word, Py_ssize_t length,
                                bint grow) except -2 nogil:
        """Return the id of a word. A word that is not in the table is added with `grow`, and has -1 without."""
        cdef uint32_t tag = hash_word(&self.index, prefix, word, length)
        cdef int64_t slot = find_slot(&self.index, prefix, tag, word, length)
        cdef int32_t id = self.index.slots[slot].id
        return self.insert(slot, prefix, tag, word, length) if id < 0 and grow else id

    def add(self, bytes word not None):
        """Return the id of `word`, and add it if it is new; raises ValueError if the table is read-only."""
        cdef Py_ssize_t length = len(word)
        cdef const char* text = word
        cdef uint64_t prefix = load_prefix(text, length)
        cdef uint32_t tag = hash_word(&self.index, prefix, text, length)
        cdef int64_t slot = find_slot(&self.index, prefix, tag, text, length)
        if self.index.slots[slot].id >= 0:
            return self.index.slots[slot].id
        if self.borrowed:
            raise ValueError("found a new word for a read-only table; expected a word of the table")
        if length == 0 or b"\0" in word:
            raise ValueError("found an empty word or a NUL; expected at least one byte, and no NUL")
        return self.insert(slot, prefix, tag, text, length)

    def get(self, bytes word not None):
        """Return the id of `word`; -1 if it is not in the table."""
        return self.find(word, len(word))

    def word(self, Py_ssize_t id):
        """Return the bytes of word `id`; raises IndexError for an id that is not in the table."""
        if id < 0 or id >= self.index.size:
            raise IndexError(f"found the word id {id}; expected 0 to {self.index.size - 1}")
        cdef int64_t start = self.index.offsets[id]
        return self.index.arena[start:self.index.offsets[id + 1]]

    def finds_every_word(self):
        """Return whether each word is found under its own id. It is not if a word is there twice."""
        cdef int64_t id, start
        for id in range(self.index.size):
            start = self.index.offsets[id]
            if self.find(self.index.arena + start, self.index.offsets[id + 1] - start) != id:
                return False
        return True

    def n_bytes(self):
        """Return the number of bytes of all words."""
        return self.index.offsets[self.index.size]

    def same_words(self, WordTable other not None):
        """Return whether both tables have the same words in the same order."""
        cdef int64_t size = self.index.size
        return bool(
            size == other.index.size
            and memcmp(self.index.offsets, other.index.offsets, (size + 1) * sizeof(int64_t)) == 0
            and memcmp(self.index.arena, other.index.arena, self.index.offsets[size]) == 0
        )

    def letters(self):
        """Return copies of (arena uint8[bytes], offsets int64[words + 1]): the bytes of all words, and where they begin."""
        cdef int64_t n_bytes = self.index.offsets[self.index.size]
        arena = np.empty(n_bytes, np.uint8)
        offsets = np.empty(self.index.size + 1, np.int64)
        cdef uint8_t[::1] arena_view = arena
        cdef int64_t[::1] offsets_view = offsets
        if n_bytes:
            memcpy(&arena_view[0], self.index.arena, n_bytes)
        memcpy(&offsets_view[0], self.index.offsets, (self.index.size + 1) * sizeof(int64_t))
        return arena, offsets

    def arrays(self):
        """Return copies of (arena uint8[bytes], offsets int64[words + 1], slots uint8[16 * slots]), for a file."""
        arena, offsets = self.letters()
        slots = np.empty((self.index.mask + 1) * sizeof(WordSlot), np.uint8)
        cdef uint8_t[::1] slots_view = slots
        if self.index.key:
            place_without_key(&self.index, <WordSlot*> &slots_view[0], self.tags_without_key())
        else:
            memcpy(&slots_view[0], self.index.slots, slots.nbytes)
        return arena, offsets, slots

    def tags_without_key(self):
        """Return for every word the tag of the key 0, uint32[words]."""
        tags = np.empty(self.index.size, np.uint32)
        cdef uint32_t[::1] view = tags
        cdef WordIndex without_key = self.index
        cdef int64_t id, start, length
        without_key.key = without_key.second_key = 0
        for id in range(self.index.size):
            start = self.index.offsets[id]
            length = self.index.offsets[id + 1] - start
            view[id] = hash_word(&without_key, load_prefix(self.index.arena + start, length),
                                 self.index.arena + start, length)
        return tags

    @staticmethod
    def from_arrays(const uint8_t[::1] arena, const int64_t[::1] offsets, const uint8_t[::1] slots):
        """Make a read-only table over borrowed arrays; raises ValueError for a wrong offset, id or slot.

        If the slots are crowded, the table has copies of the words instead, and a random key.
        """
        cdef int64_t n_words = offsets.shape[0] - 1, n_slots = slots.shape[0] // <int64_t> sizeof(WordSlot), i
        cdef int64_t used = 0
        cdef const WordSlot* table
        if n_words < 0 or n_words > 0x7FFFFFFE or slots.shape[0] != n_slots * <int64_t> sizeof(WordSlot):
            raise ValueError(f"found a word table of {n_words} words and {slots.shape[0]} bytes of slots; "
                             "expected at most 2^31 - 2 words and 16 bytes for each slot")
        if n_slots < 2 or n_slots & (n_slots - 1) or n_slots <= n_words:
            raise ValueError(f"found a word table of {n_slots} slots; expected a power of two above {n_words}, "
                             "the number of words")
        if offsets[0] != 0 or offsets[n_words] != arena.shape[0]:
            raise ValueError("found a word table with other bytes than its offsets name; expected offsets of all bytes")
        for i in range(n_words):
            if offsets[i] > offsets[i + 1]:
                raise ValueError("found a word table with decreasing offsets; expected increasing offsets")
        table = <const WordSlot*> &slots[0]
        for i in range(n_slots):
            if table[i].id >= n_words:
                raise ValueError(f"found a word table with the id {table[i].id}; expected ids below {n_words}")
            used += table[i].id >= 0
        if used != n_words:
            raise ValueError(f"found a word table with {used} used slots; expected {n_words}, one for each word")
        cdef WordTable self
        if longest_run(table, n_slots) > CROWDED:
            self = WordTable()
            self.rekey()
            for i in range(n_words):
                word = bytes(arena[offsets[i]:offsets[i + 1]])
                if self.add(word) != i:
                    raise ValueError(f"found a word table with {word!r} twice; expected every word once")
            return self
        self = WordTable.__new__(WordTable)
        self.owner = (arena, offsets, slots)
        self.borrowed = True
        self.index.slots = <WordSlot*> table
        self.index.mask = n_slots - 1
        self.index.arena = <const char*> &arena[0] if arena.shape[0] else <const char*> table
        self.index.offsets = &offsets[0]
        self.index.size = <int32_t> n_words
        return self

    def word_counts(self):
        """Return the number of occurrences of every word, int64[words]; zeros for a read-only table."""
        out = np.zeros(self.index.size, np.int64)
        cdef int64_t[::1] view = out
        if self.counts != NULL and self.index.size:
            memcpy(&view[0], self.counts, self.index.size * sizeof(int64_t))
        return out


cdef int64_t longest_run(const WordSlot* slots, int64_t n_slots) noexcept nogil:
    """Return the largest number of used slots in a row; a row over the last slot counts as two."""
    cdef int64_t i, run = 0, longest = 0
    for i in range(n_slots):
        run = run + 1 if slots[i].id >= 0 else 0
        if run > longest:
            longest = run
    return longest


cdef int place_without_key(const WordIndex* index, WordSlot* slots, tags) except -1:
    """Fill the slots of a file, in which the key is 0: each word is in the first free slot from that of its hash on.

    The words are placed in the order of these slots. So the time does not depend on how crowded they are.
    """
    order = np.argsort(tags & <uint64_t> index.mask, kind="stable")
    cdef const int64_t[::1] ids = order
    cdef const uint32_t[::1] tag_of = tags
    cdef int64_t n = ids.shape[0], i, id, start
    cdef uint64_t at, next_slot = 0, first_free = 0
    memset(slots, 0xFF, (index.mask + 1) * sizeof(WordSlot))
    for i in range(n):
        id = ids[i]
        at = tag_of[id] & index.mask
        if at < next_slot:
            at = next_slot
        next_slot = at + 1
        if at > index.mask:
            # after the last slot, the first free one follows
            next_slot = at
            while slots[first_free].id >= 0:
                first_free += 1
            at = first_free
        start = index.offsets[id]
        slots[at].prefix = load_prefix(index.arena + start, index.offsets[id + 1] - start)
        slots[at].tag = tag_of[id]
        slots[at].id = <int32_t> id
    return 0


cdef int by_count_then_bytes(const void* first, const void* second) noexcept nogil:
    """Compare two words for `qsort`: by decreasing count, words with the same count by their bytes."""
    cdef const RankedWord* a = <const RankedWord*> first
    cdef const RankedWord* b = <const RankedWord*> second
    cdef int order
    if a.count != b.count:
        return -1 if a.count > b.count else 1
    order = memcmp(a.word, b.word, a.length if a.length < b.length else b.length)
    if order == 0:
        return -1 if a.length < b.length else (1 if a.length > b.length else 0)
    return order


def merge_tables(list tables not None, list reserved not None, int64_t min_count=1, int64_t max_size=-1):
    """Merge several tables into one.

    The reserved words come first. The other words follow by decreasing count; words with the same count are sorted by
    their bytes. The counts of a word are added up over the tables. Words with a count below `min_count` are left out.
    At most `max_size` words are kept, besides the reserved words; -1 means no limit.

    Returns (table, maps, counts). `maps` has an int32 array for each table: the new id of every old id, 0 for a word
    that is left out. `counts` is int64[words]: the number of occurrences by new id.
    """
    cdef WordTable union, merged = WordTable(), table
    cdef int64_t i, n = 0, n_reserved = len(reserved), kept
    cdef int32_t id, t
    cdef RankedWord* ranked
    cdef int32_t[::1] to_union, to_merged
    cdef int64_t start, length
    cdef uint64_t prefix
    cdef uint32_t tag
    cdef int64_t slot
    # one table that begins with the reserved words is the union already
    if any((<WordTable?> table).borrowed for table in tables):
        raise ValueError("found a read-only table, which counts no words; expected tables that grow")
    alone = len(tables) == 1 and [tables[0].word(i) for i in range(min(n_reserved, len(tables[0])))] == reserved
    union = tables[0] if alone else WordTable()
    for word in reserved:
        union.add(word)
        merged.add(word)
    union_ids = [np.arange(union.index.size, dtype=np.int32)] if alone else []
    for table in [] if alone else tables:
        ids = np.empty(table.index.size, np.int32)
        to_union = ids
        with nogil:
            for i in range(table.index.size):
                start = table.index.offsets[i]
                length = table.index.offsets[i + 1] - start
                prefix = load_prefix(table.index.arena + start, length)
                tag = hash_word(&union.index, prefix, table.index.arena + start, length)
                slot = find_slot(&union.index, prefix, tag, table.index.arena + start, length)
                id = union.index.slots[slot].id
                if id < 0:
                    id = union.insert(slot, prefix, tag, table.index.arena + start, length)
                union.counts[id] += table.counts[i]
                to_union[i] = id
        union_ids.append(ids)
    n = union.index.size - n_reserved
    final = np.zeros(union.index.size, np.int32)
    to_merged = final
    for i in range(n_reserved):
        to_merged[i] = <int32_t> i
        merged.counts[i] = union.counts[i]
    ranked = <RankedWord*> malloc((n + 1) * sizeof(RankedWord))
    if ranked == NULL:
        raise MemoryError()
    try:
        with nogil:
            for i in range(n):
                start = union.index.offsets[n_reserved + i]
                ranked[i].count = union.counts[n_reserved + i]
                ranked[i].word = union.index.arena + start
                ranked[i].length = union.index.offsets[n_reserved + i + 1] - start
                ranked[i].id = <int32_t> (n_reserved + i)
            qsort(ranked, n, sizeof(RankedWord), by_count_then_bytes)
            kept = n if max_size < 0 or max_size > n else max_size
            for i in range(kept):
                if ranked[i].count < min_count:
                    break
                prefix = load_prefix(ranked[i].word, ranked[i].length)
                tag = hash_word(&merged.index, prefix, ranked[i].word, ranked[i].length)
                slot = find_slot(&merged.index, prefix, tag, ranked[i].word, ranked[i].length)
                id = merged.insert(slot, prefix, tag, ranked[i].word, ranked[i].length)
                merged.counts[id] = ranked[i].count
                to_merged[ranked[i].id] = id
    finally:
        free(ranked)
    return merged, [final[ids] for ids in union_ids], merged.word_counts()
