"""Reference of unconditional life with sets, directly from Benson's paper, and of settled points."""

import itertools

from tests.reference import board as reference_board
from tests.reference.board import Point, Stones


def parts(size: int, points: set[Point]) -> list[set[Point]]:
    """The connected parts of a set of points."""
    members = dict.fromkeys(points, "b")
    found: list[set[Point]] = []
    for point in sorted(points):
        if not any(point in part for part in found):
            found.append(reference_board.flood(size, members, point)[0])
    return found


def around(size: int, points: set[Point]) -> set[Point]:
    """The points beside a set of points."""
    return {near for point in points for near in reference_board.neighbors(size, point)} - points


def all_points(size: int) -> set[Point]:
    return {(x, y) for x in range(size) for y in range(size)}


def pass_alive(size: int, stones: Stones, color: str, *, suicide: bool) -> set[Point]:
    """The stones of `color` that live even if their player always passes."""
    own = {point for point in stones if stones[point] == color}
    chains, regions = parts(size, own), parts(size, all_points(size) - own)

    def is_eye(region: set[Point], chain: set[Point]) -> bool:
        needed = region if suicide else region - set(stones)
        return bool(needed) and needed <= around(size, chain)

    while True:
        alive = [chain for chain in chains if sum(is_eye(region, chain) for region in regions) >= 2]
        safe = set().union(*alive)
        if len(alive) == len(chains):
            return safe
        chains, regions = alive, [region for region in regions if around(size, region) <= safe]


def settled_owner(size: int, stones: Stones) -> dict[Point, str]:
    """The settled owner of each point; "" for none."""
    owner = dict.fromkeys(all_points(size), "")
    for color in "bw":
        alive = pass_alive(size, stones, color, suicide=True)
        owner |= dict.fromkeys(alive, color)
        for part in parts(size, all_points(size) - alive) if alive else []:
            inner = part - around(size, alive)
            if not has_room_for_two_eyes(size, inner):
                owner |= dict.fromkeys(part, color)
    return owner


def has_room_for_two_eyes(size: int, inner: set[Point]) -> bool:
    """Whether two of the points are not adjacent."""
    return any(b not in reference_board.neighbors(size, a) for a, b in itertools.combinations(inner, 2))


def after(size: int, stones: Stones, point: Point, color: str) -> Stones:
    """The board after a move on an empty point; unchanged by suicide of a single stone."""
    left = reference_board.without_captured(size, stones | {point: color}, reference_board.OTHER[color])
    return reference_board.without_captured(size, left, color)


def defending_move(size: int, stones: Stones, color: str) -> Point | None:
    """A move towards the capture of dead stones on the points of `color`; None for a pass.

    It fills a point beside a pass-alive stone if all such stones stay alive. Only if there is none, it fills
    an inner point.
    """
    owner = settled_owner(size, stones)
    own = {point for point in owner if owner[point] == color}
    empty = sorted(own - set(stones))
    if all(stones.get(point) in (color, None) for point in own):
        return None
    alive = pass_alive(size, stones, color, suicide=True)
    inner = [point for point in empty if point not in around(size, alive)]
    for point in (point for point in empty if point not in inner):
        alive_after = pass_alive(size, after(size, stones, point, color), color, suicide=True)
        if point in alive_after and alive <= alive_after:
            return point
    return next(point for point in inner if point in after(size, stones, point, color))
