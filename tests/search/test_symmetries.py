"""Tests of random and averaged symmetries: equivariant outputs, independent rows."""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.go import symmetry
from alphazero.search import symmetries
from tests.net import networks

SIZE, POINTS = 5, 25


def config(name: str) -> search_config.SearchConfig:
    return search_config.SearchConfig(symmetry=search_config.Symmetry(name))


def wrapped(name: str, seed: int = 0) -> evaluators.Evaluator:
    hashed = evaluators.HashedEvaluator(SIZE)
    return symmetries.wrap(hashed, config(name), SIZE, np.random.default_rng(seed))


def moved(planes: np.ndarray, s: int) -> np.ndarray:
    flat = planes.reshape(len(planes), 18, POINTS)
    return symmetry.apply(flat, s, SIZE).reshape(planes.shape)


def softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits.astype(np.float64))
    return raised / raised.sum(axis=-1, keepdims=True)


def test_none_is_the_evaluator_itself():
    hashed = evaluators.HashedEvaluator(SIZE)
    assert symmetries.wrap(hashed, config("none"), SIZE, np.random.default_rng(0)) is hashed


def by_hand(planes: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Outputs under each of the eight symmetries, moved back by `symmetry.apply`."""
    hashed = evaluators.HashedEvaluator(SIZE)
    answers = []
    for s in range(8):
        logits, values, *_ = hashed.evaluate(evaluators.Inputs(moved(planes, s)))
        answers.append((symmetry.apply(logits, symmetry.inverse(s), SIZE), values))
    return answers


def test_random_is_one_of_the_eight_for_each_row_and_every_one_comes():
    planes = networks.random_planes(64, size=SIZE)
    logits, values, *_ = wrapped("random").evaluate(evaluators.Inputs(planes))
    eight = by_hand(planes)
    matches = np.array([[np.array_equal(logits[b], one[0][b]) for one in eight] for b in range(64)])
    assert (matches.sum(axis=1) == 1).all()
    drawn = matches.argmax(axis=1)
    assert set(drawn) == set(range(8))
    assert np.array_equal(values, [eight[s][1][b] for b, s in enumerate(drawn)])


def test_random_draws_from_its_generator():
    planes = networks.random_planes(8, size=SIZE)
    first, again, other = (
        wrapped("random", seed).evaluate(evaluators.Inputs(planes))[0] for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_average_is_the_mean_of_probabilities_and_values():
    planes = networks.random_planes(6, size=SIZE)
    logits, values, *_ = wrapped("average").evaluate(evaluators.Inputs(planes))
    eight = by_hand(planes)
    np.testing.assert_allclose(
        softmax(logits), np.mean([softmax(one[0]) for one in eight], axis=0), rtol=1e-5
    )
    np.testing.assert_allclose(softmax(logits), np.exp(logits), rtol=1e-5)
    np.testing.assert_allclose(values, np.mean([one[1] for one in eight], axis=0), atol=1e-6)
    assert logits.dtype == values.dtype == np.float32


@pytest.mark.parametrize("s", range(8))
def test_average_commutes_with_symmetries(s: int):
    planes = networks.random_planes(5, size=SIZE)
    average, plain = wrapped("average"), evaluators.HashedEvaluator(SIZE)
    logits, values, *_ = average.evaluate(evaluators.Inputs(planes))
    moved_logits, moved_values, *_ = average.evaluate(evaluators.Inputs(moved(planes, s)))
    np.testing.assert_allclose(moved_logits, symmetry.apply(logits, s, SIZE), atol=1e-5)
    np.testing.assert_allclose(moved_values, values, atol=1e-6)
    if s:  # the bare network does not commute
        alone = plain.evaluate(evaluators.Inputs(planes)).logits
        turned = plain.evaluate(evaluators.Inputs(moved(planes, s))).logits
        assert np.abs(turned - symmetry.apply(alone, s, SIZE)).max() > 0.1


@pytest.mark.parametrize("name", ["random", "average"])
def test_rows_do_not_depend_on_their_batch(name: str):
    planes = networks.random_planes(9, size=SIZE)
    whole = wrapped(name).evaluate(evaluators.Inputs(planes))
    evaluator = wrapped(name)
    for rows in (slice(0, 2), slice(2, 3), slice(3, 9)):  # draws the same numbers in the same order
        logits, values, *_ = evaluator.evaluate(evaluators.Inputs(planes[rows]))
        assert np.array_equal(logits, whole[0][rows])
        assert np.array_equal(values, whole[1][rows])


class Queue:
    """An asynchronous evaluator that copies planes at once and computes when the result is read."""

    is_asynchronous = True
    generation = 7

    def __init__(self) -> None:
        self._hashed = evaluators.HashedEvaluator(SIZE)

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        return self.submit(inputs).result()

    def submit(self, inputs: evaluators.Inputs) -> evaluators.Pending[evaluators.Outputs]:
        queue, kept = self, inputs.copy()

        class Pending:
            def result(self) -> evaluators.Outputs:
                return queue._hashed.evaluate(kept)

        return Pending()


@pytest.mark.parametrize("name", ["random", "average"])
def test_two_batches_may_be_pending(name: str):
    one, two = networks.random_planes(4, size=SIZE), networks.random_planes(6, size=SIZE, seed=2)
    expected = wrapped(name)
    answers = expected.evaluate(evaluators.Inputs(one)), expected.evaluate(evaluators.Inputs(two))
    evaluator = symmetries.wrap(Queue(), config(name), SIZE, np.random.default_rng(0))
    assert evaluators.is_asynchronous(evaluator)
    assert evaluators.generation(evaluator) == 7
    pending = evaluator.submit(evaluators.Inputs(one)), evaluator.submit(evaluators.Inputs(two))
    for got, wanted in zip((pending[0].result(), pending[1].result()), answers, strict=True):
        assert np.array_equal(got[0], wanted[0])
        assert np.array_equal(got[1], wanted[1])


class Owners:
    """Evaluator whose owners are the first plane's stones, so that they turn with the board."""

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        assert inputs.globals is not None
        stones = inputs.planes[:, 0].reshape(len(inputs.planes), -1).astype(np.float32)
        logits = np.zeros((len(stones), POINTS + 1), np.float32)
        return evaluators.Outputs(logits, np.zeros(len(stones), np.float32), stones, inputs.globals[:, 0])


@pytest.mark.parametrize("name", ["random", "average"])
def test_owners_are_moved_back_and_global_inputs_stay_with_their_rows(name: str):
    planes = networks.random_planes(9, size=SIZE)
    scalars = np.arange(9, dtype=np.float32)[:, None]
    evaluator = symmetries.wrap(Owners(), config(name), SIZE, np.random.default_rng(0))
    outputs = evaluator.evaluate(evaluators.Inputs(planes, scalars))
    assert outputs.ownership is not None and outputs.scores is not None
    assert np.array_equal(outputs.ownership, planes[:, 0].reshape(9, POINTS))
    assert np.array_equal(outputs.scores, scalars[:, 0])
