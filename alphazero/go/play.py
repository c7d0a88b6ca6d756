"""A game for GTP, SGF and other callers outside the kernels.

It checks arguments, raises errors and remembers its moves. Searches use the kernels of `game_kernels`
instead.
"""

import copy

import numpy as np

from alphazero.config import game as game_config
from alphazero.go import board, diagram, game_kernels, geometry, rules, scoring


class Game:
    """A game and its moves. An illegal move raises ValueError with a diagram and changes nothing."""

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
        """capacity: moves that fit at first, 4 * P by default. The record grows when needed."""
        capacity = 4 * size * size if capacity is None else capacity
        config = game_config.GameConfig(size=size, ko=ko, suicide=suicide)
        self.size = size
        self.moves: list[tuple[int, int]] = []
        """Colour and action of each move so far."""
        self.record = game_kernels.new_games(1, config, capacity)
        """[1] game state. When fewer than P more moves fit, a larger one of another dtype replaces it."""
        self.record["komi"] = _checked_komi(komi)
        self.record["move_limit"] = move_limit
        self._setup = self.record.copy()
        self._geometry = geometry.make(size)
        self._scratch = board.make_scratch(size * size)

    @property
    def stones(self) -> np.ndarray:
        """A copy of the stones [P] int8."""
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
        """Colour of the player to move, BLACK or WHITE; may be set at any time."""
        return int(self.record["to_play"][0])

    @to_play.setter
    def to_play(self, color: int) -> None:
        assert color in (rules.BLACK, rules.WHITE)
        self.record["to_play"] = color
        if not self.moves:
            # For the ko rule the opponent of the first player has moved to the first position.
            game_kernels.set_up(self._geometry, self.record, 0, self.stones, color)

    @property
    def last_move(self) -> int:
        """The newest action; NO_MOVE before the first."""
        return int(self.record["last_move"][0])

    @property
    def is_over(self) -> bool:
        """Whether two passes or the move limit have ended the game."""
        return bool(self.record["over"][0])

    def captures(self, color: int) -> int:
        """Number of stones that `color` has captured."""
        return int(self.record["captures"][0, color - rules.BLACK])

    @property
    def first_player(self) -> int:
        """Colour to move at the start. The first move may still have the other colour."""
        return int(self._setup["to_play"][0])

    def set_up_points(self, color: int) -> list[int]:
        """Points of the stones of `color` at the start."""
        return np.flatnonzero(self._setup["stones"][0, :-1] == color).tolist()

    def set_up(self, black: list[int], white: list[int], to_play: int) -> None:
        """Puts stones on empty points before the first move. ValueError if that is not possible."""
        if self.moves:
            raise ValueError(f"stones can be set up only before the first move\n{self}")
        record = self._setup.copy()
        stones = record["stones"][0]
        for color, points in ((rules.BLACK, black), (rules.WHITE, white)):
            for point in points:
                self._add_stone(stones, point, color)
        game_kernels.set_up(self._geometry, record, 0, stones, to_play)
        for point in (*black, *white):
            if record["num_liberties"][0, record["head"][0, point]] == 0:
                name, text = rules.format_move(point, self.size), diagram.render(stones)
                raise ValueError(f"the stones at {name} are set up without a liberty\n{text}")
        self._setup, self.record = record, record.copy()

    def play(self, action: int, color: int | None = None) -> None:
        """Plays for `color`, by default for the player to move. The other colour moves next."""
        before = self.to_play
        player = before if color is None else color
        self.to_play = player
        status = game_kernels.play(self._geometry, self.record, self._scratch, 0, int(action))
        if status != rules.OK:
            self.to_play = before
            is_move = status != rules.OFF_BOARD
            name = rules.format_move(action, self.size) if is_move else f"action {action}"
            raise ValueError(f"{rules.COLOR_NAMES[player]} {name}: {rules.REASONS[status]}\n{self}")
        self.moves.append((player, int(action)))
        self._make_room()

    def undo(self) -> None:
        """Takes the last move back. Its player is to move again."""
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
        """Continues a game that has ended; has no effect on other games."""
        if self.is_over:
            self.record["over"] = False
            self.record["passes"] = 0

    def moves_since(self, earlier: "Game") -> list[int] | None:
        """The alternating actions that lead from an earlier state of the game to this one, or None.

        None in these cases:

        - The games differ in their start, their komi or their earlier moves.
        - A player moved twice in a row.
        - The game continued after two passes, which a search treats as its end.
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
        """Legal actions [A] bool of the player to move; all False if the game is over."""
        legal = np.zeros(self.size**2 + 1, np.bool_)
        game_kernels.legal_actions(self._geometry, self.record, 0, legal)
        return legal

    def score(self) -> float:
        """Black's area minus White's area minus komi, in points. All stones count as alive."""
        area = scoring.area_score(self._geometry, self.record["stones"][0], self._scratch)
        return float(area) - self.komi

    def ownership(self) -> np.ndarray:
        """Owner of each point [P] int8: +1 Black, -1 White, 0 neither."""
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
        """Doubles the capacity if a search could reach the end of the record."""
        capacity = self.record["hashes"].shape[1] - 1
        if capacity - len(self.moves) < self.size**2:
            self.record = _with_capacity(self.record, self.size, 2 * capacity)


def _start_hash(game: Game) -> int:
    """Hash of the position at the start."""
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
    """A copy of the games with room for more moves."""
    larger = np.zeros(len(games), game_kernels.game_dtype(size, capacity))
    for name in larger.dtype.names or ():
        if name == "hashes":
            larger[name][:, : games[name].shape[1]] = games[name]
        else:
            larger[name] = games[name]
    return larger
