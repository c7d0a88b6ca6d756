"""Settings of the benchmarks."""

import time
from typing import NamedTuple

from alphazero.benchmarks import measurement
from alphazero.config import net as net_config


class BenchmarkSettings(NamedTuple):
    """Settings of one run."""

    size: int
    nets: list[net_config.NetConfig]
    num_simulations: int  # per move
    num_games: int  # advanced together
    device: str  # auto, cpu or cuda
    seconds: float  # of each measurement, approximately
    num_threads: int = 1  # of the GTP engine
    leaf_batch: int = 8  # of the GTP engine
    num_ranks: int = 1  # of the learner
    batch_size: int = 256  # of each rank
    is_compiled: bool = False  # whether torch.compile makes the kernels of the ranks' steps

    @property
    def clock(self) -> measurement.Clock:
        """Clock for work that may wait for a network."""
        return time.process_time if self.device == "cpu" else time.perf_counter


def parse_net(name: str) -> net_config.NetConfig:
    """Parses a network's name such as "b4c32" or "kata-b4c32"; raises ValueError if it is not one."""
    family, blocks, filters = net_config.parse(name)
    return net_config.NetConfig(family=family, blocks=blocks, filters=filters)
