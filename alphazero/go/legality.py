"""Tests of legality that inspect the chains around a point without playing the move."""

import numpy as np

from alphazero.go import board, rules
from alphazero.go.geometry import Geometry
from alphazero.jit import Boolean, Integer, jit

_BLACK_MOVED = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio; not the XOR of a few stones' numbers


@jit
def is_suicide(geometry: Geometry, position: np.record, point: Integer, color: Integer) -> bool:
    """Whether a stone of `color` on the empty `point` would have no liberty and capture nothing.

    position: a board record. point: an index below P.
    """
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
def removed_hash(
    geometry: Geometry, position: np.record, point: Integer, removed_color: Integer
) -> np.uint64:
    """XOR, as uint64, of the Zobrist numbers of the stones of `removed_color` that a move on `point` removes.

    These are the chains beside the point that have no other liberty. position: a board record.
    """
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
def position_hash(ko: Integer, board_hash: np.uint64, color: Integer) -> np.uint64:
    """Hash (uint64) that the ko rule compares, for a board after a move of `color`.

    ko: POSITIONAL, SITUATIONAL or SIMPLE. board_hash: uint64, XOR of the stones' Zobrist numbers.
    """
    is_told_apart = ko == rules.SITUATIONAL and color == rules.BLACK
    return board_hash ^ _BLACK_MOVED if is_told_apart else board_hash


@jit
def oldest_forbidden(ko: Integer, num_moves: Integer) -> Integer:
    """Index in `hashes` of the oldest position that must not be repeated, after `num_moves` moves."""
    return max(num_moves - 1, 0) if ko == rules.SIMPLE else 0


@jit
def may_repeat(lost: np.ndarray, point: Integer, color: Integer, is_suicide: Boolean) -> Boolean:
    """Whether the board after this move can equal an earlier one.

    A board with this stone can only have occurred before if the stone was removed since. All other moves need
    no search for a repetition, except suicide.
    lost: [P] int8, bit `color` is set if a stone of that colour was removed from the point.
    """
    return is_suicide or (lost[point] & (1 << color)) != 0


@jit
def is_repeated(hashes: np.ndarray, oldest: Integer, num_moves: Integer, new_hash: np.uint64) -> bool:
    """Whether new_hash (uint64) is in hashes[oldest : num_moves + 1]. hashes: [capacity + 1] uint64."""
    found = False
    # There is no early exit, so that the loop is compiled to vector instructions.
    for move in range(oldest, num_moves + 1):
        found |= hashes[move] == new_hash
    return found
