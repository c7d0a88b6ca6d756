"""Network evaluations per second: `net.<net>.<backend>`, the limit of everything that asks a network."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from alphazero.benchmarks import figures, settings
from alphazero.config import net as net_config
from alphazero.net import inference, leela, resnet

BATCHES = (16, 32, 64, 128, 256, 512)
GPU_BATCHES = (256, 1024, 2048, 4096, 8192, 16384)
_ROUNDS = 3


class Best(NamedTuple):
    """A backend with the batch at which it is fastest."""

    backend: str
    evaluator: inference.NetEvaluator
    planes: np.ndarray  # [batch, 18, N, N] what it was measured with
    rate: float  # evaluations/s
    close: list[int]  # batches, the best among them, that were within a tenth of it


def measure(options: settings.Settings) -> Iterator[figures.Figure]:
    """One figure for each backend; the limit is the fastest of them."""
    for net in options.nets:
        bests = all_bests(random_weights(net, options.size), options)
        fastest = max(best.rate for best in bests)
        for best in bests:
            yield figures.Figure(
                name=f"net.{net.name}.{best.backend}",
                value=best.rate,
                unit="evaluations/s",
                limit=fastest,
                setup=setup_of(best, options),
            )


def fastest(weights: leela.Weights, options: settings.Settings) -> Best:
    """The fastest backend at its best batch."""
    return max(all_bests(weights, options), key=lambda best: best.rate)


def all_bests(weights: leela.Weights, options: settings.Settings) -> list[Best]:
    """Every backend that a start measures on this machine, one thread each, with its best batch."""
    bests = []
    for backend in inference.measured_backends(options.device):
        try:
            evaluator = inference.make_evaluator(weights, device=options.device, backend=backend)
        except ValueError:  # it fails here, or is not faithful to this network
            continue
        batches = GPU_BATCHES if "cuda" in evaluator.describe() else BATCHES
        rates = {}
        for batch in batches:
            planes = random_planes(batch, weights.size)
            evaluator.evaluate(planes)
            # The best of a few short runs: other work on the machine only ever takes away.
            rates[batch] = max(
                evaluations_per_s(evaluator, planes, options.seconds / 20, options.clock)
                for _ in range(_ROUNDS)
            )
        batch = max(rates, key=lambda batch: rates[batch])
        close = [other for other in rates if rates[other] > 0.9 * rates[batch]]
        bests.append(Best(backend, evaluator, random_planes(batch, weights.size), rates[batch], close))
    return bests


def evaluations_per_s(
    evaluator: inference.NetEvaluator, planes: np.ndarray, seconds: float, clock: figures.Clock
) -> float:
    """Bare evaluations per second of one batch, again and again."""

    def evaluate() -> int:
        evaluator.evaluate(planes)
        return len(planes)

    return figures.rate(evaluate, seconds, clock)


def setup_of(best: Best, options: settings.Settings) -> dict[str, object]:
    """How a backend was measured."""
    return {
        "board": f"{options.size}x{options.size}",
        "backend": best.evaluator.describe(),
        "batch": len(best.planes),
        "threads": 1,
    }


def random_weights(net: net_config.NetConfig, size: int) -> leela.Weights:
    """An untrained network: its speed is that of a trained one."""
    return resnet.ResNet(size, net).eval().export()


def random_planes(batch: int, size: int) -> np.ndarray:
    """[batch, 18, N, N] uint8 zeros and ones."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 2, (batch, leela.NUM_PLANES, size, size), dtype=np.uint8)
