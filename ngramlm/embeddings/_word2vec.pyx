"""Kernel of word2vec and fastText: gradient steps over a text, a window after the other.

What a window trains is drawn one window ahead, so that its rows are on their way while the one before is worked on.
"""
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from ngramlm.core._constants cimport FIRST_WORD
from ngramlm.core._prefetch cimport prefetch_to_write
from ngramlm.embeddings._random cimport below, draw

cdef extern from "_vector_steps.h":
    ctypedef struct Steps "ngramlm_vector_steps":
        double (*step)(float**, int, float**, const float*, const float*, int, int, float, float*, float*, int) noexcept nogil
        double (*step_aside)(const float*, float*, float**, const float*, const float*, int, int, float, float*,
                             int) noexcept nogil
        void (*sum_rows)(float**, int, float, int, float*) noexcept nogil
        void (*add_to_rows)(float**, int, float, int, const float*) noexcept nogil
    const Steps* find_steps "ngramlm_find_vector_steps"(int lanes) noexcept nogil
    int padded "ngramlm_padded"(int n_outputs) noexcept nogil

cdef enum:
    PIECE = 1000                                    # tokens of a sentence that are trained together
    ALIGNMENT = 64
    MAX_WINDOW = 1000
    MAX_NEGATIVES = 1000
    TILE = 8                                        # as NGRAMLM_TILE

cdef uint32_t ALWAYS = 0xFFFFFFFF

LANES = (4, 8, 16)


def _usable_lanes():
    """The widths of registers, in floats, that this processor has steps for."""
    return tuple(lanes for lanes in LANES if find_steps(lanes) != NULL)


cdef inline void fetch_row(const float* row, int size) noexcept nogil:
    cdef int b
    for b in range(0, size, 16):
        prefetch_to_write(row + b)


cdef struct Target:
    # What a prediction is to tell apart: the outputs, and which of them belong to the input.
    float** outputs
    float* labels
    float* weights
    int n


cdef struct Window:
    float** inputs                                  # rows of all inputs, those of subwords among them
    Target* targets
    int n_inputs, n_targets


cdef inline void fetch_noise(const Target* target, int size) noexcept nogil:
    cdef int j
    for j in range(1, target.n):
        fetch_row(target.outputs[j], size)


