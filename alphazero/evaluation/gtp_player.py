"""GTP engine as one side of a match: a few processes that serve many games."""

import shutil
from collections.abc import Sequence

import numpy as np

from alphazero.config import game as game_config
from alphazero.engine_client import gtp_client
from alphazero.evaluation import openings, players
from alphazero.go import board, game_kernels, geometry, rules

_GAMES = "/usr/games"
"""Debian's folder of GNU Go, which may be missing from PATH."""


class GtpPlayer(players.SearchPlayer):
    """Player whose moves come from engine processes. It is a context manager that ends them.

    Each process serves every n-th slot of the match. It receives the whole game before its move, unless
    the game continues the last one of that process. A process that is lost when its search
    starts, or when its move is awaited, is replaced. If the replacement is lost too, EngineLost is raised.
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
        """first_moves: the openings of the match. `advance` does not receive their moves."""
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
        """Joins these games [G], which the match advances."""
        self._games = games
        self._num_started = 0

    def reset(self, index: int) -> None:
        """Starts the next game of the match in this slot. Each pair of games shares an opening."""
        self._moves[index] = list(self._first_moves[self._num_started // 2])
        self._num_started += 1

    def advance(self, indices: np.ndarray, actions: np.ndarray) -> None:
        """Receives the moves in these games, the player's own included."""
        for index, action in zip(indices, actions, strict=True):
            self._moves[int(index)].append(int(action))

    def choose(self, indices: np.ndarray) -> np.ndarray:
        """Returns actions [B] for the games of these indices. All engines think at once."""
        num_engines = len(self._engines)
        actions: dict[int, int] = {}
        waiting = [[int(i) for i in indices if i % num_engines == e] for e in range(num_engines)]
        for turn in range(max(map(len, waiting))):
            started = [
                (engine, queue[turn])
                for engine, queue in zip(self._engines, waiting, strict=True)
                if turn < len(queue)
            ]
            for engine, index in started:
                engine.start(self._moves[index])
            for engine, index in started:
                actions[index] = self._checked(index, engine.finish())
        return np.array([actions[int(index)] for index in indices])

    def _checked(self, index: int, action: int) -> int:
        legal = np.zeros(self._geometry.num_points + 1, np.bool_)
        game_kernels.legal_actions(self._geometry, self._games, index, legal)
        if not legal[action]:
            move = rules.format_move(action, self._config.size)
            raise gtp_client.EngineLost(f"{self.name} chose the illegal move {move}")
        return action


class _Engine:
    """One process, which holds one game at a time."""

    def __init__(self, command: Sequence[str], config: game_config.GameConfig, time_limit_s: float) -> None:
        self._command = command
        self._config = config
        self._time_limit_s = time_limit_s
        self._client: gtp_client.GtpClient | None = None
        self._known: list[int] | None = None
        self._position: list[int] = []

    def start(self, moves: Sequence[int]) -> None:
        """Starts the search of the position after `moves`, which alternate and begin with Black's."""
        self._position = list(moves)
        try:
            self._request_move()
        except gtp_client.EngineLost:
            self._replace()
            self._request_move()

    def finish(self) -> int:
        """Waits for the engine's action."""
        try:
            answer = self._answer()
        except gtp_client.EngineLost:
            self._replace()
            self._request_move()
            answer = self._answer()
        try:
            action = rules.parse_move(answer, self._config.size)
        except ValueError:
            raise gtp_client.EngineLost(f"{self._command[0]} answered '{answer}' to genmove") from None
        self._known = [*self._position, action]
        return action

    def close(self) -> None:
        """Ends the process."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def _replace(self) -> None:
        self.close()
        self._known = None

    def _request_move(self) -> None:
        if self._client is None:
            self._client = gtp_client.GtpClient(self._command, time_limit_s=self._time_limit_s)
            self._client.send(f"boardsize {self._config.size}")
            self._client.send(f"komi {self._config.komi:g}")
            self._known = None
        if self._known is None or self._position[: len(self._known)] != self._known:
            self._client.send("clear_board")
            self._known = []
        for ply in range(len(self._known), len(self._position)):
            move = rules.format_move(self._position[ply], self._config.size)
            self._client.send(f"play {_color(ply)} {move}")
        self._client.start(f"genmove {_color(len(self._position))}")

    def _answer(self) -> str:
        assert self._client is not None
        return self._client.finish()


def find_gnugo(program: str = "gnugo") -> str | None:
    """The path of GNU Go's program; None if it is not installed."""
    return shutil.which(program) or shutil.which(program, path=_GAMES)


def gnugo_command(program: str, level: int, seed: int) -> list[str]:
    """Returns the command of a GNU Go that plays to the end by area rules with positional superko.

    seed: must not be 0, for which GNU Go would use the time of day.
    """
    rules_of_play = ("--chinese-rules", "--positional-superko", "--capture-all-dead", "--never-resign")
    return [program, "--mode", "gtp", *rules_of_play, "--level", str(level), "--seed", str(seed)]


def _color(ply: int) -> str:
    return "b" if ply % 2 == 0 else "w"
