"""Batches of Leela Zero's family, recorded once: a golden file of digests.

They were recorded while the window still kept boards. Values that need a transcendental function are left
out, because their last bits depend on the machine.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from alphazero.config import game as game_config
from alphazero.config import replay as replay_config
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.data import batch as batches
from alphazero.data import record as records
from alphazero.data import replay, store
from alphazero.data import rows as data_rows
from alphazero.datasets import corruption, shuffle, sources
from alphazero.go import board, game_kernels, geometry, symmetry
from tests.data import games
from tests.datasets import corpus

SIZES = (5, 9)


def random_game(number: int, size: int, *, targets: float = 0.9) -> records.GameRecord:
    """A random legal game with random targets; passes, captures and superko occur."""
    rng = np.random.default_rng([number, size])
    points, limit = size * size, int(1.2 * size * size)
    tables, scratch = geometry.make(size), board.make_scratch(points)
    position = game_kernels.new_games(1, game_config.GameConfig(size=size, move_limit=limit))
    legal, played = np.zeros(points + 1, np.bool_), []
    while not position[0].over:
        game_kernels.legal_actions(tables, position, 0, legal)
        choices = np.flatnonzero(legal)
        played.append(int(rng.choice(choices if rng.random() < 0.1 or len(choices) == 1 else choices[:-1])))
        game_kernels.play(tables, position, scratch, 0, played[-1])
    count = len(played)
    policy = rng.dirichlet(np.full(points + 1, 0.3), count).astype(np.float16)
    is_searched, is_full = rng.random(count) < targets, rng.random(count) < 0.8
    policy[~(is_searched & is_full)] = 0
    values = np.where(is_searched, rng.uniform(-1, 1, count), np.nan).astype(np.float32)
    surprise = np.where(is_searched & is_full, rng.exponential(size=count), np.nan).astype(np.float32)
    return games.make_record(
        game_id=f"{number}",
        size=size,
        move_limit=limit,
        moves=np.array(played, np.int16),
        num_played=count,
        policy=policy,
        root_values=values,
        surprise=surprise,
        ownership=rng.integers(-1, 2, points).astype(np.int8),
        end="limit",
        newest_weights=number + 10,
    )


def digest(batch: batches.TrainingBatch) -> str:
    """A line of names, and digests of types, shapes and bytes."""
    words = []
    for name, array in sorted(data_rows.arrays(batch).items()):
        if name != "globals":  # Leela Zero's family has none, and older batches had no such field
            told = f"{array.dtype}{array.shape}".encode() + array.tobytes()
            words.append(f"{name}={hashlib.sha256(told).hexdigest()[:12]}")
    return " ".join(words)


def window_lines(size: int) -> Iterator[str]:
    """Samples while a window fills and overwrites itself, and every symmetry of its newest positions."""
    config = replay_config.ReplayConfig(
        min_window=100, max_window=300, score_weight=0, surprise_weight=0.5, window_share=0.5
    )
    window, rng = replay.ReplayWindow(size, config), np.random.default_rng(7)
    number = 0
    while window.positions < 900:
        window.add(random_game(number, size))
        number += 1
        if number % 5 == 1:
            yield f"{size}x{size} game {number} of {window.positions}: {digest(window.sample(32, rng))}"
    newest = np.arange(window.positions - 100, window.positions)
    for s in range(symmetry.NUM_SYMMETRIES):
        yield f"{size}x{size} symmetry {s}: {digest(window.gather(newest, np.full(100, s)))}"


def store_lines(folder: Path) -> Iterator[str]:
    """Batches of a store and of its successor, which reads the log."""
    settings = schema.Config(
        game=game_config.GameConfig(size=5),
        replay=replay_config.ReplayConfig(
            min_window=100, max_window=200, score_weight=0, held_out_fraction=0.3
        ),
        training=training_config.TrainingConfig(min_positions=50),
    )
    for name in ("first", "restored"):
        source = store.ReplayStore(settings, folder)
        source.restore(64)
        if name == "first":
            source.add_games([random_game(number, 5) for number in range(20)], "actor")
        drawn = source.request_batches(2, 16)
        assert drawn is not None
        for batch in [*drawn, *source.held_out_batches(2, 16)]:
            yield f"{name} store: {digest(batch)}"


def stream_lines(folder: Path) -> Iterator[str]:
    """Batches of a reader of game logs, SGF files and training chunks."""
    made = {
        "log": corpus.write_log(folder / "run", 8),
        "sgf": corpus.write_sgf(folder / "sgf", 8),
        "chunks": corpus.write_chunks(folder / "chunks", 3),
    }
    reading = corpus.READING._replace(replay=replay_config.ReplayConfig(score_weight=0))
    for name, place in made.items():
        found = sources.find([str(place)])
        job = shuffle.Job(
            files=tuple(found),
            reading=reading,
            split=sources.Split(None, 0.1),
            fields=frozenset({"ownership", "reply"}),
            batch_size=16,
            window=40,
            seed=3,
        )
        drawn = shuffle.draw(job, shuffle.Place(), corruption.log_corruption)
        for _ in range(6):
            yield f"{name} stream: {digest(next(drawn).batch)}"


def test_batches(golden, tmp_path: Path):
    lines = [line for size in SIZES for line in window_lines(size)]
    lines += [*store_lines(tmp_path / "store"), *stream_lines(tmp_path)]
    golden("batches_leela.txt", "\n".join(lines) + "\n")
