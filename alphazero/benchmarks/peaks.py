"""What a device's matrix units reach in a large product, which networks are measured by."""

import time
from typing import NamedTuple

from alphazero.benchmarks import figures
from alphazero.config import training as training_config
from alphazero.net import hardware
from alphazero.training import limits

_TURNS, _TURN_S = 3, 0.2


class Peak(NamedTuple):
    """One precision of one device."""

    precision: str
    operations_per_s: float

    def share(self, operations_per_s: float) -> float:
        """Which part of the peak so many floating-point operations a second are."""
        return round(operations_per_s / self.operations_per_s, 4)


def of_training(config: training_config.TrainingConfig) -> Peak:
    """The peak of the device and the precision that networks have with these settings."""
    device = hardware.pick_device(config.device)
    return measure(config.device, "bf16" if hardware.is_bf16(config.precision, device) else "fp32")


def measure(device: training_config.Device, precision: str) -> Peak:
    """The best of a few turns; precision: fp32, fp16 or bf16."""
    product = limits.MatrixProduct(hardware.pick_device(device), precision)
    product.step()
    return Peak(precision, max(figures.rate(product.step, _TURN_S, time.perf_counter) for _ in range(_TURNS)))
