"""Which stones and points nobody can take any more, whoever moves and whatever the other answers.

Benson 1976, "Life in the Game of Go"; Mueller 1997, "Playing it safe"; KataGo's safe area is close.
X stands for the colour looked at, O for the other one. A chain of X and a region of X (connected
points without X, whether empty or O) are as in Benson's paper.
"""

from typing import NamedTuple

import numpy as np

from alphazero.go import geometry, rules
from alphazero.jit import jit


class Scratch(NamedTuple):
    """Work arrays of one thread for boards of P points; nothing is kept in them between calls."""

    inside: np.ndarray  # [P + 1] int8 1 on the points looked at, 0 on the others, WALL off the board
    part: np.ndarray  # [P] int16 first point of the connected points that are alike inside or outside
    queue: np.ndarray  # [P] int16 points of the part under way
    stays: np.ndarray  # [P] bool of the part whose first point this is: not ruled out so far
    is_seen: np.ndarray  # [P] bool of the region whose first point this is: its `eye_of` has begun
    eye_of: np.ndarray  # [P, 4] int16 chains that this region gives an eye; P for none
    num_eyes: np.ndarray  # [P] int16 of the chain whose first point this is
    inner: np.ndarray  # [P, 2] int16 points of this part that touch nothing alive; P for none
    alive: np.ndarray  # [P] bool


def make_scratch(num_points: int) -> Scratch:
    """Work arrays for one thread."""
    inside = np.zeros(num_points + 1, np.int8)
    inside[-1] = rules.WALL
    return Scratch(
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
def pass_alive(geometry: geometry.Geometry, stones, scratch: Scratch, color, suicide, alive):
    """Fills alive [P] bool with the stones of `color` that live though their player always passes.

    Benson's algorithm: of all chains those with fewer than two eyes are ruled out, and so are the
    regions that touch a chain ruled out, until nothing changes. A region is an eye of a chain that
    touches each of its empty points. stones: [P + 1] int8. suicide: whether the opponent's chains may
    remove themselves; what they leave is empty, so then an eye's other points must touch the chain too.
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
def is_settled(geometry: geometry.Geometry, stones, scratch: Scratch, owner):
    """Whether each point has an owner by `settled_owner`, which fills owner [P] int8."""
    settled_owner(geometry, stones, scratch, owner)
    num_settled = 0
    for point in range(geometry.num_points):
        num_settled += owner[point] != 0
    return num_settled == geometry.num_points


@jit
def settled_owner(geometry: geometry.Geometry, stones, scratch: Scratch, owner):
    """Fills owner [P] int8: +1 Black has it for sure, -1 White, 0 not settled. stones: [P + 1] int8.

    X has its pass-alive stones, and each part of the rest of the board in which O cannot have two
    eyes. A point that touches a pass-alive stone can be filled by X, safely and for good, so an eye of
    O holds none. Hence a part is X's when the other points, the inner ones, are at most one, or two
    side by side: two eyes lie apart.

    This holds for alternating play, suicide or not: nothing that O does takes an alive stone or makes
    a point inner; and while O has a stone in such a part, X fills what touches its stones, last the
    inner points, which captures all. For X's eyes to outlast that they are counted as if suicide were
    allowed. The proof is in docs/adr/0021-ko-rules-and-settled-points.md.
    """
    owner[:] = 0
    with_suicide = np.bool_(True)  # a literal True would compile pass_alive a second time
    for color in range(rules.BLACK, rules.WHITE + 1):
        pass_alive(geometry, stones, scratch, color, with_suicide, scratch.alive)
        if scratch.alive.any():
            _claim_parts(geometry, scratch, color, owner)


@jit
def _find_parts(geometry, scratch):
    """Fills scratch.part for the points inside and for those outside."""
    scratch.part[:] = -1
    for point in range(geometry.num_points):
        if scratch.part[point] < 0:
            _walk_part(geometry, scratch, point)


@jit
def _walk_part(geometry, scratch, first_point):
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
def _find_eyes(geometry, stones, scratch, suicide):
    """Fills scratch.eye_of: the chains around a region's first point that touch all that matter."""
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
def _new_chain(geometry, scratch, point, direction):
    """The chain at this side of the point, P if there is none or an earlier side has it."""
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
def _touches(geometry, scratch, point, chain):
    for direction in range(4):
        neighbor = geometry.neighbors[point, direction]
        if scratch.inside[neighbor] == 1 and scratch.part[neighbor] == chain:
            return True
    return False


@jit
def _rule_out_chains(geometry, scratch):
    """Rules out the chains that have fewer than two eyes now; whether there was one."""
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
def _rule_out_regions(geometry, scratch):
    """Rules out the regions that touch a chain ruled out."""
    for point in range(geometry.num_points):
        if scratch.inside[point] == 0:
            for direction in range(4):
                neighbor = geometry.neighbors[point, direction]
                if scratch.inside[neighbor] == 1 and not scratch.stays[scratch.part[neighbor]]:
                    scratch.stays[scratch.part[point]] = False


@jit
def _claim_parts(geometry, scratch, color, owner):
    """Gives `color` its alive stones and the parts between them in which two eyes have no room."""
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
def _add_inner(geometry, scratch, point):
    """Counts an inner point to its part; rules the part out when two eyes would find room there."""
    part = scratch.part[point]
    first = scratch.inner[part, 0]
    if first == geometry.num_points:
        scratch.inner[part, 0] = point
    elif scratch.inner[part, 1] == geometry.num_points and _are_neighbors(geometry, first, point):
        scratch.inner[part, 1] = point
    else:
        scratch.stays[part] = False


@jit
def _is_beside_alive(geometry, scratch, point):
    is_beside = False
    for direction in range(4):
        is_beside |= scratch.inside[geometry.neighbors[point, direction]] == 1
    return is_beside


@jit
def _are_neighbors(geometry, point, other):
    are_neighbors = False
    for direction in range(4):
        are_neighbors |= geometry.neighbors[point, direction] == other
    return are_neighbors
