"""Self-play on several board sizes: shares, komi, names, and the same games as before on one size."""

import dataclasses

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import net as net_config
from alphazero.go import input_families
from alphazero.selfplay import mixed_sizes
from tests.selfplay import test_worker


def config_of(sizes):
    config = test_worker.config_for(num_games=4)
    config.net = net_config.NetConfig(family=net_config.Family.katago)
    config.game = dataclasses.replace(config.game, sizes=sizes, komis={3: 2.0} if sizes else None)
    return config


def worker_of(config, family=input_families.KATAGO_FAST):
    networks = {size: evaluators.UniformEvaluator(size, family) for size in config.game.shares}
    rng = np.random.default_rng(0)
    return mixed_sizes.SizesWorker(config, networks, name="test", rng=rng, weights=7), networks


def test_sizes_take_turns_by_their_shares():
    worker, networks = worker_of(config_of({3: 1, 5: 3}))
    played = [record for _ in range(200) for record in worker.play_move()]
    metrics = worker.metrics()
    assert (metrics["moves_3x3"], metrics["moves_5x5"]) == (200, 600)
    assert metrics["moves"] == 800 and metrics["games"] == len(played)
    assert {(record.size, record.komi) for record in played} == {(3, 2.0), (5, 7.0)}
    ids = [record.game_id for record in played]
    assert len(set(ids)) == len(ids)
    assert all(record.game_id.startswith(f"test-{record.size}x{record.size}-") for record in played)
    worker.set_weights(networks, 8)
    worker.set_total_games(10)
    later = [record for _ in range(200) for record in worker.play_move()]
    assert {record.newest_weights for record in later} == {8}


def test_with_one_size_the_games_are_those_of_its_worker():
    config = test_worker.config_for()
    worker, _ = worker_of(config, input_families.LEELA)
    found = [record for _ in range(60) for record in worker.play_move()]
    network = evaluators.UniformEvaluator(test_worker.SIZE)
    expected = test_worker.play_games(config, network, moves=60)
    assert [record.to_bytes() for record in found] == [record.to_bytes() for record in expected]
    assert found
