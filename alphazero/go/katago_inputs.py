"""Inputs of KataGo's networks, version 7, for area scoring; defined in docs/conventions.md.

Source: KataGo, cpp/neuralnet/nninputs.cpp (fillRowV7), without its passing hacks and conservative passes.
"""

from typing import NamedTuple

import numpy as np

from alphazero import arrays
from alphazero.go import area, game_kernels, ladders, rules
from alphazero.go.geometry import Geometry
from alphazero.jit import Boolean, Integer, jit

NUM_PLANES, NUM_GLOBALS = 22, 19
ON_BOARD, OWN, OPPONENT, LIBERTIES, KO, MOVES = 0, 1, 2, 3, 6, 9
LADDERS, CAPTURES, OWN_AREA, OPPONENT_AREA = 14, 17, 18, 19
"""Planes. LIBERTIES, MOVES and LADDERS are the first of several."""
PASSES, KOMI, REPETITION, SITUATION, SUICIDE, PASS_ENDS, PARITY = 0, 5, 6, 7, 8, 14, 18
"""Global inputs. PASSES is the first of several."""

_KOMI_MARGIN = np.float32(20)
"""Komi is clipped to the points of the board plus this."""


class Scratch(NamedTuple):
    """Work arrays of one thread for boards of P points; nothing is kept in them between calls."""

    liberties: np.ndarray  # [P] int16 at a chain's head: its liberties
    owner: np.ndarray  # [P] int8 colour that owns a point
    boards: np.ndarray  # [4, P] int8 stones now and one to three turns ago
    ladders: ladders.Scratch
    area: area.Scratch


def make_scratch(num_points: int) -> Scratch:
    """Work arrays for one thread."""
    return Scratch(
        liberties=np.zeros(num_points, np.int16),
        owner=np.zeros(num_points, np.int8),
        boards=np.zeros((4, num_points), np.int8),
        ladders=ladders.make_scratch(num_points),
        area=area.make_scratch(num_points),
    )


@jit
def fill(
    geometry: Geometry,
    games: np.ndarray,
    index: Integer,
    scratch: Scratch,
    has_tactics: Boolean,
    planes: np.ndarray,
    global_inputs: np.ndarray,
) -> None:
    """Fills planes [22, P] uint8 and global_inputs [19] float32 with the inputs for games[index].

    has_tactics: whether to find ladders and areas; without, planes 14 to 19 are zero.
    """
    game = games[index]
    color = np.int64(game.to_play)
    planes[:] = 0
    global_inputs[:] = 0
    _count_liberties(geometry, game.stones[:], game.head[:], scratch.liberties)
    _fill_stones(game.stones[:], game.head[:], scratch.liberties, color, planes)
    game_kernels.forbidden_repetitions(geometry, game, planes[KO])
    num_shown = _fill_moves(game.recent_moves[:], game.recent_colors[:], color, planes, global_inputs)
    _fill_rules(game, color, global_inputs)
    if has_tactics:
        _fill_ladders(geometry, game, scratch, num_shown, color, planes)
        area.find(geometry, game.stones[:], scratch.area, game.suicide, scratch.owner)
        for point in range(geometry.num_points):
            planes[OWN_AREA, point] = scratch.owner[point] == color
            planes[OPPONENT_AREA, point] = scratch.owner[point] == 3 - color


@jit
def _count_liberties(geometry: Geometry, stones: np.ndarray, head: np.ndarray, liberties: np.ndarray) -> None:
    """Fills liberties [P] at the heads of chains; each liberty counts once."""
    for point in range(geometry.num_points):
        liberties[point] = 0
    for point in range(geometry.num_points):
        if stones[point] == rules.EMPTY:
            for direction in range(4):
                neighbor = geometry.neighbors[point, direction]
                if stones[neighbor] == rules.BLACK or stones[neighbor] == rules.WHITE:
                    is_new = True
                    for earlier in range(direction):
                        other = geometry.neighbors[point, earlier]
                        is_same_color = stones[other] == stones[neighbor]
                        is_new &= not (is_same_color and head[other] == head[neighbor])
                    liberties[head[neighbor]] += is_new


@jit
def _fill_stones(
    stones: np.ndarray, head: np.ndarray, liberties: np.ndarray, color: Integer, planes: np.ndarray
) -> None:
    """Fills the planes of the board, the stones and their liberties."""
    for point in range(planes.shape[1]):
        stone = stones[point]
        planes[ON_BOARD, point] = 1
        planes[OWN, point] = stone == color
        planes[OPPONENT, point] = stone == 3 - color
        if stone != rules.EMPTY:
            count = liberties[head[point]]
            if count <= 3:
                planes[LIBERTIES + count - 1, point] = 1


