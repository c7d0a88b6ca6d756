"""Searches and plays games on one board in every way, and prints how often each kernel was compiled.

Run by test_signatures.py in a process of its own, so that no other test's calls count.
"""

import json

import numpy as np

import alphazero.data
import alphazero.go
import alphazero.search
import alphazero.selfplay
from alphazero.config import schema
from alphazero.config import search as search_config
from alphazero.data import replay
from alphazero.go import board, game, geometry
from alphazero.search import cache, evaluator, inspection, lockstep, symmetries
from alphazero.selfplay import worker
from tests.go import exercise

SIZE, MOVE_LIMIT, NUM_GAMES = 5, 60, 4


class Asynchronous(evaluator.HashedEvaluator):
    """Answers at once, and says that it does not: two halves of the games alternate."""

    is_asynchronous = True

    def submit(self, planes: np.ndarray) -> evaluator.Pending:
        """Finished already."""
        return evaluator.Finished(*self.evaluate(planes))


def config_for(algorithm: search_config.Algorithm, leaf_batch: int = 1) -> schema.Config:
    config = schema.Config()
    config.game.size, config.game.move_limit = SIZE, MOVE_LIMIT
    config.search = search_config.SearchConfig(
        algorithm=algorithm, num_simulations=8, num_considered=4, leaf_batch=leaf_batch, forced_playouts=2.0
    )
    config.selfplay.num_games, config.selfplay.early_games = NUM_GAMES, 0
    config.selfplay.full_search_fraction = 0.5
    config.replay.min_window = config.replay.max_window = 1000
    return config


def search(config: schema.Config, network: evaluator.Evaluator, num_threads: int) -> None:
    """Two moves in each game, one of them with noise and without passes, and a third in some."""
    games, rng = game.new_games(NUM_GAMES, config.game), np.random.default_rng(0)
    searcher = lockstep.LockstepSearch(config.search, games, rng, num_threads=num_threads)
    tables, scratch = geometry.make(SIZE), board.make_scratch(SIZE * SIZE)
    indices = np.arange(NUM_GAMES)
    for is_noisy in (True, False):
        forbid_pass = np.ones(NUM_GAMES, np.bool_) if is_noisy else None
        options = lockstep.SearchOptions(num_simulations=8, is_noisy=is_noisy, forbid_pass=forbid_pass)
        actions = searcher.search(indices, network, options).actions
        inspection.report(searcher.tree, 0)
        searcher.advance(indices, actions)
        for index, action in zip(indices, actions, strict=True):
            game.play(tables, games, scratch, int(index), int(action))
    some = indices[games["num_moves"] == 2][:2]
    searcher.evaluate_roots(some, network)
    searcher.reset(some)
    searcher.search(some, network, lockstep.SearchOptions(num_simulations=4))


def play_and_replay(config: schema.Config) -> None:
    """Self-play until games end, which then become batches."""
    network, rng = evaluator.HashedEvaluator(SIZE), np.random.default_rng(0)
    player = worker.SelfPlayWorker(config, network, name="exercise", rng=rng)
    window = replay.ReplayWindow(SIZE, config.replay)
    for _ in range(2 * MOVE_LIMIT):
        for record in player.play_move():
            window.add(record)
    window.sample(5, rng)


def call_everything() -> None:
    for algorithm in search_config.TREE_SEARCHES:
        for leaf_batch, num_threads in ((1, 1), (3, 2)):
            config = config_for(algorithm, leaf_batch)
            search(config, evaluator.HashedEvaluator(SIZE), num_threads)
            search(config, Asynchronous(SIZE), num_threads)
        play_and_replay(config_for(algorithm))
    hashed, rng = evaluator.HashedEvaluator(SIZE), np.random.default_rng(0)
    config = config_for(search_config.Algorithm.puct)
    for network in (
        symmetries.RandomSymmetry(hashed, SIZE, rng),
        symmetries.AverageOfSymmetries(hashed, SIZE),
    ):
        search(config, network, 1)
        search(config, cache.CachedEvaluator(network, SIZE), 1)


if __name__ == "__main__":
    call_everything()
    rooms = (alphazero.go, alphazero.search, alphazero.selfplay, alphazero.data)
    print(json.dumps({room.__name__: exercise.count_signatures(room) for room in rooms}))
