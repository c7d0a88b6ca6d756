"""Peak rates of devices in a large product of matrices, for comparison with networks."""

import time
from typing import NamedTuple

from alphazero.benchmarks import measurement
from alphazero.config import training as training_config
from alphazero.net import hardware
from alphazero.training import roofline

_TURNS, _TURN_S = 3, 0.2


class Peak(NamedTuple):
    """The peak rate of one device in one precision."""

    precision: str
    operations_per_s: float

    def share(self, operations_per_s: float) -> float:
        """Share of the peak that a number of floating-point operations per second is."""
        return round(operations_per_s / self.operations_per_s, 4)


def of_training(config: training_config.TrainingConfig) -> Peak:
    """Measures the peak of the device and the precision that these settings select."""
    device = hardware.pick_device(config.device)
    return measure(config.device, "bf16" if hardware.is_bf16(config.precision, device) else "fp32")


def measure(device: training_config.Device, precision: str) -> Peak:
    """Measures a peak as the best of a few turns. precision: fp32, fp16 or bf16."""
    product = roofline.MatrixProduct(hardware.pick_device(device), precision)
    product.step()
    return Peak(
        precision, max(measurement.rate(product.step, _TURN_S, time.perf_counter) for _ in range(_TURNS))
    )
