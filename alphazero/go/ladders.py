"""Search for ladders, with the answers of KataGo's search.

The defender owns a chain with one or two liberties. The attacker puts it into atari with every move. The
defender answers by extending the chain or by capturing stones around it. A chain with three liberties after
its owner's move has escaped. Kos count in the defender's favour.

Source: KataGo, cpp/game/board.cpp (searchIsLadderCaptured) and nninputs.cpp (iterLadders). KataGo's order of
stones in a chain depends on the moves of the game, and ours on the position alone. The order has an effect
when a search reaches its limit, or when one move on the last liberty captures stones and others can be
captured, too.
"""

from typing import NamedTuple

import numpy as np

from alphazero.go import ladder_board, rules
from alphazero.go.geometry import Geometry
from alphazero.jit import Integer, jit

NODE_LIMIT = 25_000
"""Moves of one search. A chain that is not captured by then counts as not captured."""

_UNDECIDED, _CAPTURED, _ESCAPED = 0, 1, 2
_FIRST, _COUNT, _NEXT, _LENGTH, _KO = 0, 1, 2, 3, 4
_NO_POINT, _ZERO = np.int64(rules.NO_MOVE), np.int64(0)
"""A literal would compile the functions that take it a second time."""


class Scratch(NamedTuple):
    """Work arrays of one thread for boards of P points; nothing is kept in them between calls."""

    board: ladder_board.LadderBoard
    moves: np.ndarray  # [M] int16 candidate moves of all levels of the search, one level after the other
    levels: np.ndarray  # [D, 5] int32 first candidate, their number, next one, journal's length and ko
    verdicts: np.ndarray  # [P] int8 at a chain's head: result of its search, or _UNDECIDED


def make_scratch(num_points: int) -> Scratch:
    """Work arrays for one thread."""
    most_levels = num_points * 3 // 2 + 1
    return Scratch(
        board=ladder_board.make(num_points),
        moves=np.zeros(16 * most_levels + 3 * num_points, np.int16),
        levels=np.zeros((most_levels, 5), np.int32),
        verdicts=np.zeros(num_points, np.int8),
    )


@jit
def find(
    geometry: Geometry,
    stones: np.ndarray,
    scratch: Scratch,
    ko: Integer,
    attacker: Integer,
    laddered: np.ndarray,
    captures: np.ndarray,
) -> None:
    """Finds the chains of both colours that a ladder captures.

    - A chain in atari counts if its owner, to move, cannot save it.
    - A chain with two liberties counts if its opponent, to move, can capture it.

    stones: [P] int8, or longer. ko: the point that a ko forbids, or NO_MOVE. laddered: [P] uint8, set to 1 on
    the stones of such chains. captures: [P] uint8, set to 1 on the first moves of `attacker` that capture a
    chain with two liberties. Other points keep their contents. attacker: BLACK or WHITE, or EMPTY for none.
    """
    board, verdicts = scratch.board, scratch.verdicts
    ladder_board.load(geometry, board, stones, ko)
    for point in range(geometry.num_points):
        verdicts[point] = _UNDECIDED
    for row in range(geometry.size - 1, -1, -1):  # KataGo starts with the top row
        for point in range(row * geometry.size, (row + 1) * geometry.size):
            color = board.cells[ladder_board.STONE, point]
            if color != rules.EMPTY and ladder_board.num_liberties(board, np.int64(point)) <= 2:
                head = board.cells[ladder_board.HEAD, point]
                if verdicts[head] == _UNDECIDED:
                    verdicts[head] = _judge(
                        geometry, scratch, np.int64(point), color == 3 - attacker, captures
                    )
                laddered[point] |= verdicts[head] == _CAPTURED


@jit
def _judge(
    geometry: Geometry, scratch: Scratch, point: Integer, marks: bool, captures: np.ndarray
) -> Integer:
    """Result for the chain at `point`. With `marks`, sets the attacker's capturing moves in captures."""
    board = scratch.board
    if ladder_board.num_liberties(board, point) == 1:
        return _CAPTURED if _is_captured(geometry, scratch, point) else _ESCAPED
    attacker = np.int64(3 - board.cells[ladder_board.STONE, point])
    _list_liberties(geometry, scratch, point, _ZERO, _ZERO)
    first, second, ko = np.int64(scratch.moves[0]), np.int64(scratch.moves[1]), board.state[ladder_board.KO]
    result = _ESCAPED
    for move in (first, second):
        if ladder_board.is_legal(geometry, board, move, attacker):
            ladder_board.play(geometry, board, move, attacker)
            is_atari = ladder_board.num_liberties(board, point) == 1
            if is_atari and _is_captured(geometry, scratch, point):
                result = _CAPTURED
                captures[move] |= marks
            ladder_board.take_back(board, _ZERO, ko)
    return result


