"""Moves in games: who plays, what is legal, when it ends.

Rules (docs/rules.md): ko by 64-bit hashes of positions, suicide if the game allows it, two passes or the
move limit end the game.
"""

import functools

import numpy as np

from alphazero.config import game as game_config
from alphazero.go import board, geometry, legality, rules
from alphazero.jit import jit

_KO_RULES = {
    game_config.Ko.positional: rules.POSITIONAL,
    game_config.Ko.situational: rules.SITUATIONAL,
    game_config.Ko.simple: rules.SIMPLE,
}


@functools.cache
def game_dtype(size: int, capacity: int) -> np.dtype:
    """Layout of a game on a board of P = size * size points with room for `capacity` moves.

    Every pair of arguments makes kernels compile again, so `capacity` should take few values.
    """
    num_points = size * size
    fields = [
        ("stones", np.int8, num_points + 1),  # EMPTY, BLACK or WHITE; stones[P] is WALL
        ("past", np.int8, (rules.HISTORY, num_points)),  # past[n % 7] is the board before move n, or zero
        ("lost", np.int8, num_points),  # bit `color` is set where stones of that colour were removed
        ("hashes", np.uint64, capacity + 1),  # `legality.position_hash` after each number of moves
        ("board_hash", np.uint64),  # of the stones, whatever the ko rule
        ("num_moves", np.int32),  # passes included
        ("move_limit", np.int32),  # the game ends when num_moves reaches it, or `capacity`
        ("captures", np.int32, 2),  # stones captured by Black and by White; suicide counts for the opponent
        ("komi", np.float64),  # points added to White's area
        ("last_move", np.int16),  # action, NO_MOVE at the start
        ("to_play", np.int8),  # BLACK or WHITE
        ("passes", np.int8),  # passes since the last stone, at most two
        ("ko", np.int8),  # POSITIONAL, SITUATIONAL or SIMPLE
        ("suicide", np.bool_),  # whether suicide is allowed
        ("over", np.bool_),
    ]
    # np.record makes `game.komi` work outside kernels as it does inside.
    return np.dtype((np.record, np.dtype(fields, align=True)))


def new_games(count: int, config: game_config.GameConfig, capacity: int | None = None) -> np.ndarray:
    """[count] games at their start, Black to move.

    capacity: moves that fit, `config.moves_at_most` by default; a game that fills it is over.
    """
    capacity = config.moves_at_most if capacity is None else capacity
    games = np.zeros(count, game_dtype(config.size, capacity))
    games["stones"][:, -1] = rules.WALL
    games["to_play"] = rules.BLACK
    games["last_move"] = rules.NO_MOVE
    games["komi"] = config.komi
    games["ko"] = _KO_RULES[config.ko]
    games["suicide"] = config.suicide
    games["move_limit"] = config.moves_at_most
    return games


def set_up(geometry: geometry.Geometry, games, index, stones, to_play) -> None:
    """Lets games[index], which has no moves, begin with stones [P] int8 and this colour to move."""
    game = games[index]
    game.stones[:-1] = stones[: geometry.num_points]
    game.to_play = to_play
    game.board_hash = board.hash_stones(geometry, game.stones)
    game.hashes[0] = legality.position_hash(game.ko, game.board_hash, 3 - int(to_play))


@jit
def play(geometry: geometry.Geometry, games, scratch: board.Scratch, index, action):
    """Plays `action` for the player to move in games[index]; returns OK or why it is illegal.

    An illegal action leaves the game unchanged.
    """
    game = games[index]
    point, color = np.int64(action), np.int64(game.to_play)
    if game.over:
        return rules.GAME_OVER
    if point < 0 or point > geometry.num_points:
        return rules.OFF_BOARD
    if point == geometry.num_points:
        _remember(game.stones[:], game.past[game.num_moves % rules.HISTORY])
        game.hashes[game.num_moves + 1] = legality.position_hash(game.ko, game.board_hash, color)
        game.passes += 1
    else:
        status = _play_stone(geometry, game, scratch, point, color)
        if status != rules.OK:
            return status
        game.passes = 0
    game.num_moves += 1
    game.last_move = point
    game.to_play = 3 - color
    game.over = game.passes == 2 or game.num_moves >= min(game.move_limit, len(game.hashes) - 1)
    return rules.OK


