"""Input families: what networks receive as their inputs.

There is one family, Leela Zero's. To add one, write a module with its kernel, like `features`, and register
it here. The replay window, the learner and weight files know Leela Zero's family only.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alphazero.config import net as net_config
from alphazero.go import features, rules
from alphazero.go.geometry import Geometry
from alphazero.jit import Integer, jit


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFamily:
    """C planes of zeros and ones, and G global inputs."""

    name: str
    number: int
    """Its number in kernels."""
    num_planes: int
    """C."""
    num_globals: int = 0
    """G."""
    history: int
    """Positions before the current one that the planes show."""

    def num_packed_bytes(self, size: int) -> int:
        """K, the number of bytes of a position's packed planes. Unused bits of the last byte are zero."""
        return -(-self.num_planes * size * size // 8)

    def pack(self, planes: np.ndarray) -> np.ndarray:
        """Packs planes [B, C, N, N] or [B, C, P] of zeros and ones into bits [B, K] uint8, lowest bit first.

        Packed planes take an eighth of the bytes on the way to a device, which unpacks them by shifts
        (`net/packing.py`).
        """
        rows = planes.reshape(len(planes), math.prod(planes.shape[1:]))
        return np.packbits(rows, axis=1, bitorder="little")

    def unpack(self, packed: np.ndarray, size: int) -> np.ndarray:
        """Unpacks bits [B, K] uint8 into planes [B, C, N, N] uint8."""
        bits = np.unpackbits(packed, axis=1, count=self.num_planes * size * size, bitorder="little")
        return bits.reshape(-1, self.num_planes, size, size)


LEELA = InputFamily(name="leela", number=0, num_planes=features.NUM_PLANES, history=rules.HISTORY)
KATAGO = InputFamily(name="katago", number=1, num_planes=22, num_globals=19, history=5)
KATAGO_FAST = InputFamily(name="katago-fast", number=2, num_planes=22, num_globals=19, history=5)
FAMILIES: Mapping[str, InputFamily] = {family.name: family for family in (LEELA, KATAGO, KATAGO_FAST)}


def of_net(net: net_config.NetConfig) -> InputFamily:
    """The inputs of the network that these settings describe."""
    if net.family is net_config.Family.leela:
        return LEELA
    return KATAGO if net.inputs is net_config.InputSet.full else KATAGO_FAST


@jit
def fill(
    family: Integer,
    geometry: Geometry,
    games: np.ndarray,
    index: Integer,
    planes: np.ndarray,
    globals: np.ndarray,
) -> None:
    """Fills planes [C, P] uint8 and globals [G] float32 with the network's inputs for games[index].

    family: `InputFamily.number`. games: game states.
    """
    features.fill_planes(geometry, games, index, planes)
