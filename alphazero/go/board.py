"""Stones on a board: placing, capturing, counting. No history, no ko, no players.

stones: [P + 1] int8, EMPTY, BLACK or WHITE; stones[P] is WALL, where the neighbours of edge points
that are off the board lead.
"""

from typing import NamedTuple

import numpy as np

from alphazero.go import geometry, rules
from alphazero.jit import jit


class Scratch(NamedTuple):
    """Work arrays of one thread for boards of P points; nothing is kept in them between calls."""

    captured: np.ndarray  # [P] int16 points emptied by `place_stone`, in its first n entries
    queue: np.ndarray  # [P] int16 points of the chain or region under way
    marks: np.ndarray  # [P + 1] int64 stamp of the last walk that saw the point
    stamp: np.ndarray  # [1] int64 number of the current walk
    chain: np.ndarray  # [P] int16 by `label_chains`: first point of the chain here; P where empty
    num_liberties: np.ndarray  # [P] int8 of the chain whose first point this is: 0, 1, or 2 for more
    chain_hash: np.ndarray  # [P] uint64 of the chain whose first point this is: XOR of its stones


def make_scratch(num_points: int) -> Scratch:
    """Work arrays for one thread."""
    return Scratch(
        captured=np.zeros(num_points, np.int16),
        queue=np.zeros(num_points, np.int16),
        marks=np.zeros(num_points + 1, np.int64),
        stamp=np.zeros(1, np.int64),
        chain=np.zeros(num_points, np.int16),
        num_liberties=np.zeros(num_points, np.int8),
        chain_hash=np.zeros(num_points, np.uint64),
    )


@jit
def place_stone(geometry: geometry.Geometry, stones, scratch: Scratch, point, color):
    """Puts a stone on an empty point and removes what has no liberty left.

    The opponent's chains go first; if none does and the stone's own chain has no liberty, that
    goes (then stones[point] is EMPTY). Returns the number n of removed stones; they are in
    scratch.captured[:n].
    """
    stones[point] = color
    num_captured = np.int64(0)  # a literal 0 would compile remove_chain a second time
    for direction in range(4):
        neighbor = np.int64(geometry.neighbors[point, direction])
        if stones[neighbor] == 3 - color and not has_liberty(geometry, stones, scratch, neighbor):
            num_captured = remove_chain(geometry, stones, scratch, neighbor, num_captured)
    if num_captured == 0 and not has_liberty(geometry, stones, scratch, point):
        num_captured = remove_chain(geometry, stones, scratch, point, num_captured)
    return num_captured


@jit
def undo_stone(stones, scratch: Scratch, num_captured, point, color):
    """Reverts the `place_stone` that has just returned `num_captured`."""
    removed_color = color if stones[point] == rules.EMPTY else 3 - color
    for entry in range(num_captured):
        stones[scratch.captured[entry]] = removed_color
    stones[point] = rules.EMPTY


@jit
def has_liberty(geometry: geometry.Geometry, stones, scratch: Scratch, point):
    """Whether the chain at `point` touches an empty point."""
    neighbors, queue, marks = geometry.neighbors, scratch.queue, scratch.marks
    color = stones[point]
    scratch.stamp[0] += 1
    stamp = scratch.stamp[0]
    queue[0] = point
    marks[point] = stamp
    size = 1
    while size > 0:
        size -= 1
        here = queue[size]
        for direction in range(4):
            neighbor = neighbors[here, direction]
            content = stones[neighbor]
            if content == rules.EMPTY:
                return True
            if content == color and marks[neighbor] != stamp:
                marks[neighbor] = stamp
                queue[size] = neighbor
                size += 1
    return False


@jit
def remove_chain(geometry: geometry.Geometry, stones, scratch: Scratch, point, num_captured):
    """Empties the chain at `point`, appends it to scratch.captured[:num_captured], returns the new length."""
    color = stones[point]
    captured = scratch.captured
    captured[num_captured] = point
    stones[point] = rules.EMPTY
    first, end = num_captured, num_captured + 1
    while first < end:
        here = captured[first]
        first += 1
        for direction in range(4):
            neighbor = geometry.neighbors[here, direction]
            if stones[neighbor] == color:
                stones[neighbor] = rules.EMPTY
                captured[end] = neighbor
                end += 1
    return end


@jit
def count_liberties(geometry: geometry.Geometry, stones, scratch: Scratch, point):
    """Number of empty points that the chain at `point` touches."""
    neighbors, queue, marks = geometry.neighbors, scratch.queue, scratch.marks
    color = stones[point]
    scratch.stamp[0] += 1
    stamp = scratch.stamp[0]
    queue[0] = point
    marks[point] = stamp
    first, end, count = 0, 1, 0
    while first < end:
        here = queue[first]
        first += 1
        for direction in range(4):
            neighbor = neighbors[here, direction]
            if marks[neighbor] == stamp:
                continue
            content = stones[neighbor]
            if content == rules.EMPTY:
                marks[neighbor] = stamp
                count += 1
            elif content == color:
                marks[neighbor] = stamp
                queue[end] = neighbor
                end += 1
    return count


@jit
def label_chains(geometry: geometry.Geometry, stones, scratch: Scratch):
    """Describes every chain in scratch.chain, num_liberties and chain_hash."""
    num_points = geometry.num_points
    scratch.chain[:] = num_points
    for point in range(num_points):
        if stones[point] != rules.EMPTY and scratch.chain[point] == num_points:
            _label_chain(geometry, stones, scratch, point)


@jit
def _label_chain(geometry, stones, scratch, first_point):
    neighbors, queue, chain = geometry.neighbors, scratch.queue, scratch.chain
    color = stones[first_point]
    chain_hash, liberty, num_liberties = np.uint64(0), geometry.num_points, 0
    queue[0] = first_point
    chain[first_point] = first_point
    first, end = 0, 1
    while first < end:
        here = queue[first]
        first += 1
        chain_hash ^= geometry.zobrist[color, here]
        for direction in range(4):
            neighbor = neighbors[here, direction]
            content = stones[neighbor]
            if content == rules.EMPTY:
                # Counting to two needs no marks: another liberty than the first makes two.
                if num_liberties == 0:
                    liberty, num_liberties = neighbor, 1
                elif neighbor != liberty:
                    num_liberties = 2
            elif content == color and chain[neighbor] != first_point:
                chain[neighbor] = first_point
                queue[end] = neighbor
                end += 1
    scratch.num_liberties[first_point] = num_liberties
    scratch.chain_hash[first_point] = chain_hash


@jit
def hash_stones(geometry: geometry.Geometry, stones):
    """XOR of the Zobrist numbers of all stones; 0 for the empty board."""
    total = np.uint64(0)
    for point in range(geometry.num_points):
        total ^= geometry.zobrist[stones[point], point]
    return total
