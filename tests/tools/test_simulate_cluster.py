"""Tests of fake clients with the real services: counts of games, messages and fetched networks are right."""

import argparse
import itertools

import numpy as np
import pytest

from alphazero.config import replay as replay_config
from alphazero.data import replay
from tools import simulate_cluster
from tools.simulation import games, run, services


def test_games_are_legal_and_of_the_size_of_real_ones():
    (record,) = games.make(5, 30, 1, np.random.default_rng(0))
    assert record.num_played == 30 and record.has_policy.all()
    window = replay.ReplayWindow(5, replay_config.ReplayConfig(min_window=100, max_window=100))
    assert window.add(record) == 30
    copies = list(itertools.islice(games.endless([record], "a"), 3))
    assert [copied.game_id for copied in copies] == ["a-0", "a-1", "a-2"]
    assert record.game_id == "made" and copies[0].policy is record.policy


def test_methods_are_clocked():
    class Service:
        def add(self, number):
            return number + 1

        def fail(self):
            raise OSError("no")

    service = services.timed(Service)()
    assert [service.add(1), service.add(2)] == [2, 3]
    with pytest.raises(OSError):
        service.fail()
    spent = service.spent()
    assert {name: entry.calls for name, entry in spent.items()} == {"add": 2, "fail": 1}
    assert all(entry.cpu_s >= 0 and 0 < entry.seconds < 1 for entry in spent.values())
    assert service.spent() == {}


def test_metrics_of_a_row():
    spent = {
        "replay_buffer": {"add_games": services.Spent(20, 4.0, 1.0)},
        "weight_store": {"newest_candidate": services.Spent(80, 0.8, 0.4)},
        "reporter": {},
    }
    found = run.Measured(
        seconds=10.0, spent=spent, counts={"polls": 80, "paused_ms": 5000},
        latencies=np.array([0.1, 0.2, 0.3]), games=40,
        positions=400, log_bytes=20 << 20, batches=5, published=4, fetched_bytes=4000.0, clients=2,
        memory={"ReplayBuffer": float(300 << 20)}, cpu={"ReplayBuffer": 0.25},
    )  # fmt: skip
    row = simulate_cluster.metrics(found, network_bytes=1000, batch_size=256)
    assert (row["games_per_s"], row["positions_per_s"], row["log_mib_per_s"]) == (4, 40, 2)
    assert (row["push_ms"], row["push_cpu_ms"], row["poll_ms"]) == pytest.approx((200, 50, 10))
    assert row["push_wait_ms_median"] == pytest.approx(200) and row["pushes_waiting"] == pytest.approx(0.4)
    assert (row["samples_per_s"], row["paused_fraction"]) == (128, 0.25)
    assert (row["busy replay_buffer"], row["busy reporter"]) == pytest.approx((0.4, 0))
    assert (row["fetches_of_each"], row["polls_per_s"], row["MiB ReplayBuffer"]) == (1, 8, 300)
    lines = simulate_cluster.table([{"clients": 1, **row}, {"clients": 2, **row}])
    assert lines[0] == "| clients | 1 | 2 |" and "| games_per_s | 4 | 4 |" in lines


def test_many_clients_share_few_processes():
    assert [run.num_hosts(count) for count in (1, 32, 33, 256, 768)] == [1, 1, 2, 8, 8]
    assert run.host_clients(768) == 96


def test_the_table_of_computed_loads(capsys):
    assert simulate_cluster.main(["--gpus", "8", "32", "--conf", "19x19", "--computed"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("b10c128 on 19x19, 2.14 GFLOP an evaluation, 64 simulations a move, 220 moves")
    assert "| GPUs | 8 | 32 |" in lines and "| GPUs that train | 2 | 5 |" in lines
    assert sum(line.startswith("| load of the ") for line in lines) == 14
    assert any(line.startswith("32 GPUs: the replay buffer is full") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gpus", "1"], "argument --gpus: 1: must be a whole number from 2 to 100000"),
        (["--gpus", "8", "4", "--learners", "4"], "--learners 4: must be less than --gpus 4"),
    ],
)
def test_a_mistake_is_one_line(capsys, arguments, message):
    with pytest.raises(SystemExit, match="2"):
        simulate_cluster.main(arguments)
    assert capsys.readouterr().err == f"python -m tools.simulate_cluster: {message}\n"


@pytest.mark.ray
def test_players_wait_for_a_learner_that_feeds_few_of_them(monkeypatch):
    """One of four slow GPUs trains; the real replay buffer limits both sides as computed."""
    monkeypatch.setattr(run, "_METRICS_S", 0.1)
    options = simulate_cluster._parse(
        [
            *["--gpus", "4", "--learners", "1", "--tflops", "0.005", "--conf", "smoke", "--net", "b2c16"],
            *["--simulations", "8", "--plies", "30", "--warm-up", "1.5", "--seconds", "5"],
            *["--settings", "training.max_lead_positions=2000"],
        ]
    )
    row = simulate_cluster.simulate_gpus(options, 4)
    assert (row["players"], row["players_fed"]) == (6, 1)
    # At .59 MFLOP an evaluation, a GPU makes 8,469 evaluations/s or trains on 2,823 samples/s.
    assert row["samples_per_s_wanted"] == pytest.approx(2823, rel=1e-3)
    assert row["samples_per_s"] == pytest.approx(2823, rel=0.4)
    # The learner feeds 1.44 of 6 players.
    assert 0.4 < row["paused_fraction"] < 0.95
    assert row["questions_per_s"] > 5


@pytest.mark.ray
def test_a_node_fetches_a_network_once_for_all_its_clients(monkeypatch):
    """Nine clients run in three processes on one node; Ray's metrics count the bytes that it received."""
    monkeypatch.setattr(run, "HOST_CLIENTS", 3)
    options = argparse.Namespace(
        conf="9x9", plies=20, games_per_s=2.0, games_per_push=1, flat_out=False, seconds=8.0, warm_up=2.0,
        publish=2.5, talk=None,
    )  # fmt: skip
    row = simulate_cluster.simulate(options, 9)
    assert row["networks_published"] >= 3
    # A network that is replaced before a client polls is not fetched at all.
    assert 0.5 <= row["fetches_of_each"] < 1.5
    # Each client polls once a second, and less often on a busy machine.
    assert 2 < row["polls_per_s"] < 11
    assert row["games_per_s"] > 2 and row["pushes_per_s"] == pytest.approx(row["games_per_s"], rel=0.25)
    assert "MiB ReplayBuffer" in row and "core WeightStore" in row
