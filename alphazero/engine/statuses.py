"""Life and death at the end of a game: the status of chains, estimated by rollouts."""

from typing import NamedTuple

import numpy as np

from alphazero.engine import rollouts
from alphazero.go import play, rules

NAMES = ("alive", "dead", "seki")


class Chain(NamedTuple):
    """Connected stones and their final status."""

    color: int
    points: list[int]
    status: str  # one of NAMES


def classify(position: play.Game, games: rollouts.Rollouts) -> list[Chain]:
    """Returns the chains of a position, ordered by their first points.

    games: rollouts from this position; they are played to the end if needed. The status of settled chains
    is certain. Other chains are
    - dead if their colour owns their points in less than half of the games,
    - in seki if they touch an empty point that stays neutral in at least half of the games,
    - alive otherwise.
    """
    record = position.record[0]
    stones, heads = record["stones"][:-1], record["head"][: position.size**2]
    settled = rollouts.settled_owner(record["stones"], position.size)
    found: dict[int, list[int]] = {}
    for point in np.flatnonzero(stones != rules.EMPTY).tolist():
        found.setdefault(int(heads[point]), []).append(point)
    # Rollouts are slow: they are finished only if a chain is not settled.
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


def _owners(games: rollouts.Rollouts) -> np.ndarray:
    return games.finish().owners()


def _around(points: list[int], size: int) -> list[int]:
    """Returns the neighbours of these points, which include the points of a longer chain."""
    found = set()
    for point in points:
        y, x = divmod(point, size)
        beside = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
        found |= {row * size + column for row, column in beside if 0 <= row < size and 0 <= column < size}
    return sorted(found)