@jit
def _fill_moves(
    moves: np.ndarray, colors: np.ndarray, color: Integer, planes: np.ndarray, global_inputs: np.ndarray
) -> Integer:
    """Shows the newest moves, as long as the players alternate, and returns their number.

    Of two passes in succession, which end a game, the second is the oldest move that is shown.
    moves, colors: [5], newest first. color: to move.
    """
    num_points = planes.shape[1]
    for step in range(len(moves)):
        mover = 3 - color if step % 2 == 0 else color
        follows_passes = step > 0 and moves[step - 1] == num_points and moves[step] == num_points
        if colors[step] != mover or follows_passes:
            return step
        if moves[step] == num_points:
            global_inputs[PASSES + step] = 1
        else:
            planes[MOVES + step, moves[step]] = 1
    return len(moves)


@jit
def _fill_rules(game: np.record, color: Integer, global_inputs: np.ndarray) -> None:
    """Fills the global inputs except the passes."""
    num_points = len(game.lost)
    bound = np.float32(num_points) + _KOMI_MARGIN
    komi = np.float32(game.komi if color == rules.WHITE else -game.komi)
    komi = min(max(komi, -bound), bound)
    global_inputs[KOMI] = komi / np.float32(20)
    if game.ko != rules.SIMPLE:
        global_inputs[REPETITION] = 1
        global_inputs[SITUATION] = 0.5 if game.ko == rules.POSITIONAL else -0.5
    global_inputs[SUICIDE] = game.suicide
    global_inputs[PASS_ENDS] = game.over or game.passes > 0
    global_inputs[PARITY] = _parity_wave(komi, num_points)


@jit
def _parity_wave(komi: np.float32, num_points: Integer) -> np.float32:
    """A triangular wave of the mover's komi with period 2.

    It rises through 0 at komis with which a draw is possible, which are as even or odd as the board's points.
    """
    parity = np.float32(num_points % 2)
    rest = komi - parity - np.float32(2) * np.floor((komi - parity) / np.float32(2))
    if rest < np.float32(0.5):
        return rest
    return np.float32(1) - rest if rest < np.float32(1.5) else rest - np.float32(2)


@jit
def _fill_ladders(
    geometry: Geometry,
    game: np.record,
    scratch: Scratch,
    num_shown: Integer,
    color: Integer,
    planes: np.ndarray,
) -> None:
    """Fills the planes of ladders now, one and two turns ago, and of the mover's capturing moves.

    Where a move is not shown, the board before it is not shown either, and the next newer board repeats.
    """
    boards, attacker = scratch.boards, color
    _copy_boards(game.stones[:], game.past[:], np.int64(game.num_moves), boards)
    for turn in range(3):
        target = planes[LADDERS + turn]
        if turn <= num_shown:
            move, mover = np.int64(game.recent_moves[turn]), np.int64(game.recent_colors[turn])
            ko = _ko(geometry, boards[turn], boards[turn + 1], move, mover)
            ladders.find(geometry, boards[turn], scratch.ladders, ko, attacker, target, planes[CAPTURES])
            attacker = np.int64(rules.EMPTY)
        else:
            arrays.copy(target, planes[LADDERS + turn - 1])


@jit
def _copy_boards(stones: np.ndarray, past: np.ndarray, num_moves: Integer, boards: np.ndarray) -> None:
    """Fills boards [4, P] with the stones now and one to three turns ago."""
    for point in range(boards.shape[1]):
        boards[0, point] = stones[point]
    for turn in range(1, len(boards)):
        arrays.copy(boards[turn], past[(num_moves + rules.HISTORY - turn) % rules.HISTORY])


@jit
def _ko(geometry: Geometry, stones: np.ndarray, before: np.ndarray, move: Integer, color: Integer) -> Integer:
    """The point that a ko forbids after a move, or NO_MOVE.

    It is where the move captured one stone, if the capturing stone is alone and has one liberty.
    stones, before: [P] int8 after and before the move, which was of `color`.
    """
    if move == rules.NO_MOVE or move == geometry.num_points:
        return np.int64(rules.NO_MOVE)
    liberty, num_liberties, is_alone = np.int64(rules.NO_MOVE), 0, stones[move] == color
    for direction in range(4):
        neighbor = np.int64(geometry.neighbors[move, direction])
        if neighbor < geometry.num_points:
            is_alone &= stones[neighbor] != color
            if stones[neighbor] == rules.EMPTY:
                liberty, num_liberties = neighbor, num_liberties + 1
    if not is_alone or num_liberties != 1 or before[liberty] != 3 - color:
        return np.int64(rules.NO_MOVE)
    for direction in range(4):
        neighbor = np.int64(geometry.neighbors[liberty, direction])
        if neighbor < geometry.num_points and before[neighbor] == 3 - color:
            return np.int64(rules.NO_MOVE)
    return liberty
