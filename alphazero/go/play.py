"""One game for people, GTP and SGF: checks, raises and remembers; searches use the kernels of `game`."""

import copy

import numpy as np

from alphazero.config import game as game_config
from alphazero.go import board, diagram, geometry, rules, scoring
from alphazero.go import game as kernels


class Game:
    """One game with its moves. Illegal moves raise ValueError with a diagram and change nothing."""

    def __init__(
        self,
        size: int,
        komi: float,
        *,
        ko: game_config.Ko = game_config.Ko.positional,
        suicide: bool = False,
        move_limit: int = rules.UNLIMITED,
        capacity: int | None = None,
    ) -> None:
        """capacity: room for so many moves at first, 4 * P by default; the game makes more when it must."""
        capacity = 4 * size * size if capacity is None else capacity
        config = game_config.GameConfig(size=size, ko=ko, suicide=suicide)
        self.size = size
        self.moves: list[tuple[int, int]] = []
        """Colour and action of each move so far."""
        self.record = kernels.new_games(1, config, capacity)
        """[1] game record; replaced by a larger one, of another dtype, when fewer than P more moves fit."""
        self.record["komi"] = _checked_komi(komi)
        self.record["move_limit"] = move_limit
        self._setup = self.record.copy()
        self._geometry = geometry.make(size)
        self._scratch = board.make_scratch(size * size)

    @property
    def stones(self) -> np.ndarray:
        """[P] int8, a copy."""
        return self.record["stones"][0, :-1].copy()

    @property
    def komi(self) -> float:
        """Points added to White's area."""
        return float(self.record["komi"][0])

    @komi.setter
    def komi(self, komi: float) -> None:
        self.record["komi"] = self._setup["komi"] = _checked_komi(komi)

    @property
    def to_play(self) -> int:
        """BLACK or WHITE; may be set at any time."""
        return int(self.record["to_play"][0])

    @to_play.setter
    def to_play(self, color: int) -> None:
        assert color in (rules.BLACK, rules.WHITE)
        self.record["to_play"] = color
        if not self.moves:
            # The first position is one that the opponent of whoever begins has moved to.
            kernels.set_up(self._geometry, self.record, 0, self.stones, color)

    @property
    def last_move(self) -> int:
        """The newest action, NO_MOVE before the first."""
        return int(self.record["last_move"][0])

    @property
    def is_over(self) -> bool:
        """Whether two passes or the move limit have ended the game."""
        return bool(self.record["over"][0])

    def captures(self, color: int) -> int:
        """Stones that `color` has captured."""
        return int(self.record["captures"][0, color - rules.BLACK])

    @property
    def first_player(self) -> int:
        """Who was to move at the start; a first move may be the other colour's nevertheless."""
        return int(self._setup["to_play"][0])

    def set_up_points(self, color: int) -> list[int]:
        """Points of the stones that `color` had at the start."""
        return np.flatnonzero(self._setup["stones"][0, :-1] == color).tolist()

    def set_up(self, black: list[int], white: list[int], to_play: int) -> None:
        """Puts stones on the empty points of the board before the first move."""
        if self.moves:
            raise ValueError(f"stones can be set up only before the first move\n{self}")
        record = self._setup.copy()
        stones = record["stones"][0]
        for color, points in ((rules.BLACK, black), (rules.WHITE, white)):
            for point in points:
                self._add_stone(stones, point, color)
        kernels.set_up(self._geometry, record, 0, stones, to_play)
        for point in (*black, *white):
            if record["num_liberties"][0, record["head"][0, point]] == 0:
                name, text = rules.format_move(point, self.size), diagram.render(stones)
                raise ValueError(f"the stones at {name} are set up without a liberty\n{text}")
        self._setup, self.record = record, record.copy()

    def play(self, action: int, color: int | None = None) -> None:
        """Plays for `color`, by default for the player to move; the other colour moves next."""
        before = self.to_play
        player = before if color is None else color
        self.to_play = player
        status = kernels.play(self._geometry, self.record, self._scratch, 0, int(action))
        if status != rules.OK:
            self.to_play = before
            is_move = status != rules.OFF_BOARD
            name = rules.format_move(action, self.size) if is_move else f"action {action}"
            raise ValueError(f"{rules.COLOR_NAMES[player]} {name}: {rules.REASONS[status]}\n{self}")
        self.moves.append((player, int(action)))
        self._make_room()

    def undo(self) -> None:
        """Takes the last move back; its player is to move."""
        if not self.moves:
            raise ValueError("there is no move to take back")
        moves = self.moves
        self.record, self.moves = self._setup.copy(), []
        for color, action in moves[:-1]:
            self.resume()
            self.play(action, color)
        self.resume()
        self.to_play = moves[-1][0]

    def resume(self) -> None:
        """Goes on after two passes; no effect in a game that is not over."""
        if self.is_over:
            self.record["over"] = False
            self.record["passes"] = 0

    def moves_since(self, earlier: "Game") -> list[int] | None:
        """The actions, by the players in turn, that lead from an earlier state of the game to this one.

        None where there are none such: another start, other moves, a player who moved twice, or a game that
        went on after two passes, whose end a search has taken for granted.
        """
        if earlier.komi != self.komi or _start_hash(earlier) != _start_hash(self):
            return None
        count = len(earlier.moves)
        is_longer = len(self.moves) >= count and self.moves[:count] == earlier.moves
        if not is_longer or (_ends_in_passes(self) and not self.is_over):
            return None
        player, actions = earlier.to_play, []
        for color, action in self.moves[count:]:
            if color != player:
                return None
            actions.append(action)
            player = 3 - color
        return actions if player == self.to_play else None

    def legal(self) -> np.ndarray:
        """[A] bool, the legal actions of the player to move; all False when the game is over."""
        legal = np.zeros(self.size**2 + 1, np.bool_)
        kernels.legal_actions(self._geometry, self.record, 0, legal)
        return legal

    def score(self) -> float:
        """Black's area minus White's minus komi, all stones alive."""
        area = scoring.area_score(self._geometry, self.record["stones"][0], self._scratch)
        return float(area) - self.komi

    def ownership(self) -> np.ndarray:
        """[P] int8: +1 Black's area, -1 White's, 0 nobody's."""
        owner = np.zeros(self.size**2, np.int8)
        scoring.ownership(self._geometry, self.record["stones"][0], self._scratch, owner)
        return owner

    def copy(self) -> "Game":
        """An independent game in the same state."""
        other = copy.copy(self)
        other.moves, other.record = self.moves.copy(), self.record.copy()
        other._setup, other._scratch = self._setup.copy(), board.make_scratch(self.size**2)
        return other

    def __str__(self) -> str:
        return diagram.render(self)

    def _add_stone(self, stones: np.ndarray, point: int, color: int) -> None:
        name = rules.COLOR_NAMES[color]
        if not 0 <= point < self.size**2:
            raise ValueError(
                f"{name} stone on action {point}: not a point of a {self.size}x{self.size} board"
            )
        if stones[point] != rules.EMPTY:
            place = rules.format_move(point, self.size)
            raise ValueError(f"{name} stone on {place}: the point is occupied\n{diagram.render(stones)}")
        stones[point] = color

    def _make_room(self) -> None:
        """Doubles the capacity before a search could reach the end of the record."""
        capacity = self.record["hashes"].shape[1] - 1
        if capacity - len(self.moves) < self.size**2:
            self.record = _with_capacity(self.record, self.size, 2 * capacity)


def _start_hash(game: Game) -> int:
    """Tells games apart that began with different stones on the board."""
    return int(game.record["hashes"][0, 0])


def _ends_in_passes(game: Game) -> bool:
    return [action for _, action in game.moves[-2:]] == 2 * [game.size**2]


def _checked_komi(komi: float) -> float:
    if not (abs(komi) <= rules.MOST_KOMI and float(2 * komi).is_integer()):
        raise ValueError(
            f"komi {komi:g}: must be a multiple of 0.5 from -{rules.MOST_KOMI} to {rules.MOST_KOMI}"
        )
    return komi


def _with_capacity(games: np.ndarray, size: int, capacity: int) -> np.ndarray:
    """The same games with room for more moves."""
    larger = np.zeros(len(games), kernels.game_dtype(size, capacity))
    for name in larger.dtype.names or ():
        if name == "hashes":
            larger[name][:, : games[name].shape[1]] = games[name]
        else:
            larger[name] = games[name]
    return larger
