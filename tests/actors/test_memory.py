"""Tests of memory estimates, against real networks and batches, and of the object store's place."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from actors import memory, planning
from actors import plan as plans
from alphazero.config import compose, schema
from alphazero.config import replay as replay_config
from alphazero.data import replay
from alphazero.data import rows as data_rows
from tests.data import games
from tests.net import networks

MIB = 2**20


@pytest.mark.parametrize(("size", "blocks", "filters"), [(5, 1, 8), (9, 4, 32), (7, 2, 16)])
def test_bytes_of_a_network(size, blocks, filters):
    config = schema.Config()
    config.game.size, config.net.blocks, config.net.filters = size, blocks, filters
    real = networks.arrays(networks.random_weights(size, blocks, filters))
    assert memory.network_bytes(config) == sum(array.nbytes for array in real)


@pytest.mark.parametrize("wanted", [[], ["ownership", "reply"], ["score", "short_term"]])
def test_bytes_of_a_batch(wanted):
    config = schema.Config()
    config.game.size, config.training.batch_size = 3, 16
    for name in ("ownership", "score", "reply", "short_term"):
        setattr(config.net, name, name in wanted)
    window = replay.ReplayWindow(3, replay_config.ReplayConfig(min_window=10, max_window=10), wanted)
    window.add(games.make_record())
    batch = window.sample(16, np.random.default_rng(0))
    assert memory.batch_bytes(config) == sum(array.nbytes for array in data_rows.arrays(batch).values())


def test_the_object_store_follows_the_run_and_the_node():
    small, large = (compose.compose([f"conf={conf}"]) for conf in ("smoke", "19x19"))
    gib = 1024 * MIB
    assert memory.object_store_bytes(small, 64 * gib) == 128 * MIB
    wanted = memory.object_store_bytes(large, 64 * gib)
    assert 300 * MIB < wanted < 4 * gib
    # A small node keeps most of its memory for processes, and a tiny one still starts.
    assert memory.object_store_bytes(large, gib) == int(0.3 * gib)
    assert memory.object_store_bytes(large, 100 * MIB) == 128 * MIB


@pytest.mark.parametrize(
    ("free_mib", "size_mib", "is_shared", "words"),
    [
        (1000, 400, True, []),
        (200, 190, True, ["190 MiB of object store, not 400 MiB"]),
        (64, 400, False, ["60 MiB", "400 MiB lies in", "--shm-size"]),
    ],
)
def test_small_shared_memory(tmp_path, monkeypatch, free_mib, size_mib, is_shared, words):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free_mib * MIB))
    size, place, text = memory.store_place(400 * MIB, tmp_path)
    assert size // MIB == size_mib
    assert place == (memory.SHARED if is_shared else tmp_path)
    assert bool(text) == bool(words) and "\n" not in text
    for word in words:
        assert word in text


def test_without_shared_memory_the_disk_is_used(tmp_path):
    size, place, text = memory.store_place(400 * MIB, tmp_path, shared=tmp_path / "none")
    assert (size, place) == (400 * MIB, tmp_path) and "0 MiB" in text


def test_a_container_s_limit_counts(tmp_path):
    limit, none = tmp_path / "limited", tmp_path / "unlimited"
    limit.write_text(f"{100 * MIB}\n")
    none.write_text("max\n")
    assert memory.of_machine((str(tmp_path / "absent"), str(none))) == memory.of_machine(())
    assert memory.of_machine((str(none), str(limit))) == 100 * MIB


def plan_for(config, memory_gib):
    nodes = [
        plans.Node(id=str(number), name=f"10.0.0.{number}", cpus=8, gpus=0, memory=gib * 1024 * MIB,
                  is_driver=number == 0)
        for number, gib in enumerate(memory_gib)
    ]  # fmt: skip
    return planning.make_plan(config, nodes)


def test_the_plan_tells_the_memory_of_each_kind_and_of_nodes_that_have_too_little():
    config = compose.compose(["conf=9x9", "training.device=cpu"])
    first, *others = memory.lines(config, plan_for(config, [16, 16]))
    assert others == [] and "self-play 0.5 GiB" in first and "replay buffer 0.4 GiB" in first
    _, warning = memory.lines(config, plan_for(config, [16, 2]))
    assert "10.0.0.1 has 2.0 GiB" in warning and "need about 4.1" in warning


def test_the_plan_tells_of_a_window_that_is_cut_short():
    config = compose.compose(["conf=19x19", "training.device=cpu", "replay.max_gib=0.5"])
    _, line = memory.lines(config, plan_for(config, [64]))
    room = replay.capacity(19, config.replay)
    assert f"replay.max_gib=0.5 has room for {room:,}" in line and "replay.max_window=1,000,000" in line
    assert room == 2**29 // replay.bytes_per_target(19)
    generous = compose.compose(["conf=19x19", "training.device=cpu"])
    difference = memory.of_actor("replay buffer", generous) - memory.of_actor("replay buffer", config)
    assert difference == (1_000_000 - replay.capacity(19, config.replay)) * replay.bytes_per_target(19)


def test_a_learner_takes_what_its_batch_and_its_network_need():
    """Measured: three steps of conf=9x9 on a CPU, without 0.1 GiB of Ray's."""
    config = compose.compose(["conf=9x9"])
    assert memory.of_actor(plans.LEARNER, config) == pytest.approx((500 + 95) * MIB, rel=0.1)
    config.training.batch_size *= 8
    assert memory.of_actor(plans.LEARNER, config) > 1200 * MIB
    assert memory.of_actor(plans.LEARNER, config, drives_ranks=True) < 200 * MIB


def test_the_plan_tells_what_gpus_need_and_warns_where_they_have_less():
    config = compose.compose(["conf=19x19", "net=b20c256", "training.device=auto"])
    nodes = [
        plans.Node(id="a", name="head", cpus=8, gpus=0, is_driver=True),
        plans.Node(id="b", name="small", cpus=16, gpus=1, gpu_type="T4"),
        plans.Node(id="c", name="large", cpus=64, gpus=8, gpu_type="H100"),
        plans.Node(id="d", name="unknown", cpus=16, gpus=1, gpu_type="X1"),
    ]
    config.training.batch_size = 256
    told = "\n".join(memory.lines(config, planning.make_plan(config, nodes)))
    assert "GPU memory of large, about:" in told and "GiB on the fullest GPU of 80" in told
    assert "GPU memory of unknown, about:" in told and "head, about" not in told
    assert "warning" not in told
    config.selfplay.num_games = 2048
    told = "\n".join(memory.lines(config, planning.make_plan(config, nodes)))
    assert "warning: the GPUs of small (T4) have 16 GiB, actors need about" in told
    assert "warning: the GPUs of large" not in told
