"""Tests of computed rates and loads: by hand, against the learner's own count, and by proportions."""

import pytest

from alphazero.config import compose
from alphazero.report import throughput
from tools.simulation import budget, gpus

HEAD = budget.Head(sync_ms=10)


def config_of(net="b10c128", size=19, simulations=64, **settings):
    words = [f"conf={size}x{size}", f"net={net}", f"search.num_simulations={simulations}"]
    return compose.compose(words + [f"{name}={value}" for name, value in settings.items()])


def fleet_of(config, count, moves=220, learners=None):
    return gpus.fleet(config, gpus.rates(config, moves), count, learners)


def loads_of(config, fleet, moves=220, head=HEAD):
    return dict(budget.loads(config, fleet, moves, head))


def test_rates_by_hand():
    """361 points and 9 x 128 x (18 + 20 x 128) weights are 2.144 GFLOP: 93,273 a second at 200 TFLOP/s."""
    found = gpus.rates(config_of(), 220)
    assert found.evaluations_per_s == pytest.approx(93_273, rel=1e-4)
    assert found.positions_per_s == pytest.approx(93_273 / 64, rel=1e-4)
    assert found.games_per_s == pytest.approx(93_273 / 64 / 220, rel=1e-4)
    assert found.samples_per_s == pytest.approx(93_273 / 3, rel=1e-4)
    # On average 512 / 220 of 512 games end at each move; at some moves none ends.
    assert found.games_per_push == pytest.approx(2.579, rel=1e-3)
    assert found.players == 2
    faster = gpus.rates(config_of(), 220, tflops=1000)
    assert faster.games_per_s == pytest.approx(5 * found.games_per_s)
    # 466,366 simulations/s at 8.05 us each keep 3.76 CPUs busy.
    assert faster.players == 4


@pytest.mark.parametrize("count", [8, 32, 256])
@pytest.mark.parametrize(("net", "size", "simulations"), [("b10c128", 9, 32), ("b20c256", 19, 400)])
def test_as_few_gpus_train_as_keep_up(net, size, simulations, count):
    config = config_of(net, size, simulations)
    enough = fleet_of(config, count)
    assert enough.balance.bottleneck is throughput.Bottleneck.self_play
    assert enough.balance.players == (count - enough.learners) * enough.rates.players
    if enough.learners > 1:
        one_less = fleet_of(config, count, learners=enough.learners - 1)
        assert one_less.balance.bottleneck is throughput.Bottleneck.learner


def test_loads_grow_with_the_gpus():
    config = config_of()
    small, large = (loads_of(config, fleet_of(config, count, learners=count // 4)) for count in (8, 32))
    for name in (
        "replay buffer: pushes",
        "replay buffer: batches",
        "disk (game log)",
        "network card (batches)",
    ):
        assert large[name] == pytest.approx(4 * small[name])
    parts = [share for name, share in small.items() if name.startswith("replay buffer: ")]
    assert len(parts) == 5 and small["replay buffer"] == pytest.approx(sum(parts))


def test_loads_by_hand():
    """One of two GPUs trains; 6.62 games/s of 220 moves, 2.579 games a push: 2.57 pushes/s, 10 ms each."""
    config = config_of()
    found = loads_of(config, fleet_of(config, 2))
    assert found["replay buffer: disk syncs"] == pytest.approx(0.0257, rel=0.01)
    assert found["replay buffer: questions of players that wait"] == 0
    faster = loads_of(config, fleet_of(config, 2), head=budget.Head(sync_ms=1))
    assert faster["replay buffer: disk syncs"] == pytest.approx(0.00257, rel=0.01)


def test_players_that_wait_send_requests():
    """A learner feeds 5.8 of 31 GPUs; each waiting player sends five requests a second, 0.3 ms each."""
    config = config_of()
    fleet = fleet_of(config, 32, learners=1)
    waiting = fleet.balance.players * (1 - 64 / 3 / 3.7 / 31)
    found = loads_of(config, fleet)["replay buffer: questions of players that wait"]
    assert found == pytest.approx(waiting * 5 * 0.0003, rel=1e-3)


def test_the_line_names_the_highest_load():
    config = config_of("b20c256", 19, 400)
    line = budget.first(config, fleet_of(config, 8), 220, HEAD)
    assert line.startswith("8 GPUs: the ") and "would be full first, at 0." in line
    slow = budget.Head(sync_ms=10, disk_bytes_per_s=1.0)
    assert budget.first(config, fleet_of(config, 8), 220, slow).startswith("8 GPUs: the disk (")
