"""The replay buffer as an actor."""

from collections.abc import Sequence
from typing import Any

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
        self._store = store.ReplayStore(config, folder.games)
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

    def request_shards(self, count: int, batch_size: int, num_ranks: int) -> list[Any]:
        """Whether the replay ratio allows for `count` steps, and for each rank its `count` batches or none.

        Called with a return value for each of the list's entries, so that batches go from here to the
        ranks and through no other process.
        """
        drawn = self._store.request_batches(count * num_ranks, batch_size)
        if drawn is None:
            return [False] + [[] for _ in range(num_ranks)]
        return [True] + [drawn[number::num_ranks] for number in range(num_ranks)]

    def held_out_batches(self, count: int, batch_size: int) -> list[batches.Batch]:
        """Batches that training never sees, or none."""
        return self._store.held_out_batches(count, batch_size)

    def figures(self) -> dict[str, float]:
        """Totals and running statistics by name."""
        return self._store.figures()
