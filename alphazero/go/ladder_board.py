"""Board for reading ladders: it counts real liberties, and its moves can be taken back.

Each change of a cell is written to a journal. Taking moves back restores the old cells in reverse order.
"""

from typing import NamedTuple

import numpy as np

from alphazero.go import rules
from alphazero.go.geometry import Geometry
from alphazero.jit import Integer, jit

STONE, HEAD, NEXT, SIZE, LIBERTIES = 0, 1, 2, 3, 4
"""Rows of `LadderBoard.cells`. HEAD and NEXT are those of `go.board`; SIZE and LIBERTIES lie at heads."""

KO, LENGTH = 0, 1
"""Entries of `LadderBoard.state`: the point that must not be played, and the length of the journal."""


class LadderBoard(NamedTuple):
    """A board of P points. Only one thread uses it."""

    cells: np.ndarray  # [5, P + 1] int16
    journal: np.ndarray  # [J, 3] int16 row, point and old content of each change
    state: np.ndarray  # [2] int64


def make(num_points: int) -> LadderBoard:
    """An empty board."""
    cells = np.zeros((5, num_points + 1), np.int16)
    cells[STONE, -1] = rules.WALL
    journal = np.zeros((72 * num_points + 200, 3), np.int16)
    return LadderBoard(cells=cells, journal=journal, state=np.array([rules.NO_MOVE, 0]))


@jit
def load(geometry: Geometry, board: LadderBoard, stones: np.ndarray, ko: Integer) -> None:
    """Sets the board. stones: [P] int8, or longer. ko: the point that a ko forbids, or NO_MOVE."""
    cells = board.cells
    for point in range(geometry.num_points):
        cells[STONE, point] = stones[point]
        cells[HEAD, point] = rules.NO_MOVE
        cells[SIZE, point] = 0
        cells[LIBERTIES, point] = 0
    board.state[KO], board.state[LENGTH] = ko, 0
    for point in range(geometry.num_points):
        if cells[STONE, point] != rules.EMPTY and cells[HEAD, point] < 0:
            _find_chain(geometry, board, np.int64(point))
    for point in range(geometry.num_points):
        if cells[STONE, point] == rules.EMPTY:
            _count_as_liberty(geometry, board, point)


@jit
def play(geometry: Geometry, board: LadderBoard, point: Integer, color: Integer) -> None:
    """Plays a legal move that is not suicide, and finds the ko that it leaves."""
    cells = board.cells
    _set(board, STONE, point, color)
    _set(board, HEAD, point, point)
    _set(board, NEXT, point, point)
    _set(board, SIZE, point, 1)
    _set(board, LIBERTIES, point, room(geometry, board, point))
    num_captured, captured = 0, np.int64(rules.NO_MOVE)
    for direction in range(4):
        neighbor = np.int64(geometry.neighbors[point, direction])
        content = cells[STONE, neighbor]
        if content == color and cells[HEAD, neighbor] != cells[HEAD, point]:
            _add_liberties(board, neighbor, np.int64(-1))
            _join(geometry, board, neighbor, point)
        elif content == 3 - color and is_first_side(geometry, board, point, direction):
            _add_liberties(board, neighbor, np.int64(-1))
            if num_liberties(board, neighbor) == 0:
                num_captured += cells[SIZE, cells[HEAD, neighbor]]
                captured = neighbor
                _remove(geometry, board, neighbor)
    head = cells[HEAD, point]
    is_ko = num_captured == 1 and cells[SIZE, head] == 1 and cells[LIBERTIES, head] == 1
    board.state[KO] = captured if is_ko else rules.NO_MOVE


@jit
def take_back(board: LadderBoard, length: Integer, ko: Integer) -> None:
    """Restores the position at which the journal had this length and `ko` was forbidden."""
    for entry in range(board.state[LENGTH] - 1, length - 1, -1):
        row, point, content = board.journal[entry]
        board.cells[row, point] = content
    board.state[KO], board.state[LENGTH] = ko, length


@jit
def is_full(board: LadderBoard) -> bool:
    """Whether the journal may have no room for another move, which changes at most 8 * P + 100 cells."""
    return board.state[LENGTH] > len(board.journal) - 8 * board.cells.shape[1] - 100


@jit
def is_legal(geometry: Geometry, board: LadderBoard, point: Integer, color: Integer) -> bool:
    """Whether the point is empty, and a stone on it is neither suicide nor forbidden by a ko."""
    if board.cells[STONE, point] != rules.EMPTY or point == board.state[KO]:
        return False
    for direction in range(4):
        neighbor = np.int64(geometry.neighbors[point, direction])
        content = board.cells[STONE, neighbor]
        if content == rules.EMPTY:
            return True
        if content != rules.WALL and (num_liberties(board, neighbor) == 1) == (content != color):
            return True
    return False


@jit
def num_liberties(board: LadderBoard, point: Integer) -> Integer:
    """Liberties of the chain at `point`."""
    return board.cells[LIBERTIES, board.cells[HEAD, point]]


