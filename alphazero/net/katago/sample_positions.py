"""Positions of random games as inputs of version 7, from the empty board on.

They are made without kernels, for the comparison of inference backends. Ladders, areas and rules are random:
plausible numbers, not right ones.
"""

from collections.abc import Iterator

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.net.katago import model

_EMPTY, _OWN, _OPPONENT = 0, 1, 2
_HISTORY = 5
_LADDERS, _CAPTURES, _AREAS = range(14, 17), 17, (18, 19)


def inputs(size: int, count: int) -> evaluators.Inputs:
    """Returns `count` positions: planes [B, 22, N, N] uint8 and globals [B, 19] float32."""
    rng = np.random.default_rng(0)
    planes = np.zeros((count, model.NUM_PLANES, size * size), np.uint8)
    globals = np.zeros((count, model.NUM_GLOBALS), np.float32)
    for index in range(count):
        stones, moves = _play(size, index * size * size // count, rng)
        _fill_planes(planes[index], stones, moves, size, rng)
        _fill_globals(globals[index], moves, rng)
    return evaluators.Inputs(planes.reshape(count, model.NUM_PLANES, size, size), globals)


def _play(size: int, num_moves: int, rng: np.random.Generator) -> tuple[np.ndarray, list[int | None]]:
    """Stones [P] after random moves, and the moves, newest first; None for a pass."""
    stones = np.zeros(size * size, np.int8)
    moves: list[int | None] = []
    for _ in range(num_moves):
        played = _place_stone(stones, size, rng)
        moves.insert(0, played)
        stones = np.choose(stones, [_EMPTY, _OPPONENT, _OWN])  # the other player is to move
    return stones, moves


def _place_stone(stones: np.ndarray, size: int, rng: np.random.Generator) -> int | None:
    """Plays on a random point where the stone has a liberty, and captures. None without such a point."""
    for point in rng.permutation(np.flatnonzero(stones == _EMPTY)).tolist():
        stones[point] = _OWN
        for neighbour in _neighbours(point, size):
            if stones[neighbour] == _OPPONENT:
                chain, liberties = _chain(stones, neighbour, size)
                if not liberties:
                    stones[list(chain)] = _EMPTY
        if _chain(stones, point, size)[1]:
            return point
        stones[point] = _EMPTY
    return None


def _fill_planes(
    planes: np.ndarray, stones: np.ndarray, moves: list[int | None], size: int, rng: np.random.Generator
) -> None:
    planes[0] = 1
    planes[1], planes[2] = stones == _OWN, stones == _OPPONENT
    for chain, liberties in _chains(stones, size):
        points = list(chain)
        if len(liberties) <= 3:
            planes[2 + len(liberties), points] = 1
        if len(liberties) <= 2:
            for plane in _LADDERS:
                planes[plane, points] = rng.random() < 0.3
            if stones[points[0]] == _OPPONENT and rng.random() < 0.3:
                planes[_CAPTURES, list(liberties)] = 1
    for age, move in enumerate(moves[:_HISTORY]):
        if move is not None:
            planes[9 + age, move] = 1
    if rng.random() < 0.5:
        planes[_AREAS[0]], planes[_AREAS[1]] = planes[1], planes[2]


def _fill_globals(globals: np.ndarray, moves: list[int | None], rng: np.random.Generator) -> None:
    globals[:_HISTORY][: len(moves)] = [move is None for move in moves[:_HISTORY]]
    komi = rng.choice([-1, 1]) * (7.5 if rng.random() < 0.7 else 30 * rng.random())
    globals[5] = komi / 20
    globals[6:8] = [(0, 0), (1, 0.5), (1, -0.5)][rng.integers(3)]
    globals[8] = rng.random() < 0.5
    globals[14] = bool(moves) and moves[0] is None
    globals[18] = rng.random() - 0.5


def _chains(stones: np.ndarray, size: int) -> Iterator[tuple[set[int], set[int]]]:
    """The points and liberties of each chain."""
    seen: set[int] = set()
    for point in np.flatnonzero(stones).tolist():
        if point not in seen:
            chain, liberties = _chain(stones, point, size)
            seen |= chain
            yield chain, liberties


def _chain(stones: np.ndarray, point: int, size: int) -> tuple[set[int], set[int]]:
    """Points and liberties of the chain at `point`."""
    chain, liberties, waiting = {point}, set[int](), [point]
    while waiting:
        for neighbour in _neighbours(waiting.pop(), size):
            if stones[neighbour] == _EMPTY:
                liberties.add(neighbour)
            elif stones[neighbour] == stones[point] and neighbour not in chain:
                chain.add(neighbour)
                waiting.append(neighbour)
    return chain, liberties


def _neighbours(point: int, size: int) -> list[int]:
    row, column = divmod(point, size)
    found = [point - 1] * (column > 0) + [point + 1] * (column < size - 1)
    return found + [point - size] * (row > 0) + [point + size] * (row < size - 1)
