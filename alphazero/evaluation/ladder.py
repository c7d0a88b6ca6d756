"""The ladder: ratings of all promoted networks of a run, on one scale with opponents that never change.

The games are in ladder/games.jsonl of the run's folder. Those of a match are appended when it is over.
Every fit of the ratings uses all games of the same settings.
"""

import contextlib
import json
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alphazero import evaluator as evaluators
from alphazero import files, heap, run_paths
from alphazero.config import ladder as ladder_config
from alphazero.config import schema
from alphazero.config import search as search_config
from alphazero.engine_client import gtp_client
from alphazero.evaluation import (
    bradley_terry,
    gtp_player,
    ladder_games,
    match,
    openings,
    players,
    ratings,
)
from alphazero.net import inference
from alphazero.net import weights as network_weights
from alphazero.run_files import promotion

UNIFORM = "uniform"
"""The opponent whose rating is 0: our search with a uniform network."""
_PAIRS_AT_ONCE = 4
_GAMES = "/usr/games"
"""Debian's folder of GNU Go, which may be missing from PATH."""
_MOST_EVALUATORS = 4
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One player's place on the ladder."""

    name: str
    """"uniform", "gnugo-1" (its level), or a promoted network's number."""
    step: int | None
    """The learner's step of a network."""
    elo: ratings.Estimate
    games: int
    points: float


