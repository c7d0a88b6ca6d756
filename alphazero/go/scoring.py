"""Area scoring by Tromp and Taylor, which counts every stone on the board as alive."""

import numpy as np

from alphazero.go import board, rules
from alphazero.go.geometry import Geometry
from alphazero.jit import Integer, jit


@jit
def area_score(geometry: Geometry, stones: np.ndarray, scratch: board.Scratch) -> Integer:
    """Black's area minus White's area, in points, without komi.

    The area of a colour is its stones and the empty regions that touch no other colour. stones: [P + 1] int8.
    """
    scratch.stamp[0] += 1
    stamp = scratch.stamp[0]
    score = 0
    for point in range(geometry.num_points):
        if stones[point] == rules.BLACK:
            score += 1
        elif stones[point] == rules.WHITE:
            score -= 1
        elif scratch.marks[point] != stamp:
            num_empty, owner = _walk_region(geometry, stones, scratch, point, stamp)
            score += num_empty * owner
    return score


@jit
def ownership(geometry: Geometry, stones: np.ndarray, scratch: board.Scratch, owner: np.ndarray) -> None:
    """Fills owner [P] int8: +1 Black's area, -1 White's, 0 neither. stones: [P + 1] int8."""
    scratch.stamp[0] += 1
    stamp = scratch.stamp[0]
    for point in range(geometry.num_points):
        if stones[point] == rules.BLACK:
            owner[point] = 1
        elif stones[point] == rules.WHITE:
            owner[point] = -1
        elif scratch.marks[point] != stamp:
            num_empty, region_owner = _walk_region(geometry, stones, scratch, point, stamp)
            for entry in range(num_empty):
                owner[scratch.queue[entry]] = region_owner


@jit
def _walk_region(
    geometry: Geometry, stones: np.ndarray, scratch: board.Scratch, start: Integer, stamp: Integer
) -> tuple[int, int]:
    """Number of points and owner of the empty region at `start`. Writes its points to scratch.queue."""
    neighbors, queue, marks = geometry.neighbors, scratch.queue, scratch.marks
    queue[0] = start
    marks[start] = stamp
    first, end = 0, 1
    touches_black = touches_white = False
    while first < end:
        here = queue[first]
        first += 1
        for direction in range(4):
            neighbor = neighbors[here, direction]
            content = stones[neighbor]
            if content == rules.BLACK:
                touches_black = True
            elif content == rules.WHITE:
                touches_white = True
            elif content == rules.EMPTY and marks[neighbor] != stamp:
                marks[neighbor] = stamp
                queue[end] = neighbor
                end += 1
    return end, int(touches_black) - int(touches_white)
