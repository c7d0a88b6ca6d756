"""Reference of KataGo's inputs with sets and recursion, from the description of its planes.

Stones are dictionaries as in `tests.reference.board`. It replays `tests.reference.board.Game`.
"""

import functools
import math

from tests.reference import board as reference_board
from tests.reference import life as reference_life
from tests.reference.board import OTHER, Point, Stones

Position = frozenset[tuple[Point, str]]


def stones_with_liberties(size: int, stones: Stones, count: int) -> set[Point]:
    """Stones of chains with this number of liberties."""
    return {point for point in stones if len(reference_board.liberties(size, stones, point)) == count}


def after(size: int, stones: Stones, point: Point, color: str) -> Stones | None:
    """The board after a stone that is put on an empty point, or None if it is suicide."""
    placed = reference_board.without_captured(size, stones | {point: color}, OTHER[color])
    return placed if reference_board.liberties(size, placed, point) else None


def ko_after(size: int, before: Stones, now: Stones, move: Point | None) -> Point | None:
    """Where a simple ko forbids to take back after a move."""
    if move is None or move not in now:
        return None
    removed = set(before) - set(now)
    chain, _ = reference_board.flood(size, now, move)
    is_ko = len(removed) == 1 and len(chain) == 1 and reference_board.liberties(size, now, move) == removed
    return removed.pop() if is_ko else None


class LadderReader:
    """Ladders on one board size. Results are remembered, as the answers do not depend on the way."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._is_captured = functools.cache(self._search)

    def laddered(self, stones: Stones, ko: Point | None) -> tuple[set[Point], dict[str, set[Point]]]:
        """Stones that are lost in ladders, and by attacker the moves that begin one against two liberties."""
        lost: set[Point] = set()
        starts: dict[str, set[Point]] = {"b": set(), "w": set()}
        for point, color in stones.items():
            liberties = reference_board.liberties(self.size, stones, point)
            if len(liberties) == 1 and self._is_captured(frozenset(stones.items()), point, True, None):
                lost.add(point)
            if len(liberties) == 2:
                for move in liberties - {ko}:
                    new = after(self.size, stones, move, OTHER[color])
                    if new is None or len(reference_board.liberties(self.size, new, point)) != 1:
                        continue
                    if self._is_captured(frozenset(new.items()), point, True, None):
                        lost.add(point)
                        starts[OTHER[color]].add(move)
        return lost, starts

    def _search(self, position: Position, point: Point, defends: bool, ko: Point | None) -> bool:
        stones = dict(position)
        liberties = reference_board.liberties(self.size, stones, point)
        color = stones[point] if defends else OTHER[stones[point]]
        if defends:
            if len(liberties) >= 2 or ko is not None:
                return False
            moves = liberties | self._captures(stones, point)
        else:
            if len(liberties) != 2:
                return len(liberties) < 2
            if self._is_double_ko(stones, point, liberties):
                return True
            moves = liberties
        for move in moves - {ko}:
            new = after(self.size, stones, move, color)
            if new is not None:
                new_ko = ko_after(self.size, stones, new, move)
                if self._is_captured(frozenset(new.items()), point, not defends, new_ko) != defends:
                    return not defends
        return defends

    def _captures(self, stones: Stones, point: Point) -> set[Point]:
        """Moves that capture stones beside the chain."""
        around = {near for near in reference_board.flood(self.size, stones, point)[1] if near in stones}
        found = [reference_board.liberties(self.size, stones, near) for near in around]
        return {liberty for liberties in found for liberty in liberties if len(liberties) == 1}

    def _is_double_ko(self, stones: Stones, point: Point, liberties: set[Point]) -> bool:
        color = stones[point]
        for liberty in liberties:
            near = list(reference_board.neighbors(self.size, liberty))
            ataris = [p for p in near if p in stones and len(self._liberties(stones, p)) == 1]
            if any(stones.get(p) != color for p in near) or len(ataris) != 1:
                return False
            if len(reference_board.flood(self.size, stones, ataris[0])[0]) != 1:
                return False
            filled = stones | {liberty: color}
            if len(self._liberties(filled, liberty)) > 2:
                return False
        return not self._captures(stones, point)

    def _liberties(self, stones: Stones, point: Point) -> set[Point]:
        return reference_board.liberties(self.size, stones, point)


def owner(size: int, stones: Stones, *, suicide: bool) -> dict[Point, str]:
    """KataGo's area: pass-alive chains and their territory, then regions with one border, then stones."""
    points = reference_life.all_points(size)
    found: dict[Point, str] = {}
    unsafe: dict[Point, str] = {}
    for color in "bw":
        own = {point for point in stones if stones[point] == color}
        alive = reference_life.pass_alive(size, stones, color, suicide=suicide)
        found |= dict.fromkeys(alive, color)
        for region in reference_life.parts(size, points - own) if own else []:
            border = reference_life.around(size, region)
            inner = region - reference_life.around(size, border)
            is_empty = not region & set(stones)
            if border <= alive and (len(inner) <= 1 or is_empty):
                found |= dict.fromkeys(region, color)
            elif is_empty:
                unsafe |= dict.fromkeys(region, color)
    return dict.fromkeys(points, "") | stones | unsafe | found


