"""A side that is a network in this process, without GTP; all games of a network are searched together."""

import threading
import time
from collections.abc import Sequence

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.competition.control_files import settings
from alphazero.competition.play import batched_player, engine_side, sides
from alphazero.config import search as search_config
from alphazero.engine.commands import answers
from alphazero.evaluation import weight_files
from alphazero.go import handicap, play, rules
from alphazero.net import weights as network_weights


class NetworkSide:
    """A `sides.Side` that plays by our engine's rules: positional superko, no suicide, area scoring."""

    def __init__(
        self, player: settings.PlayerSettings, context: sides.SideContext, networks: "Networks"
    ) -> None:
        self.code = self.name = player.code
        self.description = player.code
        self.seconds = 0.0
        self.cpu_s: float | None = None
        """Unknown, because games share their searches."""
        self._player = player
        self._context = context
        self._networks = networks
        self._slot: batched_player.GameSlot | None = None
        self._is_aborted = False
        self._game = play.Game(context.game.board_size, context.game.komi)

    def start(self) -> None:
        """Loads the network, unless another game has loaded it."""
        try:
            network = self._networks.at(self._player, self._context.game.board_size)
        except ValueError as error:
            raise sides.Broken(str(error)) from None
        self.description = network.description
        if self._player.sgf_player_name_from_gtp:
            self.name = network.description
        self._slot = network.player.acquire_slot()

    def place_fixed(self, points: Sequence[int]) -> None:
        """Places the handicap stones."""
        self._game.set_up(list(points), [], rules.WHITE)

    def place_free(self, count: int) -> list[int]:
        """Places and returns the points of the fixed handicap, at most as many as the board has."""
        size = self._context.game.board_size
        points = handicap.fixed_points(size, min(count, handicap.most_fixed_stones(size)))
        self.place_fixed(points)
        return points

    def set_free(self, points: Sequence[int]) -> None:
        """Places the handicap stones."""
        self.place_fixed(points)

    def play(self, color: int, action: int) -> None:
        """Plays a move; raises Rejection if our rules forbid it."""
        try:
            self._game.play(action, color)
        except ValueError:
            name = rules.format_move(action, self._context.game.board_size)
            raise sides.Rejection(f"rejected {name} as illegal") from None

    def genmove(self) -> sides.Reply:
        """Waits for the batched search and plays its move."""
        assert self._slot is not None
        if self._is_aborted:
            raise sides.Broken("aborted")
        began = time.monotonic()
        try:
            self._game.to_play = self._context.color
            action = self._slot.choose(self._game)
        except RuntimeError as error:
            raise sides.Broken(str(error)) from None
        finally:
            self.seconds += time.monotonic() - began
        self._game.play(action)
        return sides.Reply(action)

    def final_score(self) -> str | None:
        """The area score of the final position, with all stones alive; None if not a reliable scorer."""
        return answers.score(self._game.score()) if self._player.is_reliable_scorer else None

    def abort(self) -> None:
        """Takes effect at the next move; a running search ends after its simulations."""
        self._is_aborted = True

    def close(self) -> None:
        """Releases the game slot."""
        if self._slot is not None:
            self._slot.release()
            self._slot = None


class LoadedNetwork:
    """A player's network and its `BatchedPlayer`."""

    def __init__(
        self,
        player: settings.PlayerSettings,
        evaluator: evaluators.Evaluator,
        description: str,
        num_games: int,
    ) -> None:
        config = search_config.SearchConfig(
            algorithm=search_config.Algorithm.puct, num_simulations=player.visits
        )
        self.evaluator = evaluator
        self.description = f"{description}, {player.visits} simulations a move"
        self.player = batched_player.BatchedPlayer(evaluator, config, num_games, np.random.default_rng(0))


class Networks:
    """The networks of a competition, each loaded at its first game; a context manager."""

    def __init__(self, num_games: int) -> None:
        """num_games: games at once."""
        self._num_games = num_games
        self._lock = threading.Lock()
        self._loaded: dict[tuple[str, int], LoadedNetwork] = {}

    def __enter__(self) -> "Networks":
        return self

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            for network in self._loaded.values():
                network.player.close()
            self._loaded.clear()

    def make_side(self, player: settings.PlayerSettings, context: sides.SideContext) -> sides.Side:
        """A side for a network or an engine."""
        return NetworkSide(player, context, self) if player.weights else engine_side.make(player, context)

    def at(self, player: settings.PlayerSettings, size: int) -> LoadedNetwork:
        """The player's network for this board size; raises ValueError if it has none."""
        with self._lock:
            key = player.code, size
            if key not in self._loaded:
                self._loaded[key] = self._load(player, size)
            return self._loaded[key]

    def _load(self, player: settings.PlayerSettings, size: int) -> LoadedNetwork:
        if player.weights == weight_files.UNIFORM:
            return LoadedNetwork(
                player, evaluators.UniformEvaluator(size), "uniform network", self._num_games
            )
        weights = weight_files.load(player.weights)
        if not network_weights.plays(weights, size):
            own = network_weights.size_of(weights)
            raise ValueError(f"{player.weights}: network for {own}x{own}, not {size}x{size}")
        # Imported here, because competitions of engines do not need the inference libraries.
        from alphazero.net import inference

        batch = max(1, self._num_games // 2)
        evaluator = inference.make_evaluator(weights, size=size, batch=batch)
        name = f"AlphaZero {network_weights.name_of(weights)}"
        return LoadedNetwork(player, evaluator, name, self._num_games)
