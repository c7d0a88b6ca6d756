"""Benchmark of network evaluations per second, the limit of self-play and matches: `net.<net>.<backend>`."""

import itertools
import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.benchmarks import measurement, settings
from alphazero.config import net as net_config
from alphazero.go import input_families
from alphazero.net import inference
from alphazero.net import weights as network_weights
from alphazero.training import trainable

BATCHES = (16, 32, 64, 128, 256, 512)
GPU_BATCHES = (256, 1024, 2048, 4096, 8192, 16384)
_ROUNDS = 3
_TURNS = 15


class FastestBackend(NamedTuple):
    """A backend with the batch at which it is fastest."""

    backend: str
    evaluator: inference.NetEvaluator
    inputs: evaluators.Inputs  # of the measurement
    rate: float  # evaluations/s
    close: list[int]  # batches within a tenth of the best rate, the best one included

    @property
    def batch(self) -> int:
        """Positions in one call."""
        return len(self.inputs.planes)


def measure(options: settings.BenchmarkSettings) -> Iterator[measurement.Measurement]:
    """Measures the backends of all networks in turns, so that other work on the machine affects all of them.

    The limit is the fastest backend of the same network. Each network is also compared with the first one.
    """
    nets = {net.name: all_bests(random_weights(net, options.size), options) for net in options.nets}
    rates = iter(rates_in_turns([best for bests in nets.values() for best in bests], options))
    found = {name: list(itertools.islice(rates, len(bests))) for name, bests in nets.items()}
    first = next(iter(nets))
    for name, bests in nets.items():
        for best, rate in zip(bests, found[name], strict=True):
            yield measurement.Measurement(
                name=f"net.{name}.{best.backend}",
                value=rate,
                unit="evaluations/s",
                limit=max(found[name]),
                setup={
                    **setup_of(best, options),
                    **({} if name == first else {f"of {first}": round(rate / max(found[first]), 3)}),
                },
            )


def rates_in_turns(bests: Sequence[FastestBackend], options: settings.BenchmarkSettings) -> list[float]:
    """Returns evaluations/s of each backend at its best batch, medians of many short turns."""
    turns = [
        [
            evaluations_per_s(best.evaluator, best.inputs, options.seconds / _TURNS, options.clock)
            for best in bests
        ]
        for _ in range(_TURNS)
    ]
    return [statistics.median(rates) for rates in zip(*turns, strict=True)]


def fastest(weights: network_weights.Weights, options: settings.BenchmarkSettings) -> FastestBackend:
    """Returns the fastest backend at its best batch."""
    return max(all_bests(weights, options), key=lambda best: best.rate)


def all_bests(weights: network_weights.Weights, options: settings.BenchmarkSettings) -> list[FastestBackend]:
    """Returns each backend that this machine measures at startup, on one thread, with its best batch."""
    bests = []
    for backend in inference.measured_backends(options.device):
        try:
            evaluator = inference.make_evaluator(
                weights, size=options.size, device=options.device, backend=backend
            )
        except ValueError:  # the backend fails here or is not faithful
            continue
        batches = GPU_BATCHES if "cuda" in evaluator.describe() else BATCHES
        rates = {}
        for batch in batches:
            inputs = random_inputs(batch, evaluator)
            evaluator.evaluate(inputs)
            # The best of a few short runs, because other work on the machine can only slow one down.
            rates[batch] = max(
                evaluations_per_s(evaluator, inputs, options.seconds / 20, options.clock)
                for _ in range(_ROUNDS)
            )
        batch = max(rates, key=lambda batch: rates[batch])
        close = [other for other in rates if rates[other] > 0.9 * rates[batch]]
        bests.append(FastestBackend(backend, evaluator, random_inputs(batch, evaluator), rates[batch], close))
    return bests


def evaluations_per_s(
    evaluator: inference.NetEvaluator, inputs: evaluators.Inputs, seconds: float, clock: measurement.Clock
) -> float:
    """Bare evaluations per second of one batch, repeated."""

    def evaluate() -> int:
        evaluator.evaluate(inputs)
        return len(inputs.planes)

    return measurement.rate(evaluate, seconds, clock)


def setup_of(best: FastestBackend, options: settings.BenchmarkSettings) -> dict[str, object]:
    """Conditions of a backend's measurement."""
    return {
        "board": f"{options.size}x{options.size}",
        "backend": best.evaluator.describe(),
        "batch": best.batch,
        "threads": 1,
    }


def random_weights(net: net_config.NetConfig, size: int) -> network_weights.Weights:
    """Returns an untrained network, which is as fast as a trained one."""
    return trainable.make_network(size, net).eval().export()


def random_inputs(batch: int, evaluator: inference.NetEvaluator) -> evaluators.Inputs:
    """Returns random inputs for `batch` positions; planes of zeros and ones."""
    return random_inputs_of(evaluator.family, batch, evaluator.size)


def random_inputs_of(family: input_families.InputFamily, batch: int, size: int) -> evaluators.Inputs:
    """Returns random inputs of a family for `batch` positions; planes of zeros and ones."""
    rng = np.random.default_rng(0)
    planes = rng.integers(0, 2, (batch, family.num_planes, size, size), dtype=np.uint8)
    if not family.num_globals:
        return evaluators.Inputs(planes)
    return evaluators.Inputs(planes, rng.random((batch, family.num_globals), dtype=np.float32))
