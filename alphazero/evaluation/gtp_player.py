"""A GTP engine as one side of a match: a few processes that serve many games."""

from collections.abc import Sequence

import numpy as np

from alphazero.config import game as game_config
from alphazero.evaluation import gtp_client, openings, players
from alphazero.go import board, game, geometry, rules


class GtpPlayer(players.Player):
    """Chooses moves by asking engines; a context manager, because its processes must end.

    Each process serves every n-th place of the match and is told the whole game before it moves,
    unless the game went on where that process left it. A process that is lost is replaced once a
    move; if its successor is lost, too, EngineLost is raised.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        config: game_config.GameConfig,
        first_moves: Sequence[openings.Opening],
        *,
        num_processes: int = 1,
        time_limit_s: float = 60.0,
    ) -> None:
        """first_moves: the openings of the match, which plays them without telling its players."""
        self.name = name
        self._config = config
        self._first_moves = first_moves
        self._num_started = 0
        self._moves: dict[int, list[int]] = {}
        self._geometry = geometry.make(config.size)
        self._scratch = board.make_scratch(config.size**2)
        self._engines = [_Engine(command, config, time_limit_s) for _ in range(num_processes)]

    def __enter__(self) -> "GtpPlayer":
        return self

    def __exit__(self, *exception: object) -> None:
        for engine in self._engines:
            engine.close()

    def join(self, games: np.ndarray) -> None:
        """Sits down at these games [G], which the match advances."""
        self._games = games
        self._num_started = 0

    def reset(self, index: int) -> None:
        """The next game of the match begins in this place; every two games share an opening."""
        self._moves[index] = list(self._first_moves[self._num_started // 2])
        self._num_started += 1

    def advance(self, indices: np.ndarray, actions: np.ndarray) -> None:
        """Hears of moves in these games, its own included."""
        for index, action in zip(indices, actions, strict=True):
            self._moves[int(index)].append(int(action))

    def choose(self, indices: np.ndarray) -> np.ndarray:
        """Actions [B] for the games of these indices; all engines think at once."""
        num_engines = len(self._engines)
        actions: dict[int, int] = {}
        waiting = [[int(i) for i in indices if i % num_engines == e] for e in range(num_engines)]
        for turn in range(max(map(len, waiting))):
            asked = [
                (engine, queue[turn])
                for engine, queue in zip(self._engines, waiting, strict=True)
                if turn < len(queue)
            ]
            for engine, index in asked:
                engine.start(self._moves[index])
            for engine, index in asked:
                actions[index] = self._checked(index, engine.finish())
        return np.array([actions[int(index)] for index in indices])

    def _checked(self, index: int, action: int) -> int:
        legal = np.zeros(self._geometry.num_points + 1, np.bool_)
        game.legal_actions(self._geometry, self._games, index, legal)
        if not legal[action]:
            move = rules.format_move(action, self._config.size)
            raise gtp_client.EngineLost(f"{self.name} chose the illegal move {move}")
        return action


class _Engine:
    """One process, which knows one game at a time."""

    def __init__(self, command: Sequence[str], config: game_config.GameConfig, time_limit_s: float) -> None:
        self._command = command
        self._config = config
        self._time_limit_s = time_limit_s
        self._client: gtp_client.GtpClient | None = None
        self._known: list[int] | None = None
        self._asked: list[int] = []

    def start(self, moves: Sequence[int]) -> None:
        """Lets it think about the position after `moves`, which alternate, Black's first."""
        self._asked = list(moves)
        try:
            self._ask()
        except gtp_client.EngineLost:
            self._replace()
            self._ask()

    def finish(self) -> int:
        """The action that it chose."""
        try:
            answer = self._answer()
        except gtp_client.EngineLost:
            self._replace()
            self._ask()
            answer = self._answer()
        try:
            action = rules.parse_move(answer, self._config.size)
        except ValueError:
            raise gtp_client.EngineLost(f"{self._command[0]} answered '{answer}' to genmove") from None
        self._known = [*self._asked, action]
        return action

    def close(self) -> None:
        """Ends the process."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def _replace(self) -> None:
        self.close()
        self._known = None

    def _ask(self) -> None:
        if self._client is None:
            self._client = gtp_client.GtpClient(self._command, time_limit_s=self._time_limit_s)
            self._client.send(f"boardsize {self._config.size}")
            self._client.send(f"komi {self._config.komi:g}")
            self._known = None
        if self._known is None or self._asked[: len(self._known)] != self._known:
            self._client.send("clear_board")
            self._known = []
        for ply in range(len(self._known), len(self._asked)):
            move = rules.format_move(self._asked[ply], self._config.size)
            self._client.send(f"play {_color(ply)} {move}")
        self._client.start(f"genmove {_color(len(self._asked))}")

    def _answer(self) -> str:
        assert self._client is not None
        return self._client.finish()


def gnugo_command(program: str, level: int, seed: int) -> list[str]:
    """GNU Go as an opponent that plays to the end by area rules with positional superko.

    seed: 0 would take the time of day.
    """
    rules_of_play = ("--chinese-rules", "--positional-superko", "--capture-all-dead", "--never-resign")
    return [program, "--mode", "gtp", *rules_of_play, "--level", str(level), "--seed", str(seed)]


def _color(ply: int) -> str:
    return "b" if ply % 2 == 0 else "w"
