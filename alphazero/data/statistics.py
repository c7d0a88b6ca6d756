"""Statistics of the newest games, the first place to see that self-play has gone wrong."""

from collections import deque
from typing import NamedTuple

import numpy as np

from alphazero.config import selfplay as selfplay_config
from alphazero.data import record as records

_OPENING_PLIES = 8


class _Summary(NamedTuple):
    winner: int
    num_played: int
    end: str
    opening: bytes
    would_resign: int  # 1 if played to the end although a player would have resigned, else 0
    wrong_resigns: int  # 1 if that player did not lose, else 0


class RunningStats:
    """Fractions and means over the newest games."""

    def __init__(self, config: selfplay_config.SelfPlayConfig, num_games: int = 1000) -> None:
        self._config = config
        self._newest: deque[_Summary] = deque(maxlen=num_games)

    def add(self, record: records.GameRecord) -> None:
        """Counts one game."""
        would_resign = 0 if record.may_resign else first_to_resign(record, self._config)
        self._newest.append(
            _Summary(
                winner=record.winner,
                num_played=record.num_played,
                end=record.end,
                opening=record.moves[:_OPENING_PLIES].tobytes(),
                would_resign=int(would_resign != 0),
                wrong_resigns=int(would_resign != 0 and record.winner != -would_resign),
            )
        )

    def summary(self) -> dict[str, float]:
        """The metrics by name; fractions in [0, 1]. Empty before the first game.

        passes_, resign_, settled_ and limit_fraction are fractions of games by their ends, and add up to 1.
        wrong_resign_fraction covers games with resignation disabled in which a player would have resigned:
        the fraction of them that this player did not lose. It is absent if there are no such games.
        """
        games = list(self._newest)
        if not games:
            return {}
        metrics = {
            "draw_fraction": np.mean([game.winner == 0 for game in games]),
            "black_win_fraction": np.mean([game.winner > 0 for game in games]),
            **{
                f"{end}_fraction": np.mean([game.end == end for game in games]) for end in records.END_REASONS
            },
            "mean_length": np.mean([game.num_played for game in games]),
            "distinct_openings": len({game.opening for game in games}),
        }
        would_resign = sum(game.would_resign for game in games)
        if would_resign:
            metrics["wrong_resign_fraction"] = sum(game.wrong_resigns for game in games) / would_resign
        return {name: float(value) for name, value in metrics.items()}


def first_to_resign(record: records.GameRecord, config: selfplay_config.SelfPlayConfig) -> int:
    """The player (+1 Black, -1 White) who resigns first by the resignation rule; 0 if neither does.

    The rule: the root value is below `resign_threshold` on `resign_turns` of the player's turns in a row.
    """
    turns = [0, 0]
    for ply, value in enumerate(record.root_values):
        player = ply % 2
        turns[player] = turns[player] + 1 if value < config.resign_threshold else 0
        if turns[player] >= config.resign_turns:
            return 1 if player == 0 else -1
    return 0
