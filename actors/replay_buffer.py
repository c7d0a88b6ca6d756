"""The replay buffer as an actor."""

from collections.abc import Sequence

import numpy as np

from actors import messages
from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import record as records
from alphazero.data import run_folder, store


class ReplayBuffer:
    """A `data.store.ReplayStore` with the run's game log.

    When killed the run ends with an error and nothing is lost that was counted: the log holds it, and
    the next session rebuilds its window from there. Pushes are idempotent by game id, so an actor that
    got no answer pushes again.
    """

    def __init__(self, config: schema.Config) -> None:
        folder = run_folder.RunFolder(config.run.dir)
        rng = np.random.default_rng([config.run.seed, 1])
        self._store = store.ReplayStore(config, folder.games, rng)
        self._store.restore()

    def add_games(self, games: Sequence[records.GameRecord], actor: str) -> messages.PushReply:
        """Logs, counts and stores the games of one self-play actor."""
        self._store.add_games(games, actor)
        return self.state()

    def state(self) -> messages.PushReply:
        """What `add_games` answers, without adding any."""
        return messages.PushReply(
            total_games=self._store.counters.games, should_wait=self._store.should_wait()
        )

    def set_samples(self, samples: int) -> None:
        """What the learner's checkpoint had used; the learner says so before its first request."""
        self._store.set_samples(samples)

    def request_batches(self, count: int, batch_size: int) -> list[batches.Batch] | None:
        """Batches for the learner, or None while the replay ratio does not allow for them."""
        return self._store.request_batches(count, batch_size)

    def figures(self) -> dict[str, float]:
        """Totals and running statistics by name."""
        return self._store.figures()
