"""Stones on a board: placing, capturing, counting. No history, no ko, no players.

A board is a record (or a record that begins with one, such as a game) with the fields of `fields`.
Each chain has a head, one of its stones, under whose point its liberties are counted; its stones form
a ring. A liberty counts once for each stone that touches it, so that counts only ever need adding.
"""

from typing import Any, NamedTuple

import numpy as np

from alphazero.go import geometry, rules
from alphazero.jit import jit


def fields(num_points: int) -> list[tuple[Any, ...]]:
    """Fields of a board of P points, as for np.dtype."""
    return [
        ("stones", np.int8, num_points + 1),  # EMPTY, BLACK or WHITE; stones[P] is WALL, off the board
        ("head", np.int16, num_points),  # of the chain of this stone; anything where empty, as all below
        ("next_stone", np.int16, num_points),  # the ring of the chain's stones
        (
            "num_liberties",
            np.int16,
            num_points,
        ),  # of the chain with this head, once for each stone that touches
    ]


class Scratch(NamedTuple):
    """Work arrays of one thread for boards of P points; nothing is kept in them between calls."""

    captured: np.ndarray  # [P] int16 points emptied by `place_stone`, in its first n entries
    queue: np.ndarray  # [P] int16 points of the region under way
    marks: np.ndarray  # [P + 1] int64 stamp of the last walk that saw the point
    stamp: np.ndarray  # [1] int64 number of the current walk


def make_scratch(num_points: int) -> Scratch:
    """Work arrays for one thread."""
    return Scratch(
        captured=np.zeros(num_points, np.int16),
        queue=np.zeros(num_points, np.int16),
        marks=np.zeros(num_points + 1, np.int64),
        stamp=np.zeros(1, np.int64),
    )


@jit
def place_stone(geometry: geometry.Geometry, board, captured, point, color):
    """Puts a stone on an empty point and removes what has no liberty left.

    The opponent's chains go first; if none does and the stone's own chain has no liberty, that
    goes (then stones[point] is EMPTY). Returns the number n of removed stones, whose points are in
    captured[:n]; captured: [P] int16.
    """
    stones, head = board.stones[:], board.head[:]
    _add_stone(geometry, board, point, color)
    num_captured = np.int64(0)  # a literal 0 would compile _remove_chain a second time
    for direction in range(4):
        neighbor = np.int64(geometry.neighbors[point, direction])
        if stones[neighbor] == 3 - color and board.num_liberties[head[neighbor]] == 0:
            num_captured = _remove_chain(geometry, board, captured, neighbor, num_captured)
    if num_captured == 0 and board.num_liberties[head[point]] == 0:
        num_captured = _remove_chain(geometry, board, captured, np.int64(point), num_captured)
    return num_captured


@jit
def find_chains(geometry: geometry.Geometry, board):
    """Describes the chains of a board whose stones were put there in another way."""
    stones = board.stones[:]
    for point in range(geometry.num_points):
        color = stones[point]
        if color != rules.EMPTY:
            _start_chain(geometry, board, np.int64(point))
            for direction in range(4):
                neighbor = geometry.neighbors[point, direction]
                # Later neighbors join when their turn comes.
                if neighbor < point and stones[neighbor] == color:
                    _join(board, np.int64(point), np.int64(neighbor))


@jit
def is_last_liberty(geometry: geometry.Geometry, board, point, neighbor):
    """Whether the chain of the stone at `neighbor` has no liberty but the empty point beside it."""
    head, touching = board.head[neighbor], 0
    for direction in range(4):
        other = geometry.neighbors[point, direction]
        touching += board.stones[other] == board.stones[neighbor] and board.head[other] == head
    return board.num_liberties[head] == touching


@jit
def chain_hash(geometry: geometry.Geometry, board, point):
    """XOR of the Zobrist numbers of the stones in the chain of this stone."""
    color = board.stones[point]
    total = geometry.zobrist[color, point]
    here = board.next_stone[point]
    while here != point:
        total ^= geometry.zobrist[color, here]
        here = board.next_stone[here]
    return total


@jit
def hash_stones(geometry: geometry.Geometry, stones):
    """XOR of the Zobrist numbers of all stones; 0 for the empty board. stones: [P + 1] int8."""
    total = np.uint64(0)
    for point in range(geometry.num_points):
        total ^= geometry.zobrist[stones[point], point]
    return total


@jit
def _add_stone(geometry, board, point, color):
    """Puts the stone down, takes the liberty from its neighbors and joins it to those of its colour."""
    stones = board.stones[:]
    stones[point] = color
    _start_chain(geometry, board, np.int64(point))
    for direction in range(4):
        neighbor = np.int64(geometry.neighbors[point, direction])
        content = stones[neighbor]
        if content == rules.BLACK or content == rules.WHITE:
            board.num_liberties[board.head[neighbor]] -= 1
            if content == color:
                _join(board, np.int64(point), neighbor)


@jit
def _start_chain(geometry, board, point):
    """Makes the stone a chain of its own, with the empty points around it."""
    board.head[point] = point
    board.next_stone[point] = point
    board.num_liberties[point] = 0
    for direction in range(4):
        neighbor = geometry.neighbors[point, direction]
        if board.stones[neighbor] == rules.EMPTY:
            board.num_liberties[point] += 1


@jit
def _join(board, point, neighbor):
    """Makes one chain of two stones' chains, if they are not one already."""
    old, new = board.head[point], board.head[neighbor]
    if old == new:
        return
    board.num_liberties[new] += board.num_liberties[old]
    here = point
    while board.head[here] == old:
        board.head[here] = new
        here = np.int64(board.next_stone[here])
    # Exchanging the successors of one stone in each makes one ring of two.
    board.next_stone[point], board.next_stone[neighbor] = board.next_stone[neighbor], board.next_stone[point]


@jit
def _remove_chain(geometry, board, captured, point, num_captured):
    """Empties the chain at `point`, appends it to captured[:num_captured], returns the new length."""
    stones, end = board.stones[:], num_captured
    here = point
    while stones[here] != rules.EMPTY:
        stones[here] = rules.EMPTY
        captured[end] = here
        end += 1
        here = np.int64(board.next_stone[here])
    for entry in range(num_captured, end):
        empty = np.int64(captured[entry])
        for direction in range(4):
            neighbor = np.int64(geometry.neighbors[empty, direction])
            if stones[neighbor] == rules.BLACK or stones[neighbor] == rules.WHITE:
                board.num_liberties[board.head[neighbor]] += 1
    return end
