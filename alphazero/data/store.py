"""The replay buffer as a plain class: log, window and the ratio that is the run's clock."""

import dataclasses
import logging
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import earlier_games, gamelog, recent_ids, replay, statistics
from alphazero.data import record as records

_logger = logging.getLogger(__name__)
_HELD_OUT_WINDOW = 10_000
"""Newest positions of held-out games that are kept."""
_REMEMBERED_GAMES = 200_000
"""Ids by which repeats are known. A push comes again within minutes, and a run must not grow for ever."""


@dataclass(slots=True, kw_only=True)
class Counters:
    """Totals over all sessions of the run."""

    games: int = 0
    passes_games: int = 0
    """Games that two passes ended; the four kinds add up to `games`."""
    resign_games: int = 0
    """Games that were resigned."""
    settled_games: int = 0
    """Games that were adjudicated because every point had its owner."""
    limit_games: int = 0
    """Games that the move limit ended."""
    positions: int = 0
    """Positions with a training target."""
    samples: int = 0
    """Positions handed to training, repeats counted."""
    held_out_games: int = 0
    """Games that training never sees; their positions count like all others."""
    damaged_games: int = 0
    """Stretches of the log, or games in it, that could not be read at the last restart."""


class ReplayStore:
    """Takes finished games, hands out batches, and keeps the two in step.

    Killed at any time it loses nothing that was counted: a game counts once it is in the log, and
    `restore` rebuilds the window and the totals from there. The samples are the learner's to keep.
    """

    def __init__(self, config: schema.Config, folder: Path) -> None:
        """folder: where the game log lies (`games/` of the run's folder)."""
        self._config = config
        self._folder = folder
        self._log = gamelog.GameLog(folder)
        self._window = replay.ReplayWindow(config.game.size, config.replay, config.net.targets)
        evenly = dataclasses.replace(
            config.replay,
            min_window=min(_HELD_OUT_WINDOW, config.replay.max_window),
            max_window=min(_HELD_OUT_WINDOW, config.replay.max_window),
            surprise_weight=0.0,
        )
        self._held_out = replay.ReplayWindow(config.game.size, evenly, config.net.targets)
        self._game_ids = recent_ids.RecentIds(_REMEMBERED_GAMES)
        self._counters = Counters()
        self._is_learner_waiting = False
        self._statistics = statistics.RunningStats(config.selfplay)

    @property
    def counters(self) -> Counters:
        """The totals, not to be changed."""
        return self._counters

    def figures(self) -> dict[str, float]:
        """Totals, the window's length and what the newest games look like, by name."""
        return {
            **asdict(self._counters),
            "window": len(self._window),
            "staleness_steps": self._window.staleness,
            "samples_per_position": self._counters.samples / max(1, self._counters.positions),
            **self._statistics.summary(),
        }

    def set_samples(self, samples: int) -> None:
        """Takes the samples that a learner which goes on from its checkpoint has really used."""
        self._counters.samples = samples

    def add_games(self, games: Sequence[records.GameRecord], actor: str) -> int:
        """Logs and counts the games that are new and returns how many those were.

        Pushing again after an error or a lost answer is safe. An illegal game raises ValueError
        before anything is written.
        """
        fresh = {game.game_id: game for game in games if game.game_id not in self._game_ids}
        replayed = [self._window.replay(game) for game in fresh.values()]
        self._log.append_many(list(fresh.values()), actor)
        for game, boards in zip(fresh.values(), replayed, strict=True):
            self._window_of(game.game_id).add_replayed(game, boards)
            self._count(game.game_id, game.end, game.num_targets)
            self._statistics.add(game)
        return len(fresh)

    def request_batches(self, count: int, batch_size: int) -> list[batches.Batch] | None:
        """`count` batches, or None while the games do not yet allow for so many samples."""
        wanted = count * batch_size
        needed = self._config.training.min_positions
        # Positions of earlier games whose log is not here count, but cannot be drawn.
        drawable = len(self._window) >= min(needed, self._config.replay.min_window)
        enough = self._window.positions >= needed and drawable
        allowed = self._counters.samples + wanted <= self._allowed_samples()
        self._is_learner_waiting = not (enough and allowed)
        if self._is_learner_waiting:
            return None
        # What is drawn depends on the state alone, so that a run which is resumed draws as it would have.
        state = (self._config.run.seed, 1, self._counters.samples, self._counters.positions)
        rng = np.random.default_rng(state)
        drawn = [self._window.sample(batch_size, rng) for _ in range(count)]
        self._counters.samples += wanted
        return drawn

    def held_out_batches(self, count: int, batch_size: int) -> list[batches.Batch]:
        """`count` batches of positions from games that training never sees; none before there are enough.

        The same positions until there are new ones.
        """
        if len(self._held_out) < batch_size:
            return []
        rng = np.random.default_rng((self._config.run.seed, 2))
        return [self._held_out.sample(batch_size, rng) for _ in range(count)]

    def should_wait(self) -> bool:
        """Whether self-play is so far ahead of a learner that has begun that it should pause.

        Never while the learner itself waits for games, or both would wait for ever.
        """
        training = self._config.training
        if self._is_learner_waiting or self._counters.samples == 0:
            return False
        lead = (self._allowed_samples() - self._counters.samples) / training.replay_ratio
        return lead > training.max_lead_positions

    def restore(self, samples: int = 0) -> Counters:
        """Rebuilds everything from the log; `samples` is what the learner's checkpoint has used.

        Only the games that can still be in the window are unpacked.
        """
        assert self._counters == Counters(), "restore comes first"
        self._count_earlier(earlier_games.read(self._folder))
        damaged: list[gamelog.Damage] = []
        entries = self._log.entries(damaged.append)
        total = sum(entry.num_targets for entry in entries)
        later = total
        for entry in entries:
            later -= entry.num_targets
            if later >= self._window.capacity:
                self._window_of(entry.game_id).skip(entry.num_targets)
                self._count(entry.game_id, entry.end, entry.num_targets)
            else:
                self._restore_game(entry, damaged)
        for damage in damaged:
            gamelog.log_damage(damage)
        self._counters.damaged_games = len(damaged)
        self.set_samples(samples)
        return self._counters

    def _count_earlier(self, earlier: earlier_games.EarlierGames) -> None:
        """Games of a run restored without its log: the replay ratio and the window go on from them."""
        self._counters.games += earlier.games
        self._counters.positions += earlier.positions
        for end, count in earlier.ends.items():
            setattr(self._counters, f"{end}_games", count)
        self._window.skip(earlier.positions)

    def _restore_game(self, entry: gamelog.Entry, damaged: list[gamelog.Damage]) -> None:
        try:
            game = self._log.read(entry)
            self._window_of(game.game_id).add(game)
        except ValueError as error:
            damaged.append(gamelog.Damage(entry.path, entry.offset, str(error)))
            return
        self._count(game.game_id, game.end, game.num_targets)
        self._statistics.add(game)

    def _window_of(self, game_id: str) -> replay.ReplayWindow:
        return self._held_out if self._is_held_out(game_id) else self._window

    def _is_held_out(self, game_id: str) -> bool:
        """By the name alone, so that a restart divides the games as before."""
        return zlib.crc32(game_id.encode()) < self._config.replay.held_out_fraction * 2**32

    def _count(self, game_id: str, end: str, num_targets: int) -> None:
        self._game_ids.add(game_id)
        self._counters.games += 1
        setattr(self._counters, f"{end}_games", getattr(self._counters, f"{end}_games") + 1)
        self._counters.positions += num_targets
        self._counters.held_out_games += self._is_held_out(game_id)

    def _allowed_samples(self) -> float:
        return self._config.training.replay_ratio * self._counters.positions
