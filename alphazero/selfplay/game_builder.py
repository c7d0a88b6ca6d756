"""A game in progress, collected for its record."""

import numpy as np

from alphazero.config import game as game_config
from alphazero.config import selfplay as selfplay_config
from alphazero.data import record as records
from alphazero.go import rules


class GameBuilder:
    """Collects the moves, targets and values of one game, and decides on resignation."""

    def __init__(
        self, game_id: str, config: selfplay_config.SelfPlayConfig, rng: np.random.Generator, weights: int
    ) -> None:
        """weights: version of the network at the first move."""
        self.game_id = game_id
        self.opening_plies = int(rng.integers(config.opening_policy_plies + 1))
        self.may_resign = bool(rng.random() >= config.no_resign_fraction)
        self.resigned_by = 0
        """+1 if Black has resigned, -1 if White has, otherwise 0."""
        self.is_settled = False
        """Whether the game was adjudicated because every point has its owner."""
        self._config = config
        self._oldest_weights = weights
        self._moves: list[int] = []
        self._policies: list[np.ndarray | None] = []
        self._values: list[float] = []
        self._surprises: list[float] = []
        self._low_turns = {rules.BLACK: 0, rules.WHITE: 0}
        self._num_played = 0
        self._num_simulations = 0

    @property
    def ply(self) -> int:
        """Number of moves so far, those of a play-out included."""
        return len(self._moves)

    def add_unsearched(self, action: int) -> None:
        """Adds an opening move, drawn from the raw policy: part of the history, but not a target."""
        self._add(action, float("nan"))

    def add_searched(self, action: int, value: float, num_simulations: int) -> None:
        """Adds a searched move with its root value; its policy is a target only after `add_policy`."""
        self._add(action, value)
        self._num_simulations = max(self._num_simulations, num_simulations)

    def add_policy(self, policy: np.ndarray, surprise: float) -> None:
        """Adds the latest move's policy target [A] and its divergence from the raw policy, in nats."""
        self._policies[-1] = policy
        self._surprises[-1] = surprise

    def _add(self, action: int, value: float) -> None:
        self._moves.append(action)
        self._values.append(value)
        self._policies.append(None)
        self._surprises.append(float("nan"))
        self._num_played += 1

    def add_after_resignation(self, action: int) -> None:
        """Adds a move of the play-out, which affects the score but is not a training position."""
        self._moves.append(action)

    def consider_resigning(self, player: int, value: float) -> None:
        """Counts the player's hopeless turns; after `resign_turns` in a row the player resigns.

        value: that of the root, for `player`. There is no resignation unless `may_resign`.
        """
        is_low = value < self._config.resign_threshold
        self._low_turns[player] = self._low_turns[player] + 1 if is_low else 0
        if self.may_resign and self._low_turns[player] >= self._config.resign_turns:
            self.resigned_by = 1 if player == rules.BLACK else -1

    def finish(self, config: game_config.GameConfig, owner: np.ndarray, weights: int) -> records.GameRecord:
        """The record of the finished game.

        owner: [P] int8, Black's view. weights: version of the network at the end.
        """
        score = int(owner.sum()) - config.komi
        winner = -self.resigned_by if self.resigned_by else int(np.sign(score))
        num_actions = config.size * config.size + 1
        policy = np.zeros((self._num_played, num_actions), np.float16)
        for ply, target in enumerate(self._policies):
            if target is not None:
                policy[ply] = target
        return records.GameRecord(
            game_id=self.game_id,
            size=config.size,
            komi=config.komi,
            ko=config.ko.value,
            suicide=config.suicide,
            move_limit=config.moves_at_most,
            moves=np.array(self._moves, np.int16),
            num_played=self._num_played,
            policy=policy,
            root_values=np.array(self._values, np.float32),
            surprise=np.array(self._surprises, np.float32),
            winner=winner,
            score=float(score),
            ownership=owner.astype(np.int8),
            end=self._end(config),
            oldest_weights=self._oldest_weights,
            newest_weights=weights,
            num_simulations=self._num_simulations,
            may_resign=self.may_resign,
        )

    def _end(self, config: game_config.GameConfig) -> str:
        if self.resigned_by:
            return "resign"
        if self.is_settled:
            return "settled"
        pass_action = config.size * config.size
        return "passes" if self._moves[-2:] == [pass_action, pass_action] else "limit"
