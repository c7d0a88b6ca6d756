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

_UNUSED = 20
"""A plane for territory rules, which is zero here."""
_KOMI_MARGIN = np.float32(20)
"""Komi is clipped to the points of the board plus this."""


class Scratch(NamedTuple):
    """Work arrays of one thread for boards of P points; nothing is kept in them between calls."""

    stones: np.ndarray  # [P + 1] int8 board with BLACK for the player to move
    owner: np.ndarray  # [P] int8 colour that owns a point
    kos: np.ndarray  # [3] int64 points that kos forbid now, one and two turns ago
    ladders: ladders.Scratch
    area: area.Scratch


def make_scratch(num_points: int) -> Scratch:
    """Work arrays for one thread."""
    return Scratch(
        stones=np.full(num_points + 1, rules.WALL, np.int8),
        owner=np.zeros(num_points, np.int8),
        kos=np.zeros(3, np.int64),
        ladders=ladders.make_scratch(num_points),
        area=area.make_scratch(num_points),
    )


@jit
def fill(
    geometry: Geometry,
    games: np.ndarray,
    index: Integer,
    is_full: Boolean,
    planes: np.ndarray,
    global_inputs: np.ndarray,
) -> None:
    """Fills planes [22, P] uint8 and global_inputs [19] float32 with the inputs for games[index].

    Planes 14 to 19, ladders and areas, stay zero. If `is_full`, they hold what `add_tactics` needs instead.
    """
    game = games[index]
    color = np.int64(game.to_play)
    planes[:] = 0
    global_inputs[:] = 0
    _fill_stones(geometry, game.stones[:], game.head[:], color, planes)
    game_kernels.forbidden_repetitions(geometry, game, planes[KO])
    num_shown = _fill_moves(game.recent_moves[:], game.recent_colors[:], color, planes, global_inputs)
    _fill_rules(game, color, global_inputs)
    if is_full:
        _note_boards(geometry, game, num_shown, color, planes)


@jit
def add_tactics(geometry: Geometry, scratch: Scratch, planes: np.ndarray, global_inputs: np.ndarray) -> None:
    """Fills the planes of ladders and areas in planes [B, 22, P], which `fill` has prepared.

    This is apart from `fill` because it is long: it is compiled once, and not for each layout of games.
    global_inputs: [B, 19].
    """
    for row in range(len(planes)):
        _add_ladders(geometry, scratch, planes[row])
        _add_areas(geometry, scratch, planes[row], global_inputs[row, SUICIDE] > 0)


@jit
def _fill_stones(
    geometry: Geometry, stones: np.ndarray, head: np.ndarray, color: Integer, planes: np.ndarray
) -> None:
    """Fills the planes of the board, the stones and their liberties."""
    liberties = planes[_UNUSED]  # at a chain's head
    _count_liberties(geometry, stones, head, liberties)
    for point in range(geometry.num_points):
        stone = stones[point]
        planes[ON_BOARD, point] = 1
        planes[OWN, point] = stone == color
        planes[OPPONENT, point] = stone == 3 - color
        if stone != rules.EMPTY:
            count = liberties[head[point]]
            if count <= 3:
                planes[LIBERTIES + count - 1, point] = 1
    liberties[:] = 0


