"""Self-play on one board size or several: a worker for each size, which take turns.

A batch of a network has one board size. So each size has games, trees and an evaluator of its own, and every
step plays one move in all games of one size. The next size is the one that is furthest behind its share of
the positions (`game.sizes`). The shares are met in every process, however many there are.
"""

from collections.abc import Mapping

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import schema
from alphazero.data import record as records
from alphazero.selfplay import worker as workers


class SizesWorker:
    """Workers of all board sizes of a run, used like one."""

    def __init__(
        self,
        config: schema.Config,
        networks: Mapping[int, evaluators.Evaluator],
        *,
        name: str,
        rng: np.random.Generator,
        weights: int = 0,
        num_threads: int = 1,
    ) -> None:
        """networks: an evaluator for each board size. Other arguments: those of `worker.SelfPlayWorker`."""
        self._shares = config.game.shares
        self._workers = {
            size: workers.SelfPlayWorker(
                config.of_size(size),
                networks[size],
                name=name if len(self._shares) == 1 else f"{name}-{size}x{size}",
                rng=rng,
                weights=weights,
                num_threads=num_threads,
            )
            for size in self._shares
        }

    def play_move(self) -> list[records.GameRecord]:
        """Plays one move in every game of one size; returns the games that were finished."""
        size = min(self._shares, key=lambda size: self._workers[size].work.moves / self._shares[size])
        return self._workers[size].play_move()

    def set_weights(self, networks: Mapping[int, evaluators.Evaluator], weights: int) -> None:
        """Switches to other networks, one for each size, as `SelfPlayWorker.set_weights`."""
        for size, worker in self._workers.items():
            worker.set_weights(networks[size], weights)

    def set_total_games(self, total: int) -> None:
        """Sets the number of games of the whole run, as `SelfPlayWorker.set_total_games`."""
        for worker in self._workers.values():
            worker.set_total_games(total)

    def metrics(self) -> dict[str, float]:
        """Totals since the start, by name, and with several sizes the games and moves of each."""
        parts = {size: worker.metrics() for size, worker in self._workers.items()}
        names = next(iter(parts.values()))
        totals = {name: sum(part[name] for part in parts.values()) for name in names}
        if len(parts) > 1:
            for size, part in parts.items():
                totals |= {f"{name}_{size}x{size}": part[name] for name in ("games", "moves")}
        return totals
