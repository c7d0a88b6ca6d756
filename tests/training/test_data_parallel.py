"""Two ranks learn the same as one process that accumulates gradients over the same two half-batches."""

import multiprocessing
from concurrent import futures
from pathlib import Path

import numpy as np
import pytest
import torch

from alphazero.training import data_parallel, learner, losses, optimizers, schedules
from tests.training import rank_job


def run_two(job, folder: Path) -> list:
    context = multiprocessing.get_context("spawn")
    with futures.ProcessPoolExecutor(2, context) as pool:
        return [future.result(timeout=120) for future in [pool.submit(job, folder, n) for n in range(2)]]


def accumulated() -> tuple[dict[str, torch.Tensor], list[float]]:
    """The network's weights after the same steps in one process, and the gradient norms.

    Batch norm sees each half separately; running statistics are averages over the halves.
    """
    config = rank_job.config()
    net = learner.Learner(config)._net
    optimizer = optimizers.make(config.optimizer, net)
    norms = []
    for step in range(rank_job.NUM_STEPS):
        optimizer.zero_grad()
        before = [buffer.clone() for buffer in net.buffers()]
        halves: list[list[torch.Tensor]] = []
        for number in range(2):
            for buffer, old in zip(net.buffers(), before, strict=True):
                buffer.copy_(old)
            packed, targets = learner.Learner(config)._to_device(rank_job.share_of(step, number))
            inputs = learner.Learner(config)._inputs(packed)
            (losses.compute(net(*inputs), targets, config.training)[0] / 2).backward()
            halves.append([buffer.clone() for buffer in net.buffers()])
        for buffer, *pair in zip(net.buffers(), *halves, strict=True):
            buffer.copy_((pair[0] + pair[1]) / 2 if buffer.is_floating_point() else pair[0])
        norms.append(float(torch.nn.utils.clip_grad_norm_(net.parameters(), config.training.gradient_clip)))
        optimizers.apply(optimizer, schedules.at(config.schedule, config.optimizer, step, 0))
        optimizer.step()
    return net.state_dict(), norms


@pytest.mark.slow
def test_two_ranks_of_katagos_family_stay_equal(tmp_path: Path):
    """They take the statistics of a start from both first batches, and train without some of the targets."""
    first, second = run_two(rank_job.train_katago, tmp_path)
    for part in ("net", "averaged"):
        for name, tensor in first[part].items():
            assert torch.equal(tensor, second[part][name]), name


@pytest.mark.slow
def test_two_ranks_equal_one_that_accumulates(tmp_path: Path):
    (first, metrics), (second, others) = run_two(rank_job.train, tmp_path)
    expected, norms = accumulated()
    assert metrics == others, "metrics are means over ranks"
    assert [taken["gradient_norm"] for taken in metrics] == pytest.approx(norms, rel=1e-4)
    assert first["samples"] == rank_job.NUM_STEPS * 2 * rank_job.SHARE
    for name, tensor in expected.items():
        # Gradients near zero differ in their last bits, and Adam scales them up to the learning rate.
        np.testing.assert_allclose(first["net"][name], tensor, atol=2e-5, rtol=1e-4, err_msg=name)
        assert torch.equal(first["net"][name], second["net"][name]), name
    for name, tensor in first["averaged"].items():
        if "running" not in name:
            assert torch.equal(tensor, second["averaged"][name]), name


@pytest.mark.slow
def test_a_lost_rank_is_an_error_and_not_an_endless_wait(tmp_path: Path):
    assert run_two(rank_job.lose_a_rank, tmp_path)[0] not in ("", "no error")


def test_a_single_rank_needs_no_group():
    alone = data_parallel.join("tcp://203.0.113.1:1", 0, 1, torch.device("cpu"), 1)
    numbers = [torch.tensor([1.0, 2.0])]
    alone.mean_(numbers)
    module = torch.nn.Linear(2, 2)
    assert (alone.number, alone.count, numbers[0].tolist()) == (0, 1, [1.0, 2.0])
    assert alone.wrap(module) is module
    alone.leave()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's tables of sockets")
def test_ranks_of_one_machine_listen_to_it_alone(tmp_path: Path):
    """They trust every process that connects."""
    for addresses in run_two(rank_job.listens_at, tmp_path):
        assert addresses and set(addresses) == {"0100007F"}, addresses  # 127.0.0.1
