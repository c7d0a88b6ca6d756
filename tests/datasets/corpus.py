"""Small folders of training games, as game logs, SGF and training chunks."""

from pathlib import Path

import numpy as np

from alphazero.config import game as game_config
from alphazero.config import replay as replay_config
from alphazero.data import gamelog
from alphazero.data import record as records
from alphazero.datasets import chunk_writer, corruption, sources
from alphazero.go import board, game_kernels, geometry
from tests.data import games

SIZE, POINTS = 5, 25
DISTANCES = np.array([(at % 5 - 2) ** 2 + (at // 5 - 2) ** 2 for at in range(25)] + [99])
"""Squared distance of each action from the centre; symmetric, because training turns positions."""
READING = sources.Reading(SIZE, replay_config.ReplayConfig(), 0.1)


def game_of(number: int, moves: int = 12) -> records.GameRecord:
    """A legal 5x5 game with a policy of playing close to the centre; the owner of the centre wins."""
    rng = np.random.default_rng(number)
    tables, scratch = geometry.make(SIZE), board.make_scratch(POINTS)
    position = game_kernels.new_games(1, game_config.GameConfig(size=SIZE, move_limit=moves), 64)
    legal, played, policy = np.zeros(POINTS + 1, np.bool_), [], []
    while not position[0].over:
        game_kernels.legal_actions(tables, position, 0, legal)
        actions = np.flatnonzero(legal)
        target = np.full(POINTS + 1, 0.1 / (POINTS + 1))
        nearest = actions[DISTANCES[actions] == DISTANCES[actions].min()]
        target[nearest] += 0.9 / len(nearest)
        policy.append(target)
        played.append(int(rng.choice(actions[: max(1, len(actions) - 1)])))
        game_kernels.play(tables, position, scratch, 0, played[-1])
    sign = {1: 1, 2: -1}.get(int(position[0].stones[12]), 1)
    return games.make_record(
        game_id=f"game-{number:04d}",
        size=SIZE,
        move_limit=moves,
        moves=np.array(played, np.int16),
        num_played=len(played),
        policy=np.array(policy, np.float16),
        root_values=np.zeros(len(played), np.float32),
        surprise=np.full(len(played), np.nan, np.float32),
        ownership=np.full(POINTS, sign, np.int8),
        end="limit",
    )


def write_log(folder: Path, count: int, first: int = 0) -> Path:
    """Writes games first, first + 1, ... as one file of a run's games/; returns the run's folder."""
    log = gamelog.GameLog(folder / "games")
    log.append_many([game_of(number) for number in range(first, first + count)], f"actor{first}")
    return folder


def write_sgf(folder: Path, count: int, size: int = SIZE) -> Path:
    """Writes the same games, each as one SGF file."""
    folder.mkdir(exist_ok=True)
    for number in range(count):
        record = game_of(number)
        moves = "".join(f";{'BW'[ply % 2]}[{_sgf(int(at))}]" for ply, at in enumerate(record.moves))
        result = "B+1" if record.winner > 0 else "W+1"
        text = f"(;SZ[{size}]KM[7]RE[{result}]{moves})"
        (folder / f"game{number:03d}.sgf").write_text(text)
    return folder


def write_chunks(folder: Path, num_files: int, games_each: int = 2) -> Path:
    """Writes the same games as training chunks."""
    played = (game_of(number) for number in range(num_files * games_each))
    with chunk_writer.ChunkWriter(folder, "chunk", SIZE, games_each) as writer:
        chunk_writer.write(writer, chunk_writer.of_records(played, SIZE, folder, corruption.log_corruption))
    return folder


def _sgf(action: int) -> str:
    if action == POINTS:
        return ""
    y, x = divmod(action, SIZE)
    return "abcde"[x] + "abcde"[SIZE - 1 - y]
