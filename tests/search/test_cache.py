"""Tests of the cache: it returns the outputs of the network in use."""

import os

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero import jit
from alphazero.go import input_families
from alphazero.search import cache, symmetries
from tests.net import networks

SIZE = 5
# Without compilation numpy warns about the intended overflows of hashes.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


class Counted:
    """Hashed outputs, shifted by `generation` as by newer weights. Records the sizes of batches."""

    def __init__(self) -> None:
        self._hashed = evaluators.HashedEvaluator(SIZE)
        self.generation = 0
        self.batches: list[int] = []

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        self.batches.append(len(inputs.planes))
        logits, values, *_ = self._hashed.evaluate(inputs)
        return evaluators.Outputs(logits + np.float32(self.generation), values)


def assert_right(cached: cache.CachedEvaluator, planes: np.ndarray, generation: int = 0) -> None:
    logits, values, *_ = cached.evaluate(evaluators.Inputs(planes))
    expected = evaluators.HashedEvaluator(SIZE).evaluate(evaluators.Inputs(planes))
    assert np.array_equal(logits, expected[0] + np.float32(generation))
    assert np.array_equal(values, expected[1])


def test_only_new_positions_are_evaluated():
    counted = Counted()
    cached = cache.CachedEvaluator(counted, SIZE)
    planes = networks.random_planes(12, size=SIZE)
    assert_right(cached, planes[:8])
    assert_right(cached, planes[:8])
    assert_right(cached, planes[[11, 3, 10, 0, 9]])  # three new rows, not in order
    assert counted.batches == [8, 3]
    assert (cached.num_lookups, cached.num_hits) == (21, 10)


def test_results_are_unchanged_by_later_calls():
    cached = cache.CachedEvaluator(Counted(), SIZE)
    planes = networks.random_planes(4, size=SIZE)
    first = cached.evaluate(evaluators.Inputs(planes[:2]))
    kept = first[0].copy(), first[1].copy()
    cached.evaluate(evaluators.Inputs(planes[2:]))
    cached.evaluate(evaluators.Inputs(planes[:2]))[0][:] = 0  # the caller may change its result
    assert np.array_equal(first[0], kept[0])
    assert np.array_equal(first[1], kept[1])
    assert_right(cached, planes)


def test_newer_weights_and_clear_empty_the_cache():
    counted = Counted()
    cached = cache.CachedEvaluator(counted, SIZE)
    planes = networks.random_planes(4, size=SIZE)
    assert_right(cached, planes)
    counted.generation = 3
    assert_right(cached, planes, generation=3)
    cached.clear()
    assert_right(cached, planes, generation=3)
    assert counted.batches == [4, 4, 4]
    assert evaluators.generation(cached) == 3


def test_a_full_table_replaces_entries_without_errors():
    counted = Counted()
    cached = cache.CachedEvaluator(counted, SIZE, num_bytes=4 * 124)  # four entries
    planes = networks.random_planes(200, size=SIZE)
    for _ in range(2):
        for start in range(0, 200, 8):
            assert_right(cached, planes[start : start + 8])
    assert_right(cached, planes[-1:])  # the newest entry is a hit
    assert counted.batches[-1] != 1
    assert cached.num_hits <= 8


@pytest.mark.parametrize(
    ("size", "num_bytes", "entries"), [(5, 0, 1), (5, 124, 1), (5, 8 * 124, 8), (9, 64 << 20, 1 << 17)]
)
def test_the_table_keeps_to_its_memory(size: int, num_bytes: int, entries: int):
    table = cache.make_table(size, num_bytes)
    assert len(table.keys) == entries
    assert entries == 1 or sum(array.nbytes for array in table) <= num_bytes


def keys_of(planes: np.ndarray) -> np.ndarray:
    rows = planes.reshape(len(planes), -1)
    return np.array([cache._hash(row, np.zeros(0, np.uint32)) for row in rows], np.uint64)


def test_every_bit_of_the_planes_changes_both_keys():
    """About half of the bits differ, as with random keys."""
    empty = np.zeros((1, 450), np.uint8)
    flipped = np.eye(450, dtype=np.uint8)
    before, after = keys_of(empty), keys_of(flipped)
    assert len(np.unique(after[:, 0])) == len(np.unique(after[:, 1])) == 450
    differing = np.bitwise_count(before ^ after)
    assert differing.min() >= 10
    assert 31 < differing[:, 0].mean() < 33
    assert 30.5 < differing[:, 1].mean() < 32.5  # its last bit is always one


def test_keys_are_spread_and_never_empty():
    """Planes with two bits each differ in a few bits, as positions of games do."""
    pairs = np.array([(a, b) for a in range(60) for b in range(a)])
    planes = np.zeros((len(pairs), 450), np.uint8)
    np.put_along_axis(planes, pairs, 1, axis=1)
    keys = keys_of(planes)
    assert len(np.unique(keys[:, 0])) == len(np.unique(keys[:, 1])) == len(pairs)
    assert (keys[:, 1] & np.uint64(1)).all()
    counts = np.bincount((keys[:, 0] & np.uint64(63)).astype(int), minlength=64)
    assert 10 <= counts.min() <= counts.max() <= 50  # 27.7 on average


def test_a_cache_around_symmetries():
    """A hit saves eight evaluations."""
    counted = Counted()
    cached = cache.CachedEvaluator(symmetries.AverageOfSymmetries(counted, SIZE), SIZE)
    planes = networks.random_planes(3, size=SIZE)
    first, second = cached.evaluate(evaluators.Inputs(planes)), cached.evaluate(evaluators.Inputs(planes))
    assert np.array_equal(first[0], second[0])
    assert counted.batches == [24]


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_kernels_are_compiled_once():
    cached = cache.CachedEvaluator(symmetries.AverageOfSymmetries(Counted(), SIZE), SIZE)
    for batch in (1, 2, 5):
        cached.evaluate(evaluators.Inputs(networks.random_planes(batch, size=SIZE, seed=batch)))
    kernels = (cache._look_up, cache._insert, symmetries._move_planes, symmetries._average_logits)
    assert [jit.num_signatures(kernel) for kernel in kernels] == [1] * 4


def test_positions_differ_by_their_global_inputs():
    """The same planes with another komi are another position; hits and misses keep their global inputs."""

    class SumOfGlobals:
        def __init__(self) -> None:
            self.asked: list[list[float]] = []

        def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
            assert inputs.globals is not None
            self.asked.append(inputs.globals[:, 5].tolist())
            logits = np.zeros((len(inputs.planes), SIZE * SIZE + 1), np.float32)
            return evaluators.Outputs(logits, inputs.globals.sum(axis=1))

    network, family = SumOfGlobals(), input_families.KATAGO
    cached = cache.CachedEvaluator(network, SIZE, family=family)
    planes = np.repeat(np.random.default_rng(0).integers(0, 2, (1, 22, SIZE, SIZE), np.uint8), 4, axis=0)
    scalars = np.zeros((4, family.num_globals), np.float32)
    scalars[:, 5] = [0.25, 0.5, -0.25, 0.0]
    first = cached.evaluate(evaluators.Inputs(planes[:2], scalars[:2]))
    both = cached.evaluate(evaluators.Inputs(planes, scalars))
    assert first.values.tolist() == [0.25, 0.5] and both.values.tolist() == [0.25, 0.5, -0.25, 0.0]
    assert network.asked == [[0.25, 0.5], [-0.25, 0.0]]