@jit
def _play_stone(geometry, game, scratch, point, color):
    """The board's part of a move: stones, past, lost, the hashes and captures."""
    stones, lost, hashes = game.stones[:], game.lost[:], game.hashes[:]
    if stones[point] != rules.EMPTY:
        return rules.OCCUPIED
    num_captured = board.place_stone(geometry, stones, scratch, point, color)
    is_suicide = stones[point] == rules.EMPTY
    if is_suicide and not game.suicide:
        board.undo_stone(stones, scratch, num_captured, point, color)
        return rules.SUICIDE
    removed_color = color if is_suicide else 3 - color
    board_hash = game.board_hash ^ geometry.zobrist[color, point]
    for entry in range(num_captured):
        board_hash ^= geometry.zobrist[removed_color, scratch.captured[entry]]
    new_hash = legality.position_hash(game.ko, board_hash, color)
    if legality.may_repeat(lost, point, color, is_suicide):
        oldest = legality.oldest_forbidden(game.ko, game.num_moves)
        is_repeated = legality.is_repeated(hashes, oldest, game.num_moves, new_hash)
        if is_repeated or board_hash == game.board_hash:
            board.undo_stone(stones, scratch, num_captured, point, color)
            return rules.SUPERKO
    before = game.past[game.num_moves % rules.HISTORY]
    _remember(stones, before)
    _restore(before, scratch, num_captured, point, removed_color)
    hashes[game.num_moves + 1] = new_hash
    game.board_hash = board_hash
    for entry in range(num_captured):
        lost[scratch.captured[entry]] |= 1 << removed_color
    # captures[0] counts White's stones: what Black has captured.
    game.captures[rules.WHITE - removed_color] += num_captured
    return rules.OK


@jit
def _remember(stones, before):
    """Copies the board over the oldest that the game remembers."""
    for point in range(len(before)):
        before[point] = stones[point]


@jit
def _restore(before, scratch, num_captured, point, removed_color):
    """Turns a copy of the board after the move into the board before it."""
    for entry in range(num_captured):
        before[scratch.captured[entry]] = removed_color
    before[point] = rules.EMPTY


@jit
def legal_actions(geometry: geometry.Geometry, games, scratch: board.Scratch, index, legal):
    """Fills legal [A] bool for the player to move; all False once the game is over."""
    game = games[index]
    if game.over:
        legal[:] = False
        return
    stones, lost, hashes = game.stones[:], game.lost[:], game.hashes[:]
    color, num_points = np.int64(game.to_play), geometry.num_points
    position_hash = legality.position_hash(game.ko, game.board_hash, color)
    oldest = legality.oldest_forbidden(game.ko, game.num_moves)
    board.label_chains(geometry, stones, scratch)
    for point in range(num_points):
        legal[point] = False
        if stones[point] == rules.EMPTY:
            is_suicide = legality.is_suicide(geometry, stones, scratch, point, color)
            legal[point] = game.suicide or not is_suicide
            if legal[point] and legality.may_repeat(lost, point, color, is_suicide):
                change = _hash_change(geometry, stones, scratch, point, color, is_suicide)
                new_hash = position_hash ^ change
                is_repeated = legality.is_repeated(hashes, oldest, game.num_moves, new_hash)
                legal[point] = change != 0 and not is_repeated
    legal[num_points] = True


@jit
def _hash_change(geometry, stones, scratch, point, color, is_suicide):
    """What a move changes in the hash."""
    if is_suicide:
        return legality.removed_hash(geometry, stones, scratch, point, color)
    removed = legality.removed_hash(geometry, stones, scratch, point, 3 - color)
    return removed ^ geometry.zobrist[color, point]


@jit
def copy_game(target, target_index, source, source_index):
    """target[target_index] = source[source_index], two arrays of the same dtype."""
    target[target_index] = source[source_index]
