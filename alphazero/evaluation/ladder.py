"""The ladder: ratings of all promoted networks of a run, on one scale with opponents that never change.

Where the shipped anchors fit the game, they are these opponents: a rating is Elo above GNU Go's level 10.
On other boards the opponent is the uniform player: a rating is Elo above it.

The games are in ladder/games.jsonl of the run's folder. Those of a match are appended when it is over.
Every fit of the ratings uses all games of the same settings, and the games of the anchors' calibration.
"""

import contextlib
import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from alphazero import evaluator as evaluators
from alphazero import files, heap, run_paths
from alphazero.config import ladder as ladder_config
from alphazero.config import schema
from alphazero.config import search as search_config
from alphazero.engine_client import gtp_client
from alphazero.evaluation import (
    anchors,
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
"""Our search with a uniform network. Its rating is 0 where there are no anchors."""
_PAIRS_AT_ONCE = 4
_MOST_EVALUATORS = 4
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One player's place on the ladder."""

    name: str
    """"uniform", "anchor-1", "gnugo-1" (its level), or a promoted network's number."""
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
        self._anchors = anchors.of_game(config.game)
        self._evaluators: dict[str, inference.NetEvaluator] = {}
        self._gnugo = gtp_player.find_gnugo(self._rules.gnugo)
        self._has_gnugo = self._gnugo is not None
        self._games = ladder_games.LadderGames(folder / run_paths.LADDER_GAMES, self._settings)

    @property
    def reference(self) -> str:
        """The player whose rating is 0."""
        return anchors.REFERENCE if self._anchors.names else UNIFORM

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
        content = {"settings": self._settings, "reference": self.reference, "players": entries}
        text = json.dumps(content, indent=1, allow_nan=False)
        files.write_atomic(self._ratings, f"{text}\n".encode())
        heap.release()  # the text and the fit grow with the number of networks
        return rungs

    @property
    def names(self) -> list[str]:
        """All players: the reference, other fixed players, then networks in the order of promotion."""
        fixed = [*self._anchors.others, *self._anchors.names] or [UNIFORM]
        levels = [f"gnugo-{level}" for level in self._rules.gnugo_levels]
        fixed += [name for name in levels if self._has_gnugo or name in self._games]
        return [*dict.fromkeys(fixed), *sorted(self._steps)]

    @property
    def num_games(self) -> int:
        """Number of games that count."""
        return self._games.count

    @property
    def num_wanted(self) -> int:
        """Number of games that the settings require for the networks so far."""
        return self._rules.games_per_network * len(self._steps)

    def rungs(self) -> list[Rung]:
        """Returns all players that are connected to the reference by games, strongest first."""
        names = self._connected()
        points = self._points(names)
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
        lines = [f"{'player':13} {'step':>9} {'Elo':>6} {'95 %':>15} {'games':>6} {'score':>6}"]
        for rung in self.rungs():
            step = "-" if rung.step is None else f"{rung.step:,}"
            interval = f"{rung.elo.low:+.0f} to {rung.elo.high:+.0f}"
            if rung.name == self.reference:
                interval = "fixed"
            share = f"{100 * rung.points / rung.games:.0f} %" if rung.games else "-"
            lines.append(
                f"{rung.name:13} {step:>9} {rung.elo.elo:6.0f} {interval:>15} {rung.games:6} {share:>6}"
            )
        return "\n".join(lines)

    def _next_pair(self) -> tuple[str, str]:
        """Returns a new player and its neighbour, or else the most informative pair."""
        connected = self._connected()
        newcomers = [name for name in self.names if name not in connected]
        if newcomers:
            # The newest rated network is likely to have a similar strength.
            networks = [name for name in connected if name in self._steps]
            return newcomers[0], networks[-1] if networks else self._weakest
        points = self._points(connected)
        is_present = np.array([self._can_play(name) for name in connected])
        fitted = bradley_terry.fit(points)
        pair = bradley_terry.most_informative_pair(fitted, points + points.T, is_present)
        return connected[pair[0]], connected[pair[1]]

    @property
    def _weakest(self) -> str:
        """The first opponent of the first network."""
        return next(iter(self._anchors.names), UNIFORM)

    def _can_play(self, name: str) -> bool:
        if name.startswith("gnugo-"):
            return self._has_gnugo and int(name.removeprefix("gnugo-")) in self._rules.gnugo_levels
        return name not in self._anchors.others

    def _points(self, names: Sequence[str]) -> sparse.csr_array:
        """[n, n] points of each row's player against each column's, in the run and in the calibration."""
        return self._games.matrix(names) + self._anchors.matrix(names)

    def _connected(self) -> list[str]:
        """Returns the players that games connect to the reference, in the order of `names`."""
        met = self._games.opponents()
        for name, others in self._anchors.opponents().items():
            met.setdefault(name, set()).update(others)
        reached, found = {self.reference}, {self.reference}
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
                algorithm=search_config.Algorithm.puct, num_simulations=self._num_simulations(name)
            )
            yield players.SearchPlayer(name, self._evaluator_of(name), search, rng)

    def _num_simulations(self, name: str) -> int:
        return self._anchors.simulations.get(name, self._rules.num_simulations)

    def _evaluator_of(self, name: str) -> evaluators.Evaluator:
        if name not in self._steps and name not in self._anchors.names:
            return evaluators.UniformEvaluator(self._config.game.size)
        evaluator = self._evaluators.pop(name, None) or self._load(self._weights_of(name))
        self._evaluators[name] = evaluator  # the last used one comes last
        return evaluator

    def _weights_of(self, name: str) -> network_weights.Weights:
        if name in self._anchors.names:
            return self._anchors.weights(name)
        return self._promotions.get(int(name)).load()

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
