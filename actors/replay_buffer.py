"""The replay buffer as an actor, and the replay protocol: how games become batches.

| call             | by                         | reply                                                    |
|------------------|----------------------------|----------------------------------------------------------|
| `add_games`      | self-play (`pushes`)       | `PushReply`: total of games, whether to wait, trouble    |
| `state`          | self-play, while it waits  | the same                                                 |
| `request_shards` | learner (`batch_requests`) | whether the request is granted, and each rank's batches  |

The replay buffer takes one call at a time and never waits for another actor. It grants a request if the
samples before it and its own are at most `training.replay_ratio` times the positions so far. The learner
sends each request while it trains on the batches of the one before. Self-play is ahead by the positions that
training has not used: positions - samples / replay_ratio. Held-out games count for that ratio only.

| state     | holds if                                            | requests | self-play                    |
|-----------|-----------------------------------------------------|----------|------------------------------|
| filling   | there are fewer positions than `min_positions`      | refused  | plays                        |
| short     | the last request was for more samples than allowed  | refused  | plays                        |
| balanced  | self-play is ahead by at most `max_lead_positions`  | granted  | plays                        |
| ahead     | self-play is further ahead                          | granted  | waits and polls `state`      |
| disk full | games cannot be written, on top of any state        | as in it | pushes the games again       |

The learner waits for games, and asks again every 0.2 s. Self-play waits for the learner. They never wait for
each other: self-play does not wait before the first batch, nor after a request was refused.

An example with replay_ratio=4, min_positions=20, max_lead_positions=30, batches of 8, games of 12 positions:
 1. The learner requests 1 step after 0 samples. Refused: there are 0 positions. It asks again.
 2. Self-play pushes 2 games: 24 positions, which allow 96 samples.
 3. The learner requests 1 step after 0 samples. Granted: 8 samples are used.
 4. It trains, and requests 2 steps after 8 samples. Granted: 24 samples, ahead by 24 - 24/4 = 18.
 5. Self-play pushes 2 games: 48 positions, ahead by 42. The reply says to wait.
 6. The learner requests 8 steps after 24 samples. Granted: 88 samples, ahead by 26. A poll ends the wait.
 7. The replay buffer is killed. Ray starts it again, and it reads 4 games with 48 positions from the log.
 8. The learner requests 13 steps after 88 samples. Granted: 88 + 104 = 192, which is all that is allowed.
 9. The learner is killed. Its successor restores a checkpoint with 24 samples and requests 1 step after them.
10. Granted: the count falls to 24 + 8 = 32 samples. Self-play is ahead by 40 and waits at its next push.

What a kill costs:
- A self-play actor: its unfinished games, and finished games that no push has delivered.
- The replay buffer: nothing, because a game counts as soon as it is in the log. Ray repeats calls that got no
  reply. That is safe: an id is counted only once, and a request names the number of samples before it.
- The learner or one of its ranks: the steps since the last checkpoint. The next request sets the number of
  samples back, so that training may use as many samples again.
- The driver: all of these. The next session begins with the game log and the last checkpoint.
"""

import dataclasses
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from actors import messages
from alphazero import cpu_meter
from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import record as records
from alphazero.data import sgf_sample, store
from alphazero.run_files import run_folder

_logger = logging.getLogger(__name__)
_SLOW_S, _FAST_S = 5.0, 1.0


class ReplayBuffer:
    """A `data.store.ReplayStore` with the run's game log.

    If it is killed, no counted game is lost: Ray restarts it on the driver's node, and it rebuilds its window
    from the log (about a second for 100,000 positions).
    """

    def __init__(self, config: schema.Config, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: in seconds, to measure the disk."""
        self._clock = clock
        self._meter = cpu_meter.CpuMeter()
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

    def request_shards(self, request: messages.BatchRequest) -> list[Any]:
        """Whether the request is granted, then for each rank its batches, one for each step, or none.

        The elements of the list are separate replies (`batch_requests.send`), so that batches go directly to
        the ranks.
        """
        self._store.set_samples(request.samples)
        ranks = range(request.num_ranks)
        drawn = self._store.request_batches(request.steps * request.num_ranks, request.batch_size)
        if drawn is None:
            return [False, *([] for _ in ranks)]
        return [True, *(drawn[rank :: request.num_ranks] for rank in ranks)]

    def held_out_batches(self, count: int, batch_size: int) -> list[batches.TrainingBatch]:
        """Batches of held-out games, which are never trained on; possibly none."""
        return self._store.held_out_batches(count, batch_size)

    def metrics(self) -> dict[str, float]:
        """Totals and running statistics by name."""
        return self._store.metrics() | self._meter.totals()
