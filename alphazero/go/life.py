"""Detection of stones and points that the opponent can no longer take, whichever player moves first.

Sources: Benson 1976, "Life in the Game of Go"; Mueller 1997, "Playing it safe". KataGo's safe area is
similar.

X is the colour in question, O the other one. Chains and regions of X are those of Benson's paper. A region is
a connected set of points without X, either empty or O.
"""

from typing import NamedTuple

import numpy as np

from alphazero.go import rules
from alphazero.go.geometry import Geometry
from alphazero.jit import Boolean, Integer, jit


class LifeScratch(NamedTuple):
    """Work arrays of one thread for boards of P points; nothing is kept in them between calls."""

    inside: np.ndarray  # [P + 1] int8 1 on the stones of X in question, 0 on other points, WALL off the board
    part: np.ndarray  # [P] int16 first point of the connected part of equal `inside` around a point
    queue: np.ndarray  # [P] int16 points of the part that is being walked
    stays: np.ndarray  # [P] bool at a part's first point: not ruled out so far
    is_seen: np.ndarray  # [P] bool at a region's first point: its `eye_of` is initialised
    eye_of: np.ndarray  # [P, 4] int16 at a region's first point: chains whose eye it is, P for none
    num_eyes: np.ndarray  # [P] int16 at a chain's first point: its eyes
    inner: np.ndarray  # [P, 2] int16 at a part's first point: its inner points, P for none
    alive: np.ndarray  # [P] bool pass-alive stones of X


def make_scratch(num_points: int) -> LifeScratch:
    """Work arrays for one thread."""
    inside = np.zeros(num_points + 1, np.int8)
    inside[-1] = rules.WALL
    return LifeScratch(
        inside=inside,
        part=np.zeros(num_points, np.int16),
        queue=np.zeros(num_points, np.int16),
        stays=np.zeros(num_points, np.bool_),
        is_seen=np.zeros(num_points, np.bool_),
        eye_of=np.zeros((num_points, 4), np.int16),
        num_eyes=np.zeros(num_points, np.int16),
        inner=np.zeros((num_points, 2), np.int16),
        alive=np.zeros(num_points, np.bool_),
    )


@jit
def pass_alive(
    geometry: Geometry,
    stones: np.ndarray,
    scratch: LifeScratch,
    color: Integer,
    suicide: Boolean,
    alive: np.ndarray,
) -> None:
    """Fills alive [P] bool with the stones of `color` that live even if their player always passes.

    Benson's algorithm: rules out chains with fewer than two eyes, then regions that touch such a chain, and
    repeats until nothing changes. A region is an eye of a chain if every empty point of it touches that
    chain.
    stones: [P + 1] int8. color: BLACK or WHITE. suicide: np.bool_, whether chains of the opponent may remove
    themselves. Suicide empties points, so with it every point of an eye must touch the chain.
    """
    for point in range(geometry.num_points):
        scratch.inside[point] = stones[point] == color
    _find_parts(geometry, scratch)
    _find_eyes(geometry, stones, scratch, suicide)
    scratch.stays[:] = True
    while _rule_out_chains(geometry, scratch):
        _rule_out_regions(geometry, scratch)
    for point in range(geometry.num_points):
        alive[point] = scratch.inside[point] == 1 and scratch.stays[scratch.part[point]]


@jit
def is_settled(geometry: Geometry, stones: np.ndarray, scratch: LifeScratch, owner: np.ndarray) -> bool:
    """Whether every point is settled. Fills owner [P] int8 as `settled_owner` does.

    stones: [P + 1] int8.
    """
    settled_owner(geometry, stones, scratch, owner)
    num_settled = 0
    for point in range(geometry.num_points):
        num_settled += owner[point] != 0
    return num_settled == geometry.num_points


@jit
def settled_owner(geometry: Geometry, stones: np.ndarray, scratch: LifeScratch, owner: np.ndarray) -> None:
    """Fills owner [P] int8: +1 settled for Black, -1 settled for White, 0 not settled. stones: [P + 1] int8.

    X owns its pass-alive stones and every part of the remaining board in which O cannot make two eyes. X can
    safely fill a point beside a pass-alive stone, so O cannot have an eye there. The other points of a part
    are its inner points. Two eyes are never adjacent, so O has no room for them if a part has at most one
    inner point, or two adjacent ones.

    This holds for alternating play, with or without suicide. No move of O captures a pass-alive stone or
    creates an inner point. If O has a stone in such a part, X fills the points beside its pass-alive stones
    and then the inner points, which captures all of O. X's eyes must survive this, so they are counted as if
    suicide were allowed. The proof is in docs/adr/0021-ko-rules-and-settled-points.md.
    """
    owner[:] = 0
    with_suicide = np.bool_(True)  # a literal True would compile pass_alive a second time
    for color in range(rules.BLACK, rules.WHITE + 1):
        pass_alive(geometry, stones, scratch, color, with_suicide, scratch.alive)
        if scratch.alive.any():
            _claim_parts(geometry, scratch, color, owner)


@jit
def _find_parts(geometry: Geometry, scratch: LifeScratch) -> None:
    """Fills scratch.part for points inside and outside."""
    scratch.part[:] = -1
    for point in range(geometry.num_points):
        if scratch.part[point] < 0:
            _walk_part(geometry, scratch, point)


