"""Input families: what networks receive as their inputs.

To add a family, write a module with its kernel, like `features`, and register it here.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from alphazero.config import net as net_config
from alphazero.go import features, geometry, katago_inputs, play, rules
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
KATAGO = InputFamily(
    name="katago",
    number=1,
    num_planes=katago_inputs.NUM_PLANES,
    num_globals=katago_inputs.NUM_GLOBALS,
    history=rules.NUM_RECENT_MOVES,
)
KATAGO_FAST = dataclasses.replace(KATAGO, name="katago-fast", number=2)
"""The same without ladders and areas, whose planes are zero."""
_KATAGO, _KATAGO_FAST = KATAGO.number, KATAGO_FAST.number
FAMILIES: Mapping[str, InputFamily] = {family.name: family for family in (LEELA, KATAGO, KATAGO_FAST)}


def of_net(net: net_config.NetConfig) -> InputFamily:
    """The inputs of the network that these settings describe."""
    if net.family is net_config.Family.leela:
        return LEELA
    return KATAGO if net.inputs is net_config.InputSet.full else KATAGO_FAST


class Scratch(NamedTuple):
    """Work arrays of one thread for the inputs of any family; nothing is kept in them between calls."""

    katago: katago_inputs.Scratch


def make_scratch(num_points: int) -> Scratch:
    """Work arrays for one thread."""
    return Scratch(katago=katago_inputs.make_scratch(num_points))


@jit
def fill(
    family: Integer,
    geometry: Geometry,
    games: np.ndarray,
    index: Integer,
    scratch: Scratch,
    planes: np.ndarray,
    globals: np.ndarray,
) -> None:
    """Fills planes [C, P] uint8 and globals [G] float32 with the network's inputs for games[index].

    family: `InputFamily.number`. games: game states.
    """
    if family in (_KATAGO, _KATAGO_FAST):
        katago_inputs.fill(geometry, games, index, scratch.katago, family == _KATAGO, planes, globals)
    else:
        features.fill_planes(geometry, games, index, planes)


@jit
def encode(
    family: Integer,
    geometry: Geometry,
    games: np.ndarray,
    indices: np.ndarray,
    scratch: Scratch,
    planes: np.ndarray,
    globals: np.ndarray,
) -> None:
    """Fills planes [B, C, P] and globals [B, G] with the inputs for games[indices[b]]; see `fill`.

    indices: [B] int64.
    """
    for row in range(len(indices)):
        fill(family, geometry, games, indices[row], scratch, planes[row], globals[row])


def encode_game(family: InputFamily, game: play.Game) -> tuple[np.ndarray, np.ndarray]:
    """Planes [1, C, N, N] uint8 and global inputs [1, G] float32 for one game outside kernels."""
    num_points = game.size**2
    planes = np.zeros((1, family.num_planes, num_points), np.uint8)
    global_inputs = np.zeros((1, family.num_globals), np.float32)
    tables, scratch = geometry.make(game.size), make_scratch(num_points)
    encode(family.number, tables, game.record, np.zeros(1, np.int64), scratch, planes, global_inputs)
    return planes.reshape(1, family.num_planes, game.size, game.size), global_inputs
