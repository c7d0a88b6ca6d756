"""Who lives at the end: the ownership of points, and the status of chains, from playouts."""

from typing import NamedTuple

import numpy as np

from alphazero.engine import playouts
from alphazero.go import play, rules

NAMES = ("alive", "dead", "seki")


class Chain(NamedTuple):
    """Connected stones and what becomes of them."""

    color: int
    points: list[int]
    status: str  # one of NAMES


def classify(position: play.Game, games: playouts.Playouts) -> list[Chain]:
    """The chains of a position, by their first points. `games` are from this position and are finished.

    What is settled is certain. Other chains are alive if their colour has their points in at least half of
    the games. Those that are not settled and touch a point which stays nobody's in half of the games
    are in a seki.
    """
    record = position.record[0]
    stones, heads = record["stones"][:-1], record["head"][: position.size**2]
    settled = playouts.settled_owner(record["stones"], position.size)
    found: dict[int, list[int]] = {}
    for point in np.flatnonzero(stones != rules.EMPTY).tolist():
        found.setdefault(int(heads[point]), []).append(point)
    # Games are finished only if somebody needs them.
    owners = np.zeros((1, len(stones)), np.int8) if settled[stones != rules.EMPTY].all() else _owners(games)
    is_neutral = (stones == rules.EMPTY) & ((owners == 0).mean(axis=0) >= 0.5)
    chains = []
    for points in found.values():
        color = int(stones[points[0]])
        sign = 1 if color == rules.BLACK else -1
        if (settled[points] != 0).all():
            status = "alive" if settled[points[0]] == sign else "dead"
        elif (owners[:, points] == sign).mean() < 0.5:
            status = "dead"
        else:
            status = "seki" if is_neutral[_around(points, position.size)].any() else "alive"
        chains.append(Chain(color, points, status))
    return sorted(chains, key=lambda chain: chain.points[0])


def _owners(games: playouts.Playouts) -> np.ndarray:
    return games.finish().owners()


def _around(points: list[int], size: int) -> list[int]:
    """The points beside these, their own among them."""
    found = set()
    for point in points:
        y, x = divmod(point, size)
        beside = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
        found |= {row * size + column for row, column in beside if 0 <= row < size and 0 <= column < size}
    return sorted(found)