@jit
def _walk_part(geometry: Geometry, scratch: LifeScratch, first_point: Integer) -> None:
    inside, part, queue = scratch.inside, scratch.part, scratch.queue
    queue[0] = first_point
    part[first_point] = first_point
    first, end = 0, 1
    while first < end:
        here = queue[first]
        first += 1
        for direction in range(4):
            neighbor = geometry.neighbors[here, direction]
            if inside[neighbor] == inside[first_point] and part[neighbor] < 0:
                part[neighbor] = first_point
                queue[end] = neighbor
                end += 1


@jit
def _find_eyes(geometry: Geometry, stones: np.ndarray, scratch: LifeScratch, suicide: Boolean) -> None:
    """Fills scratch.eye_of: chains beside a region's first point that touch all of its relevant points.

    Relevant are the empty points, or with suicide all points.
    """
    scratch.is_seen[:] = False
    scratch.eye_of[:] = geometry.num_points
    for point in range(geometry.num_points):
        if scratch.inside[point] == 0 and (suicide or stones[point] == rules.EMPTY):
            region = scratch.part[point]
            for direction in range(4):
                if scratch.is_seen[region]:
                    chain = scratch.eye_of[region, direction]
                    if not _touches(geometry, scratch, point, chain):
                        scratch.eye_of[region, direction] = geometry.num_points
                else:
                    scratch.eye_of[region, direction] = _new_chain(geometry, scratch, point, direction)
            scratch.is_seen[region] = True


@jit
def _new_chain(geometry: Geometry, scratch: LifeScratch, point: Integer, direction: Integer) -> Integer:
    """The chain on this side of the point; P if there is none or an earlier side has the same."""
    neighbor = geometry.neighbors[point, direction]
    if scratch.inside[neighbor] != 1:
        return geometry.num_points
    chain = np.int64(scratch.part[neighbor])
    for earlier in range(direction):
        other = geometry.neighbors[point, earlier]
        if scratch.inside[other] == 1 and scratch.part[other] == chain:
            return geometry.num_points
    return chain


@jit
def _touches(geometry: Geometry, scratch: LifeScratch, point: Integer, chain: Integer) -> bool:
    for direction in range(4):
        neighbor = geometry.neighbors[point, direction]
        if scratch.inside[neighbor] == 1 and scratch.part[neighbor] == chain:
            return True
    return False


@jit
def _rule_out_chains(geometry: Geometry, scratch: LifeScratch) -> bool:
    """Rules out chains that now have fewer than two eyes. Returns whether there was one."""
    scratch.num_eyes[:] = 0
    for region in range(geometry.num_points):
        if scratch.inside[region] == 0 and scratch.part[region] == region and scratch.stays[region]:
            for chain in scratch.eye_of[region]:
                if chain < geometry.num_points:
                    scratch.num_eyes[chain] += 1
    has_changed = False
    for chain in range(geometry.num_points):
        is_chain = scratch.inside[chain] == 1 and scratch.part[chain] == chain
        if is_chain and scratch.stays[chain] and scratch.num_eyes[chain] < 2:
            scratch.stays[chain] = False
            has_changed = True
    return has_changed


@jit
def _rule_out_regions(geometry: Geometry, scratch: LifeScratch) -> None:
    """Rules out regions that touch a chain that was ruled out."""
    for point in range(geometry.num_points):
        if scratch.inside[point] == 0:
            for direction in range(4):
                neighbor = geometry.neighbors[point, direction]
                if scratch.inside[neighbor] == 1 and not scratch.stays[scratch.part[neighbor]]:
                    scratch.stays[scratch.part[point]] = False


@jit
def _claim_parts(geometry: Geometry, scratch: LifeScratch, color: Integer, owner: np.ndarray) -> None:
    """Gives `color` its pass-alive stones and the parts between them without room for two eyes."""
    for point in range(geometry.num_points):
        scratch.inside[point] = scratch.alive[point]
    _find_parts(geometry, scratch)
    scratch.stays[:] = True
    scratch.inner[:] = geometry.num_points
    for point in range(geometry.num_points):
        if not scratch.alive[point] and not _is_beside_alive(geometry, scratch, point):
            _add_inner(geometry, scratch, point)
    for point in range(geometry.num_points):
        if scratch.stays[scratch.part[point]]:
            owner[point] = 1 if color == rules.BLACK else -1


@jit
def _add_inner(geometry: Geometry, scratch: LifeScratch, point: Integer) -> None:
    """Adds an inner point to its part. Rules the part out if it has room for two eyes."""
    part = scratch.part[point]
    first = scratch.inner[part, 0]
    if first == geometry.num_points:
        scratch.inner[part, 0] = point
    elif scratch.inner[part, 1] == geometry.num_points and _are_neighbors(geometry, first, point):
        scratch.inner[part, 1] = point
    else:
        scratch.stays[part] = False


@jit
def _is_beside_alive(geometry: Geometry, scratch: LifeScratch, point: Integer) -> bool:
    is_beside = False
    for direction in range(4):
        is_beside |= scratch.inside[geometry.neighbors[point, direction]] == 1
    return is_beside


@jit
def _are_neighbors(geometry: Geometry, point: Integer, other: Integer) -> bool:
    are_neighbors = False
    for direction in range(4):
        are_neighbors |= geometry.neighbors[point, direction] == other
    return are_neighbors
