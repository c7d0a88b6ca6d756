"""Positions as inputs of version 7, from the empty board to a full one, for the comparison of backends.

They are made without kernels. In half of them the players own the sides of smooth random borders, near which
stones lie first, as in games; in the other half moves are random. Ladders, areas and rules are random, too:
plausible numbers, not right ones.
"""

from collections.abc import Iterator

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.net.katago import model

_EMPTY, _OWN, _OPPONENT = 0, 1, 2
_HISTORY = 5
_LADDERS, _CAPTURES, _AREAS = range(14, 17), 17, (18, 19)
_HILLS = 4
"""Hills that make the smooth field whose sign owns a point."""
_INVASIONS = 0.08
"""Share of stones on the other player's side."""


def inputs(size: int, count: int) -> evaluators.Inputs:
    """Returns `count` positions: planes [B, 22, N, N] uint8 and globals [B, 19] float32."""
    rng = np.random.default_rng(0)
    planes = np.zeros((count, model.NUM_PLANES, size * size), np.uint8)
    globals = np.zeros((count, model.NUM_GLOBALS), np.float32)
    for index in range(count):
        field = _field(size, rng)
        make = _place_stones if index % 2 else _play
        stones, moves = make(field, index * size * size // count, size, rng)
        _fill_planes(planes[index], stones, moves, size, rng)
        if rng.random() < 0.5:  # areas are known late in a game, or under some rules
            planes[index, _AREAS[0]], planes[index, _AREAS[1]] = field > 0, field < 0
        _fill_globals(globals[index], moves, rng)
    return evaluators.Inputs(planes.reshape(count, model.NUM_PLANES, size, size), globals)


def _field(size: int, rng: np.random.Generator) -> np.ndarray:
    """[P], smooth, positive on the player's own side and negative on the opponent's."""
    rows, columns = np.divmod(np.arange(size * size), size)
    field = np.zeros(size * size)
    for _ in range(_HILLS):
        row, column, width = *(size * rng.random(2)), size * rng.uniform(0.15, 0.5)
        field += rng.normal() * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / width**2)
    return field - np.quantile(field, rng.uniform(0.4, 0.6))


def _place_stones(
    field: np.ndarray, num_stones: int, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, list[int | None]]:
    """Stones [P] with a liberty for each chain, and the last moves, newest first; None for a pass."""
    closeness = np.abs(field) / np.abs(field).mean() + rng.random(len(field))
    points = np.argsort(closeness)[:num_stones]
    is_own = (field > 0) ^ (rng.random(len(field)) < _INVASIONS)
    stones = np.zeros(len(field), np.int8)
    stones[points] = np.where(is_own[points], _OWN, _OPPONENT)
    for chain, liberties in list(_chains(stones, size)):
        if not liberties:
            stones[list(chain)] = _EMPTY
    moves: list[int | None] = []
    for age in range(min(_HISTORY, num_stones)):
        candidates = np.flatnonzero(stones == (_OWN if age % 2 else _OPPONENT))
        is_pass = rng.random() < 0.1 or not len(candidates)
        moves.append(None if is_pass else int(rng.choice(candidates)))
    return stones, moves


def _play(
    field: np.ndarray, num_moves: int, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, list[int | None]]:
    """Stones [P] after random moves, and the moves, newest first; None for a pass. It ignores the field."""
    stones = np.zeros(size * size, np.int8)
    moves: list[int | None] = []
    for _ in range(num_moves):
        moves.insert(0, _move(stones, size, rng))
        stones = np.choose(stones, [_EMPTY, _OPPONENT, _OWN])  # the other player is to move
    return stones, moves


def _move(stones: np.ndarray, size: int, rng: np.random.Generator) -> int | None:
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
