"""Which moves are legal, by looking at the chains around a point instead of playing the move."""

import numpy as np

from alphazero.go import board, geometry, rules
from alphazero.jit import jit

_BLACK_MOVED = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: not the XOR of few stones


@jit
def is_suicide(geometry: geometry.Geometry, position, point, color):
    """Whether a stone on the empty `point` would have no liberty and capture nothing. position: a board."""
    for direction in range(4):
        neighbor = np.int64(geometry.neighbors[point, direction])
        content = position.stones[neighbor]
        if content == rules.EMPTY:
            return False
        if content != rules.WALL:
            is_last = board.is_last_liberty(geometry, position, np.int64(point), neighbor)
            if is_last == (content != color):
                return False
    return True


@jit
def removed_hash(geometry: geometry.Geometry, position, point, removed_color):
    """XOR of the stones that a move on `point` removes: chains of one colour that have no other liberty."""
    total = np.uint64(0)
    for direction in range(4):
        neighbor = np.int64(geometry.neighbors[point, direction])
        if position.stones[neighbor] == removed_color:
            is_new = True
            for earlier in range(direction):
                other = geometry.neighbors[point, earlier]
                if (
                    position.stones[other] == removed_color
                    and position.head[other] == position.head[neighbor]
                ):
                    is_new = False
            if is_new and board.is_last_liberty(geometry, position, np.int64(point), neighbor):
                total ^= board.chain_hash(geometry, position, neighbor)
    return total


@jit
def position_hash(ko, board_hash, color):
    """What the ko rule compares of a board that `color` has moved to."""
    is_told_apart = ko == rules.SITUATIONAL and color == rules.BLACK
    return board_hash ^ _BLACK_MOVED if is_told_apart else board_hash


@jit
def oldest_forbidden(ko, num_moves):
    """Number of the oldest position that may not come back after `num_moves` moves."""
    return max(num_moves - 1, 0) if ko == rules.SIMPLE else 0


@jit
def may_repeat(lost, point, color, is_suicide):
    """Whether the board after this move can have been there before.

    An earlier board with a stone of this colour on this point is different now unless the stone
    was removed since; so all other moves need no search for repetition.
    """
    return is_suicide or (lost[point] & (1 << color)) != 0


@jit
def is_repeated(hashes, oldest, num_moves, new_hash):
    """Whether `new_hash` is among hashes[oldest : num_moves + 1]."""
    found = False
    # No early exit: without one the loop becomes vector instructions.
    for move in range(oldest, num_moves + 1):
        found |= hashes[move] == new_hash
    return found
