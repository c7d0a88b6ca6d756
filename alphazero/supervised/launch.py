"""Supervised training as a whole: ranks, progress, and the weight file with its certificate.

The run's folder has the layout of `alphazero run`. The only promoted network is the one with the lowest
held-out loss.
"""

import dataclasses
import multiprocessing
import threading
from typing import Any

import numpy as np

from alphazero import run_paths
from alphazero.config import schema
from alphazero.data import targets as game_targets
from alphazero.datasets import dataset
from alphazero.evaluation import agreement
from alphazero.net import hardware, inference
from alphazero.report import logs
from alphazero.run_files import promotion, run_folder
from alphazero.supervised import progress, rank_processes, training_loop, training_state
from alphazero.training import checkpoint, data_parallel


def without_targetless_heads(config: schema.Config, found: dataset.Survey) -> schema.Config:
    """The settings without the auxiliary heads that have no targets in the data; prints their names.

    Heads of KataGo's files stay, and are not trained.
    """
    lacking = sorted(game_targets.fields_of(config.net) - found.fields)
    if lacking:
        print(f"switched off, as the data have no targets: {', '.join(f'net.{name}' for name in lacking)}")
    return dataclasses.replace(config, net=dataclasses.replace(config.net, **dict.fromkeys(lacking, False)))


def run(config: schema.Config, folder: run_folder.RunFolder, found: dataset.Survey) -> None:
    """Trains until a bound is reached or the held-out loss no longer falls, and writes the best network.

    Raises KeyboardInterrupt after Ctrl-C or SIGTERM, ValueError for mistakes of the user, and RuntimeError if
    a process failed. The same command resumes from the last checkpoint.
    """
    if config.net.growth is not None:
        raise ValueError(
            f"net.growth={config.net.growth}: must be null, as only self-play counts its positions"
        )
    count = config.training.num_ranks
    if count == 1:
        stop = threading.Event()
        with rank_processes.stop_on_signals(stop):
            _run_rank(0, "", stop, config, found)
    else:
        _check_devices(config)
        stop = multiprocessing.get_context("spawn").Event()
        with rank_processes.stop_on_signals(stop):
            rank_processes.run(_run_rank, count, (config, found), stop)
    if stop.is_set():
        raise KeyboardInterrupt


def _run_rank(number: int, address: str, stop: Any, config: schema.Config, found: dataset.Survey) -> None:
    """Trains in the process of one rank."""
    folder, count = run_folder.RunFolder(config.run.dir), config.training.num_ranks
    logs.set_up(folder.log)
    device = hardware.pick_device(config.training.device, number)
    group = data_parallel.join(address, number, count, device, config.training.timeout_s)
    listener = _SilentListener()
    if number == 0:
        listener = progress.ProgressReport(
            folder.path / run_paths.LOOP_EVENTS, checkpoint.newest_step(folder.checkpoints)
        )
    try:
        job = training_loop.SupervisedTraining(config, found, folder.checkpoints, group, listener)
        ending = job.run(stop.is_set)
        skipped = job.skipped()
    finally:
        listener.close()
    if number == 0:
        print(f"step {job.step:,}: {ending.value}" + f"; left out of the data: {skipped}" * bool(skipped))
        if ending is not training_loop.Ending.interrupted:
            _write(job.best, job.samples, config, folder, found)
    group.leave()


class _SilentListener:
    """A `training_loop.ProgressListener` for all ranks but the first, which does nothing."""

    def on_steps(self, step: int, metrics: dict[str, float], skipped: str) -> None: ...

    def on_evaluation(self, step: int, metrics: dict[str, float], is_best: bool) -> None: ...

    def close(self) -> None: ...


def _check_devices(config: schema.Config) -> None:
    if hardware.pick_device(config.training.device).type == "cuda":
        count, num_devices = config.training.num_ranks, hardware.num_gpus()
        if count > num_devices:
            raise ValueError(f"training.num_ranks={count}: must be at most {num_devices}, one for each GPU")


def _write(
    best: training_state.BestNetwork,
    samples: int,
    config: schema.Config,
    folder: run_folder.RunFolder,
    found: dataset.Survey,
) -> None:
    """Writes the promoted file and its certificate, unless an earlier session wrote them."""
    promotions = promotion.Promotions(folder.promoted)
    newest = promotions.latest()
    if newest is not None and newest.certificate["steps"] == best.step:
        print(f"{newest.path} already exists")
        return
    facts = {
        "steps": best.step,
        "data_path": config.data.patterns,
        "files": len(found.files),
        "positions": round(found.num_rows),
        "samples": samples,
        "held_out_positions": 0 if found.held_out is None else len(found.held_out.value),
        "held_out": best.metrics,
        "match": None,
        **promotion.provenance(config),
        "configuration": _plain(dataclasses.asdict(config)),
        "komi": found.komi,
    }
    # The certificate is about the weights in the file, so they are checked in float32 on any device.
    exact = inference.make_evaluator(
        best.weights, size=config.game.size, device="cpu", precision="fp32", backend="torch"
    )
    check = agreement.make_check(exact, config.game, np.random.default_rng([config.run.seed, 3]))
    written = promotions.promote(best.weights, facts, check)
    print(f"{written.path}: the network of step {best.step:,}{_measured(best.metrics)}")


def _measured(metrics: dict[str, float]) -> str:
    return f", held-out loss {metrics['loss']:.4f}" if metrics else ""


def _plain(value: Any) -> Any:
    """The value with types that JSON knows."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value.value if hasattr(value, "value") else value
