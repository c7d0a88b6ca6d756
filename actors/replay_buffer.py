"""The replay buffer as an actor."""

import dataclasses
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from actors import messages
from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import record as records
from alphazero.data import sgf_sample, store
from alphazero.run_files import run_folder

_logger = logging.getLogger(__name__)
_SLOW_S, _FAST_S = 5.0, 1.0


class ReplayBuffer:
    """A `data.store.ReplayStore` with the run's game log.

    If it is killed, no counted game is lost: Ray restarts it on the driver's node, it rebuilds its window
    from the log (about a second for 100,000 positions), and unanswered calls are repeated. A push is
    idempotent by game id; a request for batches contains the number of samples before it.
    """

    def __init__(self, config: schema.Config, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: in seconds, to measure the disk."""
        self._clock = clock
        folder = run_folder.RunFolder(config.run.dir)
        self._store = store.ReplayStore(config, folder.games)
        self._store.restore()
        self._sgf = sgf_sample.SgfSample(folder.sgf, config.selfplay.sgf_every)
        self._is_in_trouble = False
        self._is_slow = False

    def add_games(self, games: Sequence[records.GameRecord], actor: str) -> messages.PushReply:
        """Logs, counts and stores games of one self-play actor; a reply with trouble if the disk fails."""
        began = self._clock()
        try:
            self._store.add_games(games, actor)
        except OSError as error:
            if not self._is_in_trouble:
                _logger.warning("games cannot be written, their actors keep them: %s", error)
            self._is_in_trouble = True
            return dataclasses.replace(self.state(), trouble=str(error))
        self._sgf.add(games)
        if self._is_in_trouble:
            self._is_in_trouble = False
            _logger.warning("games can be written again")
        self._check_disk_speed(self._clock() - began)
        return self.state()

    def _check_disk_speed(self, seconds: float) -> None:
        """Logs when the disk becomes slow or fast; nothing is lost, as self-play's pushes are bounded."""
        if seconds > _SLOW_S and not self._is_slow:
            self._is_slow = True
            _logger.warning("the disk is slow: writing games took %.0f s; self-play waits for it", seconds)
        elif seconds < _FAST_S and self._is_slow:
            self._is_slow = False
            _logger.warning("the disk is fast enough again")

    def state(self) -> messages.PushReply:
        """The reply of `add_games` without games."""
        return messages.PushReply(
            total_games=self._store.counters.games, should_wait=self._store.should_wait()
        )

    def request_shards(self, samples: int, count: int, batch_size: int, num_ranks: int) -> list[Any]:
        """Whether the replay ratio allows `count` steps, then for each rank its `count` batches or none.

        samples: number that the learner has used before these. It can fall, as a learner may restart from its
        checkpoint. The caller sets num_returns to the length of the list, so that batches go directly to the
        ranks.
        """
        self._store.set_samples(samples)
        drawn = self._store.request_batches(count * num_ranks, batch_size)
        if drawn is None:
            return [False] + [[] for _ in range(num_ranks)]
        return [True] + [drawn[number::num_ranks] for number in range(num_ranks)]

    def held_out_batches(self, count: int, batch_size: int) -> list[batches.TrainingBatch]:
        """Batches of held-out games, which are never trained on; possibly none."""
        return self._store.held_out_batches(count, batch_size)

    def metrics(self) -> dict[str, float]:
        """Totals and running statistics by name."""
        return self._store.metrics()
