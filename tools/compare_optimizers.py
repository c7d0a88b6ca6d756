"""Comparison of optimizers on the same network and positions: python -m tools.compare_optimizers RUN_DIR.

RUN_DIR holds self-play games (RUN_DIR/games) of one board size. Each entry of the table gets the same share
of --minutes. A third of it goes to a search among a few learning rates, the rest to runs with the best rate,
one for each seed. Runs are compared by their loss on held-out games. Each run adds a line to --output, from
which tools.plot_optimizers makes the table and the figure.
"""

import dataclasses
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from alphazero.comparison import held_out
from alphazero.config import command_line, compose, schema
from alphazero.config import optimizer as optimizer_config
from alphazero.data import batch as batches
from alphazero.data import targets as game_targets
from alphazero.net import packing, resnet
from alphazero.training import losses, optimizers, rso, schedules, trainable
from tools import plot_optimizers

SEARCH_SHARE = 0.35
NUM_POINTS = 20  # of a curve; runs of the search are evaluated at their end only
WARMUP_STEPS = 20  # the runs are short


class OptimizerEntry(NamedTuple):
    """A row of the table."""

    label: str
    words: tuple[str, ...]  # settings as on the command line
    length: float = 1.0  # of its runs, relative to an ordinary entry's
    factors: tuple[float, ...] = (1.0, 3.0, 10.0)  # of the group's learning rate: short runs tolerate more
    batch_size: int = 256

    def config(self) -> schema.Config:
        """The settings with a warm-up for short runs."""
        config = compose.compose(["net=b2c16", *self.words])
        config.schedule.warmup_steps = min(config.schedule.warmup_steps, WARMUP_STEPS)
        return config