@jit
def room(geometry: Geometry, board: LadderBoard, point: Integer) -> Integer:
    """Number of empty points beside `point`."""
    count = 0
    for direction in range(4):
        count += board.cells[STONE, geometry.neighbors[point, direction]] == rules.EMPTY
    return count


@jit
def is_first_side(geometry: Geometry, board: LadderBoard, point: Integer, direction: Integer) -> bool:
    """Whether no earlier direction leads from `point` to the same chain. There is a stone in `direction`."""
    neighbor = geometry.neighbors[point, direction]
    is_first = True
    for earlier in range(direction):
        is_first &= not _is_in_chain(
            board, np.int64(geometry.neighbors[point, earlier]), board.cells[HEAD, neighbor]
        )
    return is_first


@jit
def _is_in_chain(board: LadderBoard, point: Integer, head: Integer) -> bool:
    content = board.cells[STONE, point]
    return content != rules.EMPTY and content != rules.WALL and board.cells[HEAD, point] == head


@jit
def _set(board: LadderBoard, row: Integer, point: Integer, content: Integer) -> None:
    """Changes a cell and notes its old content."""
    entry = board.state[LENGTH]
    board.journal[entry, 0] = row
    board.journal[entry, 1] = point
    board.journal[entry, 2] = board.cells[row, point]
    board.state[LENGTH] = entry + 1
    board.cells[row, point] = content


@jit
def _add_liberties(board: LadderBoard, point: Integer, change: Integer) -> None:
    head = np.int64(board.cells[HEAD, point])
    _set(board, LIBERTIES, head, board.cells[LIBERTIES, head] + change)


@jit
def _find_chain(geometry: Geometry, board: LadderBoard, start: Integer) -> None:
    """Makes the connected stones at `start` a chain. Its ring serves as the queue of the walk."""
    cells = board.cells
    cells[HEAD, start], cells[NEXT, start], cells[SIZE, start] = start, start, 1
    here, last = start, start
    while True:
        for direction in range(4):
            neighbor = np.int64(geometry.neighbors[here, direction])
            if cells[STONE, neighbor] == cells[STONE, start] and cells[HEAD, neighbor] < 0:
                cells[HEAD, neighbor] = start
                cells[NEXT, last], cells[NEXT, neighbor] = neighbor, start
                cells[SIZE, start] += 1
                last = neighbor
        if here == last:
            return
        here = np.int64(cells[NEXT, here])


@jit
def _count_as_liberty(geometry: Geometry, board: LadderBoard, point: Integer) -> None:
    """Adds an empty point to the liberties of each chain beside it, without the journal."""
    for direction in range(4):
        neighbor = geometry.neighbors[point, direction]
        content = board.cells[STONE, neighbor]
        is_stone = content != rules.EMPTY and content != rules.WALL
        if is_stone and is_first_side(geometry, board, point, direction):
            board.cells[LIBERTIES, board.cells[HEAD, neighbor]] += 1


@jit
def _join(geometry: Geometry, board: LadderBoard, point: Integer, other: Integer) -> None:
    """Joins the chains of two stones. The larger one keeps its head, or else that of `point`."""
    cells = board.cells
    large, small = np.int64(cells[HEAD, point]), np.int64(cells[HEAD, other])
    if cells[SIZE, large] < cells[SIZE, small]:
        large, small = small, large
    num_new = 0
    here = small
    while True:
        for direction in range(4):
            neighbor = np.int64(geometry.neighbors[here, direction])
            is_empty = cells[STONE, neighbor] == rules.EMPTY
            num_new += is_empty and not _touches(geometry, board, neighbor, large)
        _set(board, HEAD, here, large)
        following = np.int64(cells[NEXT, here])
        if following == small:
            break
        here = following
    _set(board, SIZE, large, cells[SIZE, large] + cells[SIZE, small])
    _set(board, LIBERTIES, large, cells[LIBERTIES, large] + num_new)
    # `here` is the last stone of the smaller ring.
    _set(board, NEXT, here, cells[NEXT, large])
    _set(board, NEXT, large, small)


@jit
def _touches(geometry: Geometry, board: LadderBoard, point: Integer, head: Integer) -> bool:
    """Whether a stone of the chain with this head is beside `point`."""
    touches = False
    for direction in range(4):
        touches |= _is_in_chain(board, np.int64(geometry.neighbors[point, direction]), head)
    return touches


@jit
def _remove(geometry: Geometry, board: LadderBoard, point: Integer) -> None:
    """Removes the chain at `point` and gives the chains around it their liberties."""
    color = board.cells[STONE, point]
    here = point
    while board.cells[STONE, here] == color:
        _set(board, STONE, here, rules.EMPTY)
        for direction in range(4):
            neighbor = np.int64(geometry.neighbors[here, direction])
            is_opponent = board.cells[STONE, neighbor] == 3 - color
            if is_opponent and is_first_side(geometry, board, here, direction):
                _add_liberties(board, neighbor, np.int64(1))
        here = np.int64(board.cells[NEXT, here])
