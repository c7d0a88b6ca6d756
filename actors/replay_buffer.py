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
from alphazero.data import run_folder, sgf_sample, store

_logger = logging.getLogger(__name__)
_SLOW_S, _FAST_S = 5.0, 1.0


class ReplayBuffer:
    """A `data.store.ReplayStore` with the run's game log.

    When killed nothing is lost that was counted: Ray starts it again on the driver's node, where it rebuilds
    its window from the log (about a second for 100,000 positions), and calls without an answer are made
    again. A push is idempotent by game id; a request for batches says how many samples came before it.
    """

    def __init__(self, config: schema.Config, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: seconds, for judging the disk."""
        self._clock = clock
        folder = run_folder.RunFolder(config.run.dir)
        self._store = store.ReplayStore(config, folder.games)
        self._store.restore()
        self._sgf = sgf_sample.SgfSample(folder.sgf, config.selfplay.sgf_every)
        self._is_in_trouble = False
        self._is_slow = False

    def add_games(self, games: Sequence[records.GameRecord], actor: str) -> messages.PushReply:
        """Logs, counts and stores games of one self-play actor, or says why the disk does not take them."""
        began = self._clock()
        try:
            self._store.add_games(games, actor)
        except OSError as error:
            if not self._is_in_trouble:
                _logger.warning("games cannot be written and wait for it: %s", error)
            self._is_in_trouble = True
            return dataclasses.replace(self.state(), trouble=str(error))
        self._sgf.add(games)
        if self._is_in_trouble:
            self._is_in_trouble = False
            _logger.warning("games can be written again")
        self._judge_disk(self._clock() - began)
        return self.state()

    def _judge_disk(self, seconds: float) -> None:
        """Tells of a disk on which a push takes long; nothing is lost, as self-play's pushes are bounded."""
        if seconds > _SLOW_S and not self._is_slow:
            self._is_slow = True
            _logger.warning("the disk is slow: writing games took %.0f s; self-play waits for it", seconds)
        elif seconds < _FAST_S and self._is_slow:
            self._is_slow = False
            _logger.warning("the disk is fast enough again")

    def state(self) -> messages.PushReply:
        """What `add_games` answers, without adding any."""
        return messages.PushReply(
            total_games=self._store.counters.games, should_wait=self._store.should_wait()
        )

    def request_shards(self, samples: int, count: int, batch_size: int, num_ranks: int) -> list[Any]:
        """Whether the replay ratio allows for `count` steps, and for each rank its `count` batches or none.

        samples: how many the learner has used before these, which may be fewer than were once handed out: it
        goes back to its checkpoint. Called with a return value for each of the list's entries, so that
        batches go from here to the ranks and through no other process.
        """
        self._store.set_samples(samples)
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
