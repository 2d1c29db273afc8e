"""The back-off model: the form of most n-gram models, and of ARPA files.

If the n-gram h w is stored, p(w|h) is its stored probability. Otherwise p(w|h) is the back-off weight of h times
p(w|h'), where h' is h without its first word.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NewType

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import usable_threads
from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.errors import FormatError, NgramlmError, UsageError
from ngramlm.models._backoff import Automaton
from ngramlm.models._compact import CompactAutomaton
from ngramlm.models._scorer import Scorer
from ngramlm.models.automaton import SlotLayout, pack, unpack
from ngramlm.models.columns import Columns
from ngramlm.models.compact_unpacking import unpack_compact
from ngramlm.models.model_source import NO_FILE, ModelSource
from ngramlm.models.ngram_model import NgramModel
from ngramlm.text.sentences import Reserved, allowed_words, check_reserved, words_of
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS, UNK, Vocabulary
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Float32s, Sentence

__all__ = ["BackoffModel", "State"]

State = NewType("State", object)
"""The longest known history at the end of the words so far. Opaque, comparable and hashable."""


class BackoffModel(NgramModel):
    """An immutable back-off model. All logarithms have base 10.

    Parameters
    ----------
    vocabulary
        The words.
    columns
        The n-grams with their probabilities and back-off weights. The probability of ``<s>`` becomes 0.
    metadata
        How the model was made, for example ``smoothing``, ``interpolated``, ``cutoffs`` and ``closed``.

    Raises
    ------
    UsageError
        The number of unigrams is not that of the words, or a column contains NaN, a positive log-probability or an
        infinite weight.

    Examples
    --------
    >>> import numpy as np
    >>> import ngramlm as lm
    >>> counts = lm.count(lm.Text.from_sentences(["a"]), order=1)  # <unk> <s> </s> a
    >>> probs = np.log10(np.array([0.25, 1, 0.25, 0.5], np.float32))
    >>> model = BackoffModel(counts.vocabulary, lm.Columns(counts.trie, [probs], []))
    >>> model.distribution().round(6).tolist()
    [0.25, 0.0, 0.25, 0.5]
    """

    def __init__(
        self, vocabulary: Vocabulary, columns: Columns, metadata: Mapping[str, str] | None = None
    ) -> None:
        n_words = columns.trie.level(1).n_rows
        if len(vocabulary) != n_words:
            raise UsageError(f"found {n_words} unigrams; expected {len(vocabulary)}, one for each word")
        columns.check_values()
        super().__init__(vocabulary, metadata)
        self._columns: Columns | None = columns.without_start()
        self._automaton: Scorer | None = None
        self._unpack: Callable[[], Columns] | None = None
        self._n_ngrams = columns.trie.n_rows
        self._n_bytes: int | None = None
        self._source = NO_FILE

    @classmethod
    def from_slots(
        cls,
        vocabulary: Vocabulary,
        slots: NDArray[np.uint8],
        order_states: Sequence[int],
        n_rows: Sequence[int],
        n_histories: Sequence[int],
        metadata: Mapping[str, str],
        workspace: Workspace = IN_MEMORY,
        source: ModelSource = NO_FILE,
    ) -> BackoffModel:
        """Make a model from packed slots, for example those of a mapped file.

        Parameters
        ----------
        vocabulary
            The words.
        slots
            uint8[bytes]: the slots; see `ngramlm.models.automaton`.
        order_states
            The first slot of every order, and the number of slots.
        n_rows, n_histories
            The number of n-grams and of histories of every order.
        metadata
            How the model was made.
        workspace
            Where the columns are kept if they are unpacked.
        source
            The file of the slots.

        Raises
        ------
        FormatError
            The sizes do not fit together.
        """
        if not order_states or sum(n_rows) + sum(n_histories) > order_states[-1]:
            raise FormatError(f"found {sum(n_rows)} n-grams; expected at most as many as the slots can hold")
        try:
            automaton = Automaton(slots, vocabulary.table, order_states, source.damaged)
        except (ValueError, OverflowError) as error:
            raise FormatError(f"found {error}; expected the slots of a back-off model") from None
        return cls._over(
            vocabulary,
            automaton,
            lambda: unpack(automaton, n_rows, n_histories, usable_threads(None), workspace),
            n_rows,
            slots.nbytes,
            metadata,
            source,
        )

    @classmethod
    def from_compact(
        cls,
        vocabulary: Vocabulary,
        rows: NDArray[np.uint8],
        books: Float32s,
        shapes: Sequence[Sequence[int]],
        multiplier: int,
        n_rows: Sequence[int],
        metadata: Mapping[str, str],
        source: ModelSource = NO_FILE,
    ) -> BackoffModel:
        """Make a model from the compact layout.

        Parameters
        ----------
        vocabulary
            The words.
        rows
            uint8[bytes]: the packed n-grams; see `CompactPlan`.
        books
            float32: the code books.
        shapes
            The `Shape` of every order.
        multiplier
            The multiplier of word ids.
        n_rows
            The number of n-grams of every order.
        metadata
            How the model was made.
        source
            The file of the rows.

        Raises
        ------
        FormatError
            The sizes do not fit together.
        """
        try:
            automaton = CompactAutomaton(rows, books, vocabulary.table, shapes, multiplier, source.damaged)
        except (ValueError, OverflowError) as error:
            raise FormatError(f"found {error}; expected a compact back-off model") from None
        room = [len(vocabulary), *(bits // sum(widths) for bits, *widths in shapes[1:])]
        if len(n_rows) != len(room) or n_rows[0] != room[0] or any(map(int.__gt__, n_rows, room)):
            raise FormatError(f"found {sum(n_rows)} n-grams; expected at most as many as the rows can hold")
        n_bytes = rows.nbytes + books.nbytes
        return cls._over(
            vocabulary,
            automaton,
            lambda: unpack_compact(automaton, n_rows),
            n_rows,
            n_bytes,
            metadata,
            source,
        )

    @classmethod
    def _over(
        cls,
        vocabulary: Vocabulary,
        automaton: Scorer,
        unpack_columns: Callable[[], Columns],
        n_rows: Sequence[int],
        n_bytes: int,
        metadata: Mapping[str, str],
        source: ModelSource,
    ) -> BackoffModel:
        self = cls.__new__(cls)
        NgramModel.__init__(self, vocabulary, metadata)
        self._columns = None
        self._automaton = automaton
        self._unpack = unpack_columns
        self._n_ngrams = tuple(n_rows)
        self._n_bytes = n_bytes
        self._source = source
        return self

    @property
    def n_ngrams(self) -> tuple[int, ...]:
        """The number of n-grams of every order."""
        return self._n_ngrams

    @property
    def n_bytes(self) -> int:
        """The size in bytes of the table that answers queries, without the words."""
        if self._n_bytes is None:
            self._n_bytes = SlotLayout.of(self.trie).n_bytes
        return self._n_bytes

    @property
    def columns(self) -> Columns:
        """The model as columns. A model from a binary file unpacks them at the first use.

        Whoever uses the columns reads all of the file. So its checksums and its values are checked first.

        Raises
        ------
        FormatError
            The file is damaged.
        """
        if self._columns is None:
            assert self._unpack is not None
            self._source.check()
            try:
                columns = self._unpack()
            except FormatError as error:
                raise FormatError(error.message, self._source.path) from None
            problem = columns.value_problem()
            if problem is not None:
                raise FormatError(problem, self._source.path)
            self._columns = columns
        return self._columns

    def check_file(self) -> None:
        """Check every byte of the file of a mapped model.

        Raises
        ------
        FormatError
            The file is damaged.
        """
        self._source.check()

    @property
    def automaton(self) -> Scorer:
        """The table that answers queries. A model that is not from a binary file packs it at the first use."""
        if self._automaton is None:
            slots, layout = pack(self.columns, usable_threads(None))
            self._automaton = Automaton(slots, self._vocabulary.table, layout.order_states)
        return self._automaton

    @property
    def trie(self) -> NgramTrie:
        """The n-grams."""
        return self.columns.trie

    @property
    def is_closed(self) -> bool:
        """Whether ``<unk>`` has the probability 0 after an empty history."""
        return bool(self.automaton.advance(self.automaton.empty, UNK)[1] == -np.inf)

    def __reduce__(self) -> tuple[Any, ...]:
        return BackoffModel, (self._vocabulary, self.columns, self._metadata)

    # Whole sentences and texts

    def score(
        self, sentence: Sentence, bos: bool = True, eos: bool = True, reserved: Reserved = "error"
    ) -> float:
        """Return the log10 probability of a sentence.

        Parameters
        ----------
        sentence
            The words. A str is split at spaces and tabs; a line end after it is ignored.
        bos
            Whether ``<s>`` stands before the first word.
        eos
            Whether ``</s>`` is predicted after the last word.
        reserved
            What to do with ``<s>`` and ``</s>`` among the words, as in files: ``"error"``, ``"drop"``, or ``"keep"``
            them as the unknown word.

        Raises
        ------
        TextError
            A str contains another control character, or a word is reserved.
        UsageError
            A word of a list contains a space, or the value is not a sentence.
        """
        if type(sentence) is not str:
            sentence = " ".join(words_of(sentence))
        try:
            return self.automaton.score(sentence, bos, eos, check_reserved(reserved))
        except FormatError:
            raise
        except ValueError:
            # This includes UnicodeEncodeError for half of a surrogate pair.
            allowed_words(words_of(sentence), reserved)
            raise

    def full_scores(
        self, sentence: Sentence, bos: bool = True, eos: bool = True, reserved: Reserved = "error"
    ) -> Iterator[tuple[float, int, bool]]:
        """Yield for every token (log10 probability, length of the n-gram that predicted it, whether it is an OOV).

        The parameters are those of `score`.
        """
        words = allowed_words(words_of(sentence), reserved)
        ids = [*map(self._vocabulary.id, words), *([EOS] * eos)]
        automaton = self.automaton
        state = automaton.start if bos else automaton.empty
        for id in ids:
            state, log10_prob, length = automaton.advance(state, id)
            yield log10_prob, length, id == UNK

    def log10_probs(self, text: Text) -> NDArray[np.float64]:
        """Return the log10 probability of every predicted token, float64[n_tokens].

        Raises
        ------
        UsageError
            The text cannot be read with the vocabulary of the model.
        """
        return self._score_text(text, want_lengths=False)[0]

    def matched_orders(self, text: Text) -> NDArray[np.uint8]:
        """Return the length of the n-gram that predicted every token, uint8[n_tokens]."""
        return self._score_text(text, want_lengths=True)[1]

    def _score_text(self, text: Text, want_lengths: bool) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        text = text.over(self._vocabulary)
        out = np.empty(text.n_tokens, np.float64)
        lengths = np.empty(text.n_tokens if want_lengths else 0, np.uint8)
        self.automaton.score_ids(text.ids, text.sentences, out, lengths)
        return out, lengths

    # One word after the other

    def start(self) -> State:
        """Return the state at the beginning of a sentence."""
        return State(self.automaton.start)

    def empty(self) -> State:
        """Return the state of an empty history."""
        return State(self.automaton.empty)

    def advance(self, state: State, word: str) -> tuple[State, float]:
        """Return (state after the word, log10 probability of the word).

        Raises
        ------
        UsageError
            The state is not from this model.
        """
        try:
            after, log10_prob, _ = self.automaton.advance(state, self._id(word))
        except (ValueError, TypeError, OverflowError) as error:
            if isinstance(error, NgramlmError):
                raise
            raise UsageError(
                "found a state of another model; expected a state from start, empty or advance of this model"
            ) from None
        return State(after), log10_prob

    def log10_prob(self, word: str, history: Sentence = (), before: Iterable[Sentence] = ()) -> float:
        """Return log10 p(word | history). The sentences `before` are ignored.

        A history that begins with ``<s>`` begins a sentence.
        """
        return self.automaton.advance(self._state(history), self._id(word))[1]

    def distribution(self, history: Sentence = ()) -> NDArray[np.float64]:
        """Return the probability of every word after a history, float64[V] in the order of the ids."""
        return self._distribution(self._state(history))

    def _state(self, history: Sentence) -> Any:
        """Return the state after these words: their longest known history."""
        state = self.automaton.empty
        for id in self._history_ids(history):
            state = self.automaton.advance(state, id)[0]
        return state

    def _distribution(self, state: Any) -> NDArray[np.float64]:
        path = []
        while state != self.automaton.empty:
            rows = self.automaton.rows(state)
            path.append(rows)
            state = rows[3]
        words, log10_probs, _, _ = self.automaton.rows(state)
        probs = np.zeros(len(self._vocabulary))
        with np.errstate(over="ignore", invalid="ignore"):
            probs[words] = 10.0 ** log10_probs.astype(np.float64)
            for words, log10_probs, log10_backoff, _ in reversed(path):
                probs *= np.float64(10.0) ** log10_backoff
                probs[words] = 10.0 ** log10_probs.astype(np.float64)
        probs[BOS] = 0.0
        if not np.isfinite(probs).all():
            raise self._source.damaged("probability that is not finite")
        return probs

    # Files. The formats import this module. So these methods import the formats when they are called.

    def save(self, path: str | os.PathLike[str], layout: str = "fast", bits: int | None = None) -> None:
        """Write the binary format, which is mapped into memory.

        Parameters
        ----------
        path
            The file.
        layout
            ``"fast"``, or ``"compact"``, which takes about a quarter of the memory and quantizes values.
        bits
            Bits of a value in the compact layout, 4 to 16, or 32 for exact values. None is 8.

        Raises
        ------
        UsageError
            The path has the suffix of an ARPA file, or an option is out of its range.
        """
        if ".arpa" in os.path.basename(path):
            raise UsageError(
                f"{os.fspath(path)}: save writes the binary format; expected save_arpa, or another suffix"
            )
        from ngramlm.formats.binary_writer import save_binary

        save_binary(self, path, layout=layout, bits=bits)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BackoffModel:
        """Open a binary model. The file is mapped into memory, and read only where it is used."""
        from ngramlm.formats.binary import load_binary

        return load_binary(path)

    def save_arpa(self, path: str | os.PathLike[str]) -> None:
        """Write an ARPA file. The suffix of the path chooses the compression."""
        from ngramlm.formats.arpa import write_arpa

        write_arpa(self, path)

    @classmethod
    def load_arpa(cls, path: str | os.PathLike[str]) -> BackoffModel:
        """Read an ARPA file. The suffix of the path tells the compression."""
        from ngramlm.formats.arpa import read_arpa

        return read_arpa(path)
