"""Supervised training put together: ranks, what is shown, and the file with its certificate.

A run's folder is that of `alphazero.run`; its only promoted network is the best on held-out positions.
"""

import dataclasses
import logging
import multiprocessing
import threading
from typing import Any

import numpy as np

from alphazero.config import schema
from alphazero.data import run_folder, survey
from alphazero.evaluation import agreement, promotion
from alphazero.net import hardware, inference
from alphazero.report import logs, progress
from alphazero.training import checkpoint, processes, ranks, standing, supervised

_logger = logging.getLogger(__name__)


def without_targetless_heads(config: schema.Config, found: survey.Survey) -> schema.Config:
    """The settings without auxiliary heads whose targets the data do not know; says which."""
    lacking = sorted(config.net.targets - found.fields)
    if lacking:
        print(f"no targets in these data, so switched off: {', '.join(f'net.{name}' for name in lacking)}")
    return dataclasses.replace(config, net=dataclasses.replace(config.net, **dict.fromkeys(lacking, False)))


def run(config: schema.Config, folder: run_folder.RunFolder, found: survey.Survey) -> None:
    """Trains until a bound, or until the held-out loss no longer falls, and writes the best network.

    KeyboardInterrupt after Ctrl-C or SIGTERM; ValueError for the user's mistakes; RuntimeError when a process
    failed. The same command goes on from the last checkpoint.
    """
    count = config.training.num_ranks
    if count == 1:
        stop = threading.Event()
        with processes.told_by_signals(stop):
            _run_rank(0, "", stop, config, found)
    else:
        _check_devices(config)
        stop = multiprocessing.get_context("spawn").Event()
        with processes.told_by_signals(stop):
            processes.run(_run_rank, count, (config, found), stop)
    if stop.is_set():
        raise KeyboardInterrupt


def _run_rank(number: int, address: str, stop: Any, config: schema.Config, found: survey.Survey) -> None:
    """What each process does."""
    folder, count = run_folder.RunFolder(config.run.dir), config.training.num_ranks
    logs.set_up(folder.log)
    device = hardware.pick_device(config.training.device, number)
    group = ranks.join(address, number, count, device, config.training.timeout_s)
    watcher = _Nobody()
    if number == 0:
        watcher = progress.Progress(folder.events / "loop", checkpoint.newest_step(folder.checkpoints))
    try:
        job = supervised.Supervised(config, found, folder.checkpoints, group, watcher)
        ending = job.run(stop.is_set)
        skipped = job.skipped()
    finally:
        watcher.close()
    if number == 0:
        print(f"step {job.step:,}: {ending.value}" + f"; left out of the data: {skipped}" * bool(skipped))
        if ending is not supervised.Ending.interrupted:
            _write(job.best, job.samples, config, folder, found)
    group.leave()


class _Nobody:
    """Watches the other ranks."""

    def trained(self, step: int, figures: dict[str, float], skipped: str) -> None: ...

    def looked(self, step: int, figures: dict[str, float], is_best: bool) -> None: ...

    def close(self) -> None: ...


def _check_devices(config: schema.Config) -> None:
    if hardware.pick_device(config.training.device).type == "cuda":
        count, num_devices = config.training.num_ranks, hardware.num_gpus()
        if count > num_devices:
            raise ValueError(f"training.num_ranks={count}: must be at most {num_devices}, one for each GPU")


def _write(
    best: standing.Best,
    samples: int,
    config: schema.Config,
    folder: run_folder.RunFolder,
    found: survey.Survey,
) -> None:
    """The promoted file and its certificate, unless an earlier session has written them."""
    promotions = promotion.Promotions(folder.weights / "promoted")
    newest = promotions.latest()
    if newest is not None and newest.certificate["steps"] == best.step:
        print(f"{newest.path} is there already")
        return
    facts = {
        "steps": best.step,
        "data_path": config.data.patterns,
        "files": len(found.files),
        "positions": round(found.num_rows),
        "samples": samples,
        "held_out_positions": 0 if found.held_out is None else len(found.held_out.value),
        "held_out": best.figures,
        "match": None,
        **promotion.provenance(config),
        "configuration": _plain(dataclasses.asdict(config)),
        "komi": found.komi,
    }
    # Certified is the arithmetic of the file, so it is checked in float32, whatever trained it.
    exact = inference.make_evaluator(best.weights, device="cpu", precision="fp32", backend="torch")
    check = agreement.make_check(exact, config.game, np.random.default_rng([config.run.seed, 3]))
    written = promotions.promote(best.weights, facts, check)
    print(f"{written.path}: the network of step {best.step:,}{_measured(best.figures)}")


def _measured(figures: dict[str, float]) -> str:
    return f", held-out loss {figures['loss']:.4f}" if figures else ""


def _plain(value: Any) -> Any:
    """As JSON knows it."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value.value if hasattr(value, "value") else value
