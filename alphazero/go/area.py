"""Area as KataGo's networks are shown it: pass-alive chains, their territory, and what else is surrounded.

Source: KataGo, cpp/game/board.cpp (calculateArea).
"""

from typing import NamedTuple

import numpy as np

from alphazero.go import life, rules
from alphazero.go.geometry import Geometry
from alphazero.jit import Boolean, Integer, jit


class Scratch(NamedTuple):
    """Work arrays of one thread for boards of P points; nothing is kept in them between calls."""

    life: life.LifeScratch
    alive: np.ndarray  # [P] bool pass-alive stones of one colour
    num_inner: np.ndarray  # [P] int16 at a region's first point: its points that touch no stone of the colour
    has_opponent: np.ndarray  # [P] bool at a region's first point: it contains stones of the opponent


def make_scratch(num_points: int) -> Scratch:
    """Work arrays for one thread."""
    return Scratch(
        life=life.make_scratch(num_points),
        alive=np.zeros(num_points, np.bool_),
        num_inner=np.zeros(num_points, np.int16),
        has_opponent=np.zeros(num_points, np.bool_),
    )


@jit
def find(
    geometry: Geometry, stones: np.ndarray, scratch: Scratch, suicide: Boolean, owner: np.ndarray
) -> None:
    """Fills owner [P] int8 with the colour that owns each point, or EMPTY.

    - A pass-alive chain owns itself.
    - A region between pass-alive chains of a colour is its territory if it contains no stone of the opponent,
      or at most one point that touches no stone of the colour.
    - Any other empty region that touches one colour only belongs to it, unless the other colour owns it by
      the rule above.
    - Other stones belong to their own colour.

    stones: [P + 1] int8. suicide: np.bool_, as in `life.pass_alive`.
    """
    for point in range(geometry.num_points):
        owner[point] = rules.EMPTY
    for color in range(rules.BLACK, rules.WHITE + 1):
        _claim(geometry, stones, scratch, color, suicide, owner)
    for point in range(geometry.num_points):
        if owner[point] == rules.EMPTY:
            owner[point] = stones[point]


@jit
def _claim(
    geometry: Geometry,
    stones: np.ndarray,
    scratch: Scratch,
    color: Integer,
    suicide: Boolean,
    owner: np.ndarray,
) -> None:
    """Gives `color` its pass-alive chains and its territory."""
    num_stones = 0
    for point in range(geometry.num_points):
        num_stones += stones[point] == color
    if num_stones == 0:
        return
    life.pass_alive(geometry, stones, scratch.life, color, suicide, scratch.alive)
    _measure_regions(geometry, stones, scratch, color)
    for point in range(geometry.num_points):
        if stones[point] == color:
            if scratch.alive[point]:
                owner[point] = color
        else:
            region = scratch.life.part[point]
            has_opponent = scratch.has_opponent[region]
            is_safe = scratch.life.stays[region] and (scratch.num_inner[region] <= 1 or not has_opponent)
            if is_safe or (not has_opponent and owner[point] == rules.EMPTY):
                owner[point] = color


@jit
def _measure_regions(geometry: Geometry, stones: np.ndarray, scratch: Scratch, color: Integer) -> None:
    """Fills num_inner and has_opponent of the regions that `life.pass_alive` found."""
    for point in range(geometry.num_points):
        scratch.num_inner[point] = 0
        scratch.has_opponent[point] = False
    for point in range(geometry.num_points):
        if stones[point] != color:
            region, is_inner = scratch.life.part[point], True
            for direction in range(4):
                is_inner &= stones[geometry.neighbors[point, direction]] != color
            scratch.num_inner[region] += is_inner
            scratch.has_opponent[region] |= stones[point] == 3 - color
