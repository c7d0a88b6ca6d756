"""The replay buffer as a plain class: log, window and the ratio that is the run's clock."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import gamelog, replay, statistics
from alphazero.data import record as records

_logger = logging.getLogger(__name__)


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
    damaged_games: int = 0
    """Stretches of the log, or games in it, that could not be read at the last restart."""


class ReplayStore:
    """Takes finished games, hands out batches, and keeps the two in step.

    Killed at any time it loses nothing that was counted: a game counts once it is in the log, and
    `restore` rebuilds the window and the totals from there. The samples are the learner's to keep.
    """

    def __init__(self, config: schema.Config, folder: Path, rng: np.random.Generator) -> None:
        """folder: where the game log lies (`games/` of the run's folder)."""
        self._config = config
        self._log = gamelog.GameLog(folder)
        self._window = replay.ReplayWindow(config.game.size, config.replay)
        self._rng = rng
        self._game_ids: set[str] = set()
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
            self._window.add_replayed(game, boards)
            self._count(game.game_id, game.end, game.num_targets)
            self._statistics.add(game)
        return len(fresh)

    def request_batches(self, count: int, batch_size: int) -> list[batches.Batch] | None:
        """`count` batches, or None while the games do not yet allow for so many samples."""
        wanted = count * batch_size
        enough = self._counters.positions >= self._config.training.min_positions
        allowed = self._counters.samples + wanted <= self._allowed_samples()
        self._is_learner_waiting = not (enough and allowed)
        if self._is_learner_waiting:
            return None
        drawn = [self._window.sample(batch_size, self._rng) for _ in range(count)]
        self._counters.samples += wanted
        return drawn

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
        damaged: list[gamelog.Damage] = []
        entries = self._log.entries(damaged.append)
        total = sum(entry.num_targets for entry in entries)
        later = total
        for entry in entries:
            later -= entry.num_targets
            if later >= self._config.replay.max_window:
                self._window.skip(entry.num_targets)
                self._count(entry.game_id, entry.end, entry.num_targets)
            else:
                self._restore_game(entry, damaged)
        for damage in damaged:
            gamelog.log_damage(damage)
        self._counters.damaged_games = len(damaged)
        self.set_samples(samples)
        return self._counters

    def _restore_game(self, entry: gamelog.Entry, damaged: list[gamelog.Damage]) -> None:
        try:
            game = self._log.read(entry)
            self._window.add(game)
        except ValueError as error:
            damaged.append(gamelog.Damage(entry.path, entry.offset, str(error)))
            return
        self._count(game.game_id, game.end, game.num_targets)
        self._statistics.add(game)

    def _count(self, game_id: str, end: str, num_targets: int) -> None:
        self._game_ids.add(game_id)
        self._counters.games += 1
        setattr(self._counters, f"{end}_games", getattr(self._counters, f"{end}_games") + 1)
        self._counters.positions += num_targets

    def _allowed_samples(self) -> float:
        return self._config.training.replay_ratio * self._counters.positions
