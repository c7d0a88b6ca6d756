"""Kernels for whole games: records, moves, legal actions and the end of a game.

The rules are in docs/rules.md. Ko rules compare 64-bit hashes of positions. Suicide is legal if the game
allows it. Two passes or the move limit end a game.
"""

import functools

import numpy as np

from alphazero.config import game as game_config
from alphazero.go import board, legality, rules
from alphazero.go.geometry import Geometry
from alphazero.jit import Boolean, Integer, jit

_KO_RULES = {
    game_config.Ko.positional: rules.POSITIONAL,
    game_config.Ko.situational: rules.SITUATIONAL,
    game_config.Ko.simple: rules.SIMPLE,
}


@functools.cache
def game_dtype(size: int, capacity: int) -> np.dtype:
    """Record layout of a game on a board of P = size * size points with at most `capacity` moves.

    Kernels are compiled again for every pair of arguments, so `capacity` should take few values.
    """
    num_points = size * size
    fields = [
        *board.fields(num_points),
        ("past", np.int8, (rules.HISTORY, num_points)),  # past[n % 7] is the board before move n, or EMPTY
        ("lost", np.int8, num_points),  # bit `color` is set if a stone of that colour was removed here
        ("hashes", np.uint64, capacity + 1),  # `legality.position_hash` after each number of moves
        ("board_hash", np.uint64),  # hash of the stones alone, under every ko rule
        ("num_moves", np.int32),  # passes included
        ("move_limit", np.int32),  # the game ends when num_moves reaches this or `capacity`
        ("captures", np.int32, 2),  # stones captured by Black, by White; suicide counts for the opponent
        ("komi", np.float64),  # points added to White's area
        ("last_move", np.int16),  # newest action, NO_MOVE at the start
        ("recent_moves", np.int16, rules.NUM_RECENT_MOVES),  # newest first, NO_MOVE before the start
        ("recent_colors", np.int8, rules.NUM_RECENT_MOVES),  # who played them, EMPTY before the start
        ("to_play", np.int8),  # BLACK or WHITE
        ("passes", np.int8),  # passes since the last stone, 0 to 2
        ("ko", np.int8),  # POSITIONAL, SITUATIONAL or SIMPLE
        ("suicide", np.bool_),  # whether suicide is allowed
        ("over", np.bool_),
    ]
    # np.record makes `game.komi` work outside kernels as it does inside.
    return np.dtype((np.record, np.dtype(fields, align=True)))


def new_games(count: int, config: game_config.GameConfig, capacity: int | None = None) -> np.ndarray:
    """New game states [count], Black to move.

    capacity: largest number of moves, `config.moves_at_most` by default. A game that reaches it is over.
    """
    capacity = config.moves_at_most if capacity is None else capacity
    games = np.zeros(count, game_dtype(config.size, capacity))
    games["stones"][:, -1] = rules.WALL
    games["to_play"] = rules.BLACK
    games["last_move"] = rules.NO_MOVE
    games["recent_moves"] = rules.NO_MOVE
    games["komi"] = config.komi
    games["ko"] = _KO_RULES[config.ko]
    games["suicide"] = config.suicide
    games["move_limit"] = config.moves_at_most
    return games


def set_up(geometry: Geometry, games, index, stones, to_play) -> None:
    """Starts games[index], which has no moves yet, with stones [P] int8 and colour `to_play` to move."""
    game = games[index]
    game.stones[:-1] = stones[: geometry.num_points]
    board.find_chains(geometry, game)
    game.to_play = to_play
    game.board_hash = board.hash_stones(geometry, game.stones)
    game.hashes[0] = legality.position_hash(game.ko, game.board_hash, 3 - int(to_play))


