"""State that the commands of one GTP session share: the game, the search and the user's options."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from alphazero.config import game as game_config
from alphazero.engine import clocks, engine_search, protocol
from alphazero.go import play
from alphazero.search import inspection


class Rules(NamedTuple):
    """Rules that the user of an engine can choose."""

    ko: game_config.Ko = game_config.Ko.positional
    suicide: bool = False


class Setup(NamedTuple):
    """Settings of an engine at its start."""

    name: str
    version: str
    description: str  # of the network and the search, for `gomill-describe_engine`
    sizes: Sequence[int]  # board sizes that the network can play
    size: int
    komi: float
    rules: Rules
    resign_threshold: float | None  # below this value it resigns; None for never
    ponders: bool = False  # whether it searches during the opponent's turn


class Remark(NamedTuple):
    """Search result of the move that the engine generated last."""

    color: int
    action: int
    report: inspection.Report


class State:
    """One game, and the engine's state for it."""

    def __init__(
        self, setup: Setup, make_search: Callable[[int], engine_search.EngineSearch], clock: clocks.Clock
    ) -> None:
        """make_search: makes a search for a board size."""
        self.setup = setup
        self.clock = clock
        self.rules = setup.rules
        self.resign_threshold = setup.resign_threshold
        self.ponders = setup.ponders
        self.num_simulations: int | None = None
        """Simulations of a search. None: moves get the number from the start, analyses have no limit."""
        self.remark: Remark | None = None
        self._make_search = make_search
        self._pondered: list[tuple[int, int]] | None = None
        self.game = self.new_game(setup.size, setup.komi)
        self.search = make_search(setup.size)

    def new_game(self, size: int, komi: float) -> play.Game:
        """Makes an empty board under the rules of the session."""
        return play.Game(size, komi, **self.rules._asdict())

    def start_game(self, size: int) -> None:
        """Starts a new game with the same komi and time limits."""
        self.game = self.new_game(size, self.game.komi)
        self.clock.reset()
        self.remark = None
        self.stop_pondering()

    def choose_size(self, size: int, reason: str) -> None:
        """Prepares a search for boards of this size, or fails the command with the reason."""
        if size not in self.setup.sizes:
            raise protocol.CommandError(reason)
        if size != self.game.size:
            self.search = self._make_search(size)

    def position(self, color: int | None = None) -> play.Game:
        """Returns a copy of the game with `color` to move, resumed if two passes have ended it."""
        position = self.game.copy()
        position.resume()
        if color is not None:
            position.to_play = color
        return position

    def resume(self) -> None:
        """Resumes the game if two passes have ended it."""
        self.game = resumed(self.game)

    def expect_answer(self) -> None:
        """Marks the current position as one to ponder: the opponent is to move."""
        self._pondered = self.game.moves.copy()

    def ponder(self, has_input: Callable[[], bool]) -> None:
        """Searches for an answer to the generated move until input arrives or the tree is full."""
        if self.ponders and self._pondered == self.game.moves and not self.game.is_over:
            self.search.analyse(self.game.copy(), engine_search.SearchLimits(should_stop=has_input))

    def stop_pondering(self) -> None:
        """Stops pondering until the next generated move."""
        self._pondered = None


def resumed(game: play.Game) -> play.Game:
    """Returns `game` itself, or a resumed copy if two passes have ended it."""
    if not game.is_over:
        return game
    game = game.copy()
    game.resume()
    return game
