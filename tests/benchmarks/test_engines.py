"""Measurements of the GTP engine: they contain its setup, and the limit is proportional to the threads."""

import pytest

from alphazero.benchmarks import engines, nets, settings

NET = settings.parse_net("b1c4")


@pytest.mark.slow
@pytest.mark.parametrize(("num_threads", "leaf_batch"), [(1, 8), (2, 3)])
def test_threads_and_leaf_batch_reach_the_engine(num_threads, leaf_batch, monkeypatch):
    options = settings.BenchmarkSettings(
        size=5,
        nets=[NET],
        num_simulations=1,
        num_games=1,
        device="cpu",
        seconds=0.05,
        num_threads=num_threads,
        leaf_batch=leaf_batch,
    )
    best = nets.fastest(nets.random_weights(NET, 5), options)
    monkeypatch.setattr(nets, "fastest", lambda weights, options: best)
    measured, start, first_move = engines.measure(options)
    assert measured.name == "gtp.b1c4"
    assert measured.value > 0
    assert measured.limit == best.rate * num_threads
    assert (measured.setup["threads"], measured.setup["leaf batch"]) == (num_threads, leaf_batch)
    assert "b1c4 on " in str(measured.setup["backend"])
    assert [start.name, first_move.name] == ["gtp.b1c4.start", "gtp.b1c4.first_move"]
    assert start.limit == first_move.limit < start.value < first_move.value
    assert start.setup["threads"] == num_threads
