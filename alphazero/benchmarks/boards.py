"""Benchmark of the rules in positions per second: `board.9x9`."""

import time
from collections.abc import Iterator

import numpy as np

from alphazero.benchmarks import measurement, settings
from alphazero.config import game as game_config
from alphazero.go import board, features, game_kernels, geometry
from alphazero.jit import jit

_CHUNK = 20_000


def measure(options: settings.BenchmarkSettings) -> Iterator[measurement.Measurement]:
    """Measures positions: a move, its legal moves and its planes. The limit is the same moves alone."""
    positions, moves = rates(options)
    yield measurement.Measurement(
        name=f"board.{options.size}x{options.size}",
        value=positions,
        unit="positions/s",
        limit=moves,
        setup={"games": "random", "cores": 1},
    )


def rates(options: settings.BenchmarkSettings) -> tuple[float, float]:
    """Returns positions/s with legal moves and planes, and moves/s without them."""
    rule = game_config.GameConfig(size=options.size, komi=7)
    tables, scratch = geometry.make(rule.size), board.make_scratch(rule.size**2)
    games = game_kernels.new_games(2, rule)
    legal = np.zeros(rule.size**2 + 1, np.bool_)
    planes = np.zeros((features.NUM_PLANES, rule.size**2), np.uint8)
    actions = np.zeros(_CHUNK, np.int64)
    rng = np.random.default_rng(0)

    def explore() -> int:
        play_at_random(tables, games, scratch, legal, planes, rng, actions)
        return len(actions)

    def repeat() -> int:
        replay(tables, games, scratch, actions)
        return len(actions)

    explore()
    repeat()
    seconds, clock = options.seconds / 2, time.process_time
    return measurement.rate(explore, seconds, clock), measurement.rate(repeat, seconds, clock)


@jit
def play_at_random(tables: geometry.Geometry, games, scratch: board.Scratch, legal, planes, rng, actions):
    """Fills actions [M] with consecutive random games, each from the start position in games[1]."""
    game_kernels.copy_game(games, 0, games, 1)
    for number in range(len(actions)):
        if games[0].over:
            game_kernels.copy_game(games, 0, games, 1)
        game_kernels.legal_actions(tables, games, 0, legal)
        actions[number] = _choose(legal, rng)
        game_kernels.play(tables, games, scratch, 0, actions[number])
        features.fill_planes(tables, games, 0, planes)


@jit
def replay(tables: geometry.Geometry, games, scratch: board.Scratch, actions):
    """Plays the moves of `play_at_random` again."""
    game_kernels.copy_game(games, 0, games, 1)
    for number in range(len(actions)):
        if games[0].over:
            game_kernels.copy_game(games, 0, games, 1)
        game_kernels.play(tables, games, scratch, 0, actions[number])


@jit
def _choose(legal, rng):
    """A random legal move. A pass only if there is no other."""
    number = legal[:-1].sum()
    if number == 0:
        return len(legal) - 1
    left = np.int64(rng.random() * number)  # `integers` would count references, which kernels avoid
    action = -1
    while left >= 0:
        action += 1
        left -= legal[action]
    return action
