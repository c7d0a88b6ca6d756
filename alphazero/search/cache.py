"""Cache of network outputs, keyed by everything that the network sees: the position and its history.

The table has a fixed size, and a new entry replaces the old one in its place. The key of an entry is a hash
of its planes and global inputs in 128 bits. Two different positions share a key with probability 2**-127.
With a million entries and 10^9 lookups the probability of a false hit is 6e-24. There is no other check for
false hits.
"""

from typing import NamedTuple

import numpy as np

from alphazero import arrays
from alphazero import evaluator as evaluators
from alphazero.go import input_families
from alphazero.jit import jit

DEFAULT_BYTES = 64 << 20
_FIRST_SEED, _SECOND_SEED = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03


class CacheTable(NamedTuple):
    """S entries, a power of two. Entry i holds a position whose first key is i modulo S."""

    keys: np.ndarray  # [S, 2] uint64, the second one odd; 0 in empty entries
    logits: np.ndarray  # [S, A] float32
    values: np.ndarray  # [S] float32


class CachedEvaluator(evaluators.Wrapper):
    """An evaluator that calls `evaluator` only for positions that are not in the cache. Never asynchronous.

    A new position that occurs twice in one call is evaluated twice. The cache is cleared when the generation
    of the evaluator changes, for instance with newer weights. Ownership and scores are not kept.
    """

    def __init__(
        self,
        evaluator: evaluators.Evaluator,
        size: int,
        num_bytes: int = DEFAULT_BYTES,
        family: input_families.InputFamily = input_families.LEELA,
    ) -> None:
        """num_bytes: largest size of the table. The number of entries is rounded down to a power of two."""
        super().__init__(evaluator)
        self._generation = evaluators.generation(evaluator)
        self._table = make_table(size, num_bytes)
        self._keys = np.zeros((0, 2), np.uint64)
        self._misses = np.zeros(0, np.int64)
        self._asked = np.zeros((0, family.num_planes * size * size), np.uint8)
        self._asked_globals = np.zeros((0, family.num_globals), np.float32)
        self.num_lookups = 0
        self.num_hits = 0

    def clear(self) -> None:
        """Empties the cache."""
        self._table.keys[:] = 0

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        """Implements `Evaluator.evaluate`. A hit equals the earlier output of the evaluator bit for bit."""
        if self._generation != self.generation:
            self._generation = self.generation
            self.clear()
        planes, scalars = inputs
        batch = len(planes)
        self._make_room(batch)
        rows = planes.reshape(batch, -1)
        if scalars is None:
            scalars = np.empty((batch, 0), np.float32)
        # As whole numbers, because the hash needs their bits.
        shown = rows, np.ascontiguousarray(scalars).view(np.uint32)
        asked = self._asked, self._asked_globals.view(np.uint32)
        logits = np.empty((batch, self._table.logits.shape[1]), np.float32)
        values = np.empty(batch, np.float32)
        num_misses = _look_up(self._table, shown, self._keys, self._misses, asked, (logits, values))
        self.num_lookups += batch
        self.num_hits += batch - num_misses
        if num_misses:
            missing = evaluators.Inputs(
                self._asked[:num_misses].reshape(num_misses, *planes.shape[1:]),
                None if inputs.globals is None else self._asked_globals[:num_misses],
            )
            new = self._evaluator.evaluate(missing)
            _insert(
                self._table,
                self._keys,
                self._misses[:num_misses],
                (new.logits, new.values),
                (logits, values),
            )
        return evaluators.Outputs(logits, values)

    def _make_room(self, batch: int) -> None:
        if len(self._misses) < batch:
            self._keys = np.zeros((batch, 2), np.uint64)
            self._misses = np.zeros(batch, np.int64)
            self._asked = np.zeros((batch, self._asked.shape[1]), np.uint8)
            self._asked_globals = np.zeros((batch, self._asked_globals.shape[1]), np.float32)


def make_table(size: int, num_bytes: int) -> CacheTable:
    """An empty table of at most `num_bytes`, but of at least one entry."""
    num_actions = size * size + 1
    entry = 16 + 4 * num_actions + 4
    num_entries = 1 << max(0, (num_bytes // entry).bit_length() - 1)
    return CacheTable(
        keys=np.zeros((num_entries, 2), np.uint64),
        logits=np.zeros((num_entries, num_actions), np.float32),
        values=np.zeros(num_entries, np.float32),
    )


@jit
def _look_up(
    table: CacheTable,
    inputs: tuple[np.ndarray, np.ndarray],
    keys: np.ndarray,
    misses: np.ndarray,
    asked: tuple[np.ndarray, np.ndarray],
    outputs: tuple[np.ndarray, np.ndarray],
) -> int:
    """Fills keys [B, 2] for planes [B, C * P] and bits [B, G] of global inputs, and the outputs of hits.

    outputs: logits [B, A] and values [B]. Returns the number M of misses: misses[:M] are their rows, and the
    first M rows of `asked` are copies of their inputs.
    """
    planes, scalars = inputs
    logits, values = outputs
    num_misses = 0
    for row in range(len(planes)):
        first, second = _hash(planes[row], scalars[row])
        keys[row, 0], keys[row, 1] = first, second
        entry = _entry(table, first)
        if table.keys[entry, 0] == first and table.keys[entry, 1] == second:
            arrays.copy(logits[row], table.logits[entry])
            values[row] = table.values[entry]
        else:
            misses[num_misses] = row
            arrays.copy(asked[0][num_misses], planes[row])
            arrays.copy(asked[1][num_misses], scalars[row])
            num_misses += 1
    return num_misses


@jit
def _insert(
    table: CacheTable,
    keys: np.ndarray,
    misses: np.ndarray,
    new: tuple[np.ndarray, np.ndarray],
    outputs: tuple[np.ndarray, np.ndarray],
) -> None:
    """Writes new logits [M, A] and values [M] to the table, and to the missed rows of the outputs."""
    new_logits, new_values = new
    logits, values = outputs
    for index in range(len(misses)):
        row = misses[index]
        entry = _entry(table, keys[row, 0])
        arrays.copy(table.keys[entry], keys[row])
        arrays.copy(table.logits[entry], new_logits[index])
        table.values[entry] = new_values[index]
        arrays.copy(logits[row], new_logits[index])
        values[row] = new_values[index]


@jit
def _entry(table: CacheTable, first: np.uint64) -> np.int64:
    return np.int64(first & np.uint64(len(table.keys) - 1))


@jit
def _hash(planes: np.ndarray, scalars: np.ndarray) -> tuple[np.uint64, np.uint64]:
    """Two hashes, uint64, of planes [C * P] and of the bits [G] uint32 of global inputs. The second is odd.

    The planes consist of zeros and ones and are read 64 bits at a time.
    """
    first, second = np.uint64(_FIRST_SEED), np.uint64(_SECOND_SEED)
    for start in range(0, len(planes), 64):
        word = np.uint64(0)
        for bit in range(min(64, len(planes) - start)):
            word |= np.uint64(planes[start + bit]) << np.uint64(bit)
        first = _mixed(first ^ word)
        second = _mixed(second + word)
    for index in range(len(scalars)):
        word = np.uint64(scalars[index])
        first = _mixed(first ^ word)
        second = _mixed(second + word)
    return first, second | np.uint64(1)


@jit
def _mixed(x: np.uint64) -> np.uint64:
    """A bijection of 64-bit numbers: the final mix of splitmix64 (Steele et al. 2014)."""
    x = (x + np.uint64(_FIRST_SEED)) & np.uint64(0xFFFFFFFFFFFFFFFF)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
