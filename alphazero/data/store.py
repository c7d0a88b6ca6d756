"""The replay store as a plain class: game log, replay window, and the replay ratio that paces the run."""

import dataclasses
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import earlier_games, gamelog, recent_ids, size_windows, statistics
from alphazero.data import record as records

_HELD_OUT_WINDOW = 10_000
"""Number of the most recent held-out positions that are kept."""
_REMEMBERED_GAMES = 200_000
"""Number of ids that are kept to detect repeats. A push is repeated within minutes, and memory must stay
bounded."""


@dataclass(slots=True, kw_only=True)
class Counters:
    """Totals over all sessions of the run."""

    games: int = 0
    passes_games: int = 0
    """Games that ended with two passes; the four counts by end add up to `games`."""
    resign_games: int = 0
    """Games that ended with a resignation."""
    settled_games: int = 0
    """Games that were adjudicated because every point had its owner."""
    limit_games: int = 0
    """Games that ended at the move limit."""
    positions: int = 0
    """Positions with a training target."""
    samples: int = 0
    """Positions delivered to training, repeats included."""
    held_out_games: int = 0
    """Games that training never sees; `positions` includes theirs."""
    damaged_games: int = 0
    """Parts of the log, or games in it, that could not be read at the last restart."""


class ReplayStore:
    """Stores finished games, delivers batches, and holds training and self-play to the replay ratio.

    If its process is killed, it loses nothing that was counted: a game counts once it is in the log, and
    `restore` rebuilds the window and the totals from the log. The learner keeps the number of samples.
    """

    def __init__(self, config: schema.Config, folder: Path) -> None:
        """folder: that of the game log (`games/` of the run's folder)."""
        self._config = config
        self._folder = folder
        self._log = gamelog.GameLog(folder)
        self._window = size_windows.SizeWindows(config, config.replay)
        evenly = dataclasses.replace(
            config.replay,
            min_window=min(_HELD_OUT_WINDOW, config.replay.max_window),
            max_window=min(_HELD_OUT_WINDOW, config.replay.max_window),
            surprise_weight=0.0,
        )
        self._held_out = size_windows.SizeWindows(config, evenly)
        self._game_ids = recent_ids.RecentIds(_REMEMBERED_GAMES)
        self._counters = Counters()
        self._is_learner_waiting = False
        self._statistics = statistics.RunningStats(config.selfplay)

    @property
    def counters(self) -> Counters:
        """The totals; read-only."""
        return self._counters

    def metrics(self) -> dict[str, float]:
        """Totals, the window's length and statistics of the newest games, by name."""
        return {
            **asdict(self._counters),
            "window": len(self._window),
            "staleness_steps": self._window.staleness,
            **self._window.metrics(),
            "samples_per_position": self._counters.samples / max(1, self._counters.positions),
            **self._statistics.summary(),
        }

    def set_samples(self, samples: int) -> None:
        """Sets the number of samples that the learner's checkpoint has used."""
        self._counters.samples = samples

    def add_games(self, games: Sequence[records.GameRecord], actor: str) -> int:
        """Logs and counts the games that are new; returns their number.

        A push can be repeated safely after an error or a lost answer. Raises ValueError for an illegal
        game, before anything is written.
        """
        fresh = {game.game_id: game for game in games if game.game_id not in self._game_ids}
        replayed = [self._window.replay(game) for game in fresh.values()]
        self._log.append_many(list(fresh.values()), actor)
        for game, inputs in zip(fresh.values(), replayed, strict=True):
            self._window_of(game.game_id).add_replayed(game, inputs)
            self._count(game.game_id, game.end, game.num_targets)
            self._statistics.add(game)
        return len(fresh)

    def request_batches(self, count: int, batch_size: int) -> list[batches.TrainingBatch] | None:
        """`count` batches; None while there are too few games for this number of samples."""
        wanted = count * batch_size
        needed = self._config.training.min_positions
        # Positions from earlier games whose log is missing are counted, but cannot be drawn.
        drawable = len(self._window) >= min(needed, self._config.replay.min_window)
        enough = self._window.positions >= needed and drawable
        allowed = self._counters.samples + wanted <= self._allowed_samples()
        self._is_learner_waiting = not (enough and allowed)
        if self._is_learner_waiting:
            return None
        # The draws depend only on the state, so that a resumed run draws the same batches.
        state = (self._config.run.seed, 1, self._counters.samples, self._counters.positions)
        rng = np.random.default_rng(state)
        drawn = [self._window.sample(batch_size, rng) for _ in range(count)]
        self._counters.samples += wanted
        return drawn

    def held_out_batches(self, count: int, batch_size: int) -> list[batches.TrainingBatch]:
        """`count` batches of positions from held-out games; empty while there are too few positions.

        The draws stay the same until positions are added.
        """
        if not self._held_out.is_filled(batch_size):
            return []
        rng = np.random.default_rng((self._config.run.seed, 2))
        return [self._held_out.sample(batch_size, rng, least=batch_size) for _ in range(count)]

    def should_wait(self) -> bool:
        """Whether self-play should pause because it is too far ahead of the learner.

        False before the learner's first batch. False while the learner waits for games, as otherwise both
        would wait forever.
        """
        training = self._config.training
        if self._is_learner_waiting or self._counters.samples == 0:
            return False
        lead = (self._allowed_samples() - self._counters.samples) / training.replay_ratio
        return lead > training.max_lead_positions

    def restore(self, samples: int = 0) -> Counters:
        """Rebuilds the state from the log. samples: number that the learner's checkpoint has used.

        Unpacks only the games that can still be in the window.
        """
        assert self._counters == Counters(), "restore comes first"
        self._count_earlier(earlier_games.read(self._folder))
        corrupt: list[gamelog.CorruptRecord] = []
        entries = self._log.entries(corrupt.append)
        later = Counter[int]()
        for entry in entries:
            later[entry.size] += entry.num_targets
        for entry in entries:
            later[entry.size] -= entry.num_targets
            is_known = self._window.has(entry.size)
            if is_known and later[entry.size] >= self._window.capacity(entry.size):
                self._window_of(entry.game_id).skip(entry.size, entry.num_targets)
                self._count(entry.game_id, entry.end, entry.num_targets)
            else:
                self._restore_game(entry, corrupt)
        for skipped in corrupt:
            gamelog.log_corruption(skipped)
        self._counters.damaged_games = len(corrupt)
        self.set_samples(samples)
        return self._counters

    def _count_earlier(self, earlier: earlier_games.EarlierGames) -> None:
        """Counts games of a run restored without its log; replay ratio and window continue from them."""
        self._counters.games += earlier.games
        self._counters.positions += earlier.positions
        for end, count in earlier.ends.items():
            setattr(self._counters, f"{end}_games", count)
        self._window.skip_by_shares(earlier.positions)

    def _restore_game(self, entry: gamelog.LogEntry, corrupt: list[gamelog.CorruptRecord]) -> None:
        try:
            game = self._log.read(entry)
            self._window_of(game.game_id).add(game)
        except ValueError as error:
            corrupt.append(gamelog.CorruptRecord(entry.path, entry.offset, str(error)))
            return
        self._count(game.game_id, game.end, game.num_targets)
        self._statistics.add(game)

    def _window_of(self, game_id: str) -> size_windows.SizeWindows:
        return self._held_out if self._is_held_out(game_id) else self._window

    def _is_held_out(self, game_id: str) -> bool:
        return is_held_out(game_id, self._config.replay.held_out_fraction)

    def _count(self, game_id: str, end: str, num_targets: int) -> None:
        self._game_ids.add(game_id)
        self._counters.games += 1
        setattr(self._counters, f"{end}_games", getattr(self._counters, f"{end}_games") + 1)
        self._counters.positions += num_targets
        self._counters.held_out_games += self._is_held_out(game_id)

    def _allowed_samples(self) -> float:
        return self._config.training.replay_ratio * self._counters.positions


def is_held_out(game_id: str, fraction: float) -> bool:
    """Whether a game is never trained on.

    It depends on the id alone, so that every session divides the games in the same way. fraction:
    `replay.held_out_fraction`.
    """
    return zlib.crc32(game_id.encode()) < fraction * 2**32
