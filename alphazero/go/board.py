"""Stones on a board: placing, capturing and counting. Knows no history, no ko and no players.

A board is a record with the fields of `fields`. A game state begins with them, so it is a board, too. One
stone of each chain is its head; the number of liberties is stored at the head's point. The stones of a chain
form a ring. A liberty counts once for each stone that touches it, so joining two chains only adds their
counts.
"""

from typing import Any, NamedTuple

import numpy as np

from alphazero.go import rules
from alphazero.go.geometry import Geometry
from alphazero.jit import Integer, jit


def fields(num_points: int) -> list[tuple[Any, ...]]:
    """Fields of a board of P points, in the form that np.dtype takes."""
    return [
        ("stones", np.int8, num_points + 1),  # EMPTY, BLACK or WHITE; stones[P] is WALL, off the board
        # The fields below are undefined on empty points.
        ("head", np.int16, num_points),  # point of the chain's head
        ("next_stone", np.int16, num_points),  # next stone in the ring of the chain
        ("num_liberties", np.int16, num_points),  # at a head, counted once for each stone that touches
    ]


class Scratch(NamedTuple):
    """Work arrays of one thread for boards of P points; nothing is kept in them between calls."""

    captured: np.ndarray  # [P] int16 points emptied by `place_stone`, in the first n entries
    queue: np.ndarray  # [P] int16 points of the region that is being walked
    marks: np.ndarray  # [P + 1] int64 stamp of the last walk that reached the point
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
def place_stone(
    geometry: Geometry, board: np.record, captured: np.ndarray, point: Integer, color: Integer
) -> Integer:
    """Puts a stone on an empty point, removes chains without liberties, and returns the number removed.

    Chains of the opponent are removed first. If there are none and the stone's own chain has no liberty, that
    chain is removed and stones[point] is EMPTY afterwards. Checks no rules.
    board: a record. captured: [P] int16; the points of the n removed stones are written to captured[:n].
    point: an index below P. color: BLACK or WHITE.
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
def find_chains(geometry: Geometry, board: np.record) -> None:
    """Fills the other fields of a board record whose `stones` were set directly."""
    stones = board.stones[:]
    for point in range(geometry.num_points):
        color = stones[point]
        if color != rules.EMPTY:
            _start_chain(geometry, board, np.int64(point))
            for direction in range(4):
                neighbor = geometry.neighbors[point, direction]
                # A neighbor with a higher number joins later, from its own point.
                if neighbor < point and stones[neighbor] == color:
                    _join(board, np.int64(point), np.int64(neighbor))


@jit
def is_last_liberty(geometry: Geometry, board: np.record, point: Integer, neighbor: Integer) -> bool:
    """Whether the chain at `neighbor` has no liberty except `point`.

    board: a record. point: an empty point. neighbor: a point beside it that has a stone.
    """
    head, touching = board.head[neighbor], 0
    for direction in range(4):
        other = geometry.neighbors[point, direction]
        touching += board.stones[other] == board.stones[neighbor] and board.head[other] == head
    return board.num_liberties[head] == touching


@jit
def chain_hash(geometry: Geometry, board: np.record, point: Integer) -> np.uint64:
    """XOR, as uint64, of the Zobrist numbers of the stones in the chain at `point`. board: a record."""
    color = board.stones[point]
    total = geometry.zobrist[color, point]
    here = board.next_stone[point]
    while here != point:
        total ^= geometry.zobrist[color, here]
        here = board.next_stone[here]
    return total


@jit
def hash_stones(geometry: Geometry, stones: np.ndarray) -> np.uint64:
    """XOR, as uint64, of the Zobrist numbers of all stones; 0 for the empty board. stones: [P + 1] int8."""
    total = np.uint64(0)
    for point in range(geometry.num_points):
        total ^= geometry.zobrist[stones[point], point]
    return total


@jit
def _add_stone(geometry: Geometry, board: np.record, point: Integer, color: Integer) -> None:
    """Puts a stone down, takes a liberty from the chains beside it and joins those of its colour."""
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
def _start_chain(geometry: Geometry, board: np.record, point: Integer) -> None:
    """Makes a stone a chain by itself and counts the empty points beside it."""
    board.head[point] = point
    board.next_stone[point] = point
    board.num_liberties[point] = 0
    for direction in range(4):
        neighbor = geometry.neighbors[point, direction]
        if board.stones[neighbor] == rules.EMPTY:
            board.num_liberties[point] += 1


@jit
def _join(board: np.record, point: Integer, neighbor: Integer) -> None:
    """Joins the chains of two stones, unless both are in the same chain."""
    old, new = board.head[point], board.head[neighbor]
    if old == new:
        return
    board.num_liberties[new] += board.num_liberties[old]
    here = point
    while board.head[here] == old:
        board.head[here] = new
        here = np.int64(board.next_stone[here])
    # Exchanging the successors of one stone of each ring joins the rings.
    board.next_stone[point], board.next_stone[neighbor] = board.next_stone[neighbor], board.next_stone[point]


@jit
def _remove_chain(
    geometry: Geometry, board: np.record, captured: np.ndarray, point: Integer, num_captured: Integer
) -> Integer:
    """Removes the chain at `point`, appends its points to captured[:num_captured], returns the new length."""
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
