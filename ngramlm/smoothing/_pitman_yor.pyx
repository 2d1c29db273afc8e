"""Chinese restaurants over the rows of an n-gram trie: the seating of the customers, and Gibbs sweeps over it.

A history is a restaurant, and the words that followed it are its dishes. A row (history, word) has the customers who
eat this dish, and their tables. Every table is a customer of the suffix row, in the restaurant of the parent history.
Rows and histories of all orders are numbered in one sequence, order 1 first.
"""
from libc.stdint cimport int32_t, int64_t, uint64_t

from ngramlm.core._constants cimport MAX_ORDER

import numpy as np

cdef enum:
    PATIENCE = 32              # rejected draws of a table before all tables are looked at


cdef struct Path:
    # A row and its suffixes down to order 1; probs[k] is the probability of the word below order k + 1.
    int64_t rows[MAX_ORDER]
    int64_t histories[MAX_ORDER]
    double probs[MAX_ORDER]


cdef inline uint64_t rotate(uint64_t x, int k) noexcept nogil:
    return (x << k) | (x >> (64 - k))


cdef read_only(int32_t[:] column):
    array = np.asarray(column)
    array.setflags(write=False)
    return array


cdef class Seating:
    """The seating of all customers, in arrays that `resample` changes in place.

    Parameters
    ----------
    suffixes
        int32[R]: the suffix row of every row. The values of order 1 are ignored.
    starts
        int64[H + 1]: the first row of every history, and R.
    parents
        int32[H]: the parent of every history. The value of order 1 is ignored.
    history_starts
        int64[order + 1]: the first history of every order, and H. Order 1 has one history.
    events
        int32[R]: the customers of each row that are events of the text, not tables of another row.
    base
        The probability of every word below order 1.
    seed
        uint64[4], not all zero.

    At first all customers of a row sit at one table. Raises ValueError if the columns do not fit together.
    """

    cdef readonly int order
    cdef double base
    cdef const int32_t[::1] suffixes, parents
    cdef const int64_t[::1] starts, history_starts
    cdef int64_t[::1] places
    cdef int32_t[::1] seats, sizes, free
    cdef int32_t[::1] customers_, tables_, history_customers_, history_tables_
    cdef double[::1] discounts, strengths
    cdef uint64_t random[4]

    def __cinit__(self, const int32_t[::1] suffixes, const int64_t[::1] starts, const int32_t[::1] parents,
                 const int64_t[::1] history_starts, const int32_t[::1] events, double base,
                 const uint64_t[::1] seed):
        cdef int64_t n_rows = suffixes.shape[0], n_histories = parents.shape[0]
        cdef int i
        if not 2 <= history_starts.shape[0] <= MAX_ORDER + 1 or history_starts[0] != 0 or history_starts[1] != 1:
            raise ValueError("history_starts of no order from 1 to 16")
        if starts.shape[0] != n_histories + 1 or events.shape[0] != n_rows:
            raise ValueError("columns of different lengths")
        if seed.shape[0] != 4 or not (seed[0] | seed[1] | seed[2] | seed[3]):
            raise ValueError("a seed other than four numbers that are not all zero")
        if not 0 < base <= 1:
            raise ValueError("a base probability outside 0 .. 1")
        self.order = <int> history_starts.shape[0] - 1
        self.suffixes, self.starts, self.parents = suffixes, starts, parents
        self.history_starts, self.base = history_starts, base
        for i in range(4):
            self.random[i] = seed[i]
        if not self.links_are_valid():
            raise ValueError("a row or a history that points outside the order below")
        self.places = np.zeros(n_rows + 1, np.int64)
        self.customers_ = np.array(events, np.int32)
        if not self.count_places():
            raise ValueError("a row with a negative number of customers, or one that can have 2^31 or more")
        self.seats = np.zeros(self.places[n_rows], np.int32)
        self.sizes = np.zeros(self.places[n_rows], np.int32)
        self.free = np.zeros(n_rows, np.int32)
        self.tables_ = np.zeros(n_rows, np.int32)
        self.history_customers_ = np.zeros(n_histories, np.int32)
        self.history_tables_ = np.zeros(n_histories, np.int32)
        self.discounts = np.zeros(self.order)
        self.strengths = np.zeros(self.order)
        with nogil:
            self.seat_all()

    # The following arrays are in the order of the rows or histories. They are read-only views.

    @property
    def customers(self):
        """c(hw), int32[R]."""
        return read_only(self.customers_)

    @property
    def tables(self):
        """t(hw), int32[R]."""
        return read_only(self.tables_)

    @property
    def history_customers(self):
        """c(h.), int32[H]."""
        return read_only(self.history_customers_)

    @property
    def history_tables(self):
        """t(h.), int32[H]."""
        return read_only(self.history_tables_)

    def table_sizes(self, int order):
        """Return the customers at each table of one order, int32[places]; values below 1 are not tables."""
        cdef int64_t first, end
        self.check_order(order)
        first, end = self.starts[self.history_starts[order - 1]], self.starts[self.history_starts[order]]
        return read_only(self.sizes[self.places[first]:self.places[end]])

    def _seats_of(self, int64_t row):
        """Return the table of each customer of a row, int32[c(hw)]."""
        if not 0 <= row < self.suffixes.shape[0]:
            raise ValueError("a row that is not there")
        return read_only(self.seats[self.places[row]:self.places[row] + self.customers_[row]])

    def set_parameters(self, const double[::1] discounts, const double[::1] strengths):
        """Set d and theta of every order; raises ValueError unless 0 <= d < 1 and 0 <= theta < inf."""
        cdef int k
        if discounts.shape[0] != self.order or strengths.shape[0] != self.order:
            raise ValueError("other than one discount and one strength for each order")
        for k in range(self.order):
            if not (0 <= discounts[k] < 1 and 0 <= strengths[k] < 1e300):
                raise ValueError("a discount outside 0 .. 1, or a negative strength")
        self.discounts[:] = discounts
        self.strengths[:] = strengths

    def resample(self, int order):
        """Seat every customer of one order again, one after the other, given the seats of all others."""
        cdef int64_t history
        cdef Path path
        self.check_order(order)
        with nogil:
            for history in range(self.history_starts[order - 1], self.history_starts[order]):
                self.resample_history(&path, order - 1, history)

    cdef int check_order(self, int order) except -1:
        if not 1 <= order <= self.order:
            raise ValueError("an order that is not there")
        return 0

    cdef bint links_are_valid(self) noexcept nogil:
        """Return whether rows cover the histories without a gap, and point to the order below."""
        cdef int64_t history, row, low, high, row_low = 0, row_high = 0, n_rows = self.suffixes.shape[0]
        cdef int k
        if self.starts[0] != 0 or self.starts[self.parents.shape[0]] != n_rows:
            return False
        if self.history_starts[self.order] != self.parents.shape[0]:
            return False
        for k in range(self.order):
            if self.history_starts[k + 1] < self.history_starts[k]:
                return False
        for k in range(self.order):
            for history in range(self.history_starts[k], self.history_starts[k + 1]):
                if self.starts[history + 1] < self.starts[history] or self.starts[history + 1] > n_rows:
                    return False
                if k == 0:
                    continue
                low, high = self.history_starts[k - 1], self.history_starts[k]
                if not low <= self.parents[history] < high:
                    return False
                row_low = self.starts[self.parents[history]]
                row_high = self.starts[self.parents[history] + 1]
                for row in range(self.starts[history], self.starts[history + 1]):
                    if not row_low <= self.suffixes[row] < row_high:
                        return False
        return True

    cdef bint count_places(self) noexcept nogil:
        """Count the places of each row: its events and those of all longer rows, the largest number of customers."""
        cdef int64_t row, n_rows = self.suffixes.shape[0], first = self.starts[1]
        for row in range(n_rows):
            self.places[row + 1] = self.customers_[row]
        # The suffix of a row comes before it.
        for row in range(n_rows - 1, -1, -1):
            if not 0 <= self.customers_[row] <= self.places[row + 1] < 0x7fffffff:
                return False
            if row >= first:
                self.places[self.suffixes[row] + 1] += self.places[row + 1]
        for row in range(n_rows):
            self.places[row + 1] += self.places[row]
        return True

    cdef void seat_all(self) noexcept nogil:
        """Open one table for each row with customers, highest order first."""
        cdef int64_t history, row, first, place
        cdef int32_t n
        cdef int k
        for k in range(self.order - 1, -1, -1):
            for history in range(self.history_starts[k], self.history_starts[k + 1]):
                for row in range(self.starts[history], self.starts[history + 1]):
                    n, first = self.customers_[row], self.places[row]
                    for place in range(self.places[row + 1] - first):
                        # A free table has ~ of the next free table.
                        self.sizes[first + place] = ~<int32_t> (place + 1)
                    if n == 0:
                        continue
                    self.sizes[first] = n
                    self.free[row] = 1
                    self.tables_[row] = 1
                    self.history_customers_[history] += n
                    self.history_tables_[history] += 1
                    if k:
                        self.customers_[self.suffixes[row]] += 1

    # --- one customer ----------------------------------------------------------------------------------------------

    cdef double uniform(self) noexcept nogil:
        """Return a random number from [0, 1) by xoshiro256++ (Blackman & Vigna 2019)."""
        cdef uint64_t result = rotate(self.random[0] + self.random[3], 23) + self.random[0]
        cdef uint64_t shifted = self.random[1] << 17
        self.random[2] ^= self.random[0]
        self.random[3] ^= self.random[1]
        self.random[1] ^= self.random[2]
        self.random[0] ^= self.random[3]
        self.random[2] ^= shifted
        self.random[3] = rotate(self.random[3], 45)
        return <double> (result >> 11) * (1.0 / 9007199254740992.0)

    cdef void find_probs(self, Path* path, int level) noexcept nogil:
        """Fill in the probabilities of the path below `level`, order 1 first (Teh 2006, eq. 5)."""
        cdef double prob = self.base, d, strength
        cdef int64_t row, history
        cdef int32_t n
        cdef int k
        path.probs[0] = prob
        for k in range(level):
            row, history = path.rows[k], path.histories[k]
            n = self.history_customers_[history]
            # An empty restaurant has the distribution of its parent.
            if n:
                d, strength = self.discounts[k], self.strengths[k]
                prob = (self.customers_[row] - d * self.tables_[row]
                        + (strength + d * self.history_tables_[history]) * prob) / (strength + n)
            path.probs[k + 1] = prob

    cdef int32_t draw_table(self, int64_t row, int32_t n, int32_t hole, double d) noexcept nogil:
        """Draw a table of a row in proportion to size - d, by its customers 0 .. n without `hole`."""
        cdef int64_t first = self.places[row]
        cdef int32_t table, place, attempt
        cdef double u
        for attempt in range(PATIENCE):
            place = <int32_t> (self.uniform() * n)
            table = self.seats[first + place + (place >= hole)]
            if self.uniform() * self.sizes[first + table] >= d:
                return table
        u = self.uniform() * (n - d * self.tables_[row])
        table = 0
        for place in range(<int32_t> (self.places[row + 1] - first)):
            if self.sizes[first + place] > 0:
                table = place
                u -= self.sizes[first + place] - d
                if u < 0:
                    break
        return table

    cdef int32_t open_table(self, int64_t row, int64_t history) noexcept nogil:
        """Open a new table with one customer, and return it."""
        cdef int32_t table = self.free[row]
        self.free[row] = ~self.sizes[self.places[row] + table]
        self.sizes[self.places[row] + table] = 1
        self.tables_[row] += 1
        self.history_tables_[history] += 1
        return table

    cdef int32_t join_table(self, int64_t row, int32_t n, int32_t hole, double d) noexcept nogil:
        """Draw a table that has customers, add one customer, and return it."""
        cdef int32_t table = self.draw_table(row, n, hole, d)
        self.sizes[self.places[row] + table] += 1
        return table

    cdef bint leave_table(self, int64_t row, int64_t history, int32_t table) noexcept nogil:
        """Remove a customer; return True if the table is empty now, so that the lower row loses a customer too."""
        cdef int64_t place = self.places[row] + table
        self.sizes[place] -= 1
        if self.sizes[place] > 0:
            return False
        self.sizes[place] = ~self.free[row]
        self.free[row] = table
        self.tables_[row] -= 1
        self.history_tables_[history] -= 1
        return True

    cdef bint opens_table(self, Path* path, int level, int32_t n) noexcept nogil:
        """Draw whether a new customer opens a table; n others are at the row of `level`."""
        cdef double d = self.discounts[level], join, open_
        cdef int64_t row = path.rows[level]
        if n == 0:
            return True
        join = n - d * self.tables_[row]
        open_ = (self.strengths[level] + d * self.history_tables_[path.histories[level]]) * path.probs[level]
        return self.uniform() * (join + open_) >= join

    cdef void remove(self, Path* path, int level) noexcept nogil:
        """Remove a random customer of the row of `level`, and of lower rows while tables become empty."""
        cdef int64_t row, history, first
        cdef int32_t place, last, table
        while level >= 0:
            row, history = path.rows[level], path.histories[level]
            first, last = self.places[row], self.customers_[row] - 1
            place = <int32_t> (self.uniform() * (last + 1))
            table = self.seats[first + place]
            self.seats[first + place] = self.seats[first + last]
            self.customers_[row] = last
            self.history_customers_[history] -= 1
            if not self.leave_table(row, history, table):
                return
            level -= 1

    cdef void add(self, Path* path, int level) noexcept nogil:
        """Add a customer to the row of `level`, and to lower rows while tables are opened."""
        cdef int64_t row, history
        cdef int32_t n
        cdef bint opens
        while level >= 0:
            row, history = path.rows[level], path.histories[level]
            n = self.customers_[row]
            opens = self.opens_table(path, level, n)
            if opens:
                self.seats[self.places[row] + n] = self.open_table(row, history)
            else:
                self.seats[self.places[row] + n] = self.join_table(row, n, n, self.discounts[level])
            self.customers_[row] = n + 1
            self.history_customers_[history] += 1
            if not opens:
                return
            level -= 1

    cdef void resample_history(self, Path* path, int level, int64_t history) noexcept nogil:
        """Seat all customers of one restaurant again.

        A single customer of a row keeps the table: no other is possible. The lower order draws the seat of that table.
        """
        cdef int64_t row, lower, first
        cdef int32_t n, place
        cdef int k
        cdef bint changed
        path.histories[level] = history
        for k in range(level, 0, -1):
            path.histories[k - 1] = self.parents[path.histories[k]]
        for row in range(self.starts[history], self.starts[history + 1]):
            n, first = self.customers_[row], self.places[row]
            if n < 2:
                continue
            path.rows[level] = row
            for k in range(level, 0, -1):
                path.rows[k - 1] = self.suffixes[path.rows[k]]
            changed = True
            for place in range(n):
                if self.leave_table(row, history, self.seats[first + place]):
                    self.remove(path, level - 1)
                    changed = True
                if changed:
                    self.find_probs(path, level)
                    changed = False
                if self.opens_table(path, level, n - 1):
                    self.seats[first + place] = self.open_table(row, history)
                    self.add(path, level - 1)
                    changed = True
                else:
                    self.seats[first + place] = self.join_table(row, n - 1, place, self.discounts[level])
