"""Training of new networks on the same positions for the same CPU time."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from alphazero.comparison import contenders, held_out
from alphazero.config import compose, schema
from alphazero.config import run as run_config
from alphazero.data import batch as batches
from alphazero.data import rows as data_rows
from alphazero.go import input_families
from alphazero.net import weights as network_weights
from alphazero.training import learner

_STEPS_AT_ONCE = 8
_HELD_OUT, _MOST_HELD_OUT = 0.05, 8192


class Trained(NamedTuple):
    """A network after its training."""

    weights: network_weights.Weights
    metrics: dict[str, float]  # on held-out positions
    steps: int
    samples_per_s: float  # of one core's CPU time


def compare(
    asked: contenders.ComparisonSettings, should_stop: Callable[[], bool], say: contenders.Say
) -> contenders.Contenders | None:
    """Trains a network with the settings of each side, on one core; None if `should_stop` ended it."""
    run, sides = compose.of_run(asked.source), []
    loaded: dict[str, held_out.Positions] = {}  # by family of inputs
    for name, words in zip(contenders.NAMES, asked.words, strict=True):
        config = compose.changed(run, words)
        config = replace(
            config,
            run=replace(config.run, seed=asked.seed),
            init=run_config.InitConfig(),
            training=replace(config.training, num_threads=1),
        )
        family = input_families.of_net(config.net)
        if family.name not in loaded:
            loaded[family.name] = held_out.load(asked.source, _HELD_OUT, _MOST_HELD_OUT, family)
        result = train(config, loaded[family.name], 60 * asked.minutes, should_stop)
        if should_stop():
            return None
        facts = {"steps": result.steps, "samples_per_s": round(result.samples_per_s), **result.metrics}
        say(f"{name}: " + ", ".join(f"{key} {value:.4g}" for key, value in facts.items()))
        sides.append(contenders.Contender(words=words, weights=result.weights, game=config.game, facts=facts))
    return contenders.Contenders(*sides)


def train(
    config: schema.Config,
    positions: held_out.Positions,
    seconds: float,
    should_stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Trains one network for so many CPU seconds, in which batches are drawn, too, and evaluates it.

    Other work on the machine does not count. The seed determines the first network and the batches.
    """
    one = learner.Learner(config)
    rng = np.random.default_rng(config.run.seed)
    batch_size, spent = config.training.batch_size, 0.0
    while spent < seconds and not should_stop():
        before = time.process_time()
        drawn = [positions.window.sample(batch_size, rng) for _ in range(_STEPS_AT_ONCE)]
        one.train(drawn, min(1.0, spent / seconds))
        spent += time.process_time() - before
    weights = one.candidate()  # gives the averaged network its norms' statistics
    metrics = one.evaluate(_parts(positions.held_out, batch_size))
    return Trained(weights, metrics, one.step, one.samples / max(spent, 1e-9))


def _parts(batch: batches.TrainingBatch, size: int) -> list[batches.TrainingBatch]:
    """The positions in parts of nearly equal length, because metrics are means over parts."""
    rows = np.arange(len(batch.value))
    return [data_rows.take(batch, part) for part in np.array_split(rows, -(-len(rows) // size))]
