"""Packed network inputs of played positions: computed by replaying moves, and turned.

The planes of a position are K bytes of bits (`go.input_families.InputFamily.pack`). Nothing here depends on
what a family's planes show: turning moves the points of every plane, and global inputs stay as they are.
"""

import functools
from typing import NamedTuple

import numpy as np

from alphazero.go import board, game_kernels, geometry, input_families, rules, symmetry
from alphazero.jit import Boolean, Integer, jit


class PackedInputs(NamedTuple):
    """Inputs of T positions. `InputFamily` describes K and G."""

    planes: np.ndarray  # [T, K] uint8 packed planes
    globals: np.ndarray  # [T, G] float32 global inputs; G = 0 in Leela Zero's family


class InputReplayer:
    """Replays moves on boards of one size, and keeps the inputs of the positions that they lead through."""

    def __init__(self, family: input_families.InputFamily, size: int) -> None:
        self.family = family
        self.size = size
        self._geometry = geometry.make(size)
        self._scratch = board.make_scratch(size * size)
        self._input_scratch = input_families.make_scratch(size * size)

    def replay(
        self,
        start: np.ndarray,
        colors: np.ndarray,
        actions: np.ndarray,
        plies: np.ndarray,
        *,
        ends_by_passes: bool = True,
    ) -> PackedInputs:
        """The inputs before the moves with these numbers, for their players.

        - start: [1] game state, which the moves change.
        - colors: [T] BLACK or WHITE; they need not alternate.
        - actions: [T] moves.
        - plies: [N] increasing, the positions to keep.
        - ends_by_passes: whether moves after two passes are illegal.

        Raises ValueError with the first illegal move.
        """
        planes = np.zeros((len(plies), self.family.num_planes, self.size**2), np.uint8)
        scalars = np.zeros((len(plies), self.family.num_globals), np.float32)
        is_kept = np.zeros(len(actions), np.bool_)
        is_kept[plies] = True
        moves = _Moves(colors.astype(np.int8), actions.astype(np.int16), is_kept, ends_by_passes)
        number, tables = self.family.number, self._geometry
        ply, status = _replay(number, tables, start, self._scratch, moves, (planes, scalars))
        if status != rules.OK:
            name = rules.format_move(int(actions[ply]), self.size)
            raise ValueError(f"move {ply + 1}, {name}: {rules.REASONS[status]}")
        input_families.finish(self.family, tables, self._input_scratch, planes, scalars)
        return PackedInputs(self.family.pack(planes), scalars)


def make(family: input_families.InputFamily, size: int, count: int) -> PackedInputs:
    """Inputs of `count` positions, all zero. The system gives memory only to those that are written."""
    return PackedInputs(
        np.zeros((count, family.num_packed_bytes(size)), np.uint8),
        np.zeros((count, family.num_globals), np.float32),
    )


def num_bytes(family: input_families.InputFamily, size: int) -> int:
    """Bytes of one position's inputs."""
    return sum(array.nbytes for array in make(family, size, 1))


def turn(planes: np.ndarray, rows: np.ndarray, symmetries: np.ndarray, size: int) -> np.ndarray:
    """[B, K] packed planes [W, K] of these rows, each turned by its own symmetry.

    rows, symmetries: [B] int64.
    """
    turned = np.empty((len(rows), planes.shape[1]), np.uint8)
    origins = _origins(size, planes.shape[1])
    _turn(origins, planes, np.zeros(len(origins[0]), np.uint8), rows, symmetries, turned)
    return turned


@functools.cache
def _origins(size: int, num_bytes: int) -> np.ndarray:
    """Table [8, 8 K] int32 of the bit that each symmetry moves to each bit of K packed bytes.

    On the smallest boards the unused bits make whole planes, which are moved too.
    """
    num_points, num_bits = size * size, 8 * num_bytes
    table = np.tile(np.arange(num_bits, dtype=np.int32), (symmetry.NUM_SYMMETRIES, 1))
    points = np.argsort(symmetry.permutations(size)[:, :-1], axis=1)
    for start in range(0, num_bits - num_points + 1, num_points):
        table[:, start : start + num_points] = start + points
    return table


class _Moves(NamedTuple):
    colors: np.ndarray  # [T] int8
    actions: np.ndarray  # [T] int16
    is_kept: np.ndarray  # [T] bool
    ends_by_passes: Boolean


@jit
def _replay(
    family: Integer,
    tables: geometry.Geometry,
    position: np.ndarray,
    scratch: board.Scratch,
    moves: _Moves,
    inputs: tuple[np.ndarray, np.ndarray],
) -> tuple[int, int]:
    """Fills the planes [N, C, P] and global inputs [N, G] of the kept positions.

    Returns the number of legal moves, and OK or why the next move is illegal.
    """
    planes, scalars = inputs
    game, row = position[0], 0
    for ply in range(len(moves.actions)):
        game.to_play = moves.colors[ply]
        if game.over and not moves.ends_by_passes:
            game.over = False
            game.passes = 0
        if moves.is_kept[ply]:
            input_families.fill(family, tables, position, 0, planes[row], scalars[row])
            row += 1
        status = game_kernels.play(tables, position, scratch, 0, np.int64(moves.actions[ply]))
        if status != rules.OK:
            return ply, status
    return len(moves.actions), rules.OK


@jit
def _turn(
    origins: np.ndarray,
    planes: np.ndarray,
    bits: np.ndarray,
    rows: np.ndarray,
    symmetries: np.ndarray,
    turned: np.ndarray,
) -> None:
    """Fills turned [B, K]. origins: table of `_origins`. bits: [8 K] uint8 scratch."""
    for row in range(len(rows)):
        packed, sources = planes[rows[row]], origins[symmetries[row]]
        for index in range(len(packed)):
            for bit in range(8):
                bits[8 * index + bit] = (packed[index] >> bit) & 1
        for index in range(turned.shape[1]):
            byte = np.uint8(0)
            for bit in range(8):
                byte |= bits[sources[8 * index + bit]] << bit
            turned[row, index] = byte
