"""Positions of a run's games, split into those to train on and held-out ones."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from alphazero import run_paths
from alphazero.config import replay as replay_config
from alphazero.data import batch as batches
from alphazero.data import gamelog, replay
from alphazero.go import input_families


class Positions(NamedTuple):
    """Positions that all runs train on, and those that they are evaluated on."""

    size: int
    window: replay.ReplayWindow
    held_out: batches.TrainingBatch


def load(
    source: Path, held_out: float, most: int, family: input_families.InputFamily = input_families.LEELA
) -> Positions:
    """The games of a run's folder, split into training and held-out positions.

    held_out: share of the games that is held out, at equal distances.
    most: maximum number of held-out positions, which are spread over the held-out games.
    family: inputs of the networks.
    Raises ValueError if there are too few games or several board sizes.
    """
    log = source / run_paths.GAMES
    folder = log if log.is_dir() else source
    games = list(gamelog.GameLog(folder).read_all())
    every = max(2, round(1 / held_out))
    shares = [game for index, game in enumerate(games) if index % every], games[::every]
    if not shares[0]:
        raise ValueError(f"{source}: holds {len(games)} games of a run, which are too few")
    if len(sizes := {game.size for game in games}) > 1:
        raise ValueError(f"{source}: holds games of several sizes, {', '.join(map(str, sorted(sizes)))}")
    windows = []
    for share in shares:
        most_targets = max(1, sum(game.num_targets for game in share))
        config = replay_config.ReplayConfig(min_window=most_targets, max_window=most_targets)
        windows.append(replay.ReplayWindow(games[0].size, config, family=family))
        for game in share:
            windows[-1].add(game)
    if min(map(len, windows)) == 0:
        raise ValueError(f"{source}: the games have no positions to learn from")
    numbers = np.unique(np.linspace(0, len(windows[1]) - 1, most).astype(np.int64))
    return Positions(games[0].size, windows[0], windows[1].gather(numbers, np.zeros_like(numbers)))
