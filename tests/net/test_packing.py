"""Packed planes: unpacking on a device gives the same planes back."""

import numpy as np
import pytest
import torch

from alphazero.config import game as game_config
from alphazero.evaluation import agreement
from alphazero.go import input_families
from alphazero.net import packing
from tests.net import networks


@pytest.mark.parametrize("size", [5, 9, 19])  # 450, 1,458 and 6,498 bits, none of them a multiple of 8
def test_unpacking_gives_the_planes_back(size: int):
    planes = networks.random_planes(7, size=size)
    packed = input_families.LEELA.pack(planes)
    assert packed.shape == (7, input_families.LEELA.num_packed_bytes(size))
    unpacked = packing.unpack(torch.from_numpy(packed), size, torch.float32)
    assert unpacked.dtype == torch.float32
    assert np.array_equal(unpacked.numpy(), planes)
    assert np.array_equal(input_families.LEELA.unpack(packed, size), planes)


def test_planes_of_real_positions_survive():
    config, rng = game_config.GameConfig(size=5, move_limit=60), np.random.default_rng(1)
    planes = agreement.random_inputs(config, input_families.LEELA, 16, rng).planes
    packed = torch.from_numpy(input_families.LEELA.pack(planes))
    assert np.array_equal(packing.unpack(packed, 5, torch.uint8).numpy(), planes)


def test_the_first_plane_is_in_the_lowest_bits():
    planes = np.zeros((1, 2, 3, 3), np.uint8)
    planes[0, 0, 0, 1] = planes[0, 1, 0, 0] = planes[0, 1, 2, 2] = 1  # bits 1, 9 and 17
    assert input_families.LEELA.pack(planes).tolist() == [[0b10, 0b10, 0b10]]