@jit
def _is_captured(geometry: Geometry, scratch: Scratch, point: Integer) -> bool:
    """Whether the owner of the chain at `point`, to move and in atari, cannot save it."""
    board, levels = scratch.board, scratch.levels
    defender = np.int64(board.cells[ladder_board.STONE, point])
    start, ko = board.state[ladder_board.LENGTH], board.state[ladder_board.KO]
    board.state[ladder_board.KO] = _NO_POINT
    depth, num_nodes = _ZERO, 0
    result = _open_level(geometry, scratch, point, depth)
    while result == _UNDECIDED or depth > 0:
        if result == _UNDECIDED:
            color = defender if depth % 2 == 0 else 3 - defender
            move = _next_move(geometry, scratch, depth, color)
            if move == _NO_POINT:
                result = _CAPTURED if depth % 2 == 0 else _ESCAPED
                continue
            ladder_board.play(geometry, board, move, color)
            depth, num_nodes = depth + 1, num_nodes + 1
            if num_nodes == NODE_LIMIT or ladder_board.is_full(board):
                result = _ESCAPED
                break
            result = _open_level(geometry, scratch, point, depth)
        else:
            depth -= 1
            ladder_board.take_back(board, np.int64(levels[depth, _LENGTH]), np.int64(levels[depth, _KO]))
            # A move that failed its player leaves the level open.
            if result == (_CAPTURED if depth % 2 == 0 else _ESCAPED):
                result = _UNDECIDED
    ladder_board.take_back(board, start, ko)
    return result == _CAPTURED


@jit
def _next_move(geometry: Geometry, scratch: Scratch, depth: Integer, color: Integer) -> Integer:
    """The level's next candidate that is legal, or _NO_POINT."""
    level = scratch.levels[depth]
    while level[_NEXT] < level[_COUNT]:
        move = np.int64(scratch.moves[level[_FIRST] + level[_NEXT]])
        level[_NEXT] += 1
        if ladder_board.is_legal(geometry, scratch.board, move, color):
            return move
    return _NO_POINT


@jit
def _open_level(geometry: Geometry, scratch: Scratch, point: Integer, depth: Integer) -> Integer:
    """Decides the position at this depth, or lists the moves of its player, the defender at even depths."""
    levels, board = scratch.levels, scratch.board
    if depth == len(levels) - 1:
        return _CAPTURED
    level = levels[depth]
    level[_FIRST] = 0 if depth == 0 else levels[depth - 1, _FIRST] + levels[depth - 1, _COUNT]
    level[_NEXT] = 0
    level[_LENGTH], level[_KO] = board.state[ladder_board.LENGTH], board.state[ladder_board.KO]
    if level[_FIRST] > len(scratch.moves) - 2 * geometry.num_points:
        return _ESCAPED
    if depth % 2 == 0:
        return _open_defense(geometry, scratch, point, level)
    return _open_attack(geometry, scratch, point, level)


@jit
def _open_defense(geometry: Geometry, scratch: Scratch, point: Integer, level: np.ndarray) -> Integer:
    board = scratch.board
    if ladder_board.num_liberties(board, point) >= 2 or board.state[ladder_board.KO] != _NO_POINT:
        return _ESCAPED
    first = np.int64(level[_FIRST])
    count = _list_captures(geometry, scratch, point, first)
    count = _list_liberties(geometry, scratch, point, first, count)
    level[_COUNT] = count
    last = np.int64(scratch.moves[first + count - 1])
    least, most = _liberty_bounds(geometry, board, last, np.int64(board.cells[ladder_board.STONE, point]))
    if least >= 3:
        return _ESCAPED
    if count == 1 and most <= 1:
        return _CAPTURED
    return _UNDECIDED


@jit
def _open_attack(geometry: Geometry, scratch: Scratch, point: Integer, level: np.ndarray) -> Integer:
    board, moves, first = scratch.board, scratch.moves, np.int64(level[_FIRST])
    liberties = ladder_board.num_liberties(board, point)
    if liberties != 2:
        return _CAPTURED if liberties < 2 else _ESCAPED
    level[_COUNT] = _list_liberties(geometry, scratch, point, first, _ZERO)
    one, other = np.int64(moves[first]), np.int64(moves[first + 1])
    defender = np.int64(board.cells[ladder_board.STONE, point])
    room, other_room = (
        ladder_board.room(geometry, board, one),
        ladder_board.room(geometry, board, other),
    )
    if room == 0 and other_room == 0 and _is_double_ko(geometry, scratch, point, one, other):
        return _CAPTURED
    if not _is_beside(geometry, one, other):
        # After the attacker's move on one liberty, the defender escapes on the other.
        if room >= 3 and other_room >= 3:
            return _ESCAPED
        if room >= 3 or other_room >= 3:
            level[_COUNT] = 1
            moves[first] = one if room >= 3 else other
            return _UNDECIDED
    promise = 2 * room + _connections(geometry, board, one, defender)
    other_promise = 2 * other_room + _connections(geometry, board, other, defender)
    if other_promise > promise:
        moves[first], moves[first + 1] = other, one
    return _UNDECIDED