SMALL = ("net.blocks=1", "net.filters=8")
ONECYCLE = ("optimizer=adamw", "optimizer.beta2=0.99", "schedule=onecycle")
UP = (1.0, 3.0, 10.0, 30.0)  # the baseline must be well tuned, and a cycle tolerates higher learning rates
ENTRIES = [
    OptimizerEntry("sgd steps", ("optimizer=sgd", "schedule=steps"), factors=UP),
    OptimizerEntry("sgd cosine", ("optimizer=sgd", "schedule=cosine"), factors=UP),
    OptimizerEntry("momentum cosine", ("optimizer=momentum", "schedule=cosine")),
    OptimizerEntry("adagrad cosine", ("optimizer=adagrad", "schedule=cosine")),
    OptimizerEntry("rmsprop cosine", ("optimizer=rmsprop", "schedule=cosine")),
    OptimizerEntry("adam cosine", ("optimizer=adam", "schedule=cosine")),
    OptimizerEntry("adam_l2 cosine", ("optimizer=adam_l2", "schedule=cosine")),
    OptimizerEntry("adamw cosine", ("optimizer=adamw", "schedule=cosine")),
    OptimizerEntry("adamw onecycle", ONECYCLE, factors=UP),
    OptimizerEntry("adamw onecycle, a third", ONECYCLE, length=1 / 3, factors=UP),
    OptimizerEntry("amsgrad cosine", ("optimizer=amsgrad", "schedule=cosine")),
    OptimizerEntry("muon cosine", ("optimizer=muon", "schedule=cosine")),
    OptimizerEntry("sgd cosine b1c8", ("optimizer=sgd", "schedule=cosine", *SMALL), factors=UP),
    OptimizerEntry(
        "rso linear b1c8",
        ("optimizer=rso", "schedule=linear", "schedule.warmup_steps=0", *SMALL),
        length=5.0,  # one round of all weights takes minutes
        factors=(1.0,),  # the paper's
        batch_size=1024,
    ),
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Executes all runs, then makes the table and the figure; 2 for bad arguments."""
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = command_line.Parser(
        prog="python -m tools.compare_optimizers", description=summary, epilog=details
    )
    add, whole_number = parser.add_argument, command_line.whole_number
    add("source", type=Path, metavar="RUN_DIR")
    add("--minutes", type=command_line.number(0.01, 10_000), default=20.0, help="of all runs together")
    add("--seeds", type=whole_number(1, 100), default=2)
    add("--held-out", type=command_line.number(0.001, 0.5), default=0.1, help="share of the games")
    add("--held-out-positions", type=whole_number(16, 100_000), default=1024, help="at most")
    add("--only", nargs="+", default=[""], metavar="PART", help="entries with one of these in their names")
    add("--output", type=Path, default=Path("optimizers.jsonl"), metavar="FILE", help="overwritten")
    add("--figure", type=Path, metavar="FILE.svg")
    options = parser.parse_args(arguments)
    entries = [entry for entry in ENTRIES if any(part in entry.label for part in options.only)]
    try:
        if not entries:
            raise ValueError(f"--only: no entry has {' or '.join(options.only)} in its name")
        positions = held_out.load(options.source, options.held_out, options.held_out_positions)
    except ValueError as error:
        parser.error(str(error))
    print(f"{len(positions.window):,} positions, {len(positions.held_out.value):,} held out", flush=True)
    with options.output.open("w") as file:
        for result in compare(entries, positions, options.minutes * 60, options.seeds):
            print(json.dumps(result), file=file, flush=True)
            print(plot_optimizers.line(result), flush=True)
    return plot_optimizers.main([options.output], options.figure)


def compare(
    entries: Sequence[OptimizerEntry], positions: held_out.Positions, seconds: float, num_seeds: int
) -> Iterator[dict[str, Any]]:
    """The runs of each entry: those of the search, then one for each seed at the best learning rate."""
    torch.set_num_threads(1)
    train(
        entries[0], entries[0].config(), seed=0, seconds=1e-9, positions=positions
    )  # torch loads what it needs
    ordinary = seconds / sum(entry.length for entry in entries)
    for entry in entries:
        config = entry.config()
        rates = [factor * config.optimizer.rate for factor in entry.factors]
        search_share = SEARCH_SHARE if len(rates) > 1 else 0.0
        search_s = ordinary * entry.length * search_share / len(rates)
        tried = []
        for rate in rates if search_share else []:
            tried.append(train(entry, at_rate(config, rate), 0, search_s, positions))
            yield {"phase": "search", **tried[-1]}
        best = min(tried, key=plot_optimizers.final_loss)["rate"] if tried else rates[0]
        final_s = ordinary * entry.length * (1 - search_share) / num_seeds
        for seed in range(1, num_seeds + 1):
            run = train(entry, at_rate(config, best), seed, final_s, positions, NUM_POINTS)
            yield {"phase": "final", "edge": bool(tried) and best in (rates[0], rates[-1]), **run}


def at_rate(config: schema.Config, rate: float) -> schema.Config:
    """The same settings with another peak learning rate."""
    return dataclasses.replace(config, optimizer=dataclasses.replace(config.optimizer, rate=rate))


def train(
    entry: OptimizerEntry,
    config: schema.Config,
    seed: int,
    seconds: float,
    positions: held_out.Positions,
    num_points: int = 1,
) -> dict[str, Any]:
    """Trains for `seconds` and returns the curve: step, seconds of training alone, held-out metrics.

    Seconds are CPU time of one core, evaluation included, so that other work on the machine does not count.
    The seed determines the initial network and the batches. A run stops when its loss is not finite.
    """
    net = trainable.make_network(positions.size, config.net, torch.Generator().manual_seed(seed))
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    take_step = _stepper(config, net, seed)
    rng = np.random.default_rng(seed)
    points = [[0, 0.0, *judge(net, positions.held_out, config)]]
    began, spent, step, progress, is_finite = time.process_time(), 0.0, 0, 0.0, True
    while progress < 1 and is_finite:
        batch = positions.window.sample(entry.batch_size, rng)
        before = time.process_time()
        is_finite = math.isfinite(take_step(batch, step, progress))
        now = time.process_time()
        step, spent, progress = step + 1, spent + now - before, (now - began) / seconds
        if is_finite and (progress >= 1 or progress * num_points >= len(points)):
            points.append([step, spent, *judge(net, positions.held_out, config)])
    return {
        "entry": entry.label,
        "optimizer": config.optimizer.name.value,
        "net": config.net.name,
        "rate": config.optimizer.rate,
        "seed": seed,
        "diverged": not is_finite or not math.isfinite(points[-1][2]),
        "points": [[round(number, 5) for number in point] for point in points],
    }


def judge(net: trainable.Network, batch: batches.TrainingBatch, config: schema.Config) -> list[float]:
    """The network's held-out loss, policy KL and squared error of the value."""
    with torch.no_grad():
        inputs, targets = tensors(batch)
        loss, metrics = losses.compute(net.eval()(*inputs), targets, config.training)
    net.train()
    return [float(loss), float(metrics["policy_kl"]), float(metrics["value_mse"])]


def _stepper(
    config: schema.Config, net: trainable.Network, seed: int
) -> Callable[[batches.TrainingBatch, int, float], float]:
    """A function that takes one training step on a batch, given step and progress, and returns the loss."""
    is_rso = config.optimizer.name is optimizer_config.OptimizerName.rso
    generator = torch.Generator().manual_seed(seed)
    optimizer = (
        rso.Rso(config.optimizer, net, generator) if is_rso else optimizers.make(config.optimizer, net)
    )

    def take_step(batch: batches.TrainingBatch, step: int, progress: float) -> float:
        inputs, targets = tensors(batch)
        optimizers.apply(optimizer, schedules.at(config.schedule, config.optimizer, step, progress))
        if isinstance(optimizer, rso.Rso):
            planes, globals = inputs
            return optimizer.step(
                planes, lambda outputs: losses.compute(outputs, targets, config.training)[0], globals
            )
        optimizer.zero_grad()
        loss, _ = losses.compute(net(*inputs), targets, config.training)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), config.training.gradient_clip)
        optimizer.step()
        return loss.item()

    return take_step


def _bare_loss(batch_targets: losses.LossTargets, config: schema.Config) -> rso.LossOfOutputs:
    """`losses.compute` without its metrics; reuses a head's part of the loss if its outputs are unchanged."""
    training = config.training
    known: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def loss_of_outputs(outputs: resnet.NetOutputs) -> torch.Tensor:
        answers = {"policy": outputs.policy_logits, "value": outputs.value_logit, **outputs.auxiliary}
        targets = losses.with_score_errors(outputs, batch_targets)
        for target in game_targets.TARGETS:
            answer = answers.get(target.name)
            if answer is not None and answer is not known.get(target.name, (None,))[0]:
                part = losses.part_of(target, answer, targets, training)
                known[target.name] = answer, target.weight(training) * part
        return torch.stack([loss for _, loss in known.values()]).sum()

    return loss_of_outputs


def tensors(
    batch: batches.TrainingBatch,
) -> tuple[tuple[torch.Tensor, torch.Tensor], losses.LossTargets]:
    """Planes [B, C, N, N] and globals [B, G], float32, and the targets of all heads."""
    size = math.isqrt(batch.policy.shape[1] - 1)
    num_planes = 8 * batch.planes.shape[1] // size**2
    planes = packing.unpack(torch.from_numpy(batch.planes), size, torch.float32, num_planes)
    inputs = planes.contiguous(memory_format=torch.channels_last), torch.from_numpy(batch.globals)
    return inputs, losses.targets_of(batch, torch.from_numpy)


if __name__ == "__main__":
    raise SystemExit(main())
