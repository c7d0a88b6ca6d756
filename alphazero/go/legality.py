"""Which moves are legal, by looking at the chains around a point instead of playing the move."""

import numpy as np

from alphazero.go import rules
from alphazero.jit import jit


@jit
def is_legal(geometry, game, scratch, point, color):
    """Whether `color` may play on the empty `point`; needs the chains of `label_chains`."""
    is_suicide = _is_suicide(geometry, game.stones[:], scratch, point, color)
    if is_suicide and not game.suicide:
        return False
    if not may_repeat(game.lost[:], point, color, is_suicide):
        return True
    hashes, removed_color = game.hashes[:], color if is_suicide else 3 - color
    new_hash = hashes[game.num_moves] ^ geometry.zobrist[color, point]
    new_hash ^= _removed_hash(geometry, game.stones[:], scratch, point, removed_color)
    if is_suicide:
        new_hash ^= geometry.zobrist[color, point]
    return not is_repeated(hashes, game.num_moves, new_hash)


@jit
def _is_suicide(geometry, stones, scratch, point, color):
    """Whether a stone here would have no liberty and capture nothing."""
    for direction in range(4):
        neighbor = geometry.neighbors[point, direction]
        content = stones[neighbor]
        if content == rules.EMPTY:
            return False
        if content != rules.WALL:
            is_in_atari = scratch.num_liberties[scratch.chain[neighbor]] == 1
            if is_in_atari == (content != color):
                return False
    return True


@jit
def _removed_hash(geometry, stones, scratch, point, removed_color):
    """XOR of the stones of the adjacent chains of `removed_color` whose last liberty is `point`."""
    total = np.uint64(0)
    for direction in range(4):
        neighbor = geometry.neighbors[point, direction]
        if stones[neighbor] == removed_color:
            chain = scratch.chain[neighbor]
            is_new = True
            for earlier in range(direction):
                other = geometry.neighbors[point, earlier]
                if stones[other] == removed_color and scratch.chain[other] == chain:
                    is_new = False
            if is_new and scratch.num_liberties[chain] == 1:
                total ^= scratch.chain_hash[chain]
    return total


@jit
def may_repeat(lost, point, color, is_suicide):
    """Whether the position after this move can have been there before.

    An earlier position with a stone of this colour on this point is different now unless the stone
    was removed since; so all other moves need no search for repetition.
    """
    return is_suicide or (lost[point] & (1 << color)) != 0


@jit
def is_repeated(hashes, num_moves, new_hash):
    for move in range(num_moves + 1):
        if hashes[move] == new_hash:
            return True
    return False