cdef class Room:
    """Memory that a thread trains in, in one block."""

    cdef char* block
    cdef char* at
    cdef int32_t* kept                              # rows of the words of a piece
    cdef Window[2] windows
    cdef float* hidden
    cdef float* error
    cdef float* scratch
    cdef float* errors

    def __dealloc__(self):
        free(self.block)

    cdef void* take(self, size_t size) noexcept nogil:
        cdef char* taken = self.at
        self.at += (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
        return taken

    cdef void place(self, size_t n_inputs, size_t n_moved, size_t n_targets, size_t n_outputs, size_t size) noexcept nogil:
        """Cut the block, which is as long as that takes, from `at` on; `n_moved` inputs are moved by one step."""
        cdef size_t i, which, places = padded(<int> n_outputs)
        cdef Window* window
        cdef Target* target
        self.kept = <int32_t*> self.take(PIECE * sizeof(int32_t))
        for which in range(2):
            window = &self.windows[which]
            window.inputs = <float**> self.take(n_inputs * sizeof(float*))
            window.targets = <Target*> self.take(n_targets * sizeof(Target))
            for i in range(n_targets):
                if self.block == NULL:              # only measuring: there is nothing to write to
                    self.take(places * sizeof(float*))
                    self.take(places * sizeof(float))
                    self.take(places * sizeof(float))
                    continue
                target = &window.targets[i]
                target.outputs = <float**> self.take(places * sizeof(float*))
                target.labels = <float*> self.take(places * sizeof(float))
                target.weights = <float*> self.take(places * sizeof(float))
        self.hidden = <float*> self.take(size * sizeof(float))
        self.error = <float*> self.take(size * sizeof(float))
        self.scratch = <float*> self.take(n_moved * places * sizeof(float))
        self.errors = <float*> self.take((n_moved if n_outputs > TILE else 0) * size * sizeof(float))

    cdef int reserve(self, size_t n_inputs, size_t n_moved, size_t n_targets, size_t n_outputs, size_t size) except -1:
        cdef size_t n_bytes
        self.at = NULL
        self.place(n_inputs, n_moved, n_targets, n_outputs, size)
        n_bytes = <size_t> self.at
        self.block = <char*> malloc(n_bytes + ALIGNMENT)
        if self.block == NULL:
            raise MemoryError()
        memset(self.block, 0, n_bytes + ALIGNMENT)  # lanes that are not used must not be slow numbers
        self.at = <char*> ((<uintptr_t> self.block + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT)
        self.place(n_inputs, n_moved, n_targets, n_outputs, size)
        return 0


cdef class Trainer:
    """What is trained: the rows of `inputs` and `outputs`. A `Worker` for each thread trains them.

    Args:
        inputs: float32[rows, size], the rows that words (and subwords) are read from; size is a multiple of 16, rows begin at
            multiples of 64 bytes.
        outputs: float32[rows, size], those of words that are predicted, or of the inner nodes of a tree.
        keep: uint32[V], the probability that an occurrence of each word is kept, times 2^32 (the largest: always).
        thresholds, aliases: uint32[V] and int32[V], the noise as an alias table; empty with a tree.
        path_starts, path_rows, path_labels: int64[V + 1], int32[N] and uint8[N], the inner nodes of the path to every word;
            empty with noise.
        subword_starts, subword_rows: int64[V + 1] and int32[M], the rows of `inputs` whose mean a word is; empty where
            word i is row i.
        shared: whether all words of a window are told apart from the same noise.
        exact: whether a word of a window moves by its share of the gradient (CBOW).

    Raises ValueError where these do not fit each other.
    """

    cdef float[:, ::1] inputs, outputs
    cdef const uint32_t[::1] keep
    cdef const int32_t[::1] path_rows, subword_rows
    cdef uint64_t* noise                            # per word, its threshold and its alias: in one cache line
    cdef const int64_t[::1] path_starts, subword_starts
    cdef const uint8_t[::1] path_labels
    cdef int window, negatives, size
    cdef bint skip_gram, exact, with_loss, tree, subwords
    cdef readonly bint pairs                        # whether every word of a window has a target of its own
    cdef int most_inputs, most_targets, most_outputs
    cdef int64_t n_words
    cdef const Steps* steps

    def __cinit__(self, float[:, ::1] inputs, float[:, ::1] outputs, const uint32_t[::1] keep,
                  const uint32_t[::1] thresholds, const int32_t[::1] aliases, const int64_t[::1] path_starts,
                  const int32_t[::1] path_rows, const uint8_t[::1] path_labels, const int64_t[::1] subword_starts,
                  const int32_t[::1] subword_rows, *, int window, int negatives, bint skip_gram, bint shared,
                  bint exact, bint with_loss, int lanes):
        cdef int64_t i, n = keep.shape[0], longest = 0, most_subwords = 1
        self.inputs, self.outputs, self.keep = inputs, outputs, keep
        self.path_starts, self.path_rows, self.path_labels = path_starts, path_rows, path_labels
        self.subword_starts, self.subword_rows = subword_starts, subword_rows
        self.window, self.negatives, self.skip_gram = window, negatives, skip_gram
        self.exact, self.with_loss = exact, with_loss
        self.n_words, self.size = n, <int> inputs.shape[1]
        self.tree, self.subwords = path_starts.shape[0] > 0, subword_starts.shape[0] > 0
        self.steps = find_steps(lanes)
        if self.steps == NULL:
            raise ValueError(f"no registers of {lanes} floats")
        if not 1 <= n < 0x7FFFFFFF or not 1 <= window <= MAX_WINDOW or not 0 <= negatives <= MAX_NEGATIVES:
            raise ValueError("no words, or a window or a number of negatives out of range")
        if self.size % 16 or not 16 <= self.size <= 1 << 20 or outputs.shape[1] != self.size:
            raise ValueError("rows of another size than a multiple of 16")
        if inputs.shape[0] < 1 or outputs.shape[0] < 1 or (<uintptr_t> &inputs[0, 0] | <uintptr_t> &outputs[0, 0]) % ALIGNMENT:
            raise ValueError("rows that do not begin at multiples of 64 bytes")
        if self.tree:
            check_ranges(path_starts, path_rows, n, outputs.shape[0])
            if path_labels.shape[0] != path_rows.shape[0]:
                raise ValueError("other than one label for each node")
            for i in range(n):
                longest = max(longest, path_starts[i + 1] - path_starts[i])
            if longest > 1 << 16:
                raise ValueError("a path that is too long")
        else:
            longest = 1 + negatives
            if outputs.shape[0] != n or thresholds.shape[0] != n or aliases.shape[0] != n:
                raise ValueError("other than one output, threshold and alias for each word")
            for i in range(n):
                if not 0 <= aliases[i] < n:
                    raise ValueError("an alias that is no word")
            self.noise = <uint64_t*> malloc(n * sizeof(uint64_t))
            if self.noise == NULL:
                raise MemoryError()
            for i in range(n):
                self.noise[i] = (<uint64_t> thresholds[i] << 32) | <uint64_t> aliases[i]
        if self.subwords:
            check_ranges(subword_starts, subword_rows, n, inputs.shape[0])
            for i in range(n):
                if subword_starts[i + 1] == subword_starts[i]:
                    raise ValueError("a word without rows")
                most_subwords = max(most_subwords, subword_starts[i + 1] - subword_starts[i])
        elif inputs.shape[0] < n:
            raise ValueError("fewer inputs than words")
        if most_subwords > 1 << 16:
            raise ValueError("a word of too many rows")
        self.most_outputs = <int> longest
        self.pairs = skip_gram and (self.subwords or not (shared or self.tree))
        self.most_targets = 2 * window if self.pairs else 1
        self.most_inputs = <int> (most_subwords * (1 if skip_gram and self.subwords else 2 * window))

    def __dealloc__(self):
        free(self.noise)


cdef class Worker:
    """Trains ranges of a text, by one thread.

    Several workers share the rows, and write to them without locks. Rows that all of them write to all the time would
    go from core to core with every word. So each has its own copy of the first `hot_inputs` and `hot_outputs` rows, and
    `merge` moves the shared ones by as much as the copies were moved, or by a share of that.

    Raises ValueError for more hot rows than there are.
    """

    cdef Trainer trainer
    cdef Room room
    cdef int64_t hot_inputs, hot_outputs
    cdef float[:, ::1] own_inputs, own_outputs, seen_inputs, seen_outputs

    def __cinit__(self, Trainer trainer not None, int64_t hot_inputs, int64_t hot_outputs, copies=None):
        if not 0 <= hot_inputs <= trainer.inputs.shape[0] or not 0 <= hot_outputs <= trainer.outputs.shape[0]:
            raise ValueError("more hot rows than there are")
        self.trainer, self.room = trainer, Room()
        self.hot_inputs, self.hot_outputs = hot_inputs, hot_outputs
        n_moved = trainer.most_inputs if trainer.skip_gram and not trainer.subwords else 1
        self.room.reserve(trainer.most_inputs, n_moved, trainer.most_targets, trainer.most_outputs, trainer.size)
        if hot_inputs or hot_outputs:
            self.own_inputs, self.seen_inputs, self.own_outputs, self.seen_outputs = copies
            if (self.own_inputs.shape[0] != hot_inputs or self.seen_inputs.shape[0] != hot_inputs
                    or self.own_outputs.shape[0] != hot_outputs or self.seen_outputs.shape[0] != hot_outputs
                    or self.own_inputs.shape[1] != trainer.size or self.seen_inputs.shape[1] != trainer.size
                    or self.own_outputs.shape[1] != trainer.size or self.seen_outputs.shape[1] != trainer.size):
                raise ValueError("copies of other sizes than the hot rows")
            if hot_inputs and <uintptr_t> &self.own_inputs[0, 0] % ALIGNMENT:
                raise ValueError("rows that do not begin at multiples of 64 bytes")
            if hot_outputs and <uintptr_t> &self.own_outputs[0, 0] % ALIGNMENT:
                raise ValueError("rows that do not begin at multiples of 64 bytes")
            take_rows(trainer.inputs, self.own_inputs, self.seen_inputs, hot_inputs)
            take_rows(trainer.outputs, self.own_outputs, self.seen_outputs, hot_outputs)

    def merge(self, const float[::1] input_shares, const float[::1] output_shares):
        """Move the first shared rows by a share of how far the own ones have been moved, and take them over.

        There is a share for each row that is to be merged. No other worker may do so at the same time. Raises
        ValueError for more rows than are hot.
        """
        if input_shares.shape[0] > self.hot_inputs or output_shares.shape[0] > self.hot_outputs:
            raise ValueError("more rows than are hot")
        with nogil:
            merge_rows(self.trainer.inputs, self.own_inputs, self.seen_inputs, input_shares)
            merge_rows(self.trainer.outputs, self.own_outputs, self.seen_outputs, output_shares)

    cdef inline float* input_row(self, int64_t row) noexcept nogil:
        return &self.own_inputs[row, 0] if row < self.hot_inputs else &self.trainer.inputs[row, 0]

    def train(self, const int32_t[::1] ids, int64_t first, int64_t end, uint64_t seed, double rate, double rate_step):
        """Train on ``ids[first:end]``; sentences end at ``<s>`` and ``</s>``, and are cut after a thousand ids.

        The learning rate is `rate`, and falls by `rate_step` with every id that has been read. Returns (words that
        were kept, the loss before the steps in nats, or 0 where it is not wanted). Raises ValueError for an id that
        is no word, or a place outside the text.
        """
        cdef uint64_t state = seed
        cdef int64_t at = first, piece_first, n_kept = 0, word
        cdef int n, i
        cdef bint valid = True
        cdef double loss = 0.0
        cdef float piece_rate
        cdef Room room = self.room
        cdef const uint32_t[::1] keep = self.trainer.keep
        cdef int64_t n_words = self.trainer.n_words
        if not 0 <= first <= end <= ids.shape[0]:
            raise ValueError("a place outside the text")
        with nogil:
            while valid and at < end:
                piece_first = at
                piece_rate = <float> (rate - rate_step * <double> (at - first))
                n = 0
                while at < end and at < piece_first + PIECE:
                    word = <int64_t> ids[at] - FIRST_WORD
                    at += 1
                    if word >= n_words or word < -FIRST_WORD:
                        valid = False
                        break
                    if word < 0:
                        if word == -FIRST_WORD:     # an unknown word takes no place
                            continue
                        break                       # the sentence ends
                    if keep[word] != ALWAYS and draw(&state) >> 32 >= keep[word]:
                        continue
                    room.kept[n] = <int32_t> word
                    n += 1
                if n:
                    self.prepare(room, &room.windows[0], 0, n, &state)
                for i in range(n):
                    if i + 1 < n:
                        self.prepare(room, &room.windows[(i + 1) & 1], i + 1, n, &state)
                    loss += self.train_window(room, &room.windows[i & 1], &room.windows[(i + 1) & 1], piece_rate)
                n_kept += n
        if not valid:
            raise ValueError("an id that is no word")
        return n_kept, loss

    cdef void prepare(self, Room room, Window* window, int at, int n, uint64_t* state) noexcept nogil:
        """Draw the window around the word `at` of a piece, and its noise, and have the rows fetched."""
        cdef int reach = 1 + <int> below(draw(state), self.trainer.window)
        cdef int first = max(0, at - reach), end = min(n, at + reach + 1), j
        cdef int32_t center = room.kept[at]
        window.n_inputs = window.n_targets = 0
        if end - first < 2:
            return
        if self.trainer.skip_gram and self.trainer.subwords:        # the center predicts every word around it, as in fastText
            self.add_input(window, center)
            for j in range(first, end):
                if j != at:
                    self.add_target(window, room.kept[j], state)
            return
        if not self.trainer.pairs:
            self.add_target(window, center, state)
        for j in range(first, end):                 # the words around it predict the center, as in word2vec
            if j != at:
                self.add_input(window, room.kept[j])
                if self.trainer.pairs:
                    self.add_target(window, center, state)

    cdef inline void add_input(self, Window* window, int32_t word) noexcept nogil:
        cdef int64_t i
        cdef float* row
        if not self.trainer.subwords:
            row = self.input_row(word)
            fetch_row(row, self.trainer.size)
            window.inputs[window.n_inputs] = row
            window.n_inputs += 1
            return
        for i in range(self.trainer.subword_starts[word], self.trainer.subword_starts[word + 1]):
            row = self.input_row(self.trainer.subword_rows[i])
            fetch_row(row, self.trainer.size)
            window.inputs[window.n_inputs] = row
            window.n_inputs += 1

    cdef inline void add_target(self, Window* window, int32_t word, uint64_t* state) noexcept nogil:
        cdef Target* target = &window.targets[window.n_targets]
        cdef float** outputs = target.outputs
        cdef float* labels = target.labels
        cdef float* weights = target.weights
        cdef float* shared = &self.trainer.outputs[0, 0]
        cdef float* own = &self.own_outputs[0, 0] if self.hot_outputs else NULL
        cdef const uint64_t* noise = self.trainer.noise
        cdef int64_t i, size = self.trainer.size, n_words = self.trainer.n_words, hot = self.hot_outputs
        cdef int k, j, n = 0
        cdef bint fetched = not self.trainer.pairs          # pairs are fetched one ahead
        cdef uint64_t random = state[0], bits, drawn
        cdef float* row
        window.n_targets += 1
        if self.trainer.tree:
            for i in range(self.trainer.path_starts[word], self.trainer.path_starts[word + 1]):
                row = (own if self.trainer.path_rows[i] < hot else shared) + size * self.trainer.path_rows[i]
                fetch_row(row, <int> size)
                outputs[n] = row
                labels[n] = <float> self.trainer.path_labels[i]
                weights[n] = 1.0
                n += 1
            target.n = n
            return
        row = (own if word < hot else shared) + size * word
        fetch_row(row, <int> size)
        outputs[0] = row
        labels[0] = 1.0
        weights[0] = 1.0
        n = 1
        for k in range(self.trainer.negatives):
            bits = draw(&random)
            drawn = below(bits, n_words)
            if (bits & ALWAYS) >= noise[drawn] >> 32:
                drawn = noise[drawn] & ALWAYS
            row = (own if <int64_t> drawn < hot else shared) + size * <int64_t> drawn
            j = 0
            while j < n and outputs[j] != row:
                j += 1
            if j < n:                               # the word itself is no noise, another one may be drawn again
                weights[j] += <float> (j > 0)
                continue
            if fetched:
                fetch_row(row, <int> size)
            outputs[n] = row
            labels[n] = 0.0
            weights[n] = 1.0
            n += 1
        target.n = n
        state[0] = random

    cdef double train_window(self, Room room, Window* window, const Window* following, float rate) noexcept nogil:
        cdef Target* target
        cdef int i, b
        cdef double loss = 0.0
        if window.n_targets == 0:
            return 0.0
        target = window.targets
        if self.trainer.skip_gram and not self.trainer.subwords:
            if not self.trainer.pairs:
                return self.trainer.steps.step(window.inputs, window.n_inputs, target.outputs, target.labels, target.weights, target.n,
                                       self.trainer.size, rate, room.scratch, room.errors, self.trainer.with_loss)
            for i in range(window.n_inputs):
                target = &window.targets[i]
                if i + 1 < window.n_inputs:
                    fetch_noise(target + 1, self.trainer.size)
                elif following.n_targets:
                    fetch_noise(following.targets, self.trainer.size)
                loss += self.trainer.steps.step(window.inputs + i, 1, target.outputs, target.labels, target.weights, target.n,
                                        self.trainer.size, rate, room.scratch, room.errors, self.trainer.with_loss)
            return loss
        self.trainer.steps.sum_rows(window.inputs, window.n_inputs, <float> (1.0 / window.n_inputs), self.trainer.size, room.hidden)
        for b in range(self.trainer.size):
            room.error[b] = 0.0
        for i in range(window.n_targets):
            target = &window.targets[i]
            loss += self.trainer.steps.step_aside(room.hidden, room.error, target.outputs, target.labels, target.weights, target.n,
                                          self.trainer.size, rate, room.scratch, self.trainer.with_loss)
        self.trainer.steps.add_to_rows(window.inputs, window.n_inputs, <float> (1.0 / window.n_inputs) if self.trainer.exact else 1.0,
                               self.trainer.size, room.error)
        return loss


cdef void take_rows(const float[:, ::1] shared, float[:, ::1] own, float[:, ::1] seen, int64_t n) noexcept nogil:
    cdef int64_t row, i
    for row in range(n):
        for i in range(own.shape[1]):
            own[row, i] = seen[row, i] = shared[row, i]


cdef void merge_rows(float[:, ::1] shared, float[:, ::1] own, float[:, ::1] seen, const float[::1] shares) noexcept nogil:
    cdef int64_t row, i, size = shared.shape[1]
    cdef float value, share
    cdef float* to
    cdef float* mine
    cdef float* before
    for row in range(shares.shape[0]):
        to, mine, before, share = &shared[row, 0], &own[row, 0], &seen[row, 0], shares[row]
        for i in range(size):
            value = to[i] + share * (mine[i] - before[i])
            to[i] = value
            mine[i] = value
            before[i] = value


cdef check_ranges(const int64_t[::1] starts, const int32_t[::1] rows, int64_t n, int64_t n_rows):
    cdef int64_t i
    if starts.shape[0] != n + 1 or starts[0] != 0 or starts[n] != rows.shape[0]:
        raise ValueError("ranges that do not cover the rows")
    for i in range(n):
        if starts[i] > starts[i + 1]:
            raise ValueError("ranges out of order")
    for i in range(rows.shape[0]):
        if not 0 <= rows[i] < n_rows:
            raise ValueError("a row that does not exist")