@jit
def _count_liberties(geometry: Geometry, stones: np.ndarray, head: np.ndarray, liberties: np.ndarray) -> None:
    """Adds the liberties of each chain to liberties [P] uint8 at its head; more than 4 count as 4."""
    for point in range(geometry.num_points):
        if stones[point] == rules.EMPTY:
            for direction in range(4):
                neighbor = geometry.neighbors[point, direction]
                if stones[neighbor] == rules.BLACK or stones[neighbor] == rules.WHITE:
                    is_new = liberties[head[neighbor]] < 4
                    for earlier in range(direction):
                        other = geometry.neighbors[point, earlier]
                        is_same_color = stones[other] == stones[neighbor]
                        is_new &= not (is_same_color and head[other] == head[neighbor])
                    liberties[head[neighbor]] += is_new


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
def _note_boards(
    geometry: Geometry, game: np.record, num_shown: Integer, color: Integer, planes: np.ndarray
) -> None:
    """Notes for `add_tactics` the boards one and two turns ago, and the kos of these turns.

    The boards lie in their planes of ladders: 1 own, 2 the opponent's stones. Bit t of a point in the plane
    of ladders now is set if a ko forbade the point t turns ago. A board before a move that is not shown is
    replaced by the next newer one.
    """
    past, num_moves = game.past[:], np.int64(game.num_moves) + rules.HISTORY
    for turn in range(3):
        ago = min(turn, num_shown)
        move, mover = np.int64(game.recent_moves[ago]), np.int64(game.recent_colors[ago])
        before = past[(num_moves - ago - 1) % rules.HISTORY]
        if ago == 0:
            ko = _ko(geometry, game.stones[:], before, move, mover)
            _note_board(game.stones[:], color, ko, turn, planes)
        else:
            stones = past[(num_moves - ago) % rules.HISTORY]
            ko = _ko(geometry, stones, before, move, mover)
            _note_board(stones, color, ko, turn, planes)


@jit
def _note_board(stones: np.ndarray, color: Integer, ko: Integer, turn: Integer, planes: np.ndarray) -> None:
    """Notes the ko of a turn, and its board if it is not the current one."""
    if ko != rules.NO_MOVE:
        planes[LADDERS, ko] |= 1 << turn
    if turn > 0:
        for point in range(planes.shape[1]):
            stone = stones[point]
            planes[LADDERS + turn, point] = (stone == color) + 2 * (stone == 3 - color)


@jit
def _add_ladders(geometry: Geometry, scratch: Scratch, planes: np.ndarray) -> None:
    """Replaces the notes of `_note_boards` by the planes of ladders and of the mover's capturing moves."""
    kos, stones, attacker = scratch.kos, scratch.stones, np.int64(rules.BLACK)
    _take_kos(planes[LADDERS], kos)
    for point in range(geometry.num_points):
        stones[point] = planes[OWN, point] + 2 * planes[OPPONENT, point]
    for turn in range(3):
        target, is_same = planes[LADDERS + turn], False
        if turn > 0:
            is_same = _take_board(target, stones) and kos[turn] == kos[turn - 1]
        if is_same:
            arrays.copy(target, planes[LADDERS + turn - 1])
        else:
            ladders.find(geometry, stones, scratch.ladders, kos[turn], attacker, target, planes[CAPTURES])
        attacker = np.int64(rules.EMPTY)


@jit
def _take_kos(noted: np.ndarray, kos: np.ndarray) -> None:
    """Moves the kos of three turns from their plane to kos [3]."""
    for turn in range(len(kos)):
        kos[turn] = rules.NO_MOVE
    for point in range(len(noted)):
        for turn in range(len(kos)):
            if noted[point] & (1 << turn):
                kos[turn] = point
        noted[point] = 0


@jit
def _take_board(noted: np.ndarray, stones: np.ndarray) -> bool:
    """Moves a board from its plane to stones [P + 1]; returns whether it was there already."""
    is_same = True
    for point in range(len(noted)):
        is_same &= stones[point] == noted[point]
        stones[point] = noted[point]
        noted[point] = 0
    return is_same


@jit
def _add_areas(geometry: Geometry, scratch: Scratch, planes: np.ndarray, suicide: Boolean) -> None:
    """Fills the planes of areas."""
    for point in range(geometry.num_points):
        scratch.stones[point] = planes[OWN, point] + 2 * planes[OPPONENT, point]
    area.find(geometry, scratch.stones, scratch.area, suicide, scratch.owner)
    for point in range(geometry.num_points):
        planes[OWN_AREA, point] = scratch.owner[point] == rules.BLACK
        planes[OPPONENT_AREA, point] = scratch.owner[point] == rules.WHITE


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
