"""Script that runs searches and self-play in every way and prints how often each kernel was compiled.

test_signatures.py runs it in a separate process, so that calls of other tests do not count.
"""

import json

import numpy as np

import alphazero.data
import alphazero.go
import alphazero.search
import alphazero.selfplay
from alphazero import evaluator as evaluators
from alphazero.config import schema
from alphazero.config import search as search_config
from alphazero.data import replay
from alphazero.go import board, game_kernels, geometry
from alphazero.search import cache, inspection, interface, lockstep, selection, symmetries
from alphazero.selfplay import worker as workers
from tests.go import exercise

SIZE, MOVE_LIMIT, NUM_GAMES = 5, 60, 4


class Asynchronous(evaluators.HashedEvaluator):
    """Reports that it is asynchronous, so that two batches alternate, but answers at once."""

    is_asynchronous = True

    def submit(self, inputs: evaluators.Inputs) -> evaluators.Pending[evaluators.Outputs]:
        """The finished evaluation."""
        return evaluators.Ready(self.evaluate(inputs))


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


def search(config: schema.Config, network: evaluators.Evaluator, num_threads: int) -> None:
    """Plays two moves in each game, the first with noise and without passes, and a third in two games."""
    games, rng = game_kernels.new_games(NUM_GAMES, config.game), np.random.default_rng(0)
    searcher = lockstep.LockstepSearch(config.search, games, rng, num_threads=num_threads)
    tables, scratch = geometry.make(SIZE), board.make_scratch(SIZE * SIZE)
    indices = np.arange(NUM_GAMES)
    for is_noisy in (True, False):
        forbid_pass = np.ones(NUM_GAMES, np.bool_) if is_noisy else None
        options = interface.SearchOptions(num_simulations=8, is_noisy=is_noisy, forbid_pass=forbid_pass)
        actions = searcher.search(indices, network, options).actions
        inspection.report(searcher.tree, 0)
        searcher.advance(indices, actions)
        for index, action in zip(indices, actions, strict=True):
            game_kernels.play(tables, games, scratch, int(index), int(action))
    some = indices[games["num_moves"] == 2][:2]
    searcher.evaluate_roots(some, network)
    searcher.reset(some)
    searcher.search(some, network, interface.SearchOptions(num_simulations=4))


def play_and_replay(config: schema.Config) -> None:
    """Plays games to their ends by self-play and samples a batch from them."""
    network, rng = evaluators.HashedEvaluator(SIZE), np.random.default_rng(0)
    player = workers.SelfPlayWorker(config, network, name="exercise", rng=rng)
    window = replay.ReplayWindow(SIZE, config.replay)
    for _ in range(2 * MOVE_LIMIT):
        for record in player.play_move():
            window.add(record)
    window.sample(5, rng)


def call_everything() -> None:
    for algorithm in selection.PREPARE:
        for leaf_batch, num_threads in ((1, 1), (3, 2)):
            config = config_for(algorithm, leaf_batch)
            search(config, evaluators.HashedEvaluator(SIZE), num_threads)
            search(config, Asynchronous(SIZE), num_threads)
        play_and_replay(config_for(algorithm))
    hashed, rng = evaluators.HashedEvaluator(SIZE), np.random.default_rng(0)
    config = config_for(search_config.Algorithm.puct)
    for network in (
        symmetries.RandomSymmetry(hashed, SIZE, rng),
        symmetries.AverageOfSymmetries(hashed, SIZE),
    ):
        search(config, network, 1)
        search(config, cache.CachedEvaluator(network, SIZE), 1)


if __name__ == "__main__":
    call_everything()
    packages = (alphazero.go, alphazero.search, alphazero.selfplay, alphazero.data)
    print(json.dumps({package.__name__: exercise.count_signatures(package) for package in packages}))
