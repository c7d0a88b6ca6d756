"""Game records of realistic size without a search: random legal moves, policies of the right length."""

import copy
import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from alphazero.config import game as game_config
from alphazero.data import record as records
from alphazero.go import board, game_kernels, geometry


def make(size: int, plies: int, count: int, rng: np.random.Generator) -> list[records.GameRecord]:
    """`count` legal games of `plies` moves; each position has a policy that does not compress well."""
    tables, scratch = geometry.make(size), board.make_scratch(size * size)
    config = game_config.GameConfig(size=size, move_limit=plies)
    return [_play(tables, scratch, config, rng) for _ in range(count)]


def endless(made: Sequence[records.GameRecord], name: str, version: int = 0) -> Iterator[records.GameRecord]:
    """Repeats the games for ever under new names; a game is identified by its name."""
    for number, record in enumerate(itertools.cycle(made)):
        copied = copy.copy(record)
        # Its arrays were checked when they were made, and the check takes longer than the rest of a client.
        object.__setattr__(copied, "game_id", f"{name}-{number}")
        object.__setattr__(copied, "newest_weights", version)
        yield copied


def _play(
    tables: geometry.Geometry, scratch: board.Scratch, config: game_config.GameConfig,
    rng: np.random.Generator,
) -> records.GameRecord:  # fmt: skip
    num_points, plies = config.size**2, config.move_limit
    position = game_kernels.new_games(1, config, max(2 * num_points, 1 << (plies - 1).bit_length()))
    legal, moves = np.zeros(num_points + 1, np.bool_), []
    while not position[0].over:
        game_kernels.legal_actions(tables, position, 0, legal)
        if legal[:-1].any():
            legal[-1] = False  # two passes would end the game
        moves.append(int(rng.choice(np.flatnonzero(legal))))
        game_kernels.play(tables, position, scratch, 0, moves[-1])
    count = len(moves)
    ownership = rng.integers(-1, 2, num_points).astype(np.int8)
    score = float(ownership.sum(dtype=np.int64)) - config.komi
    return records.GameRecord(
        game_id="made",
        size=config.size,
        komi=config.komi,
        suicide=config.suicide,
        move_limit=plies,
        moves=np.array(moves, np.int16),
        num_played=count,
        policy=rng.dirichlet(np.full(num_points + 1, 0.3), count).astype(np.float16),
        root_values=rng.uniform(-1, 1, count).astype(np.float32),
        surprise=rng.uniform(0, 1, count).astype(np.float32),
        winner=int(np.sign(score)),
        score=score,
        ownership=ownership,
        end="limit" if count == plies else "passes",
        oldest_weights=0,
        newest_weights=0,
        num_simulations=32,
        may_resign=True,
    )
