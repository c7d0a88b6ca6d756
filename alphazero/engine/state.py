"""What the commands of one GTP session share: the game, what thinks about it, and what a user has chosen."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from alphazero.config import game as game_config
from alphazero.engine import clocks, protocol, thinking
from alphazero.go import play
from alphazero.search import inspection


class Rules(NamedTuple):
    """What an engine's user chooses among the rules."""

    ko: game_config.Ko = game_config.Ko.positional
    suicide: bool = False


class Setup(NamedTuple):
    """What an engine is started with."""

    name: str
    version: str
    description: str  # of the network and the search, for `gomill-describe_engine`
    sizes: Sequence[int]  # board sizes that the network can play
    size: int
    komi: float
    rules: Rules
    resign_threshold: float | None  # below this value it resigns; None for never
    ponders: bool = False  # whether it thinks on while the opponent does


class Remark(NamedTuple):
    """What the engine thought of the move that it generated last."""

    color: int
    action: int
    report: inspection.Report


class State:
    """One game and the engine's side of it."""

    def __init__(
        self, setup: Setup, make_thinker: Callable[[int], thinking.Thinker], clock: clocks.Clock
    ) -> None:
        """make_thinker: from a board size."""
        self.setup = setup
        self.clock = clock
        self.rules = setup.rules
        self.resign_threshold = setup.resign_threshold
        self.ponders = setup.ponders
        self.num_simulations: int | None = None
        """Of a search; None for as many as the engine was started with, and for analyses without end."""
        self.remark: Remark | None = None
        self._make_thinker = make_thinker
        self._pondered: list[tuple[int, int]] | None = None
        self.game = self.new_game(setup.size, setup.komi)
        self.thinker = make_thinker(setup.size)

    def new_game(self, size: int, komi: float) -> play.Game:
        """An empty board under the rules of the session."""
        return play.Game(size, komi, **self.rules._asdict())

    def start_game(self, size: int) -> None:
        """Begins afresh with the same komi and time limits."""
        self.game = self.new_game(size, self.game.komi)
        self.clock.reset()
        self.remark = None
        self.stop_pondering()

    def choose_size(self, size: int, complaint: str) -> None:
        """Gets ready to think about boards of this size, or fails with the complaint."""
        if size not in self.setup.sizes:
            raise protocol.Failure(complaint)
        if size != self.game.size:
            self.thinker = self._make_thinker(size)

    def position(self, color: int | None = None) -> play.Game:
        """A copy of the game that goes on after two passes, with `color` to move."""
        position = self.game.copy()
        position.resume()
        if color is not None:
            position.to_play = color
        return position

    def resume(self) -> None:
        """Lets the game go on after two passes."""
        self.game = resumed(self.game)

    def expect_answer(self) -> None:
        """Marks the game as it is as one in which the opponent thinks now."""
        self._pondered = self.game.moves.copy()

    def ponder(self, has_input: Callable[[], bool]) -> None:
        """Thinks about the answer to a generated move until there is input or the tree is full."""
        if self.ponders and self._pondered == self.game.moves and not self.game.is_over:
            self.thinker.analyse(self.game.copy(), thinking.Limits(should_stop=has_input))

    def stop_pondering(self) -> None:
        """Lets the engine wait quietly until it generates a move again."""
        self._pondered = None


def resumed(game: play.Game) -> play.Game:
    """`game` itself, or an unfinished copy of it if two passes have ended it."""
    if not game.is_over:
        return game
    game = game.copy()
    game.resume()
    return game
