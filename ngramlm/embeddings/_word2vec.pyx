"""Kernel of word2vec and fastText: gradient steps over a text, one window after the other.

The kernel draws each window, with its noise words, one window ahead. It prefetches the rows of that window while it trains
the window before.
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
    # longer sentences are cut into pieces of this many tokens
    PIECE = 1000
    ALIGNMENT = 64
    MAX_WINDOW = 1000
    MAX_NEGATIVES = 1000
    # the value of NGRAMLM_TILE
    TILE = 8

cdef uint32_t ALWAYS = 0xFFFFFFFF

LANES = (4, 8, 16)


def _usable_lanes():
    """Return the widths of registers of this processor, in floats, for which there are steps."""
    return tuple(lanes for lanes in LANES if find_steps(lanes) != NULL)


cdef inline void fetch_row(const float* row, int size) noexcept nogil:
    cdef int b
    for b in range(0, size, 16):
        prefetch_to_write(row + b)


cdef struct Target:
    # One prediction: the outputs of a word and of its noise. `labels` and `weights` are as in _vector_steps.h.
    float** outputs
    float* labels
    float* weights
    int n


cdef struct Window:
    # the rows of all inputs, including the rows of their n-grams
    float** inputs
    Target* targets
    int n_inputs, n_targets


cdef inline void fetch_noise(const Target* target, int size) noexcept nogil:
    cdef int j
    for j in range(1, target.n):
        fetch_row(target.outputs[j], size)


cdef class Room:
    """The working memory of one thread, in one block."""

    cdef char* block
    cdef char* at
    # the rows of the kept words of a piece
    cdef int32_t* kept
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
        """Divide the block into arrays. Without a block, only measure how long it must be.

        `n_moved` is the number of inputs that one step moves.
        """
        cdef size_t i, which, places = padded(<int> n_outputs)
        cdef Window* window
        cdef Target* target
        self.kept = <int32_t*> self.take(PIECE * sizeof(int32_t))
        for which in range(2):
            window = &self.windows[which]
            window.inputs = <float**> self.take(n_inputs * sizeof(float*))
            window.targets = <Target*> self.take(n_targets * sizeof(Target))
            for i in range(n_targets):
                # only measuring: there is no memory to write to
                if self.block == NULL:
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
        # unused lanes must not hold denormal numbers, which are slow
        memset(self.block, 0, n_bytes + ALIGNMENT)
        self.at = <char*> ((<uintptr_t> self.block + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT)
        self.place(n_inputs, n_moved, n_targets, n_outputs, size)
        return 0


cdef class Trainer:
    """The parameters, `inputs` and `outputs`, and the settings. A `Worker` for each thread trains them.

    Parameters
    ----------
    inputs
        float32[rows, size]: the rows of words, and of n-grams if there are subwords. `size` is a multiple of 16, and rows
        begin at multiples of 64 bytes.
    outputs
        float32[rows, size]: the output rows of words, or of the inner nodes of a tree.
    keep
        uint32[V]: the probability that an occurrence of each word is kept, times 2^32. The largest number means always.
    thresholds, aliases
        uint32[V] and int32[V]: the alias table of noise words; empty with a tree.
    path_starts, path_rows, path_labels
        int64[V + 1], int32[N] and uint8[N]: the inner nodes on the path to every word; empty without a tree.
    subword_starts, subword_rows
        int64[V + 1] and int32[M]: the rows of `inputs` whose mean is the vector of each word. If they are empty, word i
        has row i.
    window
        Maximum number of words on each side.
    negatives
        Number of noise words of a prediction.
    skip_gram
        Whether to train skip-gram; if not, CBOW.
    shared
        Whether all predictions of a window have the same noise words.
    exact
        Whether a word of a CBOW window moves by its share of the gradient. If not, it moves by the whole gradient.
    with_loss
        Whether to compute the loss.
    summed
        Whether the sum of the words of a CBOW window predicts. If not, their mean does.
    lanes
        The width of registers, in floats; 0 for the widest.

    Raises
    ------
    ValueError
        If an argument is out of range, or the arguments do not fit together.
    """

    cdef float[:, ::1] inputs, outputs
    cdef const uint32_t[::1] keep
    cdef const int32_t[::1] path_rows, subword_rows
    # the threshold and the alias of each word, side by side, so that a draw reads one cache line
    cdef uint64_t* noise
    cdef const int64_t[::1] path_starts, subword_starts
    cdef const uint8_t[::1] path_labels
    cdef int window, negatives, size
    cdef bint skip_gram, exact, summed, with_loss, tree, subwords
    # whether every word of a window has a prediction of its own
    cdef readonly bint pairs
    cdef int most_inputs, most_targets, most_outputs
    cdef int64_t n_words
    cdef const Steps* steps

    def __cinit__(self, float[:, ::1] inputs, float[:, ::1] outputs, const uint32_t[::1] keep,
                  const uint32_t[::1] thresholds, const int32_t[::1] aliases, const int64_t[::1] path_starts,
                  const int32_t[::1] path_rows, const uint8_t[::1] path_labels, const int64_t[::1] subword_starts,
                  const int32_t[::1] subword_rows, *, int window, int negatives, bint skip_gram, bint shared,
                  bint exact, bint with_loss, int lanes, bint summed=False):
        cdef int64_t i, n = keep.shape[0], longest = 0, most_subwords = 1
        self.inputs, self.outputs, self.keep = inputs, outputs, keep
        self.path_starts, self.path_rows, self.path_labels = path_starts, path_rows, path_labels
        self.subword_starts, self.subword_rows = subword_starts, subword_rows
        self.window, self.negatives, self.skip_gram = window, negatives, skip_gram
        self.exact, self.summed, self.with_loss = exact, summed, with_loss
        self.n_words, self.size = n, <int> inputs.shape[1]
        self.tree, self.subwords = path_starts.shape[0] > 0, subword_starts.shape[0] > 0
        self.steps = find_steps(lanes)
        if self.steps == NULL:
            raise ValueError(f"found registers of {lanes} floats; expected one of: {', '.join(map(str, _usable_lanes()))}")
        if summed and (skip_gram or exact):
            raise ValueError("found a sum for skip-gram or with shares of the gradient; expected CBOW with the whole gradient")
        if not 1 <= n < 0x7FFFFFFF or not 1 <= window <= MAX_WINDOW or not 0 <= negatives <= MAX_NEGATIVES:
            raise ValueError(f"found {n} words, a window of {window} and {negatives} negatives; expected at least one word, a window "
                             f"of 1 to {MAX_WINDOW}, and 0 to {MAX_NEGATIVES} negatives")
        if self.size % 16 or not 16 <= self.size <= 1 << 20 or outputs.shape[1] != self.size:
            raise ValueError(f"found rows of {self.size} floats; expected a multiple of 16, the same for inputs and outputs")
        if inputs.shape[0] < 1 or outputs.shape[0] < 1 or (<uintptr_t> &inputs[0, 0] | <uintptr_t> &outputs[0, 0]) % ALIGNMENT:
            raise ValueError("found rows at other addresses; expected rows that begin at multiples of 64 bytes")
        if self.tree:
            check_ranges(path_starts, path_rows, n, outputs.shape[0])
            if path_labels.shape[0] != path_rows.shape[0]:
                raise ValueError("found another number of labels than nodes; expected one label for each node")
            for i in range(n):
                longest = max(longest, path_starts[i + 1] - path_starts[i])
            if longest > 1 << 16:
                raise ValueError(f"found a path of {longest} nodes; expected {1 << 16} or fewer")
        else:
            longest = 1 + negatives
            if outputs.shape[0] != n or thresholds.shape[0] != n or aliases.shape[0] != n:
                raise ValueError("found arrays of other lengths than V; expected one output, threshold and alias for each word")
            for i in range(n):
                if not 0 <= aliases[i] < n:
                    raise ValueError("found an alias that is no word; expected 0 to V - 1")
            self.noise = <uint64_t*> malloc(n * sizeof(uint64_t))
            if self.noise == NULL:
                raise MemoryError()
            for i in range(n):
                self.noise[i] = (<uint64_t> thresholds[i] << 32) | <uint64_t> aliases[i]
        if self.subwords:
            check_ranges(subword_starts, subword_rows, n, inputs.shape[0])
            for i in range(n):
                if subword_starts[i + 1] == subword_starts[i]:
                    raise ValueError("found a word without rows; expected at least one row for each word")
                most_subwords = max(most_subwords, subword_starts[i + 1] - subword_starts[i])
        elif inputs.shape[0] < n:
            raise ValueError("found fewer inputs than words; expected one row for each word")
        if most_subwords > 1 << 16:
            raise ValueError(f"found a word of {most_subwords} rows; expected {1 << 16} or fewer")
        self.most_outputs = <int> longest
        self.pairs = skip_gram and (self.subwords or not (shared or self.tree))
        self.most_targets = 2 * window if self.pairs else 1
        self.most_inputs = <int> (most_subwords * (1 if skip_gram and self.subwords else 2 * window))

    def __dealloc__(self):
        free(self.noise)


cdef class Worker:
    """Trains ranges of a text, by one thread.

    Several workers share the rows, and write to them without locks. If all workers wrote to the same frequent rows, these
    rows would travel from core to core with every word. So each worker has its own copy of the hot rows: the first
    `hot_inputs` inputs and the first `hot_outputs` outputs. `merge` adds the moves of the copies, or a share of them, to
    the shared rows.

    Parameters
    ----------
    trainer
        The shared parameters.
    hot_inputs, hot_outputs
        Number of hot rows.
    copies
        Memory for the hot rows: four arrays float32[hot, size], the inputs twice and the outputs twice.

    Raises
    ------
    ValueError
        If there are fewer rows than hot rows, or the copies have other sizes.
    """

    cdef Trainer trainer
    cdef Room room
    cdef int64_t hot_inputs, hot_outputs
    cdef float[:, ::1] own_inputs, own_outputs, seen_inputs, seen_outputs

    def __cinit__(self, Trainer trainer not None, int64_t hot_inputs, int64_t hot_outputs, copies=None):
        if not 0 <= hot_inputs <= trainer.inputs.shape[0] or not 0 <= hot_outputs <= trainer.outputs.shape[0]:
            raise ValueError(f"found {hot_inputs} and {hot_outputs} hot rows; expected 0 to {trainer.inputs.shape[0]} inputs and 0 to "
                             f"{trainer.outputs.shape[0]} outputs")
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
                raise ValueError("found copies of other sizes; expected the sizes of the hot rows")
            if hot_inputs and <uintptr_t> &self.own_inputs[0, 0] % ALIGNMENT:
                raise ValueError("found rows at other addresses; expected rows that begin at multiples of 64 bytes")
            if hot_outputs and <uintptr_t> &self.own_outputs[0, 0] % ALIGNMENT:
                raise ValueError("found rows at other addresses; expected rows that begin at multiples of 64 bytes")
            take_rows(trainer.inputs, self.own_inputs, self.seen_inputs, hot_inputs)
            take_rows(trainer.outputs, self.own_outputs, self.seen_outputs, hot_outputs)

    def merge(self, const float[::1] input_shares, const float[::1] output_shares):
        """Add a share of the moves of the own copies to the shared rows, and copy the result back.

        Each array has one share for each row to merge, float32 from 0 to 1. Only one worker may merge at a time. Raises
        ValueError for more shares than hot rows.
        """
        if input_shares.shape[0] > self.hot_inputs or output_shares.shape[0] > self.hot_outputs:
            raise ValueError("found more shares than hot rows; expected at most as many")
        with nogil:
            merge_rows(self.trainer.inputs, self.own_inputs, self.seen_inputs, input_shares)
            merge_rows(self.trainer.outputs, self.own_outputs, self.seen_outputs, output_shares)

    cdef inline float* input_row(self, int64_t row) noexcept nogil:
        return &self.own_inputs[row, 0] if row < self.hot_inputs else &self.trainer.inputs[row, 0]

    def train(self, const int32_t[::1] ids, int64_t first, int64_t end, uint64_t seed, double rate, double rate_step):
        """Train on ``ids[first:end]``. Sentences end at ``<s>`` and ``</s>``, and are cut after 1000 ids.

        The learning rate begins at `rate`, and falls by `rate_step` with every id read.

        Returns (number of words kept, loss in nats). The loss is taken before each step; it is 0 unless the trainer
        computes it. Raises ValueError for an id that is no word, or a place outside the text.
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
            raise ValueError("found a place outside the text; expected 0 <= first <= end <= number of ids")
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
                        # an unknown word takes no place; <s> and </s> end the sentence
                        if word == -FIRST_WORD:
                            continue
                        break
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
            raise ValueError("found an id that is no word; expected ids of the vocabulary")
        return n_kept, loss

    cdef void prepare(self, Room room, Window* window, int at, int n, uint64_t* state) noexcept nogil:
        """Draw the window around the word `at` of a piece, and its noise words, and prefetch the rows."""
        cdef int reach = 1 + <int> below(draw(state), self.trainer.window)
        cdef int first = max(0, at - reach), end = min(n, at + reach + 1), j
        cdef int32_t center = room.kept[at]
        window.n_inputs = window.n_targets = 0
        if end - first < 2:
            return
        # with subwords the center predicts every word around it, as in fastText
        if self.trainer.skip_gram and self.trainer.subwords:
            self.add_input(window, center)
            for j in range(first, end):
                if j != at:
                    self.add_target(window, room.kept[j], state)
            return
        if not self.trainer.pairs:
            self.add_target(window, center, state)
        # without subwords the words around the center predict it, as in word2vec
        for j in range(first, end):
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
        # with pairs, `train_window` prefetches the noise, one pair ahead
        cdef bint fetched = not self.trainer.pairs
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
            # a repeated noise word counts once more; the word itself (j = 0) is not noise
            if j < n:
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
        self.trainer.steps.sum_rows(window.inputs, window.n_inputs, 1.0 if self.trainer.summed else <float> (1.0 / window.n_inputs),
                                    self.trainer.size, room.hidden)
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
        raise ValueError("found ranges that do not cover the rows; expected V + 1 starts, from 0 to the number of rows")
    for i in range(n):
        if starts[i] > starts[i + 1]:
            raise ValueError("found a start after the next start; expected rising starts")
    for i in range(rows.shape[0]):
        if not 0 <= rows[i] < n_rows:
            raise ValueError(f"found a row out of range; expected 0 to {n_rows - 1}")
