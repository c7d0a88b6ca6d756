"""Input families: what networks receive as their inputs.

To add a family, write a module with its kernel, like `features`, and register it here.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

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
    has_tactics: bool = False
    """Whether inputs are complete only after `finish`, which finds ladders and areas."""
    suicide_area: bool = False
    """Whether areas are found as if suicide were always legal, whatever the game's rule."""

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
    has_tactics=True,
)
KATAGO_FAST = dataclasses.replace(KATAGO, name="katago-fast", number=2, has_tactics=False)
"""The same without ladders and areas, whose planes are zero."""
KATAGO_SUICIDE_AREA = dataclasses.replace(KATAGO, name="katago-suicide-area", number=3, suicide_area=True)
"""The same as KATAGO with areas as if suicide were legal, for networks that ask for it (since version 15)."""
_LEELA, _KATAGO_FAST = LEELA.number, KATAGO_FAST.number
_ALL = (LEELA, KATAGO, KATAGO_FAST, KATAGO_SUICIDE_AREA)
FAMILIES: Mapping[str, InputFamily] = {family.name: family for family in _ALL}


def of_net(net: net_config.NetConfig) -> InputFamily:
    """The inputs of the network that these settings describe."""
    if net.family is net_config.Family.leela:
        return LEELA
    return KATAGO if net.inputs is net_config.InputSet.full else KATAGO_FAST


@jit
def fill(
    family: Integer,
    tables: Geometry,
    games: np.ndarray,
    index: Integer,
    planes: np.ndarray,
    globals: np.ndarray,
) -> None:
    """Fills planes [C, P] uint8 and globals [G] float32 with the network's inputs for games[index].

    A family that `has_tactics` then needs `finish`.
    family: `InputFamily.number`. games: game states.
    """
    if family == _LEELA:
        features.fill_planes(tables, games, index, planes)
    else:
        katago_inputs.fill(tables, games, index, family != _KATAGO_FAST, planes, globals)


@jit
def _fill_rows(
    family: Integer,
    tables: Geometry,
    games: np.ndarray,
    indices: np.ndarray,
    planes: np.ndarray,
    globals: np.ndarray,
) -> None:
    for row in range(len(indices)):
        fill(family, tables, games, indices[row], planes[row], globals[row])


def make_scratch(num_points: int) -> katago_inputs.KatagoScratch:
    """Work arrays of one thread for `finish`."""
    return katago_inputs.make_scratch(num_points)


def finish(
    family: InputFamily,
    tables: Geometry,
    scratch: katago_inputs.KatagoScratch,
    planes: np.ndarray,
    globals: np.ndarray,
) -> None:
    """Completes planes [B, C, P] once after `fill`, which wrote them and globals [B, G].

    It has an effect on families with tactics only.
    """
    if family.has_tactics:
        suicide_area = np.bool_(family.suicide_area)
        katago_inputs.add_tactics(tables, scratch, suicide_area, planes, globals)


def encode(
    family: InputFamily,
    tables: Geometry,
    games: np.ndarray,
    indices: np.ndarray,
    scratch: katago_inputs.KatagoScratch,
    planes: np.ndarray,
    globals: np.ndarray,
) -> None:
    """Fills planes [B, C, P] uint8 and globals [B, G] float32 with the inputs for games[indices[b]].

    games: game states. indices: [B] int64.
    """
    _fill_rows(family.number, tables, games, indices, planes, globals)
    finish(family, tables, scratch, planes, globals)


def encode_game(family: InputFamily, game: play.Game) -> tuple[np.ndarray, np.ndarray]:
    """Planes [1, C, N, N] uint8 and global inputs [1, G] float32 of one game."""
    num_points = game.size**2
    planes = np.zeros((1, family.num_planes, num_points), np.uint8)
    global_inputs = np.zeros((1, family.num_globals), np.float32)
    tables, indices = geometry.make(game.size), np.zeros(1, np.int64)
    encode(family, tables, game.record, indices, make_scratch(num_points), planes, global_inputs)
    return planes.reshape(1, family.num_planes, game.size, game.size), global_inputs
