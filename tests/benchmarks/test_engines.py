"""The GTP engine's figures say how the engine was set up; the limit of its speed grows with the threads."""

import pytest

from alphazero.benchmarks import engines, nets, settings

NET = settings.parse_net("b1c4")


@pytest.mark.slow
@pytest.mark.parametrize(("num_threads", "leaf_batch"), [(1, 8), (2, 3)])
def test_threads_and_leaf_batch_are_the_engine_s(num_threads, leaf_batch, monkeypatch):
    options = settings.Settings(
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
    figure, start, first_move = engines.measure(options)
    assert figure.name == "gtp.b1c4"
    assert figure.value > 0
    assert figure.limit == best.rate * num_threads
    assert (figure.setup["threads"], figure.setup["leaf batch"]) == (num_threads, leaf_batch)
    assert "b1c4 on " in str(figure.setup["backend"])
    assert [start.name, first_move.name] == ["gtp.b1c4.start", "gtp.b1c4.first_move"]
    assert start.limit == first_move.limit < start.value < first_move.value
    assert start.setup["threads"] == num_threads