@jit
def play(
    geometry: Geometry, games: np.ndarray, scratch: board.Scratch, index: Integer, action: Integer
) -> int:
    """Plays `action` for the player to move in games[index].

    Returns OK, or the code of `rules` that says why the action is illegal. An illegal action changes nothing.
    games: records. index: an integer. action: a point, or P for a pass; other numbers are OFF_BOARD.
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
        status = _play_stone(geometry, game, scratch.captured, point, color)
        if status != rules.OK:
            return status
        game.passes = 0
    game.num_moves += 1
    game.last_move = point
    _remember_move(game, point, color)
    game.to_play = 3 - color
    game.over = game.passes == 2 or game.num_moves >= min(game.move_limit, len(game.hashes) - 1)
    return rules.OK


@jit
def play_each(
    geometry: Geometry,
    games: np.ndarray,
    scratch: board.Scratch,
    indices: np.ndarray,
    actions: np.ndarray,
) -> int:
    """Plays actions[b] in games[indices[b]] for each b. indices, actions: [B] int64.

    Returns OK, or the code of the last illegal action. Illegal actions leave their games unchanged.
    """
    worst = rules.OK
    for slot in range(len(indices)):
        status = play(geometry, games, scratch, np.int64(indices[slot]), np.int64(actions[slot]))
        if status != rules.OK:
            worst = status
    return worst


@jit
def _play_stone(
    geometry: Geometry, game: np.record, captured: np.ndarray, point: Integer, color: Integer
) -> int:
    """Plays a stone: updates stones, past, lost, hashes and captures if it is legal. Returns a code."""
    status = _why_illegal(geometry, game, point, color)
    if status != rules.OK:
        return status
    _remember(game.stones[:], game.past[game.num_moves % rules.HISTORY])
    num_captured = board.place_stone(geometry, game, captured, point, color)
    is_suicide = game.stones[point] == rules.EMPTY
    removed_color = color if is_suicide else 3 - color
    game.board_hash ^= geometry.zobrist[color, point]
    for entry in range(num_captured):
        game.board_hash ^= geometry.zobrist[removed_color, captured[entry]]
        game.lost[captured[entry]] |= 1 << removed_color
    game.hashes[game.num_moves + 1] = legality.position_hash(game.ko, game.board_hash, color)
    # captures[0] counts the white stones that Black has captured.
    game.captures[rules.WHITE - removed_color] += num_captured
    return rules.OK


@jit
def _why_illegal(geometry: Geometry, game: np.record, point: Integer, color: Integer) -> int:
    """OK, or the code of the rule that forbids a stone of `color` on `point`."""
    if game.stones[point] != rules.EMPTY:
        return rules.OCCUPIED
    is_suicide = legality.is_suicide(geometry, game, point, color)
    if is_suicide and not game.suicide:
        return rules.SUICIDE
    if legality.may_repeat(game.lost[:], point, color, is_suicide):
        change = _hash_change(geometry, game, point, color, is_suicide)
        new_hash = legality.position_hash(game.ko, game.board_hash ^ change, color)
        oldest = legality.oldest_forbidden(game.ko, game.num_moves)
        if change == 0 or legality.is_repeated(game.hashes[:], oldest, game.num_moves, new_hash):
            return rules.SUPERKO
    return rules.OK


@jit
def _hash_change(
    geometry: Geometry, game: np.record, point: Integer, color: Integer, is_suicide: Boolean
) -> np.uint64:
    """XOR of the board hashes before and after a move."""
    if is_suicide:
        return legality.removed_hash(geometry, game, point, color)
    removed = legality.removed_hash(geometry, game, point, 3 - color)
    return removed ^ geometry.zobrist[color, point]


@jit
def _remember(stones: np.ndarray, before: np.ndarray) -> None:
    """Copies the current stones over the oldest remembered board, `before` [P]."""
    for point in range(len(before)):
        before[point] = stones[point]


@jit
def _remember_move(game: np.record, action: Integer, color: Integer) -> None:
    """Puts a move before the other recent moves. The oldest one is dropped."""
    for step in range(rules.NUM_RECENT_MOVES - 1, 0, -1):
        game.recent_moves[step] = game.recent_moves[step - 1]
        game.recent_colors[step] = game.recent_colors[step - 1]
    game.recent_moves[0], game.recent_colors[0] = action, color


@jit
def forbidden_repetitions(geometry: Geometry, game: np.record, forbidden: np.ndarray) -> None:
    """Fills forbidden [P] uint8 with the points that only the ko rule forbids to the player to move.

    Suicide that the rules forbid is not included, nor is the suicide of a single stone, which never changes
    the board.
    """
    color = np.int64(game.to_play)
    stones, lost = game.stones[:], game.lost[:]
    for point in range(geometry.num_points):
        forbidden[point] = 0
        if stones[point] == rules.EMPTY and (game.suicide or (lost[point] & (1 << color)) != 0):
            repeats = _why_illegal(geometry, game, np.int64(point), color) == rules.SUPERKO
            forbidden[point] = repeats and not _is_single_suicide(geometry, game, np.int64(point), color)


@jit
def _is_single_suicide(geometry: Geometry, game: np.record, point: Integer, color: Integer) -> bool:
    """Whether a stone of `color` on an empty point would be removed alone."""
    is_alone = True
    for direction in range(4):
        is_alone &= game.stones[geometry.neighbors[point, direction]] != color
    return is_alone and legality.is_suicide(geometry, game, point, color)


@jit
def legal_actions(geometry: Geometry, games: np.ndarray, index: Integer, legal: np.ndarray) -> None:
    """Fills legal [A] bool for the player to move in games[index]; all False once the game is over."""
    game = games[index]
    if game.over:
        legal[:] = False
        return
    color, num_points = np.int64(game.to_play), geometry.num_points
    stones, lost, neighbors = game.stones[:], game.lost[:], geometry.neighbors
    for point in range(num_points):
        legal[point] = False
        if stones[point] == rules.EMPTY:
            has_liberty = False
            for direction in range(4):
                has_liberty |= stones[neighbors[point, direction]] == rules.EMPTY
            # On most points neither suicide nor a repetition is possible, so they need no further check.
            is_plain = has_liberty and (lost[point] & (1 << color)) == 0
            legal[point] = is_plain or _why_illegal(geometry, game, np.int64(point), color) == rules.OK
    legal[num_points] = True


@jit
def copy_game(target: np.ndarray, target_index: Integer, source: np.ndarray, source_index: Integer) -> None:
    """Copies source[source_index] to target[target_index]; both are arrays of game states of one layout."""
    target[target_index] = source[source_index]