@jit
def _is_double_ko(geometry: Geometry, scratch: Scratch, point: Integer, one: Integer, other: Integer) -> bool:
    """Whether both liberties are mouths of kos, and the defender cannot gain a third liberty."""
    board = scratch.board
    defender = np.int64(board.cells[ladder_board.STONE, point])
    for liberty in (one, other):
        if not _takes_ko(geometry, board, liberty, 3 - defender):
            return False
        if _liberties_after(geometry, board, liberty, defender) > 2:
            return False
    unused = np.int64(len(scratch.moves) - geometry.num_points)
    return _list_captures(geometry, scratch, point, unused) == 0


@jit
def _takes_ko(geometry: Geometry, board: ladder_board.LadderBoard, point: Integer, color: Integer) -> bool:
    """Whether `point` is surrounded by opponents and a stone of `color` on it captures exactly one stone."""
    captured = _NO_POINT
    for direction in range(4):
        neighbor = np.int64(geometry.neighbors[point, direction])
        content = board.cells[ladder_board.STONE, neighbor]
        if content != rules.WALL and content != 3 - color:
            return False
        if content == 3 - color and ladder_board.num_liberties(board, neighbor) == 1:
            if captured != _NO_POINT:
                return False
            captured = neighbor
    if captured == _NO_POINT:
        return False
    return board.cells[ladder_board.SIZE, board.cells[ladder_board.HEAD, captured]] == 1


@jit
def _liberties_after(
    geometry: Geometry, board: ladder_board.LadderBoard, point: Integer, color: Integer
) -> Integer:
    """Liberties of a stone of `color` played on `point`, which need not be legal."""
    length, ko = board.state[ladder_board.LENGTH], board.state[ladder_board.KO]
    ladder_board.play(geometry, board, point, color)
    liberties = ladder_board.num_liberties(board, point)
    ladder_board.take_back(board, length, ko)
    return liberties


@jit
def _is_beside(geometry: Geometry, point: Integer, other: Integer) -> bool:
    is_beside = False
    for direction in range(4):
        is_beside |= geometry.neighbors[point, direction] == other
    return is_beside


@jit
def _connections(geometry: Geometry, board: ladder_board.LadderBoard, point: Integer, color: Integer) -> int:
    """Heuristic worth of joining the chains of `color` beside `point`: twice their liberties less 3."""
    total = 0
    for direction in range(4):
        neighbor = np.int64(geometry.neighbors[point, direction])
        if board.cells[ladder_board.STONE, neighbor] == color:
            liberties = ladder_board.num_liberties(board, neighbor)
            if liberties > 1:
                total += 2 * liberties - 3
    return total


@jit
def _liberty_bounds(
    geometry: Geometry, board: ladder_board.LadderBoard, point: Integer, color: Integer
) -> tuple[int, int]:
    """Lower and upper bound of the liberties of a stone of `color` played on the empty `point`."""
    num_sides, num_stones, total, largest = 0, 0, 0, 0
    for direction in range(4):
        neighbor = np.int64(geometry.neighbors[point, direction])
        content = board.cells[ladder_board.STONE, neighbor]
        if content == color:
            liberties = ladder_board.num_liberties(board, neighbor) - 1
            total += liberties
            largest = max(largest, liberties)
        elif content == 3 - color and ladder_board.num_liberties(board, neighbor) == 1:
            num_sides += 1
            num_stones += board.cells[ladder_board.SIZE, board.cells[ladder_board.HEAD, neighbor]]
    room = ladder_board.room(geometry, board, point)
    return num_sides + max(largest, room), room + num_stones + total


@jit
def _list_liberties(
    geometry: Geometry, scratch: Scratch, point: Integer, first: Integer, count: Integer
) -> Integer:
    """Adds the liberties of the chain at `point` to moves[first : first + count]; returns the new count."""
    cells = scratch.board.cells
    here = point
    while True:
        for direction in range(4):
            neighbor = np.int64(geometry.neighbors[here, direction])
            if cells[ladder_board.STONE, neighbor] == rules.EMPTY:
                is_new = True
                for entry in range(first, first + count):
                    is_new &= scratch.moves[entry] != neighbor
                if is_new:
                    scratch.moves[first + count] = neighbor
                    count += 1
        here = np.int64(cells[ladder_board.NEXT, here])
        if here == point:
            return count


@jit
def _list_captures(geometry: Geometry, scratch: Scratch, point: Integer, first: Integer) -> Integer:
    """Writes the moves that capture stones around the chain at `point` to moves[first:]; returns how many."""
    board, count = scratch.board, np.int64(0)
    opponent = 3 - board.cells[ladder_board.STONE, point]
    here = point
    while True:
        for direction in range(4):
            neighbor = np.int64(geometry.neighbors[here, direction])
            is_opponent = board.cells[ladder_board.STONE, neighbor] == opponent
            if is_opponent and ladder_board.num_liberties(board, neighbor) == 1:
                count = _list_liberties(geometry, scratch, neighbor, first, count)
        here = np.int64(board.cells[ladder_board.NEXT, here])
        if here == point:
            return count
