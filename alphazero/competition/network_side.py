"""A side that is a network in our own process: no engine, no GTP, and all its games are searched together."""

import threading
import time
from collections.abc import Sequence

import numpy as np

from alphazero.competition import desk, engine_side, settings, sides
from alphazero.config import search as search_config
from alphazero.engine import answers, handicap
from alphazero.evaluation import weight_files
from alphazero.go import play, rules
from alphazero.search import evaluator as evaluators

UNIFORM = "none"
"""Instead of a weight file: a network that finds all moves and both colours equally good."""


class NetworkSide:
    """A `sides.Side` that plays by our engine's rules: positional superko, no suicide, area."""

    def __init__(self, player: settings.Player, seat: sides.Seat, networks: "Networks") -> None:
        self.code = self.name = player.code
        self.description = player.code
        self.seconds = 0.0
        self.cpu_s: float | None = None
        """Unknown: games share their searches."""
        self._player = player
        self._place = seat
        self._networks = networks
        self._seat: desk.Seat | None = None
        self._is_aborted = False
        self._game = play.Game(seat.game.board_size, seat.game.komi)

    def start(self) -> None:
        """Loads the network, unless other games have."""
        try:
            network = self._networks.at(self._player, self._place.game.board_size)
        except ValueError as error:
            raise sides.Broken(str(error)) from None
        self.description = network.description
        if self._player.sgf_player_name_from_gtp:
            self.name = network.description
        self._seat = network.desk.take_seat()

    def place_fixed(self, points: Sequence[int]) -> None:
        """Sets the stones up."""
        self._game.set_up(list(points), [], rules.WHITE)

    def place_free(self, count: int) -> list[int]:
        """The fixed ones, of fewer stones where the board has no more."""
        size = self._place.game.board_size
        points = handicap.fixed_points(size, min(count, handicap.most_fixed_stones(size)))
        self.place_fixed(points)
        return points

    def set_free(self, points: Sequence[int]) -> None:
        """Sets the stones up."""
        self.place_fixed(points)

    def play(self, color: int, action: int) -> None:
        """Rejects what our rules forbid."""
        try:
            self._game.play(action, color)
        except ValueError:
            name = rules.format_move(action, self._place.game.board_size)
            raise sides.Rejection(f"says that {name} is illegal") from None

    def genmove(self) -> sides.Reply:
        """Waits for the search of all positions that wait."""
        assert self._seat is not None
        if self._is_aborted:
            raise sides.Broken("was told to stop")
        began = time.monotonic()
        try:
            self._game.to_play = self._place.color
            action = self._seat.choose(self._game)
        except RuntimeError as error:
            raise sides.Broken(str(error)) from None
        finally:
            self.seconds += time.monotonic() - began
        self._game.play(action)
        return sides.Reply(action)

    def final_score(self) -> str | None:
        """The area of the final position, all stones alive."""
        return answers.score(self._game.score()) if self._player.is_reliable_scorer else None

    def abort(self) -> None:
        """Takes effect with the next move: a search is over after its visits."""
        self._is_aborted = True

    def close(self) -> None:
        """Gives the place at the desk back."""
        if self._seat is not None:
            self._seat.leave()
            self._seat = None


class Network:
    """A player's network at work."""

    def __init__(
        self, player: settings.Player, evaluator: evaluators.Evaluator, description: str, num_seats: int
    ) -> None:
        config = search_config.SearchConfig(
            algorithm=search_config.Algorithm.puct, num_simulations=player.visits
        )
        self.evaluator = evaluator
        self.description = f"{description}, {player.visits} simulations a move"
        self.desk = desk.Desk(evaluator, config, num_seats, np.random.default_rng(0))


class Networks:
    """The networks of a competition, each loaded when its first game starts; a context manager."""

    def __init__(self, num_seats: int) -> None:
        """num_seats: games at once."""
        self._num_seats = num_seats
        self._lock = threading.Lock()
        self._loaded: dict[tuple[str, int], Network] = {}

    def __enter__(self) -> "Networks":
        return self

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            for network in self._loaded.values():
                network.desk.close()
            self._loaded.clear()

    def make_side(self, player: settings.Player, seat: sides.Seat) -> sides.Side:
        """A side of either kind."""
        return NetworkSide(player, seat, self) if player.weights else engine_side.make(player, seat)

    def at(self, player: settings.Player, size: int) -> Network:
        """The player's network for this board; ValueError where it has none."""
        with self._lock:
            key = player.code, size
            if key not in self._loaded:
                self._loaded[key] = self._load(player, size)
            return self._loaded[key]

    def _load(self, player: settings.Player, size: int) -> Network:
        if player.weights == UNIFORM:
            return Network(player, evaluators.UniformEvaluator(size), "uniform network", self._num_seats)
        weights = weight_files.load(player.weights)
        if weights.size != size:
            raise ValueError(f"{player.weights}: plays {weights.size}x{weights.size}, not {size}x{size}")
        # Here, because engines need no library for networks.
        from alphazero.net import inference

        evaluator = inference.make_evaluator(weights, batch=max(1, self._num_seats // 2))
        return Network(player, evaluator, f"AlphaZero {weights.name}", self._num_seats)