def parity_wave(komi: float, num_points: int) -> float:
    """The triangular wave: 0 where a draw is possible, .5 half a point beyond, 0 between, then -.5."""
    beyond = (komi - num_points) % 2
    return {0.0: 0.0, 0.5: 0.5, 1.0: 0.0, 1.5: -0.5}[beyond]


def globals_of(game: reference_board.Game, komi: float) -> list[float]:
    """The 19 global inputs. komi: White's."""
    num_points = game.size**2
    own = komi if game.to_play == "w" else -komi
    own = math.copysign(min(abs(own), num_points + 20), own)
    result = [0.0] * 19
    for step, move in enumerate(shown_moves(game)):
        result[step] = float(move is None)
    result[5] = own / 20
    result[6:8] = {"simple": [0, 0], "positional": [1, 0.5], "situational": [1, -0.5]}[game.ko]
    result[8] = float(game.suicide)
    result[14] = float(bool(game.moves) and game.moves[-1] is None)
    result[18] = parity_wave(own, num_points)
    return result


def shown_moves(game: reference_board.Game) -> list[Point | None]:
    """The last five moves, newest first; after the second of two passes only that pass."""
    return [None] if game.is_over else game.moves[:-6:-1]


def planes_of(game: reference_board.Game) -> list[set[Point]]:
    """The 22 planes as sets of points."""
    size, own, stones = game.size, game.to_play, game.stones
    planes: list[set[Point]] = [set() for _ in range(22)]
    planes[0] = reference_life.all_points(size)
    planes[1] = {point for point in stones if stones[point] == own}
    planes[2] = set(stones) - planes[1]
    for count in (1, 2, 3):
        planes[2 + count] = stones_with_liberties(size, stones, count)
    planes[6] = {point for point in planes[0] - set(stones) if is_repetition(game, point)}
    moves = shown_moves(game)
    for step, move in enumerate(moves):
        planes[9 + step] = set() if move is None else {move}
    reader = LadderReader(size)
    for turn in range(3):
        ago = min(turn, len(moves))
        board = game.boards[-1 - ago]
        ko = None
        if len(game.boards) > ago + 1:
            ko = ko_after(size, game.boards[-2 - ago], board, game.moves[-1 - ago])
        planes[14 + turn], starts = reader.laddered(board, ko)
        if turn == 0:
            planes[17] = starts[own]
    owners = owner(size, stones, suicide=game.suicide)
    planes[18] = {point for point in owners if owners[point] == own}
    planes[19] = {point for point in owners if owners[point] == OTHER[own]}
    return planes


def is_repetition(game: reference_board.Game, point: Point) -> bool:
    """Whether the board after the move is one that the ko rule forbids, and the move is otherwise legal."""
    return game.why_illegal(point) == "superko" and game.after(point) != game.stones
