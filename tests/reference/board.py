"""Reference rules of Go with dictionaries and sets, written to be obviously correct.

A point is (x, y) with (0, 0) = A1. Colours are "b" and "w". A move is a point, or None for a pass.
"""

from collections.abc import Iterator

Point = tuple[int, int]
Stones = dict[Point, str]
OTHER = {"b": "w", "w": "b"}


def neighbors(size: int, point: Point) -> Iterator[Point]:
    x, y = point
    for new_x, new_y in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
        if 0 <= new_x < size and 0 <= new_y < size:
            yield new_x, new_y


def flood(size: int, stones: Stones, start: Point) -> tuple[set[Point], set[Point]]:
    """The connected points with the same content as `start`, and the other points beside them."""
    inside, border, waiting = set(), set(), {start}
    while waiting:
        point = waiting.pop()
        inside.add(point)
        for near in neighbors(size, point):
            if stones.get(near) != stones.get(start):
                border.add(near)
            elif near not in inside:
                waiting.add(near)
    return inside, border


def liberties(size: int, stones: Stones, point: Point) -> set[Point]:
    return {near for near in flood(size, stones, point)[1] if near not in stones}


def without_captured(size: int, stones: Stones, color: str) -> Stones:
    """The board after all chains of `color` without liberties are removed together."""
    alive = {point for point in stones if stones[point] != color or liberties(size, stones, point)}
    return {point: stones[point] for point in stones if point in alive}


def area(size: int, stones: Stones) -> dict[Point, str]:
    """Owner of each point: a stone's colour, or the only colour that an empty region touches, else ""."""
    owner = {}
    for point in ((x, y) for x in range(size) for y in range(size)):
        if point in stones:
            owner[point] = stones[point]
        else:
            colors = {stones[near] for near in flood(size, stones, point)[1]}
            owner[point] = colors.pop() if len(colors) == 1 else ""
    return owner


class Game:
    """A game that keeps every board since the start. ko: "positional", "situational" or "simple"."""

    def __init__(self, size: int, *, suicide: bool, ko: str = "positional") -> None:
        self.size = size
        self.suicide = suicide
        self.ko = ko
        self.to_play = "b"
        self.boards: list[Stones] = [{}]
        self.movers = ["w"]
        """The colour that moved to each board; for the first board, the colour that does not begin."""
        self.moves: list[Point | None] = []
        self.captured = {"b": 0, "w": 0}
        """Number of removed stones of each colour."""

    @property
    def stones(self) -> Stones:
        return self.boards[-1]

    @property
    def is_over(self) -> bool:
        return len(self.moves) >= 2 and self.moves[-1] is None and self.moves[-2] is None

    def after(self, point: Point) -> Stones:
        """The board after a stone of the player to move on an empty point, legal or not."""
        stones = self.stones | {point: self.to_play}
        return without_captured(
            self.size, without_captured(self.size, stones, OTHER[self.to_play]), self.to_play
        )

    def why_illegal(self, point: Point) -> str:
        """The reason as a word; empty for a legal point."""
        if point in self.stones:
            return "occupied"
        after = self.after(point)
        if point not in after and not self.suicide:
            return "suicide"
        return "superko" if after == self.stones or after in self.forbidden() else ""

    def forbidden(self) -> list[Stones]:
        """The boards that the player to move must not repeat."""
        if self.ko == "simple":
            return self.boards[-2:-1]
        if self.ko == "situational":
            pairs = zip(self.boards, self.movers, strict=True)
            return [board for board, mover in pairs if mover == self.to_play]
        return self.boards

    def legal(self) -> set[Point]:
        return {(x, y) for x in range(self.size) for y in range(self.size) if not self.why_illegal((x, y))}

    def play(self, move: Point | None) -> None:
        before = self.stones
        after = before if move is None else self.after(move)
        for color in self.captured:
            added = int(move is not None and color == self.to_play)
            count = [list(board.values()).count(color) for board in (before, after)]
            self.captured[color] += count[0] + added - count[1]
        self.boards.append(after)
        self.movers.append(self.to_play)
        self.moves.append(move)
        self.to_play = OTHER[self.to_play]

    def score(self) -> int:
        """Black's area minus White's."""
        owners = list(area(self.size, self.stones).values())
        return owners.count("b") - owners.count("w")

    def planes(self) -> list[set[Point]]:
        """The points that are set in each of the 18 planes."""
        recent = [*reversed(self.boards[-8:]), *[{}] * 8][:8]
        everything = {(x, y) for x in range(self.size) for y in range(self.size)}
        return [
            *({p for p in board if board[p] == self.to_play} for board in recent),
            *({p for p in board if board[p] == OTHER[self.to_play]} for board in recent),
            everything if self.to_play == "b" else set(),
            everything if self.to_play == "w" else set(),
        ]