class Ladder:
    """The ladder of one run's folder. One process plays at a time; any process may read."""

    def __init__(self, config: schema.Config, folder: Path) -> None:
        """folder: the run's folder."""
        self._config = config
        self._rules: ladder_config.LadderConfig = config.ladder
        self._ratings = folder / run_paths.RATINGS
        self._promotions = promotion.Promotions(folder / run_paths.PROMOTED)
        self._steps: dict[str, int] = {}  # of networks by their numbers; certificates are not kept
        self._num_seen = 0
        self._evaluators: dict[str, inference.NetEvaluator] = {}
        self._gnugo = shutil.which(self._rules.gnugo) or shutil.which(self._rules.gnugo, path=_GAMES)
        self._has_gnugo = self._gnugo is not None
        self._games = ladder_games.LadderGames(folder / run_paths.LADDER_GAMES, self._settings)

    @property
    def _settings(self) -> list[float]:
        """Settings that games must have in common."""
        return [self._config.game.size, self._config.game.komi, self._rules.num_simulations]

    def add_promoted(self) -> None:
        """Adds the networks that were promoted since the last call.

        The call is cheap if there are none. Otherwise it reads the new files and checks their sha256.
        """
        count = self._promotions.count()
        if count == self._num_seen:
            return
        self._num_seen = count
        for promoted in self._promotions.certified({int(name) for name in self._steps}):
            # Interned, as the games hold the same string.
            self._steps[sys.intern(f"{promoted.number:05d}")] = promoted.certificate["steps"]

    def write_ratings(self) -> list[Rung]:
        """Writes ratings.json, strongest player first, and returns its rungs."""
        rungs = self.rungs()
        entries = [
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
        text = json.dumps({"settings": self._settings, "players": entries}, indent=1, allow_nan=False)
        files.write_atomic(self._ratings, f"{text}\n".encode())
        heap.release()  # the text and the fit grow with the number of networks
        return rungs

    @property
    def names(self) -> list[str]:
        """All players: the uniform one, GNU Go's levels, then networks in the order of promotion."""
        levels = [f"gnugo-{level}" for level in self._rules.gnugo_levels]
        return [
            UNIFORM,
            *(name for name in levels if self._has_gnugo or name in self._games),
            *sorted(self._steps),
        ]

    @property
    def num_games(self) -> int:
        """Number of games that count."""
        return self._games.count

    @property
    def num_wanted(self) -> int:
        """Number of games that the settings require for the networks so far."""
        return self._rules.games_per_network * len(self._steps)

    def rungs(self) -> list[Rung]:
        """Returns all players that are connected to the uniform one by games, strongest first."""
        names = self._connected()
        points = self._games.matrix(names)
        won, lost = points.sum(axis=1), points.sum(axis=0)
        rungs = [
            Rung(
                name=name,
                step=self._steps.get(name),
                elo=estimate,
                games=round(won[number] + lost[number]),
                points=float(won[number]),
            )
            for number, (name, estimate) in enumerate(
                zip(names, bradley_terry.fit(points).estimates(), strict=True)
            )
        ]
        return sorted(rungs, key=lambda rung: -rung.elo.elo)

    def play(self, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Plays a few games between the most informative pair of players.

        Returns False if the games do not count: `should_stop` ended them, or GNU Go failed. After a failure
        the ladder continues without GNU Go. Raises BlockingIOError if another process plays this ladder.
        """
        with self._games.alone():
            try:
                return self._play(should_stop)
            except (gtp_client.EngineLost, gtp_client.CommandRefused) as error:
                _logger.warning("the ladder continues without GNU Go: %s", error)
                self._has_gnugo = False
                return False
            finally:
                heap.release()

    def _play(self, should_stop: Callable[[], bool]) -> bool:
        a, b = self._next_pair()
        heap.release()  # the work space of the fit, before the long part of the work
        seed = [self._config.run.seed, 7, self.num_games]
        rng = np.random.default_rng(seed)
        first_moves = openings.draw(
            self._evaluator_of(b if b in self._steps else a),
            self._config.game,
            count=_PAIRS_AT_ONCE,
            plies=self._rules.opening_plies,
            rng=rng,
        )
        with self._player(a, first_moves, rng) as first, self._player(b, first_moves, rng) as second:
            played = match.play_match(first, second, self._config.game, first_moves, should_stop=should_stop)
        if played is None:
            return False
        self._games.append(a, b, played)
        _logger.info("ladder: %s", played.summary())
        return True

    def report(self) -> str:
        """Formats the ladder as a table."""
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
        """Returns a new player and its neighbour, or else the most informative pair."""
        connected = self._connected()
        newcomers = [name for name in self.names if name not in connected]
        if newcomers:
            # The newest rated network is likely to have a similar strength.
            networks = [name for name in connected if name in self._steps]
            return newcomers[0], networks[-1] if networks else UNIFORM
        points = self._games.matrix(connected)
        is_present = np.array([self._has_gnugo or not name.startswith("gnugo-") for name in connected])
        fitted = bradley_terry.fit(points)
        pair = bradley_terry.most_informative_pair(fitted, points + points.T, is_present)
        return connected[pair[0]], connected[pair[1]]

    def _connected(self) -> list[str]:
        """Returns the players that games connect to the uniform one, in the order of `names`."""
        met = self._games.opponents()
        reached, found = {UNIFORM}, {UNIFORM}
        while found:
            found = {other for name in found for other in met.get(name, ())} - reached
            reached |= found
        return [name for name in self.names if name in reached]

    @contextlib.contextmanager
    def _player(
        self, name: str, first_moves: list[openings.Opening], rng: np.random.Generator
    ) -> Iterator[players.SearchPlayer]:
        if name.startswith("gnugo-"):
            level = int(name.removeprefix("gnugo-"))
            command = gtp_player.gnugo_command(self._gnugo or self._rules.gnugo, level, self.num_games + 1)
            with gtp_player.GtpPlayer(name, command, self._config.game, first_moves) as player:
                yield player
        else:
            search = search_config.SearchConfig(
                algorithm=search_config.Algorithm.puct, num_simulations=self._rules.num_simulations
            )
            yield players.SearchPlayer(name, self._evaluator_of(name), search, rng)

    def _evaluator_of(self, name: str) -> evaluators.Evaluator:
        if name not in self._steps:
            return evaluators.UniformEvaluator(self._config.game.size)
        evaluator = self._evaluators.pop(name, None) or self._load(self._promotions.get(int(name)).load())
        self._evaluators[name] = evaluator  # the last used one comes last
        return evaluator

    def _load(self, weights: network_weights.Weights) -> inference.NetEvaluator:
        """Loads a network into the evaluator that was not used for longest, once there are enough of them."""
        if len(self._evaluators) >= _MOST_EVALUATORS:
            evaluator = self._evaluators.pop(next(iter(self._evaluators)))
            evaluator.load(weights)
            return evaluator
        training = self._config.training
        return inference.make_evaluator(
            weights,
            size=self._config.game.size,
            device=training.device,
            precision=training.precision,
            batch=_PAIRS_AT_ONCE,
        )
