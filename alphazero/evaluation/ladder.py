"""The ladder: how strong each promoted network of a run is, on one scale with opponents that never change.

Its games are kept in ladder/games.jsonl of the run's folder, one line for each game, appended when the match
it belongs to is over. Ratings are fitted anew from all games of the same settings.
"""

import contextlib
import errno
import fcntl
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alphazero import files, heap
from alphazero.config import ladder as ladder_config
from alphazero.config import schema
from alphazero.config import search as search_config
from alphazero.evaluation import bradley_terry, gtp_client, gtp_player, match, openings, players, promotion
from alphazero.evaluation import elo as ratings
from alphazero.evaluation import result as results
from alphazero.net import inference
from alphazero.search import evaluator as evaluators

UNIFORM = "uniform"
"""The opponent whose rating is 0: our search with a network that knows nothing."""
_PAIRS_AT_ONCE = 4
_GAMES = "/usr/games"
"""Where Debian puts GNU Go; not everybody's PATH has it."""
_MOST_EVALUATORS = 4
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One player's place."""

    name: str
    """"uniform", "gnugo-1" (its level), or a promoted network's number."""
    step: int | None
    """The learner's step of a network."""
    elo: ratings.Estimate
    games: int
    points: float


class Ladder:
    """The ladder of one run's folder; one process plays at a time, any may read."""

    def __init__(self, config: schema.Config, folder: Path) -> None:
        """folder: the run's."""
        self._config = config
        self._rules: ladder_config.LadderConfig = config.ladder
        self._path = folder / "ladder" / "games.jsonl"
        self._promotions = promotion.Promotions(folder / "weights" / "promoted")
        self._networks: dict[str, promotion.Promoted] = {}
        self._num_seen = 0
        self._evaluators: dict[str, evaluators.Evaluator] = {}
        self._gnugo = shutil.which(self._rules.gnugo) or shutil.which(self._rules.gnugo, path=_GAMES)
        self._has_gnugo = self._gnugo is not None
        self._points: dict[tuple[str, str], float] = {}
        self._read_games()

    @property
    def _settings(self) -> list[float]:
        """What games must have in common."""
        return [self._config.game.size, self._config.game.komi, self._rules.num_simulations]

    def look_for_networks(self) -> None:
        """Takes in networks that were promoted since the last look.

        Cheap where there are none; else the new files are read and their sums checked.
        """
        count = self._promotions.count()
        if count == self._num_seen:
            return
        self._num_seen = count
        known = {promoted.number for promoted in self._networks.values()}
        for promoted in self._promotions.certified(known):
            self._networks[f"{promoted.number:05d}"] = promoted

    def write_ratings(self) -> list[Rung]:
        """Writes ratings.json, the strongest first, and returns what is in it."""
        rungs = self.rungs()
        told = [
            {
                "player": rung.name,
                "step": rung.step,
                "elo": rung.elo.elo,
                "elo_95": [rung.elo.low, rung.elo.high],
                "games": rung.games,
                "points": rung.points,
            }
            for rung in rungs
        ]
        text = json.dumps({"settings": self._settings, "players": told}, indent=1, allow_nan=False)
        files.write_atomic(self._path.with_name("ratings.json"), f"{text}\n".encode())
        heap.release()  # the fit's matrices of all players by all players
        return rungs

    @property
    def names(self) -> list[str]:
        """All players, the uniform one first, networks in the order of their promotion."""
        levels = [f"gnugo-{level}" for level in self._rules.gnugo_levels]
        met = {name for pair in self._points for name in pair}
        return [
            UNIFORM,
            *(name for name in levels if self._has_gnugo or name in met),
            *sorted(self._networks),
        ]

    @property
    def num_games(self) -> int:
        """Games that count."""
        return round(sum(self._points.values()))

    @property
    def num_wanted(self) -> int:
        """Games that the players so far are worth by the settings."""
        return self._rules.games_per_network * len(self._networks)

    def rungs(self) -> list[Rung]:
        """All players that are connected to the uniform one by games, the strongest first."""
        names = self._connected()
        points = self._matrix(names)
        fitted = bradley_terry.fit(points)
        games = (points + points.T).sum(axis=1)
        rungs = [
            Rung(
                name=name,
                step=self._networks[name].certificate["steps"] if name in self._networks else None,
                elo=fitted.estimate(number),
                games=round(games[number]),
                points=float(points[number].sum()),
            )
            for number, name in enumerate(names)
        ]
        return sorted(rungs, key=lambda rung: -rung.elo.elo)

    def play(self, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """A few games between the two players of whom they tell most; False if they do not count.

        So it is when it was stopped, and when GNU Go failed, without which the ladder then goes on.
        BlockingIOError where another process plays just then.
        """
        with self._alone():
            try:
                return self._play(should_stop)
            except (gtp_client.EngineLost, gtp_client.CommandRefused) as error:
                _logger.warning("the ladder goes on without GNU Go: %s", error)
                self._has_gnugo = False
                return False
            finally:
                heap.release()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process plays meanwhile, and its games so far are known here."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with (self._path.parent / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                told = f"another process plays this ladder ({lock.name})"
                raise BlockingIOError(errno.EWOULDBLOCK, told) from None
            self._read_games()
            yield

    def _read_games(self) -> None:
        self._points.clear()
        for line in _read_lines(self._path):
            if line.get("settings") == self._settings:
                self._count(line)

    def _play(self, should_stop: Callable[[], bool]) -> bool:
        a, b = self._next_pair()
        heap.release()  # the fit's matrices, before the match begins
        seed = [self._config.run.seed, 7, self.num_games]
        rng = np.random.default_rng(seed)
        first_moves = openings.draw(
            self._evaluator_of(b if b in self._networks else a),
            self._config.game,
            count=_PAIRS_AT_ONCE,
            plies=self._rules.opening_plies,
            rng=rng,
        )
        with self._player(a, first_moves, rng) as first, self._player(b, first_moves, rng) as second:
            played = match.play_match(first, second, self._config.game, first_moves, should_stop=should_stop)
        if played is None:
            return False
        self._append(a, b, played)
        _logger.info("ladder: %s", played.summary())
        return True

    def report(self) -> str:
        """The ladder as a table."""
        lines = [f"{'player':10} {'step':>9} {'Elo':>6} {'95 %':>15} {'games':>6} {'score':>6}"]
        for rung in self.rungs():
            step = "-" if rung.step is None else f"{rung.step:,}"
            interval = "fixed" if rung.name == UNIFORM else f"{rung.elo.low:+.0f} to {rung.elo.high:+.0f}"
            share = f"{100 * rung.points / rung.games:.0f} %" if rung.games else "-"
            lines.append(
                f"{rung.name:10} {step:>9} {rung.elo.elo:6.0f} {interval:>15} {rung.games:6} {share:>6}"
            )
        return "\n".join(lines)

    def _next_pair(self) -> tuple[str, str]:
        """A newcomer and its neighbour, else the two of whom a game tells most."""
        connected = self._connected()
        newcomers = [name for name in self.names if name not in connected]
        if newcomers:
            # The newest network that is placed is the likeliest to be of its strength.
            networks = [name for name in connected if name in self._networks]
            return newcomers[0], networks[-1] if networks else UNIFORM
        points = self._matrix(connected)
        is_present = np.array([self._has_gnugo or not name.startswith("gnugo-") for name in connected])
        fitted = bradley_terry.fit(points)
        pair = bradley_terry.most_informative_pair(fitted, points + points.T, is_present)
        return connected[pair[0]], connected[pair[1]]

    def _connected(self) -> list[str]:
        """Players that met the uniform one or another such player, in the order of `names`."""
        reached, found = {UNIFORM}, {UNIFORM}
        while found:
            found = {other for name in found for other in self.names if self._met(name, other)} - reached
            reached |= found
        return [name for name in self.names if name in reached]

    def _met(self, name: str, other: str) -> bool:
        return self._points.get((name, other), 0) + self._points.get((other, name), 0) > 0

    def _matrix(self, names: list[str]) -> np.ndarray:
        places = {name: place for place, name in enumerate(names)}
        matrix = np.zeros((len(names), len(names)))
        for (name, other), points in self._points.items():
            if name in places and other in places:
                matrix[places[name], places[other]] = points
        return matrix

    @contextlib.contextmanager
    def _player(
        self, name: str, first_moves: list[openings.Opening], rng: np.random.Generator
    ) -> Iterator[players.Player]:
        if name.startswith("gnugo-"):
            level = int(name.removeprefix("gnugo-"))
            command = gtp_player.gnugo_command(self._gnugo or self._rules.gnugo, level, self.num_games + 1)
            with gtp_player.GtpPlayer(name, command, self._config.game, first_moves) as player:
                yield player
        else:
            search = search_config.SearchConfig(
                algorithm=search_config.Algorithm.puct, num_simulations=self._rules.num_simulations
            )
            yield players.Player(name, self._evaluator_of(name), search, rng)

    def _evaluator_of(self, name: str) -> evaluators.Evaluator:
        if name not in self._networks:
            return evaluators.UniformEvaluator(self._config.game.size)
        if name not in self._evaluators:
            if len(self._evaluators) >= _MOST_EVALUATORS:
                self._evaluators.pop(next(iter(self._evaluators)))
            training = self._config.training
            self._evaluators[name] = inference.make_evaluator(
                self._networks[name].load(),
                device=training.device,
                precision=training.precision,
                batch=_PAIRS_AT_ONCE,
            )
        return self._evaluators[name]

    def _append(self, a: str, b: str, played: results.MatchResult) -> None:
        lines = [
            {"a": a, "b": b, "a_is_black": game.a_is_black, "points": game.points, "settings": self._settings}
            for game in played.games
        ]
        with self._path.open("a", encoding="utf-8") as file:
            if _ends_in_half_a_line(self._path):
                file.write("\n")
            file.writelines(f"{json.dumps(line)}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        files.sync_folder(self._path.parent)
        for line in lines:
            self._count(line)

    def _count(self, line: dict[str, Any]) -> None:
        a, b = line["a"], line["b"]
        self._points[a, b] = self._points.get((a, b), 0.0) + line["points"]
        self._points[b, a] = self._points.get((b, a), 0.0) + 1 - line["points"]


def _ends_in_half_a_line(path: Path) -> bool:
    data = path.read_bytes()
    return bool(data) and not data.endswith(b"\n")


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Games in the file; a line that a kill cut short is left out."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            with contextlib.suppress(ValueError):
                fields = json.loads(line)
                if isinstance(fields, dict) and {"a", "b", "points", "settings"} <= fields.keys():
                    yield fields
