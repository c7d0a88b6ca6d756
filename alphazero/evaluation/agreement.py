"""Check of an evaluator against its weight file, for `largest_difference` in the certificate."""

from pathlib import Path

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.go import board, game_kernels, geometry, input_families
from alphazero.net import numpy_forward
from alphazero.net.katago import reference
from alphazero.run_files import promotion

_CHUNK = 16  # the numpy implementation unfolds 3x3 windows: 9 times the memory of the widest layer


def make_check(
    evaluator: evaluators.Evaluator,
    config: game_config.GameConfig,
    rng: np.random.Generator,
    num_positions: int = 256,
) -> promotion.Check:
    """Makes a check for `Promotions.promote` that compares `evaluator` with the file on random positions."""

    def check(path: Path) -> float:
        inputs = random_inputs(config, evaluators.family(evaluator), num_positions, rng)
        return largest_difference(evaluator, path, inputs)

    return check


def largest_difference(evaluator: evaluators.Evaluator, path: Path, inputs: evaluators.Inputs) -> float:
    """Returns the largest difference of a move's probability (softmax over all moves) or of a value.

    The reference is an independent implementation in float64.
    """
    outputs = evaluator.evaluate(inputs)
    largest = 0.0
    for start in range(0, len(inputs.planes), _CHUNK):
        rows = slice(start, start + _CHUNK)
        exact_logits, exact_values = _reference(path, inputs.take(np.arange(len(inputs.planes))[rows]))
        policy_error = np.abs(_softmax(outputs.logits[rows]) - _softmax(exact_logits)).max()
        value_error = np.abs(outputs.values[rows] - exact_values).max()
        largest = max(largest, float(policy_error), float(value_error))
    return largest


def _reference(path: Path, inputs: evaluators.Inputs) -> tuple[np.ndarray, np.ndarray]:
    """Logits [B, A] and values [B], float64."""
    if inputs.globals is None:
        return numpy_forward.forward(path, inputs.planes)
    return reference.forward(path, inputs)


def random_inputs(
    config: game_config.GameConfig,
    family: input_families.InputFamily,
    count: int,
    rng: np.random.Generator,
) -> evaluators.Inputs:
    """Inputs of a family for positions from games of random legal moves, at evenly spread plies."""
    size, num_points = config.size, config.size**2
    tables, scratch = geometry.make(size), board.make_scratch(num_points)
    games, legal = game_kernels.new_games(count, config), np.zeros(num_points + 1, np.bool_)
    for index in range(count):
        for _ in range(index * num_points // count):
            game_kernels.legal_actions(tables, games, index, legal)
            choices = np.flatnonzero(legal)
            if len(choices):
                game_kernels.play(tables, games, scratch, index, int(rng.choice(choices)))
    planes = np.zeros((count, family.num_planes, num_points), np.uint8)
    globals = np.zeros((count, family.num_globals), np.float32)
    work = input_families.make_scratch(num_points)
    input_families.encode(family, tables, games, np.arange(count), work, planes, globals)
    planes = planes.reshape(count, family.num_planes, size, size)
    return evaluators.Inputs(planes, globals if family.num_globals else None)


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
